//! The origin of a credential, as plain values that every kind of configuration leads to. Pure.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::oss::secret::{Credential, Secret};

/// The default lifetime in seconds of the credential of an assumed role.
pub const USUAL_DURATION: u32 = 3600;

/// The minimum lifetime in seconds allowed by STS.
const LEAST_DURATION: u32 = 900;

/// The origin of a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipe {
    /// An access key given directly.
    Keys(Credential),
    /// Another credential assumes a role (`AssumeRole`).
    Role {
        /// The origin of the other credential.
        base: Box<Self>,
        /// The role.
        role: Role,
    },
    /// A token of an identity provider assumes a role (`AssumeRoleWithOIDC`).
    Oidc {
        /// The role.
        role: Role,
        /// The identity provider's ARN.
        provider_arn: String,
        /// The file with the token, which another program keeps fresh.
        token_file: PathBuf,
    },
    /// The role of the ECS instance that this process runs on.
    EcsRole {
        /// The role's name; `None` for the instance's only one.
        name: Option<String>,
        /// Whether the metadata service must be asked with a token.
        only_with_token: bool,
    },
    /// The output of a command.
    Process {
        /// The command, which may contain secrets.
        command: Secret,
        /// How to split it into words.
        words: Words,
        /// Its timeout.
        timeout: Duration,
    },
    /// The answer of a URL, which may contain secrets.
    Uri(Secret),
}

impl fmt::Display for Recipe {
    /// A description without secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keys(Credential { security_token: None, .. }) => formatter.write_str("an access key"),
            Self::Keys(_) => formatter.write_str("a temporary access key"),
            Self::Role { base, role } => write!(formatter, "the role {} assumed with {base}", role.arn),
            Self::Oidc { role, token_file, .. } => {
                write!(
                    formatter,
                    "the role {} assumed with the OIDC token in {}",
                    role.arn,
                    token_file.display()
                )
            }
            Self::EcsRole { name: Some(name), .. } => write!(formatter, "the ECS instance's role {name}"),
            Self::EcsRole { name: None, .. } => formatter.write_str("the ECS instance's role"),
            Self::Process { .. } => formatter.write_str("a credential process"),
            Self::Uri(_) => formatter.write_str("a credential URI"),
        }
    }
}

impl Recipe {
    /// The files that are read whenever a credential is fetched.
    pub fn files(&self) -> Vec<&Path> {
        match self {
            Self::Role { base, .. } => base.files(),
            Self::Oidc { token_file, .. } => vec![token_file],
            Self::Keys(_) | Self::EcsRole { .. } | Self::Process { .. } | Self::Uri(_) => Vec::new(),
        }
    }
}

/// How to split a command into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// A shell runs it.
    Shell,
    /// By the rules of a shell for whitespace and quotes; the first word is the program.
    Split,
}

/// A role, and how to assume it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The role's ARN.
    pub arn: String,
    /// The name under which the role's use is logged.
    pub session_name: String,
    /// The lifetime of the credential in seconds.
    pub duration: u32,
    /// A policy that restricts the permissions.
    pub policy: Option<String>,
    /// The external id that the role's owner may require.
    pub external_id: Option<String>,
    /// The region of STS, if the profile has one.
    pub region: Option<String>,
    /// Whether to reach STS from inside a VPC, if the profile says so.
    pub vpc: Option<bool>,
}

impl Role {
    /// A role with the defaults; without a session name it gets the program's.
    pub fn new(arn: impl Into<String>, session_name: Option<String>) -> Self {
        Self {
            arn: arn.into(),
            session_name: session_name.unwrap_or_else(|| env!("CARGO_PKG_NAME").to_owned()),
            duration: USUAL_DURATION,
            policy: None,
            external_id: None,
            region: None,
            vpc: None,
        }
    }

    /// The same with this lifetime in seconds; 0 means the default.
    pub fn lasting(self, seconds: Option<u32>) -> Result<Self, String> {
        match seconds.filter(|seconds| *seconds > 0) {
            Some(seconds) if seconds < LEAST_DURATION => {
                Err(format!("invalid role duration {seconds} s: expected at least {LEAST_DURATION} s"))
            }
            seconds => Ok(Self { duration: seconds.unwrap_or(USUAL_DURATION), ..self }),
        }
    }

    /// The form parameters that both ways to assume a role send.
    pub(super) fn form(&self) -> BTreeMap<&'static str, String> {
        let mut form = BTreeMap::from([
            ("RoleArn", self.arn.clone()),
            ("RoleSessionName", self.session_name.clone()),
            ("DurationSeconds", self.duration.to_string()),
        ]);
        form.extend(self.policy.clone().map(|policy| ("Policy", policy)));
        form
    }
}

/// Why a part of the configuration gives no recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// It has none; another part may.
    Absent(String),
    /// It should give one but is wrong; to try another part would be to act under another identity.
    Wrong(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_is_named_without_its_secrets() {
        let keys = |security_token: Option<&str>| {
            Recipe::Keys(Credential {
                access_key_id: "hush".to_owned(),
                secret: Secret::new("hush"),
                security_token: security_token.map(Secret::new),
                expires_at: None,
            })
        };
        let role = || Role::new("acs:ram::1:role/loader", None);
        let ecs =
            |name: Option<&str>| Recipe::EcsRole { name: name.map(str::to_owned), only_with_token: false };
        let command = Secret::new("hush");
        let told = [
            keys(None),
            keys(Some("hush")),
            Recipe::Role { base: Box::new(keys(None)), role: role() },
            Recipe::Oidc { role: role(), provider_arn: "p".to_owned(), token_file: "/token".into() },
            ecs(Some("worker")),
            ecs(None),
            Recipe::Process { command, words: Words::Shell, timeout: Duration::from_secs(1) },
            Recipe::Uri(Secret::new("hush")),
        ];
        insta::assert_snapshot!(told.map(|recipe| recipe.to_string()).join("\n"), @"
        an access key
        a temporary access key
        the role acs:ram::1:role/loader assumed with an access key
        the role acs:ram::1:role/loader assumed with the OIDC token in /token
        the ECS instance's role worker
        the ECS instance's role
        a credential process
        a credential URI
        ");
    }

    #[test]
    fn a_role_lasts_an_hour_unless_told_and_never_less_than_a_quarter() {
        let lasting = |seconds| Role::new("arn", None).lasting(seconds).map(|role| role.duration);
        assert_eq!(lasting(None), Ok(3600));
        assert_eq!(lasting(Some(0)), Ok(3600));
        assert_eq!(lasting(Some(900)), Ok(900));
        assert_eq!(
            lasting(Some(899)),
            Err("invalid role duration 899 s: expected at least 900 s".to_owned())
        );
    }
}
