"""The commands behind `make`: the whole stack on this machine, its demo and its checks."""
