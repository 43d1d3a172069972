//! One instance of the pattern.

use super::duplicates::{check_arn, check_id, check_ids};
use super::image::{Image, ImageFamily, Package};
use super::instance_role::{InstanceRole, InstanceRoleHandles};
use super::network_handles::NetworkHandles;
use super::options::{Integer, Ranges, options};
use super::scope::{Construct, Scope};
use super::sessions::{SessionHandles, start_session};
use crate::ir::{Diagnostic, Expr, Handle, IntoValue, Link, NodeId, Text, Value, quoted};
use crate::resource::{
    Architecture, BlockDeviceMapping, Ebs, HttpTokens, Instance, InstanceProfile, KmsKey,
    LaunchTemplate, LaunchTemplateSpecification, MetadataOptions, Role, RootVolume, SecurityGroup,
    Subnet, Switch, TagSpecification, Tags, Typed, UserData, VolumeType,
};
use crate::validate::{ArnOf, IdOf};

/// The name of the default instance.
pub(crate) const DEFAULT_INSTANCE_NAME: &str = "main";

options! {
    /// An instance that Session Manager reaches: IMDSv2 only, an encrypted root volume, no key pair,
    /// no public IP address.
    #[derive(Clone, Debug)]
    pub struct PrivateInstance, start |preset| preset.instance("");
    required {
        /// Name of the instance, also its tag `Name`: letters, digits, `-`, `_` and `.`.
        name: String;
    }
    options {
        /// Previous name of the instance. Its resources keep their logical IDs.
        renamed_from: opt String;
        /// Image of the instance: the newest of a family at launch, or an image of your own.
        image: def Image = Image::Latest(ImageFamily::AmazonLinux2023);
        /// Any text. A change replaces the instance, which then has the newest image.
        replacement_trigger: opt Value<Text>, kind TEXT_OR_PARAMETER;
        /// Instance type.
        instance_type: def Value<Text> = "t3.micro";
        // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EbsBlockDevice.html, for gp3
        /// Size of the root volume in GiB.
        root_volume_size: opt Value<i64>, in 1..=65536, shown "the size of the image";
        /// ARN of the KMS key of the root volume.
        root_volume_kms_key: opt Link<KmsKey>, shown "the default key of the account";
        /// Index of the subnet in the network, from 0.
        subnet_index: def i64 = 0, in 0..=999;
        /// Availability Zone of the instance, instead of `subnet_index`.
        zone: opt Text;
        /// Subnet of the instance, instead of `subnet_index` and `zone`.
        subnet: opt Link<Subnet>;
        /// Creates a role for this instance alone, with the path and the permissions boundary of the
        /// role of the stack unless it sets its own.
        instance_role: opt InstanceRole, shown "the role of the stack";
        /// Additional security groups.
        security_groups: many Link<SecurityGroup>;
        /// Enables detailed monitoring: metrics each minute.
        detailed_monitoring: def bool = false;
        /// Enables EBS optimization. Some instance types reject it.
        ebs_optimized: def bool = false, shown "set by the instance type";
        /// Enables termination protection.
        termination_protection: def bool = false;
        /// User data for the first start of the instance, at most 16 KiB.
        user_data: opt Value<Text>;
        /// Package of SSM Agent to install at the first start, for images without the agent. Needs a
        /// route to S3, such as `endpoints.s3_gateway`.
        install_agent: opt Package;
        /// Tags of the instance, in addition to the tags of the stack.
        tags: tags Tags;
    }
}

impl PrivateInstance {
    /// Returns the instance types that are known before deployment.
    fn possible_types(&self, scope: &Scope<'_>) -> Vec<Text> {
        match &self.instance_type {
            Value::Lit(of) => vec![of.clone()],
            Value::Expr(Expr::Param(id)) => scope.declaration(*id).map_or(Vec::new(), |it| {
                if it.from_parameter_store {
                    return Vec::new();
                }
                let mut types = it.allowed_values.clone();
                types.extend(it.default.clone().filter(|of| !types.contains(of)));
                types
            }),
            Value::Expr(_) => Vec::new(),
        }
    }

