//! A role assumed with another credential: `AssumeRole` of STS.

use std::time::Duration;

use reqwest::Method;

use super::answer;
use super::recipe::Role;
use super::rpc::{self, Parameters};
use super::source::{Fetching, Source};
use super::web::{Question, Reach, Reply, patiently};
use crate::oss::hidden::Hidden;
use crate::oss::network::Network;
use crate::oss::secret::Credential;
use crate::oss::time::Timestamp;

/// A role, and the credential to assume it with.
#[derive(Debug)]
pub(super) struct AssumedRole {
    pub(super) base: Box<dyn Source>,
    pub(super) role: Role,
    pub(super) sts: Sts,
}

/// The address of STS, and the network path to it.
#[derive(Debug)]
pub(super) struct Sts {
    pub(super) url: String,
    pub(super) network: Network,
}

impl Source for AssumedRole {
    fn fetch(&self) -> Fetching<'_> {
        Box::pin(async {
            let base = self.base.fetch().await?;
            let mut hidden = Hidden::default();
            hidden.add_credential(&base);
            let assumed = self.sts.call(&self.role.arn, |now| self.request(&base, now)).await;
            assumed.map_err(|text| hidden.strike(&text))
        })
    }
}

impl AssumedRole {
    /// The query and the form.
    fn request(&self, base: &Credential, now: Timestamp) -> (Parameters, Parameters) {
        let nonce = format!("{:032x}", fastrand::u128(..));
        signed(base, &self.role, now, nonce)
    }
}

/// The query and the form of `AssumeRole`, signed together.
fn signed(base: &Credential, role: &Role, now: Timestamp, nonce: String) -> (Parameters, Parameters) {
    let mut form = role.form();
    form.extend(role.external_id.clone().map(|id| ("ExternalId", id)));
    let mut query = common("AssumeRole", now);
    query.extend([
        ("SignatureMethod", "HMAC-SHA1".to_owned()),
        ("SignatureVersion", "1.0".to_owned()),
        ("SignatureNonce", nonce),
        ("AccessKeyId", base.access_key_id.clone()),
    ]);
    query.extend(base.security_token.as_ref().map(|token| ("SecurityToken", token.expose().to_owned())));
    let all = query.iter().chain(&form).map(|(name, value)| (*name, value.clone())).collect();
    query.insert("Signature", rpc::signature(&all, &base.secret));
    (query, form)
}

/// The parameters of every call.
pub(super) fn common(action: &str, now: Timestamp) -> Parameters {
    Parameters::from([
        ("Action", action.to_owned()),
        ("Version", "2015-04-01".to_owned()),
        ("Format", "JSON".to_owned()),
        ("Timestamp", now.rfc3339()),
    ])
}

impl Sts {
    #[cfg(test)]
    pub(super) fn direct(url: &str) -> Self {
        Self { url: url.to_owned(), network: Network::default() }
    }

    async fn ask(&self, (query, form): (Parameters, Parameters)) -> Result<Reply, String> {
        let question = Question {
            method: Method::POST,
            url: &format!("{}/?{}", self.url, rpc::joined(&query)),
            headers: &[],
            form: Some(rpc::joined(&form)),
            reach: Reach { connect: Duration::from_secs(5), read: Duration::from_secs(10) },
            network: &self.network,
        };
        question.ask().await
    }

