"""Insights: reads Gold, writes Gold. This file imports nothing."""
