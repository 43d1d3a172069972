//! `connect`: finds the instance, checks the tools, and runs the AWS CLI.

use std::io::IsTerminal;
use std::process::Command;

use super::aws::{StackArgs, block_on, print_error, report_aws_error};
use super::context::Context;
use super::failure::Failure;
use super::output;
use crate::construct::{DEFAULT_DOCUMENT, DOCUMENT_OUTPUT};
use crate::deploy::aws::{Access, Cloud};
use crate::deploy::aws_cli::{AwsCli, Instance};
use crate::deploy::stop::Stop;
use crate::ir::nearest;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The default instance is the only one of the stack. The default session document
is the one of the stack.

Examples:
  ssm-synth connect web
  ssm-synth connect i-0123456789abcdef0 --region eu-central-1
  ssm-synth connect web --port-forward 8080:80
  ssm-synth connect web --port-forward 3306 --remote-host db.example.internal
  ssm-synth connect web -- systemctl status amazon-ssm-agent

The exit code is that of `aws ssm start-session`, which is 0 even if COMMAND
fails. Before a session: 1 unknown instance; 2 usage, credentials, or tools")]
pub(super) struct Args {
    /// Instance name in the stack, or instance ID
    #[arg(value_name = "NAME|ID")]
    instance: Option<String>,
    #[command(flatten)]
    target: StackArgs,
    /// Local port to forward, and the port of the instance
    #[arg(long, value_name = "[LOCAL:]PORT", value_parser = ports)]
    port_forward: Option<(u16, u16)>,
    /// Host behind the instance, to forward the port to
    #[arg(long, value_name = "HOST", requires = "port_forward")]
    remote_host: Option<String>,
    /// Session document
    #[arg(long, value_name = "NAME", conflicts_with = "port_forward")]
    document_name: Option<String>,
    /// Reason of the session, for its records
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Print the planned action without running it
    #[arg(long)]
    dry_run: bool,
    /// Command to run instead of a shell
    #[arg(last = true, value_name = "COMMAND", conflicts_with_all = ["port_forward", "document_name"])]
    command: Vec<String>,
}

fn ports(text: &str) -> Result<(u16, u16), String> {
    let (local, port) = text.split_once(':').unwrap_or((text, text));
    let one = |text: &str| match text.parse::<u16>() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(format!("`{text}` is not a port; expected 1 to 65535")),
    };
    Ok((one(local)?, one(port)?))
}

fn is_id(text: &str) -> bool {
    let rest = text.strip_prefix("i-").or_else(|| text.strip_prefix("mi-"));
    rest.is_some_and(|it| it.len() >= 8 && it.chars().all(|c| c.is_ascii_hexdigit()))
}

/// Returns how to install a tool on this system.
pub(super) fn install(program: &str) -> String {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    install_on(
        program,
        std::env::consts::OS,
        std::env::consts::ARCH,
        &release,
    )
}

fn install_on(program: &str, system: &str, machine: &str, release: &str) -> String {
    let arm = machine == "aarch64";
    let is = |name: &str| {
        release.lines().any(|line| {
            let value = line
                .strip_prefix("ID=")
                .or_else(|| line.strip_prefix("ID_LIKE="));
            value.is_some_and(|it| it.trim_matches('"').split(' ').any(|word| word == name))
        })
    };
    const PLUGIN: &str = "https://s3.amazonaws.com/session-manager-downloads/plugin/latest";
    match (program, system) {
        ("aws", "macos") => "install it with `brew install awscli`, or from \
                             https://awscli.amazonaws.com/AWSCLIV2.pkg"
            .to_owned(),
        ("aws", "windows") => {
            "install it with `msiexec /i https://awscli.amazonaws.com/AWSCLIV2.msi`".to_owned()
        }
        ("aws", _) => {
            let machine = if arm { "aarch64" } else { "x86_64" };
            format!(
                "install it with `curl -o awscli.zip https://awscli.amazonaws.com/awscli-exe-linux-{machine}.zip \
                 && unzip awscli.zip && sudo ./aws/install`"
            )
        }
        (_, "macos") => format!(
            "install it with `brew install --cask session-manager-plugin`, or from {PLUGIN}/{}/session-manager-plugin.pkg",
            if arm { "mac_arm64" } else { "mac" }
        ),
        (_, "windows") => format!("install it from {PLUGIN}/windows/SessionManagerPluginSetup.exe"),
        _ if is("debian") || is("ubuntu") => format!(
            "install it with `curl -o plugin.deb {PLUGIN}/ubuntu_{}/session-manager-plugin.deb && sudo dpkg -i \
             plugin.deb`",
            if arm { "arm64" } else { "64bit" }
        ),
        _ => format!(
            "install it with `sudo dnf install -y {PLUGIN}/linux_{}/session-manager-plugin.rpm` (or `yum`)",
            if arm { "arm64" } else { "64bit" }
        ),
    }
}

