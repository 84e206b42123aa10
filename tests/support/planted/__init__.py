"""Agents with planted bugs, and one without, for the test kit."""
