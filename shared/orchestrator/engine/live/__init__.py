"""Live updates: subscriptions, and the frames that are pushed to them."""
