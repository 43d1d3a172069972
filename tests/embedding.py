#!/usr/bin/env python3
"""Tests custom stacks: as a program of a team, with the CDK CLI, and as a part of other stacks and modules.

    embedding.py PROGRAM TEAM_PROGRAM DIRECTORY [NAME...]

TEAM_PROGRAM is the program of tests/embedding, an app of two stacks, the second in the network of the first. DIRECTORY has
the npm packages; the script installs missing ones. The cases show that CloudFormation, Terraform and the program connect the
two stacks, and that the CDK CLI lists, compares and deploys the cloud assembly. They also show that other templates can
include or nest the template, and other modules can call the module. They deploy to emulators, so they do not show that AWS
accepts the values.
"""

import json
import shlex
import tempfile
from pathlib import Path

import harness.cases as cases
from harness import ROOT
from harness.cases import Case
from harness.emulators import emulators
from harness.node import install_packages
from harness.outcomes import check
from harness.stacks import output_name
from harness.terraform import Terraform
from harness.workspace import Workspace

FIXTURES = ROOT / "tests/embedding"
SHARED, ACCESS = "SharedNetwork", "TeamAccess"
POLL = ("--poll-interval", "0.1")
# More than cores: the provider and `cdk` mostly wait.
JOBS = 3


class Place(Workspace):
    """A workspace with both programs: `run` runs the team's."""

    def __init__(self, main_program, team, packages, emulator, folder):
        super().__init__(team, emulator, folder)
        self.main_program, self.packages = main_program, packages
        self.environment |= {
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CDK_DISABLE_VERSION_CHECK": "true",
            "NODE_PATH": str(packages / "cdk/node_modules"),
        }

    def text(self, *arguments):
        """Returns the output of the main program."""
        return self.call(self.main_program, *arguments).stdout

    def cdk(self, app, *arguments, code=0):
        return self.call(install_packages(self.packages) / ".bin/cdk", "--no-notices", "--app", app, *arguments, code=code)

    def lint(self, *files):
        """Expects no findings, informational ones included."""
        done = self.call("cfn-lint", "-c", "I", "-e", "--", *files)
        check(not done.stdout.strip(), f"cfn-lint has findings:\n{done.stdout}")

    def expect_location(self, instance, vpc, subnet):
        """Expects the instance in this VPC and subnet."""
        found = self.emulator.client("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        where = found["VpcId"], found["SubnetId"]
        check(where == (vpc, subnet), f"instance {instance} is in {where}, expected {(vpc, subnet)}")

    def expect_linked(self):
        """Expects the resources of the second stack in the network of the first."""
        made, used = self.resources(SHARED), self.resources(ACCESS)
        for name in ("WebInstance", "WorkerInstance"):
            self.expect_location(used[name], made["Vpc"], made["SubnetA"])
        asked = {"VpcEndpointIds": [used["EndpointsSsm"]]}
        endpoint = self.emulator.client("ec2").describe_vpc_endpoints(**asked)["VpcEndpoints"][0]
        subnets = {made["SubnetA"], made["SubnetB"]}
        check(set(endpoint["SubnetIds"]) == subnets, f"the endpoint is in {endpoint['SubnetIds']}, expected {subnets}")

    def validate(self, tool):
        """Checks that Terraform accepts the files in the directory and does not format them differently."""
        tool.write_override("emulator.tf.json")
        tool.init_modules(self.emulator)
        tool.run(self.emulator, "validate")
        self.call("terraform", f"-chdir={tool.folder}", "fmt", "-check", "-recursive", "-diff")


# --- two stacks, linked ------------------------------------------------------------------------------------------------


def by_cloudformation(place):
    """Exports and imports; cfn-lint has no findings."""
    names = place.run("synth", "--list").stdout.split()
    check(names == [SHARED, ACCESS], f"`synth --list` prints {names}, and not the stacks in the order of their deployment")
    place.run("synth", "-o", "json/")
    place.run("synth", "-o", "yaml/", "--format", "cfn-yaml")
    files = {str(it.relative_to(place.folder)) for it in place.folder.glob("[jy]*/*")}
    wanted = {f"{form}/{name}.{form}" for form in ("json", "yaml") for name in names}
    check(files == wanted, f"`synth -o DIRECTORY/` wrote {files}, expected a file for each stack")
    for name in names:
        text = (place.folder / f"json/{name}.json").read_text()
        place.cloudformation.create_stack(StackName=name, TemplateBody=text, Capabilities=["CAPABILITY_IAM"])
    place.expect_linked()
    place.lint(*sorted(files))


def by_terraform(place):
    """A root module that passes the values of one module to the other."""
    for form in ("hcl", "tf"):
        tool = Terraform(place.folder / form)
        place.run("synth", "--format", form, "-o", f"{form}/")
        files = {str(it.relative_to(tool.folder)) for it in tool.folder.rglob("main.tf*")}
        name = {"hcl": "main.tf", "tf": "main.tf.json"}[form]
        wanted = {name, f"shared-network/{name}", f"team-access/{name}"}
        check(files == wanted, f"`synth --format {form} -o DIRECTORY/` wrote {files}, expected {wanted}")
        place.validate(tool)
    tool.apply(place.emulator)
    changes, found = tool.plan(place.emulator), tool.outputs()
    check(not changes, f"terraform: the second plan is not empty:\n{changes}")
    vpc, subnet = (found[output_name(f"shared_network_{it}_id")] for it in ("vpc", "subnet_a"))
    for name in ("web", "worker"):
        place.expect_location(found[output_name(f"team_access_{name}_instance_id")], vpc, subnet)


def by_the_teams_program(place):
    """Deploys in order and inspects; destroys in reverse order, the only one that CloudFormation accepts."""
    for name in (SHARED, ACCESS):
        place.run("deploy", "--stack", name, "--yes", *POLL)
    place.expect_linked()
    place.run("check")
    said = place.run("diff", "--stack", ACCESS, "--exit-code").stdout
    check("matches the template" in said, f"`diff` after the deployment printed {said}")
    state = json.loads(place.run("status", "--stack", ACCESS, "--format", "json").stdout)
    agents = {it["name"]: it["agent"]["ping"] for it in state["instances"]}
    check(agents == {"WebInstance": "Online", "WorkerInstance": "Online"}, f"`status` reports the agents {agents}")
    said = place.run("destroy", "--stack", SHARED, "--yes", *POLL, code=1).stderr
    check(f"in use by {ACCESS}" in said, f"`destroy` does not report why the network is retained: {said}")
    place.expect_linked()
    for name in (ACCESS, SHARED):
        place.run("destroy", "--stack", name, "--yes", *POLL)
        check(place.stack(name) is None, f"`destroy` left stack {name}")


# --- the CDK CLI --------------------------------------------------------------------------------------------------------


def cdk_without_an_account(place):
    """Lists, prints and compares, from a command and from a written directory."""
    app, team = (f"{shlex.quote(str(it))} --format cdk" for it in (place.main_program, place.program))
    place.run("--format", "cdk", "-o", "written")
    said = place.cdk(team, "ls").stdout.split()
    check(said == [SHARED, ACCESS], f"`cdk ls` printed {said}")
    said = json.loads(place.cdk(team, "ls", "--long", "--json").stdout)
    check([it["name"] for it in said] == [SHARED, ACCESS], f"`cdk ls --long --json` printed {said}")
    said = json.loads(place.cdk("written", "ls", "--show-dependencies", "--json").stdout)
    needs = {it["id"]: [need["id"] for need in it["dependencies"]] for it in said}
    check(needs == {SHARED: [], ACCESS: [SHARED]}, f"`cdk ls --show-dependencies` printed {needs}")
    said = place.cdk(app, "ls", "--long").stdout
    check("name: access" in said, f"`cdk ls --long` printed {said}")

    own = place.text("--format", "cfn")
    check(place.cdk(app, "synth", "-j").stdout == own, "`cdk synth -j` prints another template than the program")
    same = place.cdk("written", "synth", "-j", ACCESS).stdout == place.run("--stack", ACCESS).stdout
    check(same, f"`cdk synth -j {ACCESS}` prints another template than the program")

    (place.folder / "same.json").write_text(own)
    place.cdk(app, "diff", "--template", "same.json", "--fail")
    (place.folder / "old.json").write_text(place.text("--set", "instances=[{name: main, instance_type: t3.small}]"))
    done = place.cdk(app, "diff", "--template", "old.json", "--fail", code=1)
    said = done.stdout + done.stderr
    wanted = ["main/Instance MainInstance", "InstanceType", "[-] t3.small", "[+] t3.micro"]
    check(all(it in said for it in wanted), f"`cdk diff` does not show the change of the instance's type:\n{said}")


def cdk_deploys(place):
    """Deploys the default stack, and both stacks of the team by their dependencies; then there are no differences."""
    place.run("--format", "cdk", "-o", "written")
    apps = {f"{shlex.quote(str(place.main_program))} --format cdk": ["access"], "written": [SHARED, ACCESS]}
    for app, names in apps.items():
        quietly = ("--require-approval", "never", "--progress", "events")
        done = place.cdk(app, "deploy", "--all", "--method", "direct", *quietly)
        said = done.stdout + done.stderr
        for name in names:
            stack = place.stack(name)
            check(stack and stack["StackStatus"] == "CREATE_COMPLETE", f"`cdk deploy` left {name} as {stack}:\n{said}")
        path = {"access": "main/Instance (MainInstance)", SHARED: "web/Instance (WebInstance)"}[names[0]]
        check(path in said, f"`cdk deploy` does not show the paths of resources:\n{said}")
        done = place.cdk(app, "diff", "--fail")
        said = done.stdout + done.stderr
        check(said.count("There were no differences") == len(names), f"`cdk diff` after the deployment printed:\n{said}")
    made = place.resources("access")
    place.expect_location(made["MainInstance"], made["NetworkVpc"], made["NetworkSubnetA"])
    place.expect_linked()


# --- as a part of other stacks -------------------------------------------------------------------------------------------------


def in_any_order(resource, **tags):
    """Returns a resource with sorted tags and dependencies, which CDK sorts too."""
    properties = dict(resource.get("Properties", {}))
    own = properties.get("Tags", [])
    # Some types have a map, whose order does not matter.
    listed = [] if isinstance(own, dict) else [*own, *({"Key": key, "Value": value} for key, value in tags.items())]
    if listed:
        properties["Tags"] = sorted(listed, key=lambda tag: tag["Key"])
    return {**resource, "Properties": properties, "DependsOn": sorted(resource.get("DependsOn", []))}


def included(place):
    """In a CDK app, with CfnInclude: the templates differ only by the additions of the app."""
    texts = {"access": place.text("synth"), "hardened": place.text("--set", "preset=hardened")}
    texts |= {name: place.run("--stack", name).stdout for name in (SHARED, ACCESS)}
    takes = {"access": "MainInstance", "hardened": "MainInstance", SHARED: "SubnetA", ACCESS: "WebInstance"}
    for name, text in texts.items():
        (place.folder / f"{name}.json").write_text(text)
    place.environment["CDK_OUTDIR"] = str(place.folder / "out")
    install_packages(place.packages)
    place.call("node", FIXTURES / "include.js", *(f"{name}={taken}" for name, taken in takes.items()))
    for name, text in texts.items():
        old, new = json.loads(text), json.loads((place.folder / f"out/{name}.template.json").read_text())
        taken, left = takes[name], old.pop("Resources")
        left = {key: in_any_order(it, **({"Owner": "platform"} if key == taken else {})) for key, it in left.items()}
        right = {key: in_any_order(it) for key, it in new.pop("Resources").items()}
        wrong = sorted(key for key in {*left, *right} if left.get(key) != right.get(key))
        check(not wrong, f"{name}: resources changed by CfnInclude: {wrong}")
        check(new["Outputs"].pop("Taken") == {"Value": {"Ref": taken}}, f"{name}: the output of the app differs")
        check(old == new, f"{name}: sections changed by CfnInclude: {old} {new}")


def nested(place):
    """As a nested stack whose output the parent exposes, deployed by the program."""
    store = place.emulator.client("s3")
    store.create_bucket(Bucket="templates")
    store.put_object(Bucket="templates", Key="access.json", Body=place.text("synth").encode())
    policies = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}
    url = {"TemplateURL": "https://templates.s3.us-east-1.amazonaws.com/access.json"}
    parent = {
        "Resources": {"Access": {"Type": "AWS::CloudFormation::Stack", **policies, "Properties": url}},
        "Outputs": {"Instance": {"Value": {"Fn::GetAtt": ["Access", "Outputs.MainInstanceId"]}}},
    }
    (place.folder / "parent.json").write_text(json.dumps(parent))
    place.lint("parent.json")
    place.call(place.main_program, "deploy", "--stack", "parent", "parent.json", "--yes", *POLL)
    made = place.resources(place.resources("parent")["Access"])
    given = place.stack("parent")["Outputs"][0]["OutputValue"]
    check(given == made["MainInstance"], f"the output of the parent is {given}, expected {made['MainInstance']}")
    place.expect_location(given, made["NetworkVpc"], made["NetworkSubnetA"])
    place.call(place.main_program, "destroy", "--stack", "parent", "--yes", *POLL)
    left = [it["StackName"] for it in place.cloudformation.describe_stacks()["Stacks"]]
    check(not left, f"resources of the nested stack remain: {left}")


