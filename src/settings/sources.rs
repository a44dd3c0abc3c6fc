//! Where the settings of the cloud service come from: flag > environment > ossutil's file.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::environment::{Environment, variable_of};
use crate::cli::{AddressingStyle, Global};
use crate::exit::{Exit, Failure};
use crate::oss::endpoint::{Addressing, from_bucket_url};
use crate::profile::{NoDefault, Profile};

/// Retries of one request, wherever nobody says otherwise.
const RETRIES: u32 = 100;

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

/// A setting that a flag, a variable and a key of the file can say. The flag has the key's name.
pub(super) struct Setting {
    /// In words.
    what: &'static str,
    variable: &'static str,
    key: &'static str,
}

impl Setting {
    const fn new(what: &'static str, variable: &'static str, key: &'static str) -> Self {
        Self { what, variable, key }
    }

    /// Its flag and its variable, for somebody who lacks it.
    pub(super) fn options(&self) -> String {
        format!("--{} ({})", self.key, self.variable)
    }
}

pub(super) const ACCESS_KEY_ID: Setting = Setting::new("access key id", "OSS_ACCESS_KEY_ID", "access-key-id");
pub(super) const ACCESS_KEY_SECRET: Setting =
    Setting::new("access key secret", "OSS_ACCESS_KEY_SECRET", "access-key-secret");
pub(super) const STS_TOKEN: Setting = Setting::new("security token", "OSS_SESSION_TOKEN", "sts-token");
pub(super) const ROLE_ARN: Setting = Setting::new("role", "OSS_ROLE_ARN", "role-arn");
pub(super) const ROLE_SESSION_NAME: Setting =
    Setting::new("name of the role's session", "OSS_ROLE_SESSION_NAME", "role-session-name");
pub(super) const REGION: Setting = Setting::new("region", "OSS_REGION", "region");
pub(super) const ACCOUNT_ID: Setting = Setting::new("account id", "OSS_ACCOUNT_ID", "account-id");
pub(super) const ENDPOINT: Setting = Setting::new("endpoint", "OSS_ENDPOINT", "endpoint");

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

    /// What is wrong with the value, told with its place.
    pub(super) fn blamed(&self, key: &str, failure: Failure) -> Failure {
        let exit = if matches!(self.origin, Origin::Flag(_)) { Exit::Usage } else { Exit::Client };
        let place = match &self.origin {
            Origin::File { .. } => format!("{key} in {}", self.origin),
            origin => origin.to_string(),
        };
        Failure { exit, message: format!("{place}: {}", failure.message), ..failure }
    }
}

/// Where a setting may come from: the flag wins over the variable, the variable over the file.
pub(super) struct Sources<'a> {
    pub(super) global: &'a Global,
    pub(super) environment: &'a Environment,
    pub(super) profile: Profile,
    /// The file that the profile was read from.
    pub(super) file: Option<PathBuf>,
    /// Why a file that says something gives no profile, where nobody names one.
    pub(super) unused: Option<NoDefault>,
    /// The bucket of which the file may say something of its own.
    pub(super) bucket: Option<String>,
}

impl<'a> Sources<'a> {
    /// Flags, variables and the profile that they choose. Without a bucket it is the one whose URL is the endpoint.
    pub(super) fn read(
        global: &'a Global,
        environment: &'a Environment,
        bucket: Option<&str>,
    ) -> Result<Self, Failure> {
        let ReadProfile { profile, file, unused } = profile(global, environment)?;
        let bucket = bucket.filter(|bucket| !bucket.is_empty()).map(str::to_owned);
        let sources = Self { global, environment, profile, file, unused, bucket };
        let of_url = || from_bucket_url(&sources.endpoint()?.value).map(|(_, target)| target.bucket);
        let bucket = sources.bucket.clone().or_else(of_url);
        Ok(Self { bucket, ..sources })
    }

    /// Flags and variables only: a local service and a dry run take nothing from the file.
    pub(super) fn without_file(global: &'a Global, environment: &'a Environment) -> Self {
        Self { global, environment, profile: Profile::default(), file: None, unused: None, bucket: None }
    }

    /// A setting by its flag, its variable and its key in the file, with where it comes from; an empty value is none.
    /// The flag has the key's name.
    pub(super) fn find(&self, flag: Option<&str>, variable: Option<&str>, key: &str) -> Option<Found> {
        let flag = flag.filter(|value| !value.is_empty()).map(|value| by_flag(key, value.to_owned()));
        flag.or_else(|| {
            let name = variable?;
            let value = variable_of(name, self.environment)?;
            Some(Found { value, origin: Origin::Variable(name.to_owned()) })
        })
        .or_else(|| {
            let value = self.profile.value(key, self.bucket.as_deref())?;
            let path = self.file.clone().unwrap_or_default();
            let origin = Origin::File { path, section: value.section.clone() };
            Some(Found { value: value.text.clone(), origin })
        })
    }

    /// The same for a setting that has all three.
    pub(super) fn setting(&self, flag: Option<&str>, setting: &Setting) -> Option<Found> {
        self.find(flag, Some(setting.variable), setting.key)
    }

    /// What to say when a setting that is needed is nowhere.
    pub(super) fn missing(&self, Setting { what, variable, key }: &Setting) -> Failure {
        self.with_unused(Failure::new(Exit::Client, format!("no {what}")).advise(format!(
            "set --{key}, {variable} or {key} in {}; or try everything without an account with --local",
            self.file_name()
        )))
    }

