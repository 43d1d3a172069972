#!/usr/bin/env python3
"""Policy scanners on the output, in the languages that each reads.

    scanners.py PROGRAM DIRECTORY [NAME...]

checkov and cfn-guard must find only what the hardened stack suppresses, and docs/explanation/security.md must list exactly
these suppressions. It must also list the rules of cdk-nag that fail for any configuration, and the numbers of findings of the
presets beside those of two stacks of the CDK. DIRECTORY contains the scanners: checkov in a separate virtual environment,
since it pins many packages, and npm packages with cdk-nag, cfn-guard and the rules of Control Tower. The script installs
missing ones.
"""

import collections
import json
import re
import tempfile
from pathlib import Path

import harness.cases as cases
import harness.configurations as configurations
from harness import ROOT
from harness.cases import Case
from harness.node import install_packages, run_script
from harness.outcomes import Failure, check, require
from harness.preflight import Preflight, types_of
from harness.program import run, virtual_environment

CHECKOV = "checkov==3.3.30"
GUARD = "@cdklabs/cdk-validator-cfnguard@0.0.62"
FILES = {"cfn": "stack.json", "hcl": "main.tf"}
PAGE = ROOT / "docs/explanation/security.md"
PRESETS = ("minimal", "standard", "hardened")
# The stacks of tests/nag.cjs, and their names in the page.
CDK_STACKS = {"BastionHostLinux": "CDK, `BastionHostLinux`", "ByHand": "CDK, written by hand"}


def checkov_programs(tools):
    return virtual_environment(tools / "checkov", [CHECKOV], ["checkov"])


