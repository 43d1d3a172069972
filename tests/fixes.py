#!/usr/bin/env python3
"""Applies the printed fixes to broken files until nothing fails.

    fixes.py PROGRAM [--all] [--no-lint] [NAME...]

Cases: `cfn/<case>` and `tf/<case>` of the corpus, `facts/<fact>` of the default stack, and `mixed/<n>`, templates of the
corpus with several broken facts. A fix is applied mechanically: resources and properties are merged into a template, blocks
into a configuration. Then `check` runs again. Afterwards each instance is reachable, and cfn-lint or the provider accepts
the file: every plan of a configuration is from the real provider. A configuration is then applied to the emulator, and the
second plan is empty, except for changes that the second plan of the broken configuration has too.

Without --all, all templates run, some of them with cfn-lint, and some configurations.
"""

import collections
import fnmatch
import gzip
import json
import os
import random
import re
import shutil
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "facts"))
sys.path.insert(0, str(Path(__file__).resolve().parent / "corpus/tf"))

import facts
import moto.ec2
import plans
import yaml

import harness.cases as cases
from harness import hcl
from harness.outcomes import Failure
from harness.outcomes import check as expect
from harness.emulators import VARIABLE, Emulators
from harness.program import beside_python, run
from harness.terraform import Terraform

HERE = Path(__file__).resolve().parent
ROUNDS = 12
# In CI, one case in this many runs with Terraform, or with cfn-lint. All templates run.
SHARE = {"cfn": 40, "tf": 90, "facts": 21, "mixed": 24}
MIXED = 48
# Fixes that remain sentences, since a person must choose: which names a firewall allows, what a boundary of AWS becomes,
# which of two hosted zones stays, which address a record is meant to have, whether a script keeps the agent, which value a
# parameter or required property has, what a policy that IAM refuses is meant to allow, which reference of a circle goes,
# which of two roles stays, how long a stack waits and who signals it, which principals
# a bucket policy excludes.
DECISIONS = [
    "cfn/association-stops-agent",
    "cfn/bucket-policy-of-another-endpoint",
    "cfn/circular-*",
    "cfn/closed-endpoint-group",
    "cfn/closed-instance-group",
    "cfn/closed-role",
    "cfn/closed-route-table",
    "cfn/creation-policy-without-signal",
    "cfn/custom-resource-without-answer",
    "cfn/description-of-rule",
    "cfn/description-with-a-reference",
    "cfn/firewall-blocks-all-first",
    "cfn/firewall-blocks-aws",
    "cfn/firewall-input-dropped",
    "cfn/firewall-metadata-of-root",
    "cfn/firewall-output-*",
    "cfn/firewall-ufw-*",
    "cfn/firewall-windows-*",
    "cfn/form-*",
    "cfn/group-of-another-account",
    "cfn/groups-above-every-quota",
    "cfn/iam-boundary-read-only",
    "cfn/init-*",
    "cfn/instance-*-without-sub",
    "cfn/instance-agent-removed",
    "cfn/interfaces-rule-*",
    "cfn/invalid-*",
    "cfn/key-of-template-disabled",
    "cfn/launch-template-groups-beside-interface",
    "cfn/launch-template-interface-beside-subnet",
    "cfn/limit-*",
    "cfn/malformed-*",
    "cfn/names-*",
    "cfn/nat-as-a-gateway",
    "cfn/nat-route-to-transit-gateway-without-attachment",
    "cfn/nat-zone-empty-of-service",
    "cfn/nat-zone-empty-parent",
    "cfn/parameter-*",
    "cfn/policies-boundary-read-only",
    "cfn/power-off-*",
    "cfn/profile-with-two-roles",
    "cfn/quota-*",
    "cfn/record-leads-nowhere",
    "cfn/refused-endpoints-in-a-full-subnet",
    "cfn/refused-mapping-without-the-key",
    "cfn/refused-range-inside-the-first",
    "cfn/refused-reference-to-nothing",
    "cfn/refused-zones-of-one-name",
    "cfn/required-*",
    "cfn/rule-fails",
    "cfn/rule-of-a-list-fails",
    "cfn/rule-with-its-condition",
    "cfn/script-cloud-config-list",
    "cfn/script-encoded-part-that-removes",
    "cfn/script-power-off",
    "cfn/script-start-before-removal",
    "cfn/script-text-about-a-start",
    "cfn/security-groups-as-one-reference",
    "cfn/select-beyond-cidr",
    "cfn/services-*",
    "cfn/shell-*",
    "cfn/signal-mentioned-only",
    "cfn/signal-of-*",
    "cfn/signal-sent-once-for-two",
    "cfn/signal-timeout-*",
    "cfn/signal-without-user-data",
    "cfn/wait-condition-that-nothing-signals",
    "cfn/wait-condition-without-a-user",
    "cfn/windows-*",
    "tf/instance-of-another-region",
    "tf/instance-user-data-*",
]
# Fixes that the file cannot show to be enough: a plan has no part of a policy that names a new key, a key of another account
# has no policy in the file, and the names of a loop are not those of its resources.
BEYOND_FILE = {
    "cfn/loop-service-of-other-region",
    "facts/the session preferences require no unreachable service",
    "tf/preferences-no-decrypt",
}
HCL_BLOCK = re.compile(r'(?:(?:resource|data) "\w+" |output )"[\w-]+" \{\}?')
MODULE = re.compile(r"^# in (module\.\S+)$", re.MULTILINE)
REMOVAL = re.compile(r"remove `([^`]+)`(?:, and the references to it)?")


