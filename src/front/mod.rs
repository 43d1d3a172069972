//! Readers: what becomes a graph beside constructs in Rust.

pub mod config;
mod settings;
mod validate;
mod yaml;

pub use settings::{reference, schema};
