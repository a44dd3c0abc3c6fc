//! Where the settings of the cloud service come from: flag > environment > ossutil's file.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::Environment;
use crate::cli::{AddressingStyle, Global};
use crate::exit::{Exit, Failure};
use crate::oss::endpoint::Addressing;
use crate::profile::Profile;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A flag, with its hyphens.
    Flag(String),
    /// A variable.
    Variable(String),
    /// A section of ossutil's file.
    File {
        /// The file.
        path: PathBuf,
        /// The section, without brackets.
        section: String,
    },
    /// One of the places where the vendor's credential libraries look.
    Vendor(&'static str),
    /// What the endpoint itself says: a bucket's URL, or a host of the service.
    Endpoint,
    /// Nobody has said anything.
    Default,
}

impl Origin {
    /// How much it counts: the higher one wins.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Default => 0,
            Self::File { .. } | Self::Vendor(_) | Self::Endpoint => 1,
            Self::Variable(_) => 2,
            Self::Flag(_) => 3,
        }
    }

    /// Whether it is the same flag, variable or place, or the same file, whichever section.
    pub(super) fn is_same_place(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File { path, .. }, Self::File { path: other, .. }) => path == other,
            _ => self == other,
        }
    }

    /// Its kind as one word, for scripts.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Flag(_) => "flag",
            Self::Variable(_) => "variable",
            Self::File { .. } => "file",
            Self::Vendor(_) => "vendor",
            Self::Endpoint => "endpoint",
            Self::Default => "default",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => formatter.write_str(name),
            Self::File { path, section } => write!(formatter, "{} [{section}]", path.display()),
            Self::Vendor(place) => formatter.write_str(place),
            Self::Endpoint => formatter.write_str("the endpoint"),
            Self::Default => formatter.write_str("default"),
        }
    }
}

/// A value, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found<T = String> {
    pub(super) value: T,
    pub(super) origin: Origin,
}

impl<T> Found<T> {
    /// Another value from the same place.
    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> Found<U> {
        Found { value: change(self.value), origin: self.origin }
    }

    pub(super) fn usual(value: T) -> Self {
        Self { value, origin: Origin::Default }
    }
}

/// Where a setting may come from: the flag wins over the variable, the variable over the file.
pub(super) struct Sources<'a> {
    pub(super) global: &'a Global,
    pub(super) environment: &'a Environment,
    pub(super) profile: Profile,
    /// The file that the profile was read from.
    pub(super) file: Option<PathBuf>,
    /// The bucket of which the file may say something of its own.
    pub(super) bucket: Option<&'a str>,
}

impl<'a> Sources<'a> {
    /// Flags, variables and the profile that they choose.
    pub(super) fn read(
        global: &'a Global,
        environment: &'a Environment,
        bucket: Option<&'a str>,
    ) -> Result<Self, Failure> {
        let (profile, file) = profile(global, environment)?;
        Ok(Self { global, environment, profile, file, bucket })
    }

    /// Flags and variables only: a local service and a dry run take nothing from the file.
    pub(super) fn without_file(global: &'a Global, environment: &'a Environment) -> Self {
        Self { global, environment, profile: Profile::default(), file: None, bucket: None }
    }

    /// A setting by its flag, its variable and its key in the file, with where it comes from; an empty value is none.
    /// The flag has the key's name.
    pub(super) fn find(&self, flag: Option<&str>, variable: Option<&str>, key: &str) -> Option<Found> {
        let flag = flag.filter(|value| !value.is_empty()).map(|value| self.by_flag(key, value.to_owned()));
        flag.or_else(|| {
            let name = variable?;
            let value = variable_of(name, self.environment)?;
            Some(Found { value, origin: Origin::Variable(name.to_owned()) })
        })
        .or_else(|| {
            let value = self.profile.value(key, self.bucket)?;
            let path = self.file.clone().unwrap_or_default();
            let origin = Origin::File { path, section: value.section.clone() };
            Some(Found { value: value.text.clone(), origin })
        })
    }

    /// A setting that is no text: its flag, already understood, or its key in the file, or else what is usual.
    pub(super) fn typed<T: FromStr>(
        &self,
        flag: Option<T>,
        key: &str,
        usual: T,
    ) -> Result<Found<T>, Failure> {
        if let Some(value) = flag {
            return Ok(self.by_flag(key, value));
        }
        match self.find(None, None, key) {
            None => Ok(Found::usual(usual)),
            Some(found) => {
                let value = found.value.parse().map_err(|_| in_file(key, &found.value))?;
                Ok(Found { value, origin: found.origin })
            }
        }
    }

