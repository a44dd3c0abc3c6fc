//! Where the parts of a record of a known form are. Pure.

use std::borrow::Cow;

/// Where the parts of a record are, for each part that is not where it usually is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Paths {
    /// The field of the key.
    pub(crate) key: Cow<'static, str>,
    /// The field of the vector.
    pub(crate) vector: Cow<'static, str>,
    /// The fields that hold metadata, if the shape has any of its own.
    pub(crate) metadata: &'static [&'static str],
    /// What belongs to the shape and is nobody's data.
    pub(crate) envelope: &'static [&'static str],
    /// What to say where the record has no key.
    pub(crate) needs_key: Option<&'static str>,
    /// Whether the model has seen only a part of the text.
    pub(crate) is_truncated: bool,
}
