//! The network path to services, including the sources of credentials: timeouts, proxy, certificates.

use std::path::PathBuf;

use super::sources::{Found, Sources};
use crate::exit::{ErrorCode, Failure};
use crate::oss::client;
use crate::oss::endpoint::{Endpoint, Target};
use crate::oss::network::{self, Network, Proxy};
use crate::oss::secret::Secret;
use crate::setting::{CA_BUNDLE, CONNECT_TIMEOUT, PROXY, READ_TIMEOUT, SKIP_VERIFY_CERT};
use crate::values::{Switch, Timeout};

/// The network settings from flags, variables and the file.
pub(super) struct Connection {
    pub(super) connect_timeout: Found<Timeout>,
    pub(super) read_timeout: Found<Timeout>,
    pub(super) skip_verify_cert: Found<bool>,
    pub(super) ca_bundle: Option<Found<PathBuf>>,
    pub(super) proxy: Found<Proxy>,
}

impl Connection {
    /// Reads the settings from all sources.
    pub(super) fn find(sources: &Sources<'_>) -> Result<Self, Failure> {
        let global = sources.global;
        let bundle = global.ca_bundle.as_ref().map(|path| path.display().to_string());
        Ok(Self {
            connect_timeout: sources.typed(global.connect_timeout, &CONNECT_TIMEOUT)?,
            read_timeout: sources.typed(global.read_timeout, &READ_TIMEOUT)?,
            skip_verify_cert: sources
                .typed(global.skip_verify_cert.map(Switch), &SKIP_VERIFY_CERT)?
                .map(|Switch(skip)| skip),
            ca_bundle: sources.find(bundle.as_deref(), &CA_BUNDLE).map(|found| found.map(PathBuf::from)),
            proxy: proxy(sources)?,
        })
    }

    /// The options of a client.
    pub(super) fn options(
        self,
        endpoint: Endpoint,
        target: Target,
    ) -> Result<client::ClientOptions, Failure> {
        Ok(client::ClientOptions {
            endpoint,
            target,
            connect_timeout: self.connect_timeout.value.0,
            read_timeout: self.read_timeout.value.0,
            skip_verify_cert: self.skip_verify_cert.value,
            content_md5: true,
            network: self.network()?,
        })
    }

    /// The network path to services, including the sources of credentials.
    pub(super) fn network(self) -> Result<Network, Failure> {
        Ok(Network {
            proxy: self.proxy.value,
            extra_certificates: self.ca_bundle.as_ref().map(certificates).transpose()?,
        })
    }

    /// A warning for everyone who reads the output.
    pub(super) fn warning(&self, endpoint: &Endpoint) -> Option<String> {
        let skip = &self.skip_verify_cert;
        (skip.value && endpoint.is_encrypted()).then(|| {
            let place = skip.place(&SKIP_VERIFY_CERT);
            format!(
                "the server's certificate is not verified ({place}): anyone in between can read and change everything"
            )
        })
    }
}

/// The proxy. `env`, a value of ossutil, is also the default: the proxy variables apply.
fn proxy(sources: &Sources<'_>) -> Result<Found<Proxy>, Failure> {
    let flag = sources.global.proxy.as_ref().map(Secret::expose);
    let Some(found) = sources.find(flag, &PROXY) else { return Ok(Found::usual(Proxy::Environment)) };
    if found.value == "env" {
        return Ok(found.map(|_| Proxy::Environment));
    }
    let (scheme, rest) = found.value.split_once("://").unwrap_or(("http", &found.value));
    let is_http = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    if !is_http || rest.trim_matches('/').is_empty() || rest.contains(char::is_whitespace) {
        let what = if is_http { "invalid proxy URL" } else { "invalid proxy scheme: expected http or https" };
        let failure = Failure::new(ErrorCode::InvalidSetting, what)
            .advise("use a URL such as http://proxy.example.com:3128, or env for HTTPS_PROXY and NO_PROXY");
        return Err(found.blamed(&PROXY, failure));
    }
    Ok(found.map(|url| Proxy::Url(Secret::new(url))))
}

/// The certificates that are trusted in addition to the system's, checked before they are needed.
fn certificates(found: &Found<PathBuf>) -> Result<Vec<u8>, Failure> {
    let path = &found.value;
    let failed = |error: String| {
        let place = found.place(&CA_BUNDLE);
        Failure::new(ErrorCode::InvalidSetting, format!("cannot use {} for {place}: {error}", path.display()))
            .advise("use a PEM file, with each certificate between BEGIN CERTIFICATE and END CERTIFICATE")
    };
    let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    network::certificates(&pem).map_err(failed)?;
    Ok(pem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::sources::Origin;
    use crate::settings::tests::all_refused_with;

    #[test]
    fn what_is_wrong_with_the_way_is_told_with_what_to_write() {
        let told = all_refused_with([
            "--proxy socks5://hush",
            "--proxy http://",
            "--ca-bundle /no/such/file",
            "--ca-bundle /dev/null",
        ]);
        insta::assert_snapshot!(told, @"
        --proxy: invalid proxy scheme: expected http or https
            use a URL such as http://proxy.example.com:3128, or env for HTTPS_PROXY and NO_PROXY
        --proxy: invalid proxy URL
            use a URL such as http://proxy.example.com:3128, or env for HTTPS_PROXY and NO_PROXY
        cannot use /no/such/file for --ca-bundle: No such file or directory (os error 2)
            use a PEM file, with each certificate between BEGIN CERTIFICATE and END CERTIFICATE
        cannot use /dev/null for --ca-bundle: no certificate found
            use a PEM file, with each certificate between BEGIN CERTIFICATE and END CERTIFICATE
        ");
    }

    #[test]
    fn certificates_that_are_not_checked_are_warned_of() {
        let default = Found::usual(false);
        let skip_verify_cert = Found { value: true, origin: Origin::Flag("--skip-verify-cert".to_owned()) };
        let time = || Found::usual(Timeout(std::time::Duration::from_secs(1)));
        let connection = |skip_verify_cert| Connection {
            connect_timeout: time(),
            read_timeout: time(),
            skip_verify_cert,
            ca_bundle: None,
            proxy: Found::usual(Proxy::None),
        };
        let [plain, encrypted] =
            ["http://h", "https://h"].map(|text| Endpoint::parse(Some(text), "r").unwrap());
        assert_eq!(connection(default).warning(&encrypted), None);
        let skipping = connection(skip_verify_cert);
        assert_eq!(skipping.warning(&plain), None);
        insta::assert_snapshot!(skipping.warning(&encrypted).unwrap(), @"
        the server's certificate is not verified (--skip-verify-cert): anyone in between can read and change everything
        ");
    }
}
