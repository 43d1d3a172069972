"""The resource types, by service.

Each type translates its properties into calls of the public API of this server. The state therefore results from the
same code that serves Terraform. A property or type without a translation is an error.
"""

from cfn_emulator.resources import (  # noqa: F401 (each module registers its types)
    cloudformation,
    cloudtrail,
    cloudwatch,
    config,
    ec2_instances,
    ec2_internet,
    ec2_network,
    ec2_security_groups,
    elbv2,
    events,
    iam,
    kms,
    logs,
    s3,
    sns,
    sqs,
    ssm,
)
