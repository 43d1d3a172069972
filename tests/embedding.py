#!/usr/bin/env python3
"""Stacks beside others: a team's own program with two linked stacks, CDK's command line, and a stack as a part of more.

    embedding.py PROGRAM TEAM_PROGRAM FOLDER [NAME…]

TEAM_PROGRAM is that of tests/embedding, an app of two stacks of which the second is in the network of the first. Below
FOLDER are the packages of npm; what is missing is installed there. What it shows: that CloudFormation, Terraform and the
program itself carry the link from one stack to the other; that the stock `cdk` lists, compares and deploys what
`assembly` writes; and that others can include the template, nest it, or call the module. The deployments are to the
emulator (tests/embedding/server.py), so that AWS accepts the values is not shown.
"""

import json
import os
import queue
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests/emulator"), str(ROOT / "tests/deploy")]

import session  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

import harness  # noqa: E402
from harness import Failure, Terraform, plugin_folder, snake  # noqa: E402

FIXTURES = ROOT / "tests/embedding"
PACKAGES = {"aws-cdk": "2.1148.1", "aws-cdk-lib": "2.276.0", "constructs": "10.8.1"}
SHARED, ACCESS = "SharedNetwork", "TeamAccess"
POLL = ("--poll", "0.1")
# More than cores: the provider and `cdk` wait much.
JOBS = 3
# What an emulator needs beside the output under test.
EMULATED = {"provider": {"aws": {"max_retries": 10, "s3_use_path_style": True}}}


def check(holds, sentence):
    if not holds:
        raise Failure(sentence)


