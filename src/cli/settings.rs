//! The stack of a configuration with the options that override it, or of an embedding program.

use std::io::Read;
use std::path::Path;

use super::context::Context;
use super::diagnostics::{Sources, fail, render};
use super::failure::Failure;
use super::output;
use super::region::{is_of_region, region, validated};
use crate::backend::{Format, tf::ModuleKind};
use crate::frontend::config::{BuiltConfig, Config};
use crate::ir::Diagnostic;
use crate::ir::Dialect;
use crate::region::Region;
use crate::validate::Validated;
use crate::{reachability, report};

/// The heading of these options in the help.
const HEADING: &str = "Configuration overrides";

/// Options that override the configuration.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Settings {
    /// IPv4 range of the new VPC
    #[arg(long, help_heading = HEADING, value_name = "CIDR")]
    cidr: Option<String>,
    /// Number of Availability Zones of the new VPC
    #[arg(long, help_heading = HEADING, value_name = "N")]
    zones: Option<u32>,
    /// Existing VPC
    #[arg(long, help_heading = HEADING, value_name = "ID")]
    vpc: Option<String>,
    /// Subnets of the existing VPC, separated by commas
    #[arg(long, help_heading = HEADING, value_name = "ID,...", value_delimiter = ',')]
    subnets: Vec<String>,
    /// Any setting with its value in YAML, such as `endpoints.zones=one`
    #[arg(long, help_heading = HEADING, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// The name and the Region of a stack.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StackName<'a> {
    /// The stack of `--stack`. Default: the name in the configuration.
    pub(super) name: Option<&'a String>,
    /// The Region of `--region`. Default: the Region of the configuration.
    pub(super) region: Option<&'a String>,
    /// The Region of the AWS environment, for a configuration that sets none.
    pub(super) default_region: Option<&'static Region>,
}

/// What diagnostics call the variables and profiles of AWS.
const AWS_ENVIRONMENT: &str = "AWS environment";

/// The largest input in bytes. A plan contains every value twice.
const MAX_BYTES: u64 = 32 * 1024 * 1024;

/// The largest template in bytes that CloudFormation accepts in a request.
pub(super) const MAX_INLINE: usize = 51_200;

/// Reads a file, or standard input for `-`.
///
/// # Errors
///
/// A file that cannot be read, that is too large, or that is not UTF-8.
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
    done.map_err(|error| Failure::usage(format!("cannot read `{shown}`: {error}")))?;
    if bytes.len() as u64 > MAX_BYTES {
        let max = MAX_BYTES / 1024 / 1024;
        return Err(Failure::usage(format!(
            "`{shown}` is larger than {max} MiB"
        )));
    }
    crate::frontend::decode(bytes).map_err(|reason| Failure::usage(format!("`{shown}` {reason}")))
}

/// Generates the document of a stack.
///
/// # Errors
///
/// An app that is only for the other language. A template that is too large for CloudFormation.
pub(super) fn print_artifact(
    format: Format,
    validated: &Validated<'_>,
    stack: &str,
    kind: ModuleKind,
) -> Result<String, Failure> {
    let text = format.print(validated, stack, kind);
    let text = text.map_err(|error| Failure::usage(error.to_string()))?;
    if format.dialect() == Dialect::Cfn && text.len() > 1024 * 1024 {
        let diagnostic = Diagnostic::error(
            "template-size",
            format!(
                "the template of `{stack}` has {} bytes; CloudFormation accepts 1,048,576",
                text.len()
            ),
        );
        let _ = output::stderr(&render([&diagnostic], &Sources::new()));
        return Err(Failure::Failed);
    }
    Ok(text)
}

fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl Settings {
    /// Returns the settings of the options: option, path, value in YAML.
    fn flags(&self, stack: StackName<'_>) -> Result<Vec<(String, String, String)>, Failure> {
        if let Some(name) = stack.region {
            region(name)?;
        }
        let mut settings = Vec::new();
        for (flag, path, value) in [
            ("--stack", "name", stack.name),
            ("--region", "region", stack.region),
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
                return Err(Failure::usage(format!("`--set {set}` has no `=`"))
                    .with_help("write a setting and its value, such as `--set network.zones=3`"));
            };
            settings.push((format!("--set {path}"), path.to_owned(), value.to_owned()));
        }
        Ok(settings)
    }

    /// Returns the options as words of a command line.
    pub(super) fn to_args(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut add = |flag: &str, value: String| words.extend([flag.to_owned(), value]);
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

    /// Builds and validates the stack. `file` is the name and text of a configuration that the user
    /// specified as the input.
    pub(super) fn built_config(
        &self,
        context: &Context,
        file: Option<(String, String)>,
        stack: StackName<'_>,
    ) -> Result<BuiltConfig, Failure> {
        if let (None, Some(app)) = (&file, context.app()) {
            let flag = self.config_flag().or(stack.region.map(|_| "--region"));
            return context.built_app(app, stack.name, flag);
        }
        let mut sources = Sources::new();
        let config = self.read(context, file, stack, &mut sources)?;
        let built = config
            .build()
            .map_err(|diagnostics| fail(&diagnostics, &sources))?;
        validated(&built, &sources)?;
        Ok(built)
    }

    /// Reads the configuration, with the options that override it. `file` is the name and text of a
    /// configuration that the user specified as the input.
    pub(super) fn read(
        &self,
        context: &Context,
        file: Option<(String, String)>,
        stack: StackName<'_>,
        sources: &mut Sources,
    ) -> Result<Config, Failure> {
        let file = match (file, context.config_flag()) {
            (Some((file, _)), Some(_)) => {
                return Err(Failure::usage(format!(
                    "`{file}` and `--config` both specify a configuration"
                ))
                .with_help("pass one of them"));
            }
            (Some(file), None) => Some(file),
            (None, _) => match context.config_path()? {
                None => None,
                Some(path) => {
                    output::detail(&format!("read {}", path.display()));
                    Some((path.display().to_string(), read(path)?))
                }
            },
        };
        self.apply_flags(file, stack, sources)
    }

    /// Returns an option that overrides the configuration, if one is set.
    pub(super) fn config_flag(&self) -> Option<&'static str> {
        [
            ("--cidr", self.cidr.is_some()),
            ("--zones", self.zones.is_some()),
            ("--vpc", self.vpc.is_some()),
            ("--subnets", !self.subnets.is_empty()),
            ("--set", !self.set.is_empty()),
        ]
        .into_iter()
        .find(|(_, is_set)| *is_set)
        .map(|(flag, _)| flag)
    }

    /// Rejects options of a configuration for an input that is not one.
    pub(super) fn reject_overrides(&self, context: &Context, input: &str) -> Result<(), Failure> {
        let flag = self
            .config_flag()
            .or(context.config_flag().map(|_| "--config"));
        match flag {
            None => Ok(()),
            Some(flag) => Err(Failure::usage(format!(
                "`{flag}` requires a configuration; `{input}` is a template or plan"
            ))),
        }
    }

    fn apply_flags(
        &self,
        file: Option<(String, String)>,
        stack: StackName<'_>,
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
        for (source, path, value) in self.flags(stack)? {
            let set = config.set(&source, &path, &value);
            // The last value of a repeated option applies.
            sources.retain(|(name, _)| *name != source);
            sources.push((source, value));
            set.map_err(|diagnostics| fail(&diagnostics, sources))?;
        }
        if let Some(region) = stack.default_region.filter(|_| !config.sets_region()) {
            config
                .set(AWS_ENVIRONMENT, "region", region.name)
                .map_err(|diagnostics| fail(&diagnostics, sources))?;
            sources.push((AWS_ENVIRONMENT.to_owned(), region.name.to_owned()));
        }
        Ok(config)
    }
}

/// A generated template, and the stack to deploy it to.
pub(super) struct Synthesized {
    pub(super) text: String,
    /// The name of the stack.
    pub(super) stack: String,
    /// The Region of the settings.
    pub(super) region: Option<&'static Region>,
}

/// Options of a generated document.
pub(super) struct SynthOptions<'a> {
    pub(super) format: Format,
    pub(super) module_kind: ModuleKind,
    pub(super) stack: StackName<'a>,
    pub(super) on_unreachable: OnUnreachable,
}

/// The treatment of instances that Session Manager cannot reach.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OnUnreachable {
    /// No check: the caller checks with more information.
    Skip,
    Report,
    Reject,
}

impl Settings {
    /// Generates the document of the selected stack, and prints warnings.
    pub(super) fn synthesize(
        &self,
        context: &Context,
        options: &SynthOptions<'_>,
    ) -> Result<(BuiltConfig, String), Failure> {
        let mut sources = Sources::new();
        let built = match context.app() {
            Some(app) => {
                let flag = self.config_flag();
                let flag = flag.or(options.stack.region.map(|_| "--region"));
                context.built_app(app, options.stack.name, flag)?
            }
            None => {
                let config = self.read(context, None, options.stack, &mut sources)?;
                config
                    .build()
                    .map_err(|diagnostics| fail(&diagnostics, &sources))?
            }
        };
        let validated = validated(&built, &sources)?;
        check_reachability(context, &built, options.on_unreachable)?;
        let dialect = options.format.dialect();
        let limits = validated.limit_violations(dialect);
        if limits.has_errors() {
            return Err(fail(limits, &sources));
        }
        let text = print_artifact(
            options.format,
            &validated,
            &built.stack,
            options.module_kind,
        )?;
        let matters =
            |it: &&Diagnostic| !is_of_region(it) && it.only.is_none_or(|only| only == dialect);
        let warnings = validated.warnings().iter().filter(matters);
        output::unless_quiet(&render(warnings, &sources));
        Ok((built, text))
    }

