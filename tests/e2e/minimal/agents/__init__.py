"""The agents of the minimal application."""
