"""The pipeline: from the source list to Gold. It knows nothing of Lambda events, and this file imports nothing."""
