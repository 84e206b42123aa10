"""The operators' command line. It talks to the HTTP API alone, so it works the same locally and on AWS."""
