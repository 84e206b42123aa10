"""A run: a task with all its descendants, and where their time went."""