    /// A switch: its flag, or `true` in the file.
    pub(super) fn switch(&self, flag: bool, key: &str) -> Found<bool> {
        match (flag, self.find(None, None, key)) {
            (true, _) => self.by_flag(key, true),
            (false, Some(found)) => found.map(|value| value.eq_ignore_ascii_case("true")),
            (false, None) => Found::usual(false),
        }
    }

    #[expect(clippy::unused_self, reason = "reads as the others do")]
    fn by_flag<T>(&self, key: &str, value: T) -> Found<T> {
        Found { value, origin: Origin::Flag(format!("--{key}")) }
    }

    pub(super) fn endpoint(&self) -> Option<Found> {
        self.find(self.global.endpoint.as_deref(), Some("OSS_ENDPOINT"), "endpoint")
    }

    pub(super) fn addressing_style(&self) -> Result<Option<Found<Addressing>>, Failure> {
        const KEY: &str = "addressing-style";
        if let Some(style) = self.global.addressing_style {
            return Ok(Some(self.by_flag(
                KEY,
                match style {
                    AddressingStyle::Virtual => Addressing::Virtual,
                    AddressingStyle::Path => Addressing::Path,
                },
            )));
        }
        let Some(found) = self.find(None, None, KEY) else { return Ok(None) };
        match found.value.as_str() {
            "cname" => Ok(None),
            "virtual" => Ok(Some(found.map(|_| Addressing::Virtual))),
            "path" => Ok(Some(found.map(|_| Addressing::Path))),
            other => Err(in_file(KEY, other)),
        }
    }
}

/// What to say of a value in the file that cannot be what it is.
pub(super) fn in_file(key: &str, value: &str) -> Failure {
    Failure::new(Exit::Client, format!("{key} is {value:?} in the configuration file, which it cannot be"))
        .advise(format!("mend it there, or give --{key}"))
}

/// Reads the profile that flags and variables name from ossutil's file. Only a file that is named must be there.
fn profile(global: &Global, environment: &Environment) -> Result<(Profile, Option<PathBuf>), Failure> {
    let path = config_file(global, environment);
    let name = profile_name(global, environment);
    let is_optional = name.is_none() && path.as_ref().is_none_or(|path| path.origin == Origin::Default);
    let path = path.map(|path| path.value).filter(|path| !is_optional || path.exists());
    let Some(path) = path else { return Ok((Profile::default(), None)) };
    let failed =
        |error: String| Failure::new(Exit::Client, format!("cannot use {}: {error}", path.display()));
    let text = std::fs::read_to_string(&path).map_err(|error| {
        failed(error.to_string()).advise("-c (OSSUTIL_CONFIG_FILE) names another configuration file")
    })?;
    let name = name.map(|name| name.value);
    let profile = Profile::read(&text, name.as_deref())
        .map_err(|error| failed(error.to_string()).advise(error.advice()))?;
    Ok((profile, Some(path)))
}

/// The configuration file; whether it is there is another question. `None` for a user without a home.
pub(super) fn config_file(global: &Global, environment: &Environment) -> Option<Found<PathBuf>> {
    const VARIABLE: &str = "OSSUTIL_CONFIG_FILE";
    if let Some(path) = &global.config_file {
        return Some(Found { value: path.clone(), origin: Origin::Flag("--config-file".to_owned()) });
    }
    if let Some(path) = variable_of(VARIABLE, environment) {
        return Some(Found { value: PathBuf::from(path), origin: Origin::Variable(VARIABLE.to_owned()) });
    }
    let home = variable_of("HOME", environment).map(PathBuf::from).or_else(dirs::home_dir)?;
    Some(Found::usual(home.join(".ossutilconfig")))
}

/// The profile that is asked for by name.
pub(super) fn profile_name(global: &Global, environment: &Environment) -> Option<Found> {
    const VARIABLE: &str = "OSSUTIL_PROFILE";
    let flag =
        global.profile.clone().map(|value| Found { value, origin: Origin::Flag("--profile".to_owned()) });
    flag.or_else(|| {
        let value = variable_of(VARIABLE, environment)?;
        Some(Found { value, origin: Origin::Variable(VARIABLE.to_owned()) })
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
