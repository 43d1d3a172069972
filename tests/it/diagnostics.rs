//! Invalid input: a snapshot of the diagnostics for each mistake.

use ssm_synth::frontend::config::Config;
use ssm_synth::ir::{Diagnostics, Dialect};

use super::golden;

const CASES: &[(&str, &str)] = &[
    ("cidr-host-bits", "network: {cidr: 10.0.0.5/16}\n"),
    ("cidr-too-small", "network: {cidr: 10.0.0.0/30}\n"),
    ("cidr-too-large", "network: {cidr: 10.0.0.0/8}\n"),
    (
        "cidr-overlap",
        "network: {subnet_cidrs: [10.0.0.0/20, 10.0.8.0/24]}\n",
    ),
    (
        "cidr-outside",
        "network: {subnet_cidrs: [10.0.0.0/20, 10.1.0.0/20]}\n",
    ),
    (
        "existing-cidr-overlap",
        "network:\n  vpc: vpc-0aaaaaaaaaaaaaaa1\n  subnets: [{id: subnet-0aaaaaaaaaaaaaaa1, cidr: 10.0.0.0/24}, {id: subnet-0aaaaaaaaaaaaaaa2, cidr: 10.0.0.0/25}]\n",
    ),
    (
        "zones-beyond-cidr",
        "network: {cidr: 10.0.0.0/27, zones: 3}\n",
    ),
    (
        "zones-beyond-region",
        "region: us-west-1\nnetwork: {zones: 3}\n",
    ),
    (
        "zones-of-another-region",
        "region: us-west-1\nnetwork: {zones: [eu-west-1a]}\n",
    ),
    ("cidr-loopback", "network: {cidr: 127.0.0.0/16}\n"),
    (
        "ids",
        "network: {vpc: vpc-0aaaaaaaaaaaaaaaa, subnets: [subnet-0aaaaaaaaaaaaaaa1, subnet-0aaaaaaaaaaaaaaa1, sg-0aaaaaaaaaaaaaaa1], route_tables: [rtb-]}\nendpoints: {existing: {ssm: ssm}, existing_security_group: sg-0g, s3_gateway: true, s3_prefix_list: pl-S3}\ninstances:\n- {name: web, image: {ami_id: ami, root_device_name: /dev/xvda}, security_groups: [web]}\n",
    ),
    (
        "arns",
        "instance_role: {permissions_boundary: boundary}\ninstances: [{name: web, root_volume_kms_key: alias/disk}]\n",
    ),
    (
        "own-role",
        "patching: true\ninstances:\n- {name: web, instance_role: {permissions: session-only, permissions_boundary: boundary, path: web}}\n- {name: db, instance_role: {managed_policies: [policy, \"arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore\"]}}\n",
    ),
    (
        "arns-elsewhere",
        "region: cn-north-1\ninstance_role: {permissions_boundary: \"arn:aws:iam::123456789012:policy/boundary\"}\ninstances: [{name: web, root_volume_kms_key: \"arn:aws-cn:kms:cn-northwest-1:123456789012:key/1\"}]\n",
    ),
    (
        "security-groups",
        "instances: [{name: web, security_groups: [sg-00000001, sg-00000002, sg-00000003, sg-00000004, sg-00000005, sg-00000006, sg-00000007, sg-00000008, sg-00000009, sg-00000010, sg-00000011, sg-00000012, sg-00000013, sg-00000014, sg-00000015, sg-00000016]}]\n",
    ),
    (
        "volume-too-large",
        "parameters: {Size: {type: Number, default: 70000}}\ninstances: [{name: web, root_volume_size: {parameter: Size}}, {name: own, root_volume_size: 0, image: {ami_id: ami-0aaaaaaaaaaaaaaa1, root_device_name: /dev/xvda}}]\n",
    ),
    (
        "zones-that-are-none",
        "region: eu-central-1\nnetwork: {zones: [eu-central-1z, A, eu-central-1]}\n",
    ),
    (
        "zones-of-two-regions",
        "network: {zones: [eu-central-1a, eu-west-1b]}\n",
    ),
    (
        "zones-beyond-cidr-named",
        "network: {cidr: 10.0.0.0/27, zones: [eu-central-1a, eu-central-1c]}\n",
    ),
    (
        "zones-local",
        "network: {zones: [us-west-2a, us-west-2-lax-1a]}\n",
    ),
    (
        "existing-zone-of-another-region",
        "region: eu-central-1\nnetwork: {vpc: vpc-0aaaaaaaaaaaaaaa1, subnets: [{id: subnet-0aaaaaaaaaaaaaaa1, zone: eu-west-1a}]}\n",
    ),
    (
        "network-tags",
        "network: {vpc: vpc-0aaaaaaaaaaaaaaa1, subnets: [subnet-0aaaaaaaaaaaaaaa1], tags: {Owner: me}}\n",
    ),
    ("region-unknown", "region: eucentral-1\n"),
    (
        "architecture",
        "instances: [{name: web, instance_type: t4g.micro, image: {ssm_parameter: /aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64, root_device_name: /dev/xvda}}]\n",
    ),
    (
        "architecture-windows",
        "instances: [{name: web, instance_type: t4g.micro, image: windows-2022}]\n",
    ),
    (
        "architecture-stated",
        "instances: [{name: web, instance_type: t3.micro, image: {ami_id: ami-0aaaaaaaaaaaaaaa1, root_device_name: /dev/xvda, architecture: arm64}}]\n",
    ),
    (
        "image-minimal",
        "instances: [{name: web, image: {ssm_parameter: /aws/service/ami-amazon-linux-latest/al2023-ami-minimal-kernel-default-x86_64, root_device_name: /dev/xvda}}]\n",
    ),
    (
        "instance-type",
        "instances: [{name: web, instance_type: large}]\n",
    ),
    (
        "instance-type-mac",
        "instances: [{name: web, instance_type: mac2.metal}]\n",
    ),
    (
        "instance-type-mixed",
        "parameters: {Type: {default: t3.micro, allowed_values: [t3.micro, t4g.micro]}}\ninstances: [{name: web, instance_type: {parameter: Type}}]\n",
    ),
    (
        "instance-type-unknown",
        "parameters: {Type: {}}\ninstances: [{name: web, instance_type: {parameter: Type}}]\n",
    ),
    (
        "instance-type-parameter-windows",
        "parameters: {Type: {default: t4g.micro}}\ninstances: [{name: web, instance_type: {parameter: Type}, image: windows-2025}]\n",
    ),
    (
        "architecture-amd64",
        "instances: [{name: web, instance_type: p6e-gb200.36xlarge, image: {ssm_parameter: /aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id, root_device_name: /dev/sda1}}]\n",
    ),
    (
        "image-end-of-life",
        "instances: [{name: web, image: {ssm_parameter: /aws/service/ami-amazon-linux-latest/amzn-ami-hvm-x86_64-gp2, root_device_name: /dev/xvda}}]\n",
    ),
    (
        "image-agent",
        "instances: [{name: web, image: {ssm_parameter: /aws/service/debian/release/12/latest/amd64, root_device_name: /dev/xvda}}]\n",
    ),
    (
        "install-agent-unknown-type",
        "region: us-east-1\nendpoints: {s3_gateway: true}\nparameters: {Type: {}}\ninstances: [{name: web, instance_type: {parameter: Type}, image: {ami_id: ami-0aaaaaaaaaaaaaaa1, root_device_name: /dev/xvda}, install_agent: rpm}]\n",
    ),
    ("instance-name", "instances: [{name: 1web}]\n"),
    (
        "instance-names-twice",
        "instances: [{name: web}, {name: web}]\n",
    ),
    ("instance-zone", "instances: [{name: web, zone: Z}]\n"),
    (
        "instance-subnet",
        "instances: [{name: web, subnet_index: 7}]\n",
    ),
    (
        "volume-too-small",
        "instances: [{name: web, image: windows-2022, root_volume_size: 20}]\n",
    ),
    ("tag-aws", "tags: {\"aws:owner\": me}\n"),
    ("tag-iam", "tags: {Owner: \"${x}\"}\n"),
    (
        "parameter-unknown",
        "network: {vpc: {parameter: VpcId}, subnets: [subnet-0aaaaaaaaaaaaaaa1]}\n",
    ),
    (
        "parameter-list",
        "parameters: {Ids: {type: \"List<AWS::EC2::Subnet::Id>\"}}\nnetwork: {vpc: {parameter: Ids}, subnets: [subnet-0aaaaaaaaaaaaaaa1]}\n",
    ),
    ("parameter-name", "parameters: {my-vpc: {}}\n"),
    (
        "parameter-stored-number",
        "parameters: {Size: {type: Number, from_parameter_store: true}}\ninstances: [{name: web, root_volume_size: {parameter: Size}}]\n",
    ),
    (
        "parameter-stored-type",
        "parameters: {Vpc: {type: \"AWS::SSM::Parameter::Value<AWS::EC2::VPC::Id>\"}}\nnetwork: {vpc: {parameter: Vpc}, subnets: [subnet-0aaaaaaaaaaaaaaa1]}\n",
    ),
    (
        "parameter-default",
        "parameters: {Size: {type: Number, default: x}}\n",
    ),
    (
        "network-mixed",
        "network: {vpc: vpc-0aaaaaaaaaaaaaaa1, cidr: 10.0.0.0/16, subnets: [subnet-0aaaaaaaaaaaaaaa1]}\n",
    ),
    (
        "network-without-subnets",
        "network: {vpc: vpc-0aaaaaaaaaaaaaaa1}\n",
    ),
    (
        "s3-without-route-tables",
        "network: {vpc: vpc-0aaaaaaaaaaaaaaa1, subnets: [subnet-0aaaaaaaaaaaaaaa1]}\nendpoints: {s3_gateway: true}\n",
    ),
    ("service-s3", "endpoints: {services: [s3]}\n"),
    (
        "endpoints-existing-in-a-new-vpc",
        "endpoints: {existing_security_group: sg-0aaaaaaaaaaaaaaa1}\n",
    ),
    (
        "endpoints-existing-s3",
        "network: {vpc: vpc-0aaaaaaaaaaaaaaa1, subnets: [subnet-0aaaaaaaaaaaaaaa1], route_tables: [rtb-0aaaaaaaaaaaaaaa1]}\nendpoints: {existing: {s3: vpce-0aaaaaaaaaaaaaaa1}, existing_security_group: sg-0aaaaaaaaaaaaaaa1, s3_gateway: true}\n",
    ),
    (
        "setting-word",
        "instances:\n  - name: web\n    type: t3.micro\n",
    ),
    ("service-typo", "endpoints: {services: [monitorng]}\n"),
    (
        "service-existing-typo",
        "network: {vpc: vpc-0aaaaaaaaaaaaaaa1, subnets: [subnet-0aaaaaaaaaaaaaaa1]}\nendpoints: {existing: {smm: vpce-0aaaaaaaaaaaaaaa1}, existing_security_group: sg-0aaaaaaaaaaaaaaa1}\n",
    ),
    (
        "service-of-another-region",
        "region: eu-central-1\nendpoints: {services: [com.amazonaws.eu-west-1.kms]}\n",
    ),
    (
        "service-of-no-region",
        "endpoints: {services: [com.amazonaws.eu-centrl-1.kms]}\n",
    ),
    ("service-name", "endpoints: {services: [\"Com Amazon\"]}\n"),
    (
        "install-agent-without-way",
        "instances: [{name: web, install_agent: rpm}]\n",
    ),
    ("iam-path", "instance_role: {path: team}\n"),
    (
        "several",
        "netwrok: {}\nregion: nowhere\nendpoints: {zones: some}\ninstances: [{image: {ami_id: a}}]\n",
    ),
    (
        "form-and-meaning",
        "name: 1a\nnetwork: {cidr: 10.0.0.0/8, zone: 3}\nendpoints: {zones: some, services: [s3]}\ninstances: [{name: web, instance_type: large, root_volume_size: 0}, {name: web}]\n",
    ),
    (
        "words",
        "preset: hardend\nparameters: {P: {type: Text}}\ntags: {a: {parameter: P}}\nendpoints: {zones: none}\ninstance_role: {permissions: all}\nsessions: {scope: private}\npatching: {operation: instal}\ninstances: [{name: web, image: al2024, install_agent: msi}]\n",
    ),
    (
        "image-two-sources",
        "instances: [{name: web, image: {ami_id: ami-0aaaaaaaaaaaaaaa1, ssm_parameter: /golden/image, root_device_name: /dev/xvda}}, {name: none, image: {root_device_name: /dev/xvda}}]\n",
    ),
    ("not-yaml", "a: [\n"),
    ("duplicate-key", "name: a\nname: b\n"),
    ("not-a-map", "- a\n- b\n"),
];