def packages(folder):
    """The modules of npm, of these versions."""
    modules = folder / "cdk/node_modules"
    files = {name: modules / name / "package.json" for name in PACKAGES}
    found = {name: json.loads(it.read_text())["version"] for name, it in files.items() if it.exists()}
    if found != PACKAGES:
        check(shutil.which("npm"), "npm is not on the PATH: cdk and its library come by it")
        modules.parent.mkdir(parents=True, exist_ok=True)
        wanted = [f"{name}@{version}" for name, version in PACKAGES.items()]
        install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(modules.parent), *wanted]
        done = subprocess.run(install, capture_output=True, text=True)
        check(done.returncode == 0, f"npm install: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return modules


class Place(session.Place):
    """A working folder with both programs, the tools, and an emulator; `run` is of the team's program."""

    def __init__(self, program, team, modules, server, folder):
        super().__init__(team, server, folder)
        self.program, self.modules = program, modules
        (folder / "ssm-synth.yaml").unlink()
        unset = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "CDK_OUTDIR")
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in unset},
            **self.environment,
            "PATH": os.environ["PATH"],
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CDK_DISABLE_VERSION_CHECK": "true",
            "NODE_PATH": str(modules),
        }

    def call(self, *command, code=0):
        """Any command, which has to end with this code."""
        command = [str(it) for it in command]
        options = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": 150}
        done = subprocess.run(command, cwd=self.folder, env=self.environment, **options)
        said = f"{shlex.join(command)}: exit {done.returncode}, not {code}\n{done.stdout}{done.stderr}"
        check(done.returncode == code, said)
        return done

    def text(self, *arguments):
        """What the program itself prints."""
        return self.call(self.program, *arguments).stdout

    def cdk(self, app, *arguments, code=0):
        return self.call(self.modules / ".bin/cdk", "--no-notices", "--app", app, *arguments, code=code)

    def lint(self, *files):
        """Silent, also in what is only informational."""
        done = self.call("cfn-lint", "-c", "I", "-e", "--", *files)
        check(not done.stdout.strip(), f"cfn-lint has findings:\n{done.stdout}")

    def resources(self, stack):
        found = self.cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
        return {it["LogicalResourceId"]: it["PhysicalResourceId"] for it in found}

    def lies(self, instance, vpc, subnet):
        """That the instance is there, and where."""
        found = self.server.client("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        where = found["VpcId"], found["SubnetId"]
        check(where == (vpc, subnet), f"instance {instance} is in {where}, and not in {(vpc, subnet)}")

    def linked(self):
        """That the deployed stacks are: what the second has in the network is what the first made."""
        made, used = self.resources(SHARED), self.resources(ACCESS)
        for name in ("WebInstance", "WorkerInstance"):
            self.lies(used[name], made["Vpc"], made["SubnetA"])
        asked = {"VpcEndpointIds": [used["EndpointsSsm"]]}
        endpoint = self.server.client("ec2").describe_vpc_endpoints(**asked)["VpcEndpoints"][0]
        subnets = {made["SubnetA"], made["SubnetB"]}
        check(set(endpoint["SubnetIds"]) == subnets, f"the endpoint is in {endpoint['SubnetIds']}, and not in {subnets}")

    def valid(self, tool):
        """Terraform takes what is in the folder, and would not write it otherwise."""
        (tool.folder / "emulator.tf.json").write_text(json.dumps(EMULATED))
        plugins = plugin_folder()
        tool.run(self.server, "init", *([f"-plugin-dir={plugins}"] if plugins else []))
        for command in (["validate"], ["fmt", "-check", "-recursive", "-diff"]):
            self.call("terraform", f"-chdir={tool.folder}", *command)


# --- two stacks, linked ------------------------------------------------------------------------------------------------


def by_cloudformation(place):
    """Exported and imported; silent in cfn-lint."""
    names = place.run("list").stdout.split()
    check(names == [SHARED, ACCESS], f"`list` says {names}, and not the stacks in the order of their deployment")
    place.run("synth", "-o", "json/")
    place.run("synth", "-o", "yaml/", "--format", "cfn-yaml")
    files = {str(it.relative_to(place.folder)) for it in place.folder.glob("[jy]*/*")}
    wanted = {f"{form}/{name}.{form}" for form in ("json", "yaml") for name in names}
    check(files == wanted, f"`synth -o FOLDER/` wrote {files}, and not a file for each stack")
    for name in names:
        text = (place.folder / f"json/{name}.json").read_text()
        place.cloudformation.create_stack(StackName=name, TemplateBody=text, Capabilities=["CAPABILITY_IAM"])
    place.linked()
    place.lint(*sorted(files))


def by_terraform(place):
    """A root module that hands the values of one module to the other."""
    for form in ("hcl", "tf"):
        tool = Terraform(place.folder / form)
        place.run("synth", "--format", form, "-o", f"{form}/")
        files = {str(it.relative_to(tool.folder)) for it in tool.folder.rglob("main.tf*")}
        name = {"hcl": "main.tf", "tf": "main.tf.json"}[form]
        wanted = {name, f"shared-network/{name}", f"team-access/{name}"}
        check(files == wanted, f"`synth --format {form} -o FOLDER/` wrote {files}, and not {wanted}")
        place.valid(tool)
    tool.apply(place.server)
    changes, found = tool.plan(place.server), tool.outputs()
    check(not changes, f"terraform: the second plan is not empty:\n{changes}")
    vpc, subnet = (found[snake(f"shared_network_{it}_id")] for it in ("vpc", "subnet_a"))
    for name in ("web", "worker"):
        place.lies(found[snake(f"team_access_{name}_instance_id")], vpc, subnet)


def by_the_teams_program(place):
    """Deployed in order, looked at, and destroyed in the other order: this one refused."""
    for name in (SHARED, ACCESS):
        place.run("deploy", "--stack", name, "--yes", *POLL)
    place.linked()
    place.run("check")
    said = place.run("diff", "--stack", ACCESS, "--exit-code").stdout
    check("is as the template says" in said, f"`diff` of what was just deployed: {said}")
    state = json.loads(place.run("status", "--stack", ACCESS, "--output", "json").stdout)
    agents = {it["name"]: it["agent"]["ping"] for it in state["instances"]}
    check(agents == {"WebInstance": "Online", "WorkerInstance": "Online"}, f"`status` says of the agents: {agents}")
    said = place.run("destroy", "--stack", SHARED, "--yes", *POLL, code=1).stderr
    check(f"in use by {ACCESS}" in said, f"`destroy` does not tell why the network stays: {said}")
    place.linked()
    for name in (ACCESS, SHARED):
        place.run("destroy", "--stack", name, "--yes", *POLL)
        check(place.stack(name) is None, f"`destroy` left stack {name}")


# --- the stock cdk -----------------------------------------------------------------------------------------------------


def cdk_without_an_account(place):
    """Lists, prints and compares, from a command and from a folder that was written before."""
    app, team = (f"{shlex.quote(str(it))} assembly" for it in (place.program, place.binary))
    place.run("assembly", "-o", "written")
    said = place.cdk(team, "ls").stdout.split()
    check(said == [SHARED, ACCESS], f"`cdk ls` says {said}")
    said = json.loads(place.cdk(team, "ls", "--long", "--json").stdout)
    check([it["name"] for it in said] == [SHARED, ACCESS], f"`cdk ls --long --json` says {said}")
    said = json.loads(place.cdk("written", "ls", "--show-dependencies", "--json").stdout)
    needs = {it["id"]: [need["id"] for need in it["dependencies"]] for it in said}
    check(needs == {SHARED: [], ACCESS: [SHARED]}, f"`cdk ls --show-dependencies` says {needs}")
    said = place.cdk(app, "ls", "--long").stdout
    check("name: access" in said, f"`cdk ls --long` says {said}")

    own = place.text("--format", "cfn")
    check(place.cdk(app, "synth", "-j").stdout == own, "`cdk synth -j` prints another template than the program")
    same = place.cdk("written", "synth", "-j", ACCESS).stdout == place.run("--name", ACCESS).stdout
    check(same, f"`cdk synth -j {ACCESS}` prints another template than the program")

    (place.folder / "same.json").write_text(own)
    place.cdk(app, "diff", "--template", "same.json", "--fail")
    (place.folder / "old.json").write_text(place.text("--set", "instances=[{name: host, type: t3.small}]"))
    done = place.cdk(app, "diff", "--template", "old.json", "--fail", code=1)
    said = done.stdout + done.stderr
    wanted = ["host/Instance HostInstance", "InstanceType", "[-] t3.small", "[+] t3.micro"]
    check(all(it in said for it in wanted), f"`cdk diff` does not show the change of the instance's type:\n{said}")


def cdk_deploys(place):
    """The built-in stack, and both of the team by their dependencies; what is deployed has no differences then."""
    place.run("assembly", "-o", "written")
    apps = {f"{shlex.quote(str(place.program))} assembly": ["access"], "written": [SHARED, ACCESS]}
    for app, names in apps.items():
        quietly = ("--require-approval", "never", "--progress", "events")
        done = place.cdk(app, "deploy", "--all", "--method", "direct", *quietly)
        said = done.stdout + done.stderr
        for name in names:
            stack = place.stack(name)
            check(stack and stack["StackStatus"] == "CREATE_COMPLETE", f"`cdk deploy` left {name} as {stack}:\n{said}")
        path = {"access": "host/Instance (HostInstance)", SHARED: "web/Instance (WebInstance)"}[names[0]]
        check(path in said, f"`cdk deploy` does not show the paths of resources:\n{said}")
        done = place.cdk(app, "diff", "--fail")
        said = done.stdout + done.stderr
        check(said.count("There were no differences") == len(names), f"`cdk diff` of what was just deployed:\n{said}")
    made = place.resources("access")
    place.lies(made["HostInstance"], made["NetworkVpc"], made["NetworkSubnetA"])
    place.linked()


# --- as a part of more -------------------------------------------------------------------------------------------------


def in_any_order(resource, **tags):
    """CDK sorts what has no order."""
    properties = dict(resource.get("Properties", {}))
    listed = [*properties.get("Tags", []), *({"Key": key, "Value": value} for key, value in tags.items())]
    if listed:
        properties["Tags"] = sorted(listed, key=lambda tag: tag["Key"])
    return {**resource, "Properties": properties, "DependsOn": sorted(resource.get("DependsOn", []))}


def included(place):
    """In an app of CDK, by CfnInclude: all is the same but what the app changes."""
    texts = {"access": place.text(), "hardened": place.text("--set", "profile=hardened")}
    texts |= {name: place.run("--name", name).stdout for name in (SHARED, ACCESS)}
    takes = {"access": "HostInstance", "hardened": "HostInstance", SHARED: "SubnetA", ACCESS: "WebInstance"}
    for name, text in texts.items():
        (place.folder / f"{name}.json").write_text(text)
    place.environment["CDK_OUTDIR"] = str(place.folder / "out")
    place.call("node", FIXTURES / "include.js", *(f"{name}={taken}" for name, taken in takes.items()))
    for name, text in texts.items():
        old, new = json.loads(text), json.loads((place.folder / f"out/{name}.template.json").read_text())
        taken, left = takes[name], old.pop("Resources")
        left = {key: in_any_order(it, **({"Owner": "platform"} if key == taken else {})) for key, it in left.items()}
        right = {key: in_any_order(it) for key, it in new.pop("Resources").items()}
        wrong = sorted(key for key in {*left, *right} if left.get(key) != right.get(key))
        check(not wrong, f"{name}: other than in the template after CfnInclude: {wrong}")
        check(new["Outputs"].pop("Taken") == {"Value": {"Ref": taken}}, f"{name}: the app's own output is another")
        check(old == new, f"{name}: other sections than in the template after CfnInclude: {old} {new}")


def nested(place):
    """As a stack in a stack, whose output is from within; deployed by the program, too."""
    store = place.server.client("s3")
    store.create_bucket(Bucket="templates")
    store.put_object(Bucket="templates", Key="access.json", Body=place.text().encode())
    policies = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}
    url = {"TemplateURL": "https://templates.s3.us-east-1.amazonaws.com/access.json"}
    parent = {
        "Resources": {"Access": {"Type": "AWS::CloudFormation::Stack", **policies, "Properties": url}},
        "Outputs": {"Instance": {"Value": {"Fn::GetAtt": ["Access", "Outputs.HostInstanceId"]}}},
    }
    (place.folder / "parent.json").write_text(json.dumps(parent))
    place.lint("parent.json")
    place.call(place.program, "deploy", "--stack", "parent", "--template", "parent.json", "--yes", *POLL)
    made = place.resources(place.resources("parent")["Access"])
    given = place.stack("parent")["Outputs"][0]["OutputValue"]
    check(given == made["HostInstance"], f"the output of the parent is {given}, and not {made['HostInstance']}")
    place.lies(given, made["NetworkVpc"], made["NetworkSubnetA"])
    place.call(place.program, "destroy", "--stack", "parent", "--yes", *POLL)
    left = [it["StackName"] for it in place.cloudformation.describe_stacks()["Stacks"]]
    check(not left, f"of the nested stack there is left: {left}")


