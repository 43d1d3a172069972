#!/usr/bin/env python3
"""Runs a command whose tests share an origin of emulators, a cache of Terraform and a loaded AWS CLI.

    shared.py COMMAND [ARGUMENT...]

Sets EMULATOR_SOCKET, TERRAFORM_CACHE and AWS_CLI for the command (see `harness.emulators`, `harness.terraform` and
`harness.aws_cli`): the starts of the emulator, the provider and the AWS CLI, and `terraform init`, happen once instead of
once for each test or call. Exits with the exit code of the command.
"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import harness.aws_cli
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
        aws_cli = harness.aws_cli.AwsCliServer(folder)
        variables = {
            harness.emulators.VARIABLE: str(emulators.socket),
            harness.terraform.VARIABLE: str(cache.folder),
            harness.aws_cli.VARIABLE: str(aws_cli.program),
        }
        try:
            emulators.wait()
            aws_cli.wait()
            sys.exit(subprocess.run(command, env={**os.environ, **variables}).returncode)
        finally:
            aws_cli.stop()
            emulators.stop()
            cache.stop()


if __name__ == "__main__":
    main()
