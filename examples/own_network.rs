//! A network of the team's own: a VPC with a transit gateway, and the endpoints.

use ssm_synth::prelude::*;
use ssm_synth::resource::{
    Route, RouteTable, Subnet, SubnetRouteTableAssociation, TransitGatewayVpcAttachment, Vpc,
};

/// The range of all networks behind the transit gateway.
const COMPANY: Cidr = Cidr::v4([10, 0, 0, 0], 8);

/// A VPC whose subnets route to a transit gateway.
struct SpokeNetwork {
    cidr: Cidr,
    zones: Vec<&'static str>,
    transit_gateway: &'static str,
}

impl Construct for SpokeNetwork {
    type Handle = NetworkHandles;

    fn build(self, scope: &mut Scope<'_>) -> NetworkHandles {
        let vpc = Vpc::new(self.cidr)
            .enable_dns_support(true)
            .enable_dns_hostnames(true);
        let vpc = scope.add("Vpc", vpc);
        let (mut subnets, mut tables) = (Vec::new(), Vec::new());
        for (n, zone) in (0_u32..).zip(&self.zones) {
            let Some(range) = self.cidr.block(20, n) else {
                continue;
            };
            let subnet = scope.add(&format!("Subnet{n}"), Subnet::new(vpc, range, *zone));
            let table = scope.add(&format!("Table{n}"), RouteTable::new(vpc));
            let tie = SubnetRouteTableAssociation::new(subnet, table);
            let tie = scope.add(&format!("Association{n}"), tie);
            subnets.push((subnet, tie));
            tables.push(table);
        }
        let attachment = TransitGatewayVpcAttachment::new(self.transit_gateway, vpc)
            .subnets(subnets.iter().map(|(subnet, _)| subnet))
            .tags([("Team", "core")]);
        scope.add("Attachment", attachment);
        let mut ready: Vec<_> = subnets.iter().map(|(_, tie)| tie.node()).collect();
        for (n, table) in tables.iter().enumerate() {
            let route = Route::new(table)
                .cidr_block(COMPANY)
                .transit_gateway(self.transit_gateway);
            let route = scope.add(&format!("ToCompany{n}"), route);
            ready.push(route.node());
        }
        NetworkHandles::new(vpc)
            .subnets(subnets.into_iter().map(|(subnet, _)| subnet))
            .route_tables(tables)
            .ready(ready)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let network = stack.add(
        "Network",
        SpokeNetwork {
            cidr: Cidr::v4([10, 20, 0, 0], 16),
            zones: vec!["eu-central-1a", "eu-central-1b"],
            transit_gateway: "tgw-0a1b2c3d4e5f60718",
        },
    );
    let web = PrivateInstance::new("web");
    stack.add_inline(SessionAccess::new().network(network).instance(web));
    let validated = app.validate()?;
    let hcl = std::env::args().nth(1).as_deref() == Some("hcl");
    let text = if hcl {
        backend::tf::module(&validated, "Access", backend::tf::ModuleKind::Root)
            .map(|module| module.to_hcl())
    } else {
        backend::cfn::template(&validated, "Access").map(|template| template.to_json())
    };
    #[allow(clippy::print_stdout)]
    {
        print!("{}", text?);
    }
    Ok(())
}
