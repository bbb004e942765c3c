"""Runs: start, watch, resume and show them. This file imports nothing."""
