"""A stand-in for GitHub: runs the steps of a job or action, with a `gh` that stores comments."""

import json
import os
import re

from harness.outcomes import check
from harness.program import run

# A program or hook of the machine's Git configuration would run too.
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


class GitHub:
    """A runner with a checkout in `folder`; `values` are those of expressions, such as `github.token`."""

    def __init__(self, folder, work, environment, values):
        self.folder, self.work, self.values = folder, work, dict(values)
        self.temp, self.store = work / "temp", work / "comments.json"
        self.temp.mkdir(parents=True)
        gh = work / "bin/gh"
        gh.parent.mkdir()
        gh.write_text(GH)
        gh.chmod(0o755)
        self.environment = {
            **environment,
            "PATH": f"{gh.parent}:{environment['PATH']}",
            "STORE": str(self.store),
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_STEP_SUMMARY": str(work / "summary.md"),
            "GITHUB_OUTPUT": str(work / "output"),
            "GITHUB_PATH": str(work / "path"),
            "RUNNER_TEMP": str(self.temp),
        }

    def value(self, name):
        # GitHub evaluates the output of a step that did not run as empty.
        found = self.values.get(name, "" if name.startswith("steps.") else None)
        check(found is not None, f"unknown expression: {name}")
        return found

    def filled(self, text):
        return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: self.value(found[1]), str(text))

    def holds(self, condition):
        """Evaluates comparisons with `==` and `!=`, joined by `&&` and `||`."""

        def compares(text):
            found = re.fullmatch(r"\s*(\S+) (==|!=) '(.*)'\s*", text)
            check(found, f"unknown condition: {text}")
            return (self.value(found[1]) == found[3]) == (found[2] == "==")

        return any(all(map(compares, part.split("&&"))) for part in condition.split("||"))

    def run(self, steps):
        """Runs the steps with commands until one fails. Returns whether none failed, and the output."""
        paths, text = [], ""
        for step in steps:
            if "run" not in step or not self.holds(step.get("if", "steps. == ''")):
                continue
            own = {key: self.filled(value) for key, value in step.get("env", {}).items()}
            environment = {**self.environment, **own}
            environment["PATH"] = ":".join([*paths, environment["PATH"]])
            files = [self.work / "output", self.work / "path"]
            for file in files:
                file.write_text("")
            command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", self.filled(step["run"])]
            done = run(*command, cwd=self.folder, env=environment, code=None)
            text += done.stdout + done.stderr
            output, path = (file.read_text() for file in files)
            for name, value in re.findall("^(.*?)=(.*)$", output, re.M):
                self.values[f"steps.{step['id']}.outputs.{name}"] = value
            paths += path.split()
            if done.returncode and not step.get("continue-on-error"):
                return False, text
        return True, text

    def comments(self):
        return list(json.loads(self.store.read_text()).values()) if self.store.exists() else []
