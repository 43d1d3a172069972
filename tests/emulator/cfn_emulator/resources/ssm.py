"""Resource types of Systems Manager."""

from cfn_emulator.engine.api import is_true, json_text, rename_members, subset
from cfn_emulator.engine.resource import ServiceResource


class SsmResource(ServiceResource):
    service = "ssm"
    kind = ""

    def tag(self, tags):
        listed = self.listed(tags)
        self.api_call("add_tags_to_resource", ResourceType=self.kind, ResourceId=self.physical_resource_id, Tags=listed)

    def untag(self, keys):
        me = {"ResourceType": self.kind, "ResourceId": self.physical_resource_id}
        self.api_call("remove_tags_from_resource", TagKeys=keys, **me)


class Document(SsmResource):
    """A document. With UpdateMethod Replace, the default, changed content replaces it, which a custom name prevents."""

    type = "AWS::SSM::Document"
    kind = "Document"
    content = ("Content", "Attachments", "VersionName", "DocumentFormat", "TargetType", "Requires")
    updatable = ("UpdateMethod", "Tags", *content, "Name", "DocumentType")

    @property
    def create_only(self):
        replaces = self.properties.get("UpdateMethod", "Replace") == "Replace"
        return ("Name", "DocumentType", *(self.content if replaces else ()))

    def body(self, p):
        return json_text(p["Content"])

    def create(self, p):
        name = p.get("Name", self.generated_name)
        self.api_call(
            "create_document",
            Name=name,
            Content=self.body(p),
            DocumentType=p.get("DocumentType"),
            Tags=p.get("Tags"),
            **subset(p, "Attachments", "VersionName", "DocumentFormat", "TargetType", "Requires"),
        )
        self.physical_resource_id = name

    def update(self, new):
        """Creates a new version and sets it as the default version."""
        if any(self.properties.get(name) != new.get(name) for name in self.content):
            made = self.api_call(
                "update_document",
                Name=self.physical_resource_id,
                Content=self.body(new),
                DocumentVersion="$LATEST",
                **subset(new, "Attachments", "VersionName", "DocumentFormat", "TargetType"),
            )
            version = made["DocumentDescription"]["DocumentVersion"]
            name = self.physical_resource_id
            self.api_call("update_document_default_version", Name=name, DocumentVersion=version)
        self.replace_tags(new)

    def delete(self):
        self.api_call("delete_document", Name=self.physical_resource_id)


class Association(SsmResource):
    """An association. WaitForSuccessTimeoutSeconds is accepted; each association succeeds at once."""

    type = "AWS::SSM::Association"
    kind = "Association"
    plain = (
        *("Name", "ApplyOnlyAtCronInterval", "AssociationName", "AutomationTargetParameterName", "CalendarNames"),
        *("ComplianceSeverity", "DocumentVersion", "MaxConcurrency", "MaxErrors", "OutputLocation", "Parameters"),
        *("ScheduleExpression", "ScheduleOffset", "SyncCompliance", "Targets"),
    )
    updatable = (*plain, "InstanceId", "WaitForSuccessTimeoutSeconds")

    def create(self, p):
        made = self.api_call("create_association", **subset(p, *self.plain, "InstanceId"))
        self.physical_resource_id = made["AssociationDescription"]["AssociationId"]

    def update(self, new):
        self.reject_changes(new, "InstanceId")
        self.api_call("update_association", AssociationId=self.physical_resource_id, **subset(new, *self.plain))

    def delete(self):
        self.api_call("delete_association", AssociationId=self.physical_resource_id)

    def attributes(self):
        return {"AssociationId": self.physical_resource_id}


class PatchBaseline(SsmResource):
    type = "AWS::SSM::PatchBaseline"
    kind = "PatchBaseline"
    create_only = ("OperatingSystem",)
    plain = (
        *("Name", "Description", "ApprovalRules", "ApprovedPatches", "ApprovedPatchesComplianceLevel"),
        *("ApprovedPatchesEnableNonSecurity", "GlobalFilters", "RejectedPatches", "RejectedPatchesAction", "Sources"),
        "AvailableSecurityUpdatesComplianceStatus",
    )
    updatable = (*plain, "PatchGroups", "DefaultBaseline", "Tags")

    def create(self, p):
        made = self.api_call("create_patch_baseline", **subset(p, *self.plain, "OperatingSystem", "Tags"))
        self.physical_resource_id = made["BaselineId"]
        self.registrations({}, p)

    def registrations(self, old, new):
        me = {"BaselineId": self.physical_resource_id}
        before, after = set(old.get("PatchGroups", [])), set(new.get("PatchGroups", []))
        for group in sorted(before - after):
            self.api_call("deregister_patch_baseline_for_patch_group", PatchGroup=group, **me)
        for group in sorted(after - before):
            self.api_call("register_patch_baseline_for_patch_group", PatchGroup=group, **me)
        before, after = (is_true(p.get("DefaultBaseline", False)) for p in (old, new))
        if after and not before:
            self.api_call("register_default_patch_baseline", **me)
        elif before and not after:
            self.api_call("register_default_patch_baseline", BaselineId=self.aws_default())

    def aws_default(self):
        system = self.properties.get("OperatingSystem", "WINDOWS")
        wanted = [{"Key": "OWNER", "Values": ["AWS"]}, {"Key": "OPERATING_SYSTEM", "Values": [system]}]
        return self.api_call("describe_patch_baselines", Filters=wanted)["BaselineIdentities"][0]["BaselineId"]

    def update(self, new):
        baseline = subset(new, *self.plain)
        self.api_call("update_patch_baseline", BaselineId=self.physical_resource_id, Replace=True, **baseline)
        self.registrations(self.properties, new)
        self.replace_tags(new)

    def delete(self):
        self.registrations(self.properties, {})
        self.api_call("delete_patch_baseline", BaselineId=self.physical_resource_id)

    def attributes(self):
        return {"Id": self.physical_resource_id}


