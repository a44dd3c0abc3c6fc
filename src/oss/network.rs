//! The network path to a service, and the HTTP client for it.

use std::time::Duration;

use super::secret::Secret;

/// The network path to services that are not local.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// The proxy.
    pub proxy: Proxy,
    /// Certificates in PEM form that are trusted in addition to the system's.
    pub extra_certificates: Option<Vec<u8>>,
}

/// The proxy for requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Proxy {
    /// None; always so for a local service.
    None,
    /// As set by `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`.
    #[default]
    Environment,
    /// The proxy at this URL, which may hold a password.
    Url(Secret),
}

impl Network {
    /// The same without a proxy.
    pub(super) fn direct(&self) -> Self {
        Self { proxy: Proxy::None, extra_certificates: self.extra_certificates.clone() }
    }

    /// The builder of an HTTP client on this path, which follows no redirect.
    pub(super) fn http(&self, connect_timeout: Duration) -> Result<reqwest::ClientBuilder, String> {
        let mut http = reqwest::Client::builder()
            .http1_only()
            .connect_timeout(connect_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("ossvec/", env!("CARGO_PKG_VERSION")));
        if let Some(pem) = &self.extra_certificates {
            http = http.tls_certs_merge(certificates(pem)?);
        }
        Ok(match &self.proxy {
            Proxy::None => http.no_proxy(),
            Proxy::Environment => http,
            // The library's message would repeat the URL.
            Proxy::Url(url) => {
                http.proxy(reqwest::Proxy::all(url.expose()).map_err(|_| "invalid proxy URL".to_owned())?)
            }
        })
    }
}

/// The certificates of a PEM text; an error if there are none.
pub fn certificates(pem: &[u8]) -> Result<Vec<reqwest::Certificate>, String> {
    let found = reqwest::Certificate::from_pem_bundle(pem).map_err(|error| chain(&error))?;
    if found.is_empty() { Err("no certificate found".to_owned()) } else { Ok(found) }
}

/// An error with all its causes, on one line.
pub(super) fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_is_told_without_its_text() {
        let proxy = Proxy::Url(Secret::new("http://hush:99999"));
        let network = Network { proxy, extra_certificates: None };
        let told = [network.http(Duration::from_secs(1)).err(), certificates(b"hush").err()];
        insta::assert_snapshot!(told.map(Option::unwrap).join("\n"), @"
        invalid proxy URL
        no certificate found
        ");
    }
}
