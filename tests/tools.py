#!/usr/bin/env python3
"""The real tools on the real output, for each configuration in tests/cases.

cfn-lint (with informational rules) and `terraform init`, `validate`, `fmt -check` must be silent;
then CloudFormation is deployed to an emulator, Terraform applied to another, and the state that
the AWS API tells must be equal (see emulator/parity.py).
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/facts"))
import facts  # noqa: E402

BINARY = ROOT / "target/debug/ssm-synth"
WORK = ROOT / "target/tools-work"

S3_PREFIX_LIST = {"S3PrefixListId": "pl-0aaaaaaaaaaaaaaa1"}
# What a deployment must be told, by case: names in CloudFormation.
PARAMETERS = {
    "existing-parameters": {
        "VpcId": "vpc-0aaaaaaaaaaaaaaa1",
        "SubnetA": "subnet-0aaaaaaaaaaaaaaa1",
        "SubnetB": "subnet-0aaaaaaaaaaaaaaa2",
    },
    "existing-list-parameter": {
        "VpcId": "vpc-0aaaaaaaaaaaaaaa1",
        "SubnetIds": ["subnet-0aaaaaaaaaaaaaaa1", "subnet-0aaaaaaaaaaaaaaa2"],
    },
    "parameters": {
        "Groups": ["sg-0aaaaaaaaaaaaaaa1", "sg-0aaaaaaaaaaaaaaa2"],
        "Boundary": "arn:aws:iam::123456789012:policy/boundary",
        "Key": "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111",
        "Owner": "you",
        "Size": 40,
    },
    "endpoints-s3": S3_PREFIX_LIST,
    "sessions-bucket": S3_PREFIX_LIST,
    "sessions-account": S3_PREFIX_LIST,
    "patching": S3_PREFIX_LIST,
    "sessions-existing": S3_PREFIX_LIST,
    "patching-window": S3_PREFIX_LIST,
    "patching-install": S3_PREFIX_LIST,
    "profile-hardened": S3_PREFIX_LIST,
    "profile-hardened-changed": S3_PREFIX_LIST,
    "operators-role": {"Owner": "arn:aws:iam::123456789012:root"},
}
# Not deployed, with the reason; linted and validated all the same.
NOT_DEPLOYED = {
    "endpoints-least-privilege-s3-region": "the emulator is in us-east-1 only",
    "region-china": "the emulator's partition is aws",
    "region-china-services": "the emulator's partition is aws",
    "network-local-zone": "the emulator has no local zones, and is in us-east-1 only",
    "region-without-ec2messages": "the provider knows the emulator in us-east-1 only",
    "audit": "deployed with more as `audit-logs`",
    "image-al2": "deployed with more as `instances-many`",
    "image-arm64": "deployed with more as `instances-many`",
    "image-ubuntu": "deployed with more as `instances-many`",
    "image-windows": "deployed with more as `instances-many`",
    "instance-protected": "deployed with more as `instances-many`",
    "instance-renewal": "deployed with more as `instances-many`",
    "instance-tags": "deployed with more as `instances-many`",
    "instance-user-data": "deployed with more as `instances-many`",
    "instance-volume": "deployed with more as `instances-many`",
    "instance-zone": "deployed with more as `instances-many`",
    "operators": "deployed with more as `operators-role`",
    "patching-install": "deployed with other parameters as `patching`",
    "profile-hardened-changed": "deployed with more as `profile-hardened`",
    "sessions-bucket": "deployed with more as `sessions-account`",
}
# W3010 advises against zones by name, since other accounts and regions have others; these cases
# are about a user who asks for zones by name.
EXPECTED_FINDINGS = {"network-named-zones": "W3010", "network-local-zone": "W3010"}


def snake(name):
    return "".join(("_" + c.lower()) if c.isupper() and i else c.lower() for i, c in enumerate(name))


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def synth(case, form):
    config = ROOT / "tests/cases" / f"{case}.yaml"
    return run([BINARY, "--config", config, "--format", form])


def plugin_options():
    """The provider from a mirror, if there is one; else Terraform asks the network."""
    places = [os.environ.get("TF_PLUGIN_DIR")]
    for base in ["~/.terraform.d/plugins", "/usr/share/terraform/plugins",
                 "/usr/local/share/terraform/plugins"]:
        places.append(os.path.expanduser(base))
    places += sorted(str(path) for path in pathlib.Path("/opt").glob("*"))
    for place in filter(None, places):
        if (pathlib.Path(place) / "registry.terraform.io/hashicorp/aws").is_dir():
            return [f"-plugin-dir={place}"]
    return []


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    cases = sorted(path.stem for path in (ROOT / "tests/cases").glob("*.yaml"))
    env = {**os.environ, "AWS_REGION": "us-east-1"}
    env.pop("TF_CLI_CONFIG_FILE", None)
    for case in cases:
        folder = WORK / "cases" / case
        folder.mkdir(parents=True)
        (folder / "stack.json").write_text(synth(case, "cfn"))
        (folder / "stack.yaml").write_text(synth(case, "cfn-yaml"))
        (folder / "main.tf.json").write_text(synth(case, "tf"))
        values = PARAMETERS.get(case)
        if values:
            (folder / "parameters.json").write_text(json.dumps(values))
            # A variable that only CloudFormation needs is not there in Terraform.
            known = json.loads((folder / "main.tf.json").read_text()).get("variable", {})
            values = {snake(k): v for k, v in values.items() if snake(k) in known}
            (folder / "terraform.tfvars.json").write_text(json.dumps(values))
        for form, name in [("tf", "main.tf.json"), ("hcl", "main.tf")]:
            module = WORK / f"modules-{form}" / case
            module.mkdir(parents=True)
            config = ROOT / "tests/cases" / f"{case}.yaml"
            text = run([BINARY, "--config", config, "--format", form, "--tf-module"])
            (module / name).write_text(text)

    print(run([sys.executable, ROOT / "tests/runbook.py", BINARY]), end="")
    print(run([sys.executable, ROOT / "tests/data/refresh.py", "--check"]), end="")

    templates = sorted(WORK.glob("cases/*/stack.*"))
    # -c I: informational rules count too; -i ignores.
    plain = [str(path) for path in templates if path.parent.name not in EXPECTED_FINDINGS]
    lint = lambda *options: subprocess.run(["cfn-lint", "-c", "I", "-e", *options],
                                           capture_output=True, text=True)
    done = [lint("--", *plain)]
    for case, rule in EXPECTED_FINDINGS.items():
        files = [str(path) for path in templates if path.parent.name == case]
        if rule not in lint("--", *files).stdout:
            sys.exit(f"{case}: {rule} is expected no longer")
        done.append(lint("-i", rule, "--", *files))
    for result in done:
        if result.returncode or result.stdout.strip():
            sys.exit(f"cfn-lint:\n{result.stdout}{result.stderr}")
    print(f"cfn-lint: {len(templates)} templates, silent")

    # Each case as a module of one root: one validation sees them all.
    for form in ["tf", "hcl"]:
        root = WORK / f"modules-{form}"
        modules = {}
        for case in cases:
            values = {snake(k): v for k, v in PARAMETERS.get(case, {}).items()}
            text = next((root / case).iterdir()).read_text()
            used = {k: v for k, v in values.items() if f'"{k}"' in text and "variable" in text}
            modules[case] = {"source": f"./{case}", **used}
        (root / "root.tf.json").write_text(json.dumps({"module": modules}))
        run(["terraform", f"-chdir={root}", "init", "-input=false", *plugin_options()], env=env)
        run(["terraform", f"-chdir={root}", "validate"], env=env)
        run(["terraform", f"-chdir={root}", "fmt", "-check", "-recursive", "-diff"], env=env)
        print(f"terraform ({form}): {len(cases)} modules valid and formatted")

    facts.check(BINARY, WORK, env, plugin_options())

    for case, reason in NOT_DEPLOYED.items():
        shutil.rmtree(WORK / "cases" / case)
        print(f"not deployed: {case}: {reason}")
    emulator = ROOT / "tests/emulator"
    renewal(WORK / "renewal")
    commands = [
        [emulator / "renewal.py", WORK / "renewal"],
        # The provider waits most of the time, half a minute at least for an instance.
        [emulator / "parity.py", WORK / "cases", "--jobs", "8"],
    ]
    codes = [subprocess.run([sys.executable, *map(str, it)], env=env).returncode for it in commands]
    sys.exit(max(codes))


def renewal(folder):
    """The stack as it is first, with an unrelated change, and with the instance renewed."""
    for name, tags, renew in [("", "one", "1"), ("unrelated", "two", "1"), ("renewed", "two", "2")]:
        into = folder / name
        into.mkdir(parents=True, exist_ok=True)
        for form, file in [("cfn", "stack.json"), ("tf", "main.tf.json")]:
            text = run([BINARY, "--format", form, "--set", f"tags={{Team: {tags}}}",
                        "--set", f"instances=[{{name: web, renewal: '{renew}'}}]"])
            (into / file).write_text(text)


if __name__ == "__main__":
    main()
