//! An AWS service, by the name of its endpoint.

#[cfg(feature = "config")]
use super::option_types::{Kind, OptionType};
#[cfg(feature = "config")]
use super::reader::{Item, Reader};
use super::scope::Scope;
use crate::ir::{ConditionId, Diagnostic, Expr, IntoValue, Predicate, Text, Value, near, quoted};
use crate::region::{EndpointService, Region, regions, split_name};

/// An AWS service, by the token in its endpoint name, such as `ssm` or `ecr.api`.
///
/// The full endpoint name is also valid, for services that the tables do not contain.
///
/// ```
/// use ssm_synth::construct::Service;
/// assert_eq!(Service::new("com.amazonaws.eu-central-1.kms").as_str(), "kms");
/// ```
#[derive(Clone, Debug)]
pub struct Service {
    token: Text,
    /// The region and the whole name, where that was given.
    full: Option<(Option<&'static Region>, Text)>,
}

impl PartialEq for Service {
    fn eq(&self, other: &Self) -> bool {
        self.token == other.token
    }
}

impl Service {
    /// By token or full name.
    pub fn new(name: impl IntoValue<Text>) -> Service {
        let name = name.into_value();
        if let Some((region, token)) = split_name(&name) {
            return Service {
                token: Text::Owned(token.to_owned()),
                full: Some((Some(region), name)),
            };
        }
        match name.strip_prefix("com.amazonaws.") {
            Some(token) => Service {
                token: Text::Owned(token.to_owned()),
                full: Some((None, name)),
            },
            None => Service {
                token: name,
                full: None,
            },
        }
    }

    /// The token.
    pub fn as_str(&self) -> &str {
        &self.token
    }

    /// Returns the construct ID of its endpoint, such as `Ssm` or `EcrApi`.
    pub(super) fn id(&self) -> String {
        crate::ir::logical_id(&self.token)
    }

    /// Reports what is not the name of a service, or of another region.
    pub(super) fn check(&self, about: &[&str], scope: &mut Scope<'_>) {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
        let named = self.full.as_ref().map_or(&self.token, |(_, name)| name);
        let shown = quoted(named);
        if let Some((Some(region), _)) = &self.full
            && let Some(known) = scope.known_region()
            && *region != known
        {
            scope.add_diagnostic(
                Diagnostic::error(
                    "endpoint-service",
                    format!(
                        "{shown} is a service of Region `{}`, and the stack is in `{}`",
                        region.name, known.name
                    ),
                )
                .about(about)
                .help(format!("use `{}`", self.token)),
            );
        }
        if EndpointService::find(&self.token).is_some() {
            return;
        }
        let near = near(&self.token, EndpointService::tokens())
            .map(|near| format!("did you mean `{near}`?"));
        // Text in the place of the Region that is not a Region is a typo.
        let full = self
            .full
            .as_ref()
            .is_some_and(|(region, _)| region.is_some() || !self.token.contains('.'));
        let fits = self.token.starts_with(|c: char| c.is_ascii_lowercase())
            && self.token.chars().all(plain);
        let diagnostic = if fits && full {
            let message = format!("unknown service {shown}; the endpoint uses the name as it is");
            Diagnostic::warning("endpoint-service", message).help(
                near.unwrap_or_else(|| "compare the name with the AWS documentation".to_owned()),
            )
        } else {
            let message = format!("unknown service {shown}");
            let help = near.unwrap_or_else(|| {
                "use the part after the Region, such as `logs` or `ecr.api`".to_owned()
            });
            Diagnostic::error("endpoint-service", message).help(format!(
                "{help} (or use the full name of a service that is not in the list, such as \
                 `com.amazonaws.eu-central-1.kms`)"
            ))
        };
        scope.add_diagnostic(diagnostic.about(about));
    }

    /// The name of its endpoint where the stack is deployed.
    pub(super) fn name(&self, scope: &mut Scope<'_>) -> Value<Text> {
        let Some(service) = EndpointService::find(&self.token) else {
            let name = self.full.as_ref().map_or(&self.token, |(_, name)| name);
            return Value::Lit(name.clone());
        };
        let name = |region: Option<&'static Region>, scope: &Scope<'_>| {
            let (before, behind) = service.affixes(region);
            let Some(behind) = behind else {
                return Expr::text(before);
            };
            Expr::concat([Expr::text(before), scope.region(), Expr::text(behind)])
        };
        if scope.known_region().is_some() {
            return name(scope.known_region(), scope).into();
        }
        let reversed: Vec<(ConditionId, Expr)> = service
            .reversed_by_partition()
            .into_iter()
            .map(|there| {
                let reversed = name(there.first().copied(), scope);
                (region_condition(&there, scope), reversed)
            })
            .collect();
        let either =
            |other, (condition, reversed)| Expr::If(condition, Box::new(reversed), Box::new(other));
        reversed
            .into_iter()
            .rev()
            .fold(name(None, scope), either)
            .into()
    }
}

/// Declares the condition that the stack is deployed in one of these regions of one partition.
fn region_condition(there: &[&'static Region], scope: &mut Scope<'_>) -> ConditionId {
    let partition = there.first().map_or("", |region| region.partition);
    let of_partition = regions().iter().filter(|it| it.partition == partition);
    let (id, test) = if of_partition.count() == there.len() {
        let test = Predicate::OneOf(scope.partition(), vec![Text::Borrowed(partition)]);
        (partition.to_owned(), test)
    } else {
        let names: Vec<&str> = there.iter().map(|region| region.name).collect();
        let id = names.join("-");
        let names = names.into_iter().map(Text::Borrowed).collect();
        (id, Predicate::OneOf(scope.region(), names))
    };
    scope.condition(&format!("In{}", crate::ir::logical_id(&id)), test)
}

#[cfg(feature = "config")]
impl OptionType for Service {
    const KIND: Kind = Kind::Text;

    fn read(item: &Item, _: &Kind, _: &mut Reader) -> Option<Self> {
        item.as_text().map(Service::new)
    }

    fn shown(&self) -> Option<String> {
        Some(self.as_str().to_owned())
    }
}

impl From<String> for Service {
    fn from(name: String) -> Self {
        Service::new(name)
    }
}

macro_rules! service_of {
    ($($text:ty),+) => {$(
        #[diagnostic::do_not_recommend]
        impl IntoValue<Service> for $text {
            fn into_value(self) -> Service {
                Service::new(self)
            }
        }
    )+};
}
service_of!(&str, String, &String);
