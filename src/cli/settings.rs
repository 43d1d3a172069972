//! What makes a stack: a configuration with what flags lay over it, or the program's own app.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::diagnostics::{Sources, render};
use super::{Failure, app, output};
use crate::backend::{Format, tf::ModuleKind};
use crate::frontend::config::{BuiltConfig, Config};
use crate::ir::{Diagnostic, Diagnostics, Dialect};
use crate::validate::Validated;
use crate::{reachability, report};

/// What makes a stack, as a file and flags tell it.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Settings {
    /// The configuration; `-` reads standard input [default: ssm-synth.yaml, if it is there]
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The range of the new VPC [default: 10.0.0.0/16]
    #[arg(long, value_name = "CIDR")]
    cidr: Option<String>,
    /// How many zones the new network has [default: 2]
    #[arg(long, value_name = "N")]
    zones: Option<u32>,
    /// An existing VPC to use
    #[arg(long, value_name = "ID")]
    vpc: Option<String>,
    /// The existing VPC's subnets
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    subnets: Vec<String>,
    /// Any setting, such as `endpoints.zones=one`; the value is YAML
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// A configuration is small, and so is a template; a plan says everything twice.
const MAX_BYTES: u64 = 32 * 1024 * 1024;

/// What CloudFormation takes in a request; a larger template goes through S3.
pub(super) const MAX_INLINE: usize = 51_200;

pub(super) fn read(path: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let shown = path.display();
    let done = if path == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(MAX_BYTES + 1)
            .read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
    };
    done.map_err(|error| Failure::Environment(format!("cannot read `{shown}`: {error}")))?;
    if bytes.len() as u64 > MAX_BYTES {
        let message = format!("`{shown}` has over {} MB", MAX_BYTES / 1024 / 1024);
        return Err(Failure::Environment(message));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let _ = output::stderr(&format!("error: `{shown}` is not UTF-8, at byte {at}\n"));
        Failure::Input
    })
}

/// A file that cannot be read at all.
pub(super) fn unreadable(diagnostics: &Diagnostics, name: &str, text: &str) -> Failure {
    let sources = vec![(name.to_owned(), text.to_owned())];
    let _ = output::stderr(&render(diagnostics.iter(), &sources));
    Failure::Unreadable
}

pub(super) fn fail(diagnostics: &Diagnostics, sources: &Sources) -> Failure {
    let _ = output::stderr(&render(diagnostics.iter(), sources));
    Failure::Input
}

/// Prints a stack; one that CloudFormation would not take is refused.
pub(super) fn print_artifact(
    format: Format,
    validated: &Validated<'_>,
    stack: &str,
    kind: ModuleKind,
) -> Result<String, Failure> {
    // Whoever names a stack has found it before.
    let text = format.print(validated, stack, kind).unwrap_or_default();
    if format.dialect() == Dialect::Cfn && text.len() > 1024 * 1024 {
        let message = format!(
            "error[template-size]: the template of `{stack}` has {} bytes, and CloudFormation takes 1048576\n",
            text.len()
        );
        let _ = output::stderr(&message);
        return Err(Failure::Input);
    }
    Ok(text)
}

fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl Settings {
    /// The settings that flags give: flag, path, value in YAML.
    fn flags(
        &self,
        name: Option<&String>,
        region: Option<&String>,
    ) -> Result<Vec<(String, String, String)>, Failure> {
        let mut settings = Vec::new();
        for (flag, path, value) in [
            ("--name", "name", name),
            ("--region", "region", region),
            ("--cidr", "network.cidr", self.cidr.as_ref()),
            ("--vpc", "network.vpc", self.vpc.as_ref()),
        ] {
            if let Some(value) = value {
                settings.push((flag.to_owned(), path.to_owned(), quote(value)));
            }
        }
        if let Some(zones) = self.zones {
            settings.push((
                "--zones".to_owned(),
                "network.zones".to_owned(),
                zones.to_string(),
            ));
        }
        if !self.subnets.is_empty() {
            let list: Vec<String> = self.subnets.iter().map(|it| quote(it)).collect();
            let list = format!("[{}]", list.join(", "));
            settings.push(("--subnets".to_owned(), "network.subnets".to_owned(), list));
        }
        for set in &self.set {
            let Some((path, value)) = set.split_once('=') else {
                let message = format!("`--set {set}` has no `=`; write `--set network.zones=3`");
                return Err(Failure::Environment(message));
            };
            settings.push((format!("--set {path}"), path.to_owned(), value.to_owned()));
        }
        Ok(settings)
    }

    /// The flags as they were given, for a command line that says the same.
    pub(super) fn to_args(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut add = |flag: &str, value: String| words.extend([flag.to_owned(), value]);
        if let Some(file) = &self.config {
            add("--config", file.display().to_string());
        }
        if let Some(cidr) = &self.cidr {
            add("--cidr", cidr.clone());
        }
        if let Some(zones) = self.zones {
            add("--zones", zones.to_string());
        }
        if let Some(vpc) = &self.vpc {
            add("--vpc", vpc.clone());
        }
        if !self.subnets.is_empty() {
            add("--subnets", self.subnets.join(","));
        }
        for set in &self.set {
            add("--set", set.clone());
        }
        words
    }

    /// Makes the stack, checked, and says what is wrong with it; `file` is the name and text of a
    /// configuration that is named without the flag.
    pub(super) fn built_config(
        &self,
        file: Option<(String, String)>,
        name: Option<&String>,
        region: Option<&String>,
    ) -> Result<BuiltConfig, Failure> {
        if let Some(app) = app::current() {
            return app::built_config(app, name, self.config_flag().or(region.map(|_| "--region")));
        }
        let mut sources = Sources::new();
        let config = match file {
            None => self.read(name, region, &mut sources)?,
            file => self.with_flags(file, name, region, &mut sources)?,
        };
        let built_config = config
            .build()
            .map_err(|diagnostics| fail(&diagnostics, &sources))?;
        let found = built_config
            .validate()
            .map(|_| ())
            .map_err(|diagnostics| fail(&diagnostics, &sources));
        found.map(|()| built_config)
    }

    /// Makes the app, checked, of which no stack is meant above others.
    pub(super) fn any(
        &self,
        name: Option<&String>,
        region: Option<&String>,
    ) -> Result<BuiltConfig, Failure> {
        let first = app::current().and_then(|app| app.graph().stacks().next());
        let first = first.map(|it| it.name.clone());
        self.built_config(None, name.or(first.as_ref()), region)
    }

    /// Reads the configuration, with what the flags set.
    pub(super) fn read(
        &self,
        name: Option<&String>,
        region: Option<&String>,
        sources: &mut Sources,
    ) -> Result<Config, Failure> {
        let default = Path::new("ssm-synth.yaml");
        let path = match &self.config {
            Some(path) => Some(path.as_path()),
            None => default.exists().then_some(default),
        };
        let file = match path {
            None => None,
            Some(path) => {
                output::detail(&format!("configuration: {}", path.display()));
                Some((path.display().to_string(), read(path)?))
            }
        };
        self.apply_flags(file, name, region, sources)
    }

    /// The flag that is given, if one is, and belongs to a configuration.
    pub(super) fn config_flag(&self) -> Option<&'static str> {
        [
            ("--config", self.config.is_some()),
            ("--cidr", self.cidr.is_some()),
            ("--zones", self.zones.is_some()),
            ("--vpc", self.vpc.is_some()),
            ("--subnets", !self.subnets.is_empty()),
            ("--set", !self.set.is_empty()),
        ]
        .into_iter()
        .find(|(_, given)| *given)
        .map(|(flag, _)| flag)
    }

    /// Lays what the flags set over a configuration that is named without the flag.
    pub(super) fn with_flags(
        &self,
        file: Option<(String, String)>,
        name: Option<&String>,
        region: Option<&String>,
        sources: &mut Sources,
    ) -> Result<Config, Failure> {
        if let (Some((file, _)), Some(_)) = (&file, &self.config) {
            let message = format!("`{file}` and `--config` are both given; one of them is enough");
            return Err(Failure::Environment(message));
        }
        self.apply_flags(file, name, region, sources)
    }

    fn apply_flags(
        &self,
        file: Option<(String, String)>,
        name: Option<&String>,
        region: Option<&String>,
        sources: &mut Sources,
    ) -> Result<Config, Failure> {
        let mut config = match file {
            None => Config::empty(),
            Some((name, text)) => {
                let config = Config::read(&name, &text);
                sources.push((name, text));
                config.map_err(|diagnostics| fail(&diagnostics, sources))?
            }
        };
        for (source, path, value) in self.flags(name, region)? {
            let set = config.set(&source, &path, &value);
            // A flag given twice has the value that was given last.
            sources.retain(|(name, _)| *name != source);
            sources.push((source, value));
            set.map_err(|diagnostics| fail(&diagnostics, sources))?;
        }
        Ok(config)
    }
}

/// A template, and where it is deployed.
pub(super) struct Synthesized {
    pub(super) text: String,
    /// The stack's name.
    pub(super) stack: String,
    /// The region that the settings tell.
    #[cfg(feature = "deploy")]
    pub(super) region: Option<&'static crate::Region>,
}

/// What to make of settings.
pub(super) struct SynthOptions<'a> {
    pub(super) format: Format,
    pub(super) module_kind: ModuleKind,
    pub(super) name: Option<&'a String>,
    pub(super) region: Option<&'a String>,
    pub(super) on_unreachable: OnUnreachable,
}

