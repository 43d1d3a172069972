"""Reads documents, associations, patch baselines and maintenance windows."""

import json

from account_state.forms import Set, clean, explicit, tags_of, targets_form, without


class Ssm:
    """The part of `State` that reads Systems Manager."""

    def read_ssm(self):
        self.read_documents()
        self.read_associations()
        self.read_patching()
        self.read_windows()

    def ssm_tags(self, kind, identifier):
        found = self.emulator.client("ssm").list_tags_for_resource(ResourceType=kind, ResourceId=identifier)
        return tags_of(found, "TagList")

    def read_documents(self):
        ssm = self.emulator.client("ssm")
        for found in self.emulator.list_all("ssm", "list_documents", "DocumentIdentifiers"):
            name = found["Name"]
            described = ssm.describe_document(Name=name)["Document"]
            content = ssm.get_document(Name=name, DocumentFormat="JSON")["Content"]
            facts = {
                "name": explicit(name),
                "type": described["DocumentType"],
                "format": described["DocumentFormat"],
                "target type": described.get("TargetType"),
                "content": json.loads(content),
                "latest version is the default": described["LatestVersion"] == described["DefaultVersion"],
                "tags": self.ssm_tags("Document", name),
            }
            self.add("document", self.generated(name), facts["name"], facts)

    def read_associations(self):
        ssm = self.emulator.client("ssm")
        for found in self.emulator.list_all("ssm", "list_associations", "Associations"):
            identifier = found["AssociationId"]
            whole = ssm.describe_association(AssociationId=identifier)["AssociationDescription"]
            facts = {
                **without(whole, "AssociationId", "AssociationVersion", "Date", "LastUpdateAssociationDate", "Overview"),
                "Targets": targets_form(whole.get("Targets")),
                "tags": self.ssm_tags("Association", identifier),
            }
            name = whole.get("AssociationName", whole["Name"])
            self.add("association", [identifier], name, clean(facts))

    def read_patching(self):
        """Reads the account's own baselines with their patch groups."""
        ssm = self.emulator.client("ssm")
        own = [{"Key": "OWNER", "Values": ["Self"]}]
        for found in self.emulator.list_all("ssm", "describe_patch_baselines", "BaselineIdentities", Filters=own):
            identifier = found["BaselineId"]
            whole = ssm.get_patch_baseline(BaselineId=identifier)
            rules = [
                {**rule, "PatchFilterGroup": targets_of_patches(rule["PatchFilterGroup"])}
                for rule in whole["ApprovalRules"]["PatchRules"]
            ]
            facts = {
                **without(whole, "BaselineId", "CreatedDate", "ModifiedDate"),
                "ApprovalRules": rules,
                "GlobalFilters": targets_of_patches(whole["GlobalFilters"]),
                "PatchGroups": Set(whole.get("PatchGroups", [])),
                "default": found["DefaultBaseline"],
                "tags": self.ssm_tags("PatchBaseline", identifier),
            }
            self.add("baseline", [identifier], whole["Name"], clean(facts))

    def read_windows(self):
        ssm = self.emulator.client("ssm")
        for found in self.emulator.list_all("ssm", "describe_maintenance_windows", "WindowIdentities"):
            identifier = found["WindowId"]
            whole = ssm.get_maintenance_window(WindowId=identifier)
            facts = without(whole, "WindowId", "CreatedDate", "ModifiedDate", "NextExecutionTime")
            facts["tags"] = self.ssm_tags("MaintenanceWindow", identifier)
            self.add("window", [identifier], whole["Name"], clean(facts))
            me = {"WindowId": identifier}
            for target in self.emulator.list_all("ssm", "describe_maintenance_window_targets", "Targets", **me):
                facts = {**without(target, "WindowTargetId"), "Targets": targets_form(target["Targets"])}
                self.add("window target", [target["WindowTargetId"]], target.get("Name", ""), clean(facts))
            for task in self.emulator.list_all("ssm", "describe_maintenance_window_tasks", "Tasks", **me):
                whole = ssm.get_maintenance_window_task(WindowTaskId=task["WindowTaskId"], **me)
                facts = {**without(whole, "WindowTaskId"), "Targets": targets_form(whole.get("Targets"))}
                self.add("window task", [task["WindowTaskId"]], task.get("Name", ""), clean(facts))


def targets_of_patches(group):
    return Set({"key": it["Key"], "values": Set(it["Values"])} for it in group.get("PatchFilters", []))
