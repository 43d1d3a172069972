//! The configuration file `ssm-synth.yaml`, from text to the stack.

use super::yaml;
use crate::construct::option_types::Options as _;
use crate::construct::options::options;
use crate::construct::reader::{Item, Node, Reader};
use crate::construct::{App, Parts, Preset};
use crate::ir::{
    Diagnostic, Diagnostics, ParameterDeclaration, ParameterType, SourceLocation, Text,
};
use crate::region::Region;
use crate::validate::{TEMPLATE_ERROR, Validated};

options! {
    /// The settings of a stack that its parts depend on.
    #[derive(Clone, Debug)]
    pub(crate) struct StackOptions;
    options {
        /// Name of the stack, and start of the tags `Name`.
        name: def Text = "access";
        /// Description of the template.
        description: def Text =
            "Private EC2 instances that AWS Systems Manager Session Manager reaches",
            shown "a sentence about the stack";
        /// Region of the stack. Names are then literal, and the limits of the Region are checked.
        /// A Region that this version does not know is a warning, and the names are then not literal.
        region: opt &'static Region, shown "set at deployment";
        /// Defaults of all other settings: `minimal` for the lowest cost, `standard`, or `hardened`
        /// for all best practices.
        preset: def Preset = Preset::Standard;
        /// Parameters that you set at deployment, by name. A value refers to one as
        /// `{parameter: Name}`.
        parameters: many (String, ParameterOptions);
    }
}

options! {
    /// A parameter of the stack.
    #[derive(Clone, Debug)]
    pub(crate) struct ParameterOptions;
    options {
        /// CloudFormation type of the parameter.
        of: opt ParameterType, key "type", shown "`String`";
        /// Description for the person who sets the parameter.
        description: opt Text;
        /// Value if the deployment sets none. Commas separate the items of a list.
        default_value: opt Text, key "default", shown "required at deployment";
        /// Enables reading the value from Parameter Store at each deployment. The deployment, the
        /// default and the allowed values then name a parameter there.
        stored: def bool = false, key "from_parameter_store";
        /// Enables hiding the value in the output of CloudFormation and Terraform.
        no_echo: def bool = false;
        /// Allowed values.
        allowed_values: many Text, shown "any";
        /// Regular expression for the whole value, for `String` and `CommaDelimitedList`.
        allowed_pattern: opt Text, shown "any";
    }
}

/// A file that was read, with changes from elsewhere laid over it.
#[derive(Clone, Debug)]
pub struct Config {
    root: Item,
}

/// The stack of a configuration.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BuiltConfig {
    /// The app with that one stack.
    pub app: App,
    /// The stack's name.
    pub stack: String,
    /// The settings; none for an app of constructs in Rust.
    root: Option<Item>,
}

impl Default for Config {
    /// As [`Config::empty`] makes it.
    fn default() -> Self {
        Config::empty()
    }
}

impl BuiltConfig {
    /// Returns an app of constructs in Rust, with one of its stacks.
    #[cfg(feature = "cli")]
    pub(crate) fn of(app: App, stack: String) -> BuiltConfig {
        BuiltConfig {
            app,
            stack,
            root: None,
        }
    }

    /// Checks everything, as [`App::validate`] does, and says which setting each diagnostic is about.
    ///
    /// # Errors
    ///
    /// All diagnostics, if one of them is an error.
    pub fn validate(&self) -> Result<Validated<'_>, Diagnostics> {
        match (self.app.validate(), &self.root) {
            (Ok(validated), Some(root)) => {
                Ok(validated.map_diagnostics(|found| with_locations(found, root)))
            }
            (Err(found), Some(root)) => Err(with_locations(found, root)),
            (done, None) => done,
        }
    }
}

/// Moves diagnostics from what encloses a setting to the setting.
fn with_locations(found: Diagnostics, root: &Item) -> Diagnostics {
    let settings_place = |settings: &[Vec<String>], location: Option<&SourceLocation>| {
        let here = location.map_or(Some(root), |location| root.at(location));
        let mut found = settings.iter().filter_map(|path| match path.split_first() {
            Some((top, path)) if top.is_empty() => root.find(path),
            _ => here?.find(path),
        });
        found.next().map(|item| item.location.clone())
    };
    let mut out = Diagnostics::default();
    for mut diagnostic in found {
        // A line of this program is of no use to the user.
        diagnostic
            .locations
            .retain(|location| matches!(location, SourceLocation::File(_)));
        if diagnostic.locations.is_empty() {
            let location = settings_place(&diagnostic.settings, None);
            diagnostic.locations.extend(location);
        } else {
            for location in &mut diagnostic.locations {
                if let Some(setting) = settings_place(&diagnostic.settings, Some(location)) {
                    *location = setting;
                }
            }
        }
        out.push(diagnostic.without_call());
    }
    out
}

