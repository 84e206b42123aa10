"""Answers that tasks wait for: signals, and the decisions of people."""
