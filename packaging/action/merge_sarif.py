"""Merges the SARIF files of a directory into one run: code scanning accepts one run per tool and category."""

import json
import sys
from pathlib import Path

files = sorted(Path(sys.argv[1]).glob("*.json"), key=lambda it: int(it.stem))
merged = None
for report in (json.loads(it.read_text()) for it in files):
    if merged is None:
        merged = report
        continue
    [into], [run] = merged["runs"], report["runs"]
    rules = into["tool"]["driver"]["rules"]
    known = {it["id"] for it in rules}
    rules += [it for it in run["tool"]["driver"]["rules"] if it["id"] not in known]
    # The ID of the rule remains.
    for result in run["results"]:
        result.pop("ruleIndex", None)
    into["results"] += run["results"]
if merged is None:
    sys.exit("no file could be checked")
json.dump(merged, sys.stdout)
