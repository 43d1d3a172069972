use super::{Hooks, SecurityGroup, Vpc, table::resource};
use crate::ir::{Attr, Link};

resource! {
    /// The association of a security group with a VPC other than its own.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroupvpcassociation.html>
    pub struct SecurityGroupVpcAssociation:
        "AWS::EC2::SecurityGroupVpcAssociation" / "aws_vpc_security_group_vpc_association",
        link Attr::by_ref("id"),
        import "GroupId,VpcId" / "{security_group_id},{vpc_id}";
    one {
        /// The security group.
        group: Link<SecurityGroup> = "GroupId" / doc "security_group_id",
        /// The VPC.
        vpc: Link<Vpc> = "VpcId" / doc "vpc_id",
    }
    inert {
        "" / "state" = "AWS sets it",
    }
}

impl Hooks for SecurityGroupVpcAssociation {}
