//! The role of the ECS instance that this process runs on, from the metadata service.

use std::time::Duration;

use reqwest::Method;

use super::answer;
use super::rpc::encoded;
use super::source::{Fetching, Source};
use super::web::{Question, Reach, Reply, patiently};
use crate::oss::network::{Network, Proxy};
use crate::oss::secret::Credential;

/// The metadata service is on the local link: a second is enough.
const REACH: Reach = Reach { connect: Duration::from_secs(1), read: Duration::from_secs(1) };

/// No proxy leads there.
const DIRECT: Network = Network { proxy: Proxy::None, extra_certificates: None };

const ROLES: &str = "/latest/meta-data/ram/security-credentials/";

/// The instance's role.
#[derive(Debug)]
pub(super) struct EcsRole {
    /// The role's name; `None` for the only one.
    pub(super) name: Option<String>,
    pub(super) only_with_token: bool,
    /// The address of the metadata service.
    pub(super) url: String,
}

impl Source for EcsRole {
    fn fetch(&self) -> Fetching<'_> {
        Box::pin(async {
            self.role().await.map_err(|error| {
                format!(
                    "cannot get a credential for this ECS instance's role from the metadata service: {error}"
                )
            })
        })
    }
}

impl EcsRole {
    async fn role(&self) -> Result<Credential, String> {
        let token = self.token().await?;
        let name = match &self.name {
            Some(name) => name.clone(),
            None => self.only_role(token.as_deref()).await?,
        };
        let reply = self.get(&format!("{ROLES}{}", encoded(&name)), token.as_deref()).await?;
        match reply.status {
            200 => answer::temporary(&reply.text),
            404 => Err(format!("this instance has no role {name}")),
            status => Err(format!("HTTP {status} for the role {name}")),
        }
    }

    /// The token for the service; `None` if only the older access without one is available.
    async fn token(&self) -> Result<Option<String>, String> {
        let question = Question {
            method: Method::PUT,
            url: &format!("{}/latest/api/token", self.url),
            headers: &[("X-aliyun-ecs-metadata-token-ttl-seconds", "21600")],
            form: None,
            reach: REACH,
            network: &DIRECT,
        };
        // If there is another way, it is tried immediately.
        let outcome =
            if self.only_with_token { patiently(|| question.ask()).await } else { question.ask().await };
        let refused = match outcome {
            Ok(Reply { status: 200, text, .. }) => return Ok(Some(text.trim().to_owned())),
            Ok(reply) => format!("HTTP {} for a token", reply.status),
            Err(error) => error,
        };
        if self.only_with_token { Err(refused) } else { Ok(None) }
    }

    async fn only_role(&self, token: Option<&str>) -> Result<String, String> {
        let reply = self.get(ROLES, token).await?;
        let name = reply.text.lines().next().unwrap_or_default().trim();
        match reply.status {
            200 if !name.is_empty() => Ok(name.to_owned()),
            200 | 404 => Err("this instance has no role; attach one".to_owned()),
            status => Err(format!("HTTP {status} for the role name")),
        }
    }

    async fn get(&self, path: &str, token: Option<&str>) -> Result<Reply, String> {
        let headers: Vec<_> = token.map(|token| ("X-aliyun-ecs-metadata-token", token)).into_iter().collect();
        let url = format!("{}{path}", self.url);
        let (method, headers) = (Method::GET, headers.as_slice());
        let question = Question { method, url: &url, headers, form: None, reach: REACH, network: &DIRECT };
        patiently(|| question.ask()).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::oss::credential::testing::{Scripted, temporary};
    use crate::oss::credential::{Credentials, Refreshed};
    use crate::oss::secret::Secret;
    use crate::oss::time::Timestamp;

    /// A metadata service that requires a token, or does not know tokens.
    fn metadata(guarded: bool) -> Scripted {
        let count = AtomicUsize::new(0);
        Scripted::start(move |asked| {
            let token = asked.headers.get("x-aliyun-ecs-metadata-token").map(String::as_str);
            match (asked.method.as_str(), asked.path.as_str()) {
                ("PUT", "/latest/api/token") if guarded => {
                    assert_eq!(asked.headers["x-aliyun-ecs-metadata-token-ttl-seconds"], "21600");
                    (200, "metadata-token\n".to_owned())
                }
                ("GET", _) if guarded && token != Some("metadata-token") => (403, String::new()),
                ("GET", "/latest/meta-data/ram/security-credentials/") => (200, "worker\n".to_owned()),
                ("GET", "/latest/meta-data/ram/security-credentials/worker") => {
                    (200, temporary(count.fetch_add(1, Ordering::Relaxed) + 1, "2026-01-02T03:04:05Z"))
                }
                _ => (404, String::new()),
            }
        })
    }

    fn role(server: &Scripted, name: Option<&str>, only_with_token: bool) -> EcsRole {
        EcsRole { name: name.map(str::to_owned), only_with_token, url: server.url.clone() }
    }

    #[tokio::test]
    async fn the_roles_credential_is_renewed_with_and_without_a_token() {
        for (guarded, name, requests) in
            [(true, None, 9), (true, Some("worker"), 6), (false, None, 9), (false, Some("worker"), 6)]
        {
            let server = metadata(guarded);
            let credentials = Credentials::new(Box::new(role(&server, name, guarded)));
            let end = Timestamp::parse_rfc3339("2026-01-02T03:04:05Z").unwrap();
            for (left, id) in [(3600, "STS.id-1"), (301, "STS.id-1"), (300, "STS.id-2")] {
                let current = credentials.current(end.plus_seconds(-left)).await.unwrap();
                assert_eq!(current.access_key_id, id, "{left} s before the end");
            }
            let used = tokio::time::Instant::now();
            assert_eq!(credentials.refresh(used, end.plus_seconds(-299)).await, Ok(Refreshed::Anew));
            let current = credentials.current(end.plus_seconds(-299)).await.unwrap();
            assert_eq!(current.security_token, Some(Secret::new("token-3")));
            assert_eq!(server.asked().len(), requests, "{guarded} {name:?}");
        }
    }

    #[tokio::test]
    async fn without_a_role_or_a_service_the_error_says_so() {
        let start = "cannot get a credential for this ECS instance's role from the metadata service: ";
        let open = metadata(false);
        let bare = Scripted::start(|_| (404, String::new()));
        let broken = Scripted::start(|asked| {
            let credential = r#"{"Code":"Failed","AccessKeyId":"hush"}"#;
            let answer = if asked.path.ends_with('/') { "worker" } else { credential };
            (200, answer.to_owned())
        });
        for (role, said) in [
            (role(&open, Some("other"), false), "this instance has no role other".to_owned()),
            (role(&open, None, true), "HTTP 404 for a token".to_owned()),
            (role(&bare, None, false), "this instance has no role; attach one".to_owned()),
            (role(&broken, None, false), "refused with Failed".to_owned()),
        ] {
            assert_eq!(role.fetch().await, Err(format!("{start}{said}")));
        }
        let nobody = EcsRole { name: None, only_with_token: false, url: "http://127.0.0.1:1".to_owned() };
        let error = nobody.fetch().await.unwrap_err();
        assert!(error.starts_with(&format!("{start}http://127.0.0.1:1: ")), "{error}");
    }
}
