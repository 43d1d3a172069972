"""One module for each data set that a package can write or check.

A module has one of two functions. `make(inputs)` returns the whole text of the file.
`problems(inputs)` compares a file that is collected by hand with a package.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata

TESTS = pathlib.Path(__file__).resolve().parents[2]
WRITTEN_BY = "# Written by tests/data/refresh.py; sources, versions and dates: tests/data/sources.toml."


class Unavailable(Exception):
    """A source that this machine lacks or that needs a download, with the reason."""


class NotInstalled(Unavailable):
    """A Python package that this machine lacks."""


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
        try:
            self.versions[source] = metadata.version(source)
        except metadata.PackageNotFoundError:
            raise NotInstalled(f"the Python package `{source}` is not installed") from None

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
        directory = self._new_directory()
        run(["npm", "pack", f"{source}@{version}"], source, cwd=directory)
        archive = next(directory.glob("*.tgz"))
        # npm resolves tags such as `latest`.
        self.versions[source] = archive.stem.removeprefix(f"{source}-")
        return archive

    def provider_schema(self, source, address):
        """Downloads a Terraform provider and returns the JSON text of its schema."""
        version = self._downloaded(source, "terraform")
        sys.path.insert(0, str(TESTS))
        from tools import plugin_options

        directory = self._new_directory()
        required = f'{{"terraform":{{"required_providers":{{"it":{{"source":"{address}","version":"{version}"}}}}}}}}'
        (directory / "main.tf.json").write_text(required)
        # A user's own configuration may name a mirror that lacks the provider.
        env = {key: value for key, value in os.environ.items() if key != "TF_CLI_CONFIG_FILE"}
        terraform = ["terraform", f"-chdir={directory}"]
        run([*terraform, "init", "-input=false", "-no-color", *plugin_options()], source, env=env)
        text = run([*terraform, "providers", "schema", "-json"], source, env=env)
        self.versions[source] = version
        return text

    def or_skip(self, read, source, *arguments):
        """Reads a source that covers only a part of the file; None if it is unavailable."""
        try:
            return read(source, *arguments)
        except Unavailable as missing:
            self.skipped.append(str(missing))
            self.versions[source] = self.data_set.versions[source]
            return None

    def _new_directory(self):
        # Kept on the object, so that the directory lives as long as what was read from it.
        self._temporary = tempfile.TemporaryDirectory()
        return pathlib.Path(self._temporary.name)


def run(command, source, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        lines = [line.strip("│╷╵ ") for line in (done.stdout + done.stderr).splitlines()]
        error = [line for line in lines if "error" in line.lower()] or lines[-1:]
        raise Unavailable(f"{source}: `{command[0]}` failed: {' '.join(error[:1])}")
    return done.stdout
