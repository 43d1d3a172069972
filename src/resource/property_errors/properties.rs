//! Types, properties and attributes that do not exist, and values of another form. CloudFormation refuses
//! a template with them.

use super::{Subject, limits};
use crate::ir::Dialect;
use crate::resource::schema::{self, Name, Names, SchemaError};
use crate::resource::{KINDS, Map, RawValue, Schema, TemplateError};

/// Returns the error for a type that does not exist. AWS adds types, so that only a typo is an error.
pub(crate) fn unknown_type(id: &str, type_name: &str) -> Option<TemplateError> {
    if !type_name.starts_with("AWS::") || Schema::of(type_name, Dialect::Cfn).is_some() {
        return None;
    }
    let known = schema::typo_of_type(type_name, Dialect::Cfn)?;
    Some(TemplateError {
        is_certain: true,
        ignores_condition: true,
        reason: format!("`{id}` has type `{type_name}`, which does not exist"),
        fix: format!("did you mean `{known}`?"),
    })
}

/// Returns the error for a name that a schema does not have. A type that gains names can have it later, unless
/// it is a typo.
fn unknown(what: String, schema: Schema, error: &SchemaError) -> TemplateError {
    TemplateError {
        is_certain: error.is_certain,
        ignores_condition: false,
        reason: match error.is_certain {
            true => what,
            false => format!("{what}: {}", schema.doubt()),
        },
        fix: match error.help.as_str() {
            "remove it" => "remove it".to_owned(),
            help => format!("correct or remove it: {help}"),
        },
    }
}

/// Returns the errors in the names of the evaluated properties of a resource, and in the form of their
/// values.
pub(super) fn errors(of: Subject<'_>, properties: &Map<'_>) -> Vec<TemplateError> {
    let Some(schema) = Schema::of(of.type_name, Dialect::Cfn) else {
        return Vec::new();
    };
    let mut judge = Judge {
        of,
        schema,
        is_modeled: KINDS.iter().any(|it| it.cfn == of.type_name),
        found: Vec::new(),
    };
    judge.names("", Some(schema.names()), properties);
    judge.found
}

struct Judge<'a> {
    of: Subject<'a>,
    schema: Schema,
    /// Whether the type has a table, and limits inside its properties.
    is_modeled: bool,
    found: Vec<TemplateError>,
}

impl Judge<'_> {
    fn names(&mut self, parent: &str, names: Option<Names>, map: &Map<'_>) {
        // A macro can add names.
        if map.iter().any(|(name, _)| name.starts_with("Fn::")) {
            return;
        }
        for (key, value) in map.iter() {
            let path = schema::join(parent, key);
            if let Some(error) = self.schema.check(&path) {
                let Subject { id, type_name, .. } = self.of;
                let what = match parent {
                    "" => {
                        format!("`{id}` has property `{path}`, which `{type_name}` does not have")
                    }
                    _ => format!("`{id}` has property `{path}`, which does not exist"),
                };
                self.found.push(unknown(what, self.schema, &error));
                continue;
            }
            let name = names.and_then(|it| it.get(key));
            if self.is_mismatch(&path, name, value) {
                continue;
            }
            let names = name.and_then(|it| it.form.names());
            match value {
                RawValue::List(items) => items.iter().for_each(|it| self.inside(&path, names, it)),
                value => self.inside(&path, names, value),
            }
        }
    }

    fn inside(&mut self, path: &str, names: Option<Names>, value: &RawValue<'_>) {
        match value {
            RawValue::List(items) => items.iter().for_each(|it| self.inside(path, names, it)),
            RawValue::Object(map) | RawValue::Block(map) => self.names(path, names, map),
            _ => {}
        }
    }

    /// Adds an error for a value of another form than that of the schema. Returns whether it is text, a list or
    /// an object in place of another.
    fn is_mismatch(&mut self, path: &str, name: Option<Name>, value: &RawValue<'_>) -> bool {
        let Some(form) = name.map(|it| it.form) else {
            return false;
        };
        let (what, wanted) = match form.mismatched_shape(value) {
            Some(it) => it,
            None => {
                // The table of limits has the properties of each type, and what is inside those of a model.
                let kind = form.scalar();
                let kind = kind.filter(|_| !self.is_modeled && path.contains('.'));
                let error = kind.and_then(|kind| limits::error(self.of, (path, kind), value));
                self.found.extend(error);
                return false;
            }
        };
        self.found.push(TemplateError {
            // Services can accept more than the schemas of types that no stack has tried.
            is_certain: self.is_modeled || !self.of.is_of_file,
            ignores_condition: false,
            reason: format!(
                "`{}` sets `{path}` to {what}, and accepts {wanted}",
                self.of.id
            ),
            fix: format!("set `{path}` to {wanted}"),
        });
        true
    }
}

/// Returns the error for an attribute that a type does not have.
pub(crate) fn unknown_attribute(
    caller: &str,
    id: &str,
    type_name: &str,
    attribute: &str,
) -> Option<TemplateError> {
    let schema = Schema::of(type_name, Dialect::Cfn)?;
    let error = schema.check_attribute(attribute)?;
    let what = format!(
        "`{caller}` refers to attribute `{attribute}` of `{id}`, which `{type_name}` does not have"
    );
    Some(unknown(what, schema, &error))
}

