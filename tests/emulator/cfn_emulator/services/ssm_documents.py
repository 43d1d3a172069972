"""Systems Manager documents: reserved names, session types, versions and the parameters of AWS's own documents.

Of AWS's own documents the emulator knows only the names and parameters in `DOCUMENTS`.
"""

import re

from moto.ssm.exceptions import ValidationException
from moto.ssm.models import SimpleSystemManagerBackend

from cfn_emulator.moto_patch import replaces
from cfn_emulator.services.ssm_store import SSM, raise_error

PATCHING = "Operation SnapshotId InstallOverrideList BaselineOverride RebootOption".split()
DOCUMENTS = {
    "AWS-UpdateSSMAgent": ["version", "allowDowngrade"],
    "AWS-RunPatchBaseline": PATCHING,
    "AWS-RunPatchBaselineWithHooks": [
        *PATCHING,
        "PreInstallHookDocName",
        "PostInstallHookDocName",
        "OnExitHookDocName",
    ],
    "AWS-RunPatchBaselineAssociation": [*PATCHING, "BaselineTags", "AssociationId"],
    "AWS-GatherSoftwareInventory": (
        "applications awsComponents files networkConfig windowsUpdates instanceDetailedInformation services"
        " windowsRegistry windowsRoles customInventory billingInfo"
    ).split(),
    "AWS-RunShellScript": ["commands", "workingDirectory", "executionTimeout"],
    "AWS-RunPowerShellScript": ["commands", "workingDirectory", "executionTimeout"],
    "AWS-ConfigureAWSPackage": ["action", "installationType", "name", "version", "additionalArguments"],
    "AmazonCloudWatch-ManageAgent": [
        *("action", "mode", "optionalConfigurationSource", "optionalConfigurationLocation"),
        *("optionalOpenTelemetryCollectorConfigurationSource", "optionalRestart"),
    ],
}
SESSION_TYPES = ("Standard_Stream", "Port", "InteractiveCommands", "NonInteractiveCommands")


@replaces(SSM, "create_document")
def create_document(self):
    """Creates a document; rejects reserved names and session documents without a valid session type."""
    name, kind = self._get_param("Name"), self._get_param("DocumentType")
    if re.match(r"(?i)(aws|amazon|amzn|awsec2|awsconfigremediation|awssupport)", name):
        raise ValidationException(f"Invalid document name {name}: the prefix is reserved")
    result = create_document.original(self)
    document = self.ssm_backend._documents[name].get_default_version()
    if kind == "Session":
        content = document.content_json
        if document.schema_version != "1.0" or content.get("sessionType") not in SESSION_TYPES:
            del self.ssm_backend._documents[name]
            raise_error("InvalidDocumentContent", "The content of a session document needs a sessionType and schema 1.0")
    return result


@replaces(SimpleSystemManagerBackend, "update_document")
def update_document(self, content, attachments, name, *args, **kwargs):
    """Rejects only the content of the latest version (moto: of any version), so that a document can be changed back."""
    documents = self._documents.get(name)
    if documents is None:
        return update_document.original(self, content, attachments, name, *args, **kwargs)
    versions, default = documents.versions, documents.default_version
    latest = documents.get_latest_version()
    documents.versions, documents.default_version = {latest.document_version: latest}, latest.document_version
    try:
        return update_document.original(self, content, attachments, name, *args, **kwargs)
    finally:
        documents.versions, documents.default_version = {**versions, **documents.versions}, default


def check_document(self, name, parameters, targets_of_automation=None):
    """Checks that a document exists and accepts the parameters, which must be lists."""
    own = self.ssm_backend._documents.get(name)
    if own:
        document = own.get_default_version()
        known = {it["Name"]: it for it in document.parameter_list or []}
        names = list(known)
        missing = [it for it in names if "DefaultValue" not in known[it] and it not in (parameters or {})]
        if missing and document.document_type == "Command":
            raise_error("InvalidParameters", f"The parameters {', '.join(missing)} need values")
    elif name in DOCUMENTS:
        names = DOCUMENTS[name]
    else:
        return raise_error("InvalidDocument", f"Document with name {name} does not exist.")
    unknown = sorted(set(parameters or {}) - set(names))
    if unknown:
        raise_error("InvalidParameters", f"Document {name} has no parameters {', '.join(unknown)}")
    for value in (parameters or {}).values():
        if not isinstance(value, list):
            raise_error("SerializationException", "Start of list expected")
