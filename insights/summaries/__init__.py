"""Summaries: facts from Gold, questions, the language model, and the check of each of its sentences."""
