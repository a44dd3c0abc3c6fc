//! The places where the vendor's credential libraries look for a credential, in their order.
//!
//! Unlike in those libraries, a place that is configured but fails is an error; later ones are not tried.

use std::path::PathBuf;

use super::check::{unbroken, wrong};
use super::environment::{Environment, variable_of};
use crate::exit::Failure;
use crate::oss::credential::{Lack, Recipe, Role, alibabacloud_recipe, aliyun_cli_recipe};
use crate::oss::secret::{Credential, Secret};
use crate::setting::ACCESS_KEY_ID;
use crate::setting::variables::{
    ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET, ALIBABA_CLOUD_CLI_PROFILE_DISABLED,
    ALIBABA_CLOUD_CONFIG_FILE, ALIBABA_CLOUD_CREDENTIALS_FILE, ALIBABA_CLOUD_CREDENTIALS_URI,
    ALIBABA_CLOUD_ECS_METADATA, ALIBABA_CLOUD_ECS_METADATA_DISABLED, ALIBABA_CLOUD_OIDC_PROVIDER_ARN,
    ALIBABA_CLOUD_OIDC_TOKEN_FILE, ALIBABA_CLOUD_PROFILE as PROFILE, ALIBABA_CLOUD_ROLE_ARN,
    ALIBABA_CLOUD_ROLE_SESSION_NAME, ALIBABA_CLOUD_SECURITY_TOKEN,
};

/// Reads a place.
type Place = fn(&Environment) -> Result<Recipe, Lack>;

/// The places, in order of precedence.
const PLACES: [(&str, Place); 6] = [
    (ALIBABA_CLOUD_ACCESS_KEY_ID, variables),
    (ALIBABA_CLOUD_OIDC_TOKEN_FILE, oidc),
    ("the Alibaba Cloud CLI's profile", aliyun_cli),
    ("the Alibaba Cloud SDKs' credentials file", alibabacloud),
    (ALIBABA_CLOUD_ECS_METADATA, ecs_role),
    (ALIBABA_CLOUD_CREDENTIALS_URI, uri),
];

/// Whether one of the places is configured, valid or not.
pub(super) fn is_configured(environment: &Environment) -> bool {
    PLACES.iter().any(|(_, place)| !matches!(place(environment), Err(Lack::Absent(_))))
}

/// The credential of the first place that is configured, and the place's name. `file` is ossutil's file.
pub(super) fn recipe(environment: &Environment, file: &str) -> Result<(Recipe, &'static str), Failure> {
    let mut lacks = Vec::new();
    for (name, place) in PLACES {
        match place(environment) {
            Ok(recipe) => return Ok((recipe, name)),
            Err(Lack::Absent(lack)) => lacks.push(lack),
            Err(Lack::Wrong(text)) => {
                return Err(wrong(text).advise("see docs/credentials.md for all sources and their order"));
            }
        }
    }
    Err(wrong(format!("no credential found: {}", lacks.join("; "))).advise(format!(
        "set {}; on an ECS instance, use --mode EcsRamRole; or use --local to try a load without an account",
        ACCESS_KEY_ID.choices(file)
    )))
}

/// The values of variables that belong together; one without the others is a mistake.
fn together<const N: usize>(names: [&str; N], environment: &Environment) -> Result<[String; N], Lack> {
    let values = names.map(|name| variable_of(name, environment));
    let is_set = |index: &usize| values.get(*index).is_some_and(Option::is_some);
    let (set, unset): (Vec<_>, Vec<_>) = (0..N).partition(is_set);
    let name =
        |indexes: &[usize]| indexes.first().and_then(|index| names.get(*index)).copied().unwrap_or_default();
    match (set.is_empty(), unset.is_empty()) {
        (_, true) => Ok(values.map(Option::unwrap_or_default)),
        (true, _) => Err(Lack::Absent(format!("{} is not set", name(&unset)))),
        _ => Err(Lack::Wrong(format!("{} is set, but {} is not", name(&set), name(&unset)))),
    }
}

fn variables(environment: &Environment) -> Result<Recipe, Lack> {
    let names = [ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET];
    let [access_key_id, secret] = together(names, environment)?;
    let token = variable_of(ALIBABA_CLOUD_SECURITY_TOKEN, environment);
    for (what, value) in [
        (&format!("value of {ALIBABA_CLOUD_ACCESS_KEY_ID}"), access_key_id.as_str()),
        (&format!("value of {ALIBABA_CLOUD_ACCESS_KEY_SECRET}"), &secret),
        (&format!("value of {ALIBABA_CLOUD_SECURITY_TOKEN}"), token.as_deref().unwrap_or_default()),
    ] {
        unbroken(what, value).map_err(|failure| Lack::Wrong(failure.message))?;
    }
    Ok(Recipe::Keys(Credential {
        access_key_id,
        secret: Secret::new(secret),
        security_token: token.map(Secret::new),
        expires_at: None,
    }))
}

