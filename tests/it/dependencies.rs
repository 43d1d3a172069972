//! The dependencies for each set of features.

use std::process::Command;

fn tree(arguments: &[&str]) -> Vec<String> {
    let done = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--edges", "normal", "--prefix", "none"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    let text = String::from_utf8(done.stdout).unwrap();
    let mut crates: Vec<String> = text
        .lines()
        .map(|line| line.trim_end_matches(" (*)").to_owned())
        .collect();
    crates.sort();
    crates.dedup();
    crates
}

#[test]
fn a_library_user_gets_no_sdk_and_no_argument_parser() {
    let crates = tree(&["--no-default-features"]);
    for heavy in [
        "clap",
        "tokio",
        "aws-",
        "hyper",
        "handlebars",
        "serde-saphyr",
    ] {
        let found = crates.iter().find(|it| it.starts_with(heavy));
        assert_eq!(found, None, "{heavy}");
    }
    // 15, and the library itself.
    assert!(crates.len() <= 16, "{crates:#?}");
    let without = tree(&["--no-default-features", "--features", "cli"]);
    assert!(
        !without
            .iter()
            .any(|it| it.starts_with("aws-") || it.starts_with("tokio"))
    );
}

#[test]
fn the_sdk_brings_no_outdated_tls() {
    let crates = tree(&["--all-features"]);
    let of = |name: &str| {
        crates
            .iter()
            .filter(|it| it.split(' ').next() == Some(name))
            .count()
    };
    assert_eq!((of("rustls"), of("rustls-webpki"), of("hyper")), (1, 1, 1));
    assert!(
        !crates
            .iter()
            .any(|it| it.starts_with("h2 v0.3") || it.starts_with("rustls v0.21"))
    );
}