def called(place):
    """As a module of Terraform, from a root of three lines and some outputs."""
    tool = Terraform(place.folder / "root")
    place.text("--format", "tf", "--tf-module", "-o", "root/access/")
    root = 'module "access" {\n  source = "./access"\n}\n'
    taken = ("host_instance_id", "network_vpc_id", "network_subnet_a_id")
    root += "".join(f'\noutput "{name}" {{\n  value = module.access.{name}\n}}\n' for name in taken)
    (tool.folder / "main.tf").write_text(root)
    place.valid(tool)
    tool.apply(place.server)
    place.lies(*(tool.outputs()[snake(name)] for name in taken))


# Those that wait the most come first.
CASES = [by_terraform, called, cdk_deploys, cdk_without_an_account, included, nested, by_the_teams_program]
CASES += [by_cloudformation]


def attempt(case, servers, work, *tools):
    """One case with an emulator that is free; what went wrong, as text."""
    server, wrong, start, folder = servers.get(), None, time.monotonic(), work / case.__name__
    folder.mkdir()
    try:
        server.wait()
        server.reset("us-east-1")
        case(Place(*tools, server, folder))
    except (Failure, ClientError, subprocess.TimeoutExpired) as failure:
        wrong = str(failure)
    except Exception:  # One that breaks the case must not hide the others.
        wrong = traceback.format_exc()
    servers.put(server)
    said = f"FAILED, {time.monotonic() - start:.0f} s\n{wrong}" if wrong else f"ok, {time.monotonic() - start:.0f} s"
    print(f"embedding: {case.__name__}: {said}", flush=True)
    return wrong


