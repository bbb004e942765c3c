"""The pipeline: from the source list to Gold. It does not depend on Lambda events, and this file imports nothing."""