/// Whether a name selects an instance: its ID, or its logical ID with or without the suffix
/// `Instance`.
fn matches_name(instance: &Instance, name: &str) -> bool {
    let plain = |text: &str| {
        let letters = text.chars().filter(|c| c.is_alphanumeric());
        letters.collect::<String>().to_lowercase()
    };
    let (logical_id, name_only) = (plain(&instance.name), plain(name));
    instance.id == name || logical_id == name_only || logical_id == format!("{name_only}instance")
}

/// Returns the name without the suffix `Instance`.
fn short(instance: &Instance) -> String {
    match instance.name.strip_suffix("Instance") {
        Some(name) if !name.is_empty() => name.to_lowercase(),
        _ => instance.name.clone(),
    }
}

/// Returns the names that [`find`] accepts: without the suffix if they are unique.
pub(super) fn names(instances: &[Instance]) -> Vec<String> {
    let count = |name: &str| instances.iter().filter(|it| matches_name(it, name)).count();
    let name = |it: &Instance| match short(it) {
        name if count(&name) == 1 => name,
        _ => it.id.clone(),
    };
    instances.iter().map(name).collect()
}

/// The instance of a session.
struct SessionTarget {
    id: String,
    /// What to do if its agent is offline.
    if_offline: String,
    /// The session document of the stack.
    document: Option<String>,
    access: Access,
}

async fn find(
    args: &Args,
    stack: &str,
    access: &Access,
    program: &str,
) -> Result<SessionTarget, Failure> {
    let flags = args.target.aws.stack_flags(stack);
    let cloud = Cloud::connect(access, &Stop::default())
        .await
        .map_err(|error| report_aws_error(&error))?;
    // The Region is explicit even if it is the default: in another Region, a session fails.
    let access = cloud.access();
    let found = cloud
        .stack(stack)
        .await
        .map_err(|error| report_aws_error(&error))?;
    let Some(found) = found else {
        print_error(
            &format!("stack `{stack}` does not exist in `{}`", cloud.region),
            Some("check `--stack`, `--region` and `--profile`, or pass an instance ID"),
        );
        return Err(Failure::Failed);
    };
    let aws_cli = AwsCli::new(&access);
    let instances = aws_cli
        .members(&cloud, stack)
        .await
        .map_err(|error| report_aws_error(&error))?;
    let fits: Vec<&Instance> = match &args.instance {
        Some(name) => instances
            .iter()
            .filter(|it| matches_name(it, name))
            .collect(),
        None => instances.iter().collect(),
    };
    if let [one] = fits[..] {
        let named = |(name, _, _): &&(String, String, String)| name.ends_with(DOCUMENT_OUTPUT);
        let document = found.outputs.iter().find(named);
        return Ok(SessionTarget {
            id: one.id.clone(),
            if_offline: format!(
                "run `{program} status {flags} --wait` to wait for it, or `{program} doctor {flags}` \
                 to find the reason"
            ),
            document: document
                .map(|(_, value, _)| value.clone())
                .filter(|value| value != DEFAULT_DOCUMENT),
            access,
        });
    }
    let names: Vec<String> = instances.iter().map(short).collect();
    let message = match (&args.instance, fits.len()) {
        (_, _) if instances.is_empty() => format!("stack `{stack}` has no instance"),
        (Some(name), 0) => format!("stack `{stack}` has no instance `{name}`"),
        (Some(name), many) => format!("`{name}` matches {many} instances of stack `{stack}`"),
        (None, many) => format!("stack `{stack}` has {many} instances"),
    };
    let help = match &args.instance {
        Some(name) if fits.is_empty() && !names.is_empty() => {
            nearest(name, names.iter().map(String::as_str))
        }
        _ => {
            let lines = instances
                .iter()
                .map(|it| format!("`{}` ({})", short(it), it.id));
            match lines.collect::<Vec<_>>().join(", ") {
                list if list.is_empty() => list,
                list => format!("pass one of {list}"),
            }
        }
    };
    print_error(&message, Some(help.as_str()).filter(|it| !it.is_empty()));
    Err(Failure::Failed)
}

/// Rejects an instance whose agent has no connection, for which `start-session` fails. A call that fails
/// shows nothing about the agent.
async fn reject_offline(target: &SessionTarget) -> Result<(), Failure> {
    let call = ["ssm", "get-connection-status", "--target", &target.id];
    let response = AwsCli::new(&target.access).call(&call).await;
    let status = response.ok();
    let status = status.as_ref().and_then(|it| it["Status"].as_str());
    if !status.is_some_and(|it| it.eq_ignore_ascii_case("notconnected")) {
        return Ok(());
    }
    print_error(
        &format!(
            "the agent of `{}` is not connected to Session Manager",
            target.id
        ),
        Some(&target.if_offline),
    );
    Err(Failure::Failed)
}

/// Joins words, and quotes those that a shell would change.
fn shell_line(words: &[String]) -> String {
    // Only NUL cannot be quoted, and the arguments of a process do not contain it.
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
}

