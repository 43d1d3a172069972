"""Shared code of the tests that run the built program: programs, emulators, Terraform, and named cases."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
# The tests find the package of the emulator only here: it is not installed.
sys.path.insert(1, str(TESTS / "emulator"))
# No compiled files in the working tree.
sys.dont_write_bytecode = True
