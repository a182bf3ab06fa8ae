"""Exploration: which runs are tried, how each is played, and what came of all of them together."""