fn diagnostics(text: &str) -> Diagnostics {
    let built = Config::read("ssm-synth.yaml", text).and_then(|config| config.build());
    match built {
        Err(diagnostics) => diagnostics,
        Ok(built_config) => match built_config.validate() {
            Err(diagnostics) => diagnostics,
            Ok(validated) => {
                let limits = validated.limit_violations(Dialect::Cfn);
                assert!(limits.has_errors(), "accepted: {text}");
                limits.clone()
            }
        },
    }
}

fn printed(text: &str) -> String {
    let diagnostics = diagnostics(text);
    format!("{text}\n{diagnostics}\n", diagnostics = Lines(&diagnostics))
}

/// Diagnostics with their locations in the text.
struct Lines<'a>(&'a Diagnostics);

impl std::fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for problem in self.0.iter() {
            writeln!(f, "{problem}")?;
        }
        Ok(())
    }
}

#[test]
fn each_mistake_has_its_diagnostics() {
    for (name, text) in CASES {
        golden("diagnostics", name, &printed(text));
    }
}

/// Each kind of error, with `«` at its location.
const PLACES: &[(&str, &str)] = &[
    ("yaml", "a: «'x\n"),
    ("yaml", "name: a\nnetwork: {cidr: 1\nx«: y\n"),
    ("yaml", "name: a\nb: «*x\n"),
    ("yaml", "# é\nname: é\nnetwork:\n  zones: «[\n"),
    ("yaml", "name: a\n«name: b\n"),
    ("yaml", "name: a\n---\n«name: b\n"),
    ("unknown-setting", "name: a\nnetwork: {«zone: 3}\n"),
    ("setting", "network:\n  cidr: «10.0.0.5/16\n"),
    ("setting", "region: «nowhere\n"),
    (
        "setting",
        "network: {vpc: vpc-00000001, subnets: [subnet-00000001], cidr: «10.0.0.0/16}\n",
    ),
    (
        "endpoint-existing",
        "endpoints: {existing: «{ssm: vpce-00000001}}\n",
    ),
    ("setting-required", "instances:\n  - «image: al2023\n"),
    ("construct-id", "name: «1a\n"),
    (
        "construct-id",
        "region: us-east-1\ninstances:\n  - instance_type: t3.micro\n    name: «1a\n",
    ),
    (
        "instance-name",
        "instances:\n  - name: web\n  - name: «web\n",
    ),
    ("stack-description", "name: a\ndescription: «LONG\n"),
    ("tags", "name: a\ntags:\n  a: b\n  \"aws:x\": «y\n"),
    (
        "tags",
        "name: a\ntags:\n  a: b\n  x: «LONG\nnetwork: {zones: 1}\n",
    ),
    (
        "tags",
        "instances:\n  - name: web\n    tags:\n      x: «LONG\n",
    ),
    (
        "iam-tag",
        "network: {zones: 1}\ninstance_role: {path: /a/}\ntags: {a: b, c: «\"${x}\"}\n",
    ),
    (
        "iam-path",
        "instance_role:\n  permissions: managed\n  path: «team\n",
    ),
    ("vpc-cidr", "network:\n  zones: 2\n  cidr: «10.0.0.0/8\n"),
    (
        "subnet-cidr",
        "network:\n  zones: 1\n  subnet_cidrs: «[10.0.0.0/29]\n",
    ),
    (
        "network-subnet-cidrs",
        "network: {zones: 2, subnet_cidrs: «[10.0.0.0/24]}\n",
    ),
    (
        "network-subnet-cidrs",
        "network: {subnet_cidrs: [10.0.0.0/20, «10.1.0.0/20]}\n",
    ),
    (
        "network-subnet-cidrs",
        "network: {subnet_cidrs: [10.0.0.0/20, «10.0.8.0/24]}\n",
    ),
    ("network-zones", "network: {cidr: 10.0.0.0/27, zones: «3}\n"),
    (
        "network-zones",
        "region: us-west-1\nnetwork: {zones: [us-west-1a, «eu-west-1a]}\n",
    ),
    (
        "network-zones",
        "network: {zones: [us-west-1a, «us-west-1a]}\n",
    ),
    ("network-zones", "region: us-west-1\nnetwork: {zones: «3}\n"),
    ("network-subnets", "network: {vpc: «vpc-00000001}\n"),
    ("endpoint-zones", "endpoints: {zones: [A, «Z]}\n"),
    ("endpoint-service", "endpoints: {services: [kms, «s3]}\n"),
    (
        "endpoint-service",
        "endpoints: {services: [kms, «\"X Y\"]}\n",
    ),
    (
        "endpoint-service",
        "endpoints: {services: [ecr.api, «ecr-api]}\n",
    ),
    (
        "endpoint-route-tables",
        "network: {vpc: vpc-00000001, subnets: [subnet-00000001]}\nendpoints: {s3_gateway: «true}\n",
    ),
    (
        "instance-type",
        "instances: [{name: web, instance_type: «large}]\n",
    ),
    (
        "instance-subnet",
        "instances: [{name: web, subnet_index: «7}]\n",
    ),
    ("instance-subnet", "instances: [{name: web, zone: «Z}]\n"),
    (
        "image-architecture",
        "instances: [{name: web, image: windows-2022, instance_type: «t4g.micro}]\n",
    ),
    (
        "image-minimal",
        "instances: [{name: web, image: {root_device_name: /dev/xvda, ssm_parameter: «/a/b-minimal-c}}]\n",
    ),
    (
        "root-volume-size",
        "instances: [{name: web, image: windows-2022, root_volume_size: «20}]\n",
    ),
    (
        "user-data-size",
        "instances: [{name: web, user_data: «HUGE}]\n",
    ),
    (
        "install-agent",
        "region: us-east-1\ninstances: [{name: web, install_agent: «rpm}]\n",
    ),
    ("setting", "network: {zones: «-1}\n"),
    (
        "setting",
        "instances: [{name: web, root_volume_size: «0}]\n",
    ),
    ("parameter-unused", "name: a\nparameters:\n  «X: {}\n"),
    (
        "parameter",
        "network: {vpc: {parameter: «VpcId}, subnets: [subnet-00000001]}\n",
    ),
    (
        "parameter",
        "parameters: {N: {type: Number}}\nnetwork: {vpc: {parameter: «N}, subnets: [subnet-00000001]}\n",
    ),
    (
        "parameter",
        "parameters: {N: {}}\ninstances: [{name: web, root_volume_size: {parameter: «N}}]\n",
    ),
    (
        "parameter",
        "parameters: {V: {type: \"AWS::EC2::VPC::Id\"}}\ninstances: [{name: web, security_groups: [{parameter: «V}]}]\n",
    ),
    (
        "parameter",
        "parameters: {L: {type: CommaDelimitedList}}\ntags: {a: {parameter: «L}}\n",
    ),
    (
        "parameter",
        "parameters: {«my-p: {}}\ntags: {a: {parameter: my-p}}\n",
    ),
    (
        "parameter",
        "parameters: {P: {allowed_pattern: «\"(\"}}\ntags: {a: {parameter: P}}\n",
    ),
    (
        "parameter",
        "parameters: {P: {allowed_pattern: «\"a)(b\"}}\ntags: {a: {parameter: P}}\n",
    ),
    (
        "parameter",
        "parameters: {P: {allowed_pattern: a+, default: «ab}}\ntags: {a: {parameter: P}}\n",
    ),
    (
        "parameter",
        "parameters: {P: {allowed_pattern: a+, allowed_values: «[a, b]}}\ntags: {a: {parameter: P}}\n",
    ),
    (
        "parameter",
        "parameters: {P: {type: Number, allowed_pattern: «\"1\"}}\ntags: {a: {parameter: P}}\n",
    ),
    (
        "parameter",
        "parameters: {P: {type: Number, allowed_values: «[x]}}\ntags: {a: {parameter: P}}\n",
    ),
    (
        "parameter",
        "parameters: {P: {allowed_values: [a], default: «b}}\ntags: {a: {parameter: P}}\n",
    ),
    (
        "parameter",
        "parameters: {P: {type: \"AWS::EC2::VPC::Id\", default: «x}}\nnetwork: {vpc: {parameter: P}, subnets: [subnet-00000001]}\n",
    ),
    (
        "duplicate-name",
        "name: a\nendpoints: «{s3_gateway: true}\nparameters: {«S3PrefixListId: {}}\ntags: {a: {parameter: S3PrefixListId}}\n",
    ),
    (
        "duplicate-name",
        "name: a\ninstances: [{name: «web, renamed_from: old}, {name: «old}]\n",
    ),
];

