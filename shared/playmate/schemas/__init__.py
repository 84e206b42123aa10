"""The shapes of requests and responses of the application's routes."""
