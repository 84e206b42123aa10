"""One task type a file: its payload and its handler, registered by being there."""
