//! From bucket, account and region to the URL of a request and to the resource that its signature names.
//!
//! The two are independent: the signed resource is the same whatever host and addressing carry the request.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use super::operation::Operation;

/// What every host of the service ends with (developer-reference/putvectors).
const SERVICE_DOMAIN: &str = ".oss-vectors.aliyuncs.com";

/// What the hosts of objects end with and what the last label before it begins with: `oss-cn-hangzhou.aliyuncs.com`.
const OBJECTS_DOMAIN: &str = ".aliyuncs.com";
const OBJECTS_PREFIX: &str = "oss-";

/// What a region's label gains on the host that only its own network reaches (developer-reference/getvectorbucket).
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
    /// The resource that the signature of a request about the bucket names, before percent-encoding.
    ///
    /// `key` is empty for every operation on vectors.
    pub fn resource(&self, key: &str) -> String {
        let Self { bucket, account, region } = self;
        format!("/acs:ossvector:{region}:{account}:{bucket}/{key}")
    }
}

/// The resource that the signature of a service-level request names; its account stays empty.
pub fn service_resource(region: &str) -> String {
    format!("/acs:ossvector:{region}::/")
}

/// Where the bucket stands in the URL.
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

/// Why a text is no endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// It holds a user's name and perhaps a password, which nobody must see.
    #[error("it contains a user name or a password before an @")]
    Password,
    /// There is no host in it.
    #[error("{0:?} has no host")]
    NoHost(String),
    /// Its scheme is not one that the client speaks.
    #[error("invalid scheme {0:?}: expected http or https")]
    Scheme(String),
    /// Its host holds a character that no host has.
    #[error("invalid host {0:?}: expected a host name or an IP address")]
    Host(String),
    /// Something follows the host, which requests have no place for.
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
    /// Reads an endpoint as the SDKs do: the scheme is optional and https by default. A path, which they drop, is an error.
    ///
    /// Without a text it is the region's public host. An IP address is addressed by path, since no bucket can stand
    /// in front of it.
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

    /// Asks for an addressing; an IP address stays addressed by path.
    #[must_use]
    pub fn with_addressing(self, addressing: Addressing) -> Self {
        let is_address = split_port(&self.authority).is_ok_and(|(host, _)| is_ip_address(host));
        Self { addressing: if is_address { Addressing::Path } else { addressing }, ..self }
    }

    /// Whether it is on this machine, by its name or its address.
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

    /// The service behind it, as one text however the endpoint is written: whatever its case, with the usual port or
    /// without, by path or by host. The public and the internal host of a region are one service.
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

/// Takes a bucket's whole URL apart: `https://{bucket}-{account}.{region}[-internal].oss-vectors.aliyuncs.com`.
///
/// Such a URL holds everything that a request needs but the credentials. The bucket ends at the last hyphen before
/// the first dot, since its name may hold hyphens and an account cannot.
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

/// The region that the service's own hosts name: `cn-hangzhou` of `cn-hangzhou-internal.oss-vectors.aliyuncs.com`.
pub fn region_of(endpoint: &str) -> Option<String> {
    let host = host_of(endpoint)?;
    let label =
        host.strip_suffix(SERVICE_DOMAIN).filter(|label| !label.is_empty() && !label.contains('.'))?;
    Some(label.strip_suffix(INTERNAL_SUFFIX).unwrap_or(label).to_owned())
}

/// The host of an endpoint of OSS for objects, perhaps of one bucket, and the host of vectors that goes with it; none
/// goes with the one for acceleration.
pub fn of_objects(endpoint: &str) -> Option<(String, Option<String>)> {
    let host = host_of(endpoint)?;
    let label = host.strip_suffix(OBJECTS_DOMAIN)?.rsplit('.').next()?;
    let region = label.strip_prefix(OBJECTS_PREFIX).filter(|region| !region.is_empty())?;
    let is_region = !region.starts_with("accelerate");
    // What ends like a host of vectors is one.
    let vectors = is_region.then(|| format!("{region}{SERVICE_DOMAIN}"));
    (!host.ends_with(SERVICE_DOMAIN)).then_some((host, vectors))
}

