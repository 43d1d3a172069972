//! No call loses the value of another one silently, and no order of the calls does.

use serde_json::{Value, json};
use ssm_synth::construct::{Construct, Lifecycle, PrivateNetwork};
use ssm_synth::resource::{
    Instance, InternetGateway, LogGroup, RawBlock, RawResource, RawValue, Role, Statement, Tags,
    Vpc,
};
use ssm_synth::{App, Cidr, Id, Scope, SessionAccess, backend};

const RANGE: Cidr = Cidr::v4([10, 0, 0, 0], 16);

/// Returns the only resource of the stack in both languages.
fn printed(app: &App) -> [Value; 2] {
    let validated = app.validate().unwrap();
    let template = backend::cfn::template(&validated, "Access").unwrap();
    let template: Value = serde_json::from_str(&template.to_json()).unwrap();
    let module = backend::tf::module(&validated, "Access", backend::tf::ModuleKind::Root).unwrap();
    let module: Value = serde_json::from_str(&module.to_json()).unwrap();
    let only = |of: &Value| of.as_object().unwrap().values().next().unwrap().clone();
    [
        template["Resources"].as_object().map_or(Value::Null, |it| {
            it.values()
                .next()
                .map_or(Value::Null, |it| it["Properties"].clone())
        }),
        module["resource"].as_object().map_or(Value::Null, |it| {
            it.values().next().map_or(Value::Null, only)
        }),
    ]
}

/// Returns the tags of the only resource of a stack, as maps.
fn tags(app: &App) -> [Value; 2] {
    let [cfn, tf] = printed(app);
    let pairs = cfn["Tags"].as_array().into_iter().flatten();
    let pairs = pairs.map(|it| (it["Key"].as_str().unwrap().to_owned(), it["Value"].clone()));
    [Value::Object(pairs.collect()), tf["tags"].clone()]
}

fn with(raw: RawResource) -> App {
    let mut app = App::new();
    app.stack("Access").add("Topic", raw);
    app
}

fn topic() -> RawResource {
    RawResource::new()
        .cfn("AWS::SNS::Topic")
        .tf("aws_sns_topic")
}

fn pair(key: &'static str, value: &'static str) -> RawValue<'static> {
    RawValue::from([("Key", key.into()), ("Value", value.into())])
}

fn errors(app: &App) -> String {
    app.validate().unwrap_err().to_string()
}

fn warnings(app: &App) -> String {
    app.validate().unwrap().warnings().to_string()
}

#[test]
fn tags_join_a_property_with_tags_in_any_order() {
    let property = |raw: RawResource| {
        raw.property("Tags", vec![pair("Owner", "web")])
            .argument("tags", [("Owner", "web".into())])
    };
    let expected = json!({ "Name": "access-topic", "Owner": "web", "Team": "core" });
    for raw in [
        property(topic().tags([("Team", "core")])),
        property(topic()).tags([("Team", "core")]),
    ] {
        assert_eq!(tags(&with(raw)), [expected.clone(), expected.clone()]);
    }
    // The property has its own value in each language.
    let mut app = with(topic().property("Tags", vec![pair("Team", "web")]));
    app.tags([("Team", "core")]);
    let [cfn, tf] = tags(&app);
    assert_eq!((&cfn["Team"], &tf["Team"]), (&json!("web"), &json!("core")));
}

#[test]
fn tags_that_cannot_join_a_property_are_an_error() {
    let two = topic()
        .property("Tags", vec![pair("Team", "web")])
        .tags([("Team", "core")]);
    let found = errors(&with(two));
    assert!(
        found.contains("`Tags` and `.tags(…)` have different values for tag `Team`"),
        "{found}"
    );
    let other_form = topic().property("Tags", "none").tags([("Team", "core")]);
    let found = errors(&with(other_form));
    assert!(found.contains("cannot add tag `Team` to `Tags`"), "{found}");
    let same = topic()
        .property("Tags", vec![pair("Team", "core")])
        .tags([("Team", "core")]);
    assert!(with(same).validate().is_ok());
}

