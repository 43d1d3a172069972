//! Diagrams and runbooks: snapshots, syntax, and escaping of hostile names.

use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use ssm_synth::diagram::{self, EgressPointKind, Part, Scene};
use ssm_synth::frontend::Input;
use ssm_synth::frontend::cfn::Deployment;
use ssm_synth::reachability::{self, Assumptions, HopStatus, Reachability};
use ssm_synth::report::CheckReport;
use ssm_synth::resource::Graph;
use ssm_synth::runbook::{self, RunbookInput, Source};

use super::{built, golden};

/// User text that could break out of any output format.
const HOSTILE: &str = "\"] --> x; <script>alert(1)</script> `end` %%{init}%% & ' #quot; {{y}} ```";

struct Made {
    graph: Graph,
    reachability: Reachability,
}

impl Made {
    fn of(graph: Graph) -> Made {
        let reachability = reachability::check(&graph, &Assumptions::default());
        Made {
            graph,
            reachability,
        }
    }

    fn config(text: &str) -> Made {
        Made::of(built("graph", text).app.graph().clone())
    }

    fn template(text: &str) -> Made {
        let input = Input::read("stack.yaml", text, None, &Deployment::default()).unwrap();
        Made::of(input.graphs.into_iter().next().unwrap())
    }

    fn scene(&self, title: &str) -> Scene {
        Scene::new(
            title,
            &self.graph,
            &self.reachability,
            &Assumptions::default(),
        )
    }

    fn html(&self, title: &str) -> String {
        let report = CheckReport {
            file: "stack.yaml",
            graph: &self.graph,
            reachability: &self.reachability,
            json: false,
            program: "ssm-synth",
            notes: &[],
        };
        diagram::html(&self.scene(title), &report).unwrap()
    }

    fn runbook(&self, title: &str, source: Source) -> String {
        runbook::runbook(&RunbookInput {
            program: "ssm-synth",
            stack: title,
            source,
            graph: &self.graph,
            reachability: &self.reachability,
            assumptions: Assumptions::default(),
        })
        .unwrap()
    }
}

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(path).unwrap()
}

fn unreachable() -> Made {
    Made::template(&file("tests/graph/unreachable.yaml"))
}

/// Removes the diagrams from a report. Other snapshots contain them.
fn without_diagrams(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(start) = rest.find("<svg") {
        let end = rest[start..].find("</svg>").unwrap() + start + "</svg>".len();
        roxmltree::Document::parse(&rest[start..end]).unwrap();
        out.push_str(&rest[..start]);
        out.push_str("[diagram]");
        rest = &rest[end..];
    }
    out + rest
}

#[test]
fn the_default_stack_in_each_format() {
    let made = Made::config("");
    let scene = made.scene("access");
    golden(
        "graph",
        "default-mermaid",
        &diagram::mermaid(&scene, Part::Both),
    );
    golden("graph", "default-svg", &diagram::svg(&scene, Part::Both));
    golden(
        "graph",
        "default-html",
        &without_diagrams(&made.html("access")),
    );
    let source = Source::Config(Vec::new());
    golden("graph", "default-runbook", &made.runbook("access", source));
}

#[test]
fn an_unreachable_stack_in_each_format() {
    let made = unreachable();
    let scene = made.scene("unreachable");
    golden(
        "graph",
        "unreachable-mermaid",
        &diagram::mermaid(&scene, Part::Both),
    );
    golden(
        "graph",
        "unreachable-svg",
        &diagram::svg(&scene, Part::Both),
    );
    golden(
        "graph",
        "unreachable-html",
        &without_diagrams(&made.html("unreachable")),
    );
    let source = Source::Template("stack.yaml".to_owned(), Vec::new());
    golden(
        "graph",
        "unreachable-runbook",
        &made.runbook("unreachable", source),
    );
}

#[test]
fn the_image_of_the_readme_is_current() {
    let made = Made::config("region: eu-central-1\n");
    let svg = diagram::svg(&made.scene("access"), Part::Network);
    super::page("docs/images/overview.svg", &svg);
    assert!(file("README.md").contains("(docs/images/overview.svg)"));
}

/// Returns the egress points of the only VPC: services, kind and status.
fn egress_points(made: &Made) -> Vec<(String, EgressPointKind, Option<HopStatus>)> {
    let scene = made.scene("x");
    let points = scene.panels[0].egress_points.iter();
    points
        .map(|it| (it.services.join(" "), it.kind, it.status))
        .collect()
}

