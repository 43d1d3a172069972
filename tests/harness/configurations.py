"""The configurations in tests/cases, and how tests/deployments.json deploys them and the examples of the library."""

import json

from harness import TESTS
from harness.program import run
from harness.stacks import snake_case

DEPLOYMENTS = json.loads((TESTS / "deployments.json").read_text())
# The file of each format in a case directory.
FILES = {"cfn": "stack.json", "cfn-yaml": "stack.yaml", "tf": "main.tf.json", "hcl": "main.tf"}
# Deployed outside the set of CI, or where a test needs one file for each language.
DEFAULT_FORMATS = ("cfn", "tf")


def names():
    return sorted(path.stem for path in (TESTS / "cases").glob("*.yaml"))


def deployed(everything=False):
    """Returns the formats by configuration: CI's set, or all that the emulator can deploy."""
    chosen = {name: tuple(formats) for name, formats in DEPLOYMENTS["in_ci"].items()}
    chosen |= {name: tuple(formats) for name, formats in DEPLOYMENTS["examples"].items()}
    if everything:
        rest = [name for name in names() if name not in DEPLOYMENTS["not_deployed"]]
        chosen = {name: DEFAULT_FORMATS for name in rest} | chosen
    return chosen


def generate(program, name, form, *options):
    """Returns the output for a configuration, or for an example, whose program is in a directory next to this one."""
    if name in DEPLOYMENTS["examples"]:
        return run(program.parent / "examples" / name, form).stdout
    return run(program, "--config", TESTS / "cases" / f"{name}.yaml", "--format", form, *options).stdout


def parameters(name):
    """Returns the template parameters of a deployment, by their CloudFormation names."""
    return DEPLOYMENTS["parameters"].get(name, {})


def variables(name, module):
    """Returns the same values for a module in Terraform's JSON; a parameter of the template alone is left out."""
    declared = json.loads(module).get("variable", {})
    values = {snake_case(key): value for key, value in parameters(name).items()}
    return {key: value for key, value in values.items() if key in declared}


def write_modules(program, folder, form):
    """Writes each configuration as a module of one root, so that one validation reads them all."""
    modules = {}
    for name in names():
        module = folder / name
        module.mkdir()
        text = generate(program, name, form, "--tf-module")
        (module / FILES[form]).write_text(text)
        module_json = text if form == "tf" else generate(program, name, "tf", "--tf-module")
        modules[name] = {"source": f"./{name}", **variables(name, module_json)}
    (folder / "root.tf.json").write_text(json.dumps({"module": modules}))
