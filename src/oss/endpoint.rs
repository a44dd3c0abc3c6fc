//! From bucket, account and region to the URL of a request and to the resource in its signature.
//!
//! The two are independent: the signed resource is the same for any host and addressing.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use super::operation::Operation;

/// The end of every host of the service (developer-reference/putvectors).
const SERVICE_DOMAIN: &str = ".oss-vectors.aliyuncs.com";

/// The end of hosts for objects, and the start of the label before it: `oss-cn-hangzhou.aliyuncs.com`.
const OBJECTS_DOMAIN: &str = ".aliyuncs.com";
const OBJECTS_PREFIX: &str = "oss-";

/// The suffix of a region's label in the internal host (developer-reference/getvectorbucket).
const INTERNAL_SUFFIX: &str = "-internal";

/// The bucket that requests are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The bucket's name.
    pub bucket: String,
    /// The owner's account id, all digits.
    pub account: String,
    /// The general region id, `cn-hangzhou` rather than `oss-cn-hangzhou`.
    pub region: String,
}

impl Target {
    /// The resource in the signature of a request about the bucket, before percent-encoding.
    ///
    /// `key` is empty for every operation on vectors.
    pub fn resource(&self, key: &str) -> String {
        let Self { bucket, account, region } = self;
        format!("/acs:ossvector:{region}:{account}:{bucket}/{key}")
    }
}

/// The resource in the signature of a service-level request; its account is empty.
pub fn service_resource(region: &str) -> String {
    format!("/acs:ossvector:{region}::/")
}

/// Where the bucket is in the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addressing {
    /// In the host: `https://{bucket}-{account}.{host}/`.
    Virtual,
    /// In the path: `https://{host}/{bucket}/`; the account is then only in the signature.
    Path,
}

/// The host that requests go to, and how they name the bucket there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    scheme: &'static str,
    authority: String,
    addressing: Addressing,
}

/// Why a text is not an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// It contains a user name and perhaps a password, which must not be shown.
    #[error("it contains a user name or a password before an @")]
    Password,
    /// It has no host.
    #[error("{0:?} has no host")]
    NoHost(String),
    /// Its scheme is not supported.
    #[error("invalid scheme {0:?}: expected http or https")]
    Scheme(String),
    /// Its host contains an invalid character.
    #[error("invalid host {0:?}: expected a host name or an IP address")]
    Host(String),
    /// Something follows the host that requests cannot contain.
    #[error("unexpected {} after the host", if *is_path { "path" } else { "query" })]
    Rest {
        /// Whether it is a path; a query otherwise.
        is_path: bool,
        /// The endpoint without it.
        without: String,
    },
    /// What follows the host's colon is not a port.
    #[error("invalid port {0:?}: expected 1 to 65535")]
    Port(String),
}

impl Endpoint {
    /// Parses an endpoint like the SDKs: the scheme is optional and https by default. A path, which they drop, is an
    /// error.
    ///
    /// Without a text it is the region's public host. An IP address is addressed by path, since no bucket can come
    /// before it.
    pub fn parse(text: Option<&str>, region: &str) -> Result<Self, EndpointError> {
        let Some(text) = text else {
            return Self::parse(Some(&format!("{region}{SERVICE_DOMAIN}")), region);
        };
        let (scheme, authority) = split_scheme(text)?;
        let (host, port) = split_port(authority)?;
        if host.is_empty() {
            return Err(EndpointError::NoHost(text.to_owned()));
        }
        let is_address = is_ip_address(host);
        if !is_address && !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)) {
            return Err(EndpointError::Host(host.to_owned()));
        }
        let authority = match port {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let authority = authority.to_ascii_lowercase();
        let addressing = if is_address { Addressing::Path } else { Addressing::Virtual };
        Ok(Self { scheme, authority, addressing })
    }

    /// Sets the addressing; an IP address is always addressed by path.
    #[must_use]
    pub fn with_addressing(self, addressing: Addressing) -> Self {
        let is_address = split_port(&self.authority).is_ok_and(|(host, _)| is_ip_address(host));
        Self { addressing: if is_address { Addressing::Path } else { addressing }, ..self }
    }

    /// Whether it is local, by name or address.
    pub fn is_loopback(&self) -> bool {
        let host = split_port(&self.authority).map_or("", |(host, _)| host);
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let is_name = host == "localhost" || host.ends_with(".localhost");
        is_name || address.is_ok_and(|address| address.to_canonical().is_loopback())
    }

    /// Whether requests to it are encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.scheme == "https"
    }

    /// The service at the endpoint, as one text for all spellings of the endpoint: any case, with or without the
    /// default port, by path or by host. The public and the internal host of a region are one service.
    pub fn service(&self) -> String {
        let (host, port) = split_port(&self.authority).unwrap_or((&self.authority, None));
        let host = host.strip_suffix('.').unwrap_or(host);
        let address =
            host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')?.parse::<Ipv6Addr>().ok());
        let host = address.map_or_else(|| host.to_owned(), |address| format!("[{address}]"));
        let port = port.filter(|port| *port != if self.is_encrypted() { 443 } else { 80 });
        match (region_of(&host), port) {
            (Some(region), None) => format!("{region}{SERVICE_DOMAIN}"),
            (_, Some(port)) => format!("{}://{host}:{port}", self.scheme),
            (None, None) => format!("{}://{host}", self.scheme),
        }
    }

    /// How requests name the bucket.
    pub fn addressing(&self) -> Addressing {
        self.addressing
    }

    /// The URL of a request.
    pub fn url(&self, target: &Target, operation: Operation) -> String {
        let Self { scheme, authority, addressing } = self;
        let Target { bucket, account, .. } = target;
        let query = operation.query();
        let mark = if query.is_empty() { "" } else { "?" };
        match addressing {
            _ if operation.is_service_level() => format!("{scheme}://{authority}/{mark}{query}"),
            Addressing::Virtual => format!("{scheme}://{bucket}-{account}.{authority}/{mark}{query}"),
            Addressing::Path => format!("{scheme}://{authority}/{bucket}/{mark}{query}"),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}", self.scheme, self.authority)
    }
}

