"""Faults injected into the calls of the program; see ../faults.py."""
