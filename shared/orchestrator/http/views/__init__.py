"""Parts of responses that several routes share."""
