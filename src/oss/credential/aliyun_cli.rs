//! Parses `~/.aliyun/config.json`, the file of the Alibaba Cloud CLI, to a recipe. Pure.

use std::time::Duration;

use serde::Deserialize;

use super::answer;
use super::recipe::{Lack, Recipe, Role, Words};
use crate::oss::secret::Secret;

/// The timeout of the vendor's credential libraries for an external command.
const EXTERNAL_TIMEOUT: Duration = Duration::from_mins(1);

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    current: String,
    #[serde(default)]
    profiles: Vec<Profile>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Profile {
    name: String,
    mode: String,
    access_key_id: Option<String>,
    access_key_secret: Option<String>,
    sts_token: Option<String>,
    ram_role_arn: Option<String>,
    ram_role_name: Option<String>,
    ram_session_name: Option<String>,
    role_session_name: Option<String>,
    expired_seconds: Option<u32>,
    sts_region: Option<String>,
    enable_vpc: Option<bool>,
    policy: Option<String>,
    external_id: Option<String>,
    oidc_provider_arn: Option<String>,
    oidc_token_file: Option<String>,
    #[serde(rename = "source_profile")]
    source: Option<String>,
    process_command: Option<String>,
    credentials_uri: Option<String>,
}

/// Reads the profile `name`, or else the current one.
pub fn recipe(text: &str, name: Option<&str>) -> Result<Recipe, Lack> {
    // The library's message may contain a value of the text; its line number cannot.
    let config: Config = serde_json::from_str(text)
        .map_err(|error| Lack::Wrong(format!("line {} is not valid JSON with profiles", error.line())))?;
    let name = name.unwrap_or(&config.current);
    config.recipe(name, &mut Vec::new())
}

impl Config {
    fn recipe(&self, name: &str, on_the_way: &mut Vec<String>) -> Result<Recipe, Lack> {
        if on_the_way.iter().any(|other| other == name) {
            return Err(Lack::Wrong(format!("profile {name} uses itself as source_profile")));
        }
        on_the_way.push(name.to_owned());
        let profile = self.profiles.iter().find(|profile| profile.name == name);
        let profile =
            profile.cloned().ok_or_else(|| Lack::Absent(format!("there is no profile {name:?}")))?;
        let wrong = |text: String| Lack::Wrong(format!("profile {name}: {text}"));
        let need = |value: &Option<String>, key: &str| {
            given(value.clone()).ok_or_else(|| wrong(format!("{key} is missing")))
        };
        match profile.mode.as_str() {
            "AK" | "StsToken" | "" => profile.keys(name),
            "RamRoleArn" => {
                let base = Box::new(profile.keys(name)?);
                Ok(Recipe::Role { base, role: profile.role().map_err(wrong)? })
            }
            "ChainableRamRoleArn" => {
                let source = need(&profile.source, "source_profile")?;
                let base = self.recipe(&source, on_the_way).map_err(|lack| match lack {
                    Lack::Absent(text) | Lack::Wrong(text) => wrong(format!("source_profile: {text}")),
                })?;
                Ok(Recipe::Role { base: Box::new(base), role: profile.role().map_err(wrong)? })
            }
            "EcsRamRole" => {
                Ok(Recipe::EcsRole { name: given(profile.ram_role_name), only_with_token: false })
            }
            "OIDC" => Ok(Recipe::Oidc {
                provider_arn: need(&profile.oidc_provider_arn, "oidc_provider_arn")?,
                token_file: need(&profile.oidc_token_file, "oidc_token_file")?.into(),
                role: profile.role().map_err(wrong)?,
            }),
            "External" => Ok(Recipe::Process {
                command: Secret::new(need(&profile.process_command, "process_command")?),
                words: Words::Split,
                timeout: EXTERNAL_TIMEOUT,
            }),
            "CredentialsURI" => {
                Ok(Recipe::Uri(Secret::new(need(&profile.credentials_uri, "credentials_uri")?)))
            }
            other => Err(wrong(format!(
                "mode {} is not supported; choose another profile with ALIBABA_CLOUD_PROFILE or \
                 aliyun configure switch, or use a credential process",
                answer::shown(other)
            ))),
        }
    }
}

