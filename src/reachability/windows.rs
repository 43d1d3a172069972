//! Commands of Windows that stop or remove SSM Agent. PowerShell ignores case.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/agent-install-windows-uninstall.html>

use super::runs::Runs;
use super::script_text::joined_lines;
use super::shell::{Step, Word};

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
    let mut runs = Runs {
        is_windows: true,
        ..Runs::default()
    };
    let lower = text.to_ascii_lowercase();
    for tag in TAGS {
        let end = tag.replace('<', "</");
        for (at, _) in lower.match_indices(tag) {
            let from = at + tag.len();
            let length = lower.get(from..).and_then(|it| it.find(&end));
            let to = length.map_or(text.len(), |it| from + it);
            let script = joined_lines(text.get(from..to).unwrap_or_default());
            runs.steps.extend(steps(&script, *tag == "<powershell>"));
        }
    }
    let has_tasks = text.lines().any(|it| it.trim_end() == "tasks:");
    if runs.steps.is_empty() && has_tasks {
        runs.rest.push_str(text);
    }
    runs
}

/// Returns the commands of a script, a line each. The words are those of lines with one command.
fn steps(script: &str, is_powershell: bool) -> Vec<Step> {
    let (mut steps, mut depth, mut ends) = (Vec::new(), 0_usize, false);
    let mut in_comment = false;
    for line in script.lines().map(str::trim) {
        if is_powershell {
            in_comment |= line.starts_with("<#");
            if in_comment {
                in_comment = !line.ends_with("#>");
                continue;
            }
        }
        let lower = line.to_ascii_lowercase();
        if line.is_empty() || is_comment(&lower) {
            continue;
        }
        let name = lower.split(|c: char| !c.is_ascii_alphanumeric()).next();
        let is_end = matches!(
            name,
            Some("exit" | "return" | "throw" | "break" | "goto" | "trap")
        );
        ends |= is_end || lower.starts_with(':');
        let is_condition = matches!(name, Some("if" | "for"));
        let is_certain = depth == 0 && !ends && !is_condition;
        let mut add = |text: &str, words| {
            steps.push(Step {
                text: text.to_owned(),
                words,
                is_certain,
            });
        };
        match commands(line, is_powershell).as_mut_slice() {
            [words] => add(line, std::mem::take(words)),
            all => {
                // The text of a line with several is judged complete.
                add(line, Vec::new());
                all.iter_mut().for_each(|it| add("", std::mem::take(it)));
            }
        }
        let opens = line.matches(['{', '(']).count()
            + usize::from(line.ends_with(['"', '\'']) && line.contains('@'));
        let closes = line.matches(['}', ')']).count()
            + usize::from(line.starts_with("\"@") || line.starts_with("'@"));
        depth = (depth + opens).saturating_sub(closes);
    }
    steps
}

/// Splits a line into the words of its commands. It has none if it has blocks or pipelines.
fn commands(line: &str, is_powershell: bool) -> Vec<Vec<Word>> {
    let (mut all, mut words, mut word) = (Vec::new(), Vec::new(), None::<Word>);
    let mut quote = None;
    for c in line.chars() {
        if c == '#' && is_powershell && quote.is_none() && word.is_none() {
            break;
        }
        let mut push = |c: char, is_known: bool| {
            let word = word.get_or_insert_with(|| Word::known(""));
            word.text.push(c);
            word.is_known &= is_known;
        };
        match (quote, c) {
            (Some(by), c) if c == by => quote = None,
            (Some(by), c) => push(c, !(by == '"' && matches!(c, '$' | '`' | '%'))),
            (None, '"') => {
                quote = Some(c);
                word.get_or_insert_with(|| Word::known(""));
            }
            (None, '\'') if is_powershell => {
                quote = Some(c);
                word.get_or_insert_with(|| Word::known(""));
            }
            (None, '{' | '}' | '(' | ')' | '|' | '<' | '>' | '&' | '@') => return Vec::new(),
            (None, ';') if is_powershell => {
                words.extend(word.take());
                all.push(std::mem::take(&mut words));
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => push(c, !matches!(c, '$' | '`' | '%' | '*' | '^')),
        }
    }
    words.extend(word);
    all.push(words);
    all.retain(|it| !it.is_empty());
    match quote {
        Some(_) => Vec::new(),
        None => all,
    }
}

fn has(line: &str, rows: &[&[&str]]) -> bool {
    rows.iter()
        .any(|all| all.iter().all(|word| line.contains(word)))
}

/// Returns the lines in lowercase, without comments.
fn lines(text: &str) -> impl Iterator<Item = String> {
    let lines = text.lines().map(|line| line.trim().to_ascii_lowercase());
    lines.filter(|line| !is_comment(line))
}

fn is_comment(line: &str) -> bool {
    ["#", "rem ", "::"].iter().any(|it| line.starts_with(it))
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
