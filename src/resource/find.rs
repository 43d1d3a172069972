//! Why no resource has a path.

/// The reason why no resource of a type has a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    /// No resource has the path.
    #[error("no resource has the path `{path}`{}", .similar.as_ref().map_or(String::new(), |it| format!("; did you mean `{it}`?")))]
    NotFound {
        /// The path.
        path: String,
        /// The most similar path of a resource of the type.
        similar: Option<String>,
    },
    /// The resource has another type.
    #[error("`{path}` is of type `{found}`, not `{expected}`")]
    OtherType {
        /// The path.
        path: String,
        /// The type of the resource in Rust.
        found: &'static str,
        /// The expected type in Rust.
        expected: &'static str,
    },
}
