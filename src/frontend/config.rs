//! The configuration file: `ssm-synth.yaml` to the pattern.

use std::collections::HashMap;

use super::validate::{check, check_use, parameter_type};
use super::yaml::{self, Item, Node};
use crate::SessionAccess;
use crate::construct::{
    App, Architecture, Audit, EndpointZones, Endpoints, ExistingEndpoints, ExistingNetwork, Image,
    ImageFamily, InstanceRole, InstanceSubnet, Monitoring, Operators, PatchOperation, PatchWindow,
    Patching, Permissions, Preset, PrivateInstance, PrivateNetwork, Scope, Service, SessionBucket,
    SessionKey, SessionLogs, Sessions, SubnetHandle, Zones,
};
use crate::ir::{
    Cidr, Diagnostic, Diagnostics, Expr, Id, Link, ParamId, ParameterDeclaration, ParameterType,
    SourceLocation, Text, Value,
};
use crate::region::Region;
use crate::resource::Tags;
use crate::validate::Validated;

/// A file that was read, with changes from elsewhere laid over it.
#[derive(Clone, Debug)]
pub struct Config {
    root: Item,
}

/// The stack that a configuration made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BuiltConfig {
    /// The app with that one stack.
    pub app: App,
    /// The stack's name.
    pub stack: String,
    /// The settings; none if constructs in Rust made the app.
    root: Option<Item>,
}

impl Default for Config {
    /// As [`Config::empty`] makes it.
    fn default() -> Self {
        Config::empty()
    }
}

impl BuiltConfig {
    /// An app that constructs in Rust made, and the stack of it that is meant.
    #[cfg(feature = "cli")]
    pub(crate) fn of(app: App, stack: String) -> BuiltConfig {
        BuiltConfig {
            app,
            stack,
            root: None,
        }
    }

    /// Checks everything, as [`App::validate`] does, and says which setting each diagnostic is about.
    ///
    /// # Errors
    ///
    /// All diagnostics, if one of them is an error.
    pub fn validate(&self) -> Result<Validated<'_>, Diagnostics> {
        match (self.app.validate(), &self.root) {
            (Ok(validated), Some(root)) => {
                Ok(validated.map_diagnostics(|found| with_locations(found, root)))
            }
            (Err(found), Some(root)) => Err(with_locations(found, root)),
            (done, None) => done,
        }
    }
}

/// Moves diagnostics from what encloses a setting to the setting.
fn with_locations(found: Diagnostics, root: &Item) -> Diagnostics {
    let settings_place = |settings: &[Vec<String>], location: Option<&SourceLocation>| {
        let here = location.map_or(Some(root), |location| root.at(location));
        let mut found = settings.iter().filter_map(|path| match path.split_first() {
            Some((top, path)) if top.is_empty() => root.find(path),
            _ => here?.find(path),
        });
        found.next().map(|item| item.location.clone())
    };
    let mut out = Diagnostics::default();
    for mut diagnostic in found {
        // A line of this program's own says nothing.
        diagnostic
            .locations
            .retain(|location| matches!(location, SourceLocation::File(_)));
        if diagnostic.locations.is_empty() {
            let location = settings_place(&diagnostic.settings, None);
            diagnostic.locations.extend(location);
        } else {
            for location in &mut diagnostic.locations {
                if let Some(setting) = settings_place(&diagnostic.settings, Some(location)) {
                    *location = setting;
                }
            }
        }
        out.push(diagnostic);
    }
    out
}

impl Config {
    /// Reads a file's text; `name` is what diagnostics call it.
    ///
    /// # Errors
    ///
    /// The place where it is not YAML.
    pub fn read(name: &str, text: &str) -> Result<Config, Diagnostics> {
        let mut root = yaml::read(name, text)?;
        if matches!(root.node, Node::Null) {
            root.node = Node::Map(Vec::new());
        }
        Ok(Config { root })
    }

