"""Handlers: each turns its event into one call of the pipeline, and the result into a reply."""
