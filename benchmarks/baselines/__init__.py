"""The common way of doing what the pipeline does: small, written as most people would, and checked to do the same."""