    /// Returns the architecture of its type; none if only the deployment determines it.
    ///
    /// # Errors
    ///
    /// If a type is invalid, or the types have several architectures.
    pub(crate) fn architecture(
        &self,
        scope: &Scope<'_>,
    ) -> Result<Option<Architecture>, Box<Diagnostic>> {
        let mut first: Option<(Text, Architecture)> = None;
        for of in self.possible_types(scope) {
            let Some(architecture) = Architecture::of(&of) else {
                let (what, help) = if of.starts_with("mac") {
                    (
                        "requires a Dedicated Host, which the stack does not create",
                        "use a type of x86_64 or arm64, such as `t3.micro` or `t4g.small`",
                    )
                } else {
                    (
                        "is not an instance type",
                        "use a type such as `t3.micro` or `t4g.small`",
                    )
                };
                let message = format!("{} {what}", quoted(&of));
                return Err(Box::new(
                    Diagnostic::error("instance-type", message)
                        .about(&["instance_type"])
                        .help(help),
                ));
            };
            match &first {
                Some((other, is)) if *is != architecture => {
                    let message = format!(
                        "`{other}` is {}, and `{of}` is {}: no image is for both",
                        is.as_str(),
                        architecture.as_str()
                    );
                    return Err(Box::new(
                        Diagnostic::error("instance-type", message)
                            .about(&["instance_type"])
                            .help("allow types of one architecture, or declare two parameters"),
                    ));
                }
                Some(_) => {}
                None => first = Some((of, architecture)),
            }
        }
        Ok(first.map(|(_, architecture)| architecture))
    }

    /// What diagnostics call its type.
    fn display_type(&self, scope: &Scope<'_>) -> String {
        match self.possible_types(scope).first() {
            Some(of) => format!("`{of}`"),
            None => "the instance type".to_owned(),
        }
    }

    /// Returns the architecture of type and image, and reports where they disagree.
    fn resolve_architecture(&self, scope: &mut Scope<'_>) -> Architecture {
        let of_type = match self.architecture(scope) {
            Ok(of_type) => of_type,
            Err(diagnostic) => {
                scope.add_diagnostic(*diagnostic);
                return Architecture::X86_64;
            }
        };
        match (of_type, self.image.own_architecture()) {
            (Some(is), Some(image)) if is != image => {
                let (of, is, image) = (self.display_type(scope), is.as_str(), image.as_str());
                scope.add_diagnostic(
                    Diagnostic::error(
                        "image-architecture",
                        format!("{of} is {is}, and the image is {image}"),
                    )
                    .about(&["instance_type"])
                    .about(&["image"])
                    .help(format!(
                        "use an instance type of {image}, or an image of {is}"
                    )),
                );
            }
            (None, None) if matches!(self.image, Image::Latest(_)) => scope.add_diagnostic(
                Diagnostic::error(
                    "instance-type",
                    "the image requires a known architecture of the instance type",
                )
                .about(&["instance_type"])
                .help("set `default` or `allowed_values` of the parameter"),
            ),
            _ => {}
        }
        of_type.unwrap_or(Architecture::X86_64)
    }

    /// Reports a known size below that of the image.
    fn check_volume(&self, scope: &mut Scope<'_>) {
        let min = match &self.image {
            Image::Latest(family) => family.min_volume_size(),
            _ => 1,
        };
        let sizes = self.root_volume_size.known(scope).into_iter();
        if let Some(size) = sizes.into_iter().find(|size| (1..min).contains(size)) {
            let message = format!("`root_volume_size` is {size}; the image has {min} GiB");
            scope.add_diagnostic(
                Diagnostic::error("root-volume-size", message)
                    .about(&["root_volume_size"])
                    .help(format!("set `root_volume_size` to {min} or more")),
            );
        }
    }

    /// Reports malformed IDs and ARNs, and too many security groups.
    fn check_references(&self, scope: &mut Scope<'_>) {
        if let Image::Id { id, .. } = &self.image {
            check_id("image.ami_id", IdOf::IMAGE, id, scope);
        }
        if let Some(key) = &self.root_volume_kms_key {
            check_arn("root_volume_kms_key", ArnOf::Key, key, scope);
        }
        if let Some(subnet) = &self.subnet {
            check_id("subnet", IdOf::SUBNET, subnet, scope);
        }
        let groups = &self.security_groups;
        check_ids("security_groups", IdOf::SECURITY_GROUP, groups, scope);
        // https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
        let count = groups.len() + 1;
        let help = "remove some of `security_groups`";
        if count > 16 {
            let message =
                format!("the instance has {count} security groups with its own; EC2 allows 16");
            scope.add_diagnostic(
                Diagnostic::error("security-groups", message)
                    .about(&["security_groups"])
                    .help(help),
            );
        } else if count > 5 {
            let message = format!(
                "the instance has {count} security groups with its own; the default quota of EC2 is 5"
            );
            scope.add_diagnostic(
                Diagnostic::warning("security-groups", message)
                    .about(&["security_groups"])
                    .help(help),
            );
        }
    }

