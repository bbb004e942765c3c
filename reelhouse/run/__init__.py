"""Runs: watch and resume them, and read what became of one. This file imports nothing."""