#[test]
fn errors_are_at_the_setting() {
    for (code, marked) in PLACES {
        let mut text = String::new();
        let mut expected = Vec::new();
        for (n, piece) in marked.split('«').enumerate() {
            if n > 0 {
                let line = text.matches('\n').count() + 1;
                let column = text.rsplit('\n').next().unwrap().chars().count() + 1;
                expected.push(format!("ssm-synth.yaml:{line}:{column}"));
            }
            text.push_str(piece);
        }
        let text = text
            .replace("LONG", &"x".repeat(1025))
            .replace("HUGE", &"x".repeat(16 * 1024 + 1));
        let diagnostics = diagnostics(&text);
        assert_eq!(diagnostics.iter().count(), 1, "{marked}: {diagnostics}");
        let problem = diagnostics.iter().next().unwrap();
        let mut places: Vec<String> = problem.locations.iter().map(ToString::to_string).collect();
        places.sort();
        assert_eq!((problem.code, places), (*code, expected), "{marked}");
        assert!(problem.help.is_some(), "{marked}: no help");
    }
}

#[test]
fn all_errors_are_reported_in_one_run() {
    let text = "name: 1a\ntags: {\"aws:x\": y}\nnetwork: {cidr: 10.0.0.0/8, subnets: [subnet-00000001]}\n\
                endpoints: {services: [s3]}\ninstance_role: {path: team}\n\
                instances: [{name: web, instance_type: large}, {name: web}, {name: x, root_volume_size: 1}]\n";
    let diagnostics = diagnostics(text);
    let mut codes: Vec<&str> = diagnostics.iter().map(|it| it.code).collect();
    codes.sort_unstable();
    assert_eq!(
        codes,
        [
            "construct-id",
            "endpoint-service",
            "iam-path",
            "instance-name",
            "instance-type",
            "root-volume-size",
            "setting",
            "tags",
            "vpc-cidr"
        ],
        "{diagnostics}"
    );
}

