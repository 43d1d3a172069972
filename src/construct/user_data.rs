//! User data from `templates/`: the script that an instance runs at its first start.
//!
//! Each script quotes its values for its shell. CloudFormation and Terraform documents are never
//! text templates.

use serde_json::json;

use super::image::Package;
use crate::region::Region;
use crate::resource::Architecture;
use crate::template::{self, TemplateError};

/// The reason why there is no user data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UserDataError {
    /// The package is not published for this architecture.
    #[error("SSM Agent has no `{package}` package for {architecture}")]
    Architecture {
        /// The package.
        package: Package,
        /// The architecture.
        architecture: Architecture,
    },
    /// A template is broken.
    #[error(transparent)]
    Template(#[from] TemplateError),
}

/// Quotes a value for a POSIX shell.
fn shell(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:=@%+,-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// Quotes a value for PowerShell.
fn powershell(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Returns a script that installs SSM Agent from the bucket of the region.
///
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/manually-install-ssm-agent-linux.html>
///
/// # Errors
///
/// If the package is not published for the architecture.
pub fn install_agent(
    package: Package,
    region: &Region,
    architecture: Architecture,
) -> Result<String, UserDataError> {
    let directory = match architecture {
        Architecture::X86_64 => "amd64",
        Architecture::Arm64 => "arm64",
    };
    if package == Package::Windows && architecture == Architecture::Arm64 {
        return Err(UserDataError::Architecture {
            package,
            architecture,
        });
    }
    let (name, suffix) = (region.name, region.dns_suffix);
    let bucket = format!("https://s3.{name}.{suffix}/amazon-ssm-{name}/latest");
    let (of, text, path) = match package {
        Package::Rpm => (
            "rpm.sh",
            include_str!("../../templates/user-data/rpm.sh.hbs"),
            format!("linux_{directory}/amazon-ssm-agent.rpm"),
        ),
        Package::Deb => (
            "deb.sh",
            include_str!("../../templates/user-data/deb.sh.hbs"),
            format!("debian_{directory}/amazon-ssm-agent.deb"),
        ),
        Package::Windows => (
            "windows.ps1",
            include_str!("../../templates/user-data/windows.ps1.hbs"),
            format!("windows_{directory}/AmazonSSMAgentSetup.exe"),
        ),
    };
    let engine = template::engine(match package {
        Package::Windows => powershell,
        Package::Rpm | Package::Deb => shell,
    });
    let values = json!({ "url": format!("{bucket}/{path}") });
    Ok(template::render(&engine, of, text, &values)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shell_quotes_values() {
        assert_eq!(shell("https://a.b/c"), "https://a.b/c");
        assert_eq!(shell("x && rm 'y' $(id)"), "'x && rm '\\''y'\\'' $(id)'");
        assert_eq!(powershell("it's $x"), "'it''s $x'");
    }

    #[test]
    fn no_template_bypasses_quoting() {
        for template in [
            include_str!("../../templates/user-data/rpm.sh.hbs"),
            include_str!("../../templates/user-data/deb.sh.hbs"),
            include_str!("../../templates/user-data/windows.ps1.hbs"),
        ] {
            assert!(!template.contains("{{{") && !template.contains("{{&"));
        }
    }

    #[test]
    fn the_package_matches_the_region_and_the_architecture() {
        let region = Region::find("cn-north-1").unwrap();
        let text = install_agent(Package::Rpm, region, Architecture::Arm64).unwrap();
        assert!(text.contains(
            "https://s3.cn-north-1.amazonaws.com.cn/amazon-ssm-cn-north-1/latest/linux_arm64/amazon-ssm-agent.rpm"
        ));
        assert!(install_agent(Package::Windows, region, Architecture::Arm64).is_err());
    }
}
