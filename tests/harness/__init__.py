"""What the tests that drive the built program share: programs, emulators, Terraform, and the running of named cases."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
# The one place where the tests find the emulator's package, which is not installed.
sys.path.insert(1, str(TESTS / "emulator"))
# The working tree holds no compiled files.
sys.dont_write_bytecode = True
