#!/usr/bin/env python3
"""Refreshes the data files from their sources, and reports what changed.

    python3 tests/data/refresh.py                 every data set
    python3 tests/data/refresh.py NAME...         some of them
    python3 tests/data/refresh.py --check         write nothing; fail if a file is out of date
    python3 tests/data/refresh.py describe AWS::EC2::VPC aws_vpc
                                                  print a table for src/resource

tests/data/sources.toml lists the data sets. Python packages are read in the version that is
installed; the npm package and the Terraform provider are downloaded in the version that
sources.toml records, or that `--source NAME=VERSION` sets. `--check` skips downloads, unless you name
the data set or pass `--download`.
"""
import argparse
import datetime
import importlib
import sys

from catalog import SOURCES, Catalog
from describe import described, texts_of
from makers import Inputs, NotInstalled, Unavailable, Unexpected, rows_of
from report import Outcome, text_of, tsv_rows, versions_text

FAILURES = ("OUT OF DATE", "WRONG", "NOT READ")


def arguments(catalog):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="data set; default: all")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 on a difference")
    parser.add_argument("--download", action=argparse.BooleanOptionalAction,
                        help="read sources that need a download")
    parser.add_argument("--source", action="append", default=[], metavar="NAME=VERSION",
                        help="version of a downloaded source")
    options = parser.parse_args()
    options.described = None
    if options.names[:1] == ["describe"]:
        if len(options.names) != 3:
            parser.error("`describe` expects a CloudFormation type and a Terraform type")
        options.described = options.names[1:]
        options.names = []
        options.download = True
    for name in options.names:
        if name not in catalog.sets:
            parser.error(f"unknown data set `{name}`; expected one of: {', '.join(catalog.sets)}")
    options.pinned = {}
    for text in options.source:
        name, _, version = text.partition("=")
        kind = catalog.sources.get(name, {}).get("kind")
        if kind in (None, "python package") or not version:
            parser.error(f"`--source {text}`: expected NAME=VERSION of a downloaded source")
        options.pinned[name] = version
    if options.download is None:
        options.download = bool(options.names) or not options.check
    return options


def refresh(data_set, catalog, options):
    """Writes or compares one data set. Returns its outcome, its new text and its inputs."""
    if not data_set.module:
        outcome = Outcome(data_set.name, "by hand")
        rows = list(rows_of(data_set.file))
        outcome.detail = f"{len(rows)} rows, {dates(data_set, rows)}"
        return outcome, None, None
    inputs = Inputs(data_set, catalog, options.download, options.pinned)
    module = importlib.import_module(f"makers.{data_set.module}")
    outcome, text = written(data_set, inputs, module, options)
    try:
        wrong = list(module.problems(inputs)) if hasattr(module, "problems") else []
    except NotInstalled as missing:
        wrong = []
        outcome.result = "NOT READ" if options.check or options.names else "skipped"
        outcome.detail = str(missing)
    if wrong:
        outcome.result = "WRONG"
        outcome.notes += wrong
    return outcome, text, inputs


def written(data_set, inputs, module, options):
    """The outcome and the new text of one data set that a module writes."""
    if not hasattr(module, "make"):
        outcome = Outcome(data_set.name, "by hand")
        outcome.detail = f"compared with {versions_text({}, data_set.versions)}"
        return outcome, None
    try:
        text = module.make(inputs)
    except Unavailable as missing:
        # Fail if a data set on the command line, or a check without its package, is not read.
        wanted = options.names or (options.check and isinstance(missing, NotInstalled))
        outcome = Outcome(data_set.name, "NOT READ" if wanted else "skipped")
        outcome.detail = str(missing)
        return outcome, None
    except Unexpected as reason:
        outcome = Outcome(data_set.name, "WRONG")
        outcome.detail = " ".join(str(reason).split())
        return outcome, None
    outcome = Outcome(data_set.name, "unchanged")
    if text != inputs.previous:
        outcome.result = "OUT OF DATE" if options.check else "refreshed"
        outcome.compare(inputs.previous, text, getattr(module, "rows", tsv_rows))
    versions = versions_text(data_set.versions, inputs.versions)
    outcome.detail = f"{outcome.detail}  {versions}".strip()
    outcome.notes += [f"skipped: {it}" for it in inputs.skipped]
    if inputs.skipped and options.names and options.download:
        outcome.result = "NOT READ"
    return outcome, text


def dates(data_set, rows):
    if data_set.date_column is None:
        return f"read on {data_set.date}"
    all_dates = sorted(row[data_set.date_column - 1] for row in rows)
    return f"read from {all_dates[0]} to {all_dates[-1]}"


def describe(types, catalog, options):
    """Prints the table of a new type."""
    try:
        print(described(*types, Inputs(catalog.sets["schema-names"], catalog, True, options.pinned)), end="")
        for line in texts_of(*types):
            print(f"change to a link: {line}", file=sys.stderr)
    except (Unavailable, Unexpected) as reason:
        sys.exit(str(reason))
    except KeyError as name:
        sys.exit(f"no schema has the type {name}")


def main():
    catalog = Catalog.read()
    options = arguments(catalog)
    if options.described:
        describe(options.described, catalog, options)
        return
    outcomes = []
    for name in options.names or list(catalog.sets):
        data_set = catalog.sets[name]
        outcome, text, inputs = refresh(data_set, catalog, options)
        outcomes.append(outcome)
        if options.check or text is None:
            continue
        if text != inputs.previous:
            data_set.file.write_text(text)
        # A new head alone does not change the date.
        if outcome.rows_changed or inputs.versions != data_set.versions:
            catalog = catalog.updated(name, inputs.versions, datetime.date.today())
            SOURCES.write_text(catalog.text)
    # After the refresh, which can fix some of them.
    problems = list(catalog.problems())
    print(text_of(outcomes, problems))
    outdated = [it.name for it in outcomes if it.result == "OUT OF DATE"]
    if outdated:
        print(f"refresh with: python3 tests/data/refresh.py {' '.join(outdated)}")
    failed = [it.name for it in outcomes if it.result in FAILURES]
    sys.exit(1 if problems or failed else 0)


if __name__ == "__main__":
    main()
