//! One instance of the pattern.

use super::image::{Architecture, Image, ImageFamily};
use super::network::NetworkHandles;
use super::scope::{Construct, Scope};
use crate::ir::{Diagnostic, Expr, IntoValue, Link, NodeId, Ref, Text, Value, quoted};
use crate::resource::{
    BlockDeviceMapping, Ebs, HttpTokens, Instance, InstanceProfile, KmsKey, LaunchTemplate,
    LaunchTemplateSpecification, MetadataOptions, RootVolume, SecurityGroup, Subnet, Switch,
    TagSpecification, Tags, Typed, UserData, VolumeType,
};

/// Where an instance is.
#[derive(Clone, Debug, PartialEq)]
pub enum HostSubnet {
    /// In the network's n-th subnet, counted from zero.
    Nth(u32),
    /// In the network's subnet of this zone.
    Zone(Text),
    /// In this subnet.
    Subnet(Link<Subnet>),
}

/// An instance that Session Manager reaches: IMDSv2 only, an encrypted disk, no key pair, no
/// public address.
#[derive(Clone, Debug)]
pub struct Host {
    /// Its name, also its tag `Name`; letters, digits, `-`, `_`, `.`.
    pub name: String,
    /// The name that it had before: its resources keep their ids. Default: none.
    pub was: Option<String>,
    /// Its image. Default: the newest Amazon Linux 2023.
    pub image: Image,
    /// Changing it renews the instance with the then newest image. Default: nothing.
    pub renewal: Option<Value<Text>>,
    /// Its type. Default: `t3.micro`.
    pub instance_type: Value<Text>,
    /// The size of its root volume in GiB. Default: the image's.
    pub volume_size: Option<Value<i64>>,
    /// The key of its root volume, by ARN. Default: the account's key for EBS.
    pub kms_key: Option<Link<KmsKey>>,
    /// Where it is. Default: the first subnet.
    pub subnet: HostSubnet,
    /// Further security groups. Default: none.
    pub security_groups: Vec<Link<SecurityGroup>>,
    /// Whether it has metrics by the minute. Default: it has not.
    pub monitoring: bool,
    /// Whether it is protected from termination. Default: it is not.
    pub termination_protection: bool,
    /// What it runs at its first start. Default: nothing.
    pub user_data: Option<Value<Text>>,
    /// Tags, over the stack's. Default: none.
    pub tags: Tags,
}

impl Host {
    /// With this name.
    pub fn new(name: impl Into<String>) -> Host {
        Host {
            name: name.into(),
            was: None,
            image: Image::Newest(ImageFamily::AmazonLinux2023),
            renewal: None,
            instance_type: Value::Lit(Text::Borrowed("t3.micro")),
            volume_size: None,
            kms_key: None,
            subnet: HostSubnet::Nth(0),
            security_groups: Vec::new(),
            monitoring: false,
            termination_protection: false,
            user_data: None,
            tags: Tags::default(),
        }
    }

    /// Sets its image. Default: the newest Amazon Linux 2023.
    #[must_use]
    pub fn image(mut self, image: Image) -> Self {
        self.image = image;
        self
    }

    /// Sets its type. Default: `t3.micro`.
    #[must_use]
    pub fn instance_type(mut self, of: impl IntoValue<Value<Text>>) -> Self {
        self.instance_type = of.into_value();
        self
    }

    /// Sets where it is. Default: the first subnet.
    #[must_use]
    pub fn subnet(mut self, subnet: HostSubnet) -> Self {
        self.subnet = subnet;
        self
    }

    /// Sets what it runs at its first start. Default: nothing.
    #[must_use]
    pub fn user_data(mut self, text: impl IntoValue<Value<Text>>) -> Self {
        self.user_data = Some(text.into_value());
        self
    }

    /// Sets tags, over the stack's. Default: none.
    #[must_use]
    pub fn tags(mut self, tags: impl Into<Tags>) -> Self {
        self.tags = tags.into();
        self
    }