    /// Without a file: all defaults.
    pub fn empty() -> Config {
        Config {
            root: Item {
                node: Node::Map(Vec::new()),
                location: SourceLocation::Default,
            },
        }
    }

    /// Sets what a dotted path names, such as `network.cidr`, to a value in YAML; `source` is
    /// what diagnostics call it.
    ///
    /// # Errors
    ///
    /// The place where the value is not YAML.
    pub fn set(&mut self, source: &str, path: &str, value: &str) -> Result<(), Diagnostics> {
        // Text that YAML would take for nothing or a comment; `null` leaves the default.
        let value = if value.trim().is_empty() || value.starts_with('#') {
            Item {
                node: Node::Str(value.to_owned()),
                location: SourceLocation::Default,
            }
        } else {
            yaml::read(source, value)?
        };
        let keys: Vec<&str> = path.split('.').collect();
        self.root.set(&keys, value);
        Ok(())
    }

    /// How many instances are asked for; one is there where there are none.
    pub(crate) fn instances(&self) -> usize {
        self.root
            .get("instances")
            .map_or(0, |item| item.items().len())
    }

    /// Makes the app.
    ///
    /// # Errors
    ///
    /// All that is wrong with the settings.
    pub fn build(&self) -> Result<BuiltConfig, Diagnostics> {
        let mut out = Diagnostics::default();
        check(&self.root, &mut out);
        if out.has_errors() {
            return Err(out);
        }
        let mut app = App::new();
        let name = self
            .root
            .text("name")
            .unwrap_or_else(|| "access".to_owned());
        let mut scope = app.stack(&name).with_location(self.root.location.clone());
        scope.description(self.root.text("description").unwrap_or_else(|| {
            "Private EC2 instances that AWS Systems Manager Session Manager reaches".to_owned()
        }));
        if let Some(region) = self
            .root
            .text("region")
            .and_then(|name| Region::find(&name))
        {
            scope.set_region(region);
        }
        check_use(&self.root, &mut out);
        let preset = self.root.text("profile").unwrap_or_default();
        let named = Preset::ALL.iter().find(|(_, name)| *name == preset);
        let mut build = Build {
            preset: named.map_or_else(Preset::default, |(preset, _)| *preset),
            parameters: HashMap::new(),
            diagnostics: out,
        };
        build.parameters(&self.root, &mut scope);
        let tags = build.tags(self.root.get("tags"));
        scope.tags(tags);
        let pattern = build.pattern(&self.root, &scope);
        scope.add_inline(pattern);
        let built = BuiltConfig {
            app,
            stack: name,
            root: Some(self.root.clone()),
        };
        if build.diagnostics.has_errors() {
            // What the checks find beside is said in the same run.
            if let Err(more) = built.validate() {
                build.diagnostics.extend(more);
            }
            return Err(build.diagnostics);
        }
        Ok(built)
    }
}

impl Item {
    fn as_text(&self) -> Option<String> {
        match &self.node {
            Node::Str(text) | Node::Int(_, text) | Node::Bool(_, text) => Some(text.clone()),
            _ => None,
        }
    }

    fn as_int(&self) -> Option<i64> {
        match self.node {
            Node::Int(value, _) => Some(value),
            _ => None,
        }
    }

    fn int(&self, key: &str) -> Option<i64> {
        self.get(key).and_then(Item::as_int)
    }

    fn items(&self) -> &[Item] {
        match &self.node {
            Node::List(items) => items,
            _ => &[],
        }
    }

    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.get(key).and_then(Item::as_text)
    }

    fn flag(&self, key: &str) -> Option<bool> {
        match self.get(key)?.node {
            Node::Bool(value, _) => Some(value),
            _ => None,
        }
    }

    fn texts(&self, key: &str) -> Vec<Text> {
        let items = self.get(key).map(Item::items).unwrap_or_default();
        items
            .iter()
            .filter_map(Item::as_text)
            .map(Text::Owned)
            .collect()
    }

    fn cidrs(&self, key: &str) -> Vec<Cidr> {
        self.texts(key)
            .iter()
            .filter_map(|text| text.parse().ok())
            .collect()
    }
}