/// The host of an endpoint in small letters, as far as it is one.
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

/// Takes the scheme off, and a slash at the end; what is left is host and port.
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
mod tests {
    use super::*;

    fn target() -> Target {
        Target { bucket: "my-b".to_owned(), account: "123".to_owned(), region: "cn-hangzhou".to_owned() }
    }

    #[test]
    fn the_url_follows_the_endpoint_as_in_the_sdks() {
        let rows = [
            (None, "https://my-b-123.cn-hangzhou.oss-vectors.aliyuncs.com/?putVectors"),
            (Some("http://vectors.test"), "http://my-b-123.vectors.test/?putVectors"),
            (Some("localhost:8080"), "https://my-b-123.localhost:8080/?putVectors"),
            (Some("HTTPS://example.com/"), "https://my-b-123.example.com/?putVectors"),
            (Some("http://127.0.0.1:8080"), "http://127.0.0.1:8080/my-b/?putVectors"),
            (Some("http://[::1]:8080"), "http://[::1]:8080/my-b/?putVectors"),
            (Some("[::1]"), "https://[::1]/my-b/?putVectors"),
        ];
        for (text, url) in rows {
            let endpoint = Endpoint::parse(text, "cn-hangzhou").unwrap();
            assert_eq!(endpoint.url(&target(), Operation::PutVectors), url, "{text:?}");
        }
    }

    #[test]
    fn only_a_host_name_can_carry_the_bucket() {
        let named = Endpoint::parse(Some("http://localhost"), "r").unwrap().with_addressing(Addressing::Path);
        assert_eq!(named.url(&target(), Operation::GetVectorBucket), "http://localhost/my-b/?bucketInfo");
        let address = Endpoint::parse(Some("http://10.0.0.1"), "r").unwrap();
        assert_eq!(address.with_addressing(Addressing::Virtual).addressing(), Addressing::Path);
    }

    #[test]
    fn an_operation_without_a_query_has_no_question_mark() {
        let endpoint = Endpoint::parse(Some("http://h"), "r").unwrap();
        assert_eq!(endpoint.url(&target(), Operation::PutVectorBucket), "http://my-b-123.h/");
        assert_eq!(endpoint.url(&target(), Operation::ListVectorBuckets), "http://h/");
    }