#[cfg(test)]
mod tests {
    use super::super::{object, subject};
    use super::{errors, unknown_attribute, unknown_type};

    fn found(type_name: &str, json: serde_json::Value) -> Vec<String> {
        let map = object(json);
        let errors = errors(subject(type_name), &map).into_iter();
        errors
            .filter(|it| it.is_certain)
            .map(|it| it.reason)
            .collect()
    }

    #[test]
    fn names_that_a_type_does_not_have_are_errors() {
        let table = "AWS::EC2::RouteTable";
        assert!(found(table, serde_json::json!({"VpcId": "vpc-1", "Tags": []})).is_empty());
        assert_eq!(
            found(
                table,
                serde_json::json!({"VpcId": "vpc-1", "Name": "private"})
            ),
            ["`Id` has property `Name`, which `AWS::EC2::RouteTable` does not have"]
        );
        assert_eq!(
            found(
                "AWS::EC2::Instance",
                serde_json::json!({"BlockDeviceMappings": [{"Ebs": {"VolumSize": 8}}]})
            ),
            ["`Id` has property `BlockDeviceMappings.Ebs.VolumSize`, which does not exist"]
        );
        // A custom resource has any property.
        assert!(
            found(
                "AWS::CloudFormation::CustomResource",
                serde_json::json!({"a": 1})
            )
            .is_empty()
        );
        assert!(found("Custom::Thing", serde_json::json!({"a": 1})).is_empty());
    }

    #[test]
    fn values_of_another_form_are_errors() {
        use serde_json::json;
        for (value, wanted) in [
            (
                json!({"SubnetId": ["subnet-1"]}),
                "`SubnetId` to a list, and accepts text",
            ),
            (
                json!({"SubnetId": {"A": 1}}),
                "`SubnetId` to an object, and accepts text",
            ),
            (
                json!({"CpuOptions": "2"}),
                "`CpuOptions` to text, and accepts an object",
            ),
            (
                json!({"CpuOptions": []}),
                "`CpuOptions` to a list, and accepts an object",
            ),
            (json!({"Tags": "x"}), "`Tags` to text, and accepts a list"),
            (
                json!({"Tags": {"Team": "a"}}),
                "`Tags` to an object, and accepts a list",
            ),
            (
                json!({"Tags": ["x"]}),
                "`Tags` to a list of texts, and accepts a list of objects",
            ),
            (
                json!({"SecurityGroupIds": [["sg-1"]]}),
                "`SecurityGroupIds` to a list of lists, and accepts a list of texts",
            ),
            (
                json!({"Monitoring": {}}),
                "`Monitoring` to an object, and accepts `true` or `false`",
            ),
            (
                json!({"CpuOptions": {"CoreCount": [1]}}),
                "`CpuOptions.CoreCount` to a list, and accepts a number",
            ),
        ] {
            assert_eq!(
                found("AWS::EC2::Instance", value),
                [format!("`Id` sets {wanted}")]
            );
        }
        for (of, value) in [
            (
                "AWS::EC2::VPCEndpoint",
                json!({"PolicyDocument": "{}", "SubnetIds": ["subnet-1"]}),
            ),
            (
                "AWS::EC2::Instance",
                json!({"Monitoring": "true", "SubnetId": 1}),
            ),
            // Tools replace the first value, and deployments the second one.
            ("AWS::Lambda::Function", json!({"Code": "./src"})),
            (
                "AWS::EC2::Instance",
                json!({"SubnetId": {"Rain::Constant": "Subnet"}}),
            ),
        ] {
            assert_eq!(found(of, value), Vec::<String>::new(), "{of}");
        }
    }

    #[test]
    fn only_a_typo_of_a_type_is_an_error() {
        let is_wrong = |name: &str| unknown_type("Id", name).is_some();
        assert!(is_wrong("AWS::EC2::InternetGateways"));
        assert!(is_wrong("AWS::EC2::Vpc"));
        for name in [
            "AWS::EC2::VPC",
            "AWS::EC2::NextYear",
            "AWS::Serverless::Function",
            "My::Own::Type",
        ] {
            assert!(!is_wrong(name), "{name}");
        }
    }

    #[test]
    fn attributes_of_a_type_are_known() {
        let is_wrong = |of: &str, name: &str| unknown_attribute("A", "B", of, name).is_some();
        for (of, name) in [
            ("AWS::EC2::Instance", "PrivateIp"),
            ("AWS::EC2::VPC", "CidrBlock"),
            ("AWS::EC2::Subnet", "AvailabilityZone"),
            ("AWS::EC2::SecurityGroup", "GroupId"),
            ("AWS::IAM::Role", "Arn"),
            ("AWS::CloudFormation::Stack", "Outputs.Any"),
            ("AWS::CloudFormation::WaitCondition", "Data"),
            ("AWS::CloudFormation::CustomResource", "Any"),
            ("Custom::Thing", "Any"),
            ("AWS::RDS::DBInstance", "Endpoint.Address"),
            ("AWS::EC2::VPCEndpoint", "DnsEntries"),
        ] {
            assert!(!is_wrong(of, name), "{of} {name}");
        }
        for (of, name) in [
            ("AWS::EC2::RouteTable", "Id"),
            ("AWS::IAM::Role", "RoleArn"),
            ("AWS::EC2::Instance", "Id"),
        ] {
            assert!(is_wrong(of, name), "{of} {name}");
        }
    }
}
