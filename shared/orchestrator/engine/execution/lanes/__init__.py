"""The lane of a task: forwarding between lanes, and attempts of the lane `long`, which run side by side."""