    /// Generates the CloudFormation template. The caller checks reachability with more information.
    pub(super) fn template(
        &self,
        context: &Context,
        mut stack: StackName<'_>,
    ) -> Result<Synthesized, Failure> {
        if context.app().is_some() {
            // The code sets the Regions of an app.
            stack.region = None;
        }
        let (built, text) = self.synthesize(
            context,
            &SynthOptions {
                format: Format::Cfn,
                module_kind: ModuleKind::Root,
                stack,
                on_unreachable: OnUnreachable::Skip,
            },
        )?;
        Ok(Synthesized {
            text,
            region: region_of(&built),
            stack: built.stack,
        })
    }

    /// Generates the CloudFormation template of the text of a configuration.
    pub(super) fn template_of(
        &self,
        file: (String, String),
        stack: StackName<'_>,
    ) -> Result<Synthesized, Failure> {
        let mut sources = Sources::new();
        let config = self.apply_flags(Some(file), stack, &mut sources)?;
        let built = config
            .build()
            .map_err(|diagnostics| fail(&diagnostics, &sources))?;
        let validated = validated(&built, &sources)?;
        Ok(Synthesized {
            text: print_artifact(Format::Cfn, &validated, &built.stack, ModuleKind::Root)?,
            region: region_of(&built),
            stack: built.stack,
        })
    }
}

fn region_of(built: &BuiltConfig) -> Option<&'static Region> {
    let graph = built.app.graph();
    graph.stack(&built.stack).and_then(|it| it.region)
}

/// Returns the name and Region of the stack, if the configuration is valid. Prints nothing.
#[cfg(feature = "deploy")]
pub(super) fn stack_and_region(context: &Context) -> Option<(String, Option<&'static Region>)> {
    if let Some(app) = context.app() {
        let mut stacks = app.graph().stacks();
        let only = stacks.next().filter(|_| stacks.next().is_none())?;
        return Some((only.name.clone(), only.region));
    }
    let path = context.config_path().ok()??;
    let text = std::fs::read_to_string(path).ok()?;
    let built = Config::read("", &text).ok()?.build().ok()?;
    Some((built.stack.clone(), region_of(&built)))
}

/// Returns the template of the configuration, if it is valid. Prints nothing.
#[cfg(feature = "deploy")]
pub(super) fn stack_template(context: &Context, stack: &str) -> Option<String> {
    if let Some(app) = context.app() {
        let validated = app.validate().ok()?;
        return Format::Cfn.print(&validated, stack, ModuleKind::Root).ok();
    }
    let path = context.config_path().ok()??;
    let text = std::fs::read_to_string(path).ok()?;
    let built = Config::read("", &text).ok()?.build().ok()?;
    let validated = built.validate().ok()?;
    let printed = Format::Cfn.print(&validated, &built.stack, ModuleKind::Root);
    printed.ok()
}

/// Checks reachability, and prints the report if an instance is unreachable.
///
/// # Errors
///
/// An unreachable instance, if the treatment is to reject it.
pub(super) fn check_reachability(
    context: &Context,
    built: &BuiltConfig,
    on_unreachable: OnUnreachable,
) -> Result<(), Failure> {
    if on_unreachable == OnUnreachable::Skip {
        return Ok(());
    }
    let graph = built.app.graph();
    let assumptions = reachability::Assumptions::default();
    if !reachability::is_unreachable(graph, &assumptions) {
        return Ok(());
    }
    let reachability = reachability::check(graph, &assumptions);
    let report = report::CheckReport {
        file: &built.stack,
        graph,
        reachability: &reachability,
        json: false,
        program: context.program(),
        notes: &[],
    };
    let _ = output::stderr(&report::text(&report));
    if on_unreachable == OnUnreachable::Report {
        return Ok(());
    }
    output::error(UNREACHABLE, Some(ALLOW_UNREACHABLE));
    Err(Failure::Failed)
}

/// The message for a stack with an unreachable instance, and its hint.
pub(super) const UNREACHABLE: &str = "Session Manager cannot reach an instance of this stack";
pub(super) const ALLOW_UNREACHABLE: &str = "apply the fix above, or pass `--allow-unreachable`";
