"""EC2 security group rules: descriptions, prefix lists and updates of whole rules."""

from moto.ec2.exceptions import InvalidSecurityGroupRuleIdNotFoundError
from moto.ec2.models import security_groups as groups

from cfn_emulator.moto_patch import replaces

RULE = groups.SecurityGroupRule


@replaces(RULE, "__init__")
def rule_init(self, *args, **kwargs):
    rule_init.original(self, *args, **kwargs)
    prefix_list = kwargs.get("prefix_list_id") or (args[7] if len(args) > 7 else None) or {}
    self.prefix_list_description = prefix_list.get("Description")


def rule_key(rule):
    return (
        rule.ip_protocol,
        rule.from_port,
        rule.to_port,
        rule.ip_range.get("CidrIp"),
        rule.ip_range.get("CidrIpv6"),
        rule.source_group.get("GroupId"),
        rule.prefix_list_id,
    )


@replaces(RULE, "__eq__")
def rule_eq(self, other):
    """Compares rules without their descriptions, as EC2 does (moto compares descriptions of security groups)."""
    return rule_key(self) == rule_key(other)


RULE.description = property(
    lambda self: self.ip_range.get("Description") or self.source_group.get("Description") or self.prefix_list_description
)


@replaces(groups.SecurityGroup, "_flattened_rules")
def flattened_rules(self, rules):
    views = flattened_rules.original(self, rules)
    for view in views:
        for entry in view.prefix_list_ids:
            for rule in rules:
                if rule.prefix_list_id == entry["PrefixListId"] and rule.from_port == view.from_port:
                    if rule.to_port == view.to_port and rule.ip_protocol == view.ip_protocol and rule.description:
                        entry["Description"] = rule.description
    return views


@replaces(groups.SecurityGroupBackend, "_sg_update_description")
def sg_update_description(self, wanted, rule):
    set_description(rule, wanted.description)


def set_description(rule, text):
    if rule.prefix_list_id:
        rule.prefix_list_description = text
    else:
        (rule.source_group or rule.ip_range)["Description"] = text


@replaces(groups.SecurityGroupBackend, "modify_security_group_rules")
def modify_security_group_rules(self, group_id, rules):
    """Replaces the whole rule (moto ignores security groups, prefix lists and their descriptions)."""
    group = self.get_security_group_by_name_or_id(group_id)
    for rule_id, wanted in rules.items():
        rule = group.get_rule(rule_id)
        if rule is None:
            raise InvalidSecurityGroupRuleIdNotFoundError(rule_id)
        rule.ip_protocol = wanted["IpProtocol"]
        all_ports = rule.ip_protocol == "-1"
        rule.from_port = None if all_ports else int(wanted["FromPort"])
        rule.to_port = None if all_ports else int(wanted["ToPort"])
        peers = {"CidrIp": wanted.get("CidrIpv4"), "CidrIpv6": wanted.get("CidrIpv6")}
        rule.ip_range = {k: v for k, v in peers.items() if v}
        rule.prefix_list_id = wanted.get("PrefixListId")
        group_peer = wanted.get("ReferencedGroupId")
        account = self.account_id
        rule.source_group = {"GroupId": group_peer, "OwnerId": account, "UserId": account} if group_peer else {}
        rule.prefix_list_description = None
        if wanted.get("Description") is not None:
            set_description(rule, wanted["Description"])