fn oidc(environment: &Environment) -> Result<Recipe, Lack> {
    // A role alone may be meant for something else.
    let names = [ALIBABA_CLOUD_OIDC_TOKEN_FILE, ALIBABA_CLOUD_OIDC_PROVIDER_ARN];
    let [token_file, provider_arn] = together(names, environment)?;
    let arn = variable_of(ALIBABA_CLOUD_ROLE_ARN, environment).ok_or_else(|| {
        Lack::Wrong(format!("{ALIBABA_CLOUD_OIDC_TOKEN_FILE} is set, but {ALIBABA_CLOUD_ROLE_ARN} is not"))
    })?;
    let role = Role::new(arn, variable_of(ALIBABA_CLOUD_ROLE_SESSION_NAME, environment));
    Ok(Recipe::Oidc { role, provider_arn, token_file: token_file.into() })
}

fn aliyun_cli(environment: &Environment) -> Result<Recipe, Lack> {
    if is_true(ALIBABA_CLOUD_CLI_PROFILE_DISABLED, environment) {
        return Err(Lack::Absent(format!("{ALIBABA_CLOUD_CLI_PROFILE_DISABLED} is true")));
    }
    let profile = variable_of(PROFILE, environment);
    CLI_FILES.read(environment, |text| aliyun_cli_recipe(text, profile.as_deref()))
}

fn alibabacloud(environment: &Environment) -> Result<Recipe, Lack> {
    let named = variable_of(PROFILE, environment);
    let section = named.as_deref().unwrap_or("default");
    let found = INI_FILES.read(environment, |text| alibabacloud_recipe(text, section));
    match (found, &named) {
        // This is the last of the two files that may have a profile.
        (Err(Lack::Absent(here)), Some(name)) => {
            let there = match aliyun_cli(environment) {
                Err(Lack::Absent(there) | Lack::Wrong(there)) => there,
                Ok(recipe) => return Ok(recipe),
            };
            Err(Lack::Wrong(format!("{PROFILE} is {name:?}, which has no credential: {there}; {here}")))
        }
        (found, _) => found,
    }
}

fn ecs_role(environment: &Environment) -> Result<Recipe, Lack> {
    let variable = ALIBABA_CLOUD_ECS_METADATA;
    if is_true(ALIBABA_CLOUD_ECS_METADATA_DISABLED, environment) {
        return Err(Lack::Absent(format!("{ALIBABA_CLOUD_ECS_METADATA_DISABLED} is true")));
    }
    // Without any configuration, an address in the local network must not be asked for credentials.
    let name =
        variable_of(variable, environment).ok_or_else(|| Lack::Absent(format!("{variable} is not set")))?;
    Ok(Recipe::EcsRole { name: Some(name), only_with_token: false })
}

fn uri(environment: &Environment) -> Result<Recipe, Lack> {
    let variable = ALIBABA_CLOUD_CREDENTIALS_URI;
    let url =
        variable_of(variable, environment).ok_or_else(|| Lack::Absent(format!("{variable} is not set")))?;
    Ok(Recipe::Uri(Secret::new(url)))
}

/// A file that a variable names, or else one of the default ones in the home directory.
struct Files {
    variable: &'static str,
    usual: &'static [&'static str],
    /// The message for a user without a home directory.
    homeless: &'static str,
}

const CLI_FILES: Files = Files {
    variable: ALIBABA_CLOUD_CONFIG_FILE,
    usual: &[".aliyun/config.json"],
    homeless: "there is no home directory for .aliyun/config.json",
};

const INI_FILES: Files = Files {
    variable: ALIBABA_CLOUD_CREDENTIALS_FILE,
    // The vendor's libraries disagree about the name.
    usual: &[".alibabacloud/credentials", ".alibabacloud/credentials.ini"],
    homeless: "there is no home directory for .alibabacloud/credentials",
};

/// The files of these places, whether or not they exist.
pub(super) fn files(environment: &Environment) -> Vec<PathBuf> {
    [CLI_FILES, INI_FILES].iter().flat_map(|files| files.paths(environment)).collect()
}

impl Files {
    /// The named file, or the default ones.
    fn paths(&self, environment: &Environment) -> Vec<PathBuf> {
        if let Some(named) = variable_of(self.variable, environment) {
            return vec![PathBuf::from(named)];
        }
        let home = variable_of("HOME", environment).map(PathBuf::from).or_else(dirs::home_dir);
        home.map(|home| self.usual.iter().map(|name| home.join(name)).collect()).unwrap_or_default()
    }

