"""Recommendations: features, prior, search, variety and reasons; and their look-up by programs and people."""