/// An endpoint that DNS does not return is the egress point that fails. There is no missing endpoint
/// in addition to it.
#[test]
fn an_endpoint_without_private_dns_is_not_missing() {
    let text = file("tests/graph/unreachable.yaml");
    let all = "PrivateDnsEnabled: true";
    let interface = EgressPointKind::Interface;
    for (text, failing) in [
        (
            text.replacen(all, "PrivateDnsEnabled: false", 1),
            &["ssm"][..],
        ),
        (
            text.replace(all, "PrivateDnsEnabled: false"),
            &["ssm", "ssmmessages"],
        ),
        (
            text.replace("EnableDnsHostnames: true", "EnableDnsHostnames: false"),
            &[],
        ),
    ] {
        let points = egress_points(&Made::template(&text));
        assert_eq!(points.len(), 2, "{points:?}");
        for (service, kind, status) in points {
            assert_eq!(kind, interface, "{service}");
            if failing.contains(&service.as_str()) {
                assert_eq!(status, Some(HopStatus::Fail), "{service}");
            }
        }
    }
}

#[test]
fn the_subnets_of_an_existing_vpc_have_the_zones_and_ranges_of_the_configuration() {
    let made = Made::config(&file("tests/cases/existing-s3.yaml"));
    let scene = made.scene("access");
    let zones: Vec<_> = scene.panels[0]
        .zones
        .iter()
        .map(|it| (it.name.as_str(), it.subnets[0].note.as_str()))
        .collect();
    assert_eq!(
        zones,
        [
            ("Availability Zone a", "10.50.0.0/24"),
            ("Availability Zone b", "10.50.1.0/24")
        ]
    );
}

#[test]
fn each_instance_has_its_own_type_and_image() {
    let made = Made::config(
        "instances:\n  - {name: web}\n  - {name: api, image: ubuntu-24.04, instance_type: t3.large}\n",
    );
    let scene = made.scene("access");
    // The paths are equal, but the facts differ.
    let [path] = scene.paths.as_slice() else {
        panic!("{:?}", scene.paths);
    };
    let agent = path
        .marks
        .iter()
        .find(|it| it.hop.as_str() == "agent")
        .unwrap();
    let names: Vec<_> = agent.details.iter().map(|it| it.names.join(" ")).collect();
    assert_eq!(names, ["api", "web"]);
    assert!(agent.details[0].text.contains("ubuntu") && agent.details[1].text.contains("al2023"));
    let html = made.html("access");
    assert!(
        html.contains("api: image") && html.contains("web: image"),
        "{html}"
    );
    for text in [
        diagram::svg(&scene, Part::Network),
        diagram::mermaid(&scene, Part::Network),
    ] {
        assert!(text.contains("t3.large, Ubuntu 24.04"), "{text}");
    }
}

/// Returns the classes of the lines.
fn line_classes(svg: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(svg).unwrap();
    let lines = document
        .descendants()
        .filter(|it| it.has_tag_name("polyline"));
    let classes = lines
        .filter_map(|it| it.attribute("class"))
        .map(str::to_owned);
    classes.filter(|it| it.starts_with("line")).collect()
}

#[test]
fn a_path_has_the_color_of_its_verdict() {
    let of = |made: &Made| line_classes(&diagram::svg(&made.scene("x"), Part::Network));
    let operator = "line way";
    for (made, color) in [
        (Made::config(""), "line good"),
        (
            Made::config(&file("tests/cases/existing-literal.yaml")),
            "line doubt",
        ),
        (
            Made::template(
                &file("tests/graph/unreachable.yaml")
                    .replace("PrivateDnsEnabled: true", "PrivateDnsEnabled: false"),
            ),
            "line bad",
        ),
    ] {
        let classes = of(&made);
        assert!(classes.iter().any(|it| it == color));
        let other = classes.iter().find(|it| *it != color && *it != operator);
        assert_eq!(other, None, "{color}");
    }
}

#[test]
fn the_report_starts_with_the_verdict_and_the_fix() {
    let html = unreachable().html("unreachable");
    let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(at("2 unreachable, 1 reachable</h1>") < at("Fix"));
    assert!(at("IamInstanceProfile: !Ref Profile") < at("<svg"));
    // Each cause is in one place. The table refers to it.
    let text = without_diagrams(&html);
    assert_eq!(text.matches("has no instance profile").count(), 1, "{text}");
    assert!(text.contains("<a href=\"#path-"));
}