    /// Sets the user data that installs the agent, and reports why it cannot.
    fn resolve_user_data(&mut self, s3: bool, scope: &mut Scope<'_>) {
        let Some(package) = self.install_agent else {
            return;
        };
        let wrong = |scope: &mut Scope<'_>, message: &str, help: &str| {
            scope.add_diagnostic(
                Diagnostic::error("install-agent", message)
                    .about(&["install_agent"])
                    .help(help),
            );
        };
        if !s3 {
            let message = "`install_agent` requires a route to S3, where the package is";
            wrong(scope, message, "set `endpoints.s3_gateway: true`");
        }
        if self.user_data.is_some() {
            let message = "`install_agent` and `user_data` exclude each other";
            let help = "remove `install_agent`, and install the agent in `user_data`";
            wrong(scope, message, help);
        }
        let Some(region) = scope.known_region() else {
            let message = "`install_agent` requires `region`, whose bucket has the package";
            return wrong(scope, message, "set `region`");
        };
        let of = match self.architecture(scope) {
            Ok(of) => of.or(self.image.own_architecture()),
            // `resolve_architecture` reports it.
            Err(_) => return,
        };
        let Some(of) = of else {
            let message = "`install_agent` requires a known architecture of the instance type";
            let help = "set `default` or `allowed_values` of the parameter";
            return wrong(scope, message, help);
        };
        #[cfg(feature = "user-data")]
        match super::user_data::install_agent(package, region, of) {
            Ok(text) => self.user_data = Some(Value::Lit(Text::Owned(text))),
            Err(error) => {
                let help = "set `install_agent` to a package for the architecture";
                wrong(scope, &error.to_string(), help);
            }
        }
        #[cfg(not(feature = "user-data"))]
        {
            let _ = (package, region, of);
            let message = "`install_agent` requires the feature `user-data`";
            wrong(scope, message, "enable the feature");
        }
    }
}

/// An instance with the parts that it depends on.
#[derive(Clone, Debug)]
pub(crate) struct PlacedInstance<'a> {
    pub(crate) instance: PrivateInstance,
    pub(crate) network: &'a NetworkHandles,
    pub(crate) role: &'a InstanceRoleHandles,
    pub(crate) security_group: Handle<SecurityGroup>,
    pub(crate) sessions: Option<&'a SessionHandles>,
    /// Whether the instances have a route to S3.
    pub(crate) s3: bool,
    pub(crate) depends_on: &'a [NodeId],
}

/// The instance, for the parts that use it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct InstanceHandles {
    /// The instance.
    pub instance: Handle<Instance>,
    /// The launch template, where the image comes from a parameter of AWS.
    pub launch_template: Option<Handle<LaunchTemplate>>,
    /// Its role: that of the stack, or its own.
    pub role: Handle<Role>,
    /// Its instance profile.
    pub instance_profile: Handle<InstanceProfile>,
}

impl PlacedInstance<'_> {
    fn subnet(&self, scope: &mut Scope<'_>) -> Link<Subnet> {
        let subnets = &self.network.subnets;
        let zone = self.instance.zone.as_ref().map(|_| "zone");
        let index = (self.instance.subnet_index != 0).then_some("subnet_index");
        let (instead, unused) = match (&self.instance.subnet, zone) {
            (Some(_), _) => ("subnet", [zone, index]),
            (None, Some(zone)) => (zone, [index, None]),
            (None, None) => ("", [None; 2]),
        };
        for key in unused.into_iter().flatten() {
            scope.warn_unused(
                key,
                &format!("with `{instead}`"),
                &format!("remove `{instead}`"),
            );
        }
        if let Some(subnet) = &self.instance.subnet {
            return subnet.clone();
        }
        let index = self.instance.subnet_index;
        let found = match &self.instance.zone {
            Some(zone) => subnets
                .iter()
                .find(|subnet| subnet.zone.as_ref() == Some(zone)),
            None => {
                if let [only] = subnets.as_slice()
                    && let Value::Expr(Expr::Items(list)) = only.id
                {
                    let index = u32::try_from(index).unwrap_or(u32::MAX);
                    return Value::Expr(Expr::Select(Box::new(Expr::Param(list)), index));
                }
                usize::try_from(index).ok().and_then(|n| subnets.get(n))
            }
        };
        if let Some(found) = found {
            return found.one();
        }
        let (what, known) = match &self.instance.zone {
            Some(zone) => {
                let what = format!("in Availability Zone `{zone}`");
                (what, self.network.known_zones())
            }
            None => (
                format!("with index {index}"),
                format!("use one of: 0 to {}", subnets.len().saturating_sub(1)),
            ),
        };
        // `ExistingNetwork` reports a network without subnets.
        if !subnets.is_empty() {
            scope.add_diagnostic(
                Diagnostic::error(
                    "instance-subnet",
                    format!("the network has no subnet {what}"),
                )
                .about(&["zone"])
                .about(&["subnet_index"])
                .help(known),
            );
        }
        Value::Lit(crate::ir::Id::new(""))
    }
}

