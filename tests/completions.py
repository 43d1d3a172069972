#!/usr/bin/env python3
"""Completions in real shells: commands, options, stacks, instances, codes, settings and Regions.

    completions.py PROGRAM [NAME...]

A case is a shell. Bash and Zsh run on a terminal: the test types the start of a word and a tab, and expects the rest. Fish
lists its completions.
"""

import os
import tempfile
from pathlib import Path

import pexpect

import harness.cases as cases
from harness.cases import Case
from harness.outcomes import check, require
from harness.program import run

CONFIG = "name: team\ninstances: [{name: web}, {name: worker}]\n"
# The start of a command line, and the rest of its last word.
COMPLETED = [
    ("ssm-synth sy", "nth"),
    ("ssm-synth synth --tf-m", "odule"),
    ("ssm-synth --tf-m", "odule"),
    ("ssm-synth check --input-format tf", "-plan"),
    ("ssm-synth --profile p deploy --s3-", "bucket"),
    ("ssm-synth runbook --stack te", "am"),
    ("ssm-synth connect wo", "rker"),
    ("ssm-synth explain endpoint-priv", "ate-dns"),
    ("ssm-synth synth --set endpoints.zo", "nes="),
    ("ssm-synth cost --region eu-cent", "ral-"),
    ("ssm-synth check ssm-", "synth.yaml"),
]


class Completions:
    def __init__(self, program, folder):
        self.folder = folder
        (folder / "ssm-synth.yaml").write_text(CONFIG)
        path = f"{program.parent}:{os.environ['PATH']}"
        self.environment = {"PATH": path, "HOME": str(folder), "TERM": "dumb", "LC_ALL": "C.UTF-8"}

    def terminal(self, shell, *options, setup):
        """Types each command line in a shell on a terminal."""
        require(shell)
        for typed, rest in COMPLETED:
            child = pexpect.spawn(
                shell, list(options), cwd=self.folder, env=self.environment, timeout=30, encoding="utf-8", dimensions=(24, 160)
            )
            for line in (*setup, f"source <(ssm-synth completions {shell})", "PS1=ready-; echo set'-up'"):
                child.sendline(line)
            child.expect("set-up\r\n")
            child.expect("ready-")
            child.send(f"{typed}\t")
            try:
                child.expect_exact(rest)
            except pexpect.TIMEOUT:
                check(False, f"{shell}: `{typed}` is not completed with `{rest}`: {child.before!r}")
            child.close(force=True)

    def bash(self, _):
        """Commands, options and values in Bash."""
        self.terminal("bash", "--norc", "--noprofile", "-i", setup=["bind 'set enable-bracketed-paste off'"])

    def zsh(self, _):
        """Commands, options and values in Zsh."""
        self.terminal("zsh", "-f", "-i", setup=["autoload -U compinit; compinit -u", "unsetopt zle_bracketed_paste"])

    def fish(self, _):
        """Commands, options and values in Fish."""
        require("fish")
        script = "ssm-synth completions fish | source; complete -C $argv[1]"
        for typed, rest in COMPLETED:
            done = run("fish", "--no-config", "-c", script, "--", typed, cwd=self.folder, env=self.environment)
            found = [line.split("\t")[0] for line in done.stdout.splitlines()]
            want = typed.split(" ")[-1] + rest
            check(any(it.startswith(want) for it in found), f"fish: `{typed}` is completed with {found}, expected {want}")


def main():
    parser = cases.parser(__doc__)
    cases.add_names(parser)
    arguments = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory(prefix="completions-") as work:
        completions = Completions(arguments.program, Path(work))
        all_cases = [Case(it.__name__, it) for it in (completions.bash, completions.zsh, completions.fish)]
        chosen = cases.choose(all_cases, arguments.names)
        cases.run_all(chosen, [None]).close()


if __name__ == "__main__":
    main()
