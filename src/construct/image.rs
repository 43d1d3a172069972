//! Machine images: which one, its architecture, its root device, its agent.

#[cfg(feature = "config")]
use super::option_types::{Kind, OptionType};
#[cfg(feature = "config")]
use super::options::options;
#[cfg(feature = "config")]
use super::reader::{Item, Reader};
use crate::ir::{IntoValue, Link, Text, words};
use crate::resource::{Architecture, LaunchImage};

words! {
    /// Images that AWS and Canonical publish with SSM Agent.
    /// <https://docs.aws.amazon.com/systems-manager/latest/userguide/ami-preinstalled-agent.html>
    #[non_exhaustive]
    pub enum ImageFamily {
        /// Amazon Linux 2023.
        AmazonLinux2023 = "al2023",
        /// Amazon Linux 2.
        AmazonLinux2 = "al2",
        /// Ubuntu Server 22.04.
        Ubuntu2204 = "ubuntu-22.04",
        /// Ubuntu Server 24.04.
        Ubuntu2404 = "ubuntu-24.04",
        /// Ubuntu Server 26.04, which AWS does not list among the images with SSM Agent.
        Ubuntu2604 = "ubuntu-26.04",
        /// Windows Server 2022.
        WindowsServer2022 = "windows-2022",
        /// Windows Server 2025.
        WindowsServer2025 = "windows-2025",
    }
}

words! {
    /// The package of SSM Agent, by the program that installs it.
    #[non_exhaustive]
    pub enum Package {
        /// Amazon Linux, Red Hat Enterprise Linux and similar.
        Rpm = "rpm",
        /// Debian and Ubuntu.
        Deb = "deb",
        /// Windows Server; not for `arm64`.
        Windows = "windows",
    }
}

impl ImageFamily {
    /// Whether its packages come from S3.
    pub(crate) const fn is_amazon_linux(self) -> bool {
        matches!(
            self,
            ImageFamily::AmazonLinux2023 | ImageFamily::AmazonLinux2
        )
    }

    /// Returns the public parameter that names the newest image; Windows has none for `arm64`.
    pub fn ssm_parameter(self, architecture: Architecture) -> Option<String> {
        let amazon = architecture.as_str();
        let canonical = match architecture {
            Architecture::X86_64 => "amd64",
            Architecture::Arm64 => "arm64",
        };
        let windows = architecture == Architecture::X86_64;
        match self {
            ImageFamily::AmazonLinux2023 => Some(format!(
                "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{amazon}"
            )),
            ImageFamily::AmazonLinux2 => Some(format!(
                "/aws/service/ami-amazon-linux-latest/amzn2-ami-kernel-5.10-hvm-{amazon}-gp2"
            )),
            ImageFamily::Ubuntu2204 => Some(format!(
                "/aws/service/canonical/ubuntu/server/22.04/stable/current/{canonical}/hvm/ebs-gp2/ami-id"
            )),
            ImageFamily::Ubuntu2404 => Some(format!(
                "/aws/service/canonical/ubuntu/server/24.04/stable/current/{canonical}/hvm/ebs-gp3/ami-id"
            )),
            ImageFamily::Ubuntu2604 => Some(format!(
                "/aws/service/canonical/ubuntu/server/26.04/stable/current/{canonical}/hvm/ebs-gp3/ami-id"
            )),
            ImageFamily::WindowsServer2022 => windows.then(|| {
                "/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base".to_owned()
            }),
            ImageFamily::WindowsServer2025 => windows.then(|| {
                "/aws/service/ami-windows-latest/Windows_Server-2025-English-Full-Base".to_owned()
            }),
        }
    }

    /// Returns the image's name for the disk that it boots from.
    pub const fn root_device_name(self) -> &'static str {
        match self {
            ImageFamily::AmazonLinux2023 | ImageFamily::AmazonLinux2 => "/dev/xvda",
            _ => "/dev/sda1",
        }
    }

    /// Returns the user of the published image that sessions can run as, in addition to `root`.
    /// Windows has no Run As.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/managing-users.html>
    pub(crate) const fn user(self) -> Option<&'static str> {
        match self {
            ImageFamily::AmazonLinux2023 | ImageFamily::AmazonLinux2 => Some("ec2-user"),
            ImageFamily::Ubuntu2204 | ImageFamily::Ubuntu2404 | ImageFamily::Ubuntu2604 => {
                Some("ubuntu")
            }
            ImageFamily::WindowsServer2022 | ImageFamily::WindowsServer2025 => None,
        }
    }

    /// Returns the size in GiB of the published image, below which no disk can be.
    pub const fn min_volume_size(self) -> i64 {
        match self {
            ImageFamily::WindowsServer2022 | ImageFamily::WindowsServer2025 => 30,
            _ => 8,
        }
    }
}

/// The image of an instance.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Image {
    /// The newest of a family when the instance is launched.
    Latest(ImageFamily),
    /// What a parameter of Parameter Store names when the instance is launched.
    Parameter {
        /// The parameter's name, with `:version` or `:label` behind it where that is wanted.
        name: Text,
        /// The image's name for its root device.
        root_device_name: Text,
        /// Its architecture. Default: not checked.
        architecture: Option<Architecture>,
    },
    /// This one.
    Id {
        /// The image.
        id: Link<LaunchImage>,
        /// The image's name for its root device.
        root_device_name: Text,
        /// Its architecture. Default: not checked.
        architecture: Option<Architecture>,
    },
}