struct Build {
    /// What is taken where nothing is said.
    preset: Preset,
    parameters: HashMap<String, ParamId>,
    diagnostics: Diagnostics,
}

impl Build {
    fn parameters(&mut self, root: &Item, scope: &mut Scope<'_>) {
        let Some(Node::Map(entries)) = root.get("parameters").map(|item| &item.node) else {
            return;
        };
        for (id, location, item) in entries {
            let of = parameter_type(item.text("type").as_deref());
            let declaration = ParameterDeclaration {
                id: id.clone(),
                of: of.unwrap_or(ParameterType::String),
                description: item.text("description").map(Text::Owned),
                default: item.text("default").map(Text::Owned),
                allowed_values: item.texts("allowed_values"),
                allowed_pattern: item.text("allowed_pattern").map(Text::Owned),
                only: None,
                location: location.clone(),
            };
            let param = scope.declare_parameter(declaration);
            self.parameters.insert(id.clone(), param);
        }
    }

    fn parameter(&self, item: &Item) -> Option<ParamId> {
        let name = item.text("parameter")?;
        self.parameters.get(&name).copied()
    }

    fn value(&mut self, item: &Item) -> Value<Text> {
        match item.as_text() {
            Some(text) => Value::Lit(Text::Owned(text)),
            None => match self.parameter(item) {
                Some(param) => Value::Expr(Expr::Param(param)),
                None => Value::Lit(Text::Borrowed("")),
            },
        }
    }

    fn link<R>(&mut self, item: &Item) -> Link<R> {
        match self.value(item) {
            Value::Lit(text) => Value::Lit(Id::new(text)),
            Value::Expr(expr) => Value::Expr(expr),
        }
    }

    fn links<R>(&mut self, item: Option<&Item>) -> Vec<Link<R>> {
        match item {
            None => Vec::new(),
            Some(item) if matches!(item.node, Node::Map(_)) => {
                let param = self.parameter(item);
                param
                    .map(|param| Value::Expr(Expr::Items(param)))
                    .into_iter()
                    .collect()
            }
            Some(item) => item.items().iter().map(|item| self.link(item)).collect(),
        }
    }

    fn tags(&mut self, item: Option<&Item>) -> Tags {
        let mut tags = Tags::default();
        if let Some(Node::Map(entries)) = item.map(|item| &item.node) {
            for (key, _, item) in entries {
                tags.set(key.clone(), self.value(item));
            }
        }
        tags
    }

    fn pattern(&mut self, root: &Item, scope: &Scope<'_>) -> SessionAccess {
        let empty = Item {
            node: Node::Map(Vec::new()),
            location: SourceLocation::Default,
        };
        let network = root.get("network").unwrap_or(&empty);
        let endpoints = root.get("endpoints").unwrap_or(&empty);
        let instance_role = root.get("identity").unwrap_or(&empty);
        let preset = self.preset;
        let pattern = preset.access();
        let pattern = if network.get("vpc").is_some() {
            pattern.existing_network(self.existing_network(network))
        } else {
            pattern.network(self.private_network(network))
        };
        let mut pattern = pattern
            .endpoints(self.endpoints(endpoints))
            .instance_role(self.instance_role(instance_role));
        let at = |item: &Item| item.location.clone();
        pattern = pattern.with_locations(at(network), at(endpoints), at(instance_role));
        let s3 = endpoints.flag("s3").unwrap_or_default();
        if let Some(item) = block(root, "sessions") {
            pattern = pattern.sessions_at(self.sessions(item), at(item));
        }
        if let Some(item) = block(root, "operators") {
            pattern = pattern.operators_at(self.operators(item), at(item));
        }
        if let Some(item) = block(root, "patching") {
            pattern = pattern.patching_at(self.patching(item), at(item));
        }
        if let Some(item) = block(root, "watching") {
            pattern = pattern.monitoring_at(self.monitoring(item), at(item));
        }
        if let Some(item) = block(root, "audit") {
            pattern = pattern.audit_at(self.audit(item), at(item));
        }
        for key in ["sessions", "operators", "patching", "watching", "audit"] {
            if root.flag(key) == Some(false) {
                pattern = pattern.without(key);
            }
        }
        for item in root.get("instances").map(Item::items).unwrap_or_default() {
            let instance = self.private_instance(item, s3, scope);
            pattern = pattern.instance_at(instance, item.location.clone());
        }
        pattern
    }

