//! Why no resource has a path.

use std::fmt;

/// The reason why no resource of a type has a path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FindError {
    /// No resource has the path.
    NotFound {
        /// The path.
        path: String,
        /// The most similar path of a resource of the type.
        similar: Option<String>,
    },
    /// The resource has another type.
    OtherType {
        /// The path.
        path: String,
        /// The type of the resource in Rust.
        found: &'static str,
        /// The expected type in Rust.
        expected: &'static str,
    },
}

impl std::error::Error for FindError {}

impl fmt::Display for FindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FindError::NotFound { path, similar } => {
                write!(f, "no resource has the path `{path}`")?;
                match similar {
                    Some(similar) => write!(f, "; did you mean `{similar}`?"),
                    None => Ok(()),
                }
            }
            FindError::OtherType {
                path,
                found,
                expected,
            } => write!(f, "`{path}` is of type `{found}`, not `{expected}`"),
        }
    }
}