class MaintenanceWindow(SsmResource):
    type = "AWS::SSM::MaintenanceWindow"
    kind = "MaintenanceWindow"
    plain = (
        *("Name", "Description", "AllowUnassociatedTargets", "Cutoff", "Duration", "Schedule", "ScheduleOffset"),
        *("ScheduleTimezone", "StartDate", "EndDate"),
    )
    updatable = (*plain, "Tags")

    def create(self, p):
        made = self.api_call("create_maintenance_window", **subset(p, *self.plain, "Tags"))
        self.physical_resource_id = made["WindowId"]

    def update(self, new):
        window = subset(new, *self.plain)
        self.api_call("update_maintenance_window", WindowId=self.physical_resource_id, Replace=True, **window)
        self.replace_tags(new)

    def delete(self):
        self.api_call("delete_maintenance_window", WindowId=self.physical_resource_id)

    def attributes(self):
        return {"WindowId": self.physical_resource_id}


class MaintenanceWindowTarget(SsmResource):
    type = "AWS::SSM::MaintenanceWindowTarget"
    create_only = ("WindowId",)
    plain = ("Name", "Description", "OwnerInformation", "Targets")
    updatable = (*plain, "ResourceType")

    def create(self, p):
        made = self.api_call("register_target_with_maintenance_window", **p)
        self.physical_resource_id = made["WindowTargetId"]

    def me(self):
        return {"WindowId": self.properties["WindowId"], "WindowTargetId": self.physical_resource_id}

    def update(self, new):
        self.reject_changes(new, "ResourceType")
        self.api_call("update_maintenance_window_target", Replace=True, **self.me(), **subset(new, *self.plain))

    def delete(self):
        self.api_call("deregister_target_from_maintenance_window", **self.me())

    def attributes(self):
        return {"WindowTargetId": self.physical_resource_id}


class MaintenanceWindowTask(SsmResource):
    type = "AWS::SSM::MaintenanceWindowTask"
    create_only = ("WindowId", "TaskType")
    updatable = (
        *("Name", "Description", "CutoffBehavior", "LoggingInfo", "MaxConcurrency", "MaxErrors", "Priority"),
        *("ServiceRoleArn", "Targets", "TaskArn", "TaskInvocationParameters", "TaskParameters"),
    )
    kinds = {
        "MaintenanceWindowRunCommandParameters": "RunCommand",
        "MaintenanceWindowAutomationParameters": "Automation",
        "MaintenanceWindowStepFunctionsParameters": "StepFunctions",
        "MaintenanceWindowLambdaParameters": "Lambda",
    }

    def request(self, p):
        p = dict(p)
        if "TaskInvocationParameters" in p:
            p["TaskInvocationParameters"] = rename_members(p["TaskInvocationParameters"], self.kinds)
        return {**p, "Priority": p.get("Priority")}

    def create(self, p):
        made = self.api_call("register_task_with_maintenance_window", **self.request(p))
        self.physical_resource_id = made["WindowTaskId"]

    def me(self):
        return {"WindowId": self.properties["WindowId"], "WindowTaskId": self.physical_resource_id}

    def update(self, new):
        wanted = subset(self.request(new), *self.updatable)
        self.api_call("update_maintenance_window_task", Replace=True, **self.me(), **wanted)

    def delete(self):
        self.api_call("deregister_task_from_maintenance_window", **self.me())

    def attributes(self):
        return {"WindowTaskId": self.physical_resource_id}


class Parameter(SsmResource):
    """A parameter. Its tags are a map, and only a new one accepts them."""

    type = "AWS::SSM::Parameter"
    kind = "Parameter"
    create_only = ("Name",)
    updatable = ("Type", "Value", "Description", "Tags")
    has_map_of_tags = True

    def create(self, p):
        self.physical_resource_id = p.get("Name", self.generated_name)
        tags = p.get("Tags")
        self.put(p, **({"Tags": self.listed(tags)} if tags else {}))

    def put(self, p, **more):
        wanted = {key: value for key, value in p.items() if key != "Tags"}
        self.api_call("put_parameter", **{**wanted, "Name": self.physical_resource_id}, **more)

    def update(self, new):
        self.put(new, Overwrite=True)
        self.retag(*(self.listed(it.get("Tags", {})) for it in (self.properties, new)))

    def delete(self):
        self.api_call("delete_parameter", Name=self.physical_resource_id)

    def attributes(self):
        return {"Type": self.properties["Type"], "Value": self.properties["Value"]}