class Scans:
    def __init__(self, program, tools, work):
        self.program, self.tools, self.work = program, tools, work
        self.suppressed = set()

    def file(self, form):
        """Writes the hardened stack in this language; returns the file."""
        path = self.work / form / FILES[form]
        path.parent.mkdir(exist_ok=True)
        path.write_text(run(self.program, "--format", form, "--set", "preset=hardened").stdout)
        return path

    def checkov(self, form):
        program = checkov_programs(self.tools) / "checkov"
        folder = self.file(form).parent
        text = run(program, "-d", folder, "--skip-download", "--compact", "-o", "json", code=None).stdout
        results = json.loads(text)
        failed, passed = [], 0
        for result in results if isinstance(results, list) else [results]:
            found = result["results"]
            passed += result["summary"]["passed"]
            failed += [f"{it['check_id']} {it['check_name']} ({it['resource']})" for it in found["failed_checks"]]
            self.suppressed |= {it["check_id"] for it in found["skipped_checks"]}
        check(passed, f"checkov scanned nothing in {folder}:\n{text}")
        check(not failed, "\n".join(failed))

    def guard_package(self):
        package = self.tools / "guard/package"
        if not package.exists():
            require("npm")
            package.parent.mkdir(parents=True, exist_ok=True)
            packed = run("npm", "pack", "--silent", GUARD, cwd=package.parent).stdout.split()[-1]
            run("tar", "-xzf", packed, cwd=package.parent)
        return package

    def guard(self):
        package = self.guard_package()
        program, rules = package / "bin/ubuntu/x86_64/cfn-guard", package / "rules/control-tower/cfn-guard"
        program.chmod(0o755)
        stack = self.file("cfn")
        text = run(program, "validate", "-d", stack, "-r", rules, "--show-summary", "fail", code=None).stdout
        found = set(re.findall(r"\.guard/(\w+)\s+FAIL", text))
        if "FAIL" not in text and "PASS" not in text and text.strip():
            raise Failure(f"cfn-guard: {text}")
        metadata = [it.get("Metadata", {}) for it in json.loads(stack.read_text())["Resources"].values()]
        suppressed = {rule for it in metadata for rule in it.get("guard", {}).get("SuppressedRules", [])}
        wrong = [f"finding: {rule}" for rule in sorted(found - suppressed)]
        wrong += [f"suppressed without a finding: {rule}" for rule in sorted(suppressed - found)]
        check(not wrong, "\n".join(wrong))
        self.suppressed |= suppressed

    def nag(self):
        """Compares the findings of cdk-nag and cdk-preflight with docs/explanation/security.md."""
        folder = self.work / "nag"
        folder.mkdir()
        for name in configurations.names():
            (folder / f"{name}.json").write_text(configurations.generate(self.program, name, "cfn"))
        for name in PRESETS:
            text = run(self.program, "--format", "cfn", "--set", f"preset={name}").stdout
            (folder / f"{name}.json").write_text(text)
        assembly = folder / "assembly"
        run_script(install_packages(self.tools), ROOT / "tests/nag.cjs", assembly, *sorted(folder.glob("*.json")))
        report = json.loads((assembly / "validation-report.json").read_text())
        found = collections.defaultdict(list)
        for pack in report["pluginReports"]:
            for violation in pack["violations"]:
                for construct in violation["violatingConstructs"]:
                    found[construct["constructPath"].split("/")[0]].append((pack["pluginName"], violation["ruleName"]))
        of_cdk = {name: found.pop(name) for name in CDK_STACKS}
        check(all(of_cdk.values()), "cdk-nag finds nothing in the stacks of the CDK")
        lines = []
        counted = {name: found[name] for name in PRESETS} | of_cdk
        templates = {name: (assembly / f"{name}.template.json").read_text() for name in counted}
        preflight = Preflight(self.tools, types_of(templates.values()))
        for name, findings in counted.items():
            solutions = sum(pack == "AwsSolutions" for pack, _ in findings)
            rejected = len(preflight.findings(templates[name]))
            lines.append(f"| {CDK_STACKS.get(name, f'`preset: {name}`')} | {solutions} | {len(findings)} | {rejected} |")
        page = PAGE.read_text()
        wrong = [f"missing: {line}" for line in lines if line not in page]
        # Without the pack and the resource: `AwsSolutions-IAM5[Resource::*]` is rule `IAM5`.
        rules = {rule.split("[")[0].rpartition("-")[2] for findings in found.values() for _, rule in findings}
        section = page[page.index("### cdk-nag") :]
        listed = set(re.findall(r"^\| (`.*`) \|", section, re.MULTILINE))
        listed = {it for cell in listed for it in re.findall(r"`(\w+)`", cell)}
        wrong += [f"missing rule: {it}" for it in sorted(rules - listed)]
        wrong += [f"listed, but not found: {it}" for it in sorted(listed - rules)]
        check(not wrong, "\n".join(wrong))

    def documentation(self):
        """Compares all suppressions with docs/explanation/security.md."""
        listed = set(re.findall(r"`(CKV2?_AWS_\d+|\w+_check)`", PAGE.read_text()))
        wrong = [f"missing: {it}" for it in sorted(self.suppressed - listed)]
        wrong += [f"listed, but not suppressed: {it}" for it in sorted(listed - self.suppressed)]
        check(not wrong, "\n".join(wrong))


def main():
    parser = cases.parser(__doc__)
    parser.add_argument("folder", type=lambda text: Path(text).resolve())
    cases.add_names(parser)
    arguments = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory(prefix="scanners-") as work:
        scans = Scans(arguments.program, arguments.folder, Path(work))
        found = [Case(f"checkov/{form}", lambda _, form=form: scans.checkov(form)) for form in FILES]
        found.append(Case("cfn-guard", lambda _: scans.guard()))
        found.append(Case("cdk-nag", lambda _: scans.nag()))
        chosen = cases.choose(found, arguments.names)
        report = cases.run_all(chosen, [None])
        # Only all scanners together know all suppressions.
        if report.passed == len(found):
            report.attempt("docs/explanation/security.md", scans.documentation)
    report.close()


if __name__ == "__main__":
    main()
