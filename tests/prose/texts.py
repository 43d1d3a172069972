"""Gathers the texts of the project, with the position of each character in its source."""
import json
import pathlib
import re
import subprocess

# Inputs and recorded outputs of tests: other projects or the program wrote them.
SKIPPED = re.compile(r"tests/(snapshots|corpus|cases/.*\.json)(/|$)")


class Document:
    """Prose of one file: `text` is what the linter reads, `at` the index of each character in `source`."""

    def __init__(self, file, area, kind, format, source, text=None, at=None):
        self.file, self.area, self.kind, self.format, self.source = file, area, kind, format, source
        text = source if text is None else text
        # The linter counts UTF-16 units: one character is one unit without the astral ones.
        self.text = re.sub(r"[\U00010000-\U0010ffff]", "_", text)
        self.at = at
        self.lines = source.split("\n")

    def position(self, index):
        if self.at is not None:
            index = self.at[min(index, len(self.at) - 1)]
        return position(self.source, index)

    def line(self, number):
        return self.lines[number - 1]


def position(source, index):
    return source.count("\n", 0, index) + 1, index - source.rfind("\n", 0, index)


class Builder:
    """Joins fragments of a source into one document."""

    def __init__(self, separator):
        self.separator, self.parts, self.at = separator, [], []

    def add(self, text, at):
        self.parts.append(text + self.separator)
        self.at += at + [at[-1] if at else 0] * len(self.separator)

    def document(self, file, area, kind, format, source):
        return Document(file, area, kind, format, source, "".join(self.parts), self.at) if self.parts else None


# Fragments of Markdown end with a comment, so a list does not continue into the next one.
MARKDOWN_END = "\n\n<!-- -->\n\n"
TEXT_END = "\n\n"


def mask_code(text):
    """Inline code as `_` of the same length, in text that is not Markdown."""
    return re.sub(r"`[^`\n]+`", lambda it: "_" * len(it[0]), text)


def mask_placeholders(text):
    """`{name:?}` as `_` of the same length; `{{` is a brace."""
    return re.sub(r"(?<!\{)\{[\w.\[\]()&*!'\"]*(:[^{}\s]*)?\}(?!\})", lambda it: "_" * len(it[0]), text)


ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": " ", "\\": "\\", "'": "'", '"': '"', "\n": ""}


def unescape(source, start, end, raw):
    """The characters of a literal's content and the index of each."""
    text, at = [], []
    index = start
    while index < end:
        char, width = source[index], 1
        if char == "\\" and not raw and index + 1 < end:
            after = source[index + 1]
            found = re.compile(r"\\(?:u\{[0-9a-fA-F_]+\}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|\r?\n\s*)").match(source, index, end)
            width = len(found[0]) if found else 2
            char = ESCAPES.get(after, "_" if found else after)
            if found and after in "\r\n":
                char = ""
        if char:
            text.append(char)
            at.append(index)
        index += width
    return "".join(text), at


RUST = re.compile(
    r"""(?P<line>//[^\n]*)
    |(?P<block>/\*)
    |(?P<raw>\b[bc]?r(?P<hashes>\#*)")
    |(?P<string>\b[bc]?"|")
    |(?P<char>'(?:\\(?:u\{[^}]*\}|x..|.)|[^\\'\n])')""",
    re.X,
)


def rust_tokens(source):
    """Comments as `("comment", start, end)`, literals as `("string", start, end, raw)`."""
    index = 0
    while True:
        found = RUST.search(source, index)
        if not found:
            return
        start, index = found.span()
        if found["line"]:
            yield "comment", start, index
        elif found["block"]:
            depth = 1
            while depth:
                mark = re.compile(r"/\*|\*/").search(source, index)
                if not mark:
                    return
                depth += 1 if mark[0] == "/*" else -1
                index = mark.end()
            yield "block", start, index
        elif found["raw"]:
            end = source.find('"' + found["hashes"], index)
            if end < 0:
                return
            yield "string", index, end, True
            index = end + 1 + len(found["hashes"])
        elif found["string"]:
            end = re.compile(r'(?:[^"\\]|\\.)*', re.S).match(source, index).end()
            yield "string", index, end, False
            index = end + 1


def is_prose(text):
    """Whether to lint a literal: it contains words, not only one identifier."""
    return " " in text.strip() and re.search(r"[A-Za-z]{2,}", text) is not None


