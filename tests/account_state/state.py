"""The state of an account, read through the AWS API, with IDs replaced by the names of what they identify."""

import json

from account_state.ec2 import Ec2
from account_state.elbv2 import Elbv2
from account_state.forms import GENERATED, Set
from account_state.iam import Iam
from account_state.kms_and_logs import KmsAndLogs
from account_state.monitoring import Monitoring
from account_state.s3 import S3
from account_state.ssm import Ssm

# Parts that the comparison omits, and the reasons.
NOT_COMPARED = {
    "generated names (roles, instance profiles, log groups, templates)": "each tool generates a name; the comparison checks that both do",
    "IDs, ARNs, dates, client tokens": "random; IDs are replaced by the label of the resource",
    "tags that start with aws:": "CloudFormation sets them; those that EC2 sets for launch templates are compared as a relationship",
    "private addresses and network interfaces of endpoints": "the emulator chooses them at random",
    "instance: CPU credits, CPU options, tenancy, placement, hibernation": "the emulator stores none of them",
    "IAM: whether AWS accepts a policy": "the emulator does not validate principals, actions or conditions",
    "Terraform tags of resources that no CloudFormation type can tag": "compared where the API returns them (rules, instance profiles)",
    "order of deployment, deletion policies, prevent_destroy": "the state does not contain them",
    "keys pending deletion, and their waiting period": "they are deleted; the emulator's checks compare the period",
    "metrics without a unit and with None, alarms without TreatMissingData and with missing": "equal by definition",
    "log groups with and without :*": "the same destination of flow logs",
    "subscriptions: whether they are confirmed": "the emulator confirms them at once",
    "listeners: the numbers in the order of actions": "the provider numbers a single action too; the sequence is compared",
    "versions of documents": "each tool counts separately; the comparison checks that the latest is the default",
    "the default VPC": "the emulator creates it",
}


class State(Ec2, Elbv2, Iam, KmsAndLogs, Ssm, S3, Monitoring):
    """Resources by label; `things[label]` are the facts about one resource."""

    def __init__(self, emulator, world, outputs):
        self.emulator = emulator
        # (kind, IDs, base label, facts)
        self.found = []
        self.world = {real: placeholder for placeholder, real in world.items()}
        self.read()
        self.things = self.label()
        self.outputs = {name: self.rename(value) for name, value in outputs.items()}

    def add(self, kind, ids, name, facts):
        self.found.append((kind, [identifier for identifier in ids if identifier], f"{kind} {name}", facts))

    def label(self):
        """Labels resources by name or description; numbers equal labels by content."""
        self.names = dict(self.world)
        for _, ids, base, _ in self.found:
            for identifier in ids:
                self.names.setdefault(identifier, base)
        groups = {}
        texts = [(ids, base, json.dumps(facts)) for _, ids, base, facts in self.found]
        for kind, ids, base, facts in self.found:
            base = f"{kind} {self.world[ids[0]]}" if ids and ids[0] in self.world else base
            # Equal resources (two templates with the same content) differ by the resources that refer to them.
            users = sorted(user for others, user, text in texts if others is not ids and any(i in text for i in ids))
            sorting = [json.dumps(self.rename(facts), sort_keys=True), users]
            groups.setdefault(base, []).append((sorting, ids, facts))
        labeled = []
        for base, members in groups.items():
            members.sort(key=lambda member: member[0])
            for number, (_, ids, facts) in enumerate(members, 1):
                label = base if len(members) == 1 else f"{base} #{number}"
                labeled.append((label, facts))
                for identifier in ids:
                    if identifier not in self.world:
                        self.names[identifier] = label
        return {self.rename(label): self.rename(facts) for label, facts in labeled}

    def rename(self, value):
        if isinstance(value, Set):
            return sorted((self.rename(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
        if isinstance(value, list):
            return [self.rename(item) for item in value]
        if isinstance(value, dict):
            return {self.rename(key): self.rename(item) for key, item in value.items()}
        if isinstance(value, str):
            if value in self.names:
                return f"<{self.names[value]}>"
            for identifier in sorted((name for name in self.names if name in value), key=len, reverse=True):
                value = value.replace(identifier, f"<{self.names[identifier]}>")
        return value

    def read(self):
        self.read_ec2()
        self.read_load_balancers()
        self.read_iam()
        self.read_keys()
        self.read_logs()
        self.read_ssm()
        self.read_buckets()
        self.read_monitoring()

    @staticmethod
    def generated(name):
        """Returns a generated name as an ID of its resource; a custom name is compared as text."""
        return [name] if GENERATED.fullmatch(name) else []
