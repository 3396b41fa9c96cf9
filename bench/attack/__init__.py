"""Attacks on a running server, through every door it has, watched from outside. ``python -m bench.attack``."""
