//! Parameters: what the user of a stack decides when deploying it.

use std::marker::PhantomData;

use super::{Dialect, Expr, IntoValue, SourceLocation, Text, Value};

/// What a parameter holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParameterType {
    /// Text.
    String,
    /// A whole number.
    Number,
    /// A VPC of the account.
    VpcId,
    /// A subnet of the account.
    SubnetId,
    /// Subnets of the account.
    SubnetIds,
    /// A security group of the account.
    SecurityGroupId,
    /// Security groups of the account.
    SecurityGroupIds,
    /// An image.
    ImageId,
    /// Texts.
    StringList,
}

impl ParameterType {
    /// All types.
    pub const ALL: &'static [ParameterType] = &[
        ParameterType::String,
        ParameterType::Number,
        ParameterType::VpcId,
        ParameterType::SubnetId,
        ParameterType::SubnetIds,
        ParameterType::SecurityGroupId,
        ParameterType::SecurityGroupIds,
        ParameterType::ImageId,
        ParameterType::StringList,
    ];

    /// CloudFormation's spelling.
    pub const fn cfn(self) -> &'static str {
        match self {
            ParameterType::String => "String",
            ParameterType::Number => "Number",
            ParameterType::VpcId => "AWS::EC2::VPC::Id",
            ParameterType::SubnetId => "AWS::EC2::Subnet::Id",
            ParameterType::SubnetIds => "List<AWS::EC2::Subnet::Id>",
            ParameterType::SecurityGroupId => "AWS::EC2::SecurityGroup::Id",
            ParameterType::SecurityGroupIds => "List<AWS::EC2::SecurityGroup::Id>",
            ParameterType::ImageId => "AWS::EC2::Image::Id",
            ParameterType::StringList => "CommaDelimitedList",
        }
    }

    /// Terraform's spelling.
    pub const fn tf(self) -> &'static str {
        match self {
            ParameterType::Number => "number",
            _ if self.is_list() => "list(string)",
            _ => "string",
        }
    }

    /// Returns whether it holds several.
    pub const fn is_list(self) -> bool {
        matches!(
            self,
            ParameterType::SubnetIds | ParameterType::SecurityGroupIds | ParameterType::StringList
        )
    }

    /// What Terraform validates, where CloudFormation knows the type.
    pub const fn pattern(self) -> Option<&'static str> {
        match self {
            ParameterType::VpcId => Some("^vpc-[0-9a-f]{8,17}$"),
            ParameterType::SubnetId | ParameterType::SubnetIds => Some("^subnet-[0-9a-f]{8,17}$"),
            ParameterType::SecurityGroupId | ParameterType::SecurityGroupIds => {
                Some("^sg-[0-9a-f]{8,17}$")
            }
            ParameterType::ImageId => Some("^ami-[0-9a-f]{8,17}$"),
            ParameterType::String | ParameterType::Number | ParameterType::StringList => None,
        }
    }
}

/// A parameter without its type in Rust.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ParameterDeclaration {
    /// Letters and digits.
    pub id: String,
    /// What it holds.
    pub of: ParameterType,
    /// For the person who fills it in. Default: none.
    pub description: Option<Text>,
    /// Used where the deployment gives none. Default: it must be given.
    pub default: Option<Text>,
    /// The only values allowed. Default: any.
    pub allowed_values: Vec<Text>,
    /// A regular expression that the whole value matches. Default: any.
    pub allowed_pattern: Option<Text>,
    /// The only language that needs it. Default: both.
    pub only: Option<Dialect>,
    /// Where it was declared.
    pub location: SourceLocation,
}

/// A parameter that holds a `T`; [`Scope::parameter`](crate::Scope::parameter) declares it.
#[derive(Debug)]
#[must_use]
pub struct Parameter<T> {
    pub(crate) declaration: ParameterDeclaration,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Parameter<T> {
    fn clone(&self) -> Self {
        Parameter {
            declaration: self.declaration.clone(),
            of: PhantomData,
        }
    }
}

impl<T> Parameter<T> {
    pub(crate) fn of(id: impl Into<String>, of: ParameterType) -> Self {
        let declaration = ParameterDeclaration {
            id: id.into(),
            of,
            description: None,
            default: None,
            allowed_values: Vec::new(),
            allowed_pattern: None,
            only: None,
            location: SourceLocation::Default,
        };
        Parameter {
            declaration,
            of: PhantomData,
        }
    }

    /// For the person who fills it in. Default: none.
    pub fn description(mut self, text: impl Into<Text>) -> Self {
        self.declaration.description = Some(text.into());
        self
    }

    /// Used where the deployment gives none. Default: it must be given.
    pub fn default_value(mut self, value: impl Into<Text>) -> Self {
        self.declaration.default = Some(value.into());
        self
    }

    /// The only values allowed. Default: any.
    pub fn allowed_values<V: Into<Text>>(mut self, values: impl IntoIterator<Item = V>) -> Self {
        self.declaration
            .allowed_values
            .extend(values.into_iter().map(V::into));
        self
    }

    /// A regular expression that the whole value matches. Default: any value.
    pub fn allowed_pattern(mut self, pattern: impl Into<Text>) -> Self {
        self.declaration.allowed_pattern = Some(pattern.into());
        self
    }

    pub(crate) fn only(mut self, dialect: Dialect) -> Self {
        self.declaration.only = Some(dialect);
        self
    }
}

/// A parameter that holds a list of `T`.
#[derive(Debug)]
#[must_use]
pub struct ListParameter<T> {
    pub(crate) declaration: ParameterDeclaration,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for ListParameter<T> {
    fn clone(&self) -> Self {
        ListParameter {
            declaration: self.declaration.clone(),
            of: PhantomData,
        }
    }
}

impl<T> ListParameter<T> {
    pub(crate) fn of(id: impl Into<String>, of: ParameterType) -> Self {
        let Parameter { declaration, .. } = Parameter::<T>::of(id, of);
        ListParameter {
            declaration,
            of: PhantomData,
        }
    }
}

/// A declared list parameter.
#[derive(Debug)]
pub struct ListValue<T> {
    pub(crate) param: super::ParamId,
    pub(crate) of: PhantomData<fn() -> T>,
}

// Derived, they would ask the same of what it lists.
impl<T> Clone for ListValue<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ListValue<T> {}

impl<T> ListValue<T> {
    /// Returns the n-th item, counted from zero.
    pub fn item(&self, n: u32) -> Value<T> {
        Value::Expr(Expr::Select(Box::new(Expr::Param(self.param)), n))
    }

    /// Returns all items, to stand alone where a list is asked for.
    pub fn all(&self) -> Value<T> {
        Expr::Items(self.param).into_value()
    }
}
