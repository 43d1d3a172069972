//! Parameters of a stack, set at deployment.

use std::marker::PhantomData;

use super::{Dialect, Expr, Id, IntoValue, SourceLocation, Text, Value};

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParameterType {
    /// A string.
    String,
    /// An integer.
    Number,
    /// The ID of an existing VPC.
    VpcId,
    /// The ID of an existing subnet.
    SubnetId,
    /// The IDs of existing subnets.
    SubnetIds,
    /// The ID of an existing security group.
    SecurityGroupId,
    /// The IDs of existing security groups.
    SecurityGroupIds,
    /// The ID of an AMI.
    ImageId,
    /// A list of strings.
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

    /// Returns the type in CloudFormation.
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

    /// Returns the type in Terraform.
    pub const fn tf(self) -> &'static str {
        match self {
            ParameterType::Number => "number",
            _ if self.is_list() => "list(string)",
            _ => "string",
        }
    }

    /// Returns whether it is a list type.
    pub const fn is_list(self) -> bool {
        matches!(
            self,
            ParameterType::SubnetIds | ParameterType::SecurityGroupIds | ParameterType::StringList
        )
    }

    /// Returns the pattern that Terraform validates, where CloudFormation has its own type.
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

/// The prefix of the type of a parameter that CloudFormation reads from Parameter Store.
const STORED: &str = "AWS::SSM::Parameter::Value<";

/// Returns the type in CloudFormation of the value of a parameter that it reads from Parameter Store.
#[cfg(feature = "config")]
pub(crate) fn stored_type(cfn_type: &str) -> Option<&str> {
    cfn_type.strip_prefix(STORED)?.strip_suffix('>')
}

/// An untyped parameter declaration.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ParameterDeclaration {
    /// The ID, of letters and digits.
    pub id: String,
    /// The type.
    pub of: ParameterType,
    /// The description. Default: none.
    pub description: Option<Text>,
    /// The default value. Default: none, the deployment must set the parameter.
    pub default: Option<Text>,
    /// The allowed values. Default: any.
    pub allowed_values: Vec<Text>,
    /// A regular expression that the entire value must match. Default: any.
    pub allowed_pattern: Option<Text>,
    /// The least and the greatest length of the value. Default: any.
    pub length: [Option<u32>; 2],
    /// The least and the greatest value of a number. Default: any.
    pub range: [Option<Text>; 2],
    /// The description of the values that the constraints allow. Default: none.
    pub constraint_description: Option<Text>,
    /// Whether the deployment sets the name of a parameter in Parameter Store, whose value it is.
    /// Default: `false`.
    pub from_parameter_store: bool,
    /// Whether to hide the value in output of the tools. Default: `false`.
    pub no_echo: bool,
    /// The only output language that declares it. Default: both.
    pub only: Option<Dialect>,
    /// The location in the source.
    pub location: SourceLocation,
}

impl ParameterDeclaration {
    /// Returns the type in CloudFormation.
    pub fn cfn_type(&self) -> Text {
        match self.from_parameter_store {
            true => Text::Owned(format!("{STORED}{}>", self.of.cfn())),
            false => Text::Borrowed(self.of.cfn()),
        }
    }

    /// Returns whether the deployment sets a list.
    pub(crate) fn expects_list(&self) -> bool {
        self.of.is_list() && !self.from_parameter_store
    }

    /// Returns the name in Parameter Store that applies if the deployment sets none.
    pub(crate) fn default_name(&self) -> Option<&Text> {
        self.default.as_ref().filter(|_| self.from_parameter_store)
    }

    /// Returns the value that applies if the deployment sets none, unless it is in Parameter Store.
    pub(crate) fn default_value(&self) -> Option<&Text> {
        self.default.as_ref().filter(|_| !self.from_parameter_store)
    }
}

/// A parameter of type `T`. [`Scope::parameter`](crate::Scope::parameter) declares it.
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
            length: [None, None],
            range: [None, None],
            constraint_description: None,
            from_parameter_store: false,
            no_echo: false,
            only: None,
            location: SourceLocation::Default,
        };
        Parameter {
            declaration,
            of: PhantomData,
        }
    }

    pub(crate) fn only(mut self, dialect: Dialect) -> Self {
        self.declaration.only = Some(dialect);
        self
    }
}

