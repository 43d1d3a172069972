"""Reads and updates sources.toml, and checks that it lists every data file."""
import datetime
import pathlib
import re
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
SOURCES = HERE / "sources.toml"
MAKERS = HERE / "makers"

REQUIRED = {"file", "content", "used_by", "date"}
KEYS = REQUIRED | {"module", "versions", "collected", "pages", "rule", "date_column"}


class DataSet:
    """One entry of sources.toml."""

    def __init__(self, name, entry):
        self.name = name
        self.file = ROOT / entry.get("file", "")
        self.module = entry.get("module")
        self.versions = entry.get("versions", {})
        self.collected = entry.get("collected", [])
        self.date = entry.get("date")
        self.date_column = entry.get("date_column")

    @property
    def path(self):
        return self.file.relative_to(ROOT).as_posix()


class Catalog:
    def __init__(self, text):
        self.text = text
        self.entries = tomllib.loads(text)
        self.sources = self.entries["source"]
        self.sets = {name: DataSet(name, it) for name, it in self.entries["data"].items()}

    @staticmethod
    def read():
        return Catalog(SOURCES.read_text())

    def updated(self, name, versions, date):
        """Returns the text of sources.toml with other versions and another date for one data set.

        Edits the lines in place, since the standard library writes no TOML and a writer would drop
        the comments.
        """
        head = f"[data.{name}]\n"
        start = self.text.index(head) + len(head)
        end = self.text.find("\n[", start)
        end = len(self.text) if end < 0 else end
        block = self.text[start:end]
        listed = ", ".join(f'{source} = "{version}"' for source, version in versions.items())
        block = re.sub(r"(?m)^versions = .*$", lambda _: f"versions = {{ {listed} }}", block)
        block = re.sub(r"(?m)^date = .*$", f"date = {date.isoformat()}", block)
        return Catalog(self.text[:start] + block + self.text[end:])

    def problems(self):
        """Yields the differences between sources.toml and the files in the repository."""
        yield from self._entries()
        yield from self._files()
        yield from self._modules()

    def _entries(self):
        named = set()
        for name, entry in self.entries["data"].items():
            where = f"sources.toml: data set `{name}`"
            for key in sorted(REQUIRED - entry.keys()):
                yield f"{where} has no `{key}`"
            for key in sorted(entry.keys() - KEYS):
                yield f"{where} has the unknown key `{key}`"
            if "rule" in entry and "pages" not in entry:
                yield f"{where} is collected by hand but has no `pages`"
            if "rule" not in entry and not ("module" in entry and "versions" in entry):
                yield f"{where} needs `module` and `versions`, or `pages` and `rule`"
            if not isinstance(entry.get("date"), datetime.date) and "date_column" not in entry:
                yield f"{where} needs a date such as 2026-11-24, or `date_column`"
            for source in entry.get("versions", {}):
                named.add(source)
                if source not in self.sources:
                    yield f"{where} names the unknown source `{source}`"
            for other in entry.get("collected", []):
                if other not in self.sets:
                    yield f"{where} names the unknown data set `{other}`"
        for source in sorted(self.sources.keys() - named):
            yield f"sources.toml: no data set names the source `{source}`"

    def _files(self):
        listed = {it.path for it in self.sets.values()}
        other = set(self.entries.get("not_data", {}))
        for path in sorted(listed | other):
            if not (ROOT / path).is_file():
                yield f"sources.toml lists `{path}`, which does not exist"
        found = [*(ROOT / "src").rglob("*"), *(HERE / "collected").rglob("*")]
        for file in sorted(found):
            path = file.relative_to(ROOT).as_posix()
            hidden = file.name.startswith(".")
            if file.is_file() and file.suffix != ".rs" and not hidden and path not in listed | other:
                yield f"sources.toml does not list `{path}`"
        included = set(included_files())
        for path in sorted(listed | other):
            if path.startswith("src/") and ROOT / path not in included:
                yield f"no Rust file includes `{path}`"
        for path in sorted(listed):
            head = [line for line in lines_of(ROOT / path) if line.startswith("#")]
            if re.search(r"\d{4}-\d{2}-\d{2}", "\n".join(head)):
                yield f"`{path}` repeats a date in its head; sources.toml has it"

    def _modules(self):
        used = {it.module for it in self.sets.values() if it.module}
        exist = {path.stem for path in MAKERS.glob("*.py")} - {"__init__"}
        for name in sorted(used - exist):
            yield f"sources.toml names the unknown module `{name}`"
        for name in sorted(exist - used):
            yield f"no data set in sources.toml names the module `{name}`"


def lines_of(path):
    return path.read_text().splitlines() if path.is_file() else []


def included_files():
    """The files that the Rust sources include by a literal path."""
    for path in (ROOT / "src").rglob("*.rs"):
        for name in re.findall(r'include_(?:str|bytes)!\(\s*"([^"]+)"', path.read_text()):
            yield (path.parent / name).resolve()
