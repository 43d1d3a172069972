//! The scripts that `cfn-init` runs: the configuration in the metadata of a resource.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-init.html>

use super::graph_index::GraphIndex;
use super::instance::InstanceConfig;
use super::script_text::joined_lines;
use super::texts::ShownText;
use super::written_file::written;
use crate::ir::{NodeId, Value};
use crate::resource::{Map, RawValue};

/// What `cfn-init` does on an instance, as the lines of a script.
#[derive(Debug)]
pub(super) struct InitScript {
    pub(super) text: ShownText,
    /// Whether user data certainly applies it.
    pub(super) is_certain: bool,
}

/// Limits configuration sets, which can contain themselves.
const MAX_DEPTH: usize = 16;

/// A call of `cfn-init`: the resource and the configuration sets that it names.
#[derive(Debug, Default, PartialEq)]
struct Call<'t> {
    resource: Option<&'t str>,
    sets: Option<&'t str>,
    /// Whether the script runs it only perhaps.
    is_conditional: bool,
}

/// Returns the configurations that user data applies. If it is unclear whether user data calls
/// `cfn-init`, they are those of the instance.
pub(super) fn scripts(
    index: &GraphIndex<'_>,
    instance: &InstanceConfig<'_>,
    user_data: &ShownText,
    is_unclear: bool,
) -> Vec<InitScript> {
    let all = || index.graph.nodes().map(|(id, _)| id).collect::<Vec<_>>();
    let of = |nodes: Vec<NodeId>, sets: Option<&str>, is_certain: bool| {
        let script = |id: NodeId| script(index, id, sets, is_certain);
        nodes.into_iter().filter_map(script).collect::<Vec<_>>()
    };
    let text = joined_lines(&user_data.text);
    let calls = calls(&text);
    if calls.is_empty() {
        return match is_unclear {
            true => of(instance.sources.clone(), None, false),
            false => Vec::new(),
        };
    }
    let scripts = calls.into_iter().flat_map(|call| {
        let named = call.resource.filter(|it| !it.contains(['$', '%']));
        let Some(name) = named.filter(|_| user_data.is_complete) else {
            return of(all(), call.sets, false);
        };
        let is_named = |id: &NodeId| index.logical_id(*id) == name;
        let nodes: Vec<NodeId> = all().into_iter().filter(is_named).collect();
        let is_certain = nodes.len() == 1 && !call.is_conditional;
        of(nodes, call.sets, is_certain)
    });
    scripts.collect()
}

/// Returns the calls in a script.
fn calls(text: &str) -> Vec<Call<'_>> {
    fn call(line: &str) -> Call<'_> {
        let (_, arguments) = line.split_once("cfn-init").unwrap_or_default();
        let mut call = Call {
            is_conditional: line.starts_with("if "),
            ..Call::default()
        };
        let mut words = arguments
            .split(|c: char| c.is_whitespace() || matches!(c, '=' | '"' | '\'' | ';'))
            .filter(|it| !it.is_empty());
        while let Some(word) = words.next() {
            match word {
                "-r" | "--resource" => call.resource = words.next(),
                "-c" | "--configsets" => call.sets = words.next(),
                _ => {}
            }
        }
        call
    }
    let lines = text.lines().filter(|it| !it.trim_start().starts_with('#'));
    let lines = lines.filter(|it| it.contains("cfn-init"));
    lines.map(call).collect()
}

fn script(
    index: &GraphIndex<'_>,
    id: NodeId,
    sets: Option<&str>,
    is_certain: bool,
) -> Option<InitScript> {
    let node = index.graph.node(id).filter(|node| !node.is_absent())?;
    let init = node.origin.as_ref()?.init.as_ref()?;
    let RawValue::Object(init) = init else {
        let text = ShownText::default();
        let is_certain = false;
        return Some(InitScript { text, is_certain });
    };
    let mut lines = Lines::new(index);
    let known = chosen(index, init, sets);
    let is_known = known.is_some();
    let every = || {
        let configs = init.iter().filter(|(name, _)| *name != "configSets");
        configs.map(|(name, _)| name.to_owned()).collect()
    };
    for name in known.unwrap_or_else(every) {
        match init.get(&name) {
            Some(RawValue::Object(config)) => lines.config(config),
            Some(_) => lines.is_complete = false,
            None => {}
        }
    }
    Some(InitScript {
        text: ShownText {
            text: lines.text,
            is_complete: lines.is_complete,
        },
        is_certain: is_certain && is_known,
    })
}