/// Parses a bucket's whole URL: `https://{bucket}-{account}.{region}[-internal].oss-vectors.aliyuncs.com`.
///
/// Such a URL contains everything that a request needs except the credentials. The bucket ends at the last hyphen
/// before the first dot, since its name may contain hyphens and an account cannot.
pub fn from_bucket_url(url: &str) -> Option<(Endpoint, Target)> {
    let (scheme, authority) = split_scheme(url).ok()?;
    let authority = authority.to_ascii_lowercase();
    let (label, rest) = authority.split_once('.')?;
    let (bucket, account) = split_bucket_label(label)?;
    let region = region_of(rest)?;
    let endpoint = Endpoint::parse(Some(&format!("{scheme}://{rest}")), &region).ok()?;
    let target = Target { bucket: bucket.to_owned(), account: account.to_owned(), region };
    Some((endpoint, target))
}

/// The region in one of the service's own hosts: `cn-hangzhou` in `cn-hangzhou-internal.oss-vectors.aliyuncs.com`.
pub fn region_of(endpoint: &str) -> Option<String> {
    let host = host_of(endpoint)?;
    let label =
        host.strip_suffix(SERVICE_DOMAIN).filter(|label| !label.is_empty() && !label.contains('.'))?;
    Some(label.strip_suffix(INTERNAL_SUFFIX).unwrap_or(label).to_owned())
}

/// The host of an OSS endpoint for objects, perhaps of one bucket, and the matching host for vectors; the acceleration
/// endpoint has none.
pub fn of_objects(endpoint: &str) -> Option<(String, Option<String>)> {
    let host = host_of(endpoint)?;
    let label = host.strip_suffix(OBJECTS_DOMAIN)?.rsplit('.').next()?;
    let region = label.strip_prefix(OBJECTS_PREFIX).filter(|region| !region.is_empty())?;
    let is_region = !region.starts_with("accelerate");
    // A host that ends like one for vectors is one.
    let vectors = is_region.then(|| format!("{region}{SERVICE_DOMAIN}"));
    (!host.ends_with(SERVICE_DOMAIN)).then_some((host, vectors))
}

/// The host of an endpoint in lower case, if it has one.
fn host_of(endpoint: &str) -> Option<String> {
    let (_, authority) = split_scheme(endpoint).ok()?;
    let (host, _) = split_port(authority).ok()?;
    Some(host.to_ascii_lowercase())
}

/// Splits the first label of a virtual host, `{bucket}-{account}`, at its last hyphen.
pub fn split_bucket_label(label: &str) -> Option<(&str, &str)> {
    let (bucket, account) = label.rsplit_once('-')?;
    let is_account = !account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit());
    (is_account && !bucket.is_empty()).then_some((bucket, account))
}

/// Removes the scheme and a trailing slash, which leaves host and port.
fn split_scheme(text: &str) -> Result<(&'static str, &str), EndpointError> {
    if text.contains('@') {
        return Err(EndpointError::Password);
    }
    let (scheme, rest) = match text.split_once("://") {
        None => ("https", text),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => ("https", rest),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => ("http", rest),
        Some((scheme, _)) => return Err(EndpointError::Scheme(scheme.to_owned())),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match rest.get(authority.len()..).unwrap_or_default() {
        _ if authority.is_empty() => Err(EndpointError::NoHost(text.to_owned())),
        "" | "/" => Ok((scheme, authority)),
        more => {
            let is_path = more.starts_with('/') && !more.starts_with("/?");
            Err(EndpointError::Rest { is_path, without: format!("{scheme}://{authority}") })
        }
    }
}

/// Splits `host[:port]`, where the host may be an IPv6 address in brackets.
fn split_port(authority: &str) -> Result<(&str, Option<u16>), EndpointError> {
    let after_bracket = authority.rfind(']').map_or(0, |at| at + 1);
    let Some(colon) = authority.rfind(':').filter(|&at| at >= after_bracket) else {
        return Ok((authority, None));
    };
    let (host, port) = authority.split_at(colon);
    let port = port.trim_start_matches(':');
    match port.parse() {
        Ok(number) if number > 0 => Ok((host, Some(number))),
        _ => Err(EndpointError::Port(port.to_owned())),
    }
}

/// Whether a host is an IPv4 address or a bracketed IPv6 address.
fn is_ip_address(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().is_ok(),
        None => host.parse::<IpAddr>().is_ok_and(|address| address.is_ipv4()),
    }
}

#[cfg(test)]
mod tests;
