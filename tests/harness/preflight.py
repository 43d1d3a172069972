"""The rules of cdk-preflight, run by the engine of AWS's validator for templates."""

import importlib
import json
import tarfile
import zipfile

from harness.outcomes import Skip
from harness.program import downloaded_wheel

PREFLIGHT = "cdk-preflight==1.9.1"


def package(name):
    """Returns a Python package of tests/emulator/requirements.txt."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise Skip(f"`{name}` is not installed; see tests/emulator/requirements.txt") from None


def rules_of(wheel):
    """Returns the rules and the modules that they share: JSON in the JavaScript of the package."""
    with zipfile.ZipFile(wheel) as files:
        archive = next(name for name in files.namelist() if name.endswith(".jsii.tgz"))
        with files.open(archive) as packed, tarfile.open(fileobj=packed) as found:
            text = found.extractfile("package/lib/rules.generated.js").read().decode()
    starts = (text.index(f"exports.{name} = [") for name in ("BUNDLED_RULES", "BUNDLED_LIBS"))
    return [json.JSONDecoder().raw_decode(text, text.index("[", start))[0] for start in starts]


class Preflight:
    """The rules for some resource types; `folder` receives the package."""

    def __init__(self, folder, types):
        self.validate = package("cloudformation_validate")
        rules, libraries = rules_of(downloaded_wheel(folder / "preflight", PREFLIGHT))
        # The rules for other types can find nothing, and compile for seconds.
        rules = [it for it in rules if not it.get("resourceTypes") or set(types) & set(it["resourceTypes"])]
        sources = [self.source(it["name"], it) for it in libraries] + [self.source(it["id"], it) for it in rules]
        self.engine = self.validate.RegoEngine(self.validate.EngineConfig(custom_rules=sources))
        self.names = {it["id"] for it in rules}

    def source(self, name, rule):
        return self.validate.ExternalRuleSource(name=name, content=rule["rego"])

    def findings(self, text):
        """Returns a line for each finding in a template."""
        found = self.engine.validate_template(self.validate.TemplateContent(text)).diagnostics
        return [
            f"{it.rule_id} {it.entity and it.entity.logical_id}: {it.message}" for it in found if it.rule_id in self.names
        ]


def types_of(templates):
    """Returns the resource types in templates."""
    return {it["Type"] for text in templates for it in json.loads(text)["Resources"].values()}
