//! The way to services, the one that gives credentials among them: times, proxy, certificates.

use std::path::PathBuf;

use super::sources::{Found, Origin, Sources};
use crate::exit::{Exit, Failure};
use crate::oss::client;
use crate::oss::endpoint::{Endpoint, Target};
use crate::oss::network::{self, Network, Proxy};
use crate::oss::secret::Secret;
use crate::setting::{CA_BUNDLE, CONNECT_TIMEOUT, PROXY, READ_TIMEOUT, SKIP_VERIFY_CERT};
use crate::values::{Switch, Timeout};

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
            connect_timeout: sources.typed(global.connect_timeout, &CONNECT_TIMEOUT)?,
            read_timeout: sources.typed(global.read_timeout, &READ_TIMEOUT)?,
            skip_verify_cert: sources
                .typed(global.skip_verify_cert.map(Switch), &SKIP_VERIFY_CERT)?
                .map(|Switch(skip)| skip),
            ca_bundle: sources.find(bundle.as_deref(), &CA_BUNDLE).map(|found| found.map(PathBuf::from)),
            proxy: proxy(sources)?,
        })
    }

    /// What a client needs to know.
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
                "warning: the server's certificate is not checked ({}, by {origin}): whoever stands \
                 between can read and change everything",
                SKIP_VERIFY_CERT.name
            )
        })
    }
}

/// `env`, as ossutil has it, is what happens without the option too: the proxy variables count.
fn proxy(sources: &Sources<'_>) -> Result<Found<Proxy>, Failure> {
    let flag = sources.global.proxy.as_ref().map(Secret::expose);
    let Some(found) = sources.find(flag, &PROXY) else { return Ok(Found::usual(Proxy::Environment)) };
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
        return Err(found.blamed(&PROXY, failure));
    }
    Ok(found.map(|url| Proxy::Url(Secret::new(url))))
}

/// The certificates that are trusted beside the system's, looked at before they are needed.
fn certificates(found: &Found<PathBuf>) -> Result<Vec<u8>, Failure> {
    let path = &found.value;
    let failed = |error: String| {
        let place = match &found.origin {
            Origin::File { .. } => format!("{} in {}:", CA_BUNDLE.name, found.origin),
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
