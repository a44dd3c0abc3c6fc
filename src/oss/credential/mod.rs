//! What a request is signed with.
//!
//! This file holds the values; each source of them has a file of its own beside it.

use std::fmt;

use super::time::Timestamp;

/// Text that must never be seen: an access key's secret, a security token.
///
/// It has no `Display` and no `Serialize`, and its `Debug` prints `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Gives the text out, for signing or for a header that carries it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// An access key, perhaps a temporary one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The public part.
    pub access_key_id: String,
    /// The part that signs.
    pub secret: Secret,
    /// The token that goes with a temporary access key.
    pub security_token: Option<Secret>,
    /// When a temporary access key ends.
    pub expires_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::{Credential, Secret};

    #[test]
    fn debug_output_holds_no_secret() {
        let credential = Credential {
            access_key_id: "id".to_owned(),
            secret: Secret::new("hidden-key"),
            security_token: Some(Secret::new("hidden-token")),
            expires_at: None,
        };
        let text = format!("{credential:#?}");
        assert!(text.contains("***") && !text.contains("hidden"), "{text}");
    }
}
