"""The operators' command line of the playdate application: the engine's commands and its own."""
