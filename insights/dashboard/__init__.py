"""The dashboard: one definition (``insights/dashboard.yaml``), its checks, and the local page made from it."""
