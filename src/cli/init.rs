//! `init`: a team's own crate, or a configuration, ready to be committed.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::{Failure, output};
use crate::backend::{self, Format};
use crate::construct::PrivateInstance;
use crate::{App, SessionAccess};

/// What is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A crate in Rust: the stacks, their tests and snapshots, a program, a workflow
    Crate,
    /// A configuration, its schema, its output, a commit hook, a workflow
    Config,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{}\n\n\
Nothing that is there is written over.\n\n\
Examples:\n  \
ssm-synth init team-access && cd team-access && cargo test\n  \
ssm-synth init --kind config", super::EXIT_CODES))]
pub(super) struct Args {
    /// The folder; it is made if it is not there
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// What to make
    #[arg(long, value_enum, default_value_t = Kind::Crate)]
    kind: Kind,
    /// The crate's name, or the stack's [default: the folder's]
    #[arg(long)]
    name: Option<String>,
    /// For a crate: a folder with the sources of ssm-synth, to depend on instead of the published
    /// version
    #[arg(long, value_name = "FOLDER")]
    source: Option<PathBuf>,
}

macro_rules! template {
    ($file:literal) => {
        include_str!(concat!("../../templates/init/", $file))
    };
}

/// What depends on the library says: the version, or a folder.
fn dependency(source: Option<&Path>, testing: bool) -> String {
    let of = match source {
        None => format!("version = \"{}\"", env!("CARGO_PKG_VERSION")),
        // TOML's text is JSON's, but for what no path has.
        Some(path) => format!(
            "path = {}",
            serde_json::Value::from(path.display().to_string())
        ),
    };
    match testing {
        true => format!("{{ {of}, default-features = false, features = [\"testing\"] }}"),
        false => format!("{{ {of}, default-features = false }}"),
    }
}

/// Names that no crate, or no crate that uses the library, can have.
const RESERVED_NAMES: [&str; 58] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "ssm-synth",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "union",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

fn environment(message: impl Into<String>) -> Failure {
    Failure::Environment(message.into())
}

fn name_of(args: &Args) -> Result<String, Failure> {
    let name = match &args.name {
        Some(name) => name.clone(),
        None => {
            let whole = std::path::absolute(&args.folder);
            let last = whole.ok().and_then(|it| {
                let last = it.file_name()?;
                Some(
                    last.to_string_lossy()
                        .to_lowercase()
                        .replace(['_', '.', ' '], "-"),
                )
            });
            last.unwrap_or_default()
        }
    };
    let fits = name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.len() <= 64
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    match fits {
        // Cargo takes none of these, or the library has it.
        true if !RESERVED_NAMES.contains(&name.as_str()) => Ok(name),
        _ => Err(environment(format!(
            "`{name}` is no name: begin with a lower-case letter, and go on with letters, digits and \
             `-`; give it by `--name`"
        ))),
    }
}

/// The app that the crate's sources make, for its first snapshots.
fn app() -> App {
    let mut app = App::new();
    let mut access = app.stack("Access");
    access.description("Private instances, reached through Session Manager");
    access.add_inline(SessionAccess::new().instance(PrivateInstance::new("web")));
    app
}

fn workflow(text: &str) -> String {
    text.replace("__COMMENT__\n", template!("comment.yml"))
        .replace("__VERSION__", env!("CARGO_PKG_VERSION"))
}

fn of_crate(args: &Args, name: &str) -> Result<Vec<(String, String)>, Failure> {
    let source = match &args.source {
        None => None,
        Some(path) if path.join("Cargo.toml").is_file() => {
            let whole = std::path::absolute(path);
            Some(whole.map_err(|error| environment(format!("`--source`: {error}")))?)
        }
        Some(path) => {
            let message = format!("`--source {}` has no Cargo.toml", path.display());
            return Err(environment(message));
        }
    };
    let fill = |text: &str| {
        text.replace("__NAME__", name)
            .replace("__CRATE__", &name.replace('-', "_"))
            .replace("__DEPENDENCY__", &dependency(source.as_deref(), false))
            .replace("__TESTING__", &dependency(source.as_deref(), true))
    };
    let mut files: Vec<(String, String)> = [
        ("Cargo.toml", template!("Cargo.toml")),
        ("src/lib.rs", template!("lib.rs")),
        ("src/main.rs", template!("main.rs")),
        ("tests/stacks.rs", template!("stacks.rs")),
        (".cargo/config.toml", template!("cargo-config.toml")),
    ]
    .into_iter()
    .map(|(file, text)| (file.to_owned(), fill(text)))
    .collect();
    files.push((".gitignore".to_owned(), "/target\n/cdk.out\n".to_owned()));
    let workflow = workflow(template!("crate.yml"));
    files.push((".github/workflows/stacks.yml".to_owned(), workflow));
    let app = app();
    let validated = app
        .validate()
        .map_err(|diagnostics| super::settings::fail(&diagnostics, &Vec::new()))?;
    for (name, text) in backend::snapshots(&validated, &[Format::CfnYaml, Format::Hcl]) {
        files.push((
            format!("tests/snapshots/stacks__{name}.snap"),
            format!("---\nsource: tests/stacks.rs\n---\n{text}"),
        ));
    }
    Ok(files)
}

fn of_config(name: &str) -> Result<Vec<(String, String)>, Failure> {
    let config = template!("ssm-synth.yaml").replace("__NAME__", name);
    let settings = super::settings::Settings::default();
    let file = Some(("ssm-synth.yaml".to_owned(), config.clone()));
    let made = settings.template_of(file)?;
    let schema = format!("{:#}\n", crate::frontend::schema());
    let files = [
        ("ssm-synth.yaml", config),
        ("ssm-synth.schema.json", schema),
        ("stack.json", made),
        (
            ".pre-commit-config.yaml",
            template!("pre-commit.yaml").to_owned(),
        ),
        (
            ".github/workflows/stacks.yml",
            workflow(template!("config.yml")),
        ),
    ];
    let files = files.into_iter();
    Ok(files.map(|(file, text)| (file.to_owned(), text)).collect())
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let name = name_of(args)?;
    let files = match args.kind {
        Kind::Crate => of_crate(args, &name)?,
        Kind::Config if args.source.is_some() => {
            return Err(environment("`--source` is for a crate"));
        }
        Kind::Config => of_config(&name)?,
    };
    let there = |(file, _): &&(String, String)| args.folder.join(file).symlink_metadata().is_ok();
    let known: Vec<&str> = files
        .iter()
        .filter(there)
        .map(|(file, _)| file.as_str())
        .collect();
    if !known.is_empty() {
        let message = format!(
            "there is {} already, and nothing is written over",
            known.join(", ")
        );
        return Err(environment(message));
    }
    let mut told = String::new();
    for (file, text) in &files {
        output::file_below(&args.folder, Path::new(file), text)?;
        told.push_str(&format!("  {}\n", args.folder.join(file).display()));
    }
    let next = match args.kind {
        Kind::Crate => "next: `cargo test`, then `cargo stacks --help`",
        Kind::Config => "next: `ssm-synth check`, then `ssm-synth deploy`",
    };
    output::note(&format!("made:\n{told}{next}\n"));
    Ok(())
}
