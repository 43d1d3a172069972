"""Tests of the linter: a finding has its place in the source, and correct text has none."""
import subprocess
import sys

import texts

# Each case: name, source, and the findings expected, as `LINE:COLUMN rule`.
MARKDOWN = """# Deploy a stack

A stack is not
there, and `tell` is code. See [the told one](told.md).

```sh
echo told
```

- The region is
  told, and **nevertheless** used.

> the folder of
> the stack

| Setting | Meaning |
| --- | --- |
| `told` | Whether one zone is used |

## Where The Stack is

One two three four five six seven eight nine ten, one two three four five six seven eight nine ten, one two three four five six.
"""

CASES = [
    ("page.md", MARKDOWN, [
        "3:9 terms", "4:37 terms", "11:3 terms", "11:15 terms", "13:7 terms", "18:20 terms",
        "20:4 heading", "20:10 heading", "20:14 heading", "22:1 sentence-length",
    ]),
    ("clean.md", "# Deploy to an Availability Zone\n\nThe security group of `told` allows inbound traffic "
     "to a dedicated host.\n", []),
    ("literals.rs", '''fn main() {
    let a = "the stack is \\"told\\" of it";
    let b = r#"a "raw" one is
told"#;
    let c = "told";
    let d = '"'; let e = "wrapped \\
             text is told";
    let f = format!("{told} is given by {name:?}, {{told}} too");
    let g = "`told` is fine"; /* told /* of */ told */
}
''', [
        "2:29 terms", "4:1 terms", "7:22 terms", "8:32 terms", "8:53 terms", "9:34 terms", "9:48 terms",
    ]),
    ("comments.rs", """//! Reads files. What is
//! told is used.

/// Returns `told`:
///
/// ```
/// let told = 1;
/// ```
/// The availability zone doesn't matter.
fn main() {} // as told
// The folder, where an
// availability zone is allowed.
struct A<'a>(&'a str);
""", ["2:5 terms", "9:9 terms", "9:27 terms", "10:20 terms", "11:8 terms"]),
    ("test.py", '''"""Tests what is
told."""
# The stale
# folder.
message = f"{told} of {name}, as told"  # told
path = "told"
''', ["2:1 terms", "3:7 terms", "4:3 terms", "5:34 terms", "5:43 terms"]),
    ("job.yml", "# The folder\ndescription: What is told\nrun: echo told # as told\n",
     ["1:7 terms", "2:22 terms", "3:21 terms"]),
    ("Cargo.toml", '[package]\ndescription = "as told"\nname = "as told"\n', ["2:19 terms"]),
    ("script.sh", "#!/bin/sh\n# as told\necho 'is not there' \"$#\"\n", ["2:6 terms", "3:7 terms"]),
    ("page.md.hbs", "{{#if told}}\nThe `x` is told by {{told}}.\n{{/if}}\n", ["2:12 terms"]),
    ("page.html.hbs", "<style>/* told */</style>\n<p class=\"told\">as told</p>\n", ["2:20 terms"]),
]

HELP = """Print what is told

Usage: tool [OPTIONS] [TOLD]

Author:
  told  Print a stack that has a description which is far too long to fit into one line
        of the help
  other  Print this message

Arguments:
  [TOLD]
          A file

          Longer help is a sentence, and ends with a period.

Options:
      --told <TOLD>
          Whether there is a folder [default: told]

          Possible values:
          - told: For people.

  -h, --help
          Print help

Examples:
  tool told --json
"""
HELP_FINDINGS = [
    "1:15 terms", "6:9 help-line", "18:11 help-line", "18:11 terms", "18:30 terms", "18:47 terms",
    "21:19 help-line", "21:19 terms",
]

SCHEMA = '''{
  "title": "tool.yaml",
  "description": "Whether \\"a\\" is told.",
  "properties": {"description": {"type": "string"}},
  "pattern": "as told"
}
'''
SCHEMA_FINDINGS = ["3:19 terms", "3:36 terms"]


def run(tools, lint, lint_help):
    failed = []
    if subprocess.run(["node", tools / "lint.mjs", "--self-test"]).returncode:
        failed.append("the word lists")

    documents, expected = [], {}
    for name, source, findings in CASES:
        documents += [it for it in texts.readers(name)(name, source) if it is not None]
        expected[name] = findings
    documents.append(texts.help_document("help", HELP))
    expected["help"] = HELP_FINDINGS
    documents += texts.schema("schema", SCHEMA)
    expected["schema"] = SCHEMA_FINDINGS

    found = lint(documents) | lint_help(documents)
    for name, findings in expected.items():
        actual = sorted((it.line, it.column, it.rule, it.message) for it in found
                        if it.file == name and it.rule != "review")
        short = [f"{line}:{column} {rule}" for line, column, rule, _ in actual]
        if sorted(short) != sorted(findings):
            failed.append(f"{name}: expected {sorted(findings)}, found:\n  "
                          + "\n  ".join(f"{line}:{column} {rule}: {message}" for line, column, rule, message in actual))
    if texts.subcommands(HELP) != ["told", "other"]:
        failed.append(f"subcommands: {texts.subcommands(HELP)}")
    if failed:
        sys.exit("prose self-test failed:\n" + "\n".join(failed))
    print(f"prose self-test: {len(expected)} texts passed")
