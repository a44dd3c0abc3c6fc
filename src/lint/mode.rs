//! What happens to odd vectors.

/// What happens to vectors that the service stores but that impair search results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// They are stored, counted and reported.
    #[default]
    Note,
    /// They are rejected.
    Deny,
    /// They are not looked for.
    Off,
}
