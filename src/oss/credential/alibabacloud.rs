//! Parses `~/.alibabacloud/credentials`, the file of the vendor's credential libraries, to a recipe. Pure.

use super::answer;
use super::recipe::{Lack, Recipe, Role};
use crate::ini::{sections, unquoted};

/// Reads the section `name`.
pub fn recipe(text: &str, name: &str) -> Result<Recipe, Lack> {
    // The line may contain a secret.
    let strange =
        |line| Lack::Wrong(format!("line {line} is not a section, a key with a value or a comment"));
    let sections = sections(text).map_err(strange)?;
    let section = sections.iter().find(|section| section.name == name);
    let section = section.ok_or_else(|| Lack::Absent(format!("there is no section [{name}]")))?;
    // In these libraries, a # begins a comment anywhere.
    let get = |key: &str| {
        let pair = section.pairs.iter().rfind(|pair| pair.key == key)?;
        let value = unquoted(pair.value.split('#').next()?.trim());
        (!value.is_empty()).then(|| value.to_owned())
    };
    let wrong = |text: String| Lack::Wrong(format!("section [{name}]: {text}"));
    let need = |key: &str| get(key).ok_or_else(|| wrong(format!("{key} is missing")));
    let keys = || {
        answer::keys(get("access_key_id"), get("access_key_secret"), get("security_token"))
            .map(Recipe::Keys)
            .map_err(wrong)
    };
    let role = || {
        let role = Role::new(need("role_arn")?, get("role_session_name"));
        Ok(Role { policy: get("policy"), external_id: get("external_id"), ..role })
    };
    match get("type").as_deref() {
        Some("access_key" | "sts") => keys(),
        None if get("access_key_id").is_some() => keys(),
        Some("ram_role_arn") => Ok(Recipe::Role { base: Box::new(keys()?), role: role()? }),
        Some("ecs_ram_role") => Ok(Recipe::EcsRole { name: get("role_name"), only_with_token: false }),
        Some("oidc_role_arn") => Ok(Recipe::Oidc {
            role: role()?,
            provider_arn: need("oidc_provider_arn")?,
            token_file: need("oidc_token_file_path")?.into(),
        }),
        Some(other) => Err(wrong(format!(
            "type {} is not supported; choose another section with ALIBABA_CLOUD_PROFILE",
            answer::shown(other)
        ))),
        None => Err(Lack::Absent(format!("section [{name}] has no type and no access_key_id"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oss::secret::{Credential, Secret};

    const TEXT: &str = "\
[default]                          # default setting
enable = true                      # Enable, Enabled by default if this option is not present
  # an indented comment
type = access_key                  # Certification type: access_key
access_key_id = \"id\"             # Key
access_key_secret = hush           # Secret

[role]
type = ram_role_arn
access_key_id = id
access_key_secret = hush
role_arn = arn
role_session_name = me
policy = {\"Version\": \"1\"}

[ecs]
type = ecs_ram_role
role_name = worker

[oidc]
type = oidc_role_arn
role_arn = arn
oidc_provider_arn = p
oidc_token_file_path = /t

[rsa]
type = rsa_key_pair
private_key_file = /hush

[empty]
region = r

[half]
type = access_key
access_key_id = id

[bare-role]
type = ram_role_arn
access_key_id = id
access_key_secret = hush

[bare-oidc]
type = oidc_role_arn
role_arn = arn

[half-oidc]
type = oidc_role_arn
role_arn = arn
oidc_provider_arn = p
oidc_token_file_path = # none

[roleless-oidc]
type = oidc_role_arn
oidc_provider_arn = p
oidc_token_file_path = /t
";

    #[test]
    fn each_type_is_read() {
        let keys = Recipe::Keys(Credential {
            access_key_id: "id".to_owned(),
            secret: Secret::new("hush"),
            security_token: None,
            expires_at: None,
        });
        let role = Role {
            policy: Some(r#"{"Version": "1"}"#.to_owned()),
            ..Role::new("arn", Some("me".to_owned()))
        };
        for (name, want) in [
            ("default", keys.clone()),
            ("role", Recipe::Role { base: Box::new(keys), role }),
            ("ecs", Recipe::EcsRole { name: Some("worker".to_owned()), only_with_token: false }),
            (
                "oidc",
                Recipe::Oidc {
                    role: Role::new("arn", None),
                    provider_arn: "p".to_owned(),
                    token_file: "/t".into(),
                },
            ),
        ] {
            assert_eq!(recipe(TEXT, name), Ok(want), "{name}");
        }
    }

    #[test]
    fn what_gives_no_credential_says_why_without_its_text() {
        let rsa = "section [rsa]: type rsa_key_pair is not supported; choose another section with \
                   ALIBABA_CLOUD_PROFILE";
        for (text, name, want) in [
            (TEXT, "nobody", Lack::Absent("there is no section [nobody]".to_owned())),
            (TEXT, "empty", Lack::Absent("section [empty] has no type and no access_key_id".to_owned())),
            (TEXT, "half", Lack::Wrong("section [half]: the access key secret is missing".to_owned())),
            (TEXT, "rsa", Lack::Wrong(rsa.to_owned())),
        ] {
            assert_eq!(recipe(text, name), Err(want), "{name}");
        }
        for (name, key) in [
            ("bare-role", "role_arn"),
            ("bare-oidc", "oidc_provider_arn"),
            ("half-oidc", "oidc_token_file_path"),
            ("roleless-oidc", "role_arn"),
        ] {
            let want = Lack::Wrong(format!("section [{name}]: {key} is missing"));
            assert_eq!(recipe(TEXT, name), Err(want));
        }
        let Err(Lack::Wrong(text)) = recipe("[default]\nhush\n", "default") else { panic!("no error") };
        assert_eq!(text, "line 2 is not a section, a key with a value or a comment");
    }
}
