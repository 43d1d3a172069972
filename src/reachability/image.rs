//! Classification of images: whether an image family includes SSM Agent.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/ami-preinstalled-agent.html>

use super::fix::{Changes, Fix};
use super::graph_index::{GraphIndex, visible_text};
use crate::ir::{Dialect, Expr, Link, NodeId, Value};
use crate::resource::{Architecture, ImageLookup, LaunchImage, RawResource, RawValue, Resource};

/// The class of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Image {
    /// An image with SSM Agent, by name.
    WithAgent(String),
    /// An image without SSM Agent, by name.
    WithoutAgent(String),
    /// An image that the file does not describe, as the file identifies it.
    Opaque(String),
}

impl Image {
    /// Returns the name of the image.
    pub(crate) fn into_name(self) -> String {
        match self {
            Image::WithAgent(name) | Image::WithoutAgent(name) | Image::Opaque(name) => name,
        }
    }

    fn worse(self, other: Image) -> Image {
        if self == other {
            return self;
        }
        match (self, other) {
            (Image::WithAgent(a), Image::WithAgent(_)) => Image::WithAgent(a),
            (Image::WithoutAgent(a), Image::WithoutAgent(_)) => Image::WithoutAgent(a),
            _ => Image::Opaque("one of several".to_owned()),
        }
    }
}

/// Classifies an image by the value that identifies it.
pub(crate) fn classify(index: &GraphIndex<'_>, link: &Link<LaunchImage>) -> Image {
    match link {
        Value::Lit(id) => by_text(id.as_str()),
        Value::Expr(expr) => by_expr(index, expr),
    }
}

fn by_expr(index: &GraphIndex<'_>, expr: &Expr) -> Image {
    match expr {
        Expr::Text(text) => by_text(text),
        Expr::SsmParameter(name) => by_parameter(name),
        // As in a template: the default applies if the deployment sets no value.
        Expr::Param(id) => match index.graph.parameter(*id).and_then(|it| it.default_name()) {
            Some(name) => by_parameter(name),
            None => Image::Opaque(visible_text(expr)),
        },
        Expr::OneOf(of) => of
            .iter()
            .map(|one| by_expr(index, one))
            .reduce(Image::worse)
            .unwrap_or(Image::Opaque("unknown".to_owned())),
        Expr::Concat(_) => by_text(&visible_text(expr)),
        Expr::PerLanguage { cfn, tf } => by_expr(index, cfn).worse(by_expr(index, tf)),
        Expr::Attr(id, _) | Expr::Other(id, _) => {
            match index.graph.node(*id).map(|it| &it.resource) {
                Some(Resource::ImageLookup(lookup)) => by_lookup(lookup),
                _ => Image::Opaque(index.name(*id)),
            }
        }
        other => {
            let text = visible_text(other);
            match text.find("/aws/service/") {
                Some(at) => by_parameter(&text[at..]),
                None => Image::Opaque(text),
            }
        }
    }
}

fn by_text(text: &str) -> Image {
    let name = text
        .strip_prefix("resolve:ssm:")
        .or_else(|| text.strip_prefix("{{resolve:ssm:"))
        .unwrap_or(text);
    if name.starts_with("/aws/service/") {
        by_parameter(name)
    } else {
        Image::Opaque(text.to_owned())
    }
}

/// Classifies an image by the name of a public parameter of Systems Manager.
fn by_parameter(name: &str) -> Image {
    let shown = name.trim_end_matches('}').to_owned();
    // The images for ECS have a parameter for each fact.
    let image = shown.strip_suffix("/image_id").unwrap_or(&shown);
    let last = image.rsplit('/').next().unwrap_or_default();
    let amazon = name.starts_with("/aws/service/ami-amazon-linux-latest/");
    if amazon && last.contains("minimal") {
        return Image::WithoutAgent(shown);
    }
    let has = (amazon && amazon_linux(last))
        || (name.starts_with("/aws/service/ami-windows-latest/") && windows(last))
        || canonical(name)
        || ["ventura", "sonoma", "sequoia"]
            .iter()
            .any(|it| name.starts_with(&format!("/aws/service/ec2-macos/{it}/")))
        // Without it, the value is JSON.
        || image != shown
            && (name.starts_with("/aws/service/ecs/optimized-ami/amazon-linux-2/")
                || name.starts_with("/aws/service/ecs/optimized-ami/amazon-linux-2023/")
                || name.starts_with("/aws/service/eks/optimized-ami/")
                    && name.contains("/amazon-linux"));
    if has {
        return Image::WithAgent(shown);
    }
    if name.starts_with("/aws/service/debian/") {
        return Image::WithoutAgent(shown);
    }
    Image::Opaque(shown)
}

