"""Resource types of EC2 instances and launch templates."""

import base64

from moto.cloudformation.exceptions import ValidationError

from cfn_emulator.engine.api import is_true, tag_specifications
from cfn_emulator.engine.resource import Resource


class LaunchTemplate(Resource):
    type = "AWS::EC2::LaunchTemplate"
    create_only = ("LaunchTemplateName",)
    updatable = ("LaunchTemplateData", "VersionDescription", "TagSpecifications")

    def create(self, p):
        name = p.get("LaunchTemplateName", self.generated_name)
        made = self.api.ec2("create_launch_template", **{**p, "LaunchTemplateName": name})
        self.physical_resource_id = made["LaunchTemplate"]["LaunchTemplateId"]

    def update(self, new):
        version = ("LaunchTemplateData", "VersionDescription")
        if any(self.properties.get(name) != new.get(name) for name in version):
            self.api.ec2(
                "create_launch_template_version",
                LaunchTemplateId=self.physical_resource_id,
                **{name: new.get(name) for name in version},
            )
        old, new = (
            [tag for part in p.get("TagSpecifications", []) for tag in part.get("Tags", [])] for p in (self.properties, new)
        )
        self.retag(old, new)

    def delete(self):
        self.api.ec2("delete_launch_template", LaunchTemplateId=self.physical_resource_id)

    def attributes(self):
        found = self.api.ec2("describe_launch_templates", LaunchTemplateIds=[self.physical_resource_id])
        template = found["LaunchTemplates"][0]
        return {
            "LaunchTemplateId": self.physical_resource_id,
            "LatestVersionNumber": str(template["LatestVersionNumber"]),
            "DefaultVersionNumber": str(template["DefaultVersionNumber"]),
        }


class Instance(Resource):
    type = "AWS::EC2::Instance"
    # In BlockDeviceMappings AWS updates only DeleteOnTermination in place, which is not emulated.
    create_only = (
        *("ImageId", "SubnetId", "KeyName", "PrivateIpAddress", "LaunchTemplate", "BlockDeviceMappings"),
        "PropagateTagsToVolumeOnCreation",
    )
    attributes_of_api = ("InstanceType", "EbsOptimized", "DisableApiTermination")
    updatable = (
        *attributes_of_api,
        *("SecurityGroupIds", "MetadataOptions", "Monitoring", "IamInstanceProfile", "UserData", "Tags"),
    )

    def create(self, p):
        p = dict(p)
        tags = p.pop("Tags", [])
        volume_tags = tags if is_true(p.pop("PropagateTagsToVolumeOnCreation", False)) else []
        request = {
            "TagSpecifications": (tag_specifications("instance", tags) or [])
            + (tag_specifications("volume", volume_tags) or [])
            or None
        }
        if "IamInstanceProfile" in p:
            request["IamInstanceProfile"] = {"Name": p.pop("IamInstanceProfile")}
        if "Monitoring" in p:
            request["Monitoring"] = {"Enabled": is_true(p.pop("Monitoring"))}
        if "UserData" in p:
            # The SDK encodes the user data of RunInstances.
            request["UserData"] = base64.b64decode(p.pop("UserData"), validate=True)
        made = self.api.ec2("run_instances", MinCount=1, MaxCount=1, **p, **request)
        self.physical_resource_id = made["Instances"][0]["InstanceId"]

    def update(self, new):
        super().update(new)
        mine, old = {"InstanceId": self.physical_resource_id}, self.properties
        changed = {name for name in self.updatable if old.get(name) != new.get(name)} - {"Tags"}
        for name in changed & set(self.attributes_of_api):
            self.api.ec2("modify_instance_attribute", **mine, **{name: {"Value": new.get(name, "false")}})
        if "SecurityGroupIds" in changed:
            self.api.ec2("modify_instance_attribute", **mine, Groups=new["SecurityGroupIds"])
        if "UserData" in changed:
            data = {"Value": base64.b64decode(new.get("UserData", ""))}
            self.api.ec2("modify_instance_attribute", **mine, UserData=data)
        if "MetadataOptions" in changed:
            self.api.ec2("modify_instance_metadata_options", **mine, **new.get("MetadataOptions", {}))
        if "Monitoring" in changed:
            verb = "monitor_instances" if is_true(new.get("Monitoring", False)) else "unmonitor_instances"
            self.api.ec2(verb, InstanceIds=[self.physical_resource_id])
        if "IamInstanceProfile" in changed:
            raise ValidationError(message="A change of IamInstanceProfile is not emulated")

    def delete(self):
        self.api.ec2("terminate_instances", InstanceIds=[self.physical_resource_id])

    def attributes(self):
        found = self.api.ec2("describe_instances", InstanceIds=[self.physical_resource_id])
        instance = found["Reservations"][0]["Instances"][0]
        return {
            "InstanceId": self.physical_resource_id,
            "PrivateIp": instance["PrivateIpAddress"],
            "PrivateDnsName": instance["PrivateDnsName"],
            "AvailabilityZone": instance["Placement"]["AvailabilityZone"],
            "VpcId": instance["VpcId"],
        }
