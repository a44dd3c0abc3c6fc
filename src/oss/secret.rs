//! What a request is signed with, as values; where they come from is the business of `credential`.

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

/// Whether a value begins or ends with a quotation mark, which a shell or a file has kept that does not read them.
pub fn is_quoted(value: &str) -> bool {
    let is_mark = |mark: char| matches!(mark, '"' | '\'' | '`' | '\u{2018}'..='\u{201f}' | '«' | '»');
    let value = value.trim();
    value.starts_with(is_mark) || value.ends_with(is_mark)
}

/// Whether a part of a credential can stand in a header. A line break at the end is what a file or a secret store often
/// adds.
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