#[test]
fn a_long_name_is_cut() {
    let text = printed(&format!("instances: [{{name: {}}}]\n", "x".repeat(300)));
    let printed = text.split_once("\n\n").unwrap().1;
    assert!(
        printed.contains("… (180 more characters)` is not a valid ID"),
        "{printed}"
    );
    assert!(
        printed.lines().all(|line| line.chars().count() < 200),
        "{printed}"
    );
}

/// A warning about one language appears only with that language.
#[test]
fn a_warning_has_its_language_and_its_setting() {
    let text = "name: a\nregion: us-east-1\ninstances:\n  - name: web\n    tags:\n      a: b\n      note: \"{{resolve:ssm:x}}\"\n";
    let built_config = super::built("warning", text);
    let validated = built_config.validate().unwrap();
    let warnings = validated.warnings();
    assert_eq!(warnings.iter().count(), 1, "{warnings}");
    let warning = warnings.iter().next().unwrap();
    assert_eq!(warning.only, Some(ssm_synth::ir::Dialect::Cfn));
    assert_eq!(warning.locations[0].to_string(), "warning:7:13");
}

/// Returns the warnings of a valid configuration.
fn warned(text: &str) -> String {
    let built_config = super::built("ssm-synth.yaml", text);
    let validated = built_config.app.validate().unwrap();
    let warnings = validated.warnings().iter();
    warnings.map(|it| format!("{it}\n")).collect()
}