/// What is done about instances that provably cannot be reached.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OnUnreachable {
    /// Nothing: the caller knows more, and proves for itself.
    Skip,
    Report,
    Reject,
}

impl Settings {
    pub(super) fn synthesize(
        &self,
        options: &SynthOptions<'_>,
    ) -> Result<(BuiltConfig, String), Failure> {
        let mut sources = Sources::new();
        let built_config = match app::current() {
            Some(app) => {
                let setting = self.config_flag().or(options.region.map(|_| "--region"));
                app::built_config(app, options.name, setting)?
            }
            None => {
                let config = self.read(options.name, options.region, &mut sources)?;
                config
                    .build()
                    .map_err(|diagnostics| fail(&diagnostics, &sources))?
            }
        };
        let validated = built_config
            .validate()
            .map_err(|diagnostics| fail(&diagnostics, &sources))?;
        check_reachability(&built_config, options.on_unreachable)?;
        let dialect = options.format.dialect();
        let limits = validated.limit_violations(dialect);
        if limits.has_errors() {
            return Err(fail(limits, &sources));
        }
        let text = print_artifact(
            options.format,
            &validated,
            &built_config.stack,
            options.module_kind,
        )?;
        let matters = |it: &&Diagnostic| it.only.is_none_or(|only| only == dialect);
        let warnings = validated.warnings().iter().filter(matters);
        output::note(&render(warnings, &sources));
        Ok((built_config, text))
    }
}

impl Settings {
    /// Makes the template for CloudFormation of a configuration's text.
    pub(super) fn template_of(&self, file: Option<(String, String)>) -> Result<String, Failure> {
        let mut sources = Sources::new();
        let config = self.apply_flags(file, None, None, &mut sources)?;
        let built_config = config
            .build()
            .map_err(|diagnostics| fail(&diagnostics, &sources))?;
        let validated = built_config
            .validate()
            .map_err(|diagnostics| fail(&diagnostics, &sources))?;
        print_artifact(
            Format::Cfn,
            &validated,
            &built_config.stack,
            ModuleKind::Root,
        )
    }

    /// What a file alone tells.
    #[cfg(feature = "deploy")]
    pub(super) fn of(config: Option<PathBuf>) -> Settings {
        Settings {
            config,
            ..Settings::default()
        }
    }

    #[cfg(feature = "deploy")]
    /// The stack's name and region, if the configuration is sound; nothing is printed if not.
    pub(super) fn try_stack_and_region(&self) -> Option<(String, Option<&'static crate::Region>)> {
        if let Some(app) = app::current() {
            let mut stacks = app.graph().stacks();
            let only = stacks.next().filter(|_| stacks.next().is_none())?;
            return Some((only.name.clone(), only.region));
        }
        let default = PathBuf::from("ssm-synth.yaml");
        let path = self.config.as_ref().unwrap_or(&default);
        let text = std::fs::read_to_string(path).ok()?;
        let built_config = Config::read("", &text).ok()?.build().ok()?;
        let stack = built_config.app.graph().stack(&built_config.stack)?;
        Some((built_config.stack.clone(), stack.region))
    }

    /// Makes the template for CloudFormation; the proof is the caller's, who knows more.
    pub(super) fn template(&self, stack: Option<&String>) -> Result<Synthesized, Failure> {
        let (built_config, text) = self.synthesize(&SynthOptions {
            format: Format::Cfn,
            module_kind: ModuleKind::Root,
            // A configuration's stack is called as it is deployed.
            name: stack.filter(|_| app::current().is_some()),
            region: None,
            on_unreachable: OnUnreachable::Skip,
        })?;
        Ok(Synthesized {
            text,
            #[cfg(feature = "deploy")]
            region: built_config
                .app
                .graph()
                .stack(&built_config.stack)
                .and_then(|it| it.region),
            stack: built_config.stack,
        })
    }
}

/// Proves the stack; one that provably cannot be reached ends here, unless that is wanted.
pub(super) fn check_reachability(
    built_config: &BuiltConfig,
    proving: OnUnreachable,
) -> Result<(), Failure> {
    if proving == OnUnreachable::Skip {
        return Ok(());
    }
    let graph = built_config.app.graph();
    let assumptions = reachability::Assumptions::default();
    if !reachability::is_unreachable(graph, &assumptions) {
        return Ok(());
    }
    let reachability = reachability::check(graph, &assumptions);
    let report = report::CheckReport {
        file: &built_config.stack,
        graph,
        reachability: &reachability,
        json: false,
    };
    let _ = output::stderr(&report::text(&report));
    if proving == OnUnreachable::Report {
        return Ok(());
    }
    let message = "error: Session Manager cannot reach an instance of this stack; \
                   `--allow-unreachable` prints it nevertheless\n";
    let _ = output::stderr(message);
    Err(Failure::Input)
}
