//! A URL that answers with a credential.

use std::time::Duration;

use reqwest::Method;

use super::answer;
use super::source::{Fetching, Source};
use super::web::{Question, Reach, host, patiently};
use crate::oss::network::Network;
use crate::oss::secret::Secret;

/// The URL, which may contain a secret.
#[derive(Debug)]
pub(super) struct CredentialUri {
    pub(super) url: Secret,
    pub(super) network: Network,
}

impl Source for CredentialUri {
    fn fetch(&self) -> Fetching<'_> {
        Box::pin(async {
            let url = self.url.expose();
            let failed =
                |detail: String| format!("cannot get a credential from the credential URI: {detail}");
            let reach = Reach { connect: Duration::from_secs(5), read: Duration::from_secs(10) };
            let network = &self.network;
            let question = Question { method: Method::GET, url, headers: &[], form: None, reach, network };
            let reply = patiently(|| question.ask()).await.map_err(failed)?;
            let told = |detail: String| failed(format!("{}: {detail}", host(url)));
            match reply.status {
                200 => answer::temporary(&reply.text).map_err(told),
                status => Err(told(format!("HTTP {status}"))),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::oss::credential::testing::{Scripted, temporary};
    use crate::oss::credential::{Credentials, Refreshed};
    use crate::oss::time::Timestamp;

    #[tokio::test]
    async fn the_url_is_asked_again_before_the_end_and_when_the_service_says_so() {
        let count = AtomicUsize::new(0);
        let server = Scripted::start(move |asked| {
            assert_eq!((asked.method.as_str(), asked.path.as_str()), ("GET", "/hush?key=hush"));
            (200, temporary(count.fetch_add(1, Ordering::Relaxed) + 1, "2026-01-02T03:04:05Z"))
        });
        let url = Secret::new(format!("{}/hush?key=hush", server.url));
        let credentials = Credentials::new(Box::new(CredentialUri { url, network: Network::default() }));
        assert!(!format!("{credentials:?}").contains("hush"), "{credentials:?}");
        let end = Timestamp::parse_rfc3339("2026-01-02T03:04:05Z").unwrap();
        for (left, id) in [(3600, "STS.id-1"), (301, "STS.id-1"), (300, "STS.id-2")] {
            let current = credentials.current(end.plus_seconds(-left)).await.unwrap();
            assert_eq!(current.access_key_id, id, "{left} s before the end");
        }
        let used = tokio::time::Instant::now();
        assert_eq!(credentials.refresh(used, end.plus_seconds(-299)).await, Ok(Refreshed::Anew));
        assert_eq!(credentials.current(end.plus_seconds(-299)).await.unwrap().access_key_id, "STS.id-3");
    }

    #[tokio::test]
    async fn an_error_shows_the_host_and_nothing_else_of_the_url() {
        let failing = Scripted::start(|_| (500, "hush".to_owned()));
        let moving = Scripted::start(|_| (302, String::new()));
        let endless = Scripted::start(|_| (200, " ".repeat(2 << 20)));
        for (url, said) in [
            (format!("{}/hush", failing.url), format!("{}: HTTP 500", failing.url)),
            (format!("{}/hush", moving.url), format!("{}: HTTP 302", moving.url)),
            (format!("{}/hush", endless.url), format!("{}: the response is too long", endless.url)),
            ("hush".to_owned(), "an invalid URL: builder error".to_owned()),
            ("http://127.0.0.1:1/hush".to_owned(), "http://127.0.0.1:1: ".to_owned()),
        ] {
            let error = CredentialUri { url: Secret::new(url), network: Network::default() }
                .fetch()
                .await
                .unwrap_err();
            let start = format!("cannot get a credential from the credential URI: {said}");
            assert!(error.starts_with(&start) && !error.contains("hush"), "{error}");
        }
    }
}
