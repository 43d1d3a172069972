"""The templates that the scenarios deploy."""


def ref(name):
    return {"Ref": name}


def network(tag="one", description="a group", seconds=0.0):
    """A security group that can be updated in place (its tag) or only replaced (its description), and two outputs."""
    name = [{"Key": "Name", "Value": tag}]
    template = {
        "Resources": {
            "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16", "Tags": name}},
            "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": ref("Vpc"), "CidrBlock": "10.0.0.0/24"}},
            "Group": {
                "Type": "AWS::EC2::SecurityGroup",
                "Properties": {"GroupDescription": description, "VpcId": ref("Vpc"), "Tags": name},
            },
        },
        "Outputs": {"VpcId": {"Value": ref("Vpc")}, "GroupId": {"Value": {"Fn::GetAtt": ["Group", "GroupId"]}}},
    }
    if seconds:
        emulator(template, "Group", Seconds=seconds)
    return template


def emulator(template, name, **wishes):
    template["Resources"][name].setdefault("Metadata", {}).setdefault("Emulator", {}).update(wishes)
    return template


CAUSE = "The maximum number of groups has been reached. (SecurityGroupLimitExceeded)"


def failing(verb, template):
    """The subnet is in progress when the security group fails. CloudFormation cancels it: a consequence, not the cause."""
    emulator(template, "Subnet", Seconds=0.6)
    return emulator(template, "Group", **{f"{verb}Fails": CAUSE})


def changed_by_failure():
    template = failing("Update", network("two"))
    template["Resources"]["Subnet"]["Properties"]["Tags"] = [{"Key": "Name", "Value": "two"}]
    return template


def retained():
    template = network()
    template["Resources"]["Vpc"]["DeletionPolicy"] = template["Resources"]["Group"]["DeletionPolicy"] = "Retain"
    return template


def without_group():
    """A template without an output of the security group: retained resources must not refer to deleted ones."""
    template = retained()
    template["Outputs"].pop("GroupId")
    return template
