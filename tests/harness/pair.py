"""A worker for cases that deploy with CloudFormation and with Terraform and compare the results."""

from harness.terraform import Terraform


class Pair:
    """An emulator for each tool, and a working directory of Terraform."""

    def __init__(self, emulators, folder):
        folder.mkdir(exist_ok=True)
        self.cloudformation = emulators.copy(f"{folder.name}-cloudformation")
        self.terraform = emulators.copy(f"{folder.name}-terraform")
        self.tool = Terraform(folder / "terraform")

    def reset(self, region):
        for emulator in (self.cloudformation, self.terraform):
            emulator.reset(region)