#[test]
fn a_fix_for_several_instances_is_printed_once() {
    let text = file("tests/graph/unreachable.yaml");
    let text = text.replacen("PrivateDnsEnabled: true", "PrivateDnsEnabled: false", 1);
    let html = Made::template(&text).html("private-dns");
    assert_eq!(html.matches("PrivateDnsEnabled: true").count(), 1);
    let reference = "Cause and fix</a> as for Good";
    assert_eq!(html.matches(reference).count(), 2, "{html}");
}

/// A template with a hostile name wherever a name is possible.
fn hostile() -> Made {
    let name = |what: &str| serde_json::Value::from(format!("{what}{HOSTILE}\n")).to_string();
    Made::template(&format!(
        r#"{{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {{
            {vpc}: {{"Type": "AWS::EC2::VPC", "Properties": {{"CidrBlock": "10.0.0.0/16"}}}},
            {subnet}: {{"Type": "AWS::EC2::Subnet", "Properties": {{"VpcId": {{"Ref": {vpc}}},
                "CidrBlock": "10.0.0.0/24", "AvailabilityZone": {zone}}}}},
            {host}: {{"Type": "AWS::EC2::Instance", "Properties": {{"ImageId": {image},
                "SubnetId": {{"Ref": {subnet}}}, "SecurityGroupIds": [{group}],
                "IamInstanceProfile": {profile}}}}}
        }}}}"#,
        vpc = name("vpc"),
        subnet = name("subnet"),
        host = name("main"),
        zone = name("zone"),
        image = name("image"),
        group = name("group"),
        profile = name("profile"),
    ))
}

#[test]
fn svg_is_well_formed_and_escapes_names() {
    let made = hostile();
    let svg = diagram::svg(&made.scene(HOSTILE), Part::Both);
    let document = roxmltree::Document::parse(&svg).unwrap();
    let known = [
        "svg", "title", "desc", "style", "rect", "text", "polyline", "polygon", "circle",
    ];
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name().name();
        assert!(known.contains(&name), "{name}");
        for attribute in node.attributes() {
            let name = attribute.name();
            assert!(!name.starts_with("on") && name != "href", "{name}");
        }
    }
    let texts = || document.descendants().filter_map(|it| it.text());
    assert!(texts().any(|it| it.contains("<script>alert(1)</script>")));
    // The diagram loads nothing.
    assert_eq!(svg.matches("http").count(), 1, "only the namespace");
    assert!(!svg.contains("url("));
}

#[test]
fn html_escapes_names() {
    let html = hostile().html(HOSTILE);
    assert!(!html.contains("<script"), "{html}");
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    for outside in ["src=", "href=\"http", "url(", "@import", "<link"] {
        assert!(!html.contains(outside), "{outside}");
    }
    without_diagrams(&html);
}

#[test]
fn mermaid_escapes_names() {
    let text = diagram::mermaid(&hostile().scene(HOSTILE), Part::Both);
    for line in text.lines() {
        // Only labels have quotes, in pairs, and no name contains brackets.
        assert_eq!(line.matches('"').count() % 2, 0, "{line}");
        assert!(
            !line.contains('<') || line.contains("<br/>") || line.contains("<<"),
            "{line}"
        );
    }
    for sign in ["<script", "%%{", "{{", "--> x"] {
        assert!(!text.contains(sign), "{sign}");
    }
    assert_eq!(text.matches("```").count(), 4, "the blocks' own fences");
}

#[test]
fn markdown_escapes_names() {
    let source = || Source::Template(HOSTILE.to_owned(), vec![format!("Key={HOSTILE}")]);
    let text = hostile().runbook(HOSTILE, source());
    let (mut blocks, mut code, mut rows) = (0, String::new(), 0);
    let mut inside = false;
    for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
        match event {
            Event::Html(it) | Event::InlineHtml(it) => panic!("{it}"),
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => panic!("a link"),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(of))) => {
                assert_eq!(of.as_ref(), "sh");
                (inside, blocks) = (true, blocks + 1);
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => panic!("a block"),
            Event::End(TagEnd::CodeBlock) => inside = false,
            Event::Start(Tag::TableRow) => rows += 1,
            Event::Text(it) if inside => code.push_str(&it),
            _ => {}
        }
    }
    assert_eq!((blocks, rows), (text.matches("sh\n").count(), 1), "{text}");
    // In a shell command, the name is one word.
    let word = format!("'Key={}'", HOSTILE.replace('\'', "'\\''"));
    assert!(code.contains(&word), "{code}");
}

