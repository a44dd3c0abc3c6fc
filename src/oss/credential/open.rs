//! Opens the source that a recipe describes.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::ecs::EcsRole;
use super::oidc::OidcRole;
use super::process::Process;
use super::recipe::{Recipe, Role};
use super::source::{Fetching, Source};
use super::sts::{AssumedRole, Sts};
use super::uri::CredentialUri;
use crate::oss::network::Network;

/// Common to all sources of a run: where their services are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Another address for STS, for tests and for private clouds.
    pub sts_url: Option<String>,
    /// The region of STS, if the profile has none.
    pub sts_region: Option<String>,
    /// Whether to reach STS from inside a VPC, if the profile does not say.
    pub sts_vpc: bool,
    /// Another address for the metadata service, for tests.
    pub metadata_url: Option<String>,
    /// Whether the metadata service must never be asked without a token.
    pub only_with_token: bool,
    /// The network path to all of them except the metadata service.
    pub network: Network,
}

impl Surroundings {
    fn sts(&self, role: &Role) -> Sts {
        Sts { url: self.sts_url(role), network: self.network.clone() }
    }

    /// The address of STS for a role, without a trailing slash.
    fn sts_url(&self, role: &Role) -> String {
        let region = role.region.as_ref().or(self.sts_region.as_ref());
        match (&self.sts_url, region) {
            (Some(url), _) => url.trim_end_matches('/').to_owned(),
            (None, Some(region)) if role.vpc.unwrap_or(self.sts_vpc) => {
                format!("https://sts-vpc.{region}.aliyuncs.com")
            }
            (None, Some(region)) => format!("https://sts.{region}.aliyuncs.com"),
            (None, None) => "https://sts.aliyuncs.com".to_owned(),
        }
    }

    /// The address of the metadata service, without a trailing slash.
    fn metadata(&self) -> String {
        let url = self.metadata_url.as_deref().unwrap_or("http://100.100.100.200");
        url.trim_end_matches('/').to_owned()
    }
}

impl Recipe {
    /// The source that it describes.
    pub fn source(self, around: &Surroundings) -> Box<dyn Source> {
        match self {
            Self::Keys(credential) => Box::new(credential),
            Self::Role { base, role } => {
                let sts = around.sts(&role);
                Box::new(AssumedRole { base: base.source(around), role, sts })
            }
            Self::Oidc { role, provider_arn, token_file } => {
                let sts = around.sts(&role);
                Box::new(OidcRole { role, provider_arn, token_file, sts })
            }
            Self::EcsRole { name, only_with_token } => Box::new(EcsRole {
                name,
                only_with_token: only_with_token || around.only_with_token,
                url: around.metadata(),
            }),
            Self::Process { command, words, timeout } => Box::new(Process { command, words, timeout }),
            Self::Uri(url) => Box::new(CredentialUri { url, network: around.network.clone() }),
        }
    }
}

/// Reads a recipe again each time.
pub type ReadRecipe = Box<dyn Fn() -> Result<Recipe, String> + Send + Sync>;

/// Determines the source of the credential each time, so that changes of the configuration files take effect.
pub struct Reread {
    /// The recipe from the start of the program, used for the first credential.
    first: Mutex<Option<Recipe>>,
    files: Vec<PathBuf>,
    read: ReadRecipe,
    surroundings: Surroundings,
}

impl Reread {
    /// Uses the recipe that is already known first, and `read` from then on.
    pub fn new(first: Recipe, read: ReadRecipe, surroundings: Surroundings) -> Self {
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
    fn sts_has_a_host_for_each_region_and_network() {
        let around = |region: Option<&str>, sts_vpc| Surroundings {
            sts_region: region.map(str::to_owned),
            sts_vpc,
            ..Surroundings::default()
        };
        let plain = Role::new("arn", None);
        let own = Role { region: Some("own".to_owned()), vpc: Some(false), ..plain.clone() };
        for (role, around, url) in [
            (&plain, around(None, false), "https://sts.aliyuncs.com"),
            (&plain, around(None, true), "https://sts.aliyuncs.com"),
            (&plain, around(Some("r"), false), "https://sts.r.aliyuncs.com"),
            (&plain, around(Some("r"), true), "https://sts-vpc.r.aliyuncs.com"),
            (&own, around(Some("r"), true), "https://sts.own.aliyuncs.com"),
        ] {
            assert_eq!(around.sts_url(role), url);
        }
        let elsewhere = Surroundings { sts_url: Some("http://here/".to_owned()), ..Surroundings::default() };
        assert_eq!(elsewhere.sts_url(&own), "http://here");
    }
}