#[test]
fn a_raw_resource_has_the_tags_of_the_app_where_its_schema_has_tags() {
    let mut app = with(topic());
    app.tags([("Team", "core")]);
    let expected = json!({ "Name": "access-topic", "Team": "core" });
    assert_eq!(tags(&app), [expected.clone(), expected]);

    // A map in CloudFormation, too.
    let parameter = RawResource::new()
        .cfn("AWS::SSM::Parameter")
        .property("Type", "String")
        .property("Value", "x");
    let mut app = with(parameter);
    app.tags([("Team", "core")]);
    assert_eq!(printed(&app)[0]["Tags"]["Team"], "core");

    for without in [
        RawResource::new().tf("random_pet"),
        RawResource::new().tf("data.aws_vpc"),
        RawResource::new().cfn("AWS::SNS::TopicInlinePolicy"),
    ] {
        let mut app = App::new();
        app.stack("Access").add("Other", without);
        app.tags([("Team", "core")]);
        let graph = app.graph().all::<RawResource>().next().unwrap().2.clone();
        let text = format!(
            "{:?}",
            ssm_synth::resource::Resource::from(graph).put(ssm_synth::ir::Dialect::Tf)
        );
        assert!(!text.contains("core"), "{text}");
    }
    // The tags of a data source select what it reads.
    let lookup = RawResource::new()
        .tf("data.aws_vpc")
        .tags([("Tier", "private")]);
    let mut app = App::new();
    app.stack("Access").add("Shared", lookup);
    app.tags([("Team", "core")]);
    let validated = app.validate().unwrap();
    let module = backend::tf::module(&validated, "Access", backend::tf::ModuleKind::Root).unwrap();
    assert!(module.to_hcl().contains("Tier"), "{}", module.to_hcl());
    assert!(!module.to_hcl().contains("Team"), "{}", module.to_hcl());
}

#[test]
fn tags_of_a_scope_reach_what_is_in_it_already() {
    struct Logs;
    impl Construct for Logs {
        type Handle = ();
        fn build(self, scope: &mut Scope<'_>) {
            scope.tags([("Tier", "logs")]);
            scope.add("Plain", LogGroup::new());
            scope.add("Own", LogGroup::new().tags([("Team", "own")]));
            scope.tags([("Level", "construct")]);
        }
    }
    let build = |late: bool| {
        let mut app = App::new();
        let all = |app: &mut App| {
            let mut stack = app.stack("Access");
            stack.tags([
                ("Team", "stack"),
                ("Tier", "stack"),
                ("Level", "stack"),
                ("Name", "all"),
            ]);
        };
        if !late {
            all(&mut app);
        }
        app.stack("Access").add("Logs", Logs);
        app.stack("Other").add("Logs", LogGroup::new());
        if late {
            all(&mut app);
        }
        let tags = |path: &str| {
            let handle = app.find::<LogGroup>(path).unwrap();
            let tags = app.graph().get(handle).unwrap().tags.clone();
            let mut tags: Vec<(String, String)> = tags
                .into_iter()
                .map(|(key, value)| (key.into_owned(), value.lit().unwrap().to_string()))
                .collect();
            tags.sort();
            tags
        };
        ["Access/Logs/Plain", "Access/Logs/Own", "Other/Logs"].map(tags)
    };
    let early = build(false);
    assert_eq!(build(true), early);
    let text = |own: &str| {
        let pairs = [
            ("Level", "construct"),
            ("Name", "all"),
            ("Team", own),
            ("Tier", "logs"),
        ];
        pairs
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .to_vec()
    };
    assert_eq!(early[0], text("stack"));
    assert_eq!(early[1], text("own"));
    assert_eq!(early[2], [("Name".to_owned(), "other-logs".to_owned())]);
}

#[test]
fn tags_of_a_construct_without_an_id_stay_in_it() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let logs = stack.add("Logs", LogGroup::new());
    stack.add_inline(PrivateNetwork::new(RANGE).tags([("Tier", "network")]));
    let gateway = stack.add("Gateway", InternetGateway::new());
    let vpc = stack.find::<Vpc>("Vpc").unwrap();
    let graph = app.graph();
    assert!(graph.get(vpc).unwrap().tags.get("Tier").is_some());
    assert!(graph.get(logs).unwrap().tags.get("Tier").is_none());
    assert!(graph.get(gateway).unwrap().tags.get("Tier").is_none());
}

