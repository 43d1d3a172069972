"""Reads roles, instance profiles and customer managed policies."""

from account_state.forms import Set, explicit, policy, tags_of


class Iam:
    """The part of `State` that reads IAM."""

    def read_iam(self):
        iam = self.emulator.client("iam")
        for role in self.emulator.list_all("iam", "list_roles", "Roles"):
            name = {"RoleName": role["RoleName"]}
            role = iam.get_role(**name)["Role"]
            inline = {
                explicit(policy_name): policy(iam.get_role_policy(PolicyName=policy_name, **name)["PolicyDocument"])
                for policy_name in self.emulator.list_all("iam", "list_role_policies", "PolicyNames", **name)
            }
            attached = self.emulator.list_all("iam", "list_attached_role_policies", "AttachedPolicies", **name)
            facts = {
                "path": role["Path"],
                "name": explicit(role["RoleName"]),
                "description": role.get("Description") or "",
                "session": role["MaxSessionDuration"],
                "trust": policy(role["AssumeRolePolicyDocument"]),
                "attached": Set(found["PolicyArn"] for found in attached),
                "inline": inline,
                "boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
                "tags": tags_of(role),
            }
            label = tags_of(role).get("Name", "") or facts["name"]
            self.add("role", [role["Arn"], *self.generated(role["RoleName"])], label, facts)
        for profile in self.emulator.list_all("iam", "list_instance_profiles", "InstanceProfiles"):
            facts = {
                "path": profile["Path"],
                "name": explicit(profile["InstanceProfileName"]),
                "roles": [role["Arn"] for role in profile["Roles"]],
                "tags": tags_of(profile),
            }
            ids = [profile["Arn"], *self.generated(profile["InstanceProfileName"])]
            self.add("profile", ids, facts["name"], facts)
        for found in self.emulator.list_all("iam", "list_policies", "Policies", Scope="Local"):
            version = iam.get_policy_version(PolicyArn=found["Arn"], VersionId=found["DefaultVersionId"])
            facts = {
                "path": found["Path"],
                "name": explicit(found["PolicyName"]),
                "description": found.get("Description") or "",
                "document": policy(version["PolicyVersion"]["Document"]),
            }
            self.add("policy", [found["Arn"]], facts["name"], facts)
