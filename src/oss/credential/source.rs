//! The interface of a credential source.

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

use crate::oss::secret::Credential;

/// A pending credential.
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Credential, String>> + Send + 'a>>;

/// Gives a credential, fetched again each time.
pub trait Source: fmt::Debug + Send + Sync {
    /// Fetches the credential; the error names the source and says what failed.
    fn fetch(&self) -> Fetching<'_>;

    /// The files that are read each time.
    fn files(&self) -> Vec<PathBuf> {
        Vec::new()
    }
}

/// A credential from flags or variables, which cannot change.
impl Source for Credential {
    fn fetch(&self) -> Fetching<'_> {
        Box::pin(std::future::ready(Ok(self.clone())))
    }
}