    /// Reads the first of the files that exists; a named one must exist.
    fn read(
        &self,
        environment: &Environment,
        read: impl Fn(&str) -> Result<Recipe, Lack>,
    ) -> Result<Recipe, Lack> {
        let is_named = variable_of(self.variable, environment).is_some();
        let files = self.paths(environment);
        let usual = files.first().ok_or_else(|| Lack::Absent(self.homeless.to_owned()))?;
        let path = files.iter().find(|path| path.exists()).unwrap_or(usual);
        let at = |text: String| format!("{}: {text}", path.display());
        match std::fs::read_to_string(path) {
            Ok(text) => read(&text).map_err(|lack| match lack {
                Lack::Absent(text) => Lack::Absent(at(text)),
                Lack::Wrong(text) => Lack::Wrong(at(text)),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && is_named => {
                Err(Lack::Wrong(format!("{}: {} does not exist", self.variable, path.display())))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(Lack::Absent(format!("{} does not exist", path.display())))
            }
            Err(error) => Err(Lack::Wrong(at(error.to_string()))),
        }
    }
}

pub(super) fn is_true(variable: &str, environment: &Environment) -> bool {
    variable_of(variable, environment).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::printed;

    /// A home directory with files.
    struct Home(PathBuf);

    impl Home {
        fn new(name: &str, files: &[(&str, &str)]) -> Self {
            let path = std::env::temp_dir().join(format!("ossvec-{name}-{}", std::process::id()));
            for (file, text) in files {
                let file = path.join(file);
                std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                std::fs::write(file, text).unwrap();
            }
            Self(path)
        }

        fn recipe(&self, variables: &str) -> Result<Recipe, Failure> {
            let pairs = variables.split_whitespace().map(|pair| pair.split_once('=').unwrap());
            let pairs = pairs.map(|(name, value)| (format!("ALIBABA_CLOUD_{name}"), value.to_owned()));
            let pairs = pairs.chain([("HOME".to_owned(), self.0.display().to_string())]);
            recipe(&pairs.collect(), "conf").map(|(recipe, _)| recipe)
        }

        fn refused(&self, variables: &str) -> String {
            printed(self.recipe(variables).err()).replace(&self.0.display().to_string(), "HOME")
        }
    }

    impl Drop for Home {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).unwrap_or_default();
        }
    }

    fn keys(id: &str) -> Recipe {
        Recipe::Keys(Credential {
            access_key_id: id.to_owned(),
            secret: Secret::new("s"),
            security_token: None,
            expires_at: None,
        })
    }

