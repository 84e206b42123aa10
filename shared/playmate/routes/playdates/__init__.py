"""Routes of playdates: `schedule` for the host, `guests` for those who join."""
