//! The sources of the cloud service's settings, in order of precedence: flag, environment, ossutil's file.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::environment::{Environment, variable_of};
use crate::cli::{AddressingStyle, Global};
use crate::exit::{ErrorCode, Failure};
use crate::oss::endpoint::{Addressing, from_bucket_url};
use crate::profile::{NoDefault, Profile};
use crate::setting::{ADDRESSING_STYLE, CONFIG_FILE, ENDPOINT, Fallback, Key, PROFILE, RETRY_TIMES, Setting};
use crate::values::Times;

/// The origin of a value.
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
    /// The endpoint itself: a bucket's URL, or a host of the service.
    Endpoint,
    /// The default.
    Default,
}

impl Origin {
    /// Its precedence: the higher one wins.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Default => 0,
            Self::File { .. } | Self::Vendor(_) | Self::Endpoint => 1,
            Self::Variable(_) => 2,
            Self::Flag(_) => 3,
        }
    }

    /// Whether it is the same flag, variable or place, or the same file in any section.
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

/// A value, and its origin.
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

    /// The failure for the value, with its place.
    pub(super) fn blamed(&self, setting: &Setting, failure: Failure) -> Failure {
        let message = format!("{}: {}", self.place(setting), failure.message);
        Failure { code: self.code(), message, ..failure }
    }

    /// The place of the value.
    pub(super) fn place(&self, setting: &Setting) -> String {
        match &self.origin {
            Origin::File { .. } => format!("{} in {}", setting.name, self.origin),
            origin => origin.to_string(),
        }
    }

    /// The code of an error in the value.
    fn code(&self) -> ErrorCode {
        if matches!(self.origin, Origin::Flag(_)) { ErrorCode::Usage } else { ErrorCode::InvalidSetting }
    }
}

/// The sources of settings: a flag takes precedence over a variable, and a variable over the file.
pub(super) struct Sources<'a> {
    pub(super) global: &'a Global,
    pub(super) environment: &'a Environment,
    pub(super) profile: Profile,
    /// The file that the profile was read from.
    pub(super) file: Option<PathBuf>,
    /// Why a file with settings gives no profile, if none is named.
    pub(super) unused: Option<NoDefault>,
    /// The bucket for which the file may have settings of its own.
    pub(super) bucket: Option<String>,
}

impl<'a> Sources<'a> {
    /// Flags, variables and the profile that they choose. Without a bucket it is the one in the endpoint's URL.
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

    /// A setting and its origin: from its flag, or else its variable, or else the file; empty values do not count.
    pub(super) fn find(&self, flag: Option<&str>, setting: &Setting) -> Option<Found> {
        outside(flag, setting, self.environment).or_else(|| {
            let is_in_file = setting.key != Key::None;
            let value = self.profile.value(setting.name, self.bucket.as_deref()).filter(|_| is_in_file)?;
            let path = self.file.clone().unwrap_or_default();
            let origin = Origin::File { path, section: value.section.clone() };
            Some(Found { value: value.text.clone(), origin })
        })
    }

    /// The failure if a required setting is missing.
    pub(super) fn missing(&self, setting: &Setting) -> Failure {
        self.with_unused(
            Failure::new(ErrorCode::MissingSetting, format!("no {} is set", setting.noun)).advise(format!(
                "set {}; or use --local to try a load without an account",
                setting.choices(&self.file_name())
            )),
        )
    }

    /// The failure if something is missing, with why the file was not used.
    pub(super) fn with_unused(&self, failure: Failure) -> Failure {
        let Some(unused) = &self.unused else { return failure };
        let advice = failure.advice.map_or_else(String::new, |advice| format!("; or {advice}"));
        let message = format!("{}; {} is ignored: {unused}", failure.message, self.file_name());
        Failure { message, advice: Some(unused.advice() + &advice), ..failure }
    }

    /// The note about an unused file if the credential comes from elsewhere, since the file was probably meant.
    pub(super) fn unused_note(&self, credential: &Origin) -> Option<String> {
        let unused = self.unused.as_ref()?;
        let is_named =
            config_file(self.global, self.environment).is_some_and(|file| file.origin != Origin::Default);
        (is_named || matches!(credential, Origin::Vendor(_)))
            .then(|| format!("{} is ignored: {unused}; {}", self.file_name(), unused.advice()))
    }

    /// The name of the configuration file, for people.
    pub(super) fn file_name(&self) -> String {
        match config_file(self.global, self.environment) {
            Some(Found { value, origin: Origin::Flag(_) | Origin::Variable(_) }) => {
                value.display().to_string()
            }
            _ => usual(&CONFIG_FILE).value,
        }
    }

    /// A setting with a type: its parsed flag, or its key in the file, or else its default.
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
        let found = self.typed(self.global.retry_times.map(Times), &RETRY_TIMES)?;
        Ok(found.map(|Times(times)| times))
    }

    pub(super) fn endpoint(&self) -> Option<Found> {
        self.find(self.global.endpoint.as_deref(), &ENDPOINT)
    }

    pub(super) fn addressing_style(&self) -> Result<Option<Found<Addressing>>, Failure> {
        let style = self.typed(self.global.addressing_style, &ADDRESSING_STYLE)?;
        // The default depends on the endpoint, so only an explicit value counts.
        Ok(Some(style).filter(|style| style.origin != Origin::Default).map(|style| {
            style.map(|style| match style {
                AddressingStyle::Path => Addressing::Path,
                AddressingStyle::Virtual | AddressingStyle::Cname => Addressing::Virtual,
            })
        }))
    }
}