#[test]
fn a_former_path_reaches_all_resources_of_its_construct_and_no_other() {
    struct Logs {
        is_late: bool,
    }
    impl Construct for Logs {
        type Handle = ();
        fn build(self, scope: &mut Scope<'_>) {
            if self.is_late {
                scope.add("Early", LogGroup::new());
            }
            scope.renamed_from("Old");
            scope.add("Group", LogGroup::new());
        }
    }
    let mut app = App::new();
    let mut stack = app.stack("Access");
    stack.add("First", LogGroup::new());
    stack.add_inline(Logs { is_late: false });
    let later = stack.add("Later", LogGroup::new());
    assert_eq!(app.graph().node(later.node()).unwrap().cfn_id(), "Later");
    assert!(app.validate().is_ok());
    app.stack("Access").add("Logs", Logs { is_late: true });
    let found = errors(&app);
    assert!(
        found.contains("former path `Old` is set after resources"),
        "{found}"
    );
}

#[test]
fn tags_that_reach_nothing_are_a_warning() {
    struct OnlyTags;
    impl Construct for OnlyTags {
        type Handle = ();
        fn build(self, scope: &mut Scope<'_>) {
            scope.tags([("Team", "core")]);
        }
    }
    let mut app = App::new();
    let mut stack = app.stack("Access");
    stack.add_inline(OnlyTags);
    stack.add("Logs", LogGroup::new());
    let found = warnings(&app);
    assert!(found.contains("tags have no effect"), "{found}");
    let mut app = App::new();
    app.stack("Access").add("Logs", LogGroup::new());
    app.tags([("Name", "all")]);
    assert!(warnings(&app).contains("tag `Name` of the app has no effect"));
}

#[test]
fn tags_of_a_modeled_resource_add_up() {
    let group = LogGroup::new()
        .tags([("Team", "core")])
        .tags([("Tier", "logs")]);
    assert_eq!(group.tags, Tags::from([("Team", "core"), ("Tier", "logs")]));
}

#[test]
fn an_argument_and_a_block_of_one_name_are_an_error_at_the_second_line() {
    let name = "replica";
    let block = |raw: RawResource| raw.block(name, [("region_name", "eu-west-1".into())]);
    let raw = || RawResource::new().tf("aws_dynamodb_table");
    for app in [
        with(block(raw().argument(name, "eu-west-1"))),
        with(block(raw()).argument(name, "eu-west-1")),
    ] {
        let found = errors(&app);
        assert!(
            found.contains("`replica` is both an argument and a block"),
            "{found}"
        );
    }
    let twice = raw().argument("x", [("a", 1.into()), ("a", RawValue::Int(2))]);
    assert!(errors(&with(twice)).contains("duplicate key `x.a`"));
    let mixed = RawBlock::new().argument("a", 1).block("a", RawBlock::new());
    assert!(errors(&with(raw().block("x", mixed))).contains("duplicate key `x.a`"));
    let nested = RawBlock::new().block("a", [("b", 1.into())]);
    let nested = nested.block("a", RawBlock::new().argument("b", 2));
    assert!(!errors(&with(raw().block("x", nested))).contains("duplicate"));
    assert!(errors(&with(raw().argument("b d", "x"))).contains("`b d` is not an argument"));
}

#[test]
fn an_argument_that_the_backend_writes_is_an_error() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let logs = stack.add("Logs", LogGroup::new());
    let pet = RawResource::new()
        .tf("random_pet")
        .argument("count", 2)
        .argument("depends_on", vec!["aws_cloudwatch_log_group.logs"]);
    let pet = stack.add("Pet", pet);
    assert!(app.validate().is_ok());
    let mut stack = app.stack("Access");
    let region = stack.region();
    let here = ssm_synth::ir::Predicate::OneOf(region, vec!["eu-central-1".into()]);
    let here = stack.condition("Here", here);
    stack.set_condition(pet, here);
    stack.depends_on(pet, [logs.node()]);
    let found = errors(&app);
    for name in ["count", "depends_on"] {
        let expected = format!("argument `{name}` has two values");
        assert!(found.contains(&expected), "{expected}\n{found}");
    }
}

