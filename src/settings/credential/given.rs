//! The credential settings in flags, variables and ossutil's file, and the recipe that they make.

use std::time::Duration;

use crate::cli::Mode;
use crate::exit::Failure;
use crate::oss::credential::{Recipe, Role, Words};
use crate::oss::secret::{Credential, Secret};
use crate::profile::folded;
use crate::setting::{
    ACCESS_KEY_ID, ACCESS_KEY_SECRET, CREDENTIAL_PROCESS, CREDENTIAL_PROCESS_TIMEOUT, CREDENTIAL_URI,
    ECS_ROLE_NAME, MODE, OIDC_PROVIDER_ARN, OIDC_TOKEN_FILE_PATH, ROLE_ARN, ROLE_SESSION_NAME, STS_TOKEN,
    Setting,
};
use crate::settings::check::{unbroken, usage, wrong};
use crate::settings::sources::{Found, Origin, Sources, not_this, usual};
use crate::values::Period;

/// Maximum timeout of a credential process.
const MOST_PROCESS_TIMEOUT: Duration = Duration::from_mins(10);

/// The keys of the file that determine the source of a credential.
pub(super) const TELLING_KEYS: [&Setting; 6] =
    [&MODE, &ACCESS_KEY_ID, &CREDENTIAL_PROCESS, &CREDENTIAL_URI, &OIDC_PROVIDER_ARN, &ECS_ROLE_NAME];

/// The settings in flags, variables and ossutil's file.
pub(super) struct Given<'a> {
    pub(super) sources: &'a Sources<'a>,
}

