"""Measurements that anybody can run; each is a command, ``python -m bench.NAME``."""