    /// What to say when something is nowhere, after why the file was of no use.
    pub(super) fn with_unused(&self, failure: Failure) -> Failure {
        let Some(unused) = &self.unused else { return failure };
        let advice = failure.advice.map_or_else(String::new, |advice| format!("; or {advice}"));
        let message = format!("{}; {} is not used: {unused}", failure.message, self.file_name());
        Failure { message, advice: Some(unused.advice() + &advice), ..failure }
    }

    /// What to say of a file that is of no use where the credential comes from somewhere else: it was probably meant.
    pub(super) fn unused_note(&self, credential: &Origin) -> Option<String> {
        let unused = self.unused.as_ref()?;
        let is_named =
            config_file(self.global, self.environment).is_some_and(|file| file.origin != Origin::Default);
        (is_named || matches!(credential, Origin::Vendor(_)))
            .then(|| format!("note: {} is not used: {unused}; {}", self.file_name(), unused.advice()))
    }

    /// The configuration file, as people know it.
    pub(super) fn file_name(&self) -> String {
        match config_file(self.global, self.environment) {
            Some(Found { value, origin: Origin::Flag(_) | Origin::Variable(_) }) => {
                value.display().to_string()
            }
            _ => "~/.ossutilconfig".to_owned(),
        }
    }

    /// A setting that is no text: its flag, already understood, or its key in the file, or else what is usual.
    pub(super) fn typed<T: FromStr<Err: fmt::Display>>(
        &self,
        flag: Option<T>,
        key: &str,
        usual: T,
    ) -> Result<Found<T>, Failure> {
        if let Some(value) = flag {
            return Ok(by_flag(key, value));
        }
        let Some(found) = self.find(None, None, key) else { return Ok(Found::usual(usual)) };
        let value = found.value.parse().map_err(|error: T::Err| not_this(&found, key, &error.to_string()))?;
        Ok(Found { value, origin: found.origin })
    }

    pub(super) fn retry_times(&self) -> Result<Found<u32>, Failure> {
        self.typed(self.global.retry_times, "retry-times", RETRIES)
    }

    pub(super) fn endpoint(&self) -> Option<Found> {
        self.setting(self.global.endpoint.as_deref(), &ENDPOINT)
    }

    pub(super) fn addressing_style(&self) -> Result<Option<Found<Addressing>>, Failure> {
        const KEY: &str = "addressing-style";
        // What is usual depends on the endpoint, so that nobody's word must be told from it.
        let said = self.global.addressing_style.is_some() || self.find(None, None, KEY).is_some();
        let style = self.typed(self.global.addressing_style, KEY, AddressingStyle::Virtual)?;
        Ok(said.then(|| {
            style.map(|style| match style {
                AddressingStyle::Path => Addressing::Path,
                AddressingStyle::Virtual | AddressingStyle::Cname => Addressing::Virtual,
            })
        }))
    }
}

fn by_flag<T>(key: &str, value: T) -> Found<T> {
    Found { value, origin: Origin::Flag(format!("--{key}")) }
}

/// What to say of a value that cannot be what it is, and why.
pub(super) fn not_this(found: &Found, key: &str, why: &str) -> Failure {
    let failure = Failure::new(Exit::Client, format!("it cannot be {:?}: {why}", found.value));
    found.blamed(key, failure.advise(format!("mend it there, or give --{key}")))
}

/// What ossutil's file says.
#[derive(Default)]
struct ReadProfile {
    profile: Profile,
    file: Option<PathBuf>,
    unused: Option<NoDefault>,
}

/// Reads the profile that flags and variables name from ossutil's file. Only a file that is named must be there.
fn profile(global: &Global, environment: &Environment) -> Result<ReadProfile, Failure> {
    let path = config_file(global, environment);
    let name = profile_name(global, environment);
    let is_optional = name.is_none() && path.as_ref().is_none_or(|path| path.origin == Origin::Default);
    let path = path.map(|path| path.value).filter(|path| !is_optional || path.exists());
    let Some(path) = path else { return Ok(ReadProfile::default()) };
    let failed =
        |error: String| Failure::new(Exit::Client, format!("cannot use {}: {error}", path.display()));
    let text = std::fs::read_to_string(&path).map_err(|error| {
        failed(error.to_string()).advise("-c (OSSUTIL_CONFIG_FILE) names another configuration file")
    })?;
    let name = name.map(|name| name.value);
    let profile = Profile::read(&text, name.as_deref())
        .map_err(|error| failed(error.to_string()).advise(error.advice()))?;
    let unused = if name.is_none() { NoDefault::of(&text) } else { None };
    Ok(ReadProfile { profile, file: Some(path), unused })
}

/// The configuration file; whether it is there is another question. `None` for a user without a home.
pub(super) fn config_file(global: &Global, environment: &Environment) -> Option<Found<PathBuf>> {
    const VARIABLE: &str = "OSSUTIL_CONFIG_FILE";
    if let Some(path) = global.config_file.as_ref().filter(|path| !path.as_os_str().is_empty()) {
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
    let flag = global.profile.clone().filter(|name| !name.is_empty());
    let flag = flag.map(|value| Found { value, origin: Origin::Flag("--profile".to_owned()) });
    flag.or_else(|| {
        let value = variable_of(VARIABLE, environment)?;
        Some(Found { value, origin: Origin::Variable(VARIABLE.to_owned()) })
    })
}
