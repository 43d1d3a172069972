"""Resource types of EC2 security groups."""

from moto.cloudformation.exceptions import ValidationError

from cfn_emulator.engine.api import tag_specifications
from cfn_emulator.engine.resource import Resource


def permission(rule):
    """Converts a rule of a template to an IpPermission."""
    rule = {key: value for key, value in rule.items() if key not in ("GroupId", "GroupName")}
    wanted = {"IpProtocol": str(rule.pop("IpProtocol"))}
    for name in ("FromPort", "ToPort"):
        if name in rule:
            wanted[name] = int(rule.pop(name))
    description = rule.pop("Description", None)
    peers = {
        "CidrIp": ("IpRanges", "CidrIp"),
        "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
        "SourceSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
        "DestinationSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
        "SourcePrefixListId": ("PrefixListIds", "PrefixListId"),
        "DestinationPrefixListId": ("PrefixListIds", "PrefixListId"),
    }
    if len(rule) != 1 or next(iter(rule)) not in peers:
        raise ValidationError(message=f"Security group rule: exactly one known peer is needed, not {sorted(rule)}")
    (name, value), (kind, member) = next(iter(rule.items())), peers[next(iter(rule))]
    wanted[kind] = [{member: value} if description is None else {member: value, "Description": description}]
    return wanted


class SecurityGroup(Resource):
    type = "AWS::EC2::SecurityGroup"
    create_only = ("GroupDescription", "GroupName", "VpcId")
    updatable = ("SecurityGroupEgress", "SecurityGroupIngress", "Tags")

    def create(self, p):
        made = self.api.ec2(
            "create_security_group",
            GroupName=p.get("GroupName", self.generated_name),
            Description=p["GroupDescription"],
            VpcId=p.get("VpcId"),
            TagSpecifications=tag_specifications("security-group", p.get("Tags")),
        )
        self.physical_resource_id = made["GroupId"]
        self.rules("ingress", [], p.get("SecurityGroupIngress", []))
        self.egress([], p)

    def egress(self, old, p):
        """Updates the egress rules; the first rule in a template removes the allow-all rule of a new security group."""
        new = p.get("SecurityGroupEgress", [])
        if new and not old:
            group = self.api.ec2("describe_security_groups", GroupIds=[self.physical_resource_id])["SecurityGroups"][0]
            self.api.ec2(
                "revoke_security_group_egress",
                GroupId=self.physical_resource_id,
                IpPermissions=group["IpPermissionsEgress"],
            )
        elif old and not new:
            raise ValidationError(message="Removal of all of SecurityGroupEgress is not emulated")
        self.rules("egress", old, new)

    def rules(self, direction, old, new):
        old, new = ([permission(rule) for rule in rules] for rules in (old, new))
        for verb, rules in (
            ("revoke", [rule for rule in old if rule not in new]),
            ("authorize", [rule for rule in new if rule not in old]),
        ):
            for rule in rules:
                operation = f"{verb}_security_group_{direction}"
                self.api.ec2(operation, GroupId=self.physical_resource_id, IpPermissions=[rule])

    def update(self, new):
        super().update(new)
        self.rules("ingress", self.properties.get("SecurityGroupIngress", []), new.get("SecurityGroupIngress", []))
        self.egress(self.properties.get("SecurityGroupEgress", []), new)

    def delete(self):
        self.api.ec2("delete_security_group", GroupId=self.physical_resource_id)

    def attributes(self):
        return {name: self.physical_resource_id for name in ("GroupId", "Id")}


class SecurityGroupRule(Resource):
    direction = ""
    updatable = ("Description",)

    def create(self, p):
        made = self.api.ec2(
            f"authorize_security_group_{self.direction}", GroupId=p["GroupId"], IpPermissions=[permission(p)]
        )
        self.physical_resource_id = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]

    def update(self, new):
        self.api.ec2(
            f"update_security_group_rule_descriptions_{self.direction}",
            GroupId=new["GroupId"],
            IpPermissions=[permission(new)],
        )

    def delete(self):
        self.api.ec2(
            f"revoke_security_group_{self.direction}",
            GroupId=self.properties["GroupId"],
            SecurityGroupRuleIds=[self.physical_resource_id],
        )

    def attributes(self):
        return {"Id": self.physical_resource_id}


PEERS = ("GroupId", "IpProtocol", "FromPort", "ToPort", "CidrIp", "CidrIpv6")


class Ingress(SecurityGroupRule):
    type = "AWS::EC2::SecurityGroupIngress"
    direction = "ingress"
    create_only = (*PEERS, "SourceSecurityGroupId", "SourcePrefixListId")


class Egress(SecurityGroupRule):
    type = "AWS::EC2::SecurityGroupEgress"
    direction = "egress"
    create_only = (*PEERS, "DestinationSecurityGroupId", "DestinationPrefixListId")