/// Returns the arguments of the AWS CLI.
fn arguments(args: &Args, found: &SessionTarget, is_terminal: bool) -> Vec<String> {
    let mut out: Vec<String> = ["ssm", "start-session", "--target", &found.id]
        .map(str::to_owned)
        .into();
    let mut parameters = serde_json::Map::new();
    let mut document = args.document_name.clone().or(found.document.clone());
    let mut parameter = |key: &str, value: String| {
        parameters.insert(key.to_owned(), serde_json::json!([value]));
    };
    if let Some((local, port)) = args.port_forward {
        parameter("portNumber", port.to_string());
        parameter("localPortNumber", local.to_string());
        document = Some(match &args.remote_host {
            Some(host) => {
                parameter("host", host.clone());
                "AWS-StartPortForwardingSessionToRemoteHost".to_owned()
            }
            None => "AWS-StartPortForwardingSession".to_owned(),
        });
    }
    if !args.command.is_empty() {
        let command = match args.command.len() {
            // One word is a line of the remote shell; several words are quoted.
            1 => args.command[0].clone(),
            _ => shell_line(&args.command),
        };
        parameter("command", command);
        document = Some(match is_terminal {
            true => "AWS-StartInteractiveCommand".to_owned(),
            false => "AWS-StartNonInteractiveCommand".to_owned(),
        });
    }
    if let Some(document) = document {
        out.extend(["--document-name".to_owned(), document]);
    }
    if !parameters.is_empty() {
        let text = serde_json::Value::Object(parameters).to_string();
        out.extend(["--parameters".to_owned(), text]);
    }
    if let Some(reason) = &args.reason {
        out.extend(["--reason".to_owned(), reason.clone()]);
    }
    out.extend(AwsCli::new(&found.access).flags());
    out
}

pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    if context.config_flag() == Some(std::path::Path::new("-")) {
        return Err(Failure::usage("a session requires standard input")
            .with_help("pass the configuration as a file"));
    }
    let by_id = args.instance.as_deref().filter(|it| is_id(it));
    if !args.dry_run {
        for program in ["aws", "session-manager-plugin"] {
            if which::which(program).is_err() {
                print_error(
                    &format!("`{program}` is not on the PATH; sessions require it"),
                    Some(&install(program)),
                );
                return Err(Failure::Unusable);
            }
        }
    }
    let found = match by_id {
        Some(id) => SessionTarget {
            id: id.to_owned(),
            if_offline: "check that the instance runs, and that its agent reaches Systems Manager"
                .to_owned(),
            document: None,
            access: args.target.resolve_access(context)?,
        },
        None => {
            let (stack, access) = args.target.resolve(context)?;
            block_on(find(args, &stack, &access, context.program()))?
        }
    };
    let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let arguments = arguments(args, &found, is_terminal);
    if args.dry_run {
        return output::artifact(&format!("aws {}\n", shell_line(&arguments)));
    }
    block_on(reject_offline(&found))?;
    // A check above found it on the PATH.
    let program = which::which("aws").unwrap_or_else(|_| "aws".into());
    exec(Command::new(program).args(arguments))
}

/// Replaces this process: the other program gets its terminal and signals, and sets the exit code.
#[cfg(unix)]
fn exec(command: &mut Command) -> Result<(), Failure> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(Failure::usage(format!("cannot start `aws`: {error}")))
}

/// Runs the other program, since a process on Windows cannot become another one.
#[cfg(windows)]
fn exec(command: &mut Command) -> Result<(), Failure> {
    // Ctrl-C is for the session: this process ignores it, and ends with the session.
    let _ignored = tokio::signal::windows::ctrl_c();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => Err(Failure::usage(format!("cannot start `aws`: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_gets_install_instructions() {
        let debian = "ID=debian\n";
        let amazon = "ID=\"amzn\"\nID_LIKE=\"fedora\"\n";
        let plugin = |system, machine, release| {
            install_on("session-manager-plugin", system, machine, release)
        };
        assert!(plugin("linux", "x86_64", debian).contains("ubuntu_64bit"));
        assert!(plugin("linux", "aarch64", "ID=ubuntu\nID_LIKE=debian\n").contains("ubuntu_arm64"));
        assert!(
            plugin("linux", "aarch64", amazon).contains("linux_arm64/session-manager-plugin.rpm")
        );
        assert!(plugin("macos", "aarch64", "").contains("mac_arm64"));
        assert!(plugin("windows", "x86_64", "").contains("Setup.exe"));
        assert!(install_on("aws", "linux", "aarch64", amazon).contains("linux-aarch64"));
    }

    #[test]
    fn ports_are_one_or_two() {
        assert_eq!(ports("80"), Ok((80, 80)));
        assert_eq!(ports("8080:80"), Ok((8080, 80)));
        for text in ["", "0", "a", "1:2:3", "65536", ":80"] {
            assert!(ports(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_instance_is_found_by_its_name() {
        let instance = Instance {
            name: "TeamWebInstance".to_owned(),
            id: "i-0123456789abcdef0".to_owned(),
            ..Instance::default()
        };
        for name in [
            "TeamWebInstance",
            "teamweb",
            "team-web",
            "i-0123456789abcdef0",
        ] {
            assert!(matches_name(&instance, name), "{name}");
        }
        assert!(!matches_name(&instance, "web"));
        assert!(is_id("i-0123456789abcdef0") && is_id("mi-0123456789abcdef0") && !is_id("i-web"));
    }
}