    fn architecture(&self, scope: &mut Scope<'_>) -> Architecture {
        let Some(of) = self.instance_type.lit() else {
            return match &self.image {
                Image::Parameter { architecture, .. } | Image::Id { architecture, .. } => {
                    architecture.unwrap_or(Architecture::X86_64)
                }
                Image::Newest(_) => Architecture::X86_64,
            };
        };
        let Some(architecture) = Architecture::of(of) else {
            scope.problem(
                Diagnostic::error(
                    "instance-type",
                    format!("{} is not an instance type", quoted(of)),
                )
                .about(&["type"])
                .help("take one such as `t3.micro` or `t4g.small`"),
            );
            return Architecture::X86_64;
        };
        if let Image::Parameter {
            architecture: Some(image),
            ..
        }
        | Image::Id {
            architecture: Some(image),
            ..
        } = &self.image
            && *image != architecture
        {
            scope.problem(mismatch(of, architecture, "the image", *image));
        }
        architecture
    }
}

fn mismatch(of: &str, is: Architecture, what: &str, image: Architecture) -> Diagnostic {
    let (is, image) = (is.as_str(), image.as_str());
    Diagnostic::error(
        "image-architecture",
        format!("`{of}` is {is}, and {what} is {image}"),
    )
    .about(&["type"])
    .about(&["image"])
    .help(format!(
        "take an instance type of {image}, or an image of {is}"
    ))
}

/// A host with what it stands on.
#[derive(Clone, Debug)]
pub(crate) struct PlacedHost<'a> {
    pub(crate) host: Host,
    pub(crate) network: &'a NetworkHandles,
    pub(crate) profile: Ref<InstanceProfile>,
    pub(crate) group: Ref<SecurityGroup>,
    pub(crate) after: &'a [NodeId],
}

/// What a host is to its users.
#[derive(Clone, Copy, Debug)]
pub struct HostHandles {
    /// The instance.
    pub instance: Ref<Instance>,
}

impl PlacedHost<'_> {
    fn subnet(&self, scope: &mut Scope<'_>) -> Link<Subnet> {
        let subnets = &self.network.subnets;
        let found = match &self.host.subnet {
            HostSubnet::Subnet(subnet) => return subnet.clone(),
            HostSubnet::Nth(n) => {
                if let [only] = subnets.as_slice()
                    && let Value::Expr(Expr::Items(list)) = only.subnet
                {
                    return Value::Expr(Expr::Select(Box::new(Expr::Param(list)), *n));
                }
                subnets.get(*n as usize)
            }
            HostSubnet::Zone(zone) => subnets
                .iter()
                .find(|subnet| subnet.zone.as_ref() == Some(zone)),
        };
        if let Some(found) = found {
            return found.one();
        }
        let (what, known) = match &self.host.subnet {
            HostSubnet::Zone(zone) => {
                let zones = subnets.iter().filter_map(|subnet| subnet.zone.as_deref());
                (
                    format!("zone `{zone}`"),
                    zones.collect::<Vec<_>>().join(", "),
                )
            }
            HostSubnet::Nth(n) => (
                format!("number {n}"),
                format!("0 to {}", subnets.len().saturating_sub(1)),
            ),
            HostSubnet::Subnet(_) => (String::new(), String::new()),
        };
        // A network without subnets has been told already.
        if !subnets.is_empty() {
            scope.problem(
                Diagnostic::error(
                    "instance-subnet",
                    format!("the network has no subnet of {what}"),
                )
                .about(&["zone"])
                .about(&["subnet"])
                .help(format!("it has: {known}")),
            );
        }
        Value::Lit(crate::ir::Id::new(""))
    }
}