    fn private_network(&mut self, item: &Item) -> PrivateNetwork {
        for key in ["subnets", "route_tables"] {
            if let Some(item) = item.get(key) {
                self.diagnostics.push(
                    Diagnostic::error(
                        "setting",
                        format!("`network.{key}` belongs to an existing VPC"),
                    )
                    .at(item.location.clone())
                    .help("name the VPC by `network.vpc`"),
                );
            }
        }
        let cidr = item.text("cidr").and_then(|text| text.parse().ok());
        let network = cidr.map_or_else(PrivateNetwork::default, PrivateNetwork::new);
        let mut network = network.zones(self.preset.zones());
        if let Some(zones) = item.get("zones") {
            network = network.zones(match zones.as_int() {
                Some(count) => Zones::Count(u32::try_from(count).unwrap_or_default()),
                None => Zones::Named(item.texts("zones")),
            });
        }
        network
            .subnet_cidrs(item.cidrs("subnet_cidrs"))
            .tags(self.tags(item.get("tags")))
    }

    fn existing_network(&mut self, item: &Item) -> ExistingNetwork {
        for key in ["cidr", "zones", "subnet_cidrs", "tags"] {
            if let Some(item) = item.get(key) {
                self.diagnostics.push(
                    Diagnostic::error("setting", format!("`network.{key}` belongs to a new VPC"))
                        .at(item.location.clone())
                        .help("leave it out, or leave `network.vpc` out"),
                );
            }
        }
        let vpc = item
            .get("vpc")
            .map_or(Value::Lit(Id::new("")), |item| self.link(item));
        let mut network = ExistingNetwork::new(vpc);
        match item.get("subnets") {
            Some(list) if matches!(list.node, Node::Map(_)) => {
                network = network.subnets(self.links(Some(list)));
            }
            Some(list) => {
                for item in list.items() {
                    let known = item.get("id");
                    network = network.subnet(SubnetHandle {
                        subnet: self.link(known.unwrap_or(item)),
                        zone: known.and(item.text("zone")).map(Text::Owned),
                        cidr: known
                            .and(item.text("cidr"))
                            .and_then(|text| text.parse().ok()),
                    });
                }
            }
            None => {}
        }
        network.route_tables(self.links(item.get("route_tables")))
    }

    fn endpoints(&mut self, item: &Item) -> Endpoints {
        let defaults = self.preset.endpoints();
        let zones = match item.get("zones").map(|zones| &zones.node) {
            Some(Node::Str(word)) if word == "one" => EndpointZones::One,
            Some(Node::Str(_)) => EndpointZones::All,
            Some(Node::List(_)) => EndpointZones::Named(item.texts("zones")),
            _ => defaults.zones,
        };
        let named = item.get("existing");
        let group = item.get("existing_security_group");
        if let (Some(named), None) = (named, group) {
            self.diagnostics.push(
                Diagnostic::error("setting", "`endpoints.existing` needs the endpoints' group")
                    .at(named.location.clone())
                    .help("name it by `endpoints.existing_security_group`"),
            );
        }
        let existing = group.map(|group| ExistingEndpoints {
            security_group: self.link(group),
            endpoints: match named.map(|named| &named.node) {
                Some(Node::Map(entries)) => entries
                    .iter()
                    .map(|(service, _, id)| (Service::new(service.clone()), self.link(id)))
                    .collect(),
                _ => Vec::new(),
            },
        });
        Endpoints {
            ec2messages: item.flag("ec2messages").unwrap_or(defaults.ec2messages),
            services: item
                .texts("services")
                .into_iter()
                .map(Service::new)
                .collect(),
            s3_gateway: item.flag("s3").unwrap_or_default(),
            s3_prefix_list: item.text("s3_prefix_list").map(Text::Owned),
            zones,
            least_privilege: item
                .flag("least_privilege")
                .unwrap_or(defaults.least_privilege),
            existing,
            tags: self.tags(item.get("tags")),
        }
    }

