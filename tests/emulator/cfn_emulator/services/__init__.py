"""Corrections of moto (5.2.1), by service.

Each module replaces or adds operations so that they do what the service's API documents. Nothing here depends on the caller:
CloudFormation and Terraform go through the same code.
"""

from cfn_emulator.services import (  # noqa: F401 (each module installs its operations)
    cloudtrail,
    ec2_instances,
    ec2_network,
    ec2_security_groups,
    iam_simulation,
    kms,
    logs,
    s3,
    sns,
    ssm_agents,
    ssm_associations,
    ssm_documents,
    ssm_maintenance_windows,
    ssm_parameters,
    ssm_patching,
)