    #[test]
    fn what_is_no_endpoint_is_refused_with_the_reason() {
        let rows = [
            ("", "\"\" has no host"),
            ("https:///x", "\"https:///x\" has no host"),
            ("ftp://h", "invalid scheme \"ftp\": expected http or https"),
            ("https://me:hush@h", "it contains a user name or a password before an @"),
            ("hush://me:hush/hush@h:hush", "it contains a user name or a password before an @"),
            ("u ser", "invalid host \"u ser\": expected a host name or an IP address"),
            ("::1", "invalid host \":\": expected a host name or an IP address"),
            ("h:0", "invalid port \"0\": expected 1 to 65535"),
            ("h:http", "invalid port \"http\": expected 1 to 65535"),
        ];
        for (text, message) in rows {
            assert_eq!(Endpoint::parse(Some(text), "r").unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_bucket_url_holds_bucket_account_region_and_network() {
        let url = "https://my-b-123.cn-hangzhou-internal.oss-vectors.aliyuncs.com/";
        let (endpoint, found) = from_bucket_url(url).unwrap();
        assert_eq!(found, target());
        assert_eq!(endpoint.to_string(), "https://cn-hangzhou-internal.oss-vectors.aliyuncs.com");
        assert!(from_bucket_url("my-b-123.cn-hangzhou.oss-vectors.aliyuncs.com").is_some());
    }

    #[test]
    fn the_services_own_hosts_name_their_region() {
        for (endpoint, region) in [
            ("https://cn-hangzhou-internal.oss-vectors.aliyuncs.com", Some("cn-hangzhou")),
            ("ap-southeast-1.oss-vectors.aliyuncs.com:443", Some("ap-southeast-1")),
            ("https://my-b-123.cn-hangzhou.oss-vectors.aliyuncs.com", None),
            ("http://127.0.0.1:9410", None),
            (".oss-vectors.aliyuncs.com", None),
        ] {
            assert_eq!(region_of(endpoint).as_deref(), region, "{endpoint}");
        }
    }

    #[test]
    fn a_host_in_capital_letters_is_the_same_host() {
        let url = "HTTPS://My-B-123.CN-Hangzhou.OSS-Vectors.AliyunCS.com";
        let (endpoint, found) = from_bucket_url(url).unwrap();
        assert_eq!(found, target());
        assert_eq!(endpoint.to_string(), "https://cn-hangzhou.oss-vectors.aliyuncs.com");
        assert!(Endpoint::parse(Some("LocalHost:1"), "r").unwrap().is_loopback());
        assert_eq!(from_bucket_url("https://me:hush@b-1.cn-hangzhou.oss-vectors.aliyuncs.com"), None);
    }

    #[test]
    fn what_follows_the_host_is_an_error_and_never_dropped() {
        for (text, what, without) in [
            ("HTTPS://example.com/base/path", "path", "https://example.com"),
            ("http://h:1/x?y=hush", "path", "http://h:1"),
            ("h//", "path", "https://h"),
            ("h?y=hush", "query", "https://h"),
            ("h/?putVectors", "query", "https://h"),
            ("h#x", "query", "https://h"),
            ("https://my-b-123.cn-hangzhou.oss-vectors.aliyuncs.com/my-index", "path", "https://my-b-123."),
        ] {
            let error = Endpoint::parse(Some(text), "r").unwrap_err();
            assert_eq!(error.to_string(), format!("unexpected {what} after the host"), "{text}");
            assert!(
                matches!(error, EndpointError::Rest { without: ref host, .. } if host.starts_with(without)),
                "{error:?}"
            );
            assert_eq!(from_bucket_url(text), None, "{text}");
        }
    }

    #[test]
    fn an_endpoint_of_objects_is_known_with_the_one_of_vectors() {
        for (endpoint, vectors) in [
            ("https://oss-cn-hangzhou.aliyuncs.com", Some(Some("cn-hangzhou.oss-vectors.aliyuncs.com"))),
            (
                "OSS-cn-hangzhou-internal.aliyuncs.com/",
                Some(Some("cn-hangzhou-internal.oss-vectors.aliyuncs.com")),
            ),
            ("http://my-b.oss-us-east-1.aliyuncs.com:80", Some(Some("us-east-1.oss-vectors.aliyuncs.com"))),
            ("oss-accelerate.aliyuncs.com", Some(None)),
            ("cn-hangzhou.oss-vectors.aliyuncs.com", None),
            ("https://my-b-1.cn-hangzhou.oss-vectors.aliyuncs.com", None),
            ("oss-cn-hangzhou.example.com", None),
            ("sts.cn-hangzhou.aliyuncs.com", None),
        ] {
            let found = of_objects(endpoint).map(|(_, vectors)| vectors);
            assert_eq!(found.as_ref().map(Option::as_deref), vectors, "{endpoint}");
        }
    }

    #[test]
    fn each_reason_why_a_text_is_no_endpoint_says_what_is_wrong() {
        let told = ["https://me:hush@h", "http://", "ftp://h", "h*st", "h/path", "h?query", "h:port"]
            .map(|text| format!("{}\n", Endpoint::parse(Some(text), "r").unwrap_err()));
        insta::assert_snapshot!(told.concat(), @r#"
        it contains a user name or a password before an @
        "http://" has no host
        invalid scheme "ftp": expected http or https
        invalid host "h*st": expected a host name or an IP address
        unexpected path after the host
        unexpected query after the host
        invalid port "port": expected 1 to 65535
        "#);
    }

    #[test]
    fn this_machine_is_known_by_name_and_by_address() {
        let is_loopback = |text| Endpoint::parse(Some(text), "r").unwrap().is_loopback();
        for text in [
            "http://localhost:1",
            "sub.localhost",
            "127.0.0.1",
            "127.8.8.8:1",
            "[::1]:9",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(is_loopback(text), "{text}");
        }
        for text in ["localhost.example.com", "10.0.0.1", "[::2]", "mylocalhost"] {
            assert!(!is_loopback(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_bucket_url_is_left_alone() {
        let rows = [
            "cn-hangzhou.oss-vectors.aliyuncs.com",
            "https://bucket.cn-hangzhou.oss-vectors.aliyuncs.com",
            "https://bucket-x.cn-hangzhou.oss-vectors.aliyuncs.com",
            "https://bucket-1.a.b.oss-vectors.aliyuncs.com",
            "https://bucket-1.cn-hangzhou.example.com",
            "https://bucket-1..oss-vectors.aliyuncs.com",
        ];
        for url in rows {
            assert_eq!(from_bucket_url(url), None, "{url}");
        }
    }

    #[test]
    fn a_service_is_the_same_however_its_endpoint_is_written() {
        let service = |text| Endpoint::parse(text, "cn-hangzhou").unwrap().service();
        let of_url = |url| from_bucket_url(url).unwrap().0.service();
        let own = service(None);
        assert_eq!(own, "cn-hangzhou.oss-vectors.aliyuncs.com");
        for text in [
            "cn-hangzhou.oss-vectors.aliyuncs.com",
            "https://cn-hangzhou-internal.oss-vectors.aliyuncs.com/",
            "http://CN-Hangzhou-Internal.OSS-vectors.aliyuncs.com:80",
            "https://cn-hangzhou.oss-vectors.aliyuncs.com.:443",
        ] {
            assert_eq!(service(Some(text)), own, "{text}");
        }
        assert_eq!(of_url("https://my-b-123.cn-hangzhou-internal.oss-vectors.aliyuncs.com/"), own);
        for (one, other) in [
            ("http://Vectors.test", "http://vectors.test:80/"),
            ("vectors.test", "HTTPS://vectors.test.:443"),
            ("http://[::1]:9410", "http://[0:0:0:0:0:0:0:1]:9410/"),
        ] {
            assert_eq!(service(Some(one)), service(Some(other)), "{one}");
        }
        let by_path = Endpoint::parse(Some("vectors.test"), "r").unwrap().with_addressing(Addressing::Path);
        assert_eq!(by_path.service(), service(Some("vectors.test")));
    }

    #[test]
    fn other_services_are_told_apart() {
        let service = |text| Endpoint::parse(Some(text), "cn-hangzhou").unwrap().service();
        let all = [
            "cn-hangzhou.oss-vectors.aliyuncs.com",
            "cn-beijing.oss-vectors.aliyuncs.com",
            "cn-hangzhou.oss-vectors.aliyuncs.com:8443",
            "cn-hangzhou.oss-vectors.aliyuncs.com.example.com",
            "https://vectors.test",
            "http://vectors.test",
            "http://vectors.test:8080",
            "http://127.0.0.1:8080",
            "http://127.0.0.1:8081",
            "http://[::1]:8080",
        ];
        let different: std::collections::BTreeSet<_> = all.into_iter().map(service).collect();
        assert_eq!(different.len(), all.len());
    }

    #[test]
    fn resources_are_the_ones_that_the_sdks_sign() {
        assert_eq!(service_resource("cn-hangzhou"), "/acs:ossvector:cn-hangzhou::/");
        assert_eq!(target().resource(""), "/acs:ossvector:cn-hangzhou:123:my-b/");
        assert_eq!(target().resource("key-1/key-2"), "/acs:ossvector:cn-hangzhou:123:my-b/key-1/key-2");
    }
}
