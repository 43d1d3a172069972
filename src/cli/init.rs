//! `init`: a configuration or a Rust crate, ready to commit.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::context::Context;
use super::failure::Failure;
use super::output;
use crate::backend;
use crate::construct::PrivateInstance;
use crate::{App, SessionAccess};

/// The language of the stack definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    /// Configuration with its schema, output, commit hook and workflow
    Yaml,
    /// Crate with stacks, tests, snapshots, a program and a workflow
    Rust,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("\
`init` never overwrites a file.

Examples:
  ssm-synth init
  ssm-synth init team-access --language rust

{}", super::help::EXIT_CODES))]
pub(super) struct Args {
    /// Directory to write to
    #[arg(value_name = "DIR", default_value = ".", value_hint = clap::ValueHint::DirPath)]
    directory: PathBuf,
    /// Language of the stack definition
    #[arg(long, value_enum, default_value_t = Language::Yaml)]
    language: Language,
    /// Name of the stack or crate, instead of that of the directory
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Directory with the sources of ssm-synth, for a crate
    ///
    /// Default: the sources that the program was built from. A published program uses the published
    /// crate.
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    path: Option<PathBuf>,
}

macro_rules! template {
    ($file:literal) => {
        include_str!(concat!("../../templates/init/", $file))
    };
}

/// Returns the dependency on the library: a version or a path.
fn dependency(source: Option<&Path>, testing: bool) -> String {
    let of = match source {
        None => format!("version = \"{}\"", env!("CARGO_PKG_VERSION")),
        // A path in JSON is valid in TOML: a path has no character that differs.
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

/// The directory of the sources that this program was built from.
const BUILT_FROM: &str = env!("CARGO_MANIFEST_DIR");

/// Whether this program is a published version, so that other projects can install it.
fn is_published() -> bool {
    // The release workflow sets this variable. Cargo builds published crates in its registry.
    option_env!("SSM_SYNTH_RELEASE").is_some()
        || Path::new(BUILT_FROM)
            .ancestors()
            .any(|it| it.ends_with("registry/src"))
}

/// Returns the directory with the library's sources, or `None` for the published crate.
fn source(path: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    if let Some(path) = path {
        if !path.join("Cargo.toml").is_file() {
            let path = path.display();
            return Err(Failure::usage(format!("`--path {path}` has no Cargo.toml")));
        }
        let path = std::path::absolute(path);
        return path
            .map(Some)
            .map_err(|error| Failure::usage(format!("`--path`: {error}")));
    }
    let built_from = Path::new(BUILT_FROM);
    match built_from.join("Cargo.toml").is_file() {
        _ if is_published() => Ok(None),
        true => Ok(Some(built_from.to_owned())),
        false => Err(Failure::usage(format!(
            "the sources of this program no longer exist in `{}`",
            built_from.display()
        ))
        .with_help("pass `--path DIR` with the sources of ssm-synth")),
    }
}

/// Names that a crate that uses the library cannot have.
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

fn name_of(args: &Args) -> Result<String, Failure> {
    let name = match &args.name {
        Some(name) => name.clone(),
        None => {
            let path = std::path::absolute(&args.directory);
            let last = path.ok().and_then(|it| {
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
        // Cargo rejects the reserved names, or the library has them.
        true if !RESERVED_NAMES.contains(&name.as_str()) => Ok(name),
        _ => Err(
            Failure::usage(format!("`{name}` is not a valid name")).with_help(
                "pass `--name` with a lowercase letter, then lowercase letters, digits and `-`",
            ),
        ),
    }
}

/// Returns the app of the sources of the crate, for its first snapshots.
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
    let source = source(args.path.as_deref())?;
    let fill = |text: &str| {
        text.replace("__NAME__", name)
            .replace("__CRATE__", &name.replace('-', "_"))
            .replace("__DEPENDENCY__", &dependency(source.as_deref(), false))
            .replace("__TESTING__", &dependency(source.as_deref(), true))
    };
    let mut files: Vec<(String, String)> = [
        // Cargo excludes a directory with a `Cargo.toml` from the archive of the crate.
        ("Cargo.toml", template!("manifest.toml")),
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
        .map_err(|diagnostics| super::diagnostics::fail(&diagnostics, &Vec::new()))?;
    for (name, text) in backend::snapshots(&validated, None).unwrap_or_default() {
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
    let file = ("ssm-synth.yaml".to_owned(), config.clone());
    let made = settings
        .template_of(file, super::settings::StackName::default())?
        .text;
    let schema = format!("{:#}\n", crate::frontend::schema());
    let version = env!("CARGO_PKG_VERSION");
    let language = match is_published() {
        // pre-commit installs the wheel.
        true => {
            format!("language: python\n        additional_dependencies: [\"ssm-synth=={version}\"]")
        }
        // The program on the PATH.
        false => "language: system".to_owned(),
    };
    let files = [
        ("ssm-synth.yaml", config),
        ("ssm-synth.schema.json", schema),
        ("stack.json", made),
        (
            ".pre-commit-config.yaml",
            template!("pre-commit.yaml").replace("__LANGUAGE__", &language),
        ),
        (
            ".github/workflows/stacks.yml",
            workflow(template!("config.yml")),
        ),
    ];
    let files = files.into_iter();
    Ok(files.map(|(file, text)| (file.to_owned(), text)).collect())
}

pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let name = name_of(args)?;
    let files = match args.language {
        Language::Rust => of_crate(args, &name)?,
        Language::Yaml if args.path.is_some() => {
            return Err(Failure::usage("`--path` requires `--language rust`"));
        }
        Language::Yaml => of_config(&name)?,
    };
    let exists =
        |(file, _): &&(String, String)| args.directory.join(file).symlink_metadata().is_ok();
    let known: Vec<&str> = files
        .iter()
        .filter(exists)
        .map(|(file, _)| file.as_str())
        .collect();
    if !known.is_empty() {
        let verb = if known.len() == 1 { "exists" } else { "exist" };
        return Err(
            Failure::usage(format!("{} already {verb}", known.join(", ")))
                .with_help("use another directory; `init` never overwrites a file"),
        );
    }
    let mut created = String::from("Created:\n");
    for (file, text) in &files {
        output::file_below(&args.directory, Path::new(file), text)?;
        created.push_str(&format!("  {}\n", args.directory.join(file).display()));
    }
    let program = context.program();
    let next = match args.language {
        Language::Rust => "cargo test`, then `cargo stacks --help".to_owned(),
        Language::Yaml => format!("{program} check`, then `{program} deploy"),
    };
    output::unless_quiet(&format!("{created}Next: `{next}`\n"));
    Ok(())
}
