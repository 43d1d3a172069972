#!/usr/bin/env python3
"""Runs a command whose tests share an origin of emulators and a cache of Terraform.

    shared.py COMMAND [ARGUMENT...]

Sets EMULATOR_SOCKET and TERRAFORM_CACHE for the command (see `harness.emulators` and `harness.terraform`): the start of the
emulator, `terraform init` and the start of the provider happen once instead of once for each test. Exits with the exit code
of the command.
"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import harness.emulators
import harness.terraform


def main():
    command = sys.argv[1:]
    if not command or command[0] in ("-h", "--help"):
        sys.exit(__doc__)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # Unix sockets have short paths, so the directory is not in the working tree.
    with tempfile.TemporaryDirectory(prefix="shared-") as folder:
        emulators = harness.emulators.Emulators(folder)
        cache = harness.terraform.Cache(Path(folder) / "terraform")
        variables = {harness.emulators.VARIABLE: str(emulators.socket), harness.terraform.VARIABLE: str(cache.folder)}
        try:
            emulators.wait()
            sys.exit(subprocess.run(command, env={**os.environ, **variables}).returncode)
        finally:
            emulators.stop()
            cache.stop()


if __name__ == "__main__":
    main()
