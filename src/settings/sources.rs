//! Where the settings of the cloud service come from: flag > environment > ossutil's file.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::environment::{Environment, variable_of};
use crate::cli::{AddressingStyle, Global};
use crate::exit::{Exit, Failure};
use crate::oss::endpoint::{Addressing, from_bucket_url};
use crate::profile::{NoDefault, Profile};
use crate::setting::{ADDRESSING_STYLE, CONFIG_FILE, ENDPOINT, Fallback, Key, PROFILE, RETRY_TIMES, Setting};

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

    /// What is wrong with the value, told with its place.
    pub(super) fn blamed(&self, setting: &Setting, failure: Failure) -> Failure {
        let exit = if matches!(self.origin, Origin::Flag(_)) { Exit::Usage } else { Exit::Client };
        let place = match &self.origin {
            Origin::File { .. } => format!("{} in {}", setting.name, self.origin),
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

    /// A setting with where it comes from: what its flag says, else its variable, else the file; an empty value is none.
    pub(super) fn find(&self, flag: Option<&str>, setting: &Setting) -> Option<Found> {
        outside(flag, setting, self.environment).or_else(|| {
            let is_in_file = setting.key != Key::None;
            let value = self.profile.value(setting.name, self.bucket.as_deref()).filter(|_| is_in_file)?;
            let path = self.file.clone().unwrap_or_default();
            let origin = Origin::File { path, section: value.section.clone() };
            Some(Found { value: value.text.clone(), origin })
        })
    }

    /// What to say when a setting that is needed is nowhere.
    pub(super) fn missing(&self, setting: &Setting) -> Failure {
        self.with_unused(Failure::new(Exit::Client, format!("no {}", setting.noun)).advise(format!(
            "set {}; or try everything without an account with --local",
            setting.choices(&self.file_name())
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
            _ => usual(&CONFIG_FILE).value,
        }
    }

    /// A setting that is no text: its flag, already understood, or its key in the file, or else its default.
    pub(super) fn typed<T: FromStr<Err: fmt::Display>>(
        &self,
        flag: Option<T>,
        setting: &Setting,
    ) -> Result<Found<T>, Failure> {
        if let Some(value) = flag {
            return Ok(by_flag(setting, value));
        }
        let found = self.find(None, setting).unwrap_or_else(|| usual(setting));
        let value = found.value.parse();
        let value = value.map_err(|error: T::Err| not_this(&found, setting, &error.to_string()))?;
        Ok(Found { value, origin: found.origin })
    }

    pub(super) fn retry_times(&self) -> Result<Found<u32>, Failure> {
        self.typed(self.global.retry_times, &RETRY_TIMES)
    }

    pub(super) fn endpoint(&self) -> Option<Found> {
        self.find(self.global.endpoint.as_deref(), &ENDPOINT)
    }

    pub(super) fn addressing_style(&self) -> Result<Option<Found<Addressing>>, Failure> {
        let style = self.typed(self.global.addressing_style, &ADDRESSING_STYLE)?;
        // What is usual depends on the endpoint, so that nobody's word must be told from it.
        Ok(Some(style).filter(|style| style.origin != Origin::Default).map(|style| {
            style.map(|style| match style {
                AddressingStyle::Path => Addressing::Path,
                AddressingStyle::Virtual | AddressingStyle::Cname => Addressing::Virtual,
            })
        }))
    }
}

/// What flag or variable say of a setting.
fn outside(flag: Option<&str>, setting: &Setting, environment: &Environment) -> Option<Found> {
    let flag = flag.filter(|value| !value.is_empty()).map(|value| by_flag(setting, value.to_owned()));
    flag.or_else(|| {
        let name = setting.variable()?;
        let value = variable_of(name, environment)?;
        Some(Found { value, origin: Origin::Variable(name.to_owned()) })
    })
}

fn by_flag<T>(setting: &Setting, value: T) -> Found<T> {
    Found { value, origin: Origin::Flag(setting.option()) }
}

/// What counts where nobody has said anything.
pub(super) fn usual(setting: &Setting) -> Found {
    Found::usual(match setting.fallback {
        Fallback::Value(value) => value.to_owned(),
        Fallback::None | Fallback::Words(_) => String::new(),
    })
}

/// What to say of a value that cannot be what it is, and why.
pub(super) fn not_this(found: &Found, setting: &Setting, why: &str) -> Failure {
    let failure = Failure::new(Exit::Client, format!("it cannot be {:?}: {why}", found.value));
    found.blamed(setting, failure.advise(format!("mend it there, or give {}", setting.option())))
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
    let text =
        std::fs::read_to_string(&path).map_err(|error| failed(error.to_string()).advise(another_file()))?;
    let name = name.map(|name| name.value);
    let profile = Profile::read(&text, name.as_deref())
        .map_err(|error| failed(error.to_string()).advise(error.advice()))?;
    let unused = if name.is_none() { NoDefault::of(&text) } else { None };
    Ok(ReadProfile { profile, file: Some(path), unused })
}

/// How to name another configuration file than one that cannot be used.
pub(crate) fn another_file() -> String {
    let variables = CONFIG_FILE.variables().join(", ");
    format!("-c ({variables}) names another configuration file")
}

/// The configuration file; whether it is there is another question. `None` for a user without a home.
pub(super) fn config_file(global: &Global, environment: &Environment) -> Option<Found<PathBuf>> {
    if let Some(path) = global.config_file.as_ref().filter(|path| !path.as_os_str().is_empty()) {
        return Some(by_flag(&CONFIG_FILE, path.clone()));
    }
    if let Some(found) = outside(None, &CONFIG_FILE, environment) {
        return Some(found.map(PathBuf::from));
    }
    let home = variable_of("HOME", environment).map(PathBuf::from).or_else(dirs::home_dir)?;
    Some(Found::usual(home.join(".ossutilconfig")))
}

/// The profile that is asked for by name.
pub(super) fn profile_name(global: &Global, environment: &Environment) -> Option<Found> {
    outside(global.profile.as_deref(), &PROFILE, environment)
}