#[test]
fn one_condition_key_twice_in_a_statement_is_an_error() {
    let trust = Statement::allow(["sts:AssumeRole"])
        .principal(ssm_synth::resource::Principal::Service(
            "ec2.amazonaws.com".into(),
        ))
        .when("StringEquals", "aws:SourceAccount", ["111122223333"])
        .when("StringEquals", "aws:SourceAccount", ["444455556666"]);
    let mut app = App::new();
    let policy = ssm_synth::resource::PolicyDocument::new([trust]);
    app.stack("Access").add("Role", Role::new(policy));
    let found = errors(&app);
    assert!(found.contains("duplicate key"), "{found}");
}

#[test]
fn a_second_region_of_a_provider_alias_is_an_error_at_its_line() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    stack.provider_alias("backup", "eu-west-1");
    stack.provider_alias("backup", "eu-west-1");
    let line = line!() + 1;
    stack.provider_alias("backup", "eu-west-3");
    stack.provider_alias("b d", "eu-west-1");
    stack.add("Logs", LogGroup::new());
    let found = errors(&app);
    let expected = "provider alias `backup` has two regions: `eu-west-1` and `eu-west-3`";
    assert!(found.contains(expected), "{found}");
    assert!(found.contains(&format!("twice.rs:{line}:")), "{found}");
    assert!(found.contains("`b d` is not a provider alias"), "{found}");
}

#[test]
fn a_stack_has_one_region_and_account() {
    let mut app = App::new();
    let mut stage = app
        .stage("Prod")
        .region("eu-central-1")
        .account("111122223333");
    let mut stack = stage.stack("Access");
    stack.set_region("eu-central-1");
    stack.set_region("us-east-1");
    stack.set_account("444455556666");
    stage.stack("Access").add("Logs", LogGroup::new());
    let mut other = stage.stack("Access");
    other.add("Logs2", LogGroup::new());
    let mut late = app.stack("Late");
    late.add("Logs", LogGroup::new());
    late.set_region("eu-central-1");
    let found = errors(&app);
    assert!(
        found.contains("two values for `region`: `eu-central-1` and `us-east-1`"),
        "{found}"
    );
    assert!(found.contains("two values for `account`"), "{found}");
    assert!(
        found.contains("region `eu-central-1` is set after resources"),
        "{found}"
    );
}

#[test]
fn settings_of_a_stage_reach_its_stacks_in_any_order() {
    let mut app = App::new();
    let mut stage = app.stage("Prod");
    let logs = stage.stack("Access").add("Logs", LogGroup::new());
    let mut stage = stage.tags([("Team", "core")]).account("111122223333");
    stage.stack("Other").add("Logs", LogGroup::new());
    let graph = app.graph();
    assert!(graph.get(logs).unwrap().tags.get("Team").is_some());
    let mut accounts = graph.stacks().map(|it| it.account.as_deref());
    assert!(accounts.all(|it| it == Some("111122223333")));

    let mut app = App::new();
    let mut stage = app.stage("Prod");
    stage.stack("Access").add("Logs", LogGroup::new());
    let line = line!() + 1;
    let _ = stage.region("eu-central-1");
    let found = errors(&app);
    assert!(found.contains("is set after resources"), "{found}");
    assert!(found.contains(&format!("twice.rs:{line}:")), "{found}");
}

#[test]
fn names_that_reach_the_output_are_valid_in_both_languages() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let logs = stack.add("Logs", LogGroup::new());
    stack.output("b d", logs, "Log group");
    stack.output("", logs, "Log group");
    let region = stack.region();
    stack.condition(
        "b d",
        ssm_synth::ir::Predicate::OneOf(region, vec!["x".into()]),
    );
    app.stack("with_underscore").add("Logs", LogGroup::new());
    app.stage("b d").stack("Access");
    let mut stack = app.stack("Renamed");
    stack.renamed_from("1 old");
    let pet = RawResource::new()
        .tf("random_pet")
        .block("keepers", [("c d", "x".into())]);
    let pet = stack.add("Pet", pet);
    stack.overrides(pet).tf("/e f", "x");
    let found = errors(&app);
    for message in [
        "`1 old` is not a valid ID",
        "`c d` is not an argument",
        "override `/e f`: `e f` is not an argument",
        "`b d` is not a valid ID",
        "`` is not a valid ID",
        "`b d` is not a condition ID",
        "`with_underscore` is not a stack name",
        "`b d-Access` is not a stack name",
    ] {
        assert!(found.contains(message), "{message}\n{found}");
    }
}

