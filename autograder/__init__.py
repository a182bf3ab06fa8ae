"""Fortnight's grader: it makes runs happen, records them, judges them and shows them."""