impl Profile {
    /// The keys of the profile. The CLI initially has a profile without keys.
    fn keys(&self, name: &str) -> Result<Recipe, Lack> {
        let [id, secret, token] =
            [&self.access_key_id, &self.access_key_secret, &self.sts_token].map(|value| given(value.clone()));
        let has_none = id.is_none() && secret.is_none();
        let wrong = |text: String| Lack::Wrong(format!("profile {name}: {text}"));
        match (has_none, self.mode.as_str(), token) {
            (true, ..) => Err(Lack::Absent(format!("profile {name} has no access key"))),
            (_, "StsToken", None) => Err(wrong("sts_token is missing".to_owned())),
            (_, "AK", _) => answer::keys(id, secret, None).map(Recipe::Keys).map_err(wrong),
            (.., token) => answer::keys(id, secret, token).map(Recipe::Keys).map_err(wrong),
        }
    }

    fn role(&self) -> Result<Role, String> {
        let arn = given(self.ram_role_arn.clone()).ok_or("ram_role_arn is missing")?;
        let session_name = given(self.ram_session_name.clone()).or(given(self.role_session_name.clone()));
        let role = Role::new(arn, session_name).lasting(self.expired_seconds)?;
        Ok(Role {
            policy: given(self.policy.clone()),
            external_id: given(self.external_id.clone()),
            region: given(self.sts_region.clone()),
            vpc: self.enable_vpc,
            ..role
        })
    }
}