def is_decision(name):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in DECISIONS)


class Loader(yaml.SafeLoader):
    """Reads a template: short functions become long ones, and dates stay text."""


def function(loader, suffix, node):
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name: value}


Loader.add_multi_constructor("!", function)
Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node))


def merge(into, piece):
    """Merges mappings; any other value replaces the old one."""
    for key, value in piece.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict) and not is_function(into[key]):
            merge(into[key], value)
        else:
            into[key] = value


def is_function(value):
    return len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref"))


def split(fix, starts):
    """Splits a fix into pieces, which start with a line that matches, and prose."""
    pieces, prose = [], []
    for line in fix.splitlines():
        if re.fullmatch(starts, line):
            pieces.append([line])
        elif pieces and (not line or line[0] in " }"):
            pieces[-1].append(line)
        else:
            prose.append(line)
    return ["\n".join(piece) + "\n" for piece in pieces], prose


def removals(prose):
    """Returns the other lines, and the names in lines that remove a resource."""
    found = [REMOVAL.fullmatch(line) for line in prose]
    return [line for line, it in zip(prose, found) if not it], [it[1] for it in found if it]


def forget_dependency(body, name):
    """Removes a name from `DependsOn`; cfn-lint finds other references."""
    if not isinstance(body, dict) or "DependsOn" not in body:
        return
    names = body["DependsOn"] if isinstance(body["DependsOn"], list) else [body["DependsOn"]]
    if kept := [it for it in names if it != name]:
        body["DependsOn"] = kept
    else:
        del body["DependsOn"]


def written(resources):
    """Returns the resources with patterns of their names, also those in loops."""
    for name, body in resources.items():
        if name.startswith("Fn::ForEach::"):
            yield from written(body[2])
        else:
            parts = re.split(r"[$&]\{\w+\}", name)
            yield re.compile(r"\w+".join(map(re.escape, parts))), body


class Template:
    """A CloudFormation template."""

    def __init__(self, name, text):
        self.is_json = name.endswith(".json")
        self.name = name
        self.value = json.loads(text) if self.is_json else yaml.load(text, Loader)

    def text(self):
        if self.is_json:
            return json.dumps(self.value, indent=2)
        return yaml.safe_dump(self.value, sort_keys=False, width=200)

    def input(self):
        return self.text()

    def apply(self, fix):
        """Returns the prose."""
        if self.is_json:
            decoder, prose, pieces, at = json.JSONDecoder(), [], [], 0
            while at < len(fix):
                if fix[at] == "{":
                    value, at = decoder.raw_decode(fix, at)
                    pieces.append(value)
                else:
                    line, _, _ = fix[at:].partition("\n")
                    prose += [line] if line.strip() else []
                    at += len(line) + 1
        else:
            texts, prose = split(fix, r"[A-Za-z0-9]+:")
            pieces = [yaml.load(text, Loader) for text in texts]
        resources = self.value["Resources"]
        prose, removed = removals(prose)
        for name in removed:
            if name not in resources:
                raise Failure(f"the fix removes `{name}`, which does not exist")
            del resources[name]
            for body in resources.values():
                forget_dependency(body, name)
        for piece in pieces:
            for name, body in piece.items():
                if "Type" in body and name in resources:
                    raise Failure(f"the fix adds `{name}`, which exists")
                if "Type" in body:
                    resources[name] = body
                    continue
                targets = [it for key, it in written(resources) if key.fullmatch(name)]
                if not targets:
                    raise Failure(f"the fix changes `{name}`, which does not exist")
                merge(targets[0], body)
        return prose


