#!/usr/bin/env python3
"""Every `aws` command of the runbooks, held against the real AWS CLI: each is parsed by it, its
parameters are validated against the service's model, and nothing is called."""
import pathlib
import re
import shlex
import subprocess
import sys
from unittest import mock

import jmespath
from awscli.clidriver import CLIOperationCaller, create_clidriver
from awscli.customizations.sessionmanager import StartSessionCaller
from awscli.customizations.waiters import WaiterCaller
from botocore.validate import ParamValidator

ROOT = pathlib.Path(__file__).resolve().parent.parent
VALUES = {"INSTANCE": "i-0123456789abcdef0", "VPC": "vpc-0123456789abcdef0",
          "ROLE_ARN": "arn:aws:iam::123456789012:role/instances"}
# Their callers do more than one call; their options are parsed all the same.
PARSED_ONLY = {("s3", "cp"), ("s3", "presign"), ("cloudformation", "deploy")}


def commands(markdown):
    """The commands in the blocks, wherever they stand in a line."""
    for block in re.findall(r"^(`{3,})sh\n(.*?)^\1$", markdown, re.M | re.S):
        for line in block[1].splitlines():
            for start in re.finditer(r"(?:^|\$\(|\{ )(aws )", line):
                yield until_end(line[start.start(1):])


def until_end(text):
    quote = None
    for at, sign in enumerate(text):
        if quote:
            quote = None if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in ");|":
            return text[:at]
    return text


def check(driver, line):
    words = [re.sub(r"\$\{?(\w+)\}?", lambda it: VALUES.get(it[1], "value"), word)
             if "$" in word else word for word in shlex.split(line)[1:]]
    calls = []

    def invoke(_, service, operation, parameters, parsed_globals):
        model = driver.session.get_service_model(service)
        name = next(it for it in model.operation_names if it.lower() == operation.lower())
        report = ParamValidator().validate(parameters, model.operation_model(name).input_shape)
        if report.has_errors():
            raise ValueError(report.generate_report())
        calls.append(name)
        return 0

    if tuple(words[:2]) in PARSED_ONLY:
        service, operation, *rest = words
        table = driver._get_command_table()[service]
        command = table.create_help_command().command_table[operation]
        options = set(command.arg_table) | {"region"}
        for word in filter(lambda it: it.startswith("--"), rest):
            if word[2:] not in options:
                raise ValueError(f"no option {word}")
        return
    with mock.patch.object(CLIOperationCaller, "invoke", invoke), \
            mock.patch.object(StartSessionCaller, "invoke", invoke), \
            mock.patch.object(WaiterCaller, "invoke", lambda *_: calls.append("wait")):
        code = driver.main(words)
    if code or not calls:
        raise ValueError(f"exit {code}")
    if "--query" in words:
        jmespath.compile(words[words.index("--query") + 1])


def main(binary):
    driver = create_clidriver()
    driver.session.set_config_variable("region", "eu-central-1")
    inputs = [[], ["--zones", "3"], [ROOT / "tests/graph/unreachable.yaml"]]
    inputs += [[ROOT / "tests/corpus/cfn" / name] for name in
               ["auto-scaling.yaml", "existing-vpc.yaml", "nat.yaml", "launch-template.yaml"]]
    inputs += [[ROOT / "tests/cases" / name] for name in
               ["instances-two.yaml", "instance-protected.yaml", "parameters.yaml"]]
    seen = set()
    for arguments in inputs:
        done = subprocess.run([binary, "runbook", *map(str, arguments)], capture_output=True,
                              text=True, check=True)
        seen.update(commands(done.stdout))
    wrong = 0
    for line in sorted(seen):
        try:
            check(driver, line)
        except (Exception, SystemExit) as error:  # whatever is wrong with it
            wrong += 1
            print(f"{line}\n  {type(error).__name__}: {error}", file=sys.stderr)
    if wrong or len(seen) < 20:
        sys.exit(f"runbook: {wrong} of {len(seen)} commands are wrong")
    print(f"runbook: {len(seen)} commands, as the AWS CLI takes them")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/release/ssm-synth")