#[test]
fn an_unsupported_image_and_a_missing_user_are_warnings() {
    let of = |run_as: &str, instance: &str| {
        let instances = format!("instances: [{{name: web, {instance}}}]\n");
        warned(&format!("sessions: {{{run_as}}}\n{instances}"))
    };
    let quiet = |run_as: &str, instance: &str| {
        let printed = of(run_as, instance);
        assert!(
            !printed.contains("session-user") && !printed.contains("end-of-life"),
            "{printed}"
        );
    };
    assert!(of("", "image: al2").contains("image-end-of-life"));
    let parameter = "image: {ssm_parameter: /aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2, root_device_name: /dev/xvda}";
    assert!(of("", parameter).contains("image-end-of-life"));
    quiet("", "image: al2023");
    assert!(of("", "image: ubuntu-26.04").contains("image-agent"));
    assert!(!of("", "image: ubuntu-24.04").contains("image-agent"));
    assert!(
        !of(
            "",
            "image: ubuntu-26.04, user_data: snap start amazon-ssm-agent"
        )
        .contains("image-agent")
    );
    assert!(of("run_as_user: ssm-user", "image: al2023").contains("session-user"));
    assert!(of("run_as_user: ec2-user", "image: ubuntu-24.04").contains("session-user"));
    assert!(of("run_as_user: ubuntu", "image: al2023").contains("session-user"));
    quiet("run_as_user: ubuntu", "image: ubuntu-24.04");
    quiet("run_as_user: root", "image: al2023");
    quiet("run_as_user: app", "image: al2023, user_data: useradd app");
    quiet("run_as_user: app", "image: windows-2025");
}