class Configuration:
    """A Terraform configuration, planned with the provider."""

    def __init__(self, files, make_plan):
        self.files = {name: hcl.parse(text) if name.endswith(".tf") else text for name, text in files.items()}
        self.make_plan = make_plan

    def texts(self):
        return {name: body if isinstance(body, str) else hcl.text(body) for name, body in self.files.items()}

    def input(self):
        return self.make_plan(self.texts())

    def apply(self, fix):
        own, *of_modules = MODULE.split(fix)
        prose = self.apply_in("", own)
        for module, part in zip(of_modules[::2], of_modules[1::2], strict=True):
            prose += self.apply_in(self.source(module), part)
        return prose

    def apply_in(self, directory, fix):
        """Applies the part of a fix that is in the files of a directory: a module, or the root."""
        texts, prose = split(fix.strip("\n"), HCL_BLOCK.pattern)
        prose, removed = removals(prose)
        bodies = {name: body for name, body in self.files.items() if not isinstance(body, str)}
        for address in removed:
            self.remove(address, bodies)
        bodies = {name: body for name, body in bodies.items() if os.path.dirname(name) == directory}
        blocks = {block.header: block for body in bodies.values() for block in body if isinstance(block, hcl.Block)}
        main = os.path.join(directory, "main.tf")
        for text in texts:
            [block] = hcl.parse(text)
            if block.header in blocks:
                hcl.merge(blocks[block.header].body, block.body)
            elif main in bodies:
                bodies[main].append(block)
                blocks[block.header] = block
            else:
                raise Failure("the configuration is not in HCL")
        return prose

    def source(self, module):
        """Returns the directory of a module such as `module.network`."""
        directory = ""
        for name in module.split(".")[1::2]:
            body = next(
                it.body
                for file, blocks in self.files.items()
                if not isinstance(blocks, str) and os.path.dirname(file) == directory
                for it in blocks
                if isinstance(it, hcl.Block) and it.header == ("module", name)
            )
            text = hcl.text(body)
            directory = os.path.normpath(os.path.join(directory, re.search(r'source\s*=\s*"([^"]+)"', text)[1]))
        return directory

    def remove(self, address, bodies):
        header = ("resource", *address.split(".")[-2:])
        count = sum(len(body) for body in bodies.values())
        for body in bodies.values():
            body[:] = [it for it in body if not (isinstance(it, hcl.Block) and it.header == header)]
        if count - sum(len(body) for body in bodies.values()) != 1:
            raise Failure(f"the fix removes `{address}`, which does not exist once")


@dataclass
class Outcome:
    """What became of a file."""

    verdicts: list
    # The unknown hops of the correct and of the broken file: a fix does not answer them.
    best: dict
    open: dict = field(default_factory=dict)
    fixes: list = field(default_factory=list)
    prose: list = field(default_factory=list)
    # The last details of hops that are unknown.
    details: set = field(default_factory=set)

    @property
    def is_reachable(self):
        def is_done(name, verdict, hops):
            known = self.best.get(name, set()) | self.open.get(name, set())
            return verdict == "reachable" or (verdict == "unknown" and hops <= known)

        return not self.prose and all(is_done(*it) for it in self.verdicts)

    def describe(self):
        shown = "\n".join(f"-- {hop}: {detail}\n{fix}" for hop, detail, fix in self.fixes[-4:])
        details = "".join(f"unknown: {it}\n" for it in sorted(self.details))
        return f"{self.verdicts} after {len(self.fixes)} fixes; prose: {self.prose}\n{details}{shown}"


def unknown(instance):
    return {it["hop"] for it in instance["hops"] if it["verdict"] == "unknown"}


def verdicts(program, text, arguments):
    done = run(program, "check", "-", "-f", "json", *arguments, input=text, code=None)
    if done.returncode not in (0, 1, 3):
        raise Failure(f"check: exit code {done.returncode}\n{done.stderr}")
    return {it["id"]: it for it in json.loads(done.stdout)["instances"]}


