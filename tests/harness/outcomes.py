"""Results of a case other than success."""

import os
import shutil


class Failure(Exception):
    """A case that failed; the text is for the reader."""


class Skip(Exception):
    """A case that cannot run here; the text is the reason."""


def check(holds, sentence):
    if not holds:
        raise Failure(sentence)


def require(program):
    """Returns the path of a program; without it the case is skipped, or fails if CI=true."""
    found = shutil.which(program)
    if found is None:
        raise Skip(f"`{program}` is not on the PATH")
    return found


def is_ci():
    return os.environ.get("CI") == "true"


def record_skip(name, reason):
    """Adds a skip to the file SKIPPED_TESTS, from which tests/all.sh prints its summary."""
    path = os.environ.get("SKIPPED_TESTS")
    if path:
        with open(path, "a") as file:
            file.write(f"{name}: {reason}\n")