/// Returns whether a name has the form of those that AWS publishes for Amazon Linux.
fn amazon_linux(name: &str) -> bool {
    let kernel =
        |it: &str| it == "default" || it.split('.').all(|part| part.parse::<u32>().is_ok());
    if let Some(rest) = name.strip_prefix("al2023-ami-kernel-") {
        let parts = rest.rsplit_once('-');
        return parts
            .is_some_and(|(version, of)| kernel(version) && ["x86_64", "arm64"].contains(&of));
    }
    let Some(rest) = name.strip_prefix("amzn2-ami-") else {
        return false;
    };
    let rest = match rest
        .strip_prefix("kernel-")
        .and_then(|it| it.split_once('-'))
    {
        Some((version, rest)) if kernel(version) => rest,
        _ => rest,
    };
    ["hvm-x86_64-gp2", "hvm-x86_64-ebs", "hvm-arm64-gp2"].contains(&rest)
}

fn windows(name: &str) -> bool {
    !name.contains("Nano")
        && ["2016", "2019", "2022", "2025"]
            .iter()
            .any(|year| name.contains(&format!("Windows_Server-{year}")))
}

fn canonical(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("/aws/service/canonical/ubuntu/server/") else {
        return false;
    };
    let release = rest.split('/').next().unwrap_or_default();
    ubuntu_release(release)
}

fn ubuntu_release(release: &str) -> bool {
    [
        "16.04", "18.04", "20.04", "22.04", "24.04", "25.04", "xenial", "bionic", "focal", "jammy",
        "noble",
    ]
    .contains(&release)
}

/// Accounts that publish the images of AWS and of operating systems.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/finding-an-ami.html>
const PUBLISHERS: [&str; 19] = [
    "amazon",
    // Amazon: Linux, Windows, ECS, EKS; Linux in China and GovCloud.
    "137112412989",
    "801119661308",
    "591542846629",
    "602401143452",
    "141808717104",
    "045324592363",
    // Canonical; in China and GovCloud.
    "099720109477",
    "837727238323",
    "513442679011",
    // Debian, Red Hat, SUSE, CentOS, Fedora, Rocky Linux, AlmaLinux, Oracle.
    "136693071363",
    "309956199498",
    "013907871322",
    "125523088429",
    "161831738826",
    "792107900819",
    "764336703387",
    "131827586825",
    // Red Hat in GovCloud.
    "219670896067",
];

/// Returns whether a lookup finds only images of a known publisher. Any account can give its images
/// the same names.
fn is_public(lookup: &ImageLookup) -> bool {
    let known = |owner: &Value<crate::ir::Text>| {
        owner
            .lit()
            .is_some_and(|id| PUBLISHERS.contains(&id.as_ref()))
    };
    match &lookup.owner_id {
        Some(owner @ Value::Lit(_)) => known(owner),
        _ => !lookup.owners.is_empty() && lookup.owners.iter().all(known),
    }
}

/// Classifies an image by the filters or the result of a lookup.
fn by_lookup(lookup: &ImageLookup) -> Image {
    let text = |value: &Value<crate::ir::Text>| value.lit().map(ToString::to_string);
    if !is_public(lookup) {
        let name = lookup.name.as_ref().and_then(text);
        return Image::Opaque(name.unwrap_or_else(|| "a lookup".to_owned()));
    }
    if let Some(name) = lookup.name.as_ref().and_then(text) {
        return by_name(&name);
    }
    let names = lookup
        .filters
        .iter()
        .filter(|filter| filter.name.lit().is_some_and(|name| name == "name"))
        .flat_map(|filter| &filter.values)
        .map(text);
    let judged = names.map(|name| match name {
        Some(name) => by_name(&name),
        None => Image::Opaque("a lookup".to_owned()),
    });
    judged.reduce(Image::worse).unwrap_or_else(|| {
        Image::Opaque(
            lookup
                .name_regex
                .as_ref()
                .and_then(text)
                .unwrap_or_else(|| "a lookup".to_owned()),
        )
    })
}

