//! Which source the credential comes from: flags > variables > ossutil's file > the [places of the vendor's credential
//! libraries](super::vendor).
//!
//! The first place that is configured counts. If it then fails, that is told; nobody acts as somebody else in silence.

use std::path::PathBuf;
use std::time::Duration;

use super::service::Network;
use super::sources::{
    ACCESS_KEY_ID, ACCESS_KEY_SECRET, Found, Origin, ROLE_ARN, ROLE_SESSION_NAME, STS_TOKEN, Sources,
    not_this,
};
use super::vendor::{self, is_true};
use super::{Environment, unbroken, usage, variable_of};
use crate::cli::{Global, Mode};
use crate::exit::{Exit, Failure};
use crate::oss::credential::{
    Credential, Reading, Recipe, Reread, Role, Secret, Source, Surroundings, Words,
};
use crate::oss::network;
use crate::profile::folded;
use crate::values::Period;

/// The time that ossutil gives a credential process, and the most that it can be given.
const PROCESS_TIMEOUT: Duration = Duration::from_secs(15);
const MOST_PROCESS_TIMEOUT: Duration = Duration::from_mins(10);

/// The source of the credential, and who says so. What is wrong with the configuration is told now, not at the first
/// request.
pub(super) fn source(sources: &Sources<'_>) -> Result<Found<Box<dyn Source>>, Failure> {
    let Found { value: first, origin } = find(sources)?;
    let surroundings = surroundings(sources.environment, Network::find(sources)?.way()?);
    let reread: Reading = if is_read_once(sources) {
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

/// Whether a file that may tell of the credential is a pipe or the like: a second reading would find nothing.
fn is_read_once(sources: &Sources<'_>) -> bool {
    let named = ["ALIBABA_CLOUD_CONFIG_FILE", "ALIBABA_CLOUD_CREDENTIALS_FILE"];
    let named = named.iter().filter_map(|name| variable_of(name, sources.environment)).map(PathBuf::from);
    let mut files = sources.file.iter().cloned().chain(named);
    files.any(|path| std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()))
}

/// What the first reading found, to which later ones are held.
struct Known {
    origin: Origin,
    file: Option<PathBuf>,
    /// Whether the file said nothing.
    is_empty: bool,
}

impl Known {
    /// Reads again. A file that is gone, or just being written, must not make anybody act as somebody else.
    fn anew(&self, global: &Global, environment: &Environment) -> Result<Recipe, String> {
        let told = |failure: Failure| failure.message;
        let sources = Sources::read(global, environment, None).map_err(told)?;
        if let Some(file) = self.file.as_ref().filter(|_| !self.is_empty && sources.profile.is_empty()) {
            return Err(format!("{} is empty or gone; it was not when this began", file.display()));
        }
        let Found { value, origin } = find(&sources).map_err(told)?;
        if origin.is_same_place(&self.origin) {
            return Ok(value);
        }
        Err(format!("the credential came from {}, and would now come from {origin}", self.origin))
    }
}

fn surroundings(environment: &Environment, network: network::Network) -> Surroundings {
    Surroundings {
        sts_url: variable_of("OSSVEC_STS_URL", environment),
        sts_region: variable_of("ALIBABA_CLOUD_STS_REGION", environment),
        sts_vpc: is_true("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED", environment),
        metadata_url: variable_of("OSSVEC_ECS_METADATA_URL", environment),
        only_with_token: is_true("ALIBABA_CLOUD_IMDSV1_DISABLED", environment),
        network,
    }
}

/// Where the credential comes from, and who says so.
pub(super) fn find(sources: &Sources<'_>) -> Result<Found<Recipe>, Failure> {
    let given = Given { sources };
    given.check_token()?;
    let base = match (sources.global.mode, given.has_keys()) {
        (Some(mode), _) => Found { value: given.by_flag(mode)?, origin: Origin::Flag("--mode".to_owned()) },
        // Whoever hands over an access key has decided; the file's mode is for those who do not.
        (None, true) => Found { value: given.keys(true)?, origin: given.origin(&["access-key-id"]) },
        (None, false) => {
            let Some(value) = given.by_file()? else {
                let (base, place) = vendor::recipe(sources.environment, &sources.file_name())
                    .map_err(|failure| sources.with_unused(failure))?;
                return Ok(Found { value: given.assuming(base), origin: Origin::Vendor(place) });
            };
            Found { value, origin: given.origin(&TELLING_KEYS) }
        }
    };
    // These have taken the role that is named outside for the one of the file.
    let has_role = matches!(base.value, Recipe::Role { .. } | Recipe::Oidc { .. });
    Ok(if has_role { base } else { base.map(|base| given.assuming(base)) })
}

/// Whether nobody says anything of a credential, neither right nor wrong.
pub(super) fn is_absent(sources: &Sources<'_>) -> bool {
    let given = Given { sources };
    let is_said = sources.global.mode.is_some() || given.has_keys() || given.any_token().is_some();
    !is_said && matches!(given.by_file(), Ok(None)) && !vendor::is_configured(sources.environment)
}

/// The token that goes with the access key, if there is one.
pub(super) fn token(sources: &Sources<'_>) -> Option<Found> {
    Given { sources }.token()
}

/// The keys of the file by which one can tell where a credential comes from.
const TELLING_KEYS: [&str; 6] =
    ["mode", "access-key-id", "credential-process", "credential-uri", "oidc-provider-arn", "ecs-role-name"];

/// What flags, variables and ossutil's file give.
struct Given<'a> {
    sources: &'a Sources<'a>,
}