/// A list parameter with items of type `T`.
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

/// The setters of both kinds of parameters.
macro_rules! setters {
    ($parameter:ident) => {
        impl<T> $parameter<T> {
            /// Sets the description. Default: none.
            pub fn description(mut self, text: impl IntoValue<Text>) -> Self {
                self.declaration.description = Some(text.into_value());
                self
            }

            /// Sets the default value, in a list with commas. Default: none, the deployment must set
            /// the parameter.
            pub fn default_value(mut self, value: impl IntoValue<Text>) -> Self {
                self.declaration.default = Some(value.into_value());
                self
            }

            /// Sets the allowed values. Default: any.
            pub fn allowed_values<V: IntoValue<Text>>(
                mut self,
                values: impl IntoIterator<Item = V>,
            ) -> Self {
                let values = values.into_iter().map(V::into_value);
                self.declaration.allowed_values.extend(values);
                self
            }

            /// Sets a regular expression that the entire value must match. Default: any.
            pub fn allowed_pattern(mut self, pattern: impl IntoValue<Text>) -> Self {
                self.declaration.allowed_pattern = Some(pattern.into_value());
                self
            }

            /// Sets the description of the values that the constraints allow. Default: none.
            pub fn constraint_description(mut self, text: impl IntoValue<Text>) -> Self {
                self.declaration.constraint_description = Some(text.into_value());
                self
            }

            /// Hides the value in the output of the tools: `NoEcho`, and `sensitive` in Terraform.
            /// Default: shown.
            pub fn no_echo(mut self) -> Self {
                self.declaration.no_echo = true;
                self
            }
        }
    };
}
setters!(Parameter);
setters!(ListParameter);

/// The setter of the types that Parameter Store can hold.
macro_rules! stored {
    ($([$($of:ident)?] $parameter:ty);+ $(;)?) => {$(
        impl<$($of)?> $parameter {
            /// Reads the value from Parameter Store: the deployment, the default and the allowed
            /// values name a parameter there. CloudFormation and Terraform read it at each
            /// deployment. Default: the deployment sets the value.
            ///
            /// ```
            /// use ssm_synth::{App, backend};
            /// use ssm_synth::ir::Parameter;
            /// use ssm_synth::resource::LaunchTemplate;
            ///
            /// let mut app = App::new();
            /// let mut stack = app.stack("Access");
            /// let image = Parameter::image_id("Image").from_parameter_store().default_value("/golden/web");
            /// let image = stack.parameter(image);
            /// stack.add("Web", LaunchTemplate::new(image));
            /// let validated = app.validate().expect("the parameter is declared");
            /// let template = backend::cfn::template(&validated, "Access").expect("it was just added");
            /// assert!(template.to_yaml().contains("AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>"));
            /// ```
            pub fn from_parameter_store(mut self) -> Self {
                self.declaration.from_parameter_store = true;
                self
            }
        }
    )+};
}
stored! {
    [] Parameter<Text>;
    [R] Parameter<Id<R>>;
    [T] ListParameter<T>;
}

impl Parameter<Text> {
    /// Sets the least and the greatest length. Default: any.
    pub fn length(mut self, range: std::ops::RangeInclusive<u32>) -> Self {
        self.declaration.length = [Some(*range.start()), Some(*range.end())];
        self
    }
}

impl Parameter<i64> {
    /// Sets the least and the greatest value. Default: any.
    pub fn range(mut self, range: std::ops::RangeInclusive<i64>) -> Self {
        let [min, max] = [range.start(), range.end()].map(|it| Some(Text::Owned(it.to_string())));
        self.declaration.range = [min, max];
        self
    }
}

/// A declared list parameter.
#[derive(Debug)]
pub struct ListValue<T> {
    pub(crate) param: super::ParamId,
    pub(crate) of: PhantomData<fn() -> T>,
}

// A derive would also require the trait of `T`.
impl<T> Clone for ListValue<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ListValue<T> {}

impl<T> ListValue<T> {
    /// Returns the n-th item, counted from 0.
    pub fn item(&self, n: u32) -> Value<T> {
        Value::Expr(Expr::Select(Box::new(Expr::Param(self.param)), n))
    }

    /// Returns all items, for use as the only item of a list property.
    pub fn all(&self) -> Value<T> {
        Expr::Items(self.param).into_value()
    }
}
