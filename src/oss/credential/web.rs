//! HTTP for credential sources: a small request, a small answer, never a redirect.

use std::time::Duration;

use reqwest::{Method, Url};

use crate::oss::error::backoff;
use crate::oss::network::{Network, chain};
use crate::oss::time::Timestamp;

/// Maximum size of an answer with a credential.
const MOST_BYTES: usize = 1 << 20;

/// A request.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) method: Method,
    /// May contain secrets; errors show only its host.
    pub(super) url: &'a str,
    pub(super) headers: &'a [(&'static str, &'a str)],
    pub(super) form: Option<String>,
    pub(super) reach: Reach,
    /// The network path, unless the host is local.
    pub(super) network: &'a Network,
}

/// The timeouts for a service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    /// Maximum time to connect.
    pub(super) connect: Duration,
    /// Maximum time to answer after that.
    pub(super) read: Duration,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) text: String,
    /// The server's clock.
    pub(super) date: Option<Timestamp>,
}

impl Question<'_> {
    /// Sends the request; the error says why there is no answer, and from which host.
    pub(super) async fn ask(&self) -> Result<Reply, String> {
        self.try_ask().await.map_err(|error| format!("{}: {error}", host(self.url)))
    }

    async fn try_ask(&self) -> Result<Reply, String> {
        let Reach { connect, read } = self.reach;
        let direct = is_local(self.url).then(|| self.network.direct());
        let http = direct.as_ref().unwrap_or(self.network).http(connect)?.timeout(connect + read);
        let http = http.build().map_err(failure)?;
        let mut request = http.request(self.method.clone(), self.url);
        for (name, value) in self.headers {
            request = request.header(*name, *value);
        }
        if let Some(form) = &self.form {
            let form_type = "application/x-www-form-urlencoded";
            request = request.header(reqwest::header::CONTENT_TYPE, form_type).body(form.clone());
        }
        let mut response = request.send().await.map_err(failure)?;
        let date = response.headers().get(reqwest::header::DATE).and_then(|date| date.to_str().ok());
        let date = date.and_then(Timestamp::parse_http_date);
        let mut received = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failure)? {
            received.extend_from_slice(&chunk);
            if received.len() > MOST_BYTES {
                return Err("the response is too long".to_owned());
            }
        }
        let text = String::from_utf8_lossy(&received).into_owned();
        Ok(Reply { status: response.status().as_u16(), text, date })
    }
}

/// How many times a request is tried if it gets no answer, or one that may be temporary: as many times as the vendor's
/// libraries do. A job must not fail because a service hiccups at its start.
const TRIES: u32 = 3;

/// Asks until there is a conclusive answer, or the attempts are used up.
pub(super) async fn patiently<F>(ask: impl Fn() -> F) -> Result<Reply, String>
where
    F: Future<Output = Result<Reply, String>>,
{
    let mut failures = 0;
    loop {
        let outcome = ask().await;
        failures += 1;
        let may_pass = outcome.as_ref().map_or(true, |reply| reply.status >= 500 || reply.status == 429);
        if !may_pass || failures == TRIES {
            return outcome;
        }
        tokio::time::sleep(backoff(failures - 1, fastrand::f64())).await;
    }
}

/// The error without the URL.
fn failure(error: reqwest::Error) -> String {
    chain(&error.without_url())
}

/// The part of a URL that can be shown.
pub(super) fn host(url: &str) -> String {
    match Url::parse(url) {
        Ok(url) if url.has_host() => url.origin().ascii_serialization(),
        _ => "an invalid URL".to_owned(),
    }
}

/// Whether a URL is local, where no proxy is used.
fn is_local(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => {
            host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback() || ip.is_link_local())
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_host_of_a_url_shows() {
        assert_eq!(host("https://user:hush@host:8443/hush?hush=1"), "https://host:8443");
        assert_eq!(host("hush"), "an invalid URL");
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_may_pass_is_asked_again_and_not_for_ever() {
        let reply = |status| Ok(Reply { status, text: String::new(), date: None });
        for (outcomes, asked, status) in [
            (vec![reply(200)], 1, Some(200)),
            (vec![reply(403)], 1, Some(403)),
            (vec![reply(500), reply(200)], 2, Some(200)),
            (vec![Err("refused".to_owned()), reply(429), reply(200)], 3, Some(200)),
            (vec![reply(503), reply(503), Err("refused".to_owned())], 3, None),
        ] {
            let left = std::cell::RefCell::new(outcomes.into_iter());
            let count = std::cell::Cell::new(0);
            let outcome = patiently(|| {
                count.set(count.get() + 1);
                std::future::ready(left.borrow_mut().next().unwrap())
            })
            .await;
            assert_eq!((count.get(), outcome.ok().map(|reply| reply.status)), (asked, status));
        }
    }

    #[test]
    fn a_url_on_this_machine_is_known() {
        for url in ["http://localhost:1/x", "http://127.0.0.1/", "http://[::1]:80/", "http://169.254.1.1/"] {
            assert!(is_local(url), "{url}");
        }
        assert!(!is_local("http://10.0.0.1/") && !is_local("http://example.com/"));
    }
}
