//! Recognizes the format of a text, and texts that are often passed by mistake.

use std::collections::HashMap;

use serde::de::IgnoredAny;

use super::{InputFormat, cfn, tree};

/// The command that writes a plan as JSON.
const SHOW_PLAN: &str =
    "run `terraform plan -out=plan.out`, then `terraform show -json plan.out > plan.json`";

/// Sections of a template. The settings of a configuration are lowercase.
const SECTIONS: [&str; 7] = [
    "Conditions",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Rules",
    "Transform",
];

/// Decodes a file: UTF-8, or UTF-16 with a byte order mark, which PowerShell's `>` writes.
///
/// # Errors
///
/// What the bytes are, or where they are not text.
pub fn decode(bytes: Vec<u8>) -> Result<String, String> {
    let units = |to_unit: fn([u8; 2]) -> u16| -> Result<String, String> {
        let pairs = bytes[2..].chunks(2);
        let units: Vec<u16> = pairs
            .map(|it| to_unit([it[0], it.get(1).copied().unwrap_or_default()]))
            .collect();
        String::from_utf16(&units).map_err(|_| "is not UTF-16 after its byte order mark".to_owned())
    };
    match bytes.as_slice() {
        [0xff, 0xfe, ..] => units(u16::from_le_bytes),
        [0xfe, 0xff, ..] => units(u16::from_be_bytes),
        [b'P', b'K', 3, 4, ..] => Err(
            "is a plan in Terraform's own format or another archive; run `terraform show -json \
             FILE > plan.json`"
                .to_owned(),
        ),
        _ => String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            format!("is not UTF-8 at byte {at}")
        }),
    }
}

/// Returns the JSON of a plan or state. A wrapper can print lines before and after it.
pub(super) fn plan(text: &str) -> Option<&str> {
    let text = text.trim_start_matches('\u{feff}');
    let start = if text.trim_start().starts_with('{') {
        text.len() - text.trim_start().len()
    } else {
        let is_start = |(at, _): &(usize, &str)| text[at + 1..].starts_with('{');
        text.match_indices('\n').find(is_start)?.0 + 1
    };
    let end = text.rfind('}').filter(|end| *end > start);
    let json = &text[start..end.map_or(text.len(), |end| end + 1)];
    let head: String = json
        .chars()
        .filter(|c| !c.is_whitespace())
        .take(20)
        .collect();
    let is_plan = json.contains("\"planned_values\"") || head.starts_with("{\"format_version\"");
    is_plan.then_some(json)
}

/// Infers the format of a text. The fallback is a configuration.
pub(super) fn format(text: &str) -> InputFormat {
    if plan(text).is_some() {
        return InputFormat::Plan;
    }
    // The keys of a JSON object are known without a tree of all its values.
    let is_template = match serde_json::from_str::<HashMap<String, IgnoredAny>>(text) {
        Ok(root) => cfn::ROOT_KEYS.iter().any(|key| root.contains_key(*key)),
        Err(_) => tree::read(text).is_ok_and(|root| cfn::is_template(&root)),
    };
    if is_template {
        InputFormat::Cfn
    } else {
        InputFormat::Config
    }
}

/// Returns what a text is that the program does not read, and the command that writes one it does.
pub(super) fn misplaced(text: &str) -> Option<(&'static str, &'static str)> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let starts = |line: &str, words: &[&str]| words.iter().any(|word| line.starts_with(word));
    if text
        .lines()
        .take(20)
        .any(|line| line.starts_with("{\"@level\""))
    {
        return Some((
            "is the log of `terraform plan -json`, not a plan",
            SHOW_PLAN,
        ));
    }
    let root = tree::read(text).ok();
    if let Some(root) = &root {
        let has = |key: &str| root.get(key).is_some();
        if has("apiVersion") && has("kind") {
            return Some((
                "is a Kubernetes manifest",
                "pass a CloudFormation template, a Terraform plan or a configuration",
            ));
        }
        if !cfn::is_template(root) && SECTIONS.iter().any(|it| has(it)) {
            return Some((
                "is a template without `Resources`",
                "add `Resources`, which CloudFormation requires",
            ));
        }
    }
    if text.starts_with('{') {
        let root = root?;
        let has = |keys: &[&str]| keys.iter().all(|key| root.get(key).is_some());
        if has(&["lineage", "serial"]) || has(&["terraform_version", "resources"]) {
            return Some((
                "is a state file of Terraform",
                "run `terraform show -json > state.json` in its directory",
            ));
        }
        let blocks = ["resource", "module", "provider", "data"];
        if blocks.iter().any(|key| has(&[key])) {
            return Some(("is Terraform configuration, not a plan", SHOW_PLAN));
        }
        return None;
    }
    let is_shown_plan = [
        "Terraform will perform the following actions",
        "Your infrastructure matches the configuration",
    ];
    if is_shown_plan.iter().any(|it| text.contains(it)) {
        return Some((
            "is the text of `terraform plan` or `terraform show`, not a plan in JSON",
            SHOW_PLAN,
        ));
    }
    if is_shown_state(text) {
        return Some((
            "is the text of `terraform show`, not a state in JSON",
            "run `terraform show -json > state.json`",
        ));
    }
    let blocks = [
        "resource \"",
        "module \"",
        "provider \"",
        "data \"",
        "terraform {",
    ];
    let is_block = |line: &str| starts(line, &blocks) && line.trim_end().ends_with(['{', '}']);
    text.lines()
        .any(is_block)
        .then_some(("is Terraform configuration, not a plan", SHOW_PLAN))
}