/// A setting from its flag or variable.
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

/// The default of a setting.
pub(super) fn usual(setting: &Setting) -> Found {
    Found::usual(match setting.fallback {
        Fallback::Value(value) => value.to_owned(),
        Fallback::None | Fallback::Words(_) => String::new(),
    })
}

/// The failure for an invalid value, with the reason.
pub(super) fn not_this(found: &Found, setting: &Setting, why: &str) -> Failure {
    let message = format!("invalid value {:?} for {}: {why}", found.value, found.place(setting));
    Failure::new(found.code(), message)
        .advise(format!("fix it there, or override it with {}", setting.option()))
}

/// The content of ossutil's file.
#[derive(Default)]
struct ReadProfile {
    profile: Profile,
    file: Option<PathBuf>,
    unused: Option<NoDefault>,
}

/// Reads the profile that flags and variables choose from ossutil's file. Only a file that is named must exist.
fn profile(global: &Global, environment: &Environment) -> Result<ReadProfile, Failure> {
    let path = config_file(global, environment);
    let name = profile_name(global, environment);
    let is_optional = name.is_none() && path.as_ref().is_none_or(|path| path.origin == Origin::Default);
    let path = path.map(|path| path.value).filter(|path| !is_optional || path.exists());
    let Some(path) = path else { return Ok(ReadProfile::default()) };
    let failed = |error: String| {
        Failure::new(ErrorCode::InvalidSetting, format!("cannot use {}: {error}", path.display()))
    };
    let text =
        std::fs::read_to_string(&path).map_err(|error| failed(error.to_string()).advise(another_file()))?;
    let name = name.map(|name| name.value);
    let profile = Profile::read(&text, name.as_deref())
        .map_err(|error| failed(error.to_string()).advise(error.advice()))?;
    let unused = if name.is_none() { NoDefault::of(&text) } else { None };
    Ok(ReadProfile { profile, file: Some(path), unused })
}

/// How to name another configuration file if one cannot be used.
pub(crate) fn another_file() -> String {
    let variables = CONFIG_FILE.variables().join(", ");
    format!("choose another configuration file with -c ({variables})")
}

/// The configuration file, whether or not it exists. `None` for a user without a home directory.
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

/// The name of the requested profile.
pub(super) fn profile_name(global: &Global, environment: &Environment) -> Option<Found> {
    outside(global.profile.as_deref(), &PROFILE, environment)
}

#[cfg(test)]
mod tests {
    use crate::settings::tests::{all_refused, all_refused_by_file};

    #[test]
    fn a_value_that_cannot_be_read_is_told_with_its_place() {
        let told = all_refused_by_file([
            "connect-timeout = 0",
            "read-timeout = long",
            "retry-times = often",
            "addressing-style = sideways",
            "skip-verify-cert = yes",
            "loglevel = loud",
            "region = CN",
            "lost",
        ]);
        insta::assert_snapshot!(told, @r#"
        invalid value "0" for connect-timeout in conf [default]: expected a time above 0
            fix it there, or override it with --connect-timeout
        invalid value "long" for read-timeout in conf [default]: unknown unit "long": expected ms, s, m, h, d, w, M or y
            fix it there, or override it with --read-timeout
        no region, account ID or access key is set
            set --region (OSS_REGION, region), --account-id (OSS_ACCOUNT_ID, account-id), --access-key-id (OSS_ACCESS_KEY_ID, access-key-id), --access-key-secret (OSS_ACCESS_KEY_SECRET, access-key-secret); or run ossvec config init to save what all loads share in conf; or use --local to try a load without an account
        invalid value "sideways" for addressing-style in conf [default]: expected virtual, path or cname
            fix it there, or override it with --addressing-style
        invalid value "yes" for skip-verify-cert in conf [default]: expected true or false
            fix it there, or override it with --skip-verify-cert
        invalid value "loud" for loglevel in conf [default]: expected off, info or debug
            fix it there, or override it with --loglevel
        region in conf [default]: invalid region ID "CN": expected an ID such as cn-hangzhou
            use the ID that the console shows next to the region's name
        cannot use conf: line 2 is not a section, a key with a value or a comment
            fix line 2, or start it with # to comment it out
        "#);
    }

    #[test]
    fn a_file_that_cannot_be_used_is_told_with_how_to_name_another() {
        let told = all_refused([
            "put-vectors a --bucket bkt -c /no/such/file",
            "OSSUTIL_CONFIG_FILE=/no/such/file put-vectors a --bucket bkt",
            "put-vectors a --bucket bkt -c /dev/null --profile nobody",
        ]);
        insta::assert_snapshot!(told, @"
        cannot use /no/such/file: No such file or directory (os error 2)
            choose another configuration file with -c (OSSUTIL_CONFIG_FILE)
        cannot use /no/such/file: No such file or directory (os error 2)
            choose another configuration file with -c (OSSUTIL_CONFIG_FILE)
        cannot use /dev/null: there is no section [profile nobody]
            choose an existing profile with --profile (OSSUTIL_PROFILE)
        ");
    }
}
