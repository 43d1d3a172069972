//! What the image of an instance lacks.

use super::image::{Image, ImageFamily};
use super::instance::PrivateInstance;
use super::scope::Scope;
use crate::ir::{Diagnostic, Severity, Text, quoted};

impl PrivateInstance {
    /// Warns about Amazon Linux 2, which AWS no longer supports.
    /// <https://aws.amazon.com/amazon-linux-2/faqs/>
    pub(super) fn check_support(&self, scope: &mut Scope<'_>) {
        let ended = match &self.image {
            Image::Latest(family) => *family == ImageFamily::AmazonLinux2,
            Image::Parameter { name, .. } => name.contains("/amzn2-ami-"),
            Image::Id { .. } => false,
        };
        if ended {
            let message = "Amazon Linux 2 has had no security updates since 2026-06-30";
            scope.add_diagnostic(
                Diagnostic::warning("image-end-of-life", message)
                    .about(&["image"])
                    .help("use `al2023`"),
            );
        }
    }

    /// Warns if sessions run as a user that the image lacks, and nothing can create it.
    pub(super) fn check_user(&self, user: Option<&Text>, scope: &mut Scope<'_>) {
        let (Some(user), Image::Latest(family), None) = (user, &self.image, &self.user_data) else {
            return;
        };
        if let Some(existing) = family.user()
            && *user != existing
            && *user != "root"
        {
            let message = format!(
                "sessions run as {}, which {} does not have",
                quoted(user),
                family.as_str()
            );
            scope.add_diagnostic(
                Diagnostic::warning("session-user", message)
                    .about(&["image"])
                    .help(format!(
                        "set `sessions.run_as_user: {existing}`, or create the user in `user_data`"
                    )),
            );
        }
    }

    /// Reports images that are known to lack the agent.
    pub(super) fn check_agent(&self, scope: &mut Scope<'_>) {
        let installs = self.user_data.is_some() || self.install_agent.is_some();
        if self.image == Image::Latest(ImageFamily::Ubuntu2604) && !installs {
            let message = "AWS does not list Ubuntu 26.04 among the images with SSM Agent";
            scope.add_diagnostic(
                Diagnostic::warning("image-agent", message)
                    .about(&["image"])
                    .help("use `ubuntu-24.04`, or set `install_agent: deb`"),
            );
        }
        let Image::Parameter { name, .. } = &self.image else {
            return;
        };
        let report = |code, message: &str, help: &str| {
            Some(
                Diagnostic::error(code, format!("{} {message}", quoted(name)))
                    .about(&["image", "ssm_parameter"])
                    .help(help),
            )
        };
        // https://docs.aws.amazon.com/systems-manager/latest/userguide/ami-preinstalled-agent.html
        let without = [
            "debian", "rhel", "rocky", "centos", "fedora", "oracle", "freebsd",
        ];
        let words: Vec<String> = name
            .split(|c: char| !c.is_ascii_alphabetic())
            .map(str::to_ascii_lowercase)
            .collect();
        let diagnostic = if name.contains("/amzn-ami-") {
            report(
                "image-end-of-life",
                "is Amazon Linux 1, which had its last update in 2023",
                "use `al2023`",
            )
        } else if name.contains("-minimal-") && !installs {
            report(
                "image-minimal",
                "lacks SSM Agent",
                "use the image without `minimal`, or set `install_agent`",
            )
        } else if installs {
            None
        } else if let Some(of) = without
            .iter()
            .find(|of| words.iter().any(|word| word == *of))
        {
            // A custom image may have it.
            let own = !name.starts_with("/aws/service/");
            let message = if own {
                format!("may lack SSM Agent, as the images that {of} publishes do")
            } else {
                "lacks SSM Agent".to_owned()
            };
            let diagnostic = report(
                "image-agent",
                &message,
                "set `install_agent`, or install the agent in `user_data`",
            );
            diagnostic.map(|diagnostic| Diagnostic {
                severity: if own {
                    Severity::Warning
                } else {
                    diagnostic.severity
                },
                ..diagnostic
            })
        } else {
            None
        };
        if let Some(diagnostic) = diagnostic {
            scope.add_diagnostic(diagnostic);
        }
    }
}
