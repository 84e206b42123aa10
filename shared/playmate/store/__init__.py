"""Rows of the playdate application ↔ its values; the statements stand in queries/."""
