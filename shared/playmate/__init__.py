"""The playdate application: families, their friends, and agents that plan for them."""