/// Returns whether the first line is the address of a resource, as in `# aws_vpc.main:`, with its values
/// in the next line.
fn is_shown_state(text: &str) -> bool {
    let mut lines = text.lines();
    let address = lines.next().and_then(|it| it.strip_prefix("# "));
    let is_address = address
        .and_then(|it| it.trim_end().split([':', ' ']).next())
        .is_some_and(|it| it.contains('.') && !it.ends_with('.'));
    let next = lines.next().unwrap_or_default();
    is_address && (next.starts_with("resource \"") || next.starts_with("data \""))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = "{\"format_version\":\"1.2\",\"planned_values\":{}}";

    #[test]
    fn utf_16_of_both_orders_is_decoded() {
        let encode = |mark: u16, to_bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            let units = std::iter::once(mark).chain("Résumé".encode_utf16());
            units.flat_map(to_bytes).collect()
        };
        assert_eq!(decode(encode(0xfeff, u16::to_le_bytes)).unwrap(), "Résumé");
        assert_eq!(decode(encode(0xfeff, u16::to_be_bytes)).unwrap(), "Résumé");
        assert!(decode(vec![0xff, 0xfe, 0x00, 0xd8]).is_err());
        assert!(
            decode(b"PK\x03\x04".to_vec())
                .unwrap_err()
                .contains("terraform show")
        );
        assert_eq!(
            decode(vec![b'a', 0xff]).unwrap_err(),
            "is not UTF-8 at byte 1"
        );
    }

    #[test]
    fn a_plan_is_found_between_the_lines_of_a_wrapper() {
        let wrapped =
            format!("[command]/usr/bin/terraform show -json plan.out\n{PLAN}\n::debug::done\n");
        assert_eq!(plan(&wrapped), Some(PLAN));
        assert_eq!(plan(PLAN), Some(PLAN));
        let state = "{\n  \"format_version\": \"1.0\",\n  \"values\": {}\n}\n";
        assert_eq!(plan(state), Some(state.trim_end()));
        assert_eq!(plan("Resources: {}\n"), None);
        assert_eq!(plan("a: 1\n{"), None);
    }

    #[test]
    fn texts_that_are_passed_by_mistake_are_named() {
        let of = |text: &str| misplaced(text).map(|(what, _)| what);
        assert!(of("{\"@level\":\"info\"}\n").unwrap().contains("log"));
        assert!(
            of("{\"version\": 4, \"serial\": 1, \"lineage\": \"x\"}")
                .unwrap()
                .contains("state")
        );
        assert!(of("{\"resource\": {}}").unwrap().contains("configuration"));
        assert!(
            of("# a\nresource \"aws_vpc\" \"main\" {\n}\n")
                .unwrap()
                .contains("configuration")
        );
        for state in [
            "# aws_vpc.main:\nresource \"aws_vpc\" \"main\" {\n    arn = \"a\"\n}\n",
            "\n# module.net.aws_vpc.main[0]: (tainted)\nresource \"aws_vpc\" \"main\" {\n}\n",
            "# data.aws_region.now:\ndata \"aws_region\" \"now\" {\n}\n",
        ] {
            assert!(of(state).unwrap().contains("`terraform show`"), "{state}");
        }
        let unchanged = "No changes. Your infrastructure matches the configuration.\n";
        assert!(of(unchanged).unwrap().contains("`terraform show`"));
        assert!(
            of("# The network.\nresource \"aws_vpc\" \"main\" {\n}\n")
                .unwrap()
                .contains("configuration")
        );
        let manifest = of("apiVersion: v1\nkind: ConfigMap\n").unwrap();
        assert!(manifest.contains("Kubernetes"));
        assert!(
            of("Metadata: {}\n")
                .unwrap()
                .contains("without `Resources`")
        );
        assert_eq!(of("{\"Resources\": {}}"), None);
        assert_eq!(of("instances: [web]\n"), None);
    }
}