/// Returns the names of the configurations that a call applies, in order.
fn chosen(index: &GraphIndex<'_>, init: &Map<'_>, sets: Option<&str>) -> Option<Vec<String>> {
    let all = match init.get("configSets") {
        Some(RawValue::Object(all)) => Some(all),
        Some(_) => return None,
        None => None,
    };
    let Some(all) = all else {
        return match sets {
            // Without sets, `default` is the configuration `config`.
            None | Some("default") => Some(vec!["config".to_owned()]),
            Some(_) => None,
        };
    };
    let mut out = Vec::new();
    let names = sets.unwrap_or("default").split(',');
    for name in names {
        match all.get(name) {
            Some(set) => members(index, all, set, 0, &mut out)?,
            None if name == "default" => out.push("config".to_owned()),
            None => return None,
        }
    }
    Some(out)
}

fn members(
    index: &GraphIndex<'_>,
    all: &Map<'_>,
    set: &RawValue<'_>,
    depth: usize,
    out: &mut Vec<String>,
) -> Option<()> {
    if depth > MAX_DEPTH {
        return None;
    }
    match set {
        RawValue::List(items) => {
            for item in items {
                members(index, all, item, depth + 1, out)?;
            }
        }
        RawValue::Object(reference) => {
            let name = shown(index, reference.get("ConfigSet")?);
            members(index, all, all.get(&name.text)?, depth + 1, out)?;
        }
        one => {
            let name = shown(index, one);
            out.push(Some(name.text).filter(|_| name.is_complete)?);
        }
    }
    Some(())
}

/// Returns the text of a value. The words of a list are separated by spaces, and the alternatives and
/// entries by lines.
fn shown(index: &GraphIndex<'_>, value: &RawValue<'_>) -> ShownText {
    let join = |values: &mut dyn Iterator<Item = ShownText>, by: &str| {
        let values: Vec<ShownText> = values.collect();
        let texts: Vec<&str> = values.iter().map(|it| it.text.as_str()).collect();
        ShownText {
            text: texts.join(by),
            is_complete: values.iter().all(|it| it.is_complete),
        }
    };
    match value {
        RawValue::Bool(value) => ShownText::new(&value.to_string(), true),
        RawValue::Int(value) => ShownText::new(&value.to_string(), true),
        RawValue::Str(text) => ShownText::new(text, true),
        RawValue::Expr(expr) => {
            let mut all = index.texts(&Value::Expr(expr.as_ref().clone()));
            match all.len() {
                1 => all.swap_remove(0),
                _ => ShownText {
                    is_complete: false,
                    ..join(&mut all.into_iter(), "\n")
                },
            }
        }
        RawValue::List(items) => join(&mut items.iter().map(|it| shown(index, it)), " "),
        RawValue::Object(map) | RawValue::Block(map) => {
            let entry = |(key, value): (&str, &RawValue<'_>)| {
                let value = shown(index, value);
                ShownText {
                    text: format!("{key}: {}", value.text),
                    ..value
                }
            };
            join(&mut map.iter().map(entry), "\n")
        }
        RawValue::Json(inner) | RawValue::Base64(inner) => shown(index, inner),
        RawValue::Raw(_) => ShownText::new("", false),
    }
}

/// The lines of a script with the effect of a configuration.
struct Lines<'i, 'g> {
    index: &'i GraphIndex<'g>,
    text: String,
    is_complete: bool,
}

impl<'i, 'g> Lines<'i, 'g> {
    fn new(index: &'i GraphIndex<'g>) -> Self {
        Lines {
            index,
            text: String::new(),
            is_complete: true,
        }
    }

