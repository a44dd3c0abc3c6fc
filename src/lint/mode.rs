//! What becomes of odd vectors.

/// What becomes of vectors that the service stores and search results suffer from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// They are stored, counted and noted.
    #[default]
    Note,
    /// They are rejected.
    Deny,
    /// Nobody looks for them.
    Off,
}
