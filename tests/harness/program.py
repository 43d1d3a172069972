"""Runs programs and checks how they end."""

import contextlib
import fcntl
import os
import shlex
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from harness.outcomes import Failure, Skip


def run(*command, code=0, timeout=600, **options):
    """Runs a command without input and returns it with its output; fails unless it exits with `code` (`None`: any)."""
    command = [str(word) for word in command]
    options = {"stdin": subprocess.DEVNULL, **options} if "input" not in options else options
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, **options)
    if code is not None and done.returncode != code:
        raise Failure(f"{shlex.join(command)}: exit code {done.returncode}, expected {code}\n{done.stdout}{done.stderr}")
    return done


def beside_python(name):
    """Returns the path of a program of a Python package: next to this Python, next to its base, or on the PATH."""
    # On the PATH it can be the shim of a version manager, which takes a fifth of the time of an AWS CLI call.
    places = (Path(sys.executable).with_name(name), Path(sys.base_prefix, "bin", name))
    found = next((str(it) for it in places if it.exists()), None) or shutil.which(name)
    if found is None:
        raise Skip(f"`{name}` is not installed; see tests/emulator/requirements.txt")
    return found


def aws_cli():
    """Returns the path of the AWS CLI: of a server, which AWS_CLI names (see `harness.aws_cli`), or the installed one."""
    return os.environ.get("AWS_CLI") or beside_python("aws")


@contextlib.contextmanager
def installation(folder):
    """Locks a directory for the block: stages that run at the same time install into it once."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def virtual_environment(folder, packages, programs):
    """Returns the directory of the programs of these packages; creates a virtual environment if necessary."""
    with installation(folder):
        if not all((folder / "bin" / name).exists() for name in programs):
            run(sys.executable, "-m", "venv", folder)
            run(folder / "bin/python", "-m", "pip", "install", "--quiet", *packages)
    return folder / "bin"


def downloaded_wheel(folder, package):
    """Returns the wheel of `NAME==VERSION`; downloads it without its dependencies if necessary."""
    folder = folder / package
    if not list(folder.glob("*.whl")):
        run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, package)
    return next(folder.glob("*.whl"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
