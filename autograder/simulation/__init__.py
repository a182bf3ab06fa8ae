"""Simulation: virtual time and simulated networks; the days that need them come later."""
