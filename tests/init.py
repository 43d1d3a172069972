#!/usr/bin/env python3
"""Uses the output of `ssm-synth init` as a user does.

    init.py PROGRAM DIRECTORY [NAME...]

The tests of the crate pass, the output of the configuration is up to date, the pre-commit hook works, and the steps of the
workflow run with a stand-in for GitHub. DIRECTORY contains pre-commit and a validator of schemas in a virtual environment;
the script installs missing ones.
"""

import os
import shutil
import tempfile
from pathlib import Path

import yaml

import harness.cases as cases
from harness import ROOT
from harness.cases import Case
from harness.github import GIT, GitHub
from harness.outcomes import Failure, check, require
from harness.program import run, virtual_environment

PACKAGES = ["pre-commit==4.7.0", "check-jsonschema==0.39.0"]
PROGRAMS = ["pre-commit", "check-jsonschema"]


def output(*command, **options):
    """Returns all output of a command."""
    done = run(*command, **options)
    return done.stdout + done.stderr


def fails(*command, **options):
    """Returns all output of a command that must fail."""
    done = run(*command, code=None, **options)
    if not done.returncode:
        raise Failure(f"{' '.join(map(str, command))}: exit code 0, expected a failure\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def programs(tools):
    return virtual_environment(tools / "init", PACKAGES, PROGRAMS)


class Init:
    def __init__(self, program, tools, work):
        self.program, self.tools, self.work = program, tools, work

    def bins(self):
        return programs(self.tools)

    def environment(self):
        path = f"{self.program.parent}:{self.bins()}:{os.environ['PATH']}"
        return {**os.environ, **GIT, "PATH": path, "PRE_COMMIT_HOME": str(self.work / "hooks")}

    def crate(self, _):
        """The crate is formatted, its tests pass, its program runs, and a changed stack fails its tests."""
        require("cargo")
        folder = self.work / "crate/team-stacks"
        # Without `--path`: the sources that the program was built from.
        run(self.program, "init", folder, "--language", "rust")
        # The same versions as in the rest of the build.
        shutil.copy(ROOT / "tests/embedding/Cargo.lock", folder / "Cargo.lock")
        environment = {**os.environ, "CARGO_TARGET_DIR": str(ROOT / "target"), "INSTA_UPDATE": "no"}
        options = {"cwd": folder, "env": environment, "timeout": 1800}
        run("cargo", "fmt", "--check", **options)
        text = output("cargo", "test", **options)
        check("the_stacks_match_the_snapshots ... ok" in text, f"the crate's tests:\n{text}")
        text = output("cargo", "run", "--quiet", "--features", "deploy", "--", "synth", "--list", **options)
        check(text == "Access\n", f"the crate's program: {text!r}")
        library = folder / "src/lib.rs"
        library.write_text(library.read_text().replace('PrivateInstance::new("web")', 'PrivateInstance::new("www")'))
        text = fails("cargo", "test", **options)
        check("the_stacks_match_the_snapshots ... FAILED" in text, "a changed stack fails no test")

    def configuration(self, _):
        """The configuration is valid, its output up to date and reachable; the hooks reject an out-of-date file."""
        folder = self.work / "configuration/team"
        run(self.program, "init", folder)
        options = {"cwd": folder, "env": self.environment()}
        run("ssm-synth", "synth", "--check", "stack.json", **options)
        run("ssm-synth", "check", "stack.json", **options)
        schema = ("--schemafile", "ssm-synth.schema.json", "ssm-synth.yaml")
        run(self.bins() / "check-jsonschema", *schema, **options)
        run("git", "init", "--quiet", "-b", "main", **options)
        run("git", "add", ".", **options)
        run("pre-commit", "run", "--all-files", **options)
        run("git", "commit", "--quiet", "-m", "one", **options)
        change_type(folder)
        run("git", "add", ".", **options)
        text = fails("pre-commit", "run", **options)
        check("t3.small" in text and "out of date" in text, f"the hook does not report the out-of-date file:\n{text}")

    def workflow(self, _):
        """The steps of the workflow post a comment and update it."""
        folder = self.work / "workflow/team"
        run(self.program, "init", folder)
        steps = yaml.safe_load((folder / ".github/workflows/stacks.yml").read_text())["jobs"]["check"]["steps"]
        action = yaml.safe_load((ROOT / "packaging/action/action.yml").read_text())["runs"]["steps"]
        environment = self.environment()
        options = {"cwd": folder, "env": environment}
        run("git", "init", "--quiet", "-b", "main", **options)
        run("git", "add", ".", **options)
        run("git", "commit", "--quiet", "-m", "one", **options)
        base = run("git", "rev-parse", "HEAD", **options).stdout.strip()
        change_type(folder)
        run("ssm-synth", "-o", "stack.json", **options)
        run("git", "commit", "--quiet", "-am", "two", **options)
        values = {
            "github.event_name": "pull_request",
            "github.event.pull_request.base.sha": base,
            "github.event.pull_request.number": "7",
            "github.token": "none",
        }
        github = GitHub(folder, self.work / "github", environment, values)
        # The published package does not exist here.
        steps = [it for it in steps if "install" not in it.get("run", "")]
        for _ in ["posted", "updated"]:
            passes, text = github.run(steps)
            check(passes, text)
        [comment] = github.comments()
        good = comment.startswith("<!-- ssm-synth -->") and "`t3.micro` → `t3.small`" in comment
        check(good, f"the comment is\n{comment}")
        [same] = [it for it in action if it["name"] == steps[-1]["name"]]
        check(same["run"] == steps[-1]["run"], "the action and the workflow post comments in different ways")


def change_type(folder):
    """Changes the instance type in the configuration."""
    configuration = folder / "ssm-synth.yaml"
    configuration.write_text(configuration.read_text().replace("t3.micro", "t3.small"))


def main():
    parser = cases.parser(__doc__)
    parser.add_argument("folder", type=lambda text: Path(text).resolve())
    cases.add_names(parser)
    arguments = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory(prefix="init-") as work:
        init = Init(arguments.program, arguments.folder, Path(work))
        found = [Case(it.__name__, it) for it in (init.crate, init.configuration, init.workflow)]
        report = cases.run_all(cases.choose(found, arguments.names), [None])
    report.close()


if __name__ == "__main__":
    main()
