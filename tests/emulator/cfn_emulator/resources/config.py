"""Resource types of AWS Config."""

from cfn_emulator.engine.api import json_text
from cfn_emulator.engine.resource import ServiceResource


class ConfigRule(ServiceResource):
    """A rule. On AWS it requires a recorder; the emulator does not check for one."""

    type = "AWS::Config::ConfigRule"
    service = "config"
    create_only = ("ConfigRuleName",)
    updatable = ("Description", "InputParameters", "MaximumExecutionFrequency", "Scope", "Source", "EvaluationModes")

    def create(self, p):
        name = self.physical_resource_id or p.get("ConfigRuleName", self.generated_name)
        rule = {**p, "ConfigRuleName": name}
        if "InputParameters" in p:
            rule["InputParameters"] = json_text(p["InputParameters"])
        self.api_call("put_config_rule", ConfigRule=rule)
        self.physical_resource_id = name

    update = create

    def delete(self):
        self.api_call("delete_config_rule", ConfigRuleName=self.physical_resource_id)

    def attributes(self):
        found = self.api_call("describe_config_rules", ConfigRuleNames=[self.physical_resource_id])["ConfigRules"][0]
        return {"Arn": found["ConfigRuleArn"], "ConfigRuleId": found["ConfigRuleId"]}