/// Returns the architecture of an image, if the file shows it.
pub(crate) fn architecture(
    index: &GraphIndex<'_>,
    link: &Link<LaunchImage>,
) -> Option<Architecture> {
    match link {
        Value::Lit(id) => architecture_of_name(id.as_str()),
        Value::Expr(expr) => architecture_of(index, expr),
    }
}

fn architecture_of(index: &GraphIndex<'_>, expr: &Expr) -> Option<Architecture> {
    match expr {
        Expr::OneOf(of) => {
            let mut all = of.iter().map(|one| architecture_of(index, one));
            let first = all.next()??;
            all.all(|it| it == Some(first)).then_some(first)
        }
        Expr::Attr(id, _) | Expr::Other(id, _) => match &index.graph.node(*id)?.resource {
            Resource::ImageLookup(lookup) => architecture_of_lookup(lookup),
            _ => None,
        },
        _ => match by_expr(index, expr) {
            Image::WithAgent(name) | Image::WithoutAgent(name) => architecture_of_name(&name),
            Image::Opaque(_) => None,
        },
    }
}

/// Returns the architecture of a lookup by its result, its filter, or the names that it accepts.
fn architecture_of_lookup(lookup: &ImageLookup) -> Option<Architecture> {
    let word = |value: &Value<crate::ir::Text>| match value.lit()?.as_ref() {
        "arm64" => Some(Architecture::Arm64),
        "x86_64" => Some(Architecture::X86_64),
        _ => None,
    };
    if let Some(result) = &lookup.architecture {
        return word(result);
    }
    let of_filter = |name: &str, read: &dyn Fn(&Value<crate::ir::Text>) -> Option<Architecture>| {
        let is_meant = |of: &&Value<crate::ir::Text>| of.lit().is_some_and(|it| it == name);
        let filters = lookup.filters.iter();
        let mut filters = filters.filter(|filter| is_meant(&&filter.name));
        let mut values = filters.next()?.values.iter().map(read);
        let first = values.next()??;
        values.all(|it| it == Some(first)).then_some(first)
    };
    of_filter("architecture", &word)
        .or_else(|| architecture_of_name(lookup.name.as_ref()?.lit()?))
        .or_else(|| of_filter("name", &|value| architecture_of_name(value.lit()?)))
}

/// Returns the architecture that the name of a published image states.
fn architecture_of_name(name: &str) -> Option<Architecture> {
    let has = |part: &str| name.contains(part);
    match (has("arm64"), has("x86_64") || has("amd64")) {
        (true, false) => Some(Architecture::Arm64),
        (false, true) => Some(Architecture::X86_64),
        _ if has("ami-windows-latest") => Some(Architecture::X86_64),
        _ => None,
    }
}

/// Returns the device name and the size in GiB of the root volume of a published image.
pub(crate) fn root_volume(name: &str) -> Option<(&'static str, i64)> {
    let lower = name.to_ascii_lowercase();
    let has = |part: &str| lower.contains(part);
    if has("windows_server-") {
        return Some(("/dev/sda1", 30));
    }
    if has("ubuntu") {
        return Some(("/dev/sda1", 8));
    }
    let is_amazon = has("al2023-ami-") || has("amzn2-ami-");
    if has("/ecs/optimized-ami/") || is_amazon && has("-ecs-") {
        return Some(("/dev/xvda", 30));
    }
    (is_amazon && !has("minimal")).then_some(("/dev/xvda", 8))
}

/// The users of an image, in addition to those of its services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Users {
    /// Only this one.
    Known(&'static str),
    /// Sessions cannot use another user: Windows.
    NoRunAs,
    /// The file does not describe the image.
    Unknown,
}

