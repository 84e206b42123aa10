"""The smallest application: one agent and one route. It is deployed instead of the playdate application."""