impl Construct for PlacedInstance<'_> {
    type Handle = InstanceHandles;

    fn build(self, scope: &mut Scope<'_>) -> InstanceHandles {
        let subnet = self.subnet(scope);
        let mut instance_config = self.instance;
        instance_config.resolve_user_data(self.s3, scope);
        let architecture = instance_config.resolve_architecture(scope);
        instance_config.check_agent(scope);
        instance_config.check_support(scope);
        let run_as = self.sessions.and_then(|it| it.run_as.as_ref());
        instance_config.check_user(run_as, scope);
        instance_config.check_ranges(&[], scope);
        super::offers::check_all(instance_config.possible_types(scope), scope);
        instance_config.check_volume(scope);
        instance_config.check_references(scope);
        let mut instance = Instance::new(instance_config.instance_type, subnet);
        let (parameter, root_device) = match &instance_config.image {
            Image::Latest(family) => {
                let Some(parameter) = family.ssm_parameter(architecture) else {
                    let of = family.as_str();
                    scope.add_diagnostic(
                        Diagnostic::error(
                            "image-architecture",
                            format!("`{of}` is not published for {}", architecture.as_str()),
                        )
                        .about(&["instance_type"])
                        .help("use an instance type of x86_64, such as `t3.micro`"),
                    );
                    return InstanceHandles {
                        instance: scope.add("Instance", instance),
                        launch_template: None,
                        role: self.role.role,
                        instance_profile: self.role.instance_profile,
                    };
                };
                (Some(parameter), Text::Borrowed(family.root_device_name()))
            }
            Image::Parameter {
                name,
                root_device_name: root_device,
                ..
            } => (Some(name.to_string()), root_device.clone()),
            Image::Id {
                id,
                root_device_name: root_device,
                ..
            } => {
                instance.image = Some(id.clone());
                (None, root_device.clone())
            }
        };
        let mut ebs = Ebs::new()
            .volume_type(VolumeType::Gp3)
            .encrypted(true)
            .delete_on_termination(true);
        ebs.volume_size = instance_config.root_volume_size;
        ebs.kms_key = instance_config.root_volume_kms_key;
        let root: Value<Text> = root_device.into_value();
        let metadata = MetadataOptions::new()
            .http_endpoint(Switch::Enabled)
            .http_tokens(HttpTokens::Required)
            .http_put_response_hop_limit(1);
        let mut launch_template = None;
        if let Some(parameter) = parameter {
            let image = crate::ir::Id::new(format!("resolve:ssm:{parameter}"));
            // A new version replaces the instance: no setting that can change without belongs here.
            // The metadata options are the same for every instance.
            let mut template = LaunchTemplate::new(image)
                .block_devices([BlockDeviceMapping::new(root, ebs)])
                .metadata_options(metadata.clone());
            if let Some(trigger) = &instance_config.replacement_trigger {
                // A change of the template's data is what both languages replace the instance
                // for; a description alone is not (Terraform sees the new version one plan late).
                let marker = TagSpecification::new("network-interface")
                    .tags([("ReplacementTrigger", trigger.clone())]);
                template = template.tag_specifications([marker]);
            }
            let template = scope.add("Image", template);
            launch_template = Some(template);
            let version: Value<Text> = template.attr(LaunchTemplate::LATEST_VERSION).into_value();
            instance.launch_template = Some(LaunchTemplateSpecification::new(template, version));
        } else {
            instance.root_volume = Some(RootVolume {
                device_name: root,
                ebs,
            });
        }
        instance.iam_instance_profile = Some(self.role.instance_profile.into_value());
        instance.metadata_options = Some(metadata);
        instance.monitoring = Some(Value::Lit(instance_config.detailed_monitoring));
        instance.ebs_optimized = instance_config.ebs_optimized.then_some(Value::Lit(true));
        instance.disable_api_termination = Some(Value::Lit(instance_config.termination_protection));
        instance.user_data = instance_config.user_data.map(UserData);
        instance.propagate_tags_to_volume_on_creation = Some(Value::Lit(true));
        instance
            .security_groups
            .push(self.security_group.into_value());
        instance
            .security_groups
            .extend(instance_config.security_groups);
        instance.tags.set("Name", instance_config.name);
        instance.tags.merge(&instance_config.tags);
        let instance = scope.add("Instance", instance);
        scope.depends_on(instance, self.depends_on.iter().copied());
        let id = instance.attr(Instance::LINK);
        scope.output("InstanceId", id.clone(), "The instance");
        let start = start_session(id, scope.region(), self.sessions);
        scope.output("StartSession", start, "Opens a session");
        InstanceHandles {
            instance,
            launch_template,
            role: self.role.role,
            instance_profile: self.role.instance_profile,
        }
    }
}
