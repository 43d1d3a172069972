//! Time to generate an app of many stacks, compared to serde_json writing the same documents.

use ssm_synth::{App, SessionAccess, backend};

fn main() {
    divan::main();
}

fn app(stacks: usize) -> App {
    let mut app = App::new();
    for n in 0..stacks {
        app.stack(&format!("Access{n}"))
            .add_inline(SessionAccess::new());
    }
    app
}

#[allow(clippy::expect_used)]
fn write(app: &App) -> usize {
    let validated = app.validate().expect("the default stack is valid");
    let names = app.graph().stacks().map(|stack| stack.name.as_str());
    names
        .filter_map(|name| backend::cfn::template(&validated, name).ok())
        .map(|template| template.to_json().len())
        .sum()
}

/// Constructs only.
#[divan::bench(args = [10, 100, 1_000, 10_000], sample_count = 10, sample_size = 1)]
fn build(bencher: divan::Bencher<'_, '_>, stacks: usize) {
    bencher.bench_local(|| app(stacks));
}

/// Validates, lowers and prints each stack.
#[divan::bench(args = [10, 100, 1_000, 10_000], sample_count = 10, sample_size = 1)]
fn check_and_write(bencher: divan::Bencher<'_, '_>, stacks: usize) {
    let app = app(stacks);
    bencher.bench_local(|| write(&app));
}

/// Lowers and prints each stack.
#[divan::bench(args = [10, 100, 1_000, 10_000], sample_count = 10, sample_size = 1)]
#[allow(clippy::expect_used)]
fn write_only(bencher: divan::Bencher<'_, '_>, stacks: usize) {
    let app = app(stacks);
    let validated = app.validate().expect("the default stack is valid");
    bencher.bench_local(|| {
        let names = app.graph().stacks().map(|stack| stack.name.as_str());
        names
            .filter_map(|name| backend::cfn::template(&validated, name).ok())
            .map(|template| template.to_json().len())
            .sum::<usize>()
    });
}

/// serde_json writes the same documents from parsed values.
#[divan::bench(args = [10, 100, 1_000], sample_count = 10, sample_size = 1)]
#[allow(clippy::expect_used)]
fn serde_json(bencher: divan::Bencher<'_, '_>, stacks: usize) {
    let app = app(stacks);
    let validated = app.validate().expect("the default stack is valid");
    let values: Vec<serde_json::Value> = app
        .graph()
        .stacks()
        .filter_map(|stack| backend::cfn::template(&validated, &stack.name).ok())
        .filter_map(|template| serde_json::from_str(&template.to_json()).ok())
        .collect();
    bencher.bench_local(|| {
        let texts = values
            .iter()
            .filter_map(|value| serde_json::to_string_pretty(value).ok());
        texts.map(|text| text.len()).sum::<usize>()
    });
}
