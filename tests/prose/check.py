#!/usr/bin/env python3
"""Lints the prose of the project: documentation, help, schemas, comments and messages.

    check.py PROGRAM              reports what the strict rules find; exits with 1 on a finding
    check.py PROGRAM --review     reports the review rules too; exits with 0
    check.py --self-test          tests the linter

`docs/contributing/writing.md` explains the rules. Installs textlint into target/tools/prose.
Without npm, skips with a message, or fails with CI=true.
"""
import argparse
import collections
import fnmatch
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
import texts  # noqa: E402

TOOLS = ROOT / "target/tools/prose"
ALLOW = HERE / "allow.json"
HELP_WIDTH = 72
# How help never starts.
NO_STARTS = ["whether", "how", "what", "who", "whom", "where", "which"]
PROCESSES = 2
AREAS = ["markdown", "help", "schema", "rust", "python", "other"]

Finding = collections.namedtuple("Finding", "file line column area rule message source")


def install():
    """Installs the pinned packages if they changed, and copies the rules next to them."""
    if not (shutil.which("npm") and shutil.which("node")):
        print("npm is not on the PATH: it installs textlint; see https://nodejs.org", file=sys.stderr)
        if os.environ.get("CI") == "true":
            sys.exit(1)
        print("skipped without npm: prose linter")
        sys.exit(0)
    TOOLS.mkdir(parents=True, exist_ok=True)
    lock = (HERE / "package-lock.json").read_bytes()
    installed = TOOLS / "installed.json"
    if not installed.exists() or installed.read_bytes() != lock:
        for name in ["package.json", "package-lock.json", ".npmrc"]:
            shutil.copy(HERE / name, TOOLS)
        done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=TOOLS,
                              capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"npm ci: exit {done.returncode}\n{done.stdout}{done.stderr}")
        installed.write_bytes(lock)
    # Modules resolve their packages from their own directory.
    for path in [*HERE.glob("*.mjs"), *HERE.glob("*.yml")]:
        shutil.copy(path, TOOLS)


def lint(documents):
    """The findings of textlint, in processes that share the documents by size."""
    shares = [[0, []] for _ in range(PROCESSES)]
    for document in sorted(documents, key=lambda it: -len(it.text)):
        share = min(shares, key=lambda it: it[0])
        share[0] += len(document.text)
        share[1].append(document)
    running = []
    for _, share in shares:
        process = subprocess.Popen(["node", TOOLS / "lint.mjs"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        data = [{"name": number, "kind": it.kind, "format": it.format, "text": it.text}
                for number, it in enumerate(share)]
        running.append((process, share, json.dumps(data).encode()))
    for process, _, data in running:
        process.stdin.write(data)
        process.stdin.close()
    found = set()
    for process, share, _ in running:
        output = process.stdout.read()
        if process.wait():
            sys.exit(f"textlint: exit {process.returncode}")
        for it in json.loads(output):
            document = share[it["name"]]
            line, column = document.position(it["index"])
            message = " ".join(it["message"].split())
            found.add(Finding(document.file, line, column, document.area, it["rule"], message,
                              document.line(line)))
    return found


def once(found):
    """Drops repetitions in help, since most commands have the global options."""
    seen, kept = set(), []
    for it in found:
        key = (it.area, it.source, it.column, it.rule, it.message)
        if it.area != "help" or key not in seen:
            kept.append(it)
        seen.add(key)
    return kept


def lint_help(documents):
    """Help lines: at most 72 characters, without a period at the end."""
    found = set()
    for document in documents:
        if document.kind != "help":
            continue
        for index, text in texts.help_items(document.source):
            text = re.sub(r"\s*\[(default|possible values|env|aliases?):[^\]]*\]", "", text)
            messages = []
            if len(text) > HELP_WIDTH:
                messages.append(f"help of {len(text)} characters (use: at most {HELP_WIDTH})")
            if text.endswith("."):
                messages.append("period at the end of a help line (use: none)")
            start = re.match(rf"({'|'.join(NO_STARTS)})\b", text, re.I)
            if start:
                messages.append(f'"{start[0]}" at the start (use: a verb or a noun phrase)')
            line, column = texts.position(document.source, index)
            for message in messages:
                found.add(Finding(document.file, line, column, document.area, "help-line", message,
                                  document.line(line)))
    return found


def apply_allowed(found):
    """Drops what allow.json allows, and reports its entries that allow nothing."""
    entries = json.loads(ALLOW.read_text())
    used = [False] * len(entries)
    kept = []
    for it in found:
        for number, entry in enumerate(entries):
            if (fnmatch.fnmatchcase(it.file, entry["file"])
                    and it.rule in entry.get("rules", [it.rule])
                    and re.search(entry.get("line", ""), it.source)
                    and re.search(entry.get("message", ""), it.message)):
                used[number] = True
                break
        else:
            kept.append(it)
    unused = [entry for entry, is_used in zip(entries, used) if not is_used]
    return kept, unused


def check_entries():
    for entry in json.loads(ALLOW.read_text()):
        if not entry.get("reason") or not entry.get("file"):
            sys.exit(f"allow.json: an entry requires `file` and `reason`: {entry}")
        unknown = set(entry) - {"file", "rules", "line", "message", "reason"}
        if unknown:
            sys.exit(f"allow.json: unknown keys: {sorted(unknown)}")


def main():
    parser = argparse.ArgumentParser(description="Lints the prose of the project")
    parser.add_argument("program", nargs="?", help="ssm-synth, for its help and schemas")
    parser.add_argument("--review", action="store_true", help="report the review rules too, never fail")
    parser.add_argument("--area", choices=AREAS, action="append", help="report only this area")
    parser.add_argument("--file", action="append", help="report only this file")
    parser.add_argument("--self-test", action="store_true", help="test the linter")
    args = parser.parse_args()
    if not args.self_test and not args.program:
        parser.error("PROGRAM is required")
    install()
    check_entries()
    if args.self_test:
        import self_test
        self_test.run(TOOLS, lint, lint_help)
        return

    documents = texts.gather(ROOT, args.program)
    found = lint(documents) | lint_help(documents)
    found, unused = apply_allowed(once(sorted(found)))
    strict = [it for it in found if it.rule != "review"]
    selected = [it for it in (found if args.review else strict)
                if it.area in (args.area or AREAS) and (not args.file or it.file in args.file)]
    for it in selected:
        print(f"{it.file}:{it.line}:{it.column}: {it.message} [{it.rule}]")

    by_area = collections.Counter(it.area for it in selected)
    print("prose: " + ", ".join(f"{area} {by_area[area]}" for area in AREAS)
          + f"; {len(documents)} texts")
    for entry in unused:
        print(f"allow.json: allows nothing: {json.dumps(entry)}")
    if not args.review and (selected or unused):
        sys.exit(1)


if __name__ == "__main__":
    main()
