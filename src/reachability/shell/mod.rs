//! A conservative reader of shell scripts: the commands that run, in order.
//!
//! Commands that cannot run are left out: functions without a call, branches of a false condition, and
//! what follows `exit`. Commands that run only perhaps are marked. A script that is not understood has
//! no steps.

mod run;
mod syntax;
mod tests_of;
mod words;

pub(super) use run::{Step, steps};
pub(super) use words::Word;

#[cfg(test)]
mod tests;
