"""Resource types of IAM."""

from cfn_emulator.engine.api import json_text, subset
from cfn_emulator.engine.resource import Resource, ServiceResource


class Role(Resource):
    type = "AWS::IAM::Role"
    create_only = ("RoleName", "Path")
    plain = ("Description", "MaxSessionDuration")
    updatable = (*plain, "AssumeRolePolicyDocument", "ManagedPolicyArns", "Policies", "PermissionsBoundary", "Tags")

    def create(self, p):
        made = self.api.iam(
            "create_role",
            RoleName=p.get("RoleName", self.generated_name),
            AssumeRolePolicyDocument=json_text(p["AssumeRolePolicyDocument"]),
            **{name: p.get(name) for name in ("Path", *self.plain, "PermissionsBoundary", "Tags")},
        )
        self.physical_resource_id = made["Role"]["RoleName"]
        self.found = {"Arn": made["Role"]["Arn"], "RoleId": made["Role"]["RoleId"]}
        self.policies({}, p)

    def policies(self, old, new):
        role = {"RoleName": self.physical_resource_id}
        before, after = old.get("ManagedPolicyArns", []), new.get("ManagedPolicyArns", [])
        for arn in set(before) - set(after):
            self.api.iam("detach_role_policy", PolicyArn=arn, **role)
        for arn in set(after) - set(before):
            self.api.iam("attach_role_policy", PolicyArn=arn, **role)
        names = [policy["PolicyName"] for policy in new.get("Policies", [])]
        for policy in old.get("Policies", []):
            if policy["PolicyName"] not in names:
                self.api.iam("delete_role_policy", PolicyName=policy["PolicyName"], **role)
        for policy in new.get("Policies", []):
            text = json_text(policy["PolicyDocument"])
            self.api.iam("put_role_policy", PolicyName=policy["PolicyName"], PolicyDocument=text, **role)

    def update(self, new):
        role, old = {"RoleName": self.physical_resource_id}, self.properties
        trust = json_text(new["AssumeRolePolicyDocument"])
        self.api.iam("update_assume_role_policy", PolicyDocument=trust, **role)
        self.api.iam("update_role", **role, **{name: new.get(name) for name in self.plain})
        if old.get("PermissionsBoundary") and not new.get("PermissionsBoundary"):
            self.api.iam("delete_role_permissions_boundary", **role)
        if new.get("PermissionsBoundary"):
            self.api.iam("put_role_permissions_boundary", PermissionsBoundary=new["PermissionsBoundary"], **role)
        if old.get("Tags"):
            self.api.iam("untag_role", TagKeys=[tag["Key"] for tag in old["Tags"]], **role)
        if new.get("Tags"):
            self.api.iam("tag_role", Tags=new["Tags"], **role)
        self.policies(old, new)

    def delete(self):
        self.policies(self.properties, {})
        self.api.iam("delete_role", RoleName=self.physical_resource_id)

    def attributes(self):
        return self.found


class RolePolicy(Resource):
    type = "AWS::IAM::RolePolicy"
    create_only = ("RoleName", "PolicyName")
    updatable = ("PolicyDocument",)

    def create(self, p):
        self.api.iam("put_role_policy", **{**p, "PolicyDocument": json_text(p["PolicyDocument"])})
        self.physical_resource_id = f"{p['PolicyName']}|{p['RoleName']}"

    update = create

    def delete(self):
        names = {name: self.properties[name] for name in self.create_only}
        self.api.iam("delete_role_policy", **names)


class InstanceProfile(Resource):
    type = "AWS::IAM::InstanceProfile"
    create_only = ("InstanceProfileName", "Path")
    updatable = ("Roles",)

    def create(self, p):
        name = p.get("InstanceProfileName", self.generated_name)
        made = self.api.iam("create_instance_profile", InstanceProfileName=name, Path=p.get("Path"))
        self.physical_resource_id = name
        self.found = {"Arn": made["InstanceProfile"]["Arn"]}
        self.roles([], p.get("Roles", []))

    def roles(self, old, new):
        for operation, roles in (
            ("remove_role_from_instance_profile", set(old) - set(new)),
            ("add_role_to_instance_profile", set(new) - set(old)),
        ):
            for role in roles:
                self.api.iam(operation, InstanceProfileName=self.physical_resource_id, RoleName=role)

    def update(self, new):
        self.roles(self.properties.get("Roles", []), new.get("Roles", []))

    def delete(self):
        self.roles(self.properties.get("Roles", []), [])
        self.api.iam("delete_instance_profile", InstanceProfileName=self.physical_resource_id)

    def attributes(self):
        return self.found


class ManagedPolicy(ServiceResource):
    type = "AWS::IAM::ManagedPolicy"
    service = "iam"
    create_only = ("ManagedPolicyName", "Description", "Path")
    updatable = ("PolicyDocument", "Roles")

    def create(self, p):
        made = self.api_call(
            "create_policy",
            PolicyName=p.get("ManagedPolicyName", self.generated_name),
            PolicyDocument=json_text(p["PolicyDocument"]),
            **subset(p, "Description", "Path"),
        )
        self.physical_resource_id = made["Policy"]["Arn"]
        self.roles([], p.get("Roles", []))

    def roles(self, old, new):
        for operation, names in (
            ("detach_role_policy", set(old) - set(new)),
            ("attach_role_policy", set(new) - set(old)),
        ):
            for name in sorted(names):
                self.api_call(operation, RoleName=name, PolicyArn=self.physical_resource_id)

    def versions(self):
        found = self.api_call("list_policy_versions", PolicyArn=self.physical_resource_id)["Versions"]
        return [it["VersionId"] for it in found if not it["IsDefaultVersion"]]

    def drop(self, versions):
        for version in versions:
            self.api_call("delete_policy_version", PolicyArn=self.physical_resource_id, VersionId=version)

    def update(self, new):
        if self.properties["PolicyDocument"] != new["PolicyDocument"]:
            text = json_text(new["PolicyDocument"])
            self.drop(self.versions())
            arn = self.physical_resource_id
            self.api_call("create_policy_version", PolicyArn=arn, PolicyDocument=text, SetAsDefault=True)
        self.roles(self.properties.get("Roles", []), new.get("Roles", []))

    def delete(self):
        self.roles(self.properties.get("Roles", []), [])
        self.drop(self.versions())
        self.api_call("delete_policy", PolicyArn=self.physical_resource_id)

    def attributes(self):
        return {"PolicyArn": self.physical_resource_id}
