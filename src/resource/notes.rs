//! What a reader of a file notes about a property: the model cannot represent it, or a service refuses it.

use crate::ir::Text;

/// A property whose value the model cannot represent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Unmodeled {
    /// The field name in Rust, with dots for nested fields.
    pub field: String,
    /// The reason.
    pub reason: String,
}

/// A value of a file for which a service refuses to create a resource.
#[derive(Clone, Debug)]
pub(crate) struct InvalidValue {
    /// The service.
    pub(crate) by: &'static str,
    /// Its error.
    pub(crate) error: &'static str,
    pub(crate) certain: Certain,
    /// A clause in lowercase, without a period.
    pub(crate) reason: String,
    /// How to correct it.
    pub(crate) fix: String,
}

/// Whether a service refuses a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Certain {
    Yes,
    /// Unless the image of the instance can contain a volume for the device.
    UnlessInImage,
    /// If the device is the root device of the image.
    IfRootOfImage(Text),
}

impl InvalidValue {
    /// Creates a value that EC2 refuses.
    pub(crate) fn of_ec2(
        error: &'static str,
        reason: impl Into<String>,
        fix: impl Into<String>,
    ) -> InvalidValue {
        InvalidValue {
            by: "EC2",
            error,
            certain: Certain::Yes,
            reason: reason.into(),
            fix: fix.into(),
        }
    }

    pub(crate) fn certain(mut self, certain: Certain) -> InvalidValue {
        self.certain = certain;
        self
    }
}