impl Image {
    /// An image by ID, with its name for its root device, such as `/dev/xvda`.
    ///
    /// ```
    /// use ssm_synth::construct::{Architecture, Image, PrivateInstance};
    /// use ssm_synth::{Id, resource::LaunchImage};
    ///
    /// let golden: Id<LaunchImage> = Id::new("ami-0a1b2c3d4e5f60718");
    /// let image = Image::ami(golden, "/dev/xvda").architecture(Architecture::Arm64);
    /// let web = PrivateInstance::new("web").image(image).instance_type("t4g.small");
    /// ```
    pub fn ami(
        id: impl IntoValue<Link<LaunchImage>>,
        root_device_name: impl IntoValue<Text>,
    ) -> Image {
        Image::Id {
            id: id.into_value(),
            root_device_name: root_device_name.into_value(),
            architecture: None,
        }
    }

    /// What a parameter of Parameter Store names when the instance is launched, with the image's name
    /// for its root device.
    pub fn parameter(name: impl IntoValue<Text>, root_device_name: impl IntoValue<Text>) -> Image {
        Image::Parameter {
            name: name.into_value(),
            root_device_name: root_device_name.into_value(),
            architecture: None,
        }
    }

    /// Sets the architecture of an image of your own. Default: not checked.
    #[must_use]
    pub fn architecture(mut self, of: Architecture) -> Image {
        match &mut self {
            Image::Parameter { architecture, .. } | Image::Id { architecture, .. } => {
                *architecture = Some(of);
            }
            // AWS publishes it for the architecture of the instance type.
            Image::Latest(_) => {}
        }
        self
    }
}

#[diagnostic::do_not_recommend]
impl IntoValue<Image> for ImageFamily {
    fn into_value(self) -> Image {
        Image::Latest(self)
    }
}

#[cfg(feature = "config")]
options! {
    /// An image of your own.
    #[derive(Clone, Debug)]
    pub(crate) struct CustomImage, start |_preset| CustomImage::new("");
    required {
        /// Root device name of the image, such as `/dev/xvda`.
        root_device_name: Text;
    }
    options {
        /// ID of the image.
        ami_id: opt Link<LaunchImage>;
        /// Name of the Systems Manager parameter that holds the image ID. A parameter of your own
        /// needs the data type `aws:ec2:image`.
        ssm_parameter: opt Text;
        /// Architecture of the image.
        architecture: opt Architecture, shown "not checked";
    }
}

#[cfg(feature = "config")]
impl OptionType for Image {
    const KIND: Kind = Kind::Either(&ImageFamily::KIND, &CustomImage::KIND);

    fn read(item: &Item, kind: &Kind, reader: &mut Reader) -> Option<Self> {
        if item.as_text().is_some() {
            return ImageFamily::read(item, kind, reader).map(Image::Latest);
        }
        let custom: CustomImage = reader.read(item, &CustomImage::KIND)?;
        let (root_device_name, architecture) = (custom.root_device_name, custom.architecture);
        match (custom.ami_id, custom.ssm_parameter) {
            (Some(id), None) => Some(Image::Id {
                id,
                root_device_name,
                architecture,
            }),
            (None, Some(name)) => Some(Image::Parameter {
                name,
                root_device_name,
                architecture,
            }),
            _ => {
                let both = ["ami_id", "ssm_parameter"];
                if both.iter().filter(|key| item.get(key).is_some()).count() != 1 {
                    let message = format!(
                        "`{}` requires either `ami_id` or `ssm_parameter`",
                        reader.full("")
                    );
                    let help = "set the ID of an image, or the parameter that holds it";
                    reader.error("setting-required", &item.location, message, help);
                }
                None
            }
        }
    }

    fn shown(&self) -> Option<String> {
        match self {
            Image::Latest(family) => family.shown(),
            Image::Id { id, .. } => id.shown(),
            Image::Parameter { name, .. } => name.shown(),
        }
    }
}

impl Image {
    /// Returns the stated architecture, or the one in the name of a public parameter.
    pub(crate) fn own_architecture(&self) -> Option<Architecture> {
        match self {
            Image::Latest(_) => None,
            Image::Id { architecture, .. } => *architecture,
            Image::Parameter {
                name, architecture, ..
            } => architecture.or_else(|| {
                let tokens = [
                    ("arm64", Architecture::Arm64),
                    ("x86_64", Architecture::X86_64),
                    ("amd64", Architecture::X86_64),
                    ("/ami-windows-latest/", Architecture::X86_64),
                ];
                let public = name.starts_with("/aws/service/");
                let named = tokens.iter().find(|(token, _)| name.contains(token));
                named
                    .filter(|_| public)
                    .map(|(_, architecture)| *architecture)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_architecture_is_in_the_family() {
        for (of, arm) in [
            ("t3.micro", false),
            ("t4g.nano", true),
            ("g5.xlarge", false),
            ("g5g.xlarge", true),
            ("im4gn.large", true),
            ("x2gd.medium", true),
            ("hpc7g.4xlarge", true),
            ("a1.large", true),
            ("u-6tb1.metal", false),
            ("p4d.24xlarge", false),
            ("c8gb.large", true),
            ("m7i-flex.large", false),
            ("p6e-gb200.36xlarge", true),
            ("p6-b200.48xlarge", false),
            ("vt1.3xlarge", false),
            ("is4gen.large", true),
        ] {
            let expected = if arm {
                Architecture::Arm64
            } else {
                Architecture::X86_64
            };
            assert_eq!(Architecture::of(of), Some(expected), "{of}");
        }
        for bad in [
            "",
            "t3",
            "t3.",
            ".micro",
            "micro.t3",
            "3t.micro",
            "t3 .micro",
            "mac1.metal",
            "mac2-m2pro.metal",
        ] {
            assert_eq!(Architecture::of(bad), None, "{bad}");
        }
    }
}