def repair(program, file, arguments, wanted, best):
    """Applies fixes until no instance fails, or no fix is left. `wanted`: the instances that must become reachable."""
    outcome, applied = Outcome([], {name: unknown(it) for name, it in best.items()}), set()
    for _ in range(ROUNDS):
        all_of = verdicts(program, file.input(), arguments)
        if not outcome.fixes:
            outcome.open = {it["id"]: unknown(it) for it in all_of.values()}
        chosen = wanted if wanted is not None else all_of
        outcome.verdicts = [
            (name, all_of[name]["verdict"], unknown(all_of[name])) if name in all_of else (name, "missing", set())
            for name in chosen
        ]
        outcome.details = {
            hop["detail"] for it in all_of.values() for hop in it["hops"] if hop["verdict"] == "unknown"
        }
        failing = [it for it in all_of.values() if it["verdict"] == "unreachable" and it["id"] in chosen]
        fresh = []
        for instance in failing:
            hop = next(it for it in instance["hops"] if it["verdict"] == "fail")
            fix = hop.get("fix")
            if fix and (hop["detail"], fix) not in applied:
                fresh.append((hop["hop"], hop["detail"], fix))
            elif not fix:
                outcome.fixes.append((hop["hop"], hop["detail"], "(no fix)"))
        outcome.prose = []
        # The next fix is printed for the changed file.
        for hop, detail, fix in fresh[:1]:
            applied.add((detail, fix))
            outcome.fixes.append((hop, detail, fix))
            outcome.prose = file.apply(fix)
        if not fresh or outcome.prose:
            break
    return outcome


def edited(text, edits):
    for edit in edits:
        text = text.replace(edit["find"], edit["with"])
    return text


def wanted_of(case):
    return [name for name, it in case.get("expect", {}).items() if it and it["verdict"] in ("unreachable", "reachable")]


def is_broken(case):
    return any(it and it["verdict"] == "unreachable" for it in case.get("expect", {}).values())