    fn instance_role(&mut self, item: &Item) -> InstanceRole {
        let permissions = match item.text("permissions").as_deref() {
            Some("session-only") => Permissions::SessionOnly,
            _ => Permissions::ManagedInstanceCore,
        };
        let mut instance_role = InstanceRole::new(permissions).tags(self.tags(item.get("tags")));
        if let Some(path) = item.get("path") {
            instance_role = instance_role.path(self.value(path));
        }
        if let Some(boundary) = item.get("permissions_boundary") {
            instance_role = instance_role.permissions_boundary(self.link(boundary));
        }
        instance_role
    }

    fn sessions(&mut self, item: &Item) -> Sessions {
        let defaults = self.preset.sessions().unwrap_or_default();
        let key = match item.text("key").as_deref() {
            Some("create") => SessionKey::Created,
            Some("none") => SessionKey::None,
            _ => item.get("key").map_or(SessionKey::Created, |key| {
                SessionKey::Existing(self.link(key))
            }),
        };
        let logs = match item.get("logs") {
            None => defaults.cloudwatch_logs,
            Some(_) => block(item, "logs").map(|logs| {
                let defaults = SessionLogs::default();
                SessionLogs {
                    retention_days: logs
                        .int("retention_days")
                        .map_or(defaults.retention_days, Value::Lit),
                    streaming: logs.flag("streaming").unwrap_or(defaults.streaming),
                }
            }),
        };
        let bucket = match item.get("bucket") {
            None => defaults.s3_logs,
            Some(_) => block(item, "bucket").map(|bucket| SessionBucket {
                prefix: bucket.text("prefix").map(Text::Owned),
                expiration_days: bucket.int("expire_days").map(Value::Lit),
            }),
        };
        let text = |key: &str| item.text(key).map(Text::Owned);
        Sessions {
            account_wide: item.text("document").as_deref() == Some("account"),
            kms_key: key,
            cloudwatch_logs: logs,
            s3_logs: bucket,
            idle_timeout_minutes: item
                .int("idle_timeout")
                .unwrap_or(defaults.idle_timeout_minutes),
            max_duration_minutes: item.int("max_duration").or(defaults.max_duration_minutes),
            run_as_user: text("run_as"),
            linux_shell_profile: text("linux_profile"),
            windows_shell_profile: text("windows_profile"),
            tags: self.tags(item.get("tags")),
        }
    }

    fn operators(&mut self, item: &Item) -> Operators {
        let defaults = self.preset.operators().unwrap_or_default();
        let tags = match item.get("tags").map(|tags| &tags.node) {
            Some(Node::Map(entries)) => entries
                .iter()
                .map(|(key, _, values)| {
                    let values = values.items().iter().filter_map(Item::as_text);
                    (Text::Owned(key.clone()), values.map(Text::Owned).collect())
                })
                .collect(),
            _ => defaults.instance_tags,
        };
        let trust = item.get("trust").map(Item::items).unwrap_or_default();
        Operators {
            instance_tags: tags,
            allow_port_forwarding: item
                .flag("port_forwarding")
                .unwrap_or(defaults.allow_port_forwarding),
            allow_ssh: item.flag("ssh").unwrap_or(defaults.allow_ssh),
            trusted_principals: trust.iter().map(|item| self.value(item)).collect(),
            require_mfa: item.flag("mfa").unwrap_or(defaults.require_mfa),
        }
    }

