#!/usr/bin/env python3
"""What `ssm-synth init` makes, used as its maker would: the crate's tests are green straight away, the
configuration's output is current, the hook of pre-commit holds, and the steps of the workflows run.

    init.py PROGRAM FOLDER

FOLDER has pre-commit and a validator of workflows, in a virtual environment; what is missing is
installed there. GitHub itself is not here: the workflows are checked against their JSON Schema, and
their steps are run in a repository of git, with a `gh` that keeps what it is told.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGES = ["pre-commit==4.7.0", "check-jsonschema==0.39.0"]
GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.com",
       "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.com"}

# Answers as GitHub would: the comments that are there, and what is posted.
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


def run(*command, fails=False, **options):
    done = subprocess.run([str(it) for it in command], capture_output=True, text=True, **options)
    if bool(done.returncode) != fails:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def check(holds, what):
    if not holds:
        sys.exit(f"init: {what}")


def tools(folder):
    place = folder / "init"
    if not (place / "bin/pre-commit").exists() or not (place / "bin/check-jsonschema").exists():
        run(sys.executable, "-m", "venv", place)
        run(place / "bin/python", "-m", "pip", "install", "--quiet", *PACKAGES)
    return place / "bin"


def crate(program, work, env):
    """The crate: formatted, without warnings, its tests green, its program there."""
    place = work / "team-stacks"
    run(program, "init", place, "--source", ROOT)
    # The versions that all else here is built with.
    shutil.copy(ROOT / "tests/embedding/Cargo.lock", place / "Cargo.lock")
    env = {**env, "CARGO_TARGET_DIR": str(ROOT / "target"), "INSTA_UPDATE": "no"}
    options = {"cwd": place, "env": env}
    run("cargo", "fmt", "--check", **options)
    told = run("cargo", "test", **options)
    check("the_stacks_are_as_reviewed ... ok" in told, f"the crate's tests:\n{told}")
    told = run("cargo", "run", "--quiet", "--features", "deploy", "--", "list", **options)
    check(told == "Access\n", f"the crate's program: {told!r}")
    lib = place / "src/lib.rs"
    lib.write_text(lib.read_text().replace('Host::new("web")', 'Host::new("www")'))
    told = run("cargo", "test", fails=True, **options)
    check("the_stacks_are_as_reviewed ... FAILED" in told, "a change of the stack fails no test")


def configuration(program, work, bins, env):
    """The configuration: current and reachable; the hook refuses what is stale."""
    place = work / "team"
    run(program, "init", place, "--kind", "config")
    path = f"{program.parent}:{bins}:{env['PATH']}"
    env = {**env, **GIT, "PATH": path, "PRE_COMMIT_HOME": str(work / "hooks")}
    options = {"cwd": place, "env": env}
    run("ssm-synth", "--check", "stack.json", **options)
    run("ssm-synth", "check", "stack.json", **options)
    run(bins / "check-jsonschema", "--schemafile", "ssm-synth.schema.json", "ssm-synth.yaml", **options)
    run("git", "init", "--quiet", "-b", "main", **options)
    run("git", "add", ".", **options)
    run("pre-commit", "run", "--all-files", **options)
    run("git", "commit", "--quiet", "-m", "one", **options)
    config = place / "ssm-synth.yaml"
    config.write_text(config.read_text().replace("t3.micro", "t3.small"))
    run("git", "add", ".", **options)
    told = run("pre-commit", "run", fails=True, **options)
    check("t3.small" in told and "stale" in told, f"the hook says nothing of the stale file:\n{told}")
    # And the hook that others take from here.
    run("pre-commit", "try-repo", ROOT, "ssm-synth", "--all-files", fails=True, **options)
    run("ssm-synth", "-o", "stack.json", **options)
    run("git", "add", ".", **options)
    run("pre-commit", "try-repo", ROOT, "ssm-synth", "--all-files", **options)
    run("git", "commit", "--quiet", "-m", "two", **options)
    return place, env


def steps(file, place, env, values):
    """Runs the steps of a workflow's job as GitHub would, but for those that set the machine up."""
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
            run("bash", "-e", "-c", filled(step["run"]), cwd=place, env={**env, **shared, **own})


def workflows(bins, work, place, env):
    files = [*(ROOT / ".github/workflows").glob("*.yml"), *work.glob("*/.github/workflows/*.yml")]
    check(len(files) == 3, f"workflows: {files}")
    run(bins / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files)
    # One text, in the template and in the workflow that others call.
    comment = (ROOT / "templates/init/comment.yml").read_text()
    check(comment in (ROOT / ".github/workflows/review.yml").read_text(), "review.yml posts in another way than comment.yml")
    gh = work / "gh/gh"
    gh.parent.mkdir()
    gh.write_text(GH)
    gh.chmod(0o755)
    base = run("git", "rev-parse", "HEAD~1", cwd=place, env=env).strip()
    values = {
        "github.event.pull_request.base.sha": base,
        "github.event.pull_request.number": "7",
        "github.token": "none",
        "inputs.files": "stack.json",
        "inputs.fail-on": "unreachable",
        "inputs.version": "0.1.0",
    }
    for file in [place / ".github/workflows/stacks.yml", ROOT / ".github/workflows/review.yml"]:
        store = work / f"{file.stem}.json"
        own = {**env, "PATH": f"{gh.parent}:{env['PATH']}", "STORE": str(store),
               "GITHUB_REPOSITORY": "o/r", "GITHUB_STEP_SUMMARY": str(work / f"{file.stem}.md")}
        for _ in ["posted", "updated"]:
            steps(file, place, own, values)
        [comment] = json.loads(store.read_text()).values()
        check(comment.startswith("<!-- ssm-synth -->") and "`t3.micro` → `t3.small`" in comment,
              f"{file.name}: the comment is\n{comment}")


def main():
    program, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    bins = tools(folder)
    env = dict(os.environ)
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        crate(program, work, env)
        place, env = configuration(program, work, bins, env)
        workflows(bins, work, place, env)
    print("init: the crate's tests, the hook and the workflows' steps hold")


if __name__ == "__main__":
    main()
