//! Commands of Windows that stop or remove SSM Agent. PowerShell ignores case.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/agent-install-windows-uninstall.html>

use super::user_data::Runs;

/// The names of the service, the product and the directory.
const NAMES: &[&str] = &["amazonssmagent", "amazon ssm agent", "amazon\\ssm"];

/// Words of a command that keeps the agent from starting again. After the start of Windows, EC2Launch
/// can start a service that is only stopped.
const REMOVALS: &[&[&str]] = &[
    &["set-service", "-startuptype", "disabled"],
    &["sc.exe config", "disabled"],
    &["sc config", "disabled"],
    &["sc.exe delete"],
    &["sc delete"],
    &["remove-service"],
    &["uninstall-package"],
    &["wmic", "uninstall"],
    &["win32_product", "uninstall"],
    &["msiexec", "/x"],
    &["msiexec", "/uninstall"],
];

/// Words of a command that can stop, disable or remove what it names, by a part of its name.
const STOPS: &[&[&str]] = &[
    &["set-service", "manual"],
    &["set-service", "status", "stopped"],
    &["stop-service"],
    &["suspend-service"],
    &[".stop("],
    &[".delete("],
    &["stop-process"],
    &["taskkill"],
    &["net stop"],
    &["net.exe stop"],
    &["sc.exe stop"],
    &["sc stop"],
    &["remove-item", "-rec"],
    &["rename-item"],
    &["rmdir"],
    &["uninstall.exe"],
];

/// Words of a line that names the service and does not keep it from running.
const HARMLESS: &[&[&str]] = &[
    &["start-service"],
    &["get-service"],
    &["auto"],
    &["test-path"],
    &["write-"],
    &["echo "],
    &["net start"],
    &["net.exe start"],
    &["sc start"],
    &["sc.exe start"],
    &["sc query"],
    &["sc.exe query"],
];

/// Words of a command that starts what it names.
const STARTS: &[&[&str]] = &[
    &["start-service"],
    &["net start"],
    &["net.exe start"],
    &["sc.exe start"],
    &["sc start"],
];

/// The elements of user data that EC2Launch runs.
pub(super) const TAGS: &[&str] = &["<powershell>", "<script>"];

/// Returns the scripts that user data runs. EC2Launch ignores text outside its elements, and version 2
/// also accepts YAML.
pub(super) fn scripts(text: &str) -> Runs {
    let mut rest = String::new();
    let lower = text.to_ascii_lowercase();
    for tag in TAGS {
        let end = tag.replace('<', "</");
        for (at, _) in lower.match_indices(tag) {
            let from = at + tag.len();
            let length = lower.get(from..).and_then(|it| it.find(&end));
            let to = length.map_or(text.len(), |it| from + it);
            rest.push_str(text.get(from..to).unwrap_or_default());
            rest.push('\n');
        }
    }
    let has_tasks = text.lines().any(|it| it.trim_end() == "tasks:");
    if rest.is_empty() && has_tasks {
        rest.push_str(text);
    }
    Runs {
        rest,
        is_windows: true,
        ..Runs::default()
    }
}

fn has(line: &str, rows: &[&[&str]]) -> bool {
    rows.iter()
        .any(|all| all.iter().all(|word| line.contains(word)))
}

/// Returns the lines in lowercase, without comments.
fn lines(text: &str) -> impl Iterator<Item = String> {
    let lines = text.lines().map(|line| line.trim().to_ascii_lowercase());
    lines.filter(|line| !["#", "rem ", "::"].iter().any(|it| line.starts_with(it)))
}

fn names_agent(line: &str) -> bool {
    NAMES.iter().any(|name| line.contains(name))
}

/// Returns whether the last command that starts or stops the agent starts it.
pub(super) fn starts(text: &str) -> bool {
    let text = text.replace(';', "\n");
    let acts = lines(&text).filter(|line| names_agent(line) && !prints(line));
    let acts = acts.filter_map(|line| match (has(&line, STARTS), has(&line, STOPS)) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => has(&line, REMOVALS).then_some(false),
    });
    acts.last() == Some(true)
}

fn prints(line: &str) -> bool {
    ["write-", "echo "].iter().any(|it| line.starts_with(it))
}