def main():
    program, team, folder, *names = sys.argv[1:]
    program, team, folder = (Path(it).resolve() for it in (program, team, folder))
    chosen = [case for case in CASES if not names or case.__name__ in names]
    os.environ["EMULATOR_STEP"] = "0.01"
    servers = queue.SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="embedding-") as work, ThreadPoolExecutor(JOBS) as pool:
        work = Path(work)
        # The script beside this path is the emulator that is started.
        with mock.patch.object(harness, "__file__", str(FIXTURES / "harness.py")):
            started = [harness.Server(work, f"emulator-{number}") for number in range(min(JOBS, len(chosen)))]
        try:
            modules = packages(folder)
            for server in started:
                servers.put(server)
            jobs = [pool.submit(attempt, case, servers, work, program, str(team), modules) for case in chosen]
            wrong = [job.result() for job in jobs]
            logs = "".join(server.log.read_text() for server in started)
            check("Traceback" not in logs, f"an error in the emulator:\n{logs[-3000:]}")
        except Failure as failure:
            sys.exit(str(failure))
        finally:
            for server in started:
                server.stop()
    failed = sum(it is not None for it in wrong)
    print(f"{len(wrong) - failed} passed, {failed} failed")
    sys.exit(1 if failed or not wrong else 0)


if __name__ == "__main__":
    main()
