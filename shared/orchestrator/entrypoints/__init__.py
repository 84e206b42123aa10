"""The events of Lambda: each is translated into one call of the engine or of the HTTP application."""
