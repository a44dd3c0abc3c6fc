//! What a request is signed with.
//!
//! This file holds the values; each source of them has a file of its own beside it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use tokio::sync::RwLock;
use tokio::time::Instant;

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

/// Gives a credential, each time anew.
pub trait Source: fmt::Debug + Send + Sync {
    /// Fetches the credential; the error says what failed and what to do.
    fn fetch(&self) -> Pin<Box<dyn Future<Output = Result<Credential, String>> + Send + '_>>;
}

/// A credential that was given once, by flags or variables, and cannot change.
impl Source for Credential {
    fn fetch(&self) -> Pin<Box<dyn Future<Output = Result<Self, String>> + Send + '_>> {
        Box::pin(std::future::ready(Ok(self.clone())))
    }
}

/// The credential in use, and where a new one comes from.
#[derive(Debug)]
pub struct Credentials {
    /// With the moment since when it is in use; the first one has always been.
    current: RwLock<Option<(Credential, Option<Instant>)>>,
    source: Box<dyn Source>,
}

impl Credentials {
    /// Takes the source; it is asked at the first use.
    pub fn new(source: Box<dyn Source>) -> Self {
        Self { current: RwLock::new(None), source }
    }

    /// The credential in use.
    pub async fn current(&self) -> Result<Credential, String> {
        if let Some((credential, _)) = self.current.read().await.as_ref() {
            return Ok(credential.clone());
        }
        let mut current = self.current.write().await;
        if let Some((credential, _)) = current.as_ref() {
            return Ok(credential.clone());
        }
        Ok(current.insert((self.source.fetch().await?, None)).0.clone())
    }

    /// Asks the source again, unless somebody has since `used`; whether there is another credential now.
    pub async fn refresh(&self, used: Instant) -> bool {
        let mut current = self.current.write().await;
        let old = match current.as_ref() {
            Some((_, Some(since))) if *since > used => return true,
            Some((credential, _)) => Some(credential.clone()),
            None => None,
        };
        match self.source.fetch().await {
            Ok(fresh) if Some(&fresh) != old.as_ref() => {
                *current = Some((fresh, Some(Instant::now())));
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_credential_that_cannot_change_is_not_taken_for_a_fresh_one() {
        let given = Credential {
            access_key_id: "id".to_owned(),
            secret: Secret::new("secret"),
            security_token: None,
            expires_at: None,
        };
        let credentials = Credentials::new(Box::new(given.clone()));
        let used = Instant::now();
        assert_eq!(credentials.current().await, Ok(given));
        assert!(!credentials.refresh(used).await);
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
