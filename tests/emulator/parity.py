#!/usr/bin/env python3
"""Runs tests/parity.py, which moved; the documentation and other scripts name this path."""

import os
import sys
from pathlib import Path

script = Path(__file__).resolve().parents[1] / "parity.py"
os.execv(sys.executable, [sys.executable, str(script), *sys.argv[1:]])
