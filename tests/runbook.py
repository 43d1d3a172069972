#!/usr/bin/env python3
"""Parses each command of the runbooks: the AWS CLI validates its commands against the service models, the program its own.

    runbook.py PROGRAM [NAME...]

A case is a command. No command calls AWS.
"""

import re
import shlex
from unittest import mock

import jmespath
from awscli.clidriver import CLIOperationCaller, create_clidriver
from awscli.customizations.sessionmanager import StartSessionCaller
from awscli.customizations.waiters import WaiterCaller
from botocore.validate import ParamValidator

import harness.cases as cases
from harness import ROOT
from harness.cases import Case
from harness.outcomes import Failure
from harness.program import run

FEWEST = 20
INPUTS = [
    *([], ["--zones", "3"], [ROOT / "tests/graph/unreachable.yaml"]),
    *([ROOT / "tests/corpus/cfn" / f"{name}.yaml"] for name in ("auto-scaling", "existing-vpc", "nat", "launch-template")),
    *([ROOT / "tests/cases" / f"{name}.yaml"] for name in ("instances-two", "instance-protected", "parameters")),
]
VALUES = {
    "INSTANCE": "i-0123456789abcdef0",
    "VPC": "vpc-0123456789abcdef0",
    "ROLE_ARN": "arn:aws:iam::123456789012:role/instances",
}
# These commands call more than one operation; only their options are parsed.
PARSED_ONLY = {("s3", "cp"), ("s3", "presign"), ("cloudformation", "deploy")}


def commands(markdown):
    """Yields the commands of the AWS CLI and the program in the code blocks, wherever they are in a line."""
    for block in re.findall(r"^(`{3,})sh\n(.*?)^\1$", markdown, re.M | re.S):
        for line in block[1].splitlines():
            for start in re.finditer(r"(?:^|\$\(|\{ )((?:aws|ssm-synth) )", line):
                yield until_end(line[start.start(1) :])


def until_end(text):
    """Returns the command at the start of a text, without what follows it."""
    quote = None
    for at, sign in enumerate(text):
        if quote:
            quote = None if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in ");|":
            return text[:at]
    return text


def parse(driver, program, line):
    """Parses a command; fails if the AWS CLI or the program rejects it."""
    if line.startswith("ssm-synth"):
        run(program, *shlex.split(line)[1:], "--help")
        return
    words = [
        re.sub(r"\$\{?(\w+)\}?", lambda it: VALUES.get(it[1], "value"), word) if "$" in word else word
        for word in shlex.split(line)[1:]
    ]
    calls = []

    def invoke(_, service, operation, parameters, parsed_globals):
        model = driver.session.get_service_model(service)
        name = next(it for it in model.operation_names if it.lower() == operation.lower())
        report = ParamValidator().validate(parameters, model.operation_model(name).input_shape)
        if report.has_errors():
            raise Failure(report.generate_report())
        calls.append(name)
        return 0

    if tuple(words[:2]) in PARSED_ONLY:
        service, operation, *rest = words
        table = driver._get_command_table()[service]
        command = table.create_help_command().command_table[operation]
        options = set(command.arg_table) | {"region"}
        for word in filter(lambda it: it.startswith("--"), rest):
            if word[2:] not in options:
                raise Failure(f"no option {word}")
        return
    with (
        mock.patch.object(CLIOperationCaller, "invoke", invoke),
        mock.patch.object(StartSessionCaller, "invoke", invoke),
        mock.patch.object(WaiterCaller, "invoke", lambda *_: calls.append("wait")),
    ):
        code = driver.main(words)
    if code or not calls:
        raise Failure(f"exit {code}")
    if "--query" in words:
        jmespath.compile(words[words.index("--query") + 1])


def main():
    parser = cases.parser(__doc__)
    cases.add_names(parser)
    arguments = parser.parse_intermixed_args()
    driver = create_clidriver()
    driver.session.set_config_variable("region", "eu-central-1")
    seen = set()
    for words in INPUTS:
        seen.update(commands(run(arguments.program, "runbook", *words).stdout))
    found = [Case(line, lambda _, line=line: parse(driver, arguments.program, line)) for line in sorted(seen)]
    report = cases.run_all(cases.choose(found, arguments.names), [None], cases.Report(quiet=True))
    if len(seen) < FEWEST:
        report.check(False, "the runbooks", f"{len(seen)} commands, expected at least {FEWEST}")
    print("runbook: ", end="")
    report.close()


if __name__ == "__main__":
    main()