    fn patching(&mut self, item: &Item) -> Patching {
        let defaults = self.preset.patching().unwrap_or_default();
        let agent = match item.get("agent").map(|agent| &agent.node) {
            Some(Node::Bool(false, _)) => None,
            Some(Node::Str(time)) => Some(Text::Owned(time.clone())),
            _ => defaults.agent_update_schedule,
        };
        let reboot = item.flag("reboot").unwrap_or(true);
        Patching {
            agent_update_schedule: agent,
            operation: match item.text("operation").as_deref() {
                Some("install") => PatchOperation::Install { reboot },
                Some(_) => PatchOperation::Scan,
                None => defaults.operation,
            },
            schedule: item.text("schedule").map_or(defaults.schedule, Text::Owned),
            maintenance_window: match item.get("window") {
                None => defaults.maintenance_window,
                Some(_) => block(item, "window").map(|window| PatchWindow {
                    duration_hours: window.int("duration").unwrap_or(4),
                    cutoff_hours: window.int("cutoff").unwrap_or(1),
                }),
            },
            inventory: item.flag("inventory").unwrap_or(defaults.inventory),
        }
    }

    fn monitoring(&mut self, item: &Item) -> Monitoring {
        let defaults = self.preset.monitoring().unwrap_or_default();
        Monitoring {
            session_events: item.flag("sessions").unwrap_or(defaults.session_events),
            alarms: item.flag("alarms").unwrap_or(defaults.alarms),
            config_rules: item.flag("config_rules").unwrap_or(defaults.config_rules),
            emails: item.texts("emails"),
        }
    }

    fn audit(&mut self, item: &Item) -> Audit {
        let defaults = self.preset.audit().unwrap_or_default();
        let days = |key: &str| item.int(key).map(Value::Lit);
        Audit {
            cloudtrail: item.flag("trail").unwrap_or(defaults.cloudtrail),
            multi_region: item.flag("all_regions").unwrap_or(defaults.multi_region),
            expiration_days: days("expire_days").or(defaults.expiration_days),
            cloudwatch_logs_retention_days: days("log_days")
                .or(defaults.cloudwatch_logs_retention_days),
            flow_log_retention_days: days("flow_log_days").or(defaults.flow_log_retention_days),
        }
    }

    fn image(&mut self, item: &Item) -> Image {
        if let Some(word) = item.as_text() {
            let family = ImageFamily::ALL.iter().find(|(_, known)| *known == word);
            return Image::Latest(
                family.map_or(ImageFamily::AmazonLinux2023, |(family, _)| *family),
            );
        }
        let root_device = Text::Owned(item.text("root_device").unwrap_or_default());
        let architecture = match item.text("architecture").as_deref() {
            Some("arm64") => Some(Architecture::Arm64),
            Some(_) => Some(Architecture::X86_64),
            None => None,
        };
        match (item.get("ami"), item.text("parameter")) {
            (Some(id), _) => Image::Id {
                id: self.link(id),
                root_device_name: root_device,
                architecture,
            },
            (None, name) => Image::Parameter {
                name: Text::Owned(name.unwrap_or_default()),
                root_device_name: root_device,
                architecture,
            },
        }
    }