    const CLI: &str = r#"{"current":"c","profiles":[
        {"name":"c","mode":"AK","access_key_id":"cli","access_key_secret":"s"},
        {"name":"new","mode":"AK","access_key_id":"","access_key_secret":""},
        {"name":"sso","mode":"CloudSSO"}]}"#;
    const INI: &str = "[default]\ntype = access_key\naccess_key_id = ini\naccess_key_secret = s\n\
                       [new]\naccess_key_id = ini-new\naccess_key_secret = s\n";

    #[test]
    fn the_first_place_that_is_configured_counts() {
        let full =
            Home::new("vendor-full", &[(".aliyun/config.json", CLI), (".alibabacloud/credentials", INI)]);
        let ini = Home::new("vendor-ini", &[(".alibabacloud/credentials.ini", INI)]);
        let bare = Home::new("vendor-bare", &[("file", INI)]);
        let keyed = "ACCESS_KEY_ID=env ACCESS_KEY_SECRET=s";
        let role = "ROLE_ARN=arn OIDC_PROVIDER_ARN=p OIDC_TOKEN_FILE=/t ROLE_SESSION_NAME=n";
        let oidc = Recipe::Oidc {
            role: Role::new("arn", Some("n".to_owned())),
            provider_arn: "p".to_owned(),
            token_file: "/t".into(),
        };
        let elsewhere = format!("CREDENTIALS_FILE={}", bare.0.join("file").display());
        let ecs = Recipe::EcsRole { name: Some("worker".to_owned()), only_with_token: false };
        for (home, variables, want) in [
            (&full, format!("{keyed} {role}"), keys("env")),
            (&full, role.to_owned(), oidc),
            (&full, "ECS_METADATA=worker ROLE_ARN=arn SECURITY_TOKEN=t".to_owned(), keys("cli")),
            (&full, "CLI_PROFILE_DISABLED=true".to_owned(), keys("ini")),
            (&full, "PROFILE=new".to_owned(), keys("ini-new")),
            (&ini, "ECS_METADATA=worker".to_owned(), keys("ini")),
            (&bare, elsewhere, keys("ini")),
            (&bare, "ECS_METADATA=worker CREDENTIALS_URI=http://u".to_owned(), ecs),
            (
                &bare,
                "ECS_METADATA=worker ECS_METADATA_DISABLED=true CREDENTIALS_URI=http://u".to_owned(),
                Recipe::Uri(Secret::new("http://u")),
            ),
        ] {
            assert_eq!(home.recipe(&variables), Ok(want), "{variables}");
        }
    }

    #[test]
    fn a_place_that_is_configured_and_wrong_is_not_passed_over() {
        let full =
            Home::new("vendor-wrong", &[(".aliyun/config.json", CLI), (".alibabacloud/credentials", INI)]);
        let broken = Home::new("vendor-broken", &[(".aliyun/config.json", "{")]);
        let all = [
            full.refused("PROFILE=sso"),
            full.refused("ACCESS_KEY_ID=env ACCESS_KEY_SECRET=ä"),
            broken.refused(""),
        ];
        insta::assert_snapshot!(all.join("\n"), @"
        HOME/.aliyun/config.json: profile sso: mode CloudSSO is not supported; choose another profile with ALIBABA_CLOUD_PROFILE or aliyun configure switch, or use a credential process
            see docs/credentials.md for all sources and their order
        the value of ALIBABA_CLOUD_ACCESS_KEY_SECRET contains whitespace or a character outside ASCII
            see docs/credentials.md for all sources and their order
        HOME/.aliyun/config.json: line 1 is not valid JSON with profiles
            see docs/credentials.md for all sources and their order
        ");
    }

    #[test]
    fn a_place_that_is_half_configured_is_not_passed_over() {
        let full =
            Home::new("vendor-half", &[(".aliyun/config.json", CLI), (".alibabacloud/credentials", INI)]);
        let all = [
            "ACCESS_KEY_ID=i",
            "ACCESS_KEY_SECRET=s",
            "OIDC_TOKEN_FILE=/t",
            "OIDC_PROVIDER_ARN=p",
            "OIDC_TOKEN_FILE=/t OIDC_PROVIDER_ARN=p",
            "CONFIG_FILE=/typo",
            "CLI_PROFILE_DISABLED=true CREDENTIALS_FILE=/typo",
            "PROFILE=typo ECS_METADATA=worker",
        ]
        .map(|variables| full.refused(variables));
        insta::assert_snapshot!(all.join("\n"), @r#"
        ALIBABA_CLOUD_ACCESS_KEY_ID is set, but ALIBABA_CLOUD_ACCESS_KEY_SECRET is not
            see docs/credentials.md for all sources and their order
        ALIBABA_CLOUD_ACCESS_KEY_SECRET is set, but ALIBABA_CLOUD_ACCESS_KEY_ID is not
            see docs/credentials.md for all sources and their order
        ALIBABA_CLOUD_OIDC_TOKEN_FILE is set, but ALIBABA_CLOUD_OIDC_PROVIDER_ARN is not
            see docs/credentials.md for all sources and their order
        ALIBABA_CLOUD_OIDC_PROVIDER_ARN is set, but ALIBABA_CLOUD_OIDC_TOKEN_FILE is not
            see docs/credentials.md for all sources and their order
        ALIBABA_CLOUD_OIDC_TOKEN_FILE is set, but ALIBABA_CLOUD_ROLE_ARN is not
            see docs/credentials.md for all sources and their order
        ALIBABA_CLOUD_CONFIG_FILE: /typo does not exist
            see docs/credentials.md for all sources and their order
        ALIBABA_CLOUD_CREDENTIALS_FILE: /typo does not exist
            see docs/credentials.md for all sources and their order
        ALIBABA_CLOUD_PROFILE is "typo", which has no credential: HOME/.aliyun/config.json: there is no profile "typo"; HOME/.alibabacloud/credentials: there is no section [typo]
            see docs/credentials.md for all sources and their order
        "#);
    }

    #[test]
    fn without_any_every_place_is_named_with_what_it_lacks() {
        let cli = CLI.replace("\"current\":\"c\"", "\"current\":\"new\"");
        let bare = Home::new("vendor-none", &[(".aliyun/config.json", &cli)]);
        insta::assert_snapshot!(bare.refused(""), @"
        no credential found: ALIBABA_CLOUD_ACCESS_KEY_ID is not set; ALIBABA_CLOUD_OIDC_TOKEN_FILE is not set; HOME/.aliyun/config.json: profile new has no access key; HOME/.alibabacloud/credentials does not exist; ALIBABA_CLOUD_ECS_METADATA is not set; ALIBABA_CLOUD_CREDENTIALS_URI is not set
            set --access-key-id, OSS_ACCESS_KEY_ID or access-key-id in conf; on an ECS instance, use --mode EcsRamRole; or use --local to try a load without an account
        ");
    }
}