#[test]
fn an_attribute_has_a_name_of_its_language() {
    use ssm_synth::ir::Attr;

    for (attr, language) in [
        (Attr::by_ref("b d"), "Terraform"),
        (Attr::by_ref(""), "Terraform"),
        (Attr::by_get_att("b d", "arn"), "CloudFormation"),
    ] {
        let mut app = App::new();
        let mut stack = app.stack("Access");
        let topic = stack.add("Topic", topic());
        let copy = RawResource::new()
            .cfn("AWS::SSM::Parameter")
            .property("Type", "String")
            .property("Value", topic.attr(attr))
            .tf("aws_ssm_parameter")
            .argument("name", "/topic")
            .argument("type", "String")
            .argument("value", topic.attr(attr));
        stack.add("Copy", copy);
        let found = errors(&app);
        let expected = format!("is not an attribute in {language}");
        assert!(found.contains(&expected), "{found}");
    }
    // A generated type has attributes of one language.
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let topic = stack.add("Topic", ssm_synth::resource::Topic::new());
    let owner = topic.attr(Attr::by_get_att("", "owner"));
    stack.output("Owner", owner, "The owner");
    let found = app.validate().unwrap_err().to_string();
    let wanted = "output refers to `owner`, which CloudFormation does not have";
    assert!(found.contains(wanted), "{found}");
    assert_eq!(found.matches("error[").count(), 1, "{found}");
}

#[test]
fn an_override_that_another_one_replaces_is_a_warning() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    stack.tags([("Team", "core")]);
    let access = stack.add_inline(SessionAccess::new());
    stack
        .overrides(access.instances[0].instance)
        .cfn("/CpuOptions/CoreCount", 1)
        .cfn("/CpuOptions", json!({ "CoreCount": 2 }))
        .cfn_append("/Tags", json!({ "Key": "A", "Value": "a" }))
        .cfn_append("/Tags", json!({ "Key": "B", "Value": "b" }))
        .tf("/tags", json!({ "A": "a" }))
        .lifecycle(
            Lifecycle::new()
                .ignore_changes(["ami"])
                .ignore_changes(["user_data"]),
        )
        .lifecycle(Lifecycle::new().ignore_changes(["tags"]));
    let validated = app.validate().unwrap();
    let found = validated.warnings().to_string();
    let expected =
        "override `/CpuOptions/CoreCount` has no effect: a later override changes `/CpuOptions`";
    assert!(found.contains(expected), "{found}");
    assert!(
        found.contains("override `/tags` removes tags: `Name`, `Team`"),
        "{found}"
    );
    assert_eq!(validated.warnings().iter().count(), 2, "{found}");
    let module = backend::tf::module(&validated, "Access", backend::tf::ModuleKind::Root).unwrap();
    let hcl = module.to_hcl();
    assert!(
        hcl.contains("      ami,\n      user_data,\n      tags,\n"),
        "{hcl}"
    );
}

#[test]
fn every_property_has_a_setter_also_a_required_one() {
    let mut app = App::new();
    app.update_all::<Vpc>(|_, vpc| *vpc = vpc.clone().cidr_block(RANGE));
    app.update_all::<Instance>(|_, it| *it = it.clone().instance_type("t4g.small"));
    let mut stack = app.stack("Access");
    stack.add_inline(SessionAccess::new());
    let group: Id<Vpc> = Id::new("vpc-0a1b2c3d4e5f60718");
    let _ = ssm_synth::resource::SecurityGroup::new("a", &group)
        .description("b")
        .vpc(&group);
    let mut all = app.graph().all::<Instance>();
    assert!(all.all(|(_, _, it)| it.instance_type.lit().is_some_and(|it| it == "t4g.small")));
}
