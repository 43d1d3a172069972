#!/usr/bin/env python3
"""Runs the console blocks of the documentation and compares their output.

    documentation.py PROGRAM [PAGE...]

A case is a page with blocks of the language `console`. Its commands run in order, in one empty directory, with the program
on the PATH. A line that starts with `$ ` is a command, and `> ` continues it. The lines after it are stdout and stderr as a
terminal shows them. A line `...` stands for any lines.
"""

import difflib
import re
import subprocess
import tempfile
from pathlib import Path

import harness.cases as cases
from harness import ROOT
from harness.outcomes import Failure

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
# Only programs of the system: tools of a developer's machine do not count.
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


def commands(page):
    """Yields each command of a page with the lines that must follow it."""
    for block in BLOCK.findall(page):
        command, output = None, []
        for line in block.splitlines():
            if line.startswith("$ "):
                if command is not None:
                    yield command, output
                command, output = line[2:], []
            elif line.startswith("> ") and command is not None and not output:
                command += "\n" + line[2:]
            elif command is None:
                raise Failure(f"a block starts with output instead of a command: {line}")
            else:
                output.append(line)
        if command is not None:
            yield command, output


def matches(expected, found):
    pattern = "".join(r"(?:.*\n)*" if line == "..." else re.escape(line) + "\n" for line in expected)
    return re.fullmatch(pattern, "".join(line + "\n" for line in found)) is not None


def run_page(program, path):
    with tempfile.TemporaryDirectory(prefix="documentation-") as folder:
        environment = {"PATH": f"{program.parent}:{SYSTEM_PATH}", "HOME": folder, "AWS_EC2_METADATA_DISABLED": "true"}
        for command, expected in commands(path.read_text()):
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=60,
            )
            found = [line.rstrip() for line in done.stdout.splitlines()]
            # Blank lines at the end do not show in a block.
            while found and not found[-1]:
                found.pop()
            if done.returncode or not matches(expected, found):
                difference = difflib.unified_diff(expected, found, "documented", "found", lineterm="")
                raise Failure(f"$ {command}\nexit code {done.returncode}\n" + "\n".join(difference))


def main():
    parser = cases.parser(__doc__)
    cases.add_names(parser)
    arguments = parser.parse_intermixed_args()
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    found = [
        cases.Case(str(path.relative_to(ROOT)), lambda _, path=path: run_page(arguments.program, path))
        for path in pages
        if BLOCK.search(path.read_text())
    ]
    cases.run_all(cases.choose(found, arguments.names), [None, None]).close()


if __name__ == "__main__":
    main()