/// Returns the users of a published image, by its name.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/managing-users.html>
pub(crate) fn users(name: &str) -> Users {
    let lower = name.to_ascii_lowercase();
    let has = |part: &str| lower.contains(part);
    if has("windows_server-") {
        Users::NoRunAs
    } else if has("ubuntu") {
        Users::Known("ubuntu")
    } else if has("/debian/") || lower.starts_with("debian-") {
        Users::Known("admin")
    } else if has("al2023-ami-")
        || has("amzn2-ami-")
        || has("/amazon-linux")
        || has("/ec2-macos/")
        || lower.starts_with("rhel-")
    {
        Users::Known("ec2-user")
    } else {
        Users::Unknown
    }
}

/// The date of an image, as a number such as `20240513`.
pub(crate) fn published(name: &str) -> Option<u32> {
    let digits = name.split(|c: char| !c.is_ascii_digit() && c != '.');
    digits
        .flat_map(|part| {
            // `20240513`, or `2024.05.13` in the names of Windows images.
            let joined: String = part.split('.').collect();
            part.split('.')
                .map(str::to_owned)
                .chain([joined])
                .collect::<Vec<_>>()
        })
        .filter(|part| part.len() == 8 && part.starts_with("20"))
        .find_map(|part| part.parse().ok())
}

/// The first images of a family with SSM Agent, by date.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/ami-preinstalled-agent.html>
fn first_with_agent(name: &str) -> u32 {
    if name.contains("ubuntu") {
        20_180_627
    } else if name.starts_with("windows_server-") {
        20_161_101
    } else {
        0
    }
}

/// Classifies an image by its name, or by a pattern for it.
fn by_name(name: &str) -> Image {
    let lower = name.to_ascii_lowercase();
    let shown = name.to_owned();
    // `al2023-ami-*` also matches the minimal image, which does not include the agent.
    let may_be_minimal = |prefix: &str| {
        lower
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with('*') || rest.starts_with("minimal"))
    };
    if lower.contains("minimal") {
        return if lower.starts_with("al2023-ami-minimal") || lower.starts_with("amzn2-ami-minimal")
        {
            Image::WithoutAgent(shown)
        } else {
            Image::Opaque(shown)
        };
    }
    if may_be_minimal("al2023-ami-") || may_be_minimal("amzn2-ami-") {
        return Image::Opaque(shown);
    }
    if published(&lower).is_some_and(|date| date < first_with_agent(&lower)) {
        return Image::WithoutAgent(shown);
    }
    if lower.starts_with("al2023-ami-") || lower.starts_with("amzn2-ami-") {
        return Image::WithAgent(shown);
    }
    if let Some(rest) = lower.strip_prefix("ubuntu/images/") {
        let known = rest.split(['/', '-']).any(ubuntu_release);
        if known && rest.contains("server") {
            return Image::WithAgent(shown);
        }
        return Image::Opaque(shown);
    }
    if lower.starts_with("windows_server-") && windows(name) {
        return Image::WithAgent(shown);
    }
    let bare = [
        "rhel-", "debian-", "centos", "rocky-", "fedora-", "kali-", "ol8", "ol9",
    ];
    if bare.iter().any(|prefix| lower.starts_with(prefix)) {
        return Image::WithoutAgent(shown);
    }
    Image::Opaque(shown)
}

/// Sets the current Amazon Linux 2023 of the architecture of an image, which includes SSM Agent.
pub(crate) fn with_agent(index: &GraphIndex<'_>, at: (NodeId, &'static str), name: &str) -> Fix {
    let architecture = match name.contains("arm64") || name.contains("aarch64") {
        true => "arm64",
        false => "x86_64",
    };
    let parameter =
        format!("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}");
    public_parameter(index, at, &parameter)
}

