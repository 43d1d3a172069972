#!/usr/bin/env python3
"""Validates the output for every configuration with cfn-lint and Terraform.

    output.py PROGRAM [NAME...]

Cases: `cfn-lint` with its informational rules on the templates, as JSON and as YAML; `terraform` and `hcl`, all modules of
one root in each syntax through `terraform validate` and `terraform fmt -check`. A tool that prints a finding fails its case.
"""

import subprocess
import tempfile
from pathlib import Path

import harness.cases as cases
import harness.configurations as configurations
from harness.outcomes import check, require
from harness.program import beside_python, run
from harness.terraform import base_environment, plugin_options

# W3010 advises against names of Availability Zones, which differ between accounts and Regions. These configurations do.
EXPECTED_FINDINGS = {"network-named-zones": "W3010", "network-local-zone": "W3010"}


def lint(*options):
    # -c I: informational rules count too. -e: experimental rules as well.
    command = [beside_python("cfn-lint"), "-c", "I", "-e", *options]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout + done.stderr


def cfn_lint(program, folder):
    files = {}
    for name in configurations.names():
        # The YAML is equal to the JSON (`tests/it/documents.rs`); those that CI deploys show that the tool reads it.
        formats = ["cfn", *(["cfn-yaml"] if "cfn-yaml" in configurations.deployed().get(name, ()) else [])]
        for form in formats:
            path = folder / f"{name}-{configurations.FILES[form]}"
            path.write_text(configurations.generate(program, name, form))
            files.setdefault(EXPECTED_FINDINGS.get(name), []).append(str(path))
    findings = lint("--", *files.pop(None))
    for rule, paths in files.items():
        for path in paths:
            check(rule in lint("--", path), f"{path}: {rule} is expected")
        findings += lint("-i", rule, "--", *paths)
    check(not findings.strip(), findings)


def terraform(program, folder, form):
    require("terraform")
    configurations.write_modules(program, folder, form)
    for arguments in (["init", "-input=false", *plugin_options()], ["validate"], ["fmt", "-check", "-recursive", "-diff"]):
        run("terraform", f"-chdir={folder}", *arguments, env=base_environment())


def main():
    parser = cases.parser(__doc__)
    cases.add_names(parser)
    arguments = parser.parse_intermixed_args()
    program = arguments.program
    found = [
        cases.Case("cfn-lint", lambda folder: cfn_lint(program, folder)),
        cases.Case("terraform", lambda folder: terraform(program, folder, "tf")),
        cases.Case("hcl", lambda folder: terraform(program, folder, "hcl")),
    ]
    report = cases.Report()
    for case in cases.choose(found, arguments.names):
        with tempfile.TemporaryDirectory(prefix="output-") as folder:
            report.attempt(case.name, case.run, Path(folder))
    report.close()


if __name__ == "__main__":
    main()