impl Construct for PlacedHost<'_> {
    type Handle = HostHandles;

    fn build(self, scope: &mut Scope<'_>) -> HostHandles {
        let subnet = self.subnet(scope);
        let host = self.host;
        let architecture = host.architecture(scope);
        let mut instance = Instance::new(host.instance_type, subnet);
        let (parameter, root_device, least) = match &host.image {
            Image::Newest(family) => {
                let Some(parameter) = family.parameter(architecture) else {
                    let of = family.as_str();
                    scope.problem(
                        Diagnostic::error(
                            "image-architecture",
                            format!("`{of}` is not published for {}", architecture.as_str()),
                        )
                        .about(&["type"])
                        .help("take an instance type of x86_64, such as `t3.micro`"),
                    );
                    return HostHandles {
                        instance: scope.add("Instance", instance),
                    };
                };
                (
                    Some(parameter),
                    Text::Borrowed(family.root_device()),
                    Some(family.least_volume_size()),
                )
            }
            Image::Parameter {
                name, root_device, ..
            } => {
                if name.contains("-minimal-") {
                    scope.problem(
                        Diagnostic::error(
                            "image-minimal",
                            format!("{} has no agent", quoted(name)),
                        )
                        .about(&["image", "parameter"])
                        .help("minimal images lack it; take the image without `minimal`"),
                    );
                }
                let other = match architecture {
                    Architecture::X86_64 => "arm64",
                    Architecture::Arm64 => "x86_64",
                };
                if name.starts_with("/aws/service/") && name.contains(other) {
                    let image = match architecture {
                        Architecture::X86_64 => Architecture::Arm64,
                        Architecture::Arm64 => Architecture::X86_64,
                    };
                    let of = instance.instance_type.lit().cloned().unwrap_or_default();
                    scope.problem(mismatch(&of, architecture, name, image));
                }
                (Some(name.to_string()), root_device.clone(), None)
            }
            Image::Id {
                id, root_device, ..
            } => {
                instance.image = Some(id.clone());
                (None, root_device.clone(), None)
            }
        };
        if let (Some(Value::Lit(size)), Some(least)) = (&host.volume_size, least)
            && *size < least
        {
            let message = format!("the image needs {least} GiB, and the root volume has {size}");
            scope.problem(
                Diagnostic::error("root-volume-size", message)
                    .about(&["volume_size"])
                    .help("enlarge the volume"),
            );
        }
        let mut ebs = Ebs::new()
            .volume_type(VolumeType::Gp3)
            .encrypted(true)
            .delete_on_termination(true);
        ebs.volume_size = host.volume_size;
        ebs.kms_key = host.kms_key;
        let root: Value<Text> = root_device.into_value();
        if let Some(parameter) = parameter {
            let image = crate::ir::Id::new(format!("resolve:ssm:{parameter}"));
            let mut template =
                LaunchTemplate::new(image).block_devices([BlockDeviceMapping::new(root, ebs)]);
            if let Some(renewal) = &host.renewal {
                // A change of the template's data is what both languages replace the instance
                // for; a description alone is not (Terraform sees the new version one plan late).
                let marker = TagSpecification::new("network-interface")
                    .tags([("ImageRenewal", renewal.clone())]);
                template = template.tag_specifications([marker]);
            }
            let template = scope.add("Image", template);
            let version: Value<Text> = template.attr(LaunchTemplate::LATEST_VERSION).into_value();
            instance.launch_template = Some(LaunchTemplateSpecification::new(template, version));
        } else {
            instance.root_volume = Some(RootVolume {
                device_name: root,
                ebs,
            });
        }
        instance.iam_instance_profile = Some(self.profile.into_value());
        instance.metadata_options = Some(
            MetadataOptions::new()
                .http_endpoint(Switch::Enabled)
                .http_tokens(HttpTokens::Required)
                .http_put_response_hop_limit(1),
        );
        instance.monitoring = Some(Value::Lit(host.monitoring));
        instance.disable_api_termination = Some(Value::Lit(host.termination_protection));
        instance.user_data = host.user_data.map(UserData);
        instance.propagate_tags_to_volume_on_creation = Some(Value::Lit(true));
        instance.security_groups.push(self.group.into_value());
        instance.security_groups.extend(host.security_groups);
        instance.tags.set("Name", host.name);
        instance.tags.merge(&host.tags);
        let instance = scope.add("Instance", instance);
        scope.after(instance, self.after.iter().copied());
        let id = instance.attr(Instance::LINK);
        scope.output("InstanceId", id.clone(), "The instance");
        let session = Expr::concat([
            Expr::text("aws ssm start-session --target "),
            id,
            Expr::text(" --region "),
            scope.region(),
        ]);
        scope.output("StartSession", session, "Opens a session");
        HostHandles { instance }
    }
}
