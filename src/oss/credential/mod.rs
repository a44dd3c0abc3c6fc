//! What a request is signed with.
//!
//! This file holds the values; where a credential comes from is a [`Recipe`], and each kind of source has a file of its
//! own beside this one.

mod alibabacloud;
mod aliyun_cli;
mod answer;
mod cache;
mod ecs;
mod hidden;
mod oidc;
mod process;
mod recipe;
mod rpc;
mod sts;
#[cfg(test)]
mod testing;
mod uri;
mod web;

use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

pub use alibabacloud::recipe as alibabacloud_recipe;
pub use aliyun_cli::recipe as aliyun_cli_recipe;
pub use cache::{Credentials, Refreshed, Unavailable};
pub(super) use hidden::Hidden;
pub use recipe::{Lack, Recipe, Role, Surroundings, USUAL_DURATION, Words};

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
        return Err(format!("the {what} begins or ends with a quotation mark"));
    }
    if value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    Err(format!("the {what} holds a blank, a line break or a letter beyond ASCII"))
}

/// A credential on its way.
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Credential, String>> + Send + 'a>>;

/// Gives a credential, each time anew.
pub trait Source: fmt::Debug + Send + Sync {
    /// Fetches the credential; the error names the source and says what failed.
    fn fetch(&self) -> Fetching<'_>;

    /// The files that are read for it each time.
    fn files(&self) -> Vec<PathBuf> {
        Vec::new()
    }
}

/// A credential that was given once, by flags or variables, and cannot change.
impl Source for Credential {
    fn fetch(&self) -> Fetching<'_> {
        Box::pin(std::future::ready(Ok(self.clone())))
    }
}

/// How to get at a recipe, each time anew.
pub type Reading = Box<dyn Fn() -> Result<Recipe, String> + Send + Sync>;

/// Looks up each time where the credential comes from, so that a file that was written anew meanwhile counts.
pub struct Reread {
    /// What was read when the program began: good for the first credential.
    first: Mutex<Option<Recipe>>,
    files: Vec<PathBuf>,
    read: Reading,
    surroundings: Surroundings,
}

impl Reread {
    /// Takes the recipe that is known already, and the way to the next ones.
    pub fn new(first: Recipe, read: Reading, surroundings: Surroundings) -> Self {
        let files = first.files().into_iter().map(Path::to_owned).collect();
        Self { first: Mutex::new(Some(first)), files, read, surroundings }
    }

    fn recipe(&self) -> Result<Recipe, String> {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        first.map_or_else(&self.read, Ok)
    }
}

impl fmt::Debug for Reread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Reread").finish_non_exhaustive()
    }
}

impl Source for Reread {
    fn fetch(&self) -> Fetching<'_> {
        Box::pin(async move {
            let source = self.recipe()?.source(&self.surroundings);
            source.fetch().await
        })
    }

    fn files(&self) -> Vec<PathBuf> {
        self.files.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
