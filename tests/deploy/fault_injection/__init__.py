"""Injects faults into the calls of the program; see ../faults.py."""
