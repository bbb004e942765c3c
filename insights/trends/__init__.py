"""Trends of genres over the years, and movers of the list between runs."""
