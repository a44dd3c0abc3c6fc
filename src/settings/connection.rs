//! The way to services, the one that gives credentials among them: times, proxy, certificates.

use std::path::PathBuf;
use std::time::Duration;

use super::sources::{Found, Origin, Sources};
use crate::exit::{Exit, Failure};
use crate::oss::client;
use crate::oss::endpoint::{Endpoint, Target};
use crate::oss::network::{self, Network, Proxy};
use crate::oss::secret::Secret;
use crate::values::{Switch, Timeout};

const CONNECT_TIMEOUT: Timeout = Timeout(Duration::from_secs(10));
const READ_TIMEOUT: Timeout = Timeout(Duration::from_secs(20));

/// What flags, variables and the file say of the way.
pub(super) struct Connection {
    pub(super) connect_timeout: Found<Timeout>,
    pub(super) read_timeout: Found<Timeout>,
    pub(super) skip_verify_cert: Found<bool>,
    pub(super) ca_bundle: Option<Found<PathBuf>>,
    pub(super) proxy: Found<Proxy>,
}

impl Connection {
    /// Asks all sources.
    pub(super) fn find(sources: &Sources<'_>) -> Result<Self, Failure> {
        let global = sources.global;
        let bundle = global.ca_bundle.as_ref().map(|path| path.display().to_string());
        Ok(Self {
            connect_timeout: sources.typed(global.connect_timeout, "connect-timeout", CONNECT_TIMEOUT)?,
            read_timeout: sources.typed(global.read_timeout, "read-timeout", READ_TIMEOUT)?,
            skip_verify_cert: sources
                .typed(global.skip_verify_cert.map(Switch), "skip-verify-cert", Switch(false))?
                .map(|Switch(skip)| skip),
            ca_bundle: sources
                .find(bundle.as_deref(), None, "ca-bundle")
                .map(|found| found.map(PathBuf::from)),
            proxy: proxy(sources)?,
        })
    }

    /// What a client needs to know.
    pub(super) fn options(self, endpoint: Endpoint, target: Target) -> Result<client::Options, Failure> {
        Ok(client::Options {
            endpoint,
            target,
            connect_timeout: self.connect_timeout.value.0,
            read_timeout: self.read_timeout.value.0,
            skip_verify_cert: self.skip_verify_cert.value,
            network: self.network()?,
        })
    }

    /// The way to services, the one that gives credentials among them.
    pub(super) fn network(self) -> Result<Network, Failure> {
        Ok(Network {
            proxy: self.proxy.value,
            extra_certificates: self.ca_bundle.as_ref().map(certificates).transpose()?,
        })
    }

    /// What everybody should know who reads what is printed.
    pub(super) fn warning(&self, endpoint: &Endpoint) -> Option<String> {
        let Found { value, origin } = &self.skip_verify_cert;
        (*value && endpoint.is_encrypted()).then(|| {
            format!(
                "warning: the server's certificate is not checked (skip-verify-cert, by {origin}): whoever stands \
                 between can read and change everything"
            )
        })
    }
}

/// `env`, as ossutil has it, is what happens without the option too: the proxy variables count.
fn proxy(sources: &Sources<'_>) -> Result<Found<Proxy>, Failure> {
    const KEY: &str = "proxy";
    let flag = sources.global.proxy.as_ref().map(Secret::expose);
    let Some(found) = sources.find(flag, None, KEY) else { return Ok(Found::usual(Proxy::Environment)) };
    if found.value == "env" {
        return Ok(found.map(|_| Proxy::Environment));
    }
    let (scheme, rest) = found.value.split_once("://").unwrap_or(("http", &found.value));
    let is_http = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    if !is_http || rest.trim_matches('/').is_empty() || rest.contains(char::is_whitespace) {
        let what = if is_http { "no URL" } else { "its scheme is not http or https" };
        let failure = Failure::new(Exit::Client, what).advise(
            "write for example http://proxy.example.com:3128, or env to use HTTPS_PROXY and NO_PROXY",
        );
        return Err(found.blamed(KEY, failure));
    }
    Ok(found.map(|url| Proxy::Url(Secret::new(url))))
}

/// The URL of a proxy as it can be shown: a password is none of anybody's business.
pub(super) fn without_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let rest = rest.rsplit_once('@').map_or_else(|| rest.to_owned(), |(_, host)| format!("***@{host}"));
    if scheme.is_empty() { rest } else { format!("{scheme}://{rest}") }
}

/// The certificates that are trusted beside the system's, looked at before they are needed.
fn certificates(found: &Found<PathBuf>) -> Result<Vec<u8>, Failure> {
    let path = &found.value;
    let failed = |error: String| {
        let place = match &found.origin {
            Origin::File { .. } => format!("ca-bundle in {}:", found.origin),
            origin => origin.to_string(),
        };
        Failure::new(Exit::Client, format!("cannot use {place} {}: {error}", path.display())).advise(
            "it is a file with certificates in PEM form, each between BEGIN CERTIFICATE and END CERTIFICATE",
        )
    };
    let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    network::certificates(&pem).map_err(failed)?;
    Ok(pem)
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn a_proxy_is_shown_without_its_password() {
        for (url, shown) in [
            ("http://user:pa@ss@proxy:3128", "http://***@proxy:3128"),
            ("user:pass@proxy", "***@proxy"),
            ("https://proxy:3128/", "https://proxy:3128/"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