fn given(value: Option<String>) -> Option<String> {
    value.filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oss::secret::Credential;

    const CONFIG: &str = r#"{"current": "ak", "meta_path": "", "profiles": [
        {"name": "empty", "mode": "AK", "access_key_id": "", "access_key_secret": "", "expired_seconds": 0},
        {"name": "ak", "mode": "AK", "access_key_id": "id", "access_key_secret": "hush", "sts_token": ""},
        {"name": "sts", "mode": "StsToken", "access_key_id": "id", "access_key_secret": "hush",
            "sts_token": "hush-token"},
        {"name": "no-token", "mode": "StsToken", "access_key_id": "id", "access_key_secret": "hush"},
        {"name": "role", "mode": "RamRoleArn", "access_key_id": "id", "access_key_secret": "hush",
            "ram_role_arn": "arn", "ram_session_name": "me", "expired_seconds": 900, "sts_region": "r",
            "enable_vpc": true, "policy": "{}", "external_id": "e"},
        {"name": "chain", "mode": "ChainableRamRoleArn", "source_profile": "ecs", "ram_role_arn": "arn"},
        {"name": "ring", "mode": "ChainableRamRoleArn", "source_profile": "gnir", "ram_role_arn": "arn"},
        {"name": "gnir", "mode": "ChainableRamRoleArn", "source_profile": "ring", "ram_role_arn": "arn"},
        {"name": "lost", "mode": "ChainableRamRoleArn", "source_profile": "empty", "ram_role_arn": "arn"},
        {"name": "ecs", "mode": "EcsRamRole", "ram_role_name": "worker"},
        {"name": "oidc", "mode": "OIDC", "ram_role_arn": "arn", "oidc_provider_arn": "p", "oidc_token_file": "/t"},
        {"name": "external", "mode": "External", "process_command": "acs-sso --profile x"},
        {"name": "uri", "mode": "CredentialsURI", "credentials_uri": "http://host/hush"},
        {"name": "sso", "mode": "CloudSSO", "access_token": "hush"},
        {"name": "oauth", "mode": "OAuth", "oauth_refresh_token": "hush"},
        {"name": "bare-role", "mode": "RamRoleArn", "access_key_id": "id", "access_key_secret": "hush"},
        {"name": "bare-chain", "mode": "ChainableRamRoleArn", "ram_role_arn": "arn"},
        {"name": "bare-oidc", "mode": "OIDC", "ram_role_arn": "arn"},
        {"name": "half-oidc", "mode": "OIDC", "ram_role_arn": "arn", "oidc_provider_arn": "p"},
        {"name": "roleless-oidc", "mode": "OIDC", "oidc_provider_arn": "p", "oidc_token_file": "/t"},
        {"name": "bare-external", "mode": "External"},
        {"name": "bare-uri", "mode": "CredentialsURI", "credentials_uri": ""},
        {"name": "brief", "mode": "RamRoleArn", "access_key_id": "id", "access_key_secret": "hush",
            "ram_role_arn": "arn", "expired_seconds": 60}]}"#;

    fn keys(token: Option<&str>) -> Recipe {
        Recipe::Keys(Credential {
            access_key_id: "id".to_owned(),
            secret: Secret::new("hush"),
            security_token: token.map(Secret::new),
            expires_at: None,
        })
    }

    #[test]
    fn each_mode_is_read() {
        let ecs = Recipe::EcsRole { name: Some("worker".to_owned()), only_with_token: false };
        let role = Role {
            duration: 900,
            policy: Some("{}".to_owned()),
            external_id: Some("e".to_owned()),
            region: Some("r".to_owned()),
            vpc: Some(true),
            ..Role::new("arn", Some("me".to_owned()))
        };
        let plain = Role::new("arn", None);
        for (name, want) in [
            (None, keys(None)),
            (Some("sts"), keys(Some("hush-token"))),
            (Some("role"), Recipe::Role { base: Box::new(keys(None)), role }),
            (Some("chain"), Recipe::Role { base: Box::new(ecs.clone()), role: plain.clone() }),
            (Some("ecs"), ecs),
            (
                Some("oidc"),
                Recipe::Oidc { role: plain, provider_arn: "p".to_owned(), token_file: "/t".into() },
            ),
            (
                Some("external"),
                Recipe::Process {
                    command: Secret::new("acs-sso --profile x"),
                    words: Words::Split,
                    timeout: Duration::from_mins(1),
                },
            ),
            (Some("uri"), Recipe::Uri(Secret::new("http://host/hush"))),
        ] {
            assert_eq!(recipe(CONFIG, name), Ok(want), "{name:?}");
        }
    }

    #[test]
    fn what_gives_no_credential_says_why_without_its_text() {
        for (text, name, want) in [
            (CONFIG, "empty", Lack::Absent("profile empty has no access key".to_owned())),
            (CONFIG, "nobody", Lack::Absent("there is no profile \"nobody\"".to_owned())),
            (CONFIG, "no-token", Lack::Wrong("profile no-token: sts_token is missing".to_owned())),
            (
                CONFIG,
                "ring",
                Lack::Wrong(
                    "profile ring: source_profile: profile gnir: source_profile: profile ring uses itself as \
                     source_profile"
                        .to_owned(),
                ),
            ),
            (
                CONFIG,
                "lost",
                Lack::Wrong("profile lost: source_profile: profile empty has no access key".to_owned()),
            ),
            (CONFIG, "brief", Lack::Wrong("profile brief: invalid role duration 60 s: expected at least 900 s".to_owned())),
            ("{\"current\":\n \"hush\",,}", "x", Lack::Wrong("line 2 is not valid JSON with profiles".to_owned())),
        ] {
            assert_eq!(recipe(text, Some(name)), Err(want), "{name}");
        }
        for (name, key) in [
            ("bare-role", "ram_role_arn"),
            ("bare-chain", "source_profile"),
            ("bare-oidc", "oidc_provider_arn"),
            ("half-oidc", "oidc_token_file"),
            ("roleless-oidc", "ram_role_arn"),
            ("bare-external", "process_command"),
            ("bare-uri", "credentials_uri"),
        ] {
            let want = Lack::Wrong(format!("profile {name}: {key} is missing"));
            assert_eq!(recipe(CONFIG, Some(name)), Err(want));
        }
        for (name, mode) in [("sso", "CloudSSO"), ("oauth", "OAuth")] {
            let Err(Lack::Wrong(text)) = recipe(CONFIG, Some(name)) else { panic!("{name}") };
            let cure = "choose another profile with ALIBABA_CLOUD_PROFILE or aliyun configure switch, or use a credential \
                        process";
            assert_eq!(text, format!("profile {name}: mode {mode} is not supported; {cure}"));
        }
    }
}