impl Given<'_> {
    fn file(&self, key: &str) -> Option<String> {
        self.sources.profile.get(key).map(str::to_owned)
    }

    fn access_key_id(&self) -> Option<Found> {
        self.sources.setting(self.sources.global.access_key_id.as_deref(), &ACCESS_KEY_ID)
    }

    fn access_key_secret(&self) -> Option<Found> {
        let flag = self.sources.global.access_key_secret.as_ref().map(Secret::expose);
        self.sources.setting(flag, &ACCESS_KEY_SECRET)
    }

    fn any_token(&self) -> Option<Found> {
        let flag = self.sources.global.sts_token.as_ref().map(Secret::expose);
        self.sources.setting(flag, &STS_TOKEN)
    }

    /// A token belongs to one access key: one in a weaker place than the access key's id is another's.
    fn token(&self) -> Option<Found> {
        let weakest = self.access_key_id().map_or(0, |id| id.origin.rank());
        self.any_token().filter(|token| token.origin.rank() >= weakest)
    }

    /// A token on the command line would make a key of somewhere else another one.
    fn check_token(&self) -> Result<(), Failure> {
        let is_flag = |found: &Found| matches!(found.origin, Origin::Flag(_));
        if self.token().is_some_and(|token| is_flag(&token))
            && !self.access_key_id().is_some_and(|id| is_flag(&id))
        {
            return Err(usage("--sts-token belongs to an access key id, and --access-key-id is not given")
                .advise("give the id too, or set OSS_SESSION_TOKEN beside OSS_ACCESS_KEY_ID"));
        }
        Ok(())
    }

    fn role_arn(&self) -> Option<Found> {
        self.sources.setting(self.sources.global.role_arn.as_deref(), &ROLE_ARN)
    }

    /// Whether a part of an access key is given outside the file.
    fn has_keys(&self) -> bool {
        let parts = [self.access_key_id(), self.access_key_secret()];
        parts.iter().flatten().any(|part| !matches!(part.origin, Origin::File { .. }))
    }

    /// Whether somebody says in so many words that the access key itself signs.
    fn means_the_key_itself(&self) -> bool {
        match self.sources.global.mode {
            Some(mode) => matches!(mode, Mode::Ak | Mode::StsToken),
            None if self.has_keys() => false,
            None => matches!(self.mode().as_deref(), Some("ak" | "ststoken")),
        }
    }

    /// The file's mode, in any spelling.
    fn mode(&self) -> Option<String> {
        self.file("mode").as_deref().map(folded)
    }

    /// Where the first of these keys that is given is given.
    fn origin(&self, keys: &[&str]) -> Origin {
        let flag = self.sources.global.access_key_id.as_deref();
        let find = |key: &&str| match *key {
            "access-key-id" => self.sources.find(flag, Some("OSS_ACCESS_KEY_ID"), key),
            _ => self.sources.find(None, None, key),
        };
        keys.iter().find_map(find).map_or(Origin::Default, |found| found.origin)
    }

    fn session_name(&self) -> Option<String> {
        let flag = self.sources.global.role_session_name.as_deref();
        self.sources.setting(flag, &ROLE_SESSION_NAME).map(|found| found.value)
    }

    /// The same, or the role named by flag or variable that it assumes.
    fn assuming(&self, base: Recipe) -> Recipe {
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

    /// The role that is named outside, else in the file.
    fn role(&self) -> Result<Role, Failure> {
        let arn = self.role_arn().ok_or_else(|| self.sources.missing(&ROLE_ARN))?;
        Ok(Role::new(arn.value, self.session_name()))
    }

    /// The access key, with a token or without.
    fn keys(&self, with_token: bool) -> Result<Recipe, Failure> {
        let id = self.access_key_id().ok_or_else(|| self.sources.missing(&ACCESS_KEY_ID))?;
        let secret = self.access_key_secret().ok_or_else(|| self.sources.missing(&ACCESS_KEY_SECRET))?;
        let token = self.token().filter(|_| with_token);
        let checked = [
            ("access-key-id", "access key id", Some(&id)),
            ("access-key-secret", "access key secret", Some(&secret)),
            ("sts-token", "security token", token.as_ref()),
        ];
        for (key, what, found) in checked {
            if let Some(found) = found {
                unbroken(what, &found.value).map_err(|failure| found.blamed(key, failure))?;
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
                        "{}: the one in {origin} is not for this access key id",
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

    fn by_flag(&self, mode: Mode) -> Result<Recipe, Failure> {
        match mode {
            Mode::Ak => self.keys(false),
            Mode::StsToken => self.keys_with_token(),
            Mode::RamRoleArn => self.assumed(),
            Mode::EcsRamRole => Ok(self.ecs_role(false)),
            Mode::Anonymous => Err(usage(ANONYMOUS).advise("leave out --mode, or see docs/credentials.md")),
        }
    }

    fn ecs_role(&self, only_with_token: bool) -> Recipe {
        Recipe::EcsRole { name: self.file("ecs-role-name"), only_with_token }
    }

    /// What the file's profile says, by its mode or by the keys that it has; nothing if it says nothing.
    fn by_file(&self) -> Result<Option<Recipe>, Failure> {
        let has = |key: &str| self.file(key).is_some();
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
                return Err(self.wrong(&["mode"], ANONYMOUS).advise("choose another profile with --profile"));
            }
            Some(_) => return Err(self.unknown_mode()),
            None if has("access-key-id") || has("access-key-secret") => {
                if has("role-arn") {
                    self.assumed()?
                } else {
                    self.keys(true)?
                }
            }
            None if has("credential-process") => self.process()?,
            None if has("credential-uri") => self.uri()?,
            None if has("oidc-provider-arn") => self.oidc()?,
            None if has("ecs-role-name") => self.ecs_role(false),
            None => return Ok(None),
        };
        Ok(Some(recipe))
    }

    fn oidc(&self) -> Result<Recipe, Failure> {
        Ok(Recipe::Oidc {
            provider_arn: self.needed("oidc-provider-arn")?,
            token_file: self.needed("oidc-token-file-path")?.into(),
            role: self.role()?,
        })
    }

    fn process(&self) -> Result<Recipe, Failure> {
        const KEY: &str = "credential-process-timeout";
        let timeout = match self.sources.find(None, None, KEY) {
            None => PROCESS_TIMEOUT,
            Some(found) => {
                let period: Option<Period> = found.value.parse().ok();
                let period = period.filter(|period| !period.0.is_zero() && period.0 <= MOST_PROCESS_TIMEOUT);
                let why = "it is a time of 1 to 600 seconds";
                let wrong = || not_this(&found, KEY, why).advise("write for example 30, or 2m");
                period.map(|period| period.0).ok_or_else(wrong)?
            }
        };
        let command = Secret::new(self.needed("credential-process")?);
        Ok(Recipe::Process { command, words: Words::Shell, timeout })
    }

    fn uri(&self) -> Result<Recipe, Failure> {
        Ok(Recipe::Uri(Secret::new(self.needed("credential-uri")?)))
    }

    /// A key that its mode cannot do without.
    fn needed(&self, key: &str) -> Result<String, Failure> {
        self.file(key).ok_or_else(|| {
            self.wrong(&TELLING_KEYS, format!("there is no {key}"))
                .advise("its mode cannot do without; docs/credentials.md lists the keys of each mode")
        })
    }

    fn unknown_mode(&self) -> Failure {
        let mode = self.file("mode").unwrap_or_default();
        self.wrong(&["mode"], format!("{mode:?} is unknown")).advise(
            "AK, StsToken, RamRoleArn, EcsRamRole, Ali-EcsRamRole, oidcRoleArn, Process and credential-uri are known",
        )
    }

    /// What is wrong with the file, told with the place of the first of these keys that is there.
    fn wrong(&self, keys: &[&str], message: impl Into<String>) -> Failure {
        let found = keys.iter().find_map(|key| Some((key, self.sources.find(None, None, key)?)));
        let failure = wrong(message);
        match found {
            Some((key, found)) => found.blamed(key, failure),
            None => failure,
        }
    }
}

const ANONYMOUS: &str = "mode Anonymous is of no use here: vector buckets take only signed requests";

/// What is wrong outside the command line.
pub(super) fn wrong(message: impl Into<String>) -> Failure {
    Failure::new(Exit::Client, message)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;
    use crate::profile::Profile;

    fn global(flags: &str) -> Global {
        let words = ["ossvec", "put-vectors", "a"].into_iter().chain(flags.split_whitespace());
        Cli::try_parse_from(words).unwrap().global
    }

    fn environment(variables: &str) -> Environment {
        let home = ("HOME".to_owned(), "/no/such/home".to_owned());
        let pairs = variables.split_whitespace().map(|pair| pair.split_once('=').unwrap());
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).chain([home]).collect()
    }

    fn resolved(flags: &str, variables: &str, file: &str) -> Result<Recipe, Failure> {
        let profile = Profile::read(&format!("[default]\n{file}"), None).unwrap();
        let (global, environment) = (global(flags), environment(variables));
        find(&Sources { profile, ..Sources::without_file(&global, &environment) }).map(|found| found.value)
    }

    fn keys(id: &str, token: Option<&str>) -> Recipe {
        Recipe::Keys(Credential {
            access_key_id: id.to_owned(),
            secret: Secret::new("s"),
            security_token: token.map(Secret::new),
            expires_at: None,
        })
    }

    fn assumed(base: Recipe, arn: &str, session_name: Option<&str>) -> Recipe {
        Recipe::Role { base: Box::new(base), role: Role::new(arn, session_name.map(str::to_owned)) }
    }

    fn ecs(name: Option<&str>, only_with_token: bool) -> Recipe {
        Recipe::EcsRole { name: name.map(str::to_owned), only_with_token }
    }

    fn process(seconds: u64) -> Recipe {
        let command = Secret::new("get --x");
        Recipe::Process { command, words: Words::Shell, timeout: Duration::from_secs(seconds) }
    }

    const OUTER: &str = "OSS_ACCESS_KEY_ID=e OSS_ACCESS_KEY_SECRET=s";
    const FILE: &str = "access-key-id = f\naccess-key-secret = s\n";

    #[test]
    fn flags_win_over_variables_and_these_over_the_file() {
        let with = |more: &str| format!("{FILE}{more}");
        for (flags, variables, file, want) in [
            ("-i g -k s", OUTER, with("mode = Process"), keys("g", None)),
            ("-i g", OUTER, FILE.to_owned(), keys("g", None)),
            ("", OUTER, with("mode = EcsRamRole"), keys("e", None)),
            ("", "OSS_SESSION_TOKEN=t", FILE.to_owned(), keys("f", Some("t"))),
            ("", "", with("mode = StsToken\nsts-token = t"), keys("f", Some("t"))),
            ("--mode AK", "OSS_SESSION_TOKEN=t", FILE.to_owned(), keys("f", None)),
            ("--mode ststoken -i g -t u", "OSS_SESSION_TOKEN=t", FILE.to_owned(), keys("g", Some("u"))),
            ("--mode EcsRamRole", OUTER, with("ecs-role-name = worker"), ecs(Some("worker"), false)),
            ("--role-arn r", "OSS_ROLE_ARN=q", FILE.to_owned(), assumed(keys("f", None), "r", None)),
            (
                "",
                &format!("{OUTER} OSS_ROLE_ARN=q"),
                with("role-arn = p"),
                assumed(keys("e", None), "q", None),
            ),
            (
                "--mode RamRoleArn --role-session-name n",
                "",
                with("role-arn = p"),
                assumed(keys("f", None), "p", Some("n")),
            ),
            (
                "",
                "OSS_ROLE_SESSION_NAME=n",
                with("mode = RamRoleArn\nrole-arn = p\nrole-session-name = m"),
                assumed(keys("f", None), "p", Some("n")),
            ),
            ("--mode EcsRamRole --role-arn r", "", String::new(), assumed(ecs(None, false), "r", None)),
        ] {
            assert_eq!(resolved(flags, variables, &file), Ok(want), "{flags} | {variables} | {file}");
        }
    }

    #[test]
    fn each_mode_of_the_file_is_known_also_by_its_keys_alone() {
        let oidc = "role-arn = p\noidc-provider-arn = o\noidc-token-file-path = /t\n";
        let oidc_recipe = |arn: &str| Recipe::Oidc {
            role: Role::new(arn, None),
            provider_arn: "o".to_owned(),
            token_file: "/t".into(),
        };
        let uri = Recipe::Uri(Secret::new("http://u"));
        for (variables, file, want) in [
            ("", "mode = Ali-EcsRamRole".to_owned(), ecs(None, true)),
            ("", "ecs_role_name = worker".to_owned(), ecs(Some("worker"), false)),
            ("", format!("mode = oidcRoleArn\n{oidc}"), oidc_recipe("p")),
            ("OSS_ROLE_ARN=q", oidc.to_owned(), oidc_recipe("q")),
            ("", "mode = Process\ncredential-process = get --x".to_owned(), process(15)),
            ("", "credentialProcess = get --x\ncredential-process-timeout = 600".to_owned(), process(600)),
            ("", "mode = credential-uri\ncredential-uri = http://u".to_owned(), uri.clone()),
            ("", "credential-uri = http://u".to_owned(), uri),
            ("", format!("{FILE}role-arn = p"), assumed(keys("f", None), "p", None)),
        ] {
            assert_eq!(resolved("", variables, &file), Ok(want), "{file}");
        }
    }

    #[test]
    fn what_cannot_be_says_so_and_never_goes_on_elsewhere() {
        for (flags, file, exit, said) in [
            ("", "mode = Anonymous", Exit::Client, "mode in  [default]: mode Anonymous is of no use here"),
            ("--mode Anonymous", "", Exit::Usage, "mode Anonymous is of no use here"),
            ("", "mode = Magic", Exit::Client, "mode in  [default]: \"Magic\" is unknown"),
            ("", "mode = Process", Exit::Client, "mode in  [default]: there is no credential-process"),
            ("", "mode = credential-uri", Exit::Client, "mode in  [default]: there is no credential-uri"),
            ("", "mode = oidcRoleArn", Exit::Client, "mode in  [default]: there is no oidc-provider-arn"),
            (
                "",
                "oidc-provider-arn = p",
                Exit::Client,
                "oidc-provider-arn in  [default]: there is no oidc-token-file-path",
            ),
            ("", "mode = AK", Exit::Client, "no access key id"),
            ("-i g", "", Exit::Client, "no access key secret"),
            ("-k s", "", Exit::Client, "no access key id"),
            (
                "",
                "credential-process = x\ncredential-process-timeout = 601",
                Exit::Client,
                "credential-process-timeout in  [default]: it cannot be \"601\": it is a time of 1 to 600 seconds",
            ),
            ("-i ä -k s", "", Exit::Usage, "--access-key-id: the access key id holds a blank"),
        ] {
            let failure = resolved(flags, ELSEWHERE, file).unwrap_err();
            assert!(failure.message.starts_with(said), "{flags} {file}: {failure:?}");
            assert_eq!((failure.exit, failure.advice.is_some()), (exit, true), "{failure:?}");
        }
    }

    #[test]
    fn a_role_or_a_token_that_is_missing_is_named_with_flag_variable_and_key() {
        for (flags, file, said, advice) in [
            (
                "--mode RamRoleArn",
                FILE,
                "no role",
                "set --role-arn, OSS_ROLE_ARN or role-arn in ~/.ossutilconfig;",
            ),
            (
                "--mode RamRoleArn -c other",
                FILE,
                "no role",
                "set --role-arn, OSS_ROLE_ARN or role-arn in other;",
            ),
            (
                "",
                "oidc-provider-arn = p\noidc-token-file-path = t",
                "no role",
                "set --role-arn, OSS_ROLE_ARN or role-arn in ~/.ossutilconfig;",
            ),
            (
                "",
                "mode = StsToken\naccess-key-id = f",
                "no security token",
                "set --sts-token, OSS_SESSION_TOKEN or sts-token in ~/.ossutilconfig;",
            ),
        ] {
            let failure = resolved(flags, ELSEWHERE, file).unwrap_err();
            assert_eq!((failure.exit, failure.message.as_str()), (Exit::Client, said));
            assert!(failure.advice.as_ref().unwrap().starts_with(advice), "{failure:?}");
        }
    }

    #[test]
    fn a_token_never_goes_with_the_access_key_of_a_stronger_place() {
        let file = format!("{FILE}mode = StsToken\nsts-token = t");
        for (flags, variables, file, want) in [
            ("", OUTER, file.as_str(), keys("e", None)),
            ("-i g -k s", "OSS_SESSION_TOKEN=t", FILE, keys("g", None)),
            ("-i g -k s -t u", "OSS_SESSION_TOKEN=t", FILE, keys("g", Some("u"))),
            ("", &format!("{OUTER} OSS_SESSION_TOKEN=u"), file.as_str(), keys("e", Some("u"))),
        ] {
            assert_eq!(resolved(flags, variables, file), Ok(want), "{flags} | {variables}");
        }
        let failure = resolved("--mode StsToken", OUTER, &file).unwrap_err();
        let said = "no security token: the one in  [default] is not for this access key id";
        assert_eq!((failure.exit, failure.message.as_str()), (Exit::Client, said));
        let failure = resolved("-t u", OUTER, &file).unwrap_err();
        let said = "--sts-token belongs to an access key id, and --access-key-id is not given";
        assert_eq!((failure.exit, failure.message.as_str()), (Exit::Usage, said));
    }

    #[test]
    fn who_says_that_the_access_key_signs_gets_no_role_but_by_a_flag() {
        for (flags, variables, more, want) in [
            ("--mode AK", "OSS_ROLE_ARN=q", "", keys("f", None)),
            ("--mode StsToken", "OSS_ROLE_ARN=q", "sts-token = t", keys("f", Some("t"))),
            ("", "OSS_ROLE_ARN=q", "mode = AK", keys("f", None)),
            ("--mode AK --role-arn r", "OSS_ROLE_ARN=q", "", assumed(keys("f", None), "r", None)),
            ("--role-arn r", "", "mode = AK", assumed(keys("f", None), "r", None)),
            ("", "OSS_ROLE_ARN=q", "", assumed(keys("f", None), "q", None)),
        ] {
            let file = format!("{FILE}{more}");
            assert_eq!(resolved(flags, variables, &file), Ok(want), "{flags} | {variables} | {file}");
        }
        let variables = format!("{OUTER} OSS_ROLE_ARN=q");
        assert_eq!(resolved("", &variables, "mode = AK"), Ok(assumed(keys("e", None), "q", None)));
    }

    /// A configuration file of its own, by its name; removed at the end.
    struct File(PathBuf);

    impl File {
        fn new(name: &str, text: &str) -> Self {
            let file = Self(std::env::temp_dir().join(format!("ossvec-{name}-{}", std::process::id())));
            file.write(text);
            file
        }

        fn write(&self, text: &str) {
            std::fs::write(&self.0, text).unwrap();
        }
    }

    impl Drop for File {
        fn drop(&mut self) {
            std::fs::remove_file(&self.0).unwrap_or_default();
        }
    }

    fn with_key(id: &str) -> String {
        format!("[default]\naccess-key-id={id}\naccess-key-secret=s\n")
    }

    fn source_of(flags: &str, variables: &str) -> Box<dyn Source> {
        let (global, environment) = (global(flags), environment(variables));
        source(&Sources::read(&global, &environment, None).unwrap()).unwrap().value
    }

    const ELSEWHERE: &str = "ALIBABA_CLOUD_ACCESS_KEY_ID=v ALIBABA_CLOUD_ACCESS_KEY_SECRET=s";

    #[tokio::test]
    async fn a_file_that_is_written_anew_gives_another_credential() {
        let file = File::new("written-anew", &with_key("one"));
        let source = source_of(&format!("-c {}", file.0.display()), "");
        for id in ["one", "two", "three"] {
            file.write(&with_key(id));
            // The first is the one that was read at the start.
            assert_eq!(source.fetch().await.unwrap().access_key_id, id);
        }
    }

    #[tokio::test]
    async fn a_file_that_is_empty_or_gone_later_makes_nobody_sign_as_somebody_else() {
        let file = File::new("emptied", &with_key("one"));
        let path = file.0.display().to_string();
        let source = source_of(&format!("-c {path}"), ELSEWHERE);
        assert_eq!(source.fetch().await.unwrap().access_key_id, "one");
        for text in ["", "[default]\n", "# being written\n"] {
            file.write(text);
            let error = source.fetch().await.unwrap_err();
            assert_eq!(error, format!("{path} is empty or gone; it was not when this began"));
        }
        file.write("[default]\nregion = r\n");
        let error = source.fetch().await.unwrap_err();
        let said = format!(
            "the credential came from {path} [default], and would now come from ALIBABA_CLOUD_ACCESS_KEY_ID"
        );
        assert_eq!(error, said);
        file.write(&with_key("two"));
        assert_eq!(source.fetch().await.unwrap().access_key_id, "two");
        std::fs::remove_file(&file.0).unwrap();
        let error = source.fetch().await.unwrap_err();
        assert!(error.starts_with(&format!("cannot use {path}: ")), "{error}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_that_is_a_pipe_is_read_once() {
        use std::os::fd::AsRawFd;
        let (reader, mut writer) = std::io::pipe().unwrap();
        std::io::Write::write_all(&mut writer, with_key("piped").as_bytes()).unwrap();
        drop(writer);
        let source = source_of(&format!("-c /dev/fd/{}", reader.as_raw_fd()), ELSEWHERE);
        for _ in 0..2 {
            assert_eq!(source.fetch().await.unwrap().access_key_id, "piped");
        }
    }
}
