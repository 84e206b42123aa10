"""Commands of operators beyond tasks and dead letters."""
