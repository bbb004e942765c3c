"""The definition of the dashboard page and the QuickSight dashboard (``insights/dashboard.yaml``), and the page."""
