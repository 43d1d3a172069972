#!/usr/bin/env python3
"""Deploys configurations with CloudFormation and with Terraform and compares the resulting accounts.

    parity.py PROGRAM [--all] [--jobs 6] [NAME...]

The configurations are those that tests/deployments.json lists for CI; `tests/it/coverage.rs` shows that they contain every
property and condition of all configurations. With --all, or by name, every configuration that the emulator supports is
deployed. Each language deploys to a separate emulator with the same existing resources (see `harness.world` for the
placeholders of their IDs). `terraform plan` must then be empty, and both states, read through the AWS API with IDs replaced
by names, and the outputs must be equal.

This shows that both files request the same resources, that Terraform and its provider accept and keep the configuration,
and that the references in both resolve. It does not show that AWS accepts the values. `account_state.NOT_COMPARED` lists
what the comparison omits, with reasons.
"""

import functools
import json
import signal
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import harness.cases as cases
import harness.configurations as configurations
from account_state import State, differences
from harness.emulators import REGION, emulators
from harness.outcomes import Failure, require
from harness.pair import Pair
from harness.stacks import deploy_stack, stack_outputs
from harness.world import seed, with_ids


@dataclass(frozen=True)
class Deployment:
    """The files and values of one configuration."""

    template: str
    parameters: dict
    # Terraform's JSON, also if the case deploys HCL: it contains the required providers.
    module: str
    hcl: str | None
    variables: dict

    @staticmethod
    def of(program, name, formats):
        template_format, module_format = formats
        module = configurations.generate(program, name, "tf")
        return Deployment(
            template=configurations.generate(program, name, template_format),
            parameters=configurations.parameters(name),
            module=module,
            hcl=configurations.generate(program, name, "hcl") if module_format == "hcl" else None,
            variables=configurations.variables(name, module),
        )

    def texts(self):
        """Returns everything in which `seed` looks for placeholders."""
        return "\n".join([self.template, self.module, json.dumps(self.parameters)])


def with_cloudformation(pair, deployment):
    emulator = pair.cloudformation
    ids = seed(emulator, deployment.texts())
    parameters = json.loads(with_ids(json.dumps(deployment.parameters), ids))
    deploy_stack(emulator, with_ids(deployment.template, ids), parameters)
    return State(emulator, ids, stack_outputs(emulator))


def with_terraform(pair, deployment):
    emulator, tool = pair.terraform, pair.tool
    ids = seed(emulator, deployment.texts())
    variables = with_ids(json.dumps(deployment.variables), ids) if deployment.variables else None
    hcl = with_ids(deployment.hcl, ids) if deployment.hcl else None
    tool.write(with_ids(deployment.module, ids), variables, hcl=hcl)
    tool.apply(emulator)
    changes = tool.plan(emulator)
    if changes:
        raise Failure(f"terraform: the second plan is not empty:\n{changes}")
    return State(emulator, ids, tool.outputs())


def compare(program, name, formats, pair):
    """Deploys one configuration with both tools; fails with the differences, or with the failures of the tools."""
    require("terraform")
    deployment = Deployment.of(program, name, formats)
    pair.reset(REGION)
    lines, states = [], []
    with ThreadPoolExecutor(2) as pool:
        for job in [pool.submit(side, pair, deployment) for side in (with_cloudformation, with_terraform)]:
            try:
                states.append(job.result())
            except Failure as failure:
                lines.append(str(failure))
    if len(states) == 2:
        left, right = states
        lines += differences(left.things, right.things)
        lines += differences(left.outputs, right.outputs, "outputs")
    if lines:
        raise Failure("\n".join(lines))


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    parser = cases.parser(__doc__)
    parser.add_argument("--all", action="store_true", help="deploy every configuration that the emulator supports")
    # The provider mostly waits, at least 30 seconds for an instance.
    parser.add_argument("--jobs", type=int, default=6)
    cases.add_names(parser)
    arguments = parser.parse_intermixed_args()
    found = configurations.deployed(everything=arguments.all or bool(arguments.names))
    # The largest stacks start first: they take longest.
    size = {name: len(configurations.generate(arguments.program, name, "tf")) for name in found}
    found = [
        cases.Case(name, functools.partial(compare, arguments.program, name, formats))
        for name, formats in sorted(found.items(), key=lambda item: (-size[item[0]], item[0]))
    ]
    chosen = cases.choose(found, arguments.names)
    with tempfile.TemporaryDirectory(prefix="parity-") as work, emulators(work) as started:
        pairs = [Pair(started, Path(work) / str(number)) for number in range(min(arguments.jobs, len(chosen)))]
        report = cases.run_all(chosen, pairs)
    report.close()


if __name__ == "__main__":
    main()
