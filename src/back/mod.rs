//! The back ends: lowered once per language, printed once per syntax. After the checks they
//! cannot fail.

pub mod cfn;
mod json;
mod overrides;
pub mod tf;

pub(crate) use overrides::apply_overrides;
