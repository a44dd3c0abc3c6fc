//! What a request is signed with, as values; `credential` has their sources.

use std::fmt;

use super::time::Timestamp;

/// Text that must never be shown: an access key's secret, a security token.
///
/// It has no `Display` and no `Serialize`, and its `Debug` prints `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text, to sign with or for a header that carries it.
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
    /// The token of a temporary access key.
    pub security_token: Option<Secret>,
    /// When a temporary access key expires.
    pub expires_at: Option<Timestamp>,
}

/// Whether a value begins or ends with a quotation mark that a shell or a file did not remove.
pub fn is_quoted(value: &str) -> bool {
    let is_mark = |mark: char| matches!(mark, '"' | '\'' | '`' | '\u{2018}'..='\u{201f}' | '«' | '»');
    let value = value.trim();
    value.starts_with(is_mark) || value.ends_with(is_mark)
}

/// Checks that a part of a credential is valid in a header. Files and secret stores often add a line break at the end.
pub fn unbroken(what: &str, value: &str) -> Result<(), String> {
    if is_quoted(value) {
        return Err(format!("the {what} starts or ends with a quotation mark"));
    }
    if value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    Err(format!("the {what} contains whitespace or a character outside ASCII"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_credential_that_was_copied_badly_is_told_without_it() {
        let told = ["\"hush\"", "hush\n"].map(|value| unbroken("access key ID", value).unwrap_err());
        insta::assert_snapshot!(told.join("\n"), @"
        the access key ID starts or ends with a quotation mark
        the access key ID contains whitespace or a character outside ASCII
        ");
    }

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