/// Returns whether a command removes or disables the agent.
pub(super) fn removes(text: &str) -> bool {
    lines(text).any(|line| names_agent(&line) && has(&line, REMOVALS) && !prints(&line))
}

/// Returns whether a line names the service in a command that is not known to be harmless.
fn changes_service(line: &str) -> bool {
    let names_service = line
        .replace("amazonssmagentsetup", "")
        .contains("amazonssmagent");
    // The variable can be that of any command.
    let is_variable = line.starts_with('$') && line.contains('=');
    names_service && !is_variable && !has(line, HARMLESS)
}

/// Returns whether a command can stop, disable or remove the agent.
pub(super) fn may_remove(text: &str) -> bool {
    lines(text).any(|line| {
        let acts = has(&line, REMOVALS) || has(&line, STOPS);
        // A part of the name can be enough, such as `*ssm*`. A product code or a variable names any product.
        let is_any =
            has(&line, REMOVALS) && line.contains(['{', '$', '*']) || line.contains("amazon*");
        acts && (line.contains("ssm") || is_any) || changes_service(&line)
    })
}

#[cfg(test)]
mod tests {
    use super::{may_remove, removes, starts};

    #[test]
    fn commands_that_remove_the_agent_are_found() {
        for line in [
            "Get-Package \"Amazon SSM Agent\" | Uninstall-Package",
            "Set-Service -Name AmazonSSMAgent -StartupType Disabled",
            "sc.exe delete AmazonSSMAgent",
            "sc.exe config AmazonSSMAgent start= disabled",
            "wmic product where \"name='Amazon SSM Agent'\" call uninstall /nointeractive",
            "(Get-WmiObject Win32_Product -Filter \"Name='Amazon SSM Agent'\").Uninstall()",
        ] {
            assert!(removes(line) && may_remove(line), "{line}");
        }
        for line in [
            "Stop-Service AmazonSSMAgent",
            "net stop AmazonSSMAgent",
            "Get-Service *ssm* | Stop-Service",
            "msiexec /x {3C6B9C3E-3E1D-4B2E-9A51-4A2C7C1D1A11} /qn",
            "Remove-Item 'C:\\Program Files\\Amazon\\SSM' -Recurse -Force",
            "taskkill /f /im amazon-ssm-agent.exe",
            "Uninstall-Package -Name \"Amazon*\"",
            "Suspend-Service AmazonSSMAgent",
            "(Get-WmiObject Win32_Service -Filter \"Name='AmazonSSMAgent'\").Delete()",
            "reg add HKLM\\SYSTEM\\CurrentControlSet\\Services\\AmazonSSMAgent /v Start /d 4 /f",
        ] {
            assert!(!removes(line) && may_remove(line), "{line}");
        }
        for line in [
            "Restart-Service AmazonSSMAgent",
            "$service = 'AmazonSSMAgent'",
            "while ((Get-Service AmazonSSMAgent).Status -ne 'Running') { Start-Sleep 5 }",
            "Start-Process C:\\AmazonSSMAgentSetup.exe -ArgumentList '/S'",
            "rm -Force $env:USERPROFILE\\Desktop\\SSMAgent_latest.exe",
            "Set-Service AmazonSSMAgent -StartupType Automatic",
            "msiexec /i C:\\temp\\agent.msi /qn",
            "msiexec /x C:\\temp\\other.msi /qn",
            "Stop-Service W32Time",
            "Uninstall-Package AWSPowerShell",
            "# Uninstall-Package 'Amazon SSM Agent'",
        ] {
            assert!(!removes(line) && !may_remove(line), "{line}");
        }
        for text in [
            "Restart-Service AmazonSSMAgent",
            "net start AmazonSSMAgent",
            "Stop-Service AmazonSSMAgent; Start-Service AmazonSSMAgent",
        ] {
            assert!(starts(text), "{text}");
        }
        for text in [
            "Start-Service AmazonSSMAgent\nStop-Service AmazonSSMAgent",
            "Write-Host 'net start AmazonSSMAgent'",
        ] {
            assert!(!starts(text), "{text}");
        }
    }
}
