//! A web application on private instances: a load balancer in public subnets, NAT gateways for the
//! instances, and the database of another team.

use ssm_synth::construct::{Database, InstanceHandles, NatGateways, PublicSubnets};
use ssm_synth::ir::Text;
use ssm_synth::prelude::*;
use ssm_synth::resource::{
    Listener, ListenerAction, LoadBalancer, LoadBalancerProtocol, Scheme, SecurityGroup,
    SecurityGroupEgress, SecurityGroupIngress, Subnet, TargetDescription, TargetGroup,
};

/// All IPv4 addresses.
const INTERNET: Cidr = Cidr::v4([0, 0, 0, 0], 0);

/// The port of the application.
const PORT: u16 = 8080;

/// A load balancer that forwards requests to instances.
struct Frontend<'a> {
    network: &'a NetworkHandles,
    subnets: &'a [Handle<Subnet>],
    instances: &'a [InstanceHandles],
    group: Handle<SecurityGroup>,
    certificate: Value<Text>,
}

impl Construct for Frontend<'_> {
    type Handle = Handle<LoadBalancer>;

    fn build(self, scope: &mut Scope<'_>) -> Handle<LoadBalancer> {
        let vpc = &self.network.vpc;
        let group = SecurityGroup::new("Clients of the application", vpc);
        let group = scope.add("Group", group);
        let https = SecurityGroupIngress::https(group).cidr_ip(INTERNET);
        scope.add("FromInternet", https);
        let to_instances = SecurityGroupEgress::new(group, "tcp")
            .from_port(PORT)
            .to_port(PORT)
            .destination(self.group);
        scope.add("ToInstances", to_instances);
        let from_balancer = SecurityGroupIngress::new(self.group, "tcp")
            .from_port(PORT)
            .to_port(PORT)
            .source(group);
        scope.add("InstancesFromHere", from_balancer);
        let balancer = LoadBalancer::new(Scheme::InternetFacing)
            .subnets(self.subnets)
            .security_groups([group]);
        let balancer = scope.add("LoadBalancer", balancer);
        let each = self.instances.iter();
        let each = each.map(|it| TargetDescription::new(it.instance));
        let targets = TargetGroup::of_instances(vpc, PORT, LoadBalancerProtocol::Http)
            .health_check_path("/health")
            .targets(each);
        let targets = scope.add("Targets", targets);
        let listener = Listener::new(balancer, 443, LoadBalancerProtocol::Https)
            .certificate(self.certificate)
            .ssl_policy("ELBSecurityPolicy-TLS13-1-2-2021-06")
            .default_actions([ListenerAction::forward(targets)]);
        scope.add("Listener", listener);
        balancer
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let network = stack.add("Network", PrivateNetwork::new(Cidr::v4([10, 0, 0, 0], 16)));
    let ranges = [Cidr::v4([10, 0, 128, 0], 24), Cidr::v4([10, 0, 129, 0], 24)];
    let public = PublicSubnets::new(&network, ranges).nat_gateways(NatGateways::PerZone);
    let public = stack.add("Public", public);
    let web = PrivateInstance::new("web");
    let access = SessionAccess::new().network(&public.network).instance(web);
    let access = stack.add_inline(access);
    let group = access.security_group;
    // The instances can otherwise connect to the endpoints only.
    let to_internet = SecurityGroupEgress::https(group).cidr_ip(INTERNET);
    let to_internet = to_internet.description("Package repositories");
    stack.add("ToInternet", to_internet);

    let certificate = stack.parameter(Parameter::string("Certificate"));
    let frontend = Frontend {
        network: &public.network,
        subnets: &public.subnets,
        instances: &access.instances,
        group,
        certificate,
    };
    let balancer = stack.add("Frontend", frontend);
    // A load balancer in the internet needs the route to the internet gateway.
    stack.depends_on(balancer, [public.default_route.node()]);
    stack.output(
        "Address",
        balancer.attr(LoadBalancer::DNS_NAME),
        "The load balancer",
    );

    let address = stack.parameter(Parameter::string("DatabaseAddress"));
    let of_database = stack.parameter(Parameter::security_group_id("DatabaseGroup"));
    let database = Database::new(address, 5432, of_database);
    stack.add("Database", database.access_from(group));
    stack.output(
        "DatabaseAddress",
        database.address,
        "For the configuration of the application",
    );

    let validated = app.validate()?;
    let module = backend::tf::module(&validated, "Access", backend::tf::ModuleKind::Root);
    let text = match std::env::args().nth(1).as_deref() {
        Some("tf") => module.map(|it| it.to_json()),
        _ => backend::cfn::template(&validated, "Access").map(|it| it.to_json()),
    };
    #[allow(clippy::print_stdout)]
    {
        print!("{}", text?);
    }
    Ok(())
}
