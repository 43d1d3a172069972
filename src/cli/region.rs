//! Regions of options and stacks, which the data can lack.

use std::sync::atomic::{AtomicBool, Ordering};

use super::diagnostics::{Sources, fail, render};
use super::failure::Failure;
use super::output;
use crate::frontend::config::BuiltConfig;
use crate::ir::{Diagnostic, unknown_region, unlisted_region};
use crate::region::Region;
use crate::validate::Validated;

/// Finds a Region by name.
///
/// # Errors
///
/// An unknown name.
pub(super) fn region(name: &str) -> Result<&'static Region, Failure> {
    let found = Region::of(name).ok_or_else(|| {
        let (message, help) = unknown_region(name);
        Failure::usage(message).with_help(help)
    })?;
    warn_of_unlisted(found);
    Ok(found)
}

/// Whether a warning about an unlisted Region is printed. A command can find it in several ways.
static HAS_WARNED: AtomicBool = AtomicBool::new(false);

/// Warns once about a Region that the data lacks: its name can be misspelled.
pub(super) fn warn_of_unlisted(region: &Region) {
    if !region.is_listed() && !HAS_WARNED.swap(true, Ordering::Relaxed) {
        let (message, help) = unlisted_region(region.name);
        output::warning(&format!("{message}; {help}"));
    }
}

/// Validates a stack. Warns about a Region that the data lacks, which matters to every command; only
/// `synth` and `deploy` print the other warnings.
///
/// # Errors
///
/// All mistakes, which are printed.
pub(super) fn validated<'b>(
    built: &'b BuiltConfig,
    sources: &Sources,
) -> Result<Validated<'b>, Failure> {
    let validated = built
        .validate()
        .map_err(|diagnostics| fail(&diagnostics, sources))?;
    let mut regions = validated.warnings().iter().filter(is_of_region).peekable();
    if regions.peek().is_some() && !HAS_WARNED.swap(true, Ordering::Relaxed) {
        output::unless_quiet(&render(regions, sources));
    }
    Ok(validated)
}

/// Whether a diagnostic is about the Region of a stack.
pub(super) fn is_of_region(diagnostic: &&Diagnostic) -> bool {
    diagnostic.code == "region"
}
