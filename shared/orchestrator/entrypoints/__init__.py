"""What Lambda hands in: translate each event into one call of the engine or of the HTTP application."""
