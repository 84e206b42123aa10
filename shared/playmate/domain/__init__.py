"""Pure rules of the domain: no clock, no database, no network."""