impl Config {
    /// Reads a file's text; `name` is what diagnostics call it.
    ///
    /// # Errors
    ///
    /// The place where it is not YAML.
    pub fn read(name: &str, text: &str) -> Result<Config, Diagnostics> {
        let mut root = yaml::read(name, text)?;
        if matches!(root.node, Node::Null) {
            root.node = Node::Map(Vec::new());
        }
        Ok(Config { root })
    }

    /// Returns a configuration with all defaults.
    pub fn empty() -> Config {
        Config {
            root: Item::empty(),
        }
    }

    /// Sets what a dotted path names, such as `network.cidr`, to a value in YAML; `source` is
    /// what diagnostics call it.
    ///
    /// # Errors
    ///
    /// The place where the value is not YAML.
    pub fn set(&mut self, source: &str, path: &str, value: &str) -> Result<(), Diagnostics> {
        // Text that YAML reads as null or a comment; `null` leaves the default.
        let value = if value.trim().is_empty() || value.starts_with('#') {
            Item {
                node: Node::Str(value.to_owned()),
                location: SourceLocation::Default,
            }
        } else {
            yaml::read(source, value)?
        };
        let keys: Vec<&str> = path.split('.').collect();
        self.root.set(&keys, value);
        Ok(())
    }

    /// Returns whether the file sets the Region.
    #[cfg(feature = "cli")]
    pub(crate) fn sets_region(&self) -> bool {
        let region = self.root.get("region");
        region.is_some_and(|item| !matches!(item.node, Node::Null))
    }

    /// Returns the number of instances in the file. Without any, the stack has the default instance.
    pub(crate) fn instances(&self) -> usize {
        self.root
            .get("instances")
            .map_or(0, |item| item.items().len())
    }

    /// Builds the app.
    ///
    /// # Errors
    ///
    /// All mistakes, of form and of meaning.
    pub fn build(&self) -> Result<BuiltConfig, Diagnostics> {
        let root = &self.root;
        let mut reader = Reader::default();
        let tables = [StackOptions::ROWS, Parts::ROWS];
        let is_map = reader.read_tables(root, &tables);
        let mut options = StackOptions::default();
        if is_map {
            options.read_options(root, &mut reader);
        }
        reader.preset = options.preset;
        let mut app = App::new();
        let mut scope = app
            .stack(&options.name)
            .with_location(root.location.clone());
        scope.description(options.description);
        if let Some(region) = options.region {
            scope.set_region(region);
        }
        let declared = root.get("parameters").map_or(&[][..], Item::entries);
        for (id, parameter) in options.parameters {
            let entry = declared.iter().find(|(name, ..)| *name == id);
            let wrong_type = entry.is_some_and(|(.., item)| item.get("type").is_some())
                && parameter.of.is_none();
            let of = parameter.of.unwrap_or(ParameterType::String);
            let declaration = ParameterDeclaration {
                id: id.clone(),
                of,
                description: parameter.description,
                default: parameter.default_value,
                allowed_values: parameter.allowed_values,
                allowed_pattern: parameter.allowed_pattern,
                length: [None, None],
                range: [None, None],
                constraint_description: None,
                from_parameter_store: parameter.stored,
                no_echo: parameter.no_echo,
                only: None,
                location: entry.map_or(SourceLocation::Default, |(_, at, _)| at.clone()),
            };
            let param = scope.declare_parameter(declaration);
            reader.declare(&id, param, (!wrong_type).then_some(of));
        }
        let mut parts = Parts::start(options.preset);
        if is_map {
            parts.read_options(root, &mut reader);
        }
        let reported = reader.reported();
        reader.unused_parameters(root);
        scope.tags(std::mem::take(&mut parts.tags));
        let location = |path: &[&str]| {
            let path: Vec<String> = path.iter().map(|key| (*key).to_owned()).collect();
            let item = root.find(&path);
            item.map_or(SourceLocation::Default, |item| item.location.clone())
        };
        scope.add_inline(options.preset.access().with_parts(parts, location));
        let built = BuiltConfig {
            app,
            stack: options.name.into_owned(),
            root: Some(root.clone()),
        };
        let mut found = reader.finish();
        if found.has_errors() {
            if let Err(more) = built.validate() {
                // A value that is reported already has the default in the model.
                let new = |it: &Diagnostic| {
                    it.code != TEMPLATE_ERROR
                        && !it.locations.iter().any(|at| reported.contains(at))
                };
                found.extend(more.into_iter().filter(new));
            }
            return Err(found);
        }
        Ok(built)
    }
}