    fn push(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn shown(&mut self, value: &RawValue<'_>) -> String {
        let shown = shown(self.index, value);
        self.is_complete &= shown.is_complete;
        shown.text
    }

    /// Visits the entries of a section. What is not an object is unknown.
    fn section(&mut self, config: &Map<'_>, name: &str, entry: fn(&mut Self, &str, &RawValue<'_>)) {
        match config.get(name) {
            Some(RawValue::Object(entries)) => {
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_by_key(|(key, _)| *key);
                for (key, value) in entries {
                    entry(self, key, value);
                }
            }
            Some(_) => self.is_complete = false,
            None => {}
        }
    }

    /// Adds a configuration, in the order of `cfn-init`.
    fn config(&mut self, config: &Map<'_>) {
        self.section(config, "packages", Self::packages);
        self.section(config, "sources", |lines, path, source| {
            let source = lines.shown(source);
            lines.push(&format!("curl {source} -o {path}"));
        });
        self.section(config, "files", Self::file);
        self.section(config, "commands", Self::command);
        self.section(config, "services", Self::services);
    }

    fn packages(&mut self, manager: &str, packages: &RawValue<'_>) {
        let RawValue::Object(packages) = packages else {
            self.is_complete = false;
            return;
        };
        for (name, version) in packages.iter() {
            let version = self.shown(version);
            self.push(&format!("{manager} install {name} {version}"));
        }
    }

    /// Adds a file. A command can run what it contains, so that no line of it is a command.
    fn file(&mut self, path: &str, file: &RawValue<'_>) {
        let RawValue::Object(file) = file else {
            self.is_complete = false;
            return;
        };
        self.push(&written(path, ""));
        if let Some(source) = file.get("source") {
            let source = self.shown(source);
            self.push(&format!("curl {source} -o {path}"));
        }
        if let Some(encoding) = file.get("encoding") {
            let encoding = self.shown(encoding);
            self.push(&written(path, &format!("encoding: {encoding}")));
        }
        if let Some(content) = file.get("content") {
            let content = self.shown(content);
            for line in content.lines() {
                if !line.trim_start().starts_with('#') {
                    self.push(&written(path, line));
                }
            }
        }
    }

    fn command(&mut self, _: &str, command: &RawValue<'_>) {
        let RawValue::Object(command) = command else {
            self.is_complete = false;
            return;
        };
        if let Some(test) = command.get("test") {
            let test = self.shown(test);
            self.push(&format!("if {test}"));
        }
        if let Some(command) = command.get("command") {
            let command = self.shown(command);
            self.push(&joined_lines(&command));
        }
    }

    fn services(&mut self, _: &str, services: &RawValue<'_>) {
        let RawValue::Object(services) = services else {
            self.is_complete = false;
            return;
        };
        for (name, service) in services.iter() {
            let is_agent = ["ssm-agent", "AmazonSSMAgent"]
                .iter()
                .any(|it| name.contains(it));
            let name = if is_agent { "amazon-ssm-agent" } else { name };
            let RawValue::Object(service) = service else {
                self.is_complete = false;
                continue;
            };
            for (key, yes, no) in [
                ("enabled", "enable", "disable"),
                ("ensureRunning", "start", "stop"),
            ] {
                let Some(value) = service.get(key) else {
                    continue;
                };
                let value = shown(self.index, value);
                let is = |word: &str| value.is_complete && value.text.eq_ignore_ascii_case(word);
                if is("true") {
                    self.push(&format!("systemctl {yes} {name}"));
                } else {
                    if !is("false") {
                        self.push("if unknown");
                    }
                    self.push(&format!("systemctl {no} {name}"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::script_text::joined_lines;
    use super::{Call, calls};

    #[test]
    fn calls_name_a_resource_and_sets() {
        let text = joined_lines(
            "# cfn-init -r Commented\n\
             /opt/aws/bin/cfn-init -v --stack s --resource=Web \\\n  -c one,two\n\
             cfn-init.exe -s x -r \"Server\"; echo\n",
        );
        let found = calls(&text);
        let call = |resource, sets| Call {
            resource,
            sets,
            is_conditional: false,
        };
        assert_eq!(
            found,
            [
                call(Some("Web"), Some("one,two")),
                call(Some("Server"), None)
            ]
        );
        assert_eq!(calls("yum install -y nginx"), []);
    }
}
