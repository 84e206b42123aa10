"""Sources of the agents: clock and daylight of a position, documents, outside services."""
