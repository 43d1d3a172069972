"""The npm packages of the tests: the CDK, the rules of cdk-nag, Mermaid, and a validator of SARIF."""

import functools
import json
import os
import threading

from harness.outcomes import require
from harness.program import installation, run

PACKAGES = {
    "@microsoft/sarif-multitool": "5.7.0",
    "aws-cdk": "2.1148.1",
    "aws-cdk-lib": "2.276.0",
    "cdk-nag": "3.0.2",
    "constructs": "10.8.1",
    "mermaid": "11.17.2",
}
INSTALLATION = threading.Lock()


def install_packages(folder):
    """Returns the directory of the npm packages in these versions; installs them if necessary."""
    with INSTALLATION, installation(folder / "cdk"):
        return installed_packages(folder)


@functools.cache
def installed_packages(folder):
    modules = folder / "cdk/node_modules"
    files = {name: modules / name / "package.json" for name in PACKAGES}
    found = {name: json.loads(it.read_text())["version"] for name, it in files.items() if it.exists()}
    if found != PACKAGES:
        require("npm")
        wanted = [f"{name}@{version}" for name, version in PACKAGES.items()]
        run("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", modules.parent, *wanted)
    return modules


def run_script(modules, script, *arguments):
    """Runs a script that requires these packages; returns its output."""
    return run(require("node"), script, *arguments, env={**os.environ, "NODE_PATH": str(modules)}).stdout