def rust(file, source):
    docs, comments, strings = Builder(MARKDOWN_END), Builder(MARKDOWN_END), Builder(TEXT_END)
    group = None  # (marker, end, text, at) of the comment lines so far

    def flush():
        nonlocal group
        if group:
            (docs if group[0] in ("///", "//!") else comments).add("".join(group[2]), group[3])
        group = None

    for token in rust_tokens(source):
        kind, start, end = token[:3]
        if kind == "comment":
            content = source[start:end]
            marker = re.match(r"///(?!/)|//!|//", content)[0]
            text = content[len(marker):]
            first = start + len(marker)
            if text.startswith(" "):
                text, first = text[1:], first + 1
            if group and (group[0] != marker or source[group[1]:start].strip() or source[group[1]:start].count("\n") > 1):
                flush()
            if not group:
                group = [marker, end, [], []]
            group[1] = end
            group[2].append(text + "\n")
            group[3] += [*range(first, first + len(text)), end]
            continue
        flush()
        if kind == "block":
            comments.add(source[start + 2:end - 2], [*range(start + 2, end - 2)])
        else:
            text, at = unescape(source, start, end, token[3])
            if is_prose(text):
                strings.add(mask_placeholders(mask_code(text)), at)
    flush()
    return [
        docs.document(file, "rust", "doc", "markdown", source),
        comments.document(file, "rust", "comment", "markdown", source),
        strings.document(file, "rust", "string", "text", source),
    ]


PYTHON = re.compile(r"""(?P<comment>\#[^\n]*)|(?P<prefix>\b[rbfuRBFU]{1,2})?(?P<quote>\"{3}|'{3}|"|')""")


def python(file, source):
    comments, strings = Builder(MARKDOWN_END), Builder(TEXT_END)
    lines = CommentLines(comments, source)
    index = 0
    while found := PYTHON.search(source, index):
        start, index = found.span()
        if found["comment"]:
            lines.add(start, index)
            continue
        quote, prefix = found["quote"], (found["prefix"] or "").lower()
        end_of = r"(?:[^\\]|\\.)*?" + quote
        end = re.compile(end_of, re.S).match(source, index)
        if not end:
            break
        last = end.end() - len(quote)
        text, at = unescape(source, index, last, "r" in prefix)
        if is_prose(text):
            text = mask_code(text)
            if "f" in prefix:
                text = re.sub(r"\{[^{}\n]*\}", lambda it: "_" * len(it[0]), text)
            strings.add(text, at)
        index = end.end()
    lines.flush()
    return [
        comments.document(file, "python", "comment", "markdown", source),
        strings.document(file, "python", "string", "text", source),
    ]


class CommentLines:
    """Joins `#` comments of consecutive lines."""

    def __init__(self, builder, source):
        self.builder, self.source = builder, source
        self.text, self.at, self.end = [], [], None

    def add(self, start, end):
        if self.text and self.source[self.end:start].strip(" \t") != "\n":
            self.flush()
        first = start + 1
        while first < end and self.source[first] in "#! ":
            first += 1
        self.text.append(self.source[first:end] + "\n")
        self.at += [*range(first, end), end]
        self.end = end

    def flush(self):
        if self.text:
            self.builder.add("".join(self.text), self.at)
        self.text, self.at = [], []


def hashed(file, source):
    """Comments of shell, YAML, TOML; descriptions of YAML and TOML; messages of shell."""
    comments, strings = Builder(MARKDOWN_END), Builder(TEXT_END)
    lines = CommentLines(comments, source)
    patterns = [r"^[ \t]*(#[^\n]*)", r"^(?![ \t]*#)[^\n'\"]*(?:'[^'\n]*'|\"[^\"\n]*\"|[^\n'\"#])*?[ \t](#[ \t][^\n]*)"]
    for found in re.compile("|".join(patterns), re.M).finditer(source):
        start, end = found.span(1 if found[1] else 2)
        if not source.startswith("#!", start):
            lines.add(start, end)
    lines.flush()
    message = r"\b(?:echo|section|printf)\s+(['\"])(?P<text>(?:(?!\1)[^\n])*)\1"
    if file.endswith((".yml", ".yaml")):
        message = r"^\s*-?\s*description:\s+(?P<text>\S[^\n]*)"
    elif file.endswith(".toml"):
        message = r'^description\s*=\s*"(?P<text>[^"\n]*)"'
    for found in re.compile(message, re.M).finditer(source):
        start, end = found.span("text")
        if is_prose(source[start:end]):
            strings.add(mask_code(source[start:end]), [*range(start, end)])
    return [
        comments.document(file, "other", "comment", "markdown", source),
        strings.document(file, "other", "string", "text", source),
    ]


def template(file, source):
    """A Handlebars template: its expressions as `_`, and tags as spaces."""
    blank = lambda it: re.sub(r"[^\n]", " ", it[0])
    text = re.sub(r"\{\{[#/^!>~][^}]*\}\}", blank, source)
    text = re.sub(r"\{\{[^}]*\}\}\}?", lambda it: "_" * len(it[0]), text)
    if file.endswith(".md.hbs"):
        return [Document(file, "other", "markdown", "markdown", source, text, [*range(len(text))])]
    text = re.sub(r"<(style|script|svg)\b.*?</\1>", blank, text, flags=re.S)
    text = mask_code(re.sub(r"<[^>]*>", blank, text))
    return [Document(file, "other", "string", "text", source, text, [*range(len(text))])]


def markdown(file, source):
    return [Document(file, "markdown", "markdown", "markdown", source)]


def readers(file):
    """How to read a file, by its name."""
    inner = file.removesuffix(".hbs")
    if file.endswith(".hbs") and inner.endswith((".md", ".html")):
        return template
    for suffixes, reader in [
        ((".md",), markdown),
        ((".rs",), rust),
        ((".py",), python),
        ((".sh", ".yml", ".yaml", ".toml", ".ci/run"), hashed),
    ]:
        if inner.endswith(suffixes):
            return reader
    return None


