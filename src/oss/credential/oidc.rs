//! A role assumed with a token of an identity provider: `AssumeRoleWithOIDC` of STS, as in pods with RRSA.

use std::path::PathBuf;

use super::recipe::Role;
use super::source::{Fetching, Source};
use super::sts::{Sts, common};
use crate::oss::hidden::Hidden;

/// A role, and the token to assume it with.
#[derive(Debug)]
pub(super) struct OidcRole {
    pub(super) role: Role,
    pub(super) provider_arn: String,
    pub(super) token_file: PathBuf,
    pub(super) sts: Sts,
}

impl Source for OidcRole {
    fn fetch(&self) -> Fetching<'_> {
        Box::pin(async {
            // The issuer of the token renews the file before the token expires.
            let token = std::fs::read_to_string(&self.token_file).map_err(|error| {
                format!("cannot read the OIDC token {}: {error}", self.token_file.display())
            })?;
            let mut form = self.role.form();
            form.insert("OIDCProviderArn", self.provider_arn.clone());
            form.insert("OIDCToken", token.trim().to_owned());
            let request = |now| (common("AssumeRoleWithOIDC", now), form.clone());
            let assumed = self.sts.call(&self.role.arn, request).await;
            assumed.map_err(|text| Hidden::default().and(token.trim()).strike(&text))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oss::credential::testing::{Scripted, temporary};
    use crate::oss::credential::{Credentials, Refreshed};
    use crate::oss::time::Timestamp;
    use crate::testing::Directory;

    #[tokio::test]
    async fn the_token_is_read_anew_each_time_the_role_is_assumed() {
        let server = Scripted::start(|asked| {
            let number = asked.body.split("OIDCToken=header.").nth(1).unwrap().split('&').next().unwrap();
            let temporary = temporary(number.parse().unwrap(), "2026-01-02T03:04:05Z");
            (200, format!(r#"{{"Credentials":{temporary}}}"#))
        });
        let directory = Directory::new();
        let token_file = directory.path("token");
        let write = |text: &str| std::fs::write(&token_file, text).unwrap();
        let credentials = Credentials::new(Box::new(OidcRole {
            role: Role { policy: Some("{}".to_owned()), ..Role::new("arn", Some("me".to_owned())) },
            provider_arn: "acs:ram::1:oidc-provider/p".to_owned(),
            token_file: token_file.clone(),
            sts: Sts::direct(&server.url),
        }));
        let end = Timestamp::parse_rfc3339("2026-01-02T03:04:05Z").unwrap();
        let id = async |left: i64| credentials.current(end.plus_seconds(-left)).await.unwrap().access_key_id;
        write("header.1\n");
        assert_eq!(id(3600).await, "STS.id-1");
        write("header.2\n");
        assert_eq!(id(301).await, "STS.id-1");
        assert_eq!(id(300).await, "STS.id-2");
        write("header.3\n");
        let refreshed = credentials.refresh(tokio::time::Instant::now(), end.plus_seconds(-299)).await;
        assert_eq!((refreshed, id(299).await.as_str()), (Ok(Refreshed::Anew), "STS.id-3"));
        std::fs::remove_file(&token_file).unwrap();
        let error =
            credentials.refresh(tokio::time::Instant::now(), end.plus_seconds(-299)).await.unwrap_err();
        let place = token_file.to_str().unwrap();
        assert!(error.starts_with("cannot read the OIDC token ") && error.contains(place), "{error}");
        let asked = server.asked();
        assert_eq!(asked.len(), 3);
        assert!(asked[0].path.starts_with("/?Action=AssumeRoleWithOIDC&Format=JSON&Timestamp="));
        assert!(!asked[0].path.contains("header.1"), "no secret in a URL: {}", asked[0].path);
        assert_eq!(
            asked[0].body,
            "DurationSeconds=3600&OIDCProviderArn=acs%3Aram%3A%3A1%3Aoidc-provider%2Fp&OIDCToken=header.1&\
             Policy=%7B%7D&RoleArn=arn&RoleSessionName=me"
        );
    }
}
