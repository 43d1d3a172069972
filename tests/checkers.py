#!/usr/bin/env python3
"""checkov and cfn-guard on the hardened stack, in the languages that each reads: no finding but those
that the output accepts, each of which docs/security.md tells.

    checkers.py PROGRAM FOLDER

FOLDER has the checkers: checkov in a virtual environment of its own, since it pins much, and the
package of npm that holds cfn-guard with Control Tower's rules. What is missing is installed there.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHECKOV = "checkov==3.3.30"
GUARD = "@cdklabs/cdk-validator-cfnguard@0.0.62"


def run(*command, **options):
    done = subprocess.run([str(it) for it in command], capture_output=True, text=True, **options)
    return done


def needed(*command, **options):
    done = run(*command, **options)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def checkov(folder):
    program = folder / "checkov/bin/checkov"
    if not program.exists():
        needed(sys.executable, "-m", "venv", folder / "checkov")
        needed(folder / "checkov/bin/python", "-m", "pip", "install", "--quiet", CHECKOV)
    return program


def guard(folder):
    package = folder / "guard/package"
    if not package.exists():
        if not shutil.which("npm"):
            return None
        (folder / "guard").mkdir(parents=True, exist_ok=True)
        packed = needed("npm", "pack", "--silent", GUARD, cwd=folder / "guard").split()[-1]
        needed("tar", "-xzf", packed, cwd=folder / "guard")
    program = package / "bin/ubuntu/x86_64/cfn-guard"
    program.chmod(0o755)
    return program, package / "rules/control-tower/cfn-guard"


def by_checkov(program, place):
    """What fails, and what is accepted."""
    told = run(program, "-d", place, "--skip-download", "--compact", "-o", "json").stdout
    results = json.loads(told)
    failed, accepted, passed = [], set(), 0
    for result in results if isinstance(results, list) else [results]:
        found = result["results"]
        passed += result["summary"]["passed"]
        failed += [f"{it['check_id']} {it['check_name']} ({it['resource']})" for it in found["failed_checks"]]
        accepted |= {it["check_id"] for it in found["skipped_checks"]}
    if not passed:
        sys.exit(f"checkov looked at nothing in {place}:\n{told}")
    return failed, accepted


def main():
    program, folder = (pathlib.Path(it).resolve() for it in sys.argv[1:])
    text = lambda form: needed(program, "--format", form, "--set", "profile=hardened")
    wrong, accepted = [], set()
    with tempfile.TemporaryDirectory() as temporary:
        for form, name in [("cfn", "stack.json"), ("hcl", "main.tf")]:
            place = pathlib.Path(temporary) / form
            place.mkdir()
            (place / name).write_text(text(form))
            failed, some = by_checkov(checkov(folder), place)
            wrong += [f"checkov, {form}: {it}" for it in failed]
            accepted |= some
        tools = guard(folder)
        if tools is None:
            sys.exit("npm is not on the PATH: cfn-guard and its rules come by it")
        stack = pathlib.Path(temporary) / "cfn/stack.json"
        told = run(tools[0], "validate", "-d", stack, "-r", tools[1], "--show-summary", "fail").stdout
        found = set(re.findall(r"\.guard/(\w+)\s+FAIL", told))
        if "FAIL" not in told and "PASS" not in told and told.strip():
            sys.exit(f"cfn-guard: {told}")
        resources = json.loads(stack.read_text())["Resources"].values()
        said = {rule for it in resources for rule in it.get("Metadata", {}).get("guard", {}).get("SuppressedRules", [])}
        wrong += [f"cfn-guard: {rule}" for rule in sorted(found - said)]
        wrong += [f"cfn-guard: {rule} is accepted, and not found" for rule in sorted(said - found)]
        accepted |= said
    page = (ROOT / "docs/security.md").read_text()
    told = set(re.findall(r"`(CKV2?_AWS_\d+|\w+_check)`", page))
    wrong += [f"docs/security.md does not tell {it}" for it in sorted(accepted - told)]
    wrong += [f"docs/security.md tells {it}, which is not accepted" for it in sorted(told - accepted)]
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"checkov and cfn-guard: nothing but {len(accepted)} findings that are accepted")


if __name__ == "__main__":
    main()
