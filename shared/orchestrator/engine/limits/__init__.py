"""Keyed limits: how many attempts run at once, and how many start in a time, for all workers together."""
