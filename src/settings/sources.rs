//! Where the settings of the cloud service come from: flag > environment > ossutil's file.

use std::path::PathBuf;

use super::Environment;
use crate::cli::{AddressingStyle, Global};
use crate::exit::{Exit, Failure};
use crate::oss::endpoint::Addressing;
use crate::profile::Profile;
use crate::values::Period;

/// Where a setting may come from: the flag wins over the variable, the variable over the file.
pub(super) struct Sources<'a> {
    pub(super) global: &'a Global,
    pub(super) environment: &'a Environment,
    pub(super) profile: Profile,
}

impl Sources<'_> {
    /// A setting by its flag, its variable and its key in the file; an empty value is none.
    pub(super) fn given(&self, flag: Option<&String>, variable: &str, key: &str) -> Option<String> {
        let flag = flag.filter(|value| !value.is_empty()).cloned();
        let file = || self.profile.get(key).map(str::to_owned);
        flag.or_else(|| variable_of(variable, self.environment)).or_else(file)
    }

    pub(super) fn endpoint(&self) -> Option<String> {
        self.given(self.global.endpoint.as_ref(), "OSS_ENDPOINT", "endpoint")
    }

    pub(super) fn addressing_style(&self) -> Result<Option<Addressing>, Failure> {
        if let Some(style) = self.global.addressing_style {
            return Ok(Some(match style {
                AddressingStyle::Virtual => Addressing::Virtual,
                AddressingStyle::Path => Addressing::Path,
            }));
        }
        match self.profile.get("addressing-style") {
            None | Some("cname") => Ok(None),
            Some("virtual") => Ok(Some(Addressing::Virtual)),
            Some("path") => Ok(Some(Addressing::Path)),
            Some(other) => Err(in_file("addressing-style", other)),
        }
    }

    /// The flags about the network, filled up from the file.
    pub(super) fn network(&self) -> Result<Global, Failure> {
        let period = |flag: Option<Period>, key: &str| match (flag, self.profile.get(key)) {
            (None, Some(text)) => text.parse().map(Some).map_err(|_| in_file(key, text)),
            (flag, _) => Ok(flag),
        };
        let skips =
            self.profile.get("skip-verify-cert").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        Ok(Global {
            connect_timeout: period(self.global.connect_timeout, "connect-timeout")?,
            read_timeout: period(self.global.read_timeout, "read-timeout")?,
            skip_verify_cert: self.global.skip_verify_cert || skips,
            ..self.global.clone()
        })
    }
}

fn in_file(key: &str, value: &str) -> Failure {
    Failure::new(Exit::Client, format!("{key} is {value:?} in the configuration file, which it cannot be"))
}

/// Reads the profile that flags and variables name from ossutil's file. Only a file that is named must be there.
pub(super) fn profile(global: &Global, environment: &Environment) -> Result<Profile, Failure> {
    let named = global
        .config_file
        .clone()
        .or_else(|| variable_of("OSSUTIL_CONFIG_FILE", environment).map(PathBuf::from));
    let home = variable_of("HOME", environment).map(PathBuf::from).or_else(dirs::home_dir);
    let name = global.profile.clone().or_else(|| variable_of("OSSUTIL_PROFILE", environment));
    let usual = home.map(|home| home.join(".ossutilconfig")).filter(|path| name.is_some() || path.exists());
    let Some(path) = named.or(usual) else { return Ok(Profile::default()) };
    let failed =
        |error: String| Failure::new(Exit::Client, format!("cannot use {}: {error}", path.display()));
    let text = std::fs::read_to_string(&path).map_err(|error| {
        failed(error.to_string()).advise("-c (OSSUTIL_CONFIG_FILE) names another configuration file")
    })?;
    Profile::read(&text, name.as_deref()).map_err(|error| {
        failed(error.to_string()).advise("--profile (OSSUTIL_PROFILE) chooses a profile of the file")
    })
}

/// A variable; an empty one is none.
pub(super) fn variable_of(name: &str, environment: &Environment) -> Option<String> {
    environment.get(name).filter(|value| !value.is_empty()).cloned()
}

/// What to say when a setting that is needed is nowhere.
pub(super) fn missing(what: &str, flag: &str, variable: &str, key: &str) -> Failure {
    Failure::new(Exit::Client, format!("no {what}")).advise(format!(
        "set {flag}, {variable} or {key} in ~/.ossutilconfig; or try everything without an account with --local"
    ))
}
