"""Only the worker enters: from a batch of task messages to one committed transaction."""