#[test]
fn braces_in_a_shell_profile_are_a_warning() {
    let of = |profile: &str| warned(&format!("sessions: {{linux_shell_profile: '{profile}'}}\n"));
    assert!(of("docker ps --format {{.Names}}").contains("session-profile"));
    assert!(!of("cd ${HOME}").contains("session-profile"));
}

/// With Run As, the agent does not create `ssm-user`.
#[test]
fn the_default_user_is_not_run_as() {
    for (user, enabled) in [("ssm-user", false), ("ec2-user", true)] {
        let [(_, cfn), ..] = super::documents("s", &format!("sessions: {{run_as_user: {user}}}\n"));
        let template: serde_json::Value = serde_json::from_str(&cfn).unwrap();
        let inputs =
            &template["Resources"]["SessionsPreferences"]["Properties"]["Content"]["inputs"];
        assert_eq!(inputs["runAsEnabled"], enabled);
        assert_eq!(inputs["runAsDefaultUser"].is_null(), !enabled);
    }
}

/// The reader checks the range of a setting in a file. The construct checks it for callers in Rust.
#[test]
fn a_setter_out_of_its_range_is_an_error() {
    use ssm_synth::construct::{
        Audit, PatchWindow, Patching, PrivateInstance, SessionBucket, SessionLogs, Sessions,
    };
    use ssm_synth::{App, SessionAccess};

    let sessions = Sessions::default()
        .idle_timeout_minutes(0)
        .max_duration_minutes(1441)
        .cloudwatch_logs(SessionLogs::default().retention_days(0))
        .s3_logs(SessionBucket::default().expiration_days(0));
    let window = PatchWindow::default().duration_hours(25).cutoff_hours(-1);
    let audit = Audit::default().expiration_days(36501);
    let instance = PrivateInstance::new("web")
        .root_volume_size(0)
        .subnet_index(-1);
    let mut app = App::new();
    let access = SessionAccess::new()
        .sessions(sessions)
        .patching(Patching::default().maintenance_window(window))
        .audit(audit)
        .instance(instance);
    app.stack("Access").add_inline(access);
    let invalid = app.validate().unwrap_err();
    let errors = invalid.iter().filter(|it| it.code == "setting");
    let mut settings: Vec<&str> = errors
        .filter_map(|it| it.message.split('`').nth(1))
        .collect();
    settings.sort_unstable();
    assert_eq!(
        settings,
        [
            "cloudwatch_logs.retention_days",
            "expiration_days",
            "idle_timeout_minutes",
            "maintenance_window.cutoff_hours",
            "maintenance_window.duration_hours",
            "max_duration_minutes",
            "root_volume_size",
            "s3_logs.expiration_days",
            "subnet_index",
        ]
    );
}

