"""What agents reason with: the place's clock and sky, documents, outside sources."""
