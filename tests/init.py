#!/usr/bin/env python3
"""Uses the output of `ssm-synth init` as a user does.

    init.py PROGRAM DIRECTORY [NAME...]

The tests of the crate pass, the output of the configuration is up to date, the pre-commit hook works, and the steps of the
workflows run. DIRECTORY contains pre-commit and a validator of workflows in a virtual environment; the script installs
missing ones. Without GitHub, the workflows are validated against their JSON Schema, and their steps run in a Git
repository with a stand-in for `gh` that stores comments.
"""

import json
import os
import shutil
import tempfile
from pathlib import Path

import yaml

import harness.cases as cases
from harness import ROOT
from harness.cases import Case
from harness.outcomes import Failure, check, require
from harness.program import run, virtual_environment

PACKAGES = ["pre-commit==4.7.0", "check-jsonschema==0.39.0"]
PROGRAMS = ["pre-commit", "check-jsonschema"]
GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "t",
    "GIT_AUTHOR_EMAIL": "t@example.com",
    "GIT_COMMITTER_NAME": "t",
    "GIT_COMMITTER_EMAIL": "t@example.com",
}

GH = """#!/usr/bin/env python3
import json, os, pathlib, sys
store = pathlib.Path(os.environ["STORE"])
known = json.loads(store.read_text()) if store.exists() else {}
words = sys.argv[1:]
if "--jq" in words:
    print("\\n".join(known))
elif "POST" in words or "PATCH" in words:
    id = words[words.index("PATCH") + 1].rsplit("/", 1)[1] if "PATCH" in words else str(len(known) + 1)
    if "PATCH" in words and id not in known:
        sys.exit("no such comment")
    [body] = [it[len("body=@"):] for it in words if it.startswith("body=@")]
    known[id] = pathlib.Path(body).read_text()
    store.write_text(json.dumps(known))
else:
    sys.exit(f"gh: {words}")
"""


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


class Init:
    def __init__(self, program, tools, work):
        self.program, self.tools, self.work = program, tools, work

    def bins(self):
        return virtual_environment(self.tools / "init", PACKAGES, PROGRAMS)

    def environment(self):
        path = f"{self.program.parent}:{self.bins()}:{os.environ['PATH']}"
        return {**os.environ, **GIT, "PATH": path, "PRE_COMMIT_HOME": str(self.work / "hooks")}

    def crate(self, _):
        """The crate is formatted, its tests pass, its program runs, and a changed stack fails its tests."""
        require("cargo")
        folder = self.work / "crate/team-stacks"
        run(self.program, "init", folder, "--language", "rust", "--path", ROOT)
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
        # The hook that other repositories use from here.
        hook = ("pre-commit", "try-repo", ROOT, "ssm-synth", "--all-files")
        fails(*hook, **options)
        run("ssm-synth", "-o", "stack.json", **options)
        run("git", "add", ".", **options)
        run(*hook, **options)

    def workflows(self, _):
        """The workflows are valid, and their steps post a comment and update it."""
        folder, bins = self.work / "workflows/team", self.bins()
        run(self.program, "init", folder)
        run(self.program, "init", folder.parent / "team-stacks", "--language", "rust", "--path", ROOT)
        files = [*(ROOT / ".github/workflows").glob("*.yml"), *folder.parent.glob("*/.github/workflows/*.yml")]
        check(len(files) == 3, f"workflows: {files}")
        run(bins / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files)
        comment = (ROOT / "templates/init/comment.yml").read_text()
        same = comment in (ROOT / ".github/workflows/review.yml").read_text()
        check(same, "review.yml and comment.yml post comments in different ways")
        environment = self.environment()
        options = {"cwd": folder, "env": environment}
        run("git", "init", "--quiet", "-b", "main", **options)
        run("git", "add", ".", **options)
        run("git", "commit", "--quiet", "-m", "one", **options)
        base = run("git", "rev-parse", "HEAD", **options).stdout.strip()
        change_type(folder)
        run("ssm-synth", "-o", "stack.json", **options)
        run("git", "commit", "--quiet", "-am", "two", **options)
        gh = self.work / "gh/gh"
        gh.parent.mkdir()
        gh.write_text(GH)
        gh.chmod(0o755)
        values = {
            "github.event.pull_request.base.sha": base,
            "github.event.pull_request.number": "7",
            "github.token": "none",
            "inputs.files": "stack.json",
            "inputs.fail-on": "unreachable",
            "inputs.version": "0.1.0",
        }
        for file in [folder / ".github/workflows/stacks.yml", ROOT / ".github/workflows/review.yml"]:
            store = self.work / f"{file.stem}.json"
            own = {
                **environment,
                "PATH": f"{gh.parent}:{environment['PATH']}",
                "STORE": str(store),
                "GITHUB_REPOSITORY": "o/r",
                "GITHUB_STEP_SUMMARY": str(self.work / f"{file.stem}.md"),
            }
            for _ in ["posted", "updated"]:
                steps(file, folder, own, values)
            [comment] = json.loads(store.read_text()).values()
            good = comment.startswith("<!-- ssm-synth -->") and "`t3.micro` → `t3.small`" in comment
            check(good, f"{file.name}: the comment is\n{comment}")


def change_type(folder):
    """Changes the instance type in the configuration."""
    configuration = folder / "ssm-synth.yaml"
    configuration.write_text(configuration.read_text().replace("t3.micro", "t3.small"))


def steps(file, folder, env, values):
    """Runs the steps of a workflow's job as GitHub would, except those that set up the machine."""
    [job] = [it for it in yaml.safe_load(file.read_text())["jobs"].values() if "diff" in str(it)]

    def filled(text):
        for name, value in values.items():
            text = text.replace("${{ " + name + " }}", value)
        check("${{" not in text, f"{file.name}: {text}")
        return text

    shared = {key: filled(value) for key, value in job.get("env", {}).items()}
    for step in job["steps"]:
        if "run" in step and "cargo" not in step["run"]:
            own = {key: filled(str(value)) for key, value in step.get("env", {}).items()}
            run("bash", "-e", "-c", filled(step["run"]), cwd=folder, env={**env, **shared, **own})


def main():
    parser = cases.parser(__doc__)
    parser.add_argument("folder", type=lambda text: Path(text).resolve())
    cases.add_names(parser)
    arguments = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory(prefix="init-") as work:
        init = Init(arguments.program, arguments.folder, Path(work))
        found = [Case(it.__name__, it) for it in (init.crate, init.configuration, init.workflows)]
        report = cases.run_all(cases.choose(found, arguments.names), [None])
    report.close()


if __name__ == "__main__":
    main()
