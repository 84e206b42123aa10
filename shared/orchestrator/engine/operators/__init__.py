"""Only for operators: redrive, cancel in bulk, explain, statistics."""