/// Sets the same image for another processor, if its publisher has one.
pub(crate) fn for_processor(
    index: &GraphIndex<'_>,
    at: (NodeId, &'static str),
    name: &str,
    processor: Architecture,
) -> Option<Fix> {
    let x86 = match name.strip_prefix("/aws/service/")?.split('/').next()? {
        "ami-amazon-linux-latest" => "x86_64",
        "canonical" => "amd64",
        _ => return None,
    };
    let parameter = match processor {
        Architecture::Arm64 => name.replace(x86, "arm64"),
        Architecture::X86_64 => name.replace("arm64", x86),
    };
    Some(public_parameter(index, at, &parameter))
}

/// Sets the image that a public parameter of Systems Manager names.
fn public_parameter(
    index: &GraphIndex<'_>,
    (node, field): (NodeId, &'static str),
    parameter: &str,
) -> Fix {
    let mut changes = Changes::new(index.graph);
    let is_template = index
        .graph
        .node(node)
        .is_some_and(|node| matches!(node.resource, Resource::LaunchTemplate(_)));
    let value = match changes.dialect {
        Dialect::Cfn => RawValue::Str(format!("{{{{resolve:ssm:{parameter}}}}}").into()),
        Dialect::Tf if is_template => RawValue::Str(format!("resolve:ssm:{parameter}").into()),
        Dialect::Tf => {
            let lookup = RawResource::new().tf("data.aws_ssm_parameter");
            let name = RawValue::Str(parameter.to_owned().into());
            let id = changes.add("Image", lookup.argument("name", name));
            RawValue::from(Expr::Other(id, "value".into()))
        }
    };
    changes.set(node, field, value);
    changes.done()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_classified() {
        let agent = |name: &str| matches!(by_text(name), Image::WithAgent(_));
        let bare = |name: &str| matches!(by_text(name), Image::WithoutAgent(_));
        let al = "/aws/service/ami-amazon-linux-latest/";
        assert!(agent(&format!("{al}al2023-ami-kernel-default-x86_64")));
        assert!(agent(&format!("resolve:ssm:{al}amzn2-ami-hvm-x86_64-gp2")));
        assert!(bare(&format!(
            "{al}al2023-ami-minimal-kernel-default-arm64"
        )));
        assert!(!agent(&format!("{al}amzn-ami-hvm-x86_64-gp2")));
        assert!(agent(
            "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"
        ));
        assert!(agent(
            "/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base"
        ));
        assert!(bare("/aws/service/debian/release/12/latest/amd64"));
        assert!(matches!(by_text("ami-0abcdef1234567890"), Image::Opaque(_)));
    }

    #[test]
    fn images_for_ecs_include_the_agent() {
        for name in [
            "/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id",
            "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id",
            "/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-ECS_Optimized/image_id",
        ] {
            assert!(matches!(by_text(name), Image::WithAgent(_)), "{name}");
        }
        for name in [
            "al2023-ami-ecs-hvm-2023.0.*",
            "amzn2-ami-ecs-hvm-*-x86_64-ebs",
        ] {
            assert!(matches!(by_name(name), Image::WithAgent(_)), "{name}");
        }
    }

    #[test]
    fn images_before_the_first_with_the_agent_have_none() {
        let old = "ubuntu/images/hvm-ssd/ubuntu-xenial-16.04-amd64-server-20180405";
        let new = "ubuntu/images/hvm-ssd/ubuntu-xenial-16.04-amd64-server-20180912";
        assert!(matches!(by_name(old), Image::WithoutAgent(_)));
        assert!(matches!(by_name(new), Image::WithAgent(_)));
        let windows = "Windows_Server-2016-English-Full-Base-2016.10.12";
        assert!(matches!(by_name(windows), Image::WithoutAgent(_)));
        assert_eq!(
            published("al2023-ami-2023.4.20240513.0-kernel-6.1-x86_64"),
            Some(20_240_513)
        );
        assert_eq!(
            published("Windows_Server-2022-English-Full-Base-2026.04.15"),
            Some(20_260_415)
        );
        assert_eq!(published("al2023-ami-2023*-x86_64"), None);
    }

    #[test]
    fn patterns_that_match_several_families_are_opaque() {
        assert!(matches!(by_name("al2023-ami-*-x86_64"), Image::Opaque(_)));
        assert!(matches!(
            by_name("al2023-ami-2023*-x86_64"),
            Image::WithAgent(_)
        ));
        assert!(matches!(
            by_name("amzn2-ami-hvm-*-x86_64-gp2"),
            Image::WithAgent(_)
        ));
        assert!(matches!(by_name("RHEL-9*"), Image::WithoutAgent(_)));
        let ubuntu = "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-*";
        assert!(matches!(by_name(ubuntu), Image::WithAgent(_)));
    }
}