def called(place):
    """As a Terraform module, from a root module of three lines and some outputs."""
    tool = Terraform(place.folder / "root")
    place.text("--format", "tf", "--tf-module", "-o", "root/access/")
    root = 'module "access" {\n  source = "./access"\n}\n'
    taken = ("main_instance_id", "network_vpc_id", "network_subnet_a_id")
    root += "".join(f'\noutput "{name}" {{\n  value = module.access.{name}\n}}\n' for name in taken)
    (tool.folder / "main.tf").write_text(root)
    place.validate(tool)
    tool.apply(place.emulator)
    place.expect_location(*(tool.outputs()[output_name(name)] for name in taken))


# The cases that wait longest start first.
CASES = [by_terraform, called, cdk_deploys, cdk_without_an_account, included, nested, by_the_teams_program]
CASES += [by_cloudformation]


def main():
    parser = cases.parser(__doc__)
    parser.add_argument("team_program", type=lambda text: Path(text).resolve())
    parser.add_argument("folder", type=lambda text: Path(text).resolve())
    cases.add_names(parser)
    arguments = parser.parse_intermixed_args()
    chosen = cases.choose(cases.named(CASES), arguments.names)
    with tempfile.TemporaryDirectory(prefix="embedding-") as work, emulators(work) as found:

        def attempt(case):
            def run_case(emulator):
                emulator.reset()
                folder = Path(work) / case.name
                folder.mkdir()
                case.run(Place(arguments.program, arguments.team_program, arguments.folder, emulator, folder))

            return Case(case.name, run_case)

        workers = [found.copy(f"emulator-{number}", EMULATOR_STEP="0.01") for number in range(min(JOBS, len(chosen)))]
        report = cases.run_all(map(attempt, chosen), workers)
        report.check(not found.errors(), "emulator without errors", found.errors())
    report.close()


if __name__ == "__main__":
    main()
