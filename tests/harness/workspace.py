"""A directory in which a test runs the program against an emulator."""

import os
from pathlib import Path

from harness.outcomes import check
from harness.program import aws_cli, run

SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYSECRET"
# Settings of the user's own account and tools.
UNSET = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "CDK_OUTDIR")


class Workspace:
    def __init__(self, program, emulator, folder):
        self.program, self.emulator, self.folder = program, emulator, folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in UNSET},
            "PATH": f"{Path(aws_cli()).parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "TERM": "xterm",
            "AWS_ACCESS_KEY_ID": "AKIAEMULATOR",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": emulator.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self.cloudformation = emulator.client("cloudformation")

    def run(self, *arguments, code=0, environment=None):
        """Runs the program without a terminal, as in CI; `None` unsets a variable."""
        changed = {**self.environment, **(environment or {})}
        changed = {name: value for name, value in changed.items() if value is not None}
        done = run(self.program, *arguments, code=code, cwd=self.folder, env=changed, timeout=120)
        output = done.stdout + done.stderr
        check(SECRET not in output and "panicked" not in output, f"{arguments}: a secret or a panic:\n{output}")
        check("\x1b" not in output, f"{arguments}: colors without a terminal: {output!r}")
        return done

    def call(self, *command, code=0):
        """Runs any command in the directory."""
        return run(*command, code=code, cwd=self.folder, env=self.environment, timeout=150)

    def stack(self, name="team"):
        """Returns the stack, or `None` if it does not exist."""
        try:
            return self.cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        except self.cloudformation.exceptions.ClientError:
            return None

    def change_sets(self, name="team"):
        """Returns the names of the change sets that can be executed."""
        found = self.cloudformation.list_change_sets(StackName=name)["Summaries"]
        return [it["ChangeSetName"] for it in found if it["ExecutionStatus"] == "AVAILABLE"]

    def resources(self, stack):
        """Returns the physical IDs of a stack's resources."""
        found = self.cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
        return {it["LogicalResourceId"]: it["PhysicalResourceId"] for it in found}

    def instance(self, name="team"):
        """Returns the ID of the first instance of a stack."""
        found = self.cloudformation.describe_stack_resources(StackName=name)["StackResources"]
        return next(it["PhysicalResourceId"] for it in found if it["ResourceType"] == "AWS::EC2::Instance")
