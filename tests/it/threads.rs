//! Thread safety, error types and hash keys.

use ssm_synth::resource::{Graph, Kind, RawValue, Resource, Subnet};
use ssm_synth::{App, Handle, Id, Parameter, Scope, SessionAccess, TemplateError, Value};
use ssm_synth::{
    backend, construct, cost, diagram, frontend, ir, reachability, report, runbook, validate,
};

fn shared<T: Send + Sync>() {}

fn error<T: std::error::Error + Send + Sync + 'static>() {}

fn key<T: Eq + std::hash::Hash>() {}

fn copied<T: Copy>() {}

/// This test only needs to compile.
#[test]
fn public_types_are_send_and_sync() {
    shared::<App>();
    shared::<Scope<'_>>();
    shared::<construct::Overrides<'_, '_>>();
    shared::<SessionAccess>();
    shared::<Graph>();
    shared::<Resource>();
    shared::<Kind>();
    shared::<RawValue<'_>>();
    shared::<Value<ir::Text>>();
    shared::<Id<Subnet>>();
    // A handle is `Send` and `Sync` for any resource.
    shared::<Handle<std::cell::Cell<u8>>>();
    shared::<Parameter<Id<Subnet>>>();
    shared::<validate::Validated<'_>>();
    shared::<backend::cfn::Template<'_>>();
    shared::<backend::tf::Module<'_>>();
    shared::<reachability::Reachability>();
    shared::<reachability::Topology>();
    shared::<report::CheckReport<'_>>();
    shared::<cost::Estimate>();
    shared::<cost::Alternative>();
    shared::<frontend::config::Config>();
    shared::<frontend::config::BuiltConfig>();
    shared::<frontend::Input>();
    shared::<diagram::Scene>();
    shared::<runbook::RunbookInput<'_>>();
    #[cfg(feature = "testing")]
    shared::<ssm_synth::testing::Assertions<'_>>();
    #[cfg(feature = "testing")]
    shared::<ssm_synth::testing::Capture>();
}

#[test]
fn every_error_can_be_boxed() {
    error::<ir::Diagnostics>();
    error::<ir::Diagnostic>();
    error::<ssm_synth::resource::FindError>();
    error::<ir::CidrError>();
    error::<TemplateError>();
    error::<ssm_synth::user_data::UserDataError>();
}

#[test]
fn handles_are_keys_and_copies_for_any_resource() {
    key::<Handle<std::cell::Cell<u8>>>();
    key::<Id<std::cell::Cell<u8>>>();
    copied::<Handle<std::cell::Cell<u8>>>();
    copied::<ir::ListValue<Id<Subnet>>>();
}
