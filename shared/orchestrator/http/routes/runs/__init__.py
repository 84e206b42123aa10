"""Routes of runs: a task with all its descendants."""