class Workspace:
    """A working directory of Terraform and an emulator, for one case."""

    def __init__(self, fixes, name):
        self.folder = fixes.work / f"tf-{name}"
        self.tool = Terraform(self.folder)
        self.tool.required = {"required_providers": {"aws": {"source": "hashicorp/aws", "version": "~> 5.0"}}}
        self.emulator = fixes.origin.copy(name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.emulator.stop()
        shutil.rmtree(self.folder)

    def write(self, files):
        for path, text in files.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_text(text)
        self.tool.write_override("emulator_override.tf.json")
        if any("/" in path for path in files):
            self.tool.init_modules(self.emulator)

    def plan(self, files, variables):
        self.write(files)
        return self.tool.plan_as_json(self.emulator, *variables)

    def second_plan(self, files, variables):
        """Applies a configuration; returns the changes of the next plan."""
        self.write(files)
        self.tool.apply(self.emulator, *variables)
        lines = self.tool.plan(self.emulator, *variables).splitlines()
        return [re.sub(r"\b([a-z]+)-[0-9a-f]{8,17}\b", r"\1", line) for line in lines]


class Fixes:
    """The program and the files, which all cases share."""

    def __init__(self, program, work, lints):
        self.program, self.work, self.lints = program, work, lints
        # The cases with cfn-lint. Default: all.
        self.linted = None
        self.outcomes = {}
        self.origin = None
        self.lock = threading.Lock()
        self.second_plans = self.beyond_emulator = 0

    def finish(self, name, outcome):
        self.outcomes[name] = outcome
        if is_decision(name):
            expect(outcome.prose, f"the fix has become lines: {outcome.describe()}")
        elif name in BEYOND_FILE:
            expect(outcome.fixes and not outcome.is_reachable, "the fix has become complete")
        elif not outcome.is_reachable:
            raise Failure(outcome.describe())

    # CloudFormation

    def template(self, case, suffix, text, arguments, wanted, base):
        name = case.replace("/", "-") + suffix
        file = Template(name, text)
        try:
            best = verdicts(self.program, base, arguments)
        except Failure:
            # A parameter that an edit adds.
            best = {}
        outcome = repair(self.program, file, arguments, wanted, best)
        if outcome.is_reachable and self.lints and (self.linted is None or case in self.linted):
            self.lint(name, text, file)
        self.finish(case, outcome)

    def lint(self, name, text, file):
        """Fails if cfn-lint finds an error that the original file does not have."""

        def errors(content):
            path = self.work / name
            path.write_text(content)
            done = run(beside_python("cfn-lint"), "-f", "json", "--", path, code=None)
            listed = json.loads(done.stdout) if done.stdout.strip() else []
            return collections.Counter(it["Message"] for it in listed if it["Level"] == "Error")

        found = errors(file.text())
        if found and (more := found - errors(text)):
            raise Failure(f"cfn-lint: {list(more)}\n{file.text()}")

    def cfn(self, case):
        base = (HERE / "corpus/cfn" / case["base"]).read_text()
        text = edited(base, case.get("edits", []))
        suffix = Path(case["base"]).suffix
        self.template(f"cfn/{case['case']}", suffix, text, case.get("arguments", []), wanted_of(case), base)

    def mixed(self, number, chosen):
        """A template with several broken facts."""
        text = base = (HERE / "corpus/cfn" / chosen[0]["base"]).read_text()
        for case in chosen:
            text = edited(text, case["edits"])
        self.template(f"mixed/{number}", Path(chosen[0]["base"]).suffix, text, [], wanted_of(chosen[0]), base)

    # Terraform

    def start(self):
        """Starts the origin of emulators. It has the images of the corpus, which that of other tests does not have."""
        with self.lock:
            if self.origin is None:
                os.environ.pop(VARIABLE, None)
                folder = self.work / "emulators"
                folder.mkdir()
                images = folder / "images.json"
                own = json.loads((plans.HERE / "images.json").read_text())
                # Without a file of its own, moto has these.
                latest = (Path(moto.ec2.__file__).parent / "resources/latest_amis").iterdir()
                known = [json.loads(gzip.decompress(path.read_bytes())) for path in latest]
                images.write_text(json.dumps(sum(known, own)))
                os.environ["MOTO_AMIS_PATH"] = str(images)
                os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
                self.origin = Emulators(folder)

    def tf(self, case):
        self.start()
        with Workspace(self, case["case"]) as workspace:
            variables = [
                f"-var={key}={value if isinstance(value, str) else json.dumps(value)}"
                for key, value in case.get("variables", {}).items()
            ]
            files = plans.edited(plans.HERE / case["base"], case.get("edits", []))
            configuration = Configuration(files, lambda texts: workspace.plan(texts, variables))
            arguments = case.get("arguments", [])
            outcome = repair(self.program, configuration, arguments, wanted_of(case), {})
            self.finish(f"tf/{case['case']}", outcome)
            if outcome.is_reachable:
                self.plan_again(case, workspace, (files, configuration.texts()), variables)

    def plan_again(self, case, workspace, configurations, variables):
        """Fails if Terraform changes the fixed configuration again after it is applied."""
        before, after = configurations
        try:
            changes = workspace.second_plan(after, variables)
        except Failure:
            try:
                self.changes_before(case, before, variables)
            except Failure:
                # The emulator does not have what both configurations look up.
                self.beyond_emulator += 1
                return
            raise
        known = self.changes_before(case, before, variables) if changes else []
        if more := sorted(set(changes) - set(known)):
            raise Failure("the second plan is not empty:\n" + "\n".join(more))
        self.second_plans += 1

    def changes_before(self, case, files, variables):
        """Returns the changes of the second plan of the broken configuration: those that the fixes do not cause."""
        with Workspace(self, f"{case['case']}-broken") as workspace:
            return workspace.second_plan(files, variables)

    def fact(self, shared, fact):
        tool = Terraform(self.work / f"fact-{fact['fact']}")
        text = json.dumps(facts.without(shared.module, fact))

        def make_plan(texts):
            (tool.folder / "main.tf.json").write_text(texts["main.tf.json"])
            (tool.folder / "main.tf").write_text(texts["main.tf"])
            return tool.plan_as_json(None)

        file = JsonConfiguration(text, make_plan)
        self.finish(f"facts/{fact['fact']}", repair(self.program, file, [], None, {}))

    def close(self):
        if self.origin is not None:
            self.origin.stop()


class JsonConfiguration(Configuration):
    """A configuration in JSON. An added block stays HCL, in a file of its own; a change replaces what `hcl` can read."""

    def __init__(self, text, make_plan):
        super().__init__({"main.tf.json": text, "main.tf": ""}, make_plan)
        self.module = json.loads(text)

    def apply(self, fix):
        texts, prose = split(fix, HCL_BLOCK.pattern)
        for text in texts:
            [block] = hcl.parse(text)
            kind, of, name = block.header
            body = self.module.get(kind, {}).get(of, {}).get(name)
            if body is None:
                known = [it for it in self.files["main.tf"] if it.header == block.header]
                if known:
                    hcl.merge(known[0].body, block.body)
                else:
                    self.files["main.tf"].append(block)
            else:
                merge(body, hcl.as_json(block.body))
        self.files["main.tf.json"] = json.dumps(self.module)
        return prose


def mixtures(all_cases):
    """Returns lists of cases of one base whose edits do not overlap."""
    chance = random.Random(7)
    by_base = collections.defaultdict(list)
    for case in all_cases:
        if is_decision(f"cfn/{case['case']}"):
            continue
        # Arguments of several cases contradict one another.
        if case.get("edits") and not case.get("arguments") and not any(edit.get("all") for edit in case["edits"]):
            by_base[case["base"]].append(case)
    found = []
    bases = sorted(base for base, of in by_base.items() if len(of) > 3)
    while len(found) < MIXED:
        base = bases[len(found) % len(bases)]
        text = (HERE / "corpus/cfn" / base).read_text()
        chosen = []
        for case in chance.sample(by_base[base], len(by_base[base])):
            finds = [edit["find"] for edit in case["edits"]]
            if all(text.count(find) == 1 for find in finds):
                text, chosen = edited(text, case["edits"]), [*chosen, case]
            if len(chosen) == 3:
                break
        found.append(chosen)
    return found


def every_case(fixes):
    """Returns the cases by kind."""
    of_cfn = [it for it in yaml.safe_load((HERE / "corpus/cfn/cases.yaml").read_text()) if is_broken(it)]
    of_tf = [
        it
        for it in yaml.safe_load((HERE / "corpus/tf/cases.yaml").read_text())
        if is_broken(it) and it["base"] and not it.get("applied") and it["base"] != "json-syntax"
    ]
    shared = []

    def fact(it):
        if not shared:
            shared.append(facts.Facts(fixes.program))
        fixes.fact(shared[0], it)

    of_facts = yaml.safe_load((HERE / "facts/facts.yaml").read_text())
    several = list(enumerate(mixtures(of_cfn)))
    return {
        # These mostly wait for the provider.
        "tf": [cases.Case(f"tf/{it['case']}", lambda _, it=it: fixes.tf(it)) for it in of_tf],
        "cfn": [cases.Case(f"cfn/{it['case']}", lambda _, it=it: fixes.cfn(it)) for it in of_cfn],
        "mixed": [cases.Case(f"mixed/{n}", lambda _, n=n, it=it: fixes.mixed(n, it)) for n, it in several],
        "facts": [cases.Case(f"facts/{it['fact']}", lambda _, it=it: fact(it)) for it in of_facts],
    }


def main():
    parser = cases.parser(__doc__)
    parser.add_argument("--all", action="store_true", help="run every case")
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--no-lint", action="store_true", help="skip cfn-lint")
    cases.add_names(parser)
    arguments = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory(prefix="fixes-") as work:
        fixes = Fixes(arguments.program, Path(work), not arguments.no_lint)
        by_kind = every_case(fixes)
        found = [case for of in by_kind.values() for case in of]
        if arguments.names:
            chosen = cases.choose(found, arguments.names)
        elif arguments.all:
            chosen = found
        else:
            some = {kind: of[:: SHARE[kind]] for kind, of in by_kind.items()}
            fixes.linted = {case.name for of in some.values() for case in of}
            chosen = [*some["tf"], *some["facts"], *by_kind["cfn"], *by_kind["mixed"]]
        try:
            report = cases.Report(quiet=not arguments.names)
            cases.run_all(chosen, [None] * arguments.jobs, report)
        finally:
            fixes.close()
        reachable = sum(it.is_reachable for it in fixes.outcomes.values())
        applied = sum(len(it.fixes) for it in fixes.outcomes.values())
        print(
            f"{len(chosen)} files, {reachable} reachable after {applied} fixes; "
            f"{fixes.second_plans} second plans are empty, {fixes.beyond_emulator} are beyond the emulator"
        )
        report.close()


if __name__ == "__main__":
    main()
