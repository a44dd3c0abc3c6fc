//! The source of the credential, in order of precedence: flags, variables, ossutil's file, the [places of the vendor's
//! credential libraries](super::vendor).
//!
//! The first place that is configured counts. If it fails, the error is reported: the program never silently acts under
//! another identity.

mod given;

use std::path::PathBuf;

use self::given::{Given, TELLING_KEYS};
use super::connection::Connection;
use super::environment::{Environment, variable_of};
use super::sources::{Found, Origin, Sources};
use super::vendor::{self, is_true};
use crate::cli::Global;
use crate::exit::Failure;
use crate::oss::credential::{ReadRecipe, Recipe, Reread, Source, Surroundings};
use crate::oss::network::Network;
use crate::setting::variables::{
    ALIBABA_CLOUD_CONFIG_FILE, ALIBABA_CLOUD_CREDENTIALS_FILE, ALIBABA_CLOUD_IMDSV1_DISABLED,
    ALIBABA_CLOUD_STS_REGION, ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED, OSSVEC_ECS_METADATA_URL, OSSVEC_STS_URL,
};
use crate::setting::{ACCESS_KEY_ID, MODE, Setting};

/// The source of the credential, and its origin. An invalid configuration is reported now, not at the first request.
pub(super) fn source(sources: &Sources<'_>) -> Result<Found<Box<dyn Source>>, Failure> {
    let Found { value: first, origin } = find(sources)?;
    let surroundings = surroundings(sources.environment, Connection::find(sources)?.network()?);
    let reread: ReadRecipe = if is_read_once(sources) {
        let first = first.clone();
        Box::new(move || Ok(first.clone()))
    } else {
        let (global, environment) = (sources.global.clone(), sources.environment.clone());
        let known = Known {
            origin: origin.clone(),
            file: sources.file.clone(),
            is_empty: sources.profile.is_empty(),
        };
        Box::new(move || known.anew(&global, &environment))
    };
    Ok(Found { value: Box::new(Reread::new(first, reread, surroundings)), origin })
}

/// Whether a file that may affect the credential is a pipe or similar, which cannot be read again.
fn is_read_once(sources: &Sources<'_>) -> bool {
    let named = [ALIBABA_CLOUD_CONFIG_FILE, ALIBABA_CLOUD_CREDENTIALS_FILE];
    let named = named.iter().filter_map(|name| variable_of(name, sources.environment)).map(PathBuf::from);
    let mut files = sources.file.iter().cloned().chain(named);
    files.any(|path| std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()))
}

/// The result of the first reading; later ones must match it.
struct Known {
    origin: Origin,
    file: Option<PathBuf>,
    /// Whether the file had no settings.
    is_empty: bool,
}

impl Known {
    /// Reads again. A file that is gone, or partly written, must not change the identity.
    fn anew(&self, global: &Global, environment: &Environment) -> Result<Recipe, String> {
        let told = |failure: Failure| failure.message;
        let sources = Sources::read(global, environment, None).map_err(told)?;
        if let Some(file) = self.file.as_ref().filter(|_| !self.is_empty && sources.profile.is_empty()) {
            return Err(format!("{} is empty or missing, but was not at the start", file.display()));
        }
        let Found { value, origin } = find(&sources).map_err(told)?;
        if origin.is_same_place(&self.origin) {
            return Ok(value);
        }
        Err(format!("the credential came from {}, but would now come from {origin}", self.origin))
    }
}

fn surroundings(environment: &Environment, network: Network) -> Surroundings {
    Surroundings {
        sts_url: variable_of(OSSVEC_STS_URL, environment),
        sts_region: variable_of(ALIBABA_CLOUD_STS_REGION, environment),
        sts_vpc: is_true(ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED, environment),
        metadata_url: variable_of(OSSVEC_ECS_METADATA_URL, environment),
        only_with_token: is_true(ALIBABA_CLOUD_IMDSV1_DISABLED, environment),
        network,
    }
}

/// The recipe of the credential, and its origin.
pub(super) fn find(sources: &Sources<'_>) -> Result<Found<Recipe>, Failure> {
    let given = Given { sources };
    given.check_token()?;
    let base = match (sources.global.mode, given.has_keys()) {
        (Some(mode), _) => Found { value: given.by_flag(mode)?, origin: Origin::Flag(MODE.option()) },
        // A user who gives an access key has decided; the file's mode is for others.
        (None, true) => Found { value: given.keys(true)?, origin: given.origin(&[&ACCESS_KEY_ID]) },
        (None, false) => {
            let Some(value) = given.by_file()? else {
                let (base, place) = vendor::recipe(sources.environment, &sources.file_name())
                    .map_err(|failure| sources.with_unused(failure))?;
                return Ok(Found { value: given.assuming(base), origin: Origin::Vendor(place) });
            };
            Found { value, origin: given.origin(&TELLING_KEYS) }
        }
    };
    // These already include the role from flags or variables.
    let has_role = matches!(base.value, Recipe::Role { .. } | Recipe::Oidc { .. });
    Ok(if has_role { base } else { base.map(|base| given.assuming(base)) })
}

/// The missing settings of a credential that is partly given.
pub(super) fn missing(sources: &Sources<'_>) -> Vec<&'static Setting> {
    Given { sources }.missing()
}

/// Whether nothing about a credential is given, valid or not.
pub(super) fn is_absent(sources: &Sources<'_>) -> bool {
    let given = Given { sources };
    let is_said = sources.global.mode.is_some() || given.has_keys() || given.any_token().is_some();
    !is_said && matches!(given.by_file(), Ok(None)) && !vendor::is_configured(sources.environment)
}

/// The token of the access key, if there is one.
pub(super) fn token(sources: &Sources<'_>) -> Option<Found> {
    Given { sources }.token()
}

#[cfg(test)]
mod tests;