# The groups of commands in the help of the program.
GROUPS = "Author|Verify|Review|Operate|Project"


def run(program, *args):
    done = subprocess.run([program, *args], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


def subcommands(text):
    listed = re.findall(rf"^(?:{GROUPS}):\n((?: .*\n)+)", text, re.M)
    return re.findall(r"^  (\S+)", "".join(listed), re.M)


def help_texts(program):
    """The help of the program and of each subcommand, as `(name, text)`."""
    todo, name = [[]], pathlib.Path(program).name
    while todo:
        path = todo.pop(0)
        text = run(program, *path, "--help")
        if text is None:
            raise SystemExit(f"`{' '.join([name, *path])} --help` failed")
        yield " ".join([name, *path, "--help"]), text
        todo += [[*path, it] for it in subcommands(text)]


def help_items(text):
    """The first paragraph of each command, option and value as one line, with its index."""
    lines = text.split("\n")
    starts, total = [], 0
    for line in lines:
        starts.append(total)
        total += len(line) + 1
    # What the command does: the summary, the only line of its paragraph in most commands.
    number, section = 0, "about"
    while number < len(lines):
        line = lines[number]
        if re.match(r"\S.*:$", line):
            section = line[:-1]
        elif line and not line[0].isspace() and not line.startswith("Usage:") and section != "about":
            section = ""
        column = None
        if section == "about" and number == 0:
            column = 0
        elif re.fullmatch(GROUPS, section) and (found := re.match(r"  (\S+)\s+(?=\S)", line)):
            column = found.end()
        elif section in ("Options", "Arguments", "Configuration overrides") or section.endswith(("options", "Options")):
            if found := re.match(r"\s+- [\w-]+:\s+(?=\S)", line):
                column = found.end()
            elif re.match(r" {2,6}(-|\[|<)", line) and number + 1 < len(lines):
                number += 1
                column = len(lines[number]) - len(lines[number].lstrip())
        if column is not None and lines[number].strip():
            first = number
            parts = [lines[number][column:].strip()]
            while number + 1 < len(lines) and lines[number + 1].strip():
                after = lines[number + 1]
                indent = len(after) - len(after.lstrip())
                if indent < column or re.match(r"\s+- [\w-]+:", after):
                    break
                number += 1
                parts.append(after.strip())
            yield starts[first] + column, " ".join(parts)
        number += 1


def help_prose(text):
    """Help without its usage and commands to run: those are not sentences."""
    def blank(found):
        return re.sub(r"[^\n]", " ", found[0])

    masked = re.sub(r"^(Usage:.*|       \S.*)$", blank, text, flags=re.M)
    # The names of commands and options, and values of options.
    masked = re.sub(r"^  [a-z][\w-]*(?=\s{2,})", blank, masked, flags=re.M)
    masked = re.sub(r"^ {2,6}(-\S|\[|<).*$", blank, masked, flags=re.M)
    masked = re.sub(r"^\s+- [\w-]+:", blank, masked, flags=re.M)
    masked = re.sub(r"\[(possible values|env):[^\]]*\]", blank, masked)
    # Examples: indented by two, after the options.
    last = [it.end() for it in re.finditer(r"^ +-[hV], --(help|version)\n", text, re.M)]
    end = text.find("\n\n", last[-1]) if last else -1
    if end >= 0:
        masked = masked[:end] + re.sub(r"^ {2,}\S.*$", blank, masked[end:], flags=re.M)
    return mask_code(masked)


def help_document(name, text):
    return Document(name, "help", "help", "text", text, help_prose(text), [*range(len(text))])


def schema_texts(program):
    """The JSON Schemas, as `(name, text)`."""
    found = []
    for name in ("config", "check", "cost"):
        text = run(program, "schema", name)
        if text is None:
            raise SystemExit(f"`ssm-synth schema {name}` failed")
        found.append((f"ssm-synth schema {name}", text))
    return found


def schema(name, source):
    strings = Builder(TEXT_END)
    for found in re.compile(r'^\s*"(?:description|title)": "((?:[^"\\]|\\.)*)",?$', re.M).finditer(source):
        text, at = unescape(source, *found.span(1), False)
        if " " in text:
            strings.add(mask_code(text), at)
    return [strings.document(name, "schema", "schema", "text", source)]


def gather(root, program):
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=root, capture_output=True, text=True, check=True).stdout
    documents = []
    for file in sorted(filter(None, listed.split("\0"))):
        path = root / file
        read = readers(file)
        if read is None or (SKIPPED.match(file) and not file.endswith(".md")) or not path.is_file():
            continue
        if file.startswith("tests/snapshots/"):
            continue
        documents += read(file, path.read_text())
    for name, text in help_texts(program):
        documents.append(help_document(name, text))
    for name, text in schema_texts(program):
        documents += schema(name, text)
    return [it for it in documents if it is not None and it.text.strip()]