#[test]
fn each_construct_with_a_range_checks_it() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/construct");
    // As in `def i64 = 20, in 1..=60;`.
    let is_range = |line: &str| {
        let rest = line.split(", in ").nth(1);
        rest.is_some_and(|rest| rest.starts_with(|c: char| c == '-' || c.is_ascii_digit()))
    };
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let has_range = text.lines().any(is_range);
        let checks = text.contains(".check_ranges(&[], scope);");
        assert!(
            !has_range || checks,
            "{}: `build` calls no `check_ranges`",
            path.display()
        );
    }
}

/// Returns the text of all sources.
fn sources(directory: &std::path::Path) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.push_str(&sources(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = std::fs::read_to_string(path).unwrap();
            // Examples in documentation have codes of their own.
            let lines = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("///"));
            all.extend(lines.flat_map(|line| [line, "\n"]));
        }
    }
    all
}

/// `ssm-synth explain` prints the sections of the page.
#[test]
fn each_code_has_a_section_and_each_section_a_code() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = sources(&root.join("src"));
    let page = std::fs::read_to_string(root.join("docs/reference/errors.md")).unwrap();
    let headings = page.lines().filter_map(|line| line.strip_prefix("## `"));
    let sections: Vec<&str> = headings.filter_map(|rest| rest.strip_suffix('`')).collect();
    let calls = ["Diagnostic::error(", "Diagnostic::warning("];
    let used = calls.iter().flat_map(|call| sources.split(call).skip(1));
    let codes = used.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
    let codes: std::collections::BTreeSet<&str> = codes.collect();
    let without: Vec<&&str> = codes.iter().filter(|it| !sections.contains(it)).collect();
    assert!(
        without.is_empty(),
        "no section in docs/reference/errors.md: {without:?}"
    );
    let is_unused = |it: &&&str| !sources.contains(&format!("\"{it}\""));
    let unused: Vec<&&str> = sections.iter().filter(is_unused).collect();
    assert!(unused.is_empty(), "sections of no code: {unused:?}");
}

#[test]
fn settings_without_effect_are_warnings() {
    let images = "image: al2023";
    for (setting, text) in [
        (
            "audit.multi_region",
            "audit: {cloudtrail: false, multi_region: false}\n".to_owned(),
        ),
        (
            "audit.expiration_days",
            "audit: {cloudtrail: false, expiration_days: 9}\n".to_owned(),
        ),
        (
            "audit.cloudwatch_logs_retention_days",
            "audit: {cloudtrail: false, cloudwatch_logs_retention_days: 7}\n".to_owned(),
        ),
        (
            "monitoring.emails",
            "monitoring: {session_events: false, alarms: false, emails: [a@example.com]}\n"
                .to_owned(),
        ),
        (
            "operators.require_mfa",
            "operators: {require_mfa: true}\n".to_owned(),
        ),
        ("patching.reboot", "patching: {reboot: false}\n".to_owned()),
        (
            "endpoints.s3_prefix_list",
            "endpoints: {s3_prefix_list: pl-00000001}\n".to_owned(),
        ),
        (
            "subnet_index",
            format!(
                "network: {{zones: [us-west-2a]}}\ninstances: [{{name: web, {images}, zone: us-west-2a, subnet_index: 1}}]\n"
            ),
        ),
        (
            "zone",
            format!("instances: [{{name: web, {images}, subnet: subnet-00000001, zone: A}}]\n"),
        ),
    ] {
        let warnings = warned(&text);
        let expected = format!("warning[unused-setting]: `{setting}` has no effect");
        assert!(warnings.contains(&expected), "{setting}: {warnings}");
    }
}

