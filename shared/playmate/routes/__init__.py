"""HTTP routes of the application: parse, one call, answer."""
