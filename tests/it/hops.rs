//! The reference page of hops, and the places that list them.

use std::path::Path;

use ssm_synth::reachability::Hop;
use ssm_synth::report;

#[test]
fn the_reference_page_contains_each_hop() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/hops.md");
    let found = std::fs::read_to_string(&file).unwrap();
    let head = found.split("\n## ").next().unwrap();
    let pages: Vec<String> = Hop::ALL
        .iter()
        .map(|hop| report::explain(hop.as_str()).unwrap())
        .collect();
    let page = format!("{head}\n{}", pages.join("\n"));
    super::page("docs/reference/hops.md", &page);
}

#[test]
fn the_report_schema_lists_each_hop() {
    let schema: serde_json::Value = serde_json::from_str(&report::schema()).unwrap();
    let codes: Vec<&str> = Hop::ALL.iter().map(|hop| hop.as_str()).collect();
    assert_eq!(schema["$defs"]["hop"]["enum"], serde_json::json!(codes));
}

#[test]
fn a_hop_has_texts_in_the_form_of_reports() {
    let mut codes = std::collections::BTreeSet::new();
    for hop in Hop::ALL {
        assert!(codes.insert(hop.as_str()), "duplicate code {hop}");
        assert!(!hop.reason().ends_with('.'), "{hop}");
        let page = report::explain(hop.as_str()).unwrap();
        assert!(
            page.contains("**Checks**") && page.contains("**Fix:**"),
            "{page}"
        );
        assert!(page.ends_with('\n') && !page.ends_with("\n\n"), "{page}");
    }
    assert_eq!(report::explain("unknown-code"), None);
}