#[test]
fn doubtful_settings_are_warnings() {
    let image = |more: &str| {
        warned(&format!(
            "region: us-east-1\nendpoints: {{s3_gateway: true}}\ninstances: [{{name: web, image: {{ssm_parameter: /golden/rhel-9, root_device_name: /dev/sda1}}{more}}}]\n"
        ))
    };
    assert!(image("").contains("warning[image-agent]: `/golden/rhel-9` may lack SSM Agent"));
    assert_eq!(image(", install_agent: rpm"), "");
    let groups = "[sg-00000001, sg-00000002, sg-00000003, sg-00000004, sg-00000005]";
    let text = warned(&format!(
        "instances: [{{name: web, security_groups: {groups}}}]\n"
    ));
    assert!(text.contains("warning[security-groups]"), "{text}");
    let subnets = |subnets: &str| {
        warned(&format!(
            "network: {{vpc: vpc-0aaaaaaaaaaaaaaa1, subnets: [{subnets}]}}\n"
        ))
    };
    let two = subnets("subnet-0aaaaaaaaaaaaaaa1, subnet-0aaaaaaaaaaaaaaa2");
    assert!(two.contains("warning[endpoint-zones]"), "{two}");
    let zones = "{id: subnet-0aaaaaaaaaaaaaaa1, zone: a}, {id: subnet-0aaaaaaaaaaaaaaa2, zone: b}";
    assert_eq!(subnets("subnet-0aaaaaaaaaaaaaaa1") + &subnets(zones), "");
    let service = |name: &str| warned(&format!("endpoints: {{services: [{name}]}}\n"));
    assert!(service("com.amazonaws.eu-west-1.kmss").contains("did you mean `kms`?"));
    assert_eq!(service("com.amazonaws.eu-west-1.kms"), "");
}

#[test]
fn limits_are_reported() {
    let many: Vec<String> = (0..51).map(|n| format!("T{n}: x")).collect();
    assert!(printed(&format!("tags: {{{}}}\n", many.join(", "))).contains("AWS allows 50"));
    let data = "x".repeat(16 * 1024 + 1);
    let text = printed(&format!("instances: [{{name: web, user_data: {data}}}]\n"));
    assert!(text.contains("EC2 allows 16,384"));
}

#[test]
fn cloudformation_limits_do_not_affect_terraform() {
    let over = |text: &str| {
        let built_config = super::built("ssm-synth.yaml", text);
        let validated = built_config.app.validate().unwrap();
        assert!(validated.limit_violations(Dialect::Tf).is_empty());
        validated.limit_violations(Dialect::Cfn).to_string()
    };
    let hosts = |count: usize| {
        let hosts: Vec<String> = (0..count).map(|n| format!("{{name: h{n}}}")).collect();
        over(&format!("instances: [{}]\n", hosts.join(", ")))
    };
    // 14 resources, and two for each instance. Rules in a security group do not count.
    assert!(hosts(300).contains("CloudFormation allows 500"));
    let resources = |text: &str| text.contains("resources");
    assert!(resources(&hosts(244)) && !resources(&hosts(243)));
    assert!(over(&format!("description: {}\n", "x".repeat(1025))).contains("1025"));
}

#[test]
fn unusual_files_are_valid() {
    for text in [
        "",
        "\u{feff}",
        "\u{feff}name: a\n",
        "name: a\r\nregion: us-east-1\r\n",
        "# nothing\n",
        "---\n",
    ] {
        let built_config = Config::read("odd", text).and_then(|config| config.build());
        assert!(
            built_config.is_ok(),
            "{text:?}: {}",
            built_config.unwrap_err()
        );
    }
}

#[test]
fn deep_nesting_is_an_error() {
    for (open, close) in [("[", "]"), ("{a: ", "}")] {
        for depth in [1_000, 100_000, 2_000_000] {
            let text = format!("name: {}{}", open.repeat(depth), close.repeat(depth));
            assert!(
                Config::read("deep", &text)
                    .and_then(|config| config.build())
                    .is_err()
            );
        }
    }
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned()
        + &(b'b'..=b'j')
            .map(|c| {
                let (this, before) = (char::from(c), char::from(c - 1));
                let row = vec![format!("*{before}"); 9].join(",");
                format!("{this}: &{this} [{row}]\n")
            })
            .collect::<String>();
    assert!(
        Config::read("bomb", &bomb)
            .and_then(|config| config.build())
            .is_err()
    );
}

#[test]
fn a_file_has_no_call_that_suppresses_an_error() {
    let policy = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCor";
    let text = printed(&format!(
        "instance_role: {{managed_policies: [\"{policy}\"]}}\n"
    ));
    assert!(
        text.contains("did you mean `AmazonSSMManagedInstanceCore`?"),
        "{text}"
    );
    assert!(!text.contains("suppress_rule"), "{text}");
}
