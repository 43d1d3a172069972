use super::table::{nested, resource};
use super::{Eip, Hooks, Node, Subnet, Tags, Vpc, tagged};
use crate::ir::{Attr, Diagnostics, Expr, Link, Text, Value, words};

words! {
    /// The connectivity type of a NAT gateway.
    #[non_exhaustive]
    pub enum ConnectivityType {
        /// To the internet, from a public subnet.
        Public = "public",
        /// To other private networks only.
        Private = "private",
    }
}

words! {
    /// The availability of a NAT gateway.
    #[non_exhaustive]
    pub enum AvailabilityMode {
        /// In the Availability Zone of its subnet.
        Zonal = "zonal",
        /// In every Availability Zone of the VPC, without a subnet.
        Regional = "regional",
    }
}

nested! {
    /// The Elastic IP addresses of a regional NAT gateway in an Availability Zone.
    pub struct AvailabilityZoneAddress
    opt {
        /// The name of the Availability Zone. Default: set by its ID.
        availability_zone: Value<Text> = "AvailabilityZone" / "",
        /// The ID of the Availability Zone. Default: set by its name.
        availability_zone_id: Value<Text> = "AvailabilityZoneId" / "",
    }
    many {
        /// The Elastic IP addresses.
        allocations: Link<Eip> = "AllocationIds" / "",
    }
}

resource! {
    /// A NAT gateway.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-natgateway.html>
    pub struct NatGateway: "AWS::EC2::NatGateway" / "aws_nat_gateway", link Attr::by_ref("id"),
        import "NatGatewayId" / "{id}",
        replaced_if [
            "secondary_private_ip_address_count" = "only if connectivity_type is private and the new value is set",
        ];
    one {
        /// The subnet, with a route to an internet gateway.
        subnet: Link<Subnet> = "SubnetId" / doc "subnet_id",
    }
    opt {
        /// Its public address. Default: none.
        allocation: Link<Eip> = "AllocationId" / doc "allocation_id",
        /// The connectivity type. Default: public.
        connectivity_type: Value<ConnectivityType> = "ConnectivityType" / "connectivity_type",
        /// The availability mode. Default: zonal.
        availability_mode: Value<AvailabilityMode> = "AvailabilityMode" / "",
        /// The VPC of a regional NAT gateway. Default: that of the subnet.
        vpc: Link<Vpc> = "VpcId" / "",
    }
    many {
        /// The addresses of a regional NAT gateway. Default: AWS manages zones and addresses.
        zone_addresses: AvailabilityZoneAddress = "AvailabilityZoneAddresses" / "",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
    inert {
        "MaxDrainDurationSeconds" / "" = "only when addresses are removed",
        "SecondaryAllocationIds" / "secondary_allocation_ids" = "only additional addresses",
        "SecondaryPrivateIpAddressCount" / "secondary_private_ip_address_count" = "only additional addresses",
        "SecondaryPrivateIpAddresses" / "secondary_private_ip_addresses" = "only additional addresses",
        "PrivateIpAddress" / "private_ip" = "an address of the subnet",
        "" / "association_id" = "AWS sets it",
        "" / "network_interface_id" = "AWS sets it",
        "" / "public_ip" = "AWS sets it",
    }
}

impl Hooks for NatGateway {
    tagged!();

    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNatGateway.html>
    fn check(&self, node: &Node, out: &mut Diagnostics) {
        const SETTERS: [&str; 4] = [
            "allocation",
            "connectivity_type",
            "availability_mode",
            "zone_addresses",
        ];
        let is_zonal = match &self.availability_mode {
            None => self.zone_addresses.is_empty(),
            Some(mode) => mode.lit() == Some(&AvailabilityMode::Zonal),
        };
        if !is_zonal || !SETTERS.iter().all(|it| node.keeps(it)) {
            return;
        }
        let connectivity = match &self.connectivity_type {
            None => Some(&ConnectivityType::Public),
            Some(of) => of.lit(),
        };
        let has_address = matches!(
            self.allocation,
            Some(Value::Lit(_) | Value::Expr(Expr::Attr(..)))
        );
        let (message, help) = match connectivity {
            Some(ConnectivityType::Public) if self.allocation.is_none() => (
                "a public NAT gateway requires an Elastic IP address",
                "set `allocation` to an `Eip`, or `connectivity_type` to `ConnectivityType::Private`",
            ),
            Some(ConnectivityType::Private) if has_address => (
                "a private NAT gateway has no Elastic IP address, and this one has `allocation`",
                "remove `allocation`, or set `connectivity_type` to `ConnectivityType::Public`",
            ),
            _ => return,
        };
        let found = node.error("nat-gateway-address", message);
        out.push(found.about(&["allocation"]).help(help));
    }
}
