//! The cloud service: which host, bucket, account and region, and how to reach it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::sources::{Found, Origin, Sources, in_file, missing};
use super::{ServiceSettings, check_account, check_region, credential, usage};
use crate::exit::{Exit, Failure};
use crate::oss::client;
use crate::oss::credential::Secret;
use crate::oss::endpoint::{Addressing, Endpoint, Target, from_bucket_url, region_of};
use crate::oss::network::{self, Proxy};
use crate::values::Timeout;

const CONNECT_TIMEOUT: Timeout = Timeout(Duration::from_secs(10));
const READ_TIMEOUT: Timeout = Timeout(Duration::from_secs(20));

/// What flags, variables and the file say of the service; what they leave out is `None`.
pub(super) struct Service {
    pub(super) region: Option<Found>,
    pub(super) account: Option<Found>,
    pub(super) bucket: Option<Found>,
    /// Known as soon as the region is, or somebody names a host.
    pub(super) endpoint: Option<Found<Endpoint>>,
    pub(super) addressing: Option<Found<Addressing>>,
    pub(super) network: Network,
}

/// How to reach a service.
pub(super) struct Network {
    pub(super) connect_timeout: Found<Timeout>,
    pub(super) read_timeout: Found<Timeout>,
    pub(super) skip_verify_cert: Found<bool>,
    pub(super) ca_bundle: Option<Found<PathBuf>>,
    pub(super) proxy: Found<Proxy>,
}

impl Service {
    /// Asks all sources; what is wrong is an error, what is missing is not.
    pub(super) fn find(sources: &Sources<'_>, bucket: Option<&String>) -> Result<Self, Failure> {
        let global = sources.global;
        let host = sources.endpoint();
        let url = host.as_ref().and_then(|host| from_bucket_url(&host.value));
        let (url_endpoint, url_target) = url.unzip();
        let rank = host.as_ref().map_or(0, |host| host.origin.rank());
        let says = |value: Option<String>| value.map(|value| Found { value, origin: Origin::Endpoint });
        // Whoever names a host on the command line does not mean the region that the file has for other hosts.
        let stronger = |given: Option<Found>, said: Option<Found>| match (&given, &said) {
            (Some(given), Some(_)) if given.origin.rank() < rank => said,
            _ => given.or(said),
        };
        let said = url_target.as_ref().map(|target| target.region.clone());
        let said = said.or_else(|| region_of(&host.as_ref()?.value).map(str::to_owned));
        let region = sources.find(global.region.as_deref(), Some("OSS_REGION"), "region");
        let region = stronger(region, says(said));
        let account = sources.find(global.account_id.as_deref(), Some("OSS_ACCOUNT_ID"), "account-id");
        let account = stronger(account, says(url_target.as_ref().map(|target| target.account.clone())));
        let bucket =
            bucket.map(|bucket| Found { value: bucket.clone(), origin: Origin::Flag("--bucket".to_owned()) });
        let bucket = bucket.or_else(|| says(url_target.map(|target| target.bucket)));
        if let Some(Found { value, .. }) = &region {
            check_region(value)?;
        }
        if let Some(Found { value, .. }) = &account {
            check_account(value)?;
        }
        let style = sources.addressing_style()?;
        let endpoint = match (url_endpoint, &host, &region) {
            (Some(endpoint), Some(host), _) => Some(host.clone().map(|_| endpoint)),
            (_, Some(host), _) => {
                let endpoint =
                    Endpoint::parse(Some(&host.value), "").map_err(|error| usage(error.to_string()))?;
                Some(host.clone().map(|_| endpoint))
            }
            (_, None, Some(region)) => {
                let endpoint =
                    Endpoint::parse(None, &region.value).map_err(|error| usage(error.to_string()))?;
                Some(Found::usual(endpoint))
            }
            (_, None, None) => None,
        };
        let endpoint = endpoint.map(|endpoint| match &style {
            Some(style) => endpoint.map(|endpoint| endpoint.with_addressing(style.value)),
            None => endpoint,
        });
        let addressing = endpoint.as_ref().map(|endpoint| {
            let effective = endpoint.value.addressing();
            let asked = style.filter(|style| style.value == effective);
            asked.unwrap_or_else(|| Found::usual(effective))
        });
        let mut network = Network::find(sources)?;
        if endpoint.as_ref().is_some_and(|endpoint| endpoint.value.is_loopback()) {
            network.proxy = Found::usual(Proxy::None);
        }
        Ok(Self { region, account, bucket, endpoint, addressing, network })
    }

    /// All of it, for a load into `bucket`; what is missing is an error now.
    pub(super) fn settings(self, bucket: &str, sources: &Sources<'_>) -> Result<ServiceSettings, Failure> {
        let region = self.region.ok_or_else(|| missing("region", "--region", "OSS_REGION", "region"))?;
        let account = self
            .account
            .ok_or_else(|| missing("account id", "--account-id", "OSS_ACCOUNT_ID", "account-id"))?;
        let endpoint =
            self.endpoint.ok_or_else(|| missing("endpoint", "--endpoint", "OSS_ENDPOINT", "endpoint"))?;
        let credential = credential::source(sources)?;
        let target = Target { bucket: bucket.to_owned(), account: account.value, region: region.value };
        let warning = self.network.warning(&endpoint.value);
        let options = self.network.options(endpoint.value, target)?;
        Ok(ServiceSettings { options, credential, warning })
    }
}

impl Network {
    /// Asks all sources.
    pub(super) fn find(sources: &Sources<'_>) -> Result<Self, Failure> {
        let global = sources.global;
        let bundle = global.ca_bundle.as_ref().map(|path| path.display().to_string());
        Ok(Self {
            connect_timeout: sources.typed(global.connect_timeout, "connect-timeout", CONNECT_TIMEOUT)?,
            read_timeout: sources.typed(global.read_timeout, "read-timeout", READ_TIMEOUT)?,
            skip_verify_cert: sources.switch(global.skip_verify_cert, "skip-verify-cert"),
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
            network: self.way()?,
        })
    }

    /// The way to services, the one that gives credentials among them.
    pub(super) fn way(self) -> Result<network::Network, Failure> {
        Ok(network::Network {
            proxy: self.proxy.value,
            extra_certificates: self.ca_bundle.map(|found| certificates(&found.value)).transpose()?,
        })
    }

    /// What everybody should know who reads what is printed.
    fn warning(&self, endpoint: &Endpoint) -> Option<String> {
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
        return Err(match found.origin {
            Origin::Flag(_) => usage(format!(
                "--proxy: {}",
                if is_http { "no URL" } else { "its scheme is not http or https" }
            )),
            _ => in_file(KEY, "…"),
        }
        .advise("write for example http://proxy.example.com:3128, or env to use HTTPS_PROXY and NO_PROXY"));
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
fn certificates(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: String| {
        Failure::new(Exit::Client, format!("cannot use --ca-bundle {}: {error}", path.display())).advise(
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
