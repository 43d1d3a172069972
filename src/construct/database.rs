//! A database that instances connect to.

use super::scope::{Construct, Scope};
use crate::ir::{Attr, Diagnostic, Dialect, Handle, IntoValue, Link, Text, Value, quoted};
use crate::resource::{
    Node, RawResource, SecurityGroup, SecurityGroupEgress, SecurityGroupIngress, Typed,
};

/// A reference to an RDS instance or cluster: its endpoint and its security group.
///
/// The database is of this app or of another team. No hop of a session depends on it, so the library
/// has no type of it: `ssm-synth generate` writes one with all properties.
///
/// ```
/// use ssm_synth::construct::Database;
/// use ssm_synth::resource::SecurityGroup;
/// use ssm_synth::{App, Id, Parameter, SessionAccess};
///
/// let mut app = App::new();
/// let mut stack = app.stack("Access");
/// let access = stack.add_inline(SessionAccess::new());
/// let address = stack.parameter(Parameter::string("DatabaseAddress"));
/// let group: Id<SecurityGroup> = Id::new("sg-0a1b2c3d4e5f60718");
/// let database = Database::new(address, 5432, group);
/// stack.add("Database", database.access_from(access.security_group));
/// stack.output("Database", database.address, "The address of the database");
/// assert!(app.validate().is_ok());
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Database {
    /// The DNS name of the endpoint.
    pub address: Value<Text>,
    /// The port of the endpoint.
    pub port: Value<i64>,
    /// The security group of the database.
    pub security_group: Link<SecurityGroup>,
    /// The resource of the app, with its expected types.
    resource: Option<(Handle<RawResource>, [&'static str; 2])>,
}

impl Database {
    /// A database by its endpoint, such as that of another team.
    pub fn new(
        address: impl IntoValue<Value<Text>>,
        port: impl IntoValue<Value<i64>>,
        security_group: impl IntoValue<Link<SecurityGroup>>,
    ) -> Database {
        Database {
            address: address.into_value(),
            port: port.into_value(),
            security_group: security_group.into_value(),
            resource: None,
        }
    }

    /// An instance of this app: `AWS::RDS::DBInstance` and `aws_db_instance`.
    pub fn instance(
        instance: Handle<RawResource>,
        security_group: impl IntoValue<Link<SecurityGroup>>,
    ) -> Database {
        let address = Attr::by_get_att("Endpoint.Address", "address");
        Database {
            resource: Some((instance, ["AWS::RDS::DBInstance", "aws_db_instance"])),
            ..Database::of(instance, address, security_group)
        }
    }

    /// The writer of a cluster of this app: `AWS::RDS::DBCluster` and `aws_rds_cluster`.
    pub fn cluster(
        cluster: Handle<RawResource>,
        security_group: impl IntoValue<Link<SecurityGroup>>,
    ) -> Database {
        let address = Attr::by_get_att("Endpoint.Address", "endpoint");
        Database {
            resource: Some((cluster, CLUSTER)),
            ..Database::of(cluster, address, security_group)
        }
    }

    /// The readers of a cluster of this app: `AWS::RDS::DBCluster` and `aws_rds_cluster`.
    pub fn cluster_readers(
        cluster: Handle<RawResource>,
        security_group: impl IntoValue<Link<SecurityGroup>>,
    ) -> Database {
        let address = Attr::by_get_att("ReadEndpoint.Address", "reader_endpoint");
        Database {
            resource: Some((cluster, CLUSTER)),
            ..Database::of(cluster, address, security_group)
        }
    }

    fn of(
        resource: Handle<RawResource>,
        address: Attr,
        security_group: impl IntoValue<Link<SecurityGroup>>,
    ) -> Database {
        let port = Attr::by_get_att("Endpoint.Port", "port");
        Database::new(resource.attr(address), resource.attr(port), security_group)
    }

    /// Sets the port, such as that of a database that only one language creates: the rules then do not
    /// refer to it. Default: that of the database.
    ///
    /// ```
    /// use ssm_synth::construct::Database;
    /// use ssm_synth::resource::{RawResource, SecurityGroup};
    /// use ssm_synth::{App, Id, SessionAccess};
    ///
    /// let mut app = App::new();
    /// let mut stack = app.stack("Access");
    /// let access = stack.add_inline(SessionAccess::new());
    /// let of_cloudformation = RawResource::new()
    ///     .cfn("AWS::RDS::DBInstance")
    ///     .property("DBInstanceClass", "db.t4g.micro");
    /// let orders = stack.add("Orders", of_cloudformation);
    /// let group: Id<SecurityGroup> = Id::new("sg-0a1b2c3d4e5f60718");
    /// let database = Database::instance(orders, group).port(5432);
    /// stack.add("OrdersAccess", database.access_from(access.security_group));
    /// assert!(app.validate().is_ok());
    /// ```
    pub fn port(mut self, port: impl IntoValue<Value<i64>>) -> Database {
        self.port = port.into_value();
        self
    }

    /// Returns the rules that allow connections from a security group, such as that of the instances. The
    /// writer and the readers of a cluster share their rules.
    pub fn access_from(&self, clients: Handle<SecurityGroup>) -> DatabaseAccess {
        DatabaseAccess {
            database: self.clone(),
            clients,
        }
    }
}

/// The types of a cluster.
const CLUSTER: [&str; 2] = ["AWS::RDS::DBCluster", "aws_rds_cluster"];

/// Returns the type of a resource that is not the expected one, and the expected one.
fn other_type(raw: &RawResource, expected: [&'static str; 2]) -> Option<(String, &'static str)> {
    let found = [Dialect::Cfn, Dialect::Tf].map(|dialect| raw.type_name(dialect));
    let mut pairs = found.into_iter().zip(expected);
    pairs.find_map(|(found, expected)| {
        Some((found.filter(|it| *it != expected)?.to_owned(), expected))
    })
}

/// The rules that allow connections to a database, one in the security group of each side.
#[derive(Clone, Debug)]
#[must_use]
pub struct DatabaseAccess {
    /// The database.
    pub database: Database,
    /// The security group of the clients.
    pub clients: Handle<SecurityGroup>,
}

/// The rules of a [`DatabaseAccess`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DatabaseAccessHandles {
    /// The outbound rule of the clients.
    pub egress: Handle<SecurityGroupEgress>,
    /// The inbound rule of the database.
    pub ingress: Handle<SecurityGroupIngress>,
}

impl Construct for DatabaseAccess {
    type Handle = DatabaseAccessHandles;

    fn build(self, scope: &mut Scope<'_>) -> DatabaseAccessHandles {
        let Database {
            port,
            security_group,
            resource,
            ..
        } = self.database;
        if let Some((handle, expected)) = resource
            && let Some((found, expected)) = scope
                .graph
                .get(handle)
                .and_then(|raw| other_type(raw, expected))
        {
            let message = format!(
                "expected a resource of type `{expected}`, found {}",
                quoted(&found)
            );
            scope.add_diagnostic(
                Diagnostic::error("database-type", message)
                    .help("use `Database::instance` or `Database::cluster`, as the type requires"),
            );
        }
        let egress = SecurityGroupEgress::new(self.clients, "tcp")
            .from_port(port.clone())
            .to_port(port.clone())
            .destination(security_group.clone())
            .description("Database");
        let ingress = SecurityGroupIngress::new(security_group, "tcp")
            .from_port(port.clone())
            .to_port(port)
            .source(self.clients)
            .description("Instances");
        DatabaseAccessHandles {
            egress: add_once(scope, "Egress", egress),
            ingress: add_once(scope, "Ingress", ingress),
        }
    }
}

/// Adds a rule, or returns the equal one of the stack: EC2 refuses a rule that a group has twice.
fn add_once<R: Typed + PartialEq>(scope: &mut Scope<'_>, id: &str, rule: R) -> Handle<R> {
    let stack = scope.stack;
    let is_same = |node: &Node, it: &R| {
        node.stack() == stack && node.is_certain() && node.overrides.is_empty() && *it == rule
    };
    let known = scope
        .graph
        .all::<R>()
        .find(|(_, node, it)| is_same(node, it));
    match known.map(|(known, ..)| known) {
        Some(known) => known,
        None => scope.add(id, rule),
    }
}
