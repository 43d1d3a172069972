#!/usr/bin/env python3
"""Calls the check of the create-only properties and import identifiers; see tests/data/refresh.py."""
import pathlib
import subprocess
import sys

REFRESH = pathlib.Path(__file__).resolve().parents[1] / "data/refresh.py"

sys.exit(subprocess.run([sys.executable, REFRESH, "--check", "create-only", "imports"]).returncode)