    fn private_instance(&mut self, item: &Item, s3: bool, scope: &Scope<'_>) -> PrivateInstance {
        let mut instance = self.preset.instance(item.text("name").unwrap_or_default());
        instance.renamed_from = item.text("was");
        if let Some(image) = item.get("image") {
            instance.image = self.image(image);
        }
        instance.replacement_trigger = item.get("renewal").map(|renewal| self.value(renewal));
        if let Some(of) = item.get("type") {
            instance.instance_type = self.value(of);
        }
        instance.root_volume_size = item
            .get("volume_size")
            .and_then(|size| match size.as_int() {
                Some(size) => Some(Value::Lit(size)),
                None => self
                    .parameter(size)
                    .map(|param| Value::Expr(Expr::Param(param))),
            });
        instance.root_volume_kms_key = item.get("kms_key").map(|key| self.link(key));
        if let Some(n) = item.get("subnet").and_then(Item::as_int) {
            instance.subnet = InstanceSubnet::Index(u32::try_from(n).unwrap_or(u32::MAX));
        }
        if let Some(zone) = item.text("zone") {
            instance.subnet = InstanceSubnet::Zone(Text::Owned(zone));
        }
        instance.security_groups = self.links(item.get("security_groups"));
        instance.detailed_monitoring = item
            .flag("monitoring")
            .unwrap_or(instance.detailed_monitoring);
        instance.ebs_optimized = item.flag("ebs_optimized").unwrap_or(instance.ebs_optimized);
        instance.termination_protection = item.flag("termination_protection").unwrap_or_default();
        instance.user_data = item.get("user_data").map(|text| self.value(text));
        if let Some(package) = item.text("install_agent") {
            self.install_agent(item, &package, s3, scope, &mut instance);
        }
        instance.tags = self.tags(item.get("tags"));
        instance
    }

    fn install_agent(
        &mut self,
        item: &Item,
        package: &str,
        s3: bool,
        scope: &Scope<'_>,
        instance: &mut PrivateInstance,
    ) {
        let location = item
            .get("install_agent")
            .map_or(SourceLocation::Default, |item| item.location.clone());
        let mut wrong = |message: &str, help: &str| {
            out_push(&mut self.diagnostics, message, help, &location);
        };
        if !s3 {
            wrong(
                "the agent's package comes from S3, and there is no way to it",
                "set `endpoints.s3: true`",
            );
        }
        if instance.user_data.is_some() {
            wrong(
                "`install_agent` and `user_data` are both given",
                "install the agent in your own user data",
            );
        }
        let Some(region) = scope.known_region() else {
            wrong(
                "the agent's package is in a bucket of the region, and there is none",
                "set `region`",
            );
            return;
        };
        let of = match instance.architecture(scope) {
            Ok(of) => of.or(instance.image.architecture()),
            // The instance itself reports it.
            Err(_) => return,
        };
        let Some(of) = of else {
            wrong(
                "the agent's package depends on the architecture, and nothing tells it",
                "give the parameter of the type a `default` or `allowed_values`",
            );
            return;
        };
        #[cfg(feature = "user-data")]
        {
            use crate::user_data::{Package, install_agent};
            let mut all = Package::ALL.iter().copied();
            // `check` has refused other words.
            let package = all.find(|it| it.as_str() == package);
            match install_agent(package.unwrap_or(Package::Rpm), region, of) {
                Ok(text) => instance.user_data = Some(Value::Lit(Text::Owned(text))),
                Err(error) => wrong(
                    &error.to_string(),
                    "take a package for the instance's architecture",
                ),
            }
        }
        #[cfg(not(feature = "user-data"))]
        {
            let _ = (package, region, of);
            wrong(
                "`install_agent` needs the feature `user-data`",
                "switch the feature on",
            );
        }
    }
}

/// A part that `true` or a map asks for.
fn block<'a>(item: &'a Item, key: &str) -> Option<&'a Item> {
    let item = item.get(key)?;
    match item.node {
        Node::Map(_) | Node::Bool(true, _) => Some(item),
        _ => None,
    }
}

fn out_push(out: &mut Diagnostics, message: &str, help: &str, location: &SourceLocation) {
    out.push(
        Diagnostic::error("install-agent", message)
            .at(location.clone())
            .help(help),
    );
}
