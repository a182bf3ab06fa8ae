"""Grading: from a hand-in to a verdict, a report and a grade."""