    /// Asks STS for the credential of a role, a second time by its own clock if it complains about ours.
    pub(super) async fn call(
        &self,
        role: &str,
        request: impl Fn(Timestamp) -> (Parameters, Parameters) + Send + Sync,
    ) -> Result<Credential, String> {
        let mut now = Timestamp::now();
        let mut has_right_time = false;
        loop {
            let failed =
                |detail: String| format!("cannot get a credential for the role {role} from STS: {detail}");
            // Each time with another nonce: STS accepts none twice.
            let reply = patiently(|| self.ask(request(now))).await.map_err(failed)?;
            if reply.status == 200 {
                return answer::sts(&reply.text).map_err(failed);
            }
            let (code, told) = answer::sts_refusal(reply.status, &reply.text);
            match reply.date {
                Some(date) if code.starts_with("InvalidTimeStamp") && !has_right_time => {
                    (now, has_right_time) = (date, true);
                }
                _ => return Err(failed(told)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::oss::credential::testing::{Asked, Scripted, temporary};
    use crate::oss::credential::{Credentials, Refreshed};
    use crate::oss::secret::Secret;

    const NONCE: &str = "0123456789abcdef0123456789abcdef";

    fn base(token: Option<&str>) -> Credential {
        Credential {
            access_key_id: "LTAI5tExample".to_owned(),
            secret: Secret::new("exampleSecret"),
            security_token: token.map(Secret::new),
            expires_at: None,
        }
    }

    /// The signatures are those of the vendor's Python packages `aliyun-python-sdk-core` 2.16.1 (both) and
    /// `alibabacloud-credentials` 1.0.12 (the first; it encodes a space as `+`, which STS does not).
    #[test]
    fn the_signature_is_that_of_the_vendors_own_packages() {
        let now = Timestamp::parse_basic("20231216T162057Z").unwrap();
        let plain = Role::new("acs:ram::1234567890:role/loader", None);
        let odd = Role {
            policy: Some(
                r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:PutVectors", "Resource": "*"}]}"#
                    .to_owned(),
            ),
            external_id: Some("a*b'c ~é".to_owned()),
            ..plain.clone()
        };
        for (base, role, signature) in [
            (base(None), plain, "aW/seNGX/GA2qFLvr0zKTpuc0c4="),
            (base(Some("CAIS+to/ken==")), odd, "Q6HOrNOkUEaqhFGkrVCeE0mPGB4="),
        ] {
            let (query, _) = signed(&base, &role, now, NONCE.to_owned());
            assert_eq!(query["Signature"], signature);
        }
    }

    fn answering(
        answer: impl Fn(&Asked, usize) -> (u16, String) + Send + 'static,
    ) -> (Scripted, Arc<AtomicUsize>) {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let server = Scripted::start(move |asked| answer(asked, counted.fetch_add(1, Ordering::Relaxed) + 1));
        (server, count)
    }

    fn assumed(url: &str, base: Credential) -> AssumedRole {
        AssumedRole { base: Box::new(base), role: Role::new("arn", None), sts: Sts::direct(url) }
    }

    #[tokio::test]
    async fn a_role_is_assumed_anew_before_its_end_and_when_the_service_says_so() {
        let (server, _) = answering(|_, number| {
            (200, format!(r#"{{"Credentials":{}}}"#, temporary(number, "2026-01-02T03:04:05Z")))
        });
        let credentials = Credentials::new(Box::new(assumed(&server.url, base(Some("base-token")))));
        let end = Timestamp::parse_rfc3339("2026-01-02T03:04:05Z").unwrap();
        for (left, id) in [(3600, "STS.id-1"), (301, "STS.id-1"), (300, "STS.id-2")] {
            let current = credentials.current(end.plus_seconds(-left)).await.unwrap();
            assert_eq!(current.access_key_id, id, "{left} s before the end");
        }
        let used = tokio::time::Instant::now();
        assert_eq!(credentials.refresh(used, end.plus_seconds(-299)).await, Ok(Refreshed::Anew));
        let current = credentials.current(end.plus_seconds(-299)).await.unwrap();
        assert_eq!(current.security_token, Some(Secret::new("token-3")));
        let asked = server.asked();
        assert_eq!(asked.len(), 3);
        for asked in &asked {
            assert_eq!(asked.method, "POST");
            assert_eq!(asked.headers["content-type"], "application/x-www-form-urlencoded");
            assert!(asked.path.starts_with("/?AccessKeyId=LTAI5tExample&Action=AssumeRole&Format=JSON&"));
            assert!(asked.path.contains("&SecurityToken=base-token&Signature="), "{}", asked.path);
            assert_eq!(asked.body, "DurationSeconds=3600&RoleArn=arn&RoleSessionName=ossvec");
        }
        assert_ne!(asked[0].path, asked[1].path, "a nonce serves once");
    }

    #[tokio::test]
    async fn a_wrong_clock_is_set_by_that_of_sts() {
        let (server, _) = answering(|asked, number| {
            if asked.path.contains("Timestamp=2026-01-02T03%3A04%3A05Z") {
                return (200, format!(r#"{{"Credentials":{}}}"#, temporary(number, "2026-01-02T04:04:05Z")));
            }
            (400, r#"{"Code":"InvalidTimeStamp.Expired","Message":"expired"}"#.to_owned())
        });
        let fetched = assumed(&server.url, base(None)).fetch().await.unwrap();
        assert_eq!(fetched.access_key_id, "STS.id-2");
    }

    #[tokio::test]
    async fn a_refusal_is_told_with_the_role_and_never_with_what_was_sent() {
        let (server, count) = answering(|asked, _| {
            let message = format!("no right. String to sign is: {}", asked.path);
            (403, format!(r#"{{"Code":"NoPermission","Message":"{message}","RequestId":"R-1"}}"#))
        });
        let error = assumed(&server.url, base(Some("hush"))).fetch().await.unwrap_err();
        assert_eq!(
            error,
            "cannot get a credential for the role arn from STS: NoPermission: no right.; request ID R-1"
        );
        assert_eq!(count.load(Ordering::Relaxed), 1);
        let error = assumed("http://127.0.0.1:1", base(Some("hush"))).fetch().await.unwrap_err();
        assert!(error.contains("from STS: http://127.0.0.1:1: ") && !error.contains("hush"), "{error}");
    }
}
