"""Handlers: each turns its event into one call into ``pipeline``, and the result into a reply."""
