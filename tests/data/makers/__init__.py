"""One module for each data set that a package can write or check.

A module has one or both of two functions. `make(inputs)` returns the whole text of the file.
`problems(inputs)` compares manually collected data in the file with a package.
"""
import fnmatch
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib import metadata

TESTS = pathlib.Path(__file__).resolve().parents[2]
# Several data sets read the provider, which takes seconds to load. The third item keeps its directory.
PROVIDERS = {}
WRITTEN_BY = "# Written by tests/data/refresh.py; sources, versions and dates: tests/data/sources.toml."


class Unavailable(Exception):
    """A source that this machine lacks or that needs a download, with the reason."""


class NotInstalled(Unavailable):
    """A Python package that this machine lacks."""


class Unexpected(Exception):
    """A source that contradicts what a module or the collected data assumes."""


def rows_of(path):
    """The rows of a TSV file, without its head."""
    for line in path.read_text().splitlines():
        if not line.startswith("#"):
            yield line.split("\t")


class Inputs:
    """The sources of a data set, its current text, and the data sets that it merges."""

    def __init__(self, data_set, catalog, download, pinned):
        self.data_set = data_set
        self.catalog = catalog
        self.download = download
        self.pinned = pinned
        self.versions = {}
        self.skipped = []
        self.previous = data_set.file.read_text() if data_set.file.is_file() else ""

    def collected(self, name):
        return rows_of(self.catalog.sets[name].file)

    def installed(self, source):
        """Records the version of an installed Python package."""
        self.versions[source] = self.needs(source)

    def needs(self, package):
        """Returns the version of an installed Python package that is a tool, not a source."""
        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            raise NotInstalled(f"the Python package `{package}` is not installed") from None

    def _downloaded(self, source, tool):
        version = self.pinned.get(source) or self.data_set.versions[source]
        if not self.download:
            raise Unavailable(f"{source} {version} needs a download; pass `--download`")
        if not shutil.which(tool):
            raise Unavailable(f"{source} {version} needs `{tool}`, which is not on the PATH")
        return version

    def npm_package(self, source):
        """Downloads an npm package and returns its archive."""
        version = self._downloaded(source, "npm")
        # Kept on the object, so that the archive exists as long as it is read.
        self._temporary = tempfile.TemporaryDirectory()
        directory = pathlib.Path(self._temporary.name)
        run(["npm", "pack", f"{source}@{version}"], source, cwd=directory)
        archive = next(directory.glob("*.tgz"))
        # npm resolves tags such as `latest`.
        self.versions[source] = archive.stem.removeprefix(f"{source}-")
        return archive

    def package_of_pypi(self, source, pattern):
        """Downloads a Python package without installing it; returns its first file that matches the pattern."""
        version = self._downloaded(source, sys.executable)
        self._temporary = tempfile.TemporaryDirectory()
        directory = pathlib.Path(self._temporary.name)
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", directory]
        run([*download, f"{source}=={version}"], source)
        with zipfile.ZipFile(next(directory.glob("*.whl"))) as wheel:
            name = next(it for it in wheel.namelist() if fnmatch.fnmatch(it, pattern))
            path = wheel.extract(name, directory)
        self.versions[source] = version
        return path

    def repository(self, source):
        """Clones a Git repository without its files, and returns it at the recorded commit."""
        version = self._downloaded(source, "git")
        repository = Repository(source, self.catalog.sources[source]["url"], version)
        self.versions[source] = repository.commit
        return repository

    def provider(self, source, address):
        """Downloads a Terraform provider and returns its program and its schema."""
        version = self._downloaded(source, "terraform")
        self.versions[source] = version
        if (source, version) not in PROVIDERS:
            PROVIDERS[source, version] = self._provider(source, address, version)
        return PROVIDERS[source, version][:2]

    def _provider(self, source, address, version):
        sys.path.insert(0, str(TESTS))
        from harness.terraform import plugin_options

        temporary = tempfile.TemporaryDirectory()
        directory = pathlib.Path(temporary.name)
        required = {"it": {"source": address, "version": version}}
        main = {"terraform": {"required_providers": required}}
        (directory / "main.tf.json").write_text(json.dumps(main))
        # A user's own configuration may name a mirror that lacks the provider.
        env = {key: value for key, value in os.environ.items() if key != "TF_CLI_CONFIG_FILE"}
        terraform = ["terraform", f"-chdir={directory}"]
        run([*terraform, "init", "-input=false", "-no-color", *plugin_options()], source, env=env)
        schemas = json.loads(run([*terraform, "providers", "schema", "-json"], source, env=env))
        # From a mirror, Terraform links to the directory of the program.
        walk = os.walk(directory / ".terraform/providers", followlinks=True)
        binary = next(pathlib.Path(place) / name for place, _, files in walk for name in files
                      if name.startswith("terraform-provider-"))
        return binary, next(iter(schemas["provider_schemas"].values())), temporary

    def or_skip(self, read, source, *arguments):
        """Reads a source that covers only a part of the file; None if it is unavailable."""
        try:
            return read(source, *arguments)
        except Unavailable as missing:
            self.skipped.append(str(missing))
            self.versions[source] = self.data_set.versions[source]
            return None


class Repository:
    """A commit of a Git repository, whose files are downloaded when they are read."""

    def __init__(self, source, url, version):
        self.source = source
        self._temporary = tempfile.TemporaryDirectory()
        directory = self._temporary.name
        self._git = ["git", f"--git-dir={directory}"]
        # A repository that no longer exists makes Git ask for a password.
        env = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
        run(["git", "clone", "--quiet", "--bare", "--filter=blob:none", url, directory], source, env=env)
        self.commit = run([*self._git, "rev-parse", f"{version}^{{commit}}"], source).strip()

    def read(self, path):
        return run([*self._git, "cat-file", "blob", f"{self.commit}:{path}"], self.source)

    def date(self, path):
        """The day of the last commit that changed a file."""
        return run([*self._git, "log", "-1", "--format=%cs", self.commit, "--", path], self.source).strip()


def run(command, source, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        lines = [line.strip("│╷╵ ") for line in (done.stdout + done.stderr).splitlines()]
        error = [line for line in lines if "error" in line.lower()] or lines[-1:]
        raise Unavailable(f"{source}: `{command[0]}` failed: {' '.join(error[:1])}")
    return done.stdout