impl Given<'_> {
    fn file(&self, setting: &Setting) -> Option<String> {
        self.sources.profile.get(setting.name).map(str::to_owned)
    }

    fn access_key_id(&self) -> Option<Found> {
        self.sources.find(self.sources.global.access_key_id.as_deref(), &ACCESS_KEY_ID)
    }

    fn access_key_secret(&self) -> Option<Found> {
        let flag = self.sources.global.access_key_secret.as_ref().map(Secret::expose);
        self.sources.find(flag, &ACCESS_KEY_SECRET)
    }

    pub(super) fn any_token(&self) -> Option<Found> {
        let flag = self.sources.global.sts_token.as_ref().map(Secret::expose);
        self.sources.find(flag, &STS_TOKEN)
    }

    /// The token of the access key. One from a weaker source than the access key's ID belongs to another key.
    pub(super) fn token(&self) -> Option<Found> {
        let weakest = self.access_key_id().map_or(0, |id| id.origin.rank());
        self.any_token().filter(|token| token.origin.rank() >= weakest)
    }

    /// Refuses a token on the command line with a key from another source, since it would belong to another key.
    pub(super) fn check_token(&self) -> Result<(), Failure> {
        let is_flag = |found: &Found| matches!(found.origin, Origin::Flag(_));
        if self.token().is_some_and(|token| is_flag(&token))
            && !self.access_key_id().is_some_and(|id| is_flag(&id))
        {
            return Err(usage("--sts-token requires --access-key-id")
                .advise("pass both, or set OSS_SESSION_TOKEN together with OSS_ACCESS_KEY_ID"));
        }
        Ok(())
    }

    fn role_arn(&self) -> Option<Found> {
        self.sources.find(self.sources.global.role_arn.as_deref(), &ROLE_ARN)
    }

    /// Whether a part of an access key is given outside the file.
    pub(super) fn has_keys(&self) -> bool {
        let parts = [self.access_key_id(), self.access_key_secret()];
        parts.iter().flatten().any(|part| !matches!(part.origin, Origin::File { .. }))
    }

    /// Whether the settings explicitly say that the access key itself signs.
    fn means_the_key_itself(&self) -> bool {
        match self.sources.global.mode {
            Some(mode) => matches!(mode, Mode::Ak | Mode::StsToken),
            None if self.has_keys() => false,
            None => matches!(self.mode().as_deref(), Some("ak" | "ststoken")),
        }
    }

    /// The file's mode, in any spelling.
    fn mode(&self) -> Option<String> {
        self.file(&MODE).as_deref().map(folded)
    }

    /// The origin of the first of these settings that is given.
    pub(super) fn origin(&self, settings: &[&Setting]) -> Origin {
        let flag = self.sources.global.access_key_id.as_deref();
        let find =
            |setting: &&Setting| self.sources.find(flag.filter(|_| **setting == ACCESS_KEY_ID), setting);
        settings.iter().find_map(find).map_or(Origin::Default, |found| found.origin)
    }

    fn session_name(&self) -> Option<String> {
        let flag = self.sources.global.role_session_name.as_deref();
        self.sources.find(flag, &ROLE_SESSION_NAME).map(|found| found.value)
    }

    /// The recipe, or the role from a flag or variable that it assumes.
    pub(super) fn assuming(&self, base: Recipe) -> Recipe {
        let is_meant = |origin: &Origin| match origin {
            Origin::Flag(_) => true,
            Origin::Variable(_) => !self.means_the_key_itself(),
            _ => false,
        };
        match self.role_arn().filter(|arn| is_meant(&arn.origin)) {
            Some(arn) => {
                Recipe::Role { base: Box::new(base), role: Role::new(arn.value, self.session_name()) }
            }
            None => base,
        }
    }

    /// The role from outside the file, or else from the file.
    fn role(&self) -> Result<Role, Failure> {
        let arn = self.role_arn().ok_or_else(|| self.sources.missing(&ROLE_ARN))?;
        Ok(Role::new(arn.value, self.session_name()))
    }

    /// The access key, with or without a token.
    pub(super) fn keys(&self, with_token: bool) -> Result<Recipe, Failure> {
        let id = self.access_key_id().ok_or_else(|| self.sources.missing(&ACCESS_KEY_ID))?;
        let secret = self.access_key_secret().ok_or_else(|| self.sources.missing(&ACCESS_KEY_SECRET))?;
        let token = self.token().filter(|_| with_token);
        let checked =
            [(&ACCESS_KEY_ID, Some(&id)), (&ACCESS_KEY_SECRET, Some(&secret)), (&STS_TOKEN, token.as_ref())];
        for (setting, found) in checked {
            if let Some(found) = found {
                unbroken(setting.noun, &found.value).map_err(|failure| found.blamed(setting, failure))?;
            }
        }
        Ok(Recipe::Keys(Credential {
            access_key_id: id.value,
            secret: Secret::new(secret.value),
            security_token: token.map(|token| Secret::new(token.value)),
            expires_at: None,
        }))
    }

    fn keys_with_token(&self) -> Result<Recipe, Failure> {
        self.token().ok_or_else(|| {
            let failure = self.sources.missing(&STS_TOKEN);
            match self.any_token() {
                Some(Found { origin, .. }) => Failure {
                    message: format!(
                        "{}: the one in {origin} belongs to another access key",
                        failure.message
                    ),
                    ..failure
                },
                None => failure,
            }
        })?;
        self.keys(true)
    }

    fn assumed(&self) -> Result<Recipe, Failure> {
        Ok(Recipe::Role { base: Box::new(self.keys(true)?), role: self.role()? })
    }

    pub(super) fn by_flag(&self, mode: Mode) -> Result<Recipe, Failure> {
        match mode {
            Mode::Ak => self.keys(false),
            Mode::StsToken => self.keys_with_token(),
            Mode::RamRoleArn => self.assumed(),
            Mode::EcsRamRole => Ok(self.ecs_role(false)),
            Mode::Anonymous => Err(usage(ANONYMOUS).advise("remove --mode, or see docs/credentials.md")),
        }
    }

    fn ecs_role(&self, only_with_token: bool) -> Recipe {
        Recipe::EcsRole { name: self.file(&ECS_ROLE_NAME), only_with_token }
    }

    /// The missing parts of an access key, perhaps with a role. Only these have parts in several places.
    pub(super) fn missing(&self) -> Vec<&'static Setting> {
        const KEYS: [&Setting; 2] = [&ACCESS_KEY_ID, &ACCESS_KEY_SECRET];
        let has_key = || KEYS.into_iter().any(|setting| self.file(setting).is_some());
        let (is_key, more) = match (self.sources.global.mode, self.has_keys(), self.mode().as_deref()) {
            (Some(Mode::Ak), ..) | (None, true, _) | (None, false, Some("ak")) => (true, None),
            (Some(Mode::StsToken), ..) | (None, false, Some("ststoken")) => (true, Some(&STS_TOKEN)),
            (Some(Mode::RamRoleArn), ..) | (None, false, Some("ramrolearn")) => (true, Some(&ROLE_ARN)),
            (None, false, None) => (has_key(), None),
            _ => (false, None),
        };
        let needed = KEYS.into_iter().chain(more).filter(|_| is_key);
        let is_given = |setting: &Setting| match *setting {
            ACCESS_KEY_ID => self.access_key_id().is_some(),
            ACCESS_KEY_SECRET => self.access_key_secret().is_some(),
            STS_TOKEN => self.any_token().is_some(),
            _ => self.role_arn().is_some(),
        };
        needed.filter(|setting| !is_given(setting)).collect()
    }

    /// The recipe in the file's profile, by its mode or by its keys; `None` if it has none.
    pub(super) fn by_file(&self) -> Result<Option<Recipe>, Failure> {
        let has = |setting: &Setting| self.file(setting).is_some();
        let recipe = match self.mode().as_deref() {
            Some("ak") => self.keys(true)?,
            Some("ststoken") => self.keys_with_token()?,
            Some("ramrolearn") => self.assumed()?,
            Some("ecsramrole") => self.ecs_role(false),
            Some("aliecsramrole") => self.ecs_role(true),
            Some("oidcrolearn" | "oidc") => self.oidc()?,
            Some("process") => self.process()?,
            Some("credentialuri" | "credentialsuri" | "uri") => self.uri()?,
            Some("anonymous") => {
                return Err(self.wrong(&[&MODE], ANONYMOUS).advise("choose another profile with --profile"));
            }
            Some(_) => return Err(self.unknown_mode()),
            None if has(&ACCESS_KEY_ID) || has(&ACCESS_KEY_SECRET) => {
                if has(&ROLE_ARN) {
                    self.assumed()?
                } else {
                    self.keys(true)?
                }
            }
            None if has(&CREDENTIAL_PROCESS) => self.process()?,
            None if has(&CREDENTIAL_URI) => self.uri()?,
            None if has(&OIDC_PROVIDER_ARN) => self.oidc()?,
            None if has(&ECS_ROLE_NAME) => self.ecs_role(false),
            None => return Ok(None),
        };
        Ok(Some(recipe))
    }

    fn oidc(&self) -> Result<Recipe, Failure> {
        Ok(Recipe::Oidc {
            provider_arn: self.needed(&OIDC_PROVIDER_ARN)?,
            token_file: self.needed(&OIDC_TOKEN_FILE_PATH)?.into(),
            role: self.role()?,
        })
    }

    fn process(&self) -> Result<Recipe, Failure> {
        let setting = &CREDENTIAL_PROCESS_TIMEOUT;
        let found = self.sources.find(None, setting).unwrap_or_else(|| usual(setting));
        let period: Option<Period> = found.value.parse().ok();
        let period = period.filter(|period| !period.0.is_zero() && period.0 <= MOST_PROCESS_TIMEOUT);
        let wrong =
            || not_this(&found, setting, "expected 1 to 600 seconds").advise("use a time such as 30 or 2m");
        let timeout = period.map(|period| period.0).ok_or_else(wrong)?;
        let command = Secret::new(self.needed(&CREDENTIAL_PROCESS)?);
        Ok(Recipe::Process { command, words: Words::Shell, timeout })
    }

    fn uri(&self) -> Result<Recipe, Failure> {
        Ok(Recipe::Uri(Secret::new(self.needed(&CREDENTIAL_URI)?)))
    }

    /// A key that its mode requires.
    fn needed(&self, setting: &Setting) -> Result<String, Failure> {
        self.file(setting).ok_or_else(|| {
            self.wrong(&TELLING_KEYS, format!("{} is missing", setting.name))
                .advise("add it; docs/credentials.md lists the keys of each mode")
        })
    }

    fn unknown_mode(&self) -> Failure {
        let mode = self.file(&MODE).unwrap_or_default();
        self.wrong(&[&MODE], format!("unknown mode {mode:?}")).advise(
            "use AK, StsToken, RamRoleArn, EcsRamRole, Ali-EcsRamRole, oidcRoleArn, Process or credential-uri",
        )
    }

    /// The failure of the file, with the place of the first of these keys that is given.
    fn wrong(&self, settings: &[&Setting], message: impl Into<String>) -> Failure {
        let found = settings.iter().find_map(|setting| Some((setting, self.sources.find(None, setting)?)));
        let failure = wrong(message);
        match found {
            Some((setting, found)) => found.blamed(setting, failure),
            None => failure,
        }
    }
}

const ANONYMOUS: &str = "mode Anonymous is not supported: vector buckets accept only signed requests";