#[test]
fn many_instances_stay_readable_and_quick() {
    let hosts: Vec<String> = (0..100)
        .map(|n| format!("{{name: h{n}, subnet: {}}}", n % 2))
        .collect();
    let made = Made::config(&format!("instances: [{}]\n", hosts.join(", ")));
    let start = std::time::Instant::now();
    let scene = made.scene("access");
    let svg = diagram::svg(&scene, Part::Both);
    let mermaid = diagram::mermaid(&scene, Part::Both);
    let (html, book) = (
        made.html("access"),
        made.runbook("access", Source::Config(Vec::new())),
    );
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    assert!(svg.contains("h0, h2, h4, h6 and 46 more"), "{svg}");
    assert_eq!(scene.paths.len(), 1);
    assert!(svg.len() < 30_000 && mermaid.len() < 8_000 && html.len() < 90_000);
    assert!(book.contains("`h99`") && book.contains("names of 90 more"));
}

#[test]
fn many_networks_stay_within_mermaids_limits() {
    let one = |n: usize| {
        let subnets: String = (0..12)
            .map(|s| {
                format!(
                    "  Subnet{n}x{s}:\n    Type: AWS::EC2::Subnet\n    Properties: {{VpcId: !Ref Vpc{n}, CidrBlock: 10.{n}.{s}.0/24, AvailabilityZone: eu-central-1{}}}\n  \
                       Host{n}x{s}:\n    Type: AWS::EC2::Instance\n    Properties: {{ImageId: ami-0123456789abcdef0, SubnetId: !Ref Subnet{n}x{s}}}\n",
                    ["a", "b", "c"][s % 3]
                )
            })
            .collect();
        format!(
            "  Vpc{n}:\n    Type: AWS::EC2::VPC\n    Properties: {{CidrBlock: 10.{n}.0.0/16}}\n{subnets}"
        )
    };
    let all: String = (0..20).map(one).collect();
    let made = Made::template(&format!(
        "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n{all}"
    ));
    let scene = made.scene("networks");
    assert_eq!(scene.panels.len(), 20);
    let mermaid = diagram::mermaid(&scene, Part::Network);
    assert!(mermaid.len() < 50_000, "{}", mermaid.len());
    assert!(mermaid.contains("and 16 more VPCs"));
    let edges = mermaid
        .lines()
        .filter(|it| it.contains("->") || it.contains("=>") || it.contains("-x "));
    assert!(edges.count() < 500);
    let svg = diagram::svg(&scene, Part::Network);
    roxmltree::Document::parse(&svg).unwrap();
    assert!(svg.contains("and 8 more VPCs"));
}

#[test]
fn the_same_stack_gives_the_same_diagram() {
    let draw = || {
        let made = unreachable();
        let scene = made.scene("x");
        let source = Source::Template("stack.yaml".to_owned(), Vec::new());
        [
            diagram::mermaid(&scene, Part::Both),
            diagram::svg(&scene, Part::Both),
            made.html("x"),
            made.runbook("x", source),
        ]
    };
    assert_eq!(draw(), draw());
}

/// Draws every configuration and template of the tests.
#[test]
fn everything_can_be_drawn() {
    for (name, text) in super::cases() {
        let made = Made::config(&text);
        roxmltree::Document::parse(&diagram::svg(&made.scene(&name), Part::Both)).unwrap();
        without_diagrams(&made.html(&name));
        made.runbook(&name, Source::Config(Vec::new()));
    }
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/cfn");
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if matches!(name.as_str(), "README.md" | "cases.yaml") {
            continue;
        }
        let made = Made::template(&std::fs::read_to_string(&path).unwrap());
        roxmltree::Document::parse(&diagram::svg(&made.scene(&name), Part::Both)).unwrap();
        without_diagrams(&made.html(&name));
        made.runbook(&name, Source::Template(name.clone(), Vec::new()));
    }
}

fn templates(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => templates(&path, found),
            false => found.push(path),
        }
    }
}

#[test]
fn no_template_bypasses_escaping() {
    let mut found = Vec::new();
    templates(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"),
        &mut found,
    );
    assert!(found.len() >= 5);
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        for sign in ["{{{", "{{&", "{{~{", "{{~&"] {
            assert!(!text.contains(sign), "{}: {sign}", path.display());
        }
    }
}
