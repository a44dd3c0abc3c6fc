//! Where the parts of a record of a known shape are. Pure.

use std::borrow::Cow;

/// Where the parts of a record are, for each part that is not in its default place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Paths {
    /// The field of the key.
    pub(crate) key: Cow<'static, str>,
    /// The field of the vector.
    pub(crate) vector: Cow<'static, str>,
    /// The fields with metadata, if the shape has its own.
    pub(crate) metadata: &'static [&'static str],
    /// Fields that belong to the shape and are not user data.
    pub(crate) envelope: &'static [&'static str],
    /// The message for a record without a key.
    pub(crate) needs_key: Option<&'static str>,
    /// Whether the model has read only part of the text.
    pub(crate) is_truncated: bool,
}
