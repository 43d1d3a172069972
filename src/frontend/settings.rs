//! The settings of the configuration file: one table that drives the check of a file, the JSON
//! Schema and the reference page.

use serde_json::{Map, Value, json};

use crate::ir::ParameterType;

/// One setting.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) key: &'static str,
    pub(crate) of: Type,
    pub(crate) default: &'static str,
    pub(crate) doc: &'static str,
}

/// What a setting takes.
#[derive(Debug)]
pub(crate) enum Type {
    Text,
    Bool,
    /// From the first to the second.
    Int(i64, i64),
    Cidr,
    Region,
    Word(&'static [&'static str]),
    /// `{parameter: Name}`, declared with one of these types.
    Parameter(&'static [ParameterType]),
    /// One or the other.
    Either(&'static Type, &'static Type),
    List(&'static Type),
    Object(&'static [Setting]),
    /// Any keys.
    MapOf(&'static Type),
}

const fn setting(key: &'static str, of: Type, default: &'static str, doc: &'static str) -> Setting {
    Setting {
        key,
        of,
        default,
        doc,
    }
}

/// What text can be made of, wherever AWS says no more of it.
const ONE: &[ParameterType] = &[
    ParameterType::String,
    ParameterType::Number,
    ParameterType::VpcId,
    ParameterType::SubnetId,
    ParameterType::SecurityGroupId,
    ParameterType::ImageId,
];

const fn text_or(parameter: &'static Type) -> Type {
    Type::Either(&Type::Text, parameter)
}

const TEXT_OR_ANY: Type = text_or(&Type::Parameter(ONE));
const TEXT_OR_STRING: Type = text_or(&Type::Parameter(&[ParameterType::String]));
const VPC: Type = text_or(&Type::Parameter(&[
    ParameterType::VpcId,
    ParameterType::String,
]));
const SUBNET_ID: Type = text_or(&Type::Parameter(&[
    ParameterType::SubnetId,
    ParameterType::String,
]));
const GROUP: Type = text_or(&Type::Parameter(&[
    ParameterType::SecurityGroupId,
    ParameterType::String,
]));
const AMI: Type = text_or(&Type::Parameter(&[
    ParameterType::ImageId,
    ParameterType::String,
]));
const SUBNET_LIST: Type = Type::Parameter(&[ParameterType::SubnetIds, ParameterType::StringList]);
const GROUP_LIST: Type =
    Type::Parameter(&[ParameterType::SecurityGroupIds, ParameterType::StringList]);
const ROUTE_TABLE_LIST: Type = Type::Parameter(&[ParameterType::StringList]);

pub(crate) const PARAMETER: &[Setting] = &[setting(
    "parameter",
    Type::Text,
    "required",
    "The name of a parameter declared under `parameters`.",
)];

const SUBNET: &[Setting] = &[
    setting("id", SUBNET_ID, "required", "The subnet."),
    setting(
        "zone",
        Type::Text,
        "not known",
        "Its zone: endpoints take one subnet of each.",
    ),
    setting(
        "cidr",
        Type::Cidr,
        "not known",
        "Its range: checked for overlaps.",
    ),
];

const NETWORK: &[Setting] = &[
    setting(
        "cidr",
        Type::Cidr,
        "`10.0.0.0/16`",
        "The range of the new VPC, from /16 to /28.",
    ),
    setting(
        "zones",
        Type::Either(&Type::Int(1, 26), &Type::List(&Type::Text)),
        "`2`",
        "How many zones the network has, or which ones by name.",
    ),
    setting(
        "subnet_cidrs",
        Type::List(&Type::Cidr),
        "sixteenths of the VPC",
        "The ranges of the subnets, one for each zone.",
    ),
    setting(
        "vpc",
        VPC,
        "a new VPC",
        "An existing VPC to use; nothing of it is created.",
    ),
    setting(
        "subnets",
        Type::Either(
            &SUBNET_LIST,
            &Type::List(&Type::Either(&Type::Object(SUBNET), &SUBNET_ID)),
        ),
        "none",
        "The existing VPC's subnets for instances and endpoints.",
    ),
    setting(
        "route_tables",
        Type::Either(&ROUTE_TABLE_LIST, &Type::List(&TEXT_OR_STRING)),
        "none",
        "The route tables of the existing subnets; the S3 endpoint needs them.",
    ),
    setting(
        "tags",
        Type::MapOf(&TEXT_OR_ANY),
        "none",
        "Tags of the new network, over the stack's.",
    ),
];

const ENDPOINTS: &[Setting] = &[
    setting(
        "ec2messages",
        Type::Bool,
        "`true`",
        "Whether `ec2messages` is among them, where the region has it.",
    ),
    setting(
        "services",
        Type::List(&Type::Text),
        "none",
        "Further interface endpoints, such as `kms`, `logs`, `ec2`, `monitoring`; one that is not \
         known here by its full name.",
    ),
    setting(
        "s3",
        Type::Bool,
        "`false`",
        "Whether there is a gateway endpoint to S3.",
    ),
    setting(
        "s3_prefix_list",
        Type::Text,
        "the region's if both are known, else a parameter",
        "The region's prefix list of S3, which CloudFormation cannot look up.",
    ),
    setting(
        "zones",
        Type::Either(&Type::Word(&["all", "one"]), &Type::List(&Type::Text)),
        "`all`",
        "Where the endpoints have interfaces: in all zones, in one to save cost, or in these.",
    ),
    setting(
        "least_privilege",
        Type::Bool,
        "`false`",
        "Whether the endpoints let through only what the agent needs.",
    ),
    setting(
        "existing",
        Type::MapOf(&TEXT_OR_STRING),
        "all that is needed, if their group is named",
        "The endpoints that exist already, by service, such as `ssm: vpce-…`; what else is needed \
         is created.",
    ),
    setting(
        "existing_security_group",
        GROUP,
        "new endpoints",
        "The group of endpoints that exist already; none are created (but see `existing`), and the \
         group gets a rule that admits the instances.",
    ),
    setting(
        "tags",
        Type::MapOf(&TEXT_OR_ANY),
        "none",
        "Tags of the new endpoints and their group, over the stack's.",
    ),
];

const INSTANCE_ROLE: &[Setting] = &[
    setting(
        "permissions",
        Type::Word(&["managed", "session-only"]),
        "`managed`",
        "`AmazonSSMManagedInstanceCore`, or only what sessions need.",
    ),
    setting(
        "path",
        TEXT_OR_STRING,
        "`/`",
        "The IAM path of role and profile.",
    ),
    setting(
        "permissions_boundary",
        TEXT_OR_STRING,
        "none",
        "The ARN of the policy that bounds the role, and the stack's other roles.",
    ),
    setting(
        "tags",
        Type::MapOf(&TEXT_OR_ANY),
        "none",
        "Tags of the role, over the stack's.",
    ),
];

const SESSION_LOGS: &[Setting] = &[
    setting(
        "retention_days",
        Type::Int(1, 3653),
        "`365`",
        "How many days lines are kept: one of the spans that CloudWatch Logs offers.",
    ),
    setting(
        "streaming",
        Type::Bool,
        "`true`",
        "Whether lines are written as they come, rather than at the session's end.",
    ),
];

const SESSION_BUCKET: &[Setting] = &[
    setting(
        "prefix",
        Type::Text,
        "none",
        "What the keys of its objects begin with.",
    ),
    setting(
        "expire_days",
        Type::Int(1, 36_500),
        "never",
        "After how many days logs end.",
    ),
];

const SESSIONS: &[Setting] = &[
    setting(
        "document",
        Type::Word(&["private", "account"]),
        "`private`",
        "A document of the stack, which is named when a session is opened, or the preferences of \
         the whole account in the region (`SSM-SessionManagerRunShell`), which there is one of.",
    ),
    setting(
        "key",
        TEXT_OR_STRING,
        "`create`",
        "What encrypts sessions and their logs: a key of the stack (`create`), the ARN of one, or \
         `none`.",
    ),
    setting(
        "logs",
        Type::Either(&Type::Bool, &Type::Object(SESSION_LOGS)),
        "`true`",
        "The group of CloudWatch Logs.",
    ),
    setting(
        "bucket",
        Type::Either(&Type::Bool, &Type::Object(SESSION_BUCKET)),
        "`false`",
        "A bucket that logs are written to at the session's end.",
    ),
    setting(
        "idle_timeout",
        Type::Int(1, 60),
        "`20`",
        "After how many minutes without input a session ends.",
    ),
    setting(
        "max_duration",
        Type::Int(1, 1440),
        "never",
        "After how many minutes a session ends in any case.",
    ),
    setting(
        "run_as",
        Type::Text,
        "`ssm-user`",
        "The user that sessions run as, on Linux; it must be there.",
    ),
    setting(
        "linux_profile",
        Type::Text,
        "none",
        "What a shell runs first, on Linux.",
    ),
    setting(
        "windows_profile",
        Type::Text,
        "none",
        "What a shell runs first, on Windows.",
    ),
    setting(
        "tags",
        Type::MapOf(&TEXT_OR_ANY),
        "none",
        "Tags of key, group, bucket and document, over the stack's.",
    ),
];

const OPERATORS: &[Setting] = &[
    setting(
        "tags",
        Type::MapOf(&Type::List(&Type::Text)),
        "the instances' ids",
        "Tags that the instances are told by, all of which must fit, with values of which one fits.",
    ),
    setting(
        "port_forwarding",
        Type::Bool,
        "`false`",
        "Whether ports may be forwarded, which no log shows.",
    ),
    setting(
        "ssh",
        Type::Bool,
        "`false`",
        "Whether SSH may go through a session, which no log shows.",
    ),
    setting(
        "trust",
        Type::List(&TEXT_OR_STRING),
        "none, and no role",
        "Who may take the role of operators, by ARN.",
    ),
    setting(
        "mfa",
        Type::Bool,
        "`false`",
        "Whether they must have shown a second factor to AWS itself.",
    ),
];

const PATCH_WINDOW: &[Setting] = &[
    setting(
        "duration",
        Type::Int(1, 24),
        "`4`",
        "How many hours it lasts.",
    ),
    setting(
        "cutoff",
        Type::Int(0, 23),
        "`1`",
        "How many hours before its end nothing is begun any more.",
    ),
];

const PATCHING: &[Setting] = &[
    setting(
        "agent",
        Type::Either(&Type::Bool, &Type::Text),
        "`rate(14 days)`",
        "How often the agent is updated; `false` leaves it.",
    ),
    setting(
        "operation",
        Type::Word(&["scan", "install"]),
        "`scan`",
        "Whether missing patches are told, or installed.",
    ),
    setting(
        "reboot",
        Type::Bool,
        "`true`",
        "Whether the instance is restarted where an installed patch needs it.",
    ),
    setting(
        "schedule",
        Type::Text,
        "`cron(0 3 ? * SUN *)`",
        "When patches are looked for or installed, in UTC.",
    ),
    setting(
        "window",
        Type::Either(&Type::Bool, &Type::Object(PATCH_WINDOW)),
        "`false`",
        "Whether that is in a maintenance window, which begins at those times.",
    ),
    setting(
        "inventory",
        Type::Bool,
        "`true`",
        "Whether what is installed is told each day.",
    ),
];

const MONITORING: &[Setting] = &[
    setting(
        "sessions",
        Type::Bool,
        "`true`",
        "Whether sessions that are opened, resumed and ended are told; needs a trail.",
    ),
    setting(
        "alarms",
        Type::Bool,
        "`true`",
        "Whether it is told when an instance fails EC2's checks.",
    ),
    setting(
        "config_rules",
        Type::Bool,
        "`false`",
        "Whether AWS Config looks at the instances; needs its recorder.",
    ),
    setting(
        "emails",
        Type::List(&Type::Text),
        "none",
        "Who is told by mail; each must confirm.",
    ),
];

const AUDIT: &[Setting] = &[
    setting(
        "trail",
        Type::Bool,
        "`true`",
        "Whether there is a trail of CloudTrail, in a bucket of its own.",
    ),
    setting(
        "all_regions",
        Type::Bool,
        "`true`",
        "Whether the trail records all regions.",
    ),
    setting(
        "expire_days",
        Type::Int(1, 36_500),
        "never",
        "After how many days the trail's files end.",
    ),
    setting(
        "log_days",
        Type::Int(1, 3653),
        "not there",
        "How many days the trail's events are kept in CloudWatch Logs too, where they can be searched.",
    ),
    setting(
        "flow_log_days",
        Type::Int(1, 3653),
        "no record",
        "How many days the record of the VPC's connections is kept.",
    ),
];

const IMAGE: &[Setting] = &[
    setting("ami", AMI, "none", "An image by id."),
    setting(
        "parameter",
        Type::Text,
        "none",
        "The name in Parameter Store that holds an image's id.",
    ),
    setting(
        "root_device",
        Type::Text,
        "required",
        "The image's name for its root device, such as `/dev/xvda`.",
    ),
    setting(
        "architecture",
        Type::Word(&["x86_64", "arm64"]),
        "not checked",
        "The image's.",
    ),
];

const FAMILIES: &[&str] = &[
    "al2023",
    "al2",
    "ubuntu-22.04",
    "ubuntu-24.04",
    "windows-2022",
    "windows-2025",
];

const INSTANCE: &[Setting] = &[
    setting(
        "name",
        Type::Text,
        "required",
        "Its name, also its tag `Name`.",
    ),
    setting(
        "was",
        Type::Text,
        "none",
        "The name it had before: its resources keep their ids.",
    ),
    setting(
        "image",
        Type::Either(&Type::Word(FAMILIES), &Type::Object(IMAGE)),
        "`al2023`",
        "The newest image of a family at launch, or another one.",
    ),
    setting(
        "renewal",
        TEXT_OR_ANY,
        "none",
        "Changing it replaces the instance by one with the then newest image.",
    ),
    setting("type", TEXT_OR_STRING, "`t3.micro`", "Its type."),
    setting(
        "volume_size",
        Type::Either(
            &Type::Int(1, 65_536),
            &Type::Parameter(&[ParameterType::Number]),
        ),
        "the image's",
        "Its root volume in GiB.",
    ),
    setting(
        "kms_key",
        TEXT_OR_STRING,
        "the account's",
        "The ARN of its root volume's key.",
    ),
    setting(
        "subnet",
        Type::Int(0, 999),
        "`0`",
        "The network's n-th subnet, counted from 0.",
    ),
    setting(
        "zone",
        Type::Text,
        "none",
        "The zone, in place of `subnet`.",
    ),
    setting(
        "security_groups",
        Type::Either(&GROUP_LIST, &Type::List(&GROUP)),
        "none",
        "Further groups.",
    ),
    setting(
        "monitoring",
        Type::Bool,
        "`false`",
        "Whether it has metrics by the minute.",
    ),
    setting(
        "ebs_optimized",
        Type::Bool,
        "as its type has it",
        "Whether its way to its disks is its own; types without that refuse it.",
    ),
    setting(
        "termination_protection",
        Type::Bool,
        "`false`",
        "Whether it cannot be terminated.",
    ),
    setting(
        "user_data",
        TEXT_OR_STRING,
        "none",
        "What it runs at its first start, at most 16 KiB.",
    ),
    setting(
        "install_agent",
        Type::Word(PACKAGES),
        "not installed",
        "For images without the agent: installs it from the region's bucket; needs `endpoints.s3`.",
    ),
    setting(
        "tags",
        Type::MapOf(&TEXT_OR_ANY),
        "none",
        "Tags, over the stack's.",
    ),
];

const PACKAGES: &[&str] = &["rpm", "deb", "windows"];

const PARAMETER_TYPES: &[&str] = &[
    "String",
    "Number",
    "AWS::EC2::VPC::Id",
    "AWS::EC2::Subnet::Id",
    "List<AWS::EC2::Subnet::Id>",
    "AWS::EC2::SecurityGroup::Id",
    "List<AWS::EC2::SecurityGroup::Id>",
    "AWS::EC2::Image::Id",
    "CommaDelimitedList",
];

const PARAMETERS: &[Setting] = &[
    setting(
        "type",
        Type::Word(PARAMETER_TYPES),
        "`String`",
        "CloudFormation's type of it.",
    ),
    setting(
        "description",
        Type::Text,
        "none",
        "For the person who fills it in.",
    ),
    setting(
        "default",
        Type::Text,
        "must be given",
        "Used where the deployment gives none; commas divide a list.",
    ),
    setting(
        "allowed_values",
        Type::List(&Type::Text),
        "any",
        "The only values allowed.",
    ),
    setting(
        "allowed_pattern",
        Type::Text,
        "any",
        "A regular expression for the whole value, of `String` and `CommaDelimitedList`.",
    ),
];

/// The whole file.
pub(crate) const SETTINGS: &[Setting] = &[
    setting(
        "name",
        Type::Text,
        "`access`",
        "The stack's name: begins tags `Name`.",
    ),
    setting(
        "description",
        Type::Text,
        "what the pattern is",
        "The template's description.",
    ),
    setting(
        "region",
        Type::Region,
        "decided at deployment",
        "The region; with it, names are literal and its limits are checked.",
    ),
    setting(
        "profile",
        Type::Word(&["minimal", "standard", "hardened"]),
        "`standard`",
        "What is taken where nothing is said: the cheapest that works, the usual, or all best \
         practices.",
    ),
    setting(
        "tags",
        Type::MapOf(&TEXT_OR_ANY),
        "none",
        "Tags for everything.",
    ),
    setting(
        "parameters",
        Type::MapOf(&Type::Object(PARAMETERS)),
        "none",
        "What is decided at deployment, by name; each is used somewhere as `{parameter: Name}`.",
    ),
    setting(
        "network",
        Type::Object(NETWORK),
        "a new one",
        "The network.",
    ),
    setting(
        "endpoints",
        Type::Object(ENDPOINTS),
        "the agent's",
        "The endpoints.",
    ),
    setting(
        "identity",
        Type::Object(INSTANCE_ROLE),
        "a new role",
        "The instances' role.",
    ),
    setting(
        "sessions",
        Type::Either(&Type::Bool, &Type::Object(SESSIONS)),
        "as the account's preferences say",
        "How sessions are logged, encrypted and ended; `true` is all defaults.",
    ),
    setting(
        "operators",
        Type::Either(&Type::Bool, &Type::Object(OPERATORS)),
        "`false`",
        "A policy for who may open sessions on the instances.",
    ),
    setting(
        "patching",
        Type::Either(&Type::Bool, &Type::Object(PATCHING)),
        "`false`",
        "Agent and packages kept up to date.",
    ),
    setting(
        "watching",
        Type::Either(&Type::Bool, &Type::Object(MONITORING)),
        "`false`",
        "A topic that is told of sessions and of instances that fail.",
    ),
    setting(
        "audit",
        Type::Either(&Type::Bool, &Type::Object(AUDIT)),
        "`false`",
        "A trail of the account's calls, and the VPC's connections on record.",
    ),
    setting(
        "instances",
        Type::List(&Type::Object(INSTANCE)),
        "one, named `main`",
        "The instances.",
    ),
];

fn schema_of(of: &Type) -> Value {
    match of {
        Type::Text => json!({ "type": ["string", "number", "boolean"] }),
        Type::Bool => json!({ "type": "boolean" }),
        Type::Int(min, max) => {
            json!({ "type": "integer", "minimum": min, "maximum": max })
        }
        Type::Cidr => {
            json!({ "type": "string", "pattern": "^[0-9]{1,3}(\\.[0-9]{1,3}){3}/[0-9]{1,2}$" })
        }
        Type::Region => {
            let names: Vec<&str> = crate::region::regions().iter().map(|it| it.name).collect();
            json!({ "enum": names })
        }
        Type::Word(words) => json!({ "enum": words }),
        Type::Parameter(_) => object_schema(PARAMETER),
        Type::Either(one, other) => json!({ "anyOf": [schema_of(one), schema_of(other)] }),
        Type::List(inner) => json!({ "type": "array", "items": schema_of(inner) }),
        Type::Object(settings) => object_schema(settings),
        Type::MapOf(inner) => {
            json!({ "type": "object", "additionalProperties": schema_of(inner) })
        }
    }
}

/// A key without a value leaves the default.
fn nullable(schema: &mut Map<String, Value>) {
    for key in ["type", "enum", "anyOf"] {
        let null = match key {
            "type" => json!("null"),
            "enum" => Value::Null,
            _ => json!({ "type": "null" }),
        };
        match schema.get_mut(key) {
            Some(Value::Array(of)) => of.push(null),
            Some(one) => *one = Value::Array(vec![one.take(), null]),
            None => {}
        }
    }
}

fn object_schema(settings: &[Setting]) -> Value {
    let mut properties = Map::new();
    for setting in settings {
        let mut schema = Map::new();
        let doc = format!("{} Default: {}.", setting.doc, setting.default);
        schema.insert("description".to_owned(), Value::String(doc));
        if let Value::Object(of) = schema_of(&setting.of) {
            schema.extend(of);
        }
        if setting.default != "required" {
            nullable(&mut schema);
        }
        properties.insert(setting.key.to_owned(), Value::Object(schema));
    }
    let required: Vec<&str> = settings
        .iter()
        .filter(|it| it.default == "required")
        .map(|it| it.key)
        .collect();
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("additionalProperties".to_owned(), json!(false));
    if !required.is_empty() && settings.len() != IMAGE.len() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema.insert("properties".to_owned(), Value::Object(properties));
    Value::Object(schema)
}

/// Returns the JSON Schema of the configuration file.
pub fn schema() -> Value {
    let mut schema = Map::new();
    schema.insert(
        "$schema".to_owned(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    schema.insert("title".to_owned(), json!("ssm-synth.yaml"));
    if let Value::Object(of) = object_schema(SETTINGS) {
        schema.extend(of);
    }
    // An empty file is all defaults.
    nullable(&mut schema);
    Value::Object(schema)
}

/// The types of parameters that fit, the likeliest first.
pub(crate) fn type_words(of: &[ParameterType]) -> String {
    if of == ONE {
        return "of one value".to_owned();
    }
    let words: Vec<String> = of.iter().map(|of| format!("`{}`", of.cfn())).collect();
    format!("of type {}", words.join(" or "))
}

fn type_name(of: &Type) -> String {
    match of {
        Type::Text => "text".to_owned(),
        Type::Bool => "boolean".to_owned(),
        Type::Int(min, max) => format!("whole number from {min} to {max}"),
        Type::Cidr => "IPv4 range".to_owned(),
        Type::Region => "region".to_owned(),
        Type::Word(words) => words
            .iter()
            .map(|word| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(", "),
        Type::Parameter(of) => format!("`{{parameter: …}}` {}", type_words(of)),
        Type::Either(one, other) => {
            let comma = if matches!(**other, Type::Parameter(_)) {
                ""
            } else {
                ","
            };
            format!("{}{comma} or {}", type_name(one), type_name(other))
        }
        Type::List(inner) => match **inner {
            Type::Object(_) => "list of maps".to_owned(),
            _ => format!("list of {}", type_name(inner)),
        },
        Type::Object(_) => "map".to_owned(),
        Type::MapOf(inner) => format!("map of {}", type_name(inner)),
    }
}

fn rows(out: &mut String, settings: &[Setting], before: &str) {
    for setting in settings {
        let (key, doc, default) = (setting.key, setting.doc, setting.default);
        let of = type_name(&setting.of);
        out.push_str(&format!("| `{before}{key}` | {of} | {default} | {doc} |\n"));
        inner_rows(out, &setting.of, &format!("{before}{key}"));
    }
}

fn inner_rows(out: &mut String, of: &Type, path: &str) {
    match of {
        Type::Object(settings) if settings.len() > 1 => rows(out, settings, &format!("{path}.")),
        Type::List(inner) => inner_rows(out, inner, &format!("{path}[]")),
        Type::MapOf(inner) => inner_rows(out, inner, &format!("{path}.NAME")),
        Type::Either(one, other) => {
            inner_rows(out, one, path);
            inner_rows(out, other, path);
        }
        _ => {}
    }
}

/// Returns the reference page of the configuration file, in Markdown.
pub fn reference() -> String {
    let mut out = String::from(
        "# The configuration file\n\n`ssm-synth.yaml` in the working directory, or `--config FILE` \
         (`-` reads standard input). Every setting is optional unless said otherwise; unknown keys \
         are refused. `ssm-synth schema` prints the JSON Schema. This page is generated: \
         `ssm-synth schema --reference`.\n\n\
         | setting | takes | default | meaning |\n| --- | --- | --- | --- |\n",
    );
    rows(&mut out, SETTINGS, "");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::construct::ImageFamily;

    #[test]
    fn the_words_are_the_model_s() {
        let families: Vec<&str> = ImageFamily::ALL.iter().map(|(_, word)| *word).collect();
        assert_eq!(families, FAMILIES);
        let types: Vec<&str> = crate::ir::ParameterType::ALL
            .iter()
            .map(|it| it.cfn())
            .collect();
        assert_eq!(types, PARAMETER_TYPES);
        #[cfg(feature = "user-data")]
        {
            let packages = crate::user_data::Package::ALL.iter();
            let packages: Vec<&str> = packages.map(|it| it.as_str()).collect();
            assert_eq!(packages, PACKAGES);
        }
    }
}
