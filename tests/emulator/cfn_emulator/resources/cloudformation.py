"""Resource types of CloudFormation: nested stacks."""

from moto.cloudformation.exceptions import ValidationError

from cfn_emulator.control_plane.stack import STACK
from cfn_emulator.engine.resource import ServiceResource


class NestedStack(ServiceResource):
    """A nested stack. Requires an asynchronous operation: a synchronous one holds the lock that the nested one waits for."""

    type = STACK
    service = "cloudformation"
    updatable = ("TemplateURL", "Parameters", "Tags")

    def create(self, p):
        listed = [{"ParameterKey": key, "ParameterValue": value} for key, value in p.get("Parameters", {}).items()]
        request = {"TemplateURL": p["TemplateURL"], "Parameters": listed, "Tags": p.get("Tags")}
        made = self.api_call("create_stack", StackName=self.generated_name, Capabilities=["CAPABILITY_NAMED_IAM"], **request)
        self.physical_resource_id = made["StackId"]

    def stack_description(self):
        return self.api_call("describe_stacks", StackName=self.physical_resource_id)["Stacks"][0]

    def update(self, new):
        raise ValidationError(message="Updates of nested stacks are not emulated")

    def delete(self):
        self.api_call("delete_stack", StackName=self.physical_resource_id)
        waiter = self.api.clients["cloudformation"].get_waiter("stack_delete_complete")
        waiter.wait(StackName=self.physical_resource_id, WaiterConfig={"Delay": 1})

    def attributes(self):
        return {f"Outputs.{it['OutputKey']}": it["OutputValue"] for it in self.stack_description().get("Outputs", [])}
