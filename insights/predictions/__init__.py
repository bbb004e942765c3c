"""Predictions of ratings and box office, with the baselines they have to beat."""
