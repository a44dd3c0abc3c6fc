//! The service's signature version 4, in the vendor's terms: canonical request, string to sign, signing key, signature.
//! It can be made and verified.
//!
//! Pure: the time is an argument. The payload is never part of the signature; no SDK of the vendor signs one.

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use super::secret::{Credential, Secret};
use super::time::Timestamp;

/// The product in the scope of a request to the vectors service, the same as for OSS itself.
pub const PRODUCT: &str = "oss";

/// The algorithm's name: first word of the `Authorization` header and first line of the string to sign.
pub const ALGORITHM: &str = "OSS4-HMAC-SHA256";

/// The placeholder for the payload's hash.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// The header with the request's time.
pub const DATE_HEADER: &str = "x-oss-date";

/// The header with the security token of a temporary access key.
pub const TOKEN_HEADER: &str = "x-oss-security-token";

const PAYLOAD_HEADER: &str = "x-oss-content-sha256";
const SCOPE_END: &str = "aliyun_v4_request";
const KEY_PREFIX: &str = "aliyun_v4";

/// All but the unreserved characters of RFC 3986.
pub(crate) const QUERY_VALUE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// As in a query, but the resource keeps its slashes.
const RESOURCE: &AsciiSet = &QUERY_VALUE.remove(b'/');

type HmacSha256 = Hmac<Sha256>;

/// The parts of a request that its signature covers.
#[derive(Clone, Copy, Debug)]
pub struct Signable<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The resource before percent-encoding, as [`Target::resource`](super::endpoint::Target::resource) returns it; it
    /// is unrelated to the path that is sent.
    pub resource: &'a str,
    /// The query as sent, already percent-encoded, without the question mark.
    pub query: &'a str,
    /// The headers, with names in any case; there may be headers that are not signed.
    pub headers: &'a [(String, String)],
    /// Names of headers to sign in addition to those that always are.
    pub additional: &'a [&'a str],
}

/// What a signature is valid for: a day, a region and a product.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// `YYYYMMDD`.
    pub date: &'a str,
    /// The general region id.
    pub region: &'a str,
    /// [`PRODUCT`], except on a cloud box.
    pub product: &'a str,
}

impl std::fmt::Display for Scope<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}/{}/{SCOPE_END}", self.date, self.region, self.product)
    }
}

/// Signs a request: returns the headers to add to it, including `Authorization`.
pub fn sign(
    request: &Signable<'_>,
    credential: &Credential,
    region: &str,
    product: &str,
    now: Timestamp,
) -> Vec<(String, String)> {
    let mut added =
        vec![(DATE_HEADER.to_owned(), now.basic()), (PAYLOAD_HEADER.to_owned(), UNSIGNED_PAYLOAD.to_owned())];
    if let Some(token) = &credential.security_token {
        added.push((TOKEN_HEADER.to_owned(), token.expose().to_owned()));
    }
    let headers = [request.headers, &added].concat();
    let request = Signable { headers: &headers, ..*request };
    let date = now.date();
    let scope = Scope { date: &date, region, product };
    let signature =
        signature(&credential.secret, scope, &string_to_sign(&canonical_request(&request), now, scope));
    added.push(("Date".to_owned(), now.http_date()));
    let names = additional_names(&request);
    added.push((
        "Authorization".to_owned(),
        authorization(&credential.access_key_id, scope, &names, &signature),
    ));
    added
}

/// The canonical request: everything that is signed, one part per line.
pub fn canonical_request(request: &Signable<'_>) -> String {
    let resource = utf8_percent_encode(request.resource, RESOURCE);
    let query = canonical_query(request.query);
    let headers = canonical_headers(request);
    let names = additional_names(request).join(";");
    let payload = request
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(PAYLOAD_HEADER))
        .map_or(UNSIGNED_PAYLOAD, |(_, value)| value);
    format!("{}\n{resource}\n{query}\n{headers}\n{names}\n{payload}", request.method)
}

/// The canonical query: parameters sorted by name; an empty value is the same as none.
fn canonical_query(query: &str) -> String {
    let mut parameters: Vec<(&str, &str)> = query
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
        .collect();
    parameters.sort_by_key(|(name, _)| *name);
    let lines: Vec<String> = parameters
        .into_iter()
        .map(|(name, value)| if value.is_empty() { name.to_owned() } else { format!("{name}={value}") })
        .collect();
    lines.join("&")
}

/// The canonical headers: each signed header on a line, sorted by its lower-case name.
fn canonical_headers(request: &Signable<'_>) -> String {
    let additional = additional_names(request);
    let mut lines: Vec<(String, &str)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim()))
        .filter(|(name, _)| is_always_signed(name) || additional.contains(name))
        .collect();
    lines.sort();
    lines.into_iter().fold(String::new(), |text, (name, value)| text + &name + ":" + value + "\n")
}

/// The effective additional names: present, and not signed anyway; lower case, sorted, without duplicates.
pub(crate) fn additional_names(request: &Signable<'_>) -> Vec<String> {
    let is_present =
        |name: &String| request.headers.iter().any(|(present, _)| present.eq_ignore_ascii_case(name));
    let mut names: Vec<String> = request
        .additional
        .iter()
        .map(|name| name.to_ascii_lowercase())
        .filter(|name| !is_always_signed(name) && is_present(name))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Whether a header, by its lower-case name, is signed whenever it is present.
fn is_always_signed(name: &str) -> bool {
    name.starts_with("x-oss-") || name == "content-type" || name == "content-md5"
}

/// The string to sign: algorithm, time, scope and the hash of the canonical request.
pub fn string_to_sign(canonical_request: &str, time: Timestamp, scope: Scope<'_>) -> String {
    let hash = base16ct::lower::encode_string(&Sha256::digest(canonical_request));
    format!("{ALGORITHM}\n{}\n{scope}\n{hash}", time.basic())
}

/// The key that signs within one scope, derived from the secret.
pub fn signing_key(secret: &Secret, scope: Scope<'_>) -> [u8; 32] {
    let first = format!("{KEY_PREFIX}{}", secret.expose());
    let date_key = hmac_sha256(first.as_bytes(), scope.date);
    let region_key = hmac_sha256(&date_key, scope.region);
    let product_key = hmac_sha256(&region_key, scope.product);
    hmac_sha256(&product_key, SCOPE_END)
}

/// The signature of a string to sign, in lower-case hexadecimal digits.
pub fn signature(secret: &Secret, scope: Scope<'_>, string_to_sign: &str) -> String {
    base16ct::lower::encode_string(&hmac_sha256(&signing_key(secret, scope), string_to_sign))
}

/// The value of the `Authorization` header.
pub fn authorization(
    access_key_id: &str,
    scope: Scope<'_>,
    additional: &[String],
    signature: &str,
) -> String {
    let additional = if additional.is_empty() {
        String::new()
    } else {
        format!(",AdditionalHeaders={}", additional.join(";"))
    };
    format!("{ALGORITHM} Credential={access_key_id}/{scope}{additional},Signature={signature}")
}

fn hmac_sha256(key: &[u8], message: &str) -> [u8; 32] {
    keyed(key).chain_update(message).finalize().into_bytes().into()
}

fn keyed(key: &[u8]) -> HmacSha256 {
    HmacSha256::new_from_slice(key).expect("HMAC is defined for a key of any length")
}

/// A parsed `Authorization` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// The access key that signed.
    pub access_key_id: String,
    /// `YYYYMMDD` of the scope.
    pub date: String,
    /// Region of the scope.
    pub region: String,
    /// Product of the scope.
    pub product: String,
    /// The headers signed beyond those that always are.
    pub additional: Vec<String>,
    /// The signature as sent.
    pub signature: String,
}

impl Authorization {
    /// Parses the header's value; accepts spaces after its commas, as one public client sends them.
    pub fn parse(value: &str) -> Option<Self> {
        let fields = value.strip_prefix(ALGORITHM)?.strip_prefix(' ')?;
        let (mut credential, mut additional, mut signature) = (None, Vec::new(), None);
        for field in fields.split(',') {
            match field.trim().split_once('=')? {
                ("Credential", value) => credential = Some(value),
                ("AdditionalHeaders", value) => additional = value.split(';').map(str::to_owned).collect(),
                ("Signature", value) => signature = Some(value.to_owned()),
                _ => return None,
            }
        }
        let mut parts = credential?.rsplitn(5, '/');
        if parts.next()? != SCOPE_END {
            return None;
        }
        let product = parts.next()?.to_owned();
        let region = parts.next()?.to_owned();
        let date = parts.next()?.to_owned();
        let access_key_id = parts.next()?.to_owned();
        Some(Self { access_key_id, date, region, product, additional, signature: signature? })
    }

    /// The scope that the signature claims.
    pub fn scope(&self) -> Scope<'_> {
        Scope { date: &self.date, region: &self.region, product: &self.product }
    }
}

/// Whether `authorization` signs `request` at `time` with `secret`; compares in constant time.
///
/// The request's own `additional` is overridden by that of the header.
pub fn verify(
    authorization: &Authorization,
    request: &Signable<'_>,
    secret: &Secret,
    time: Timestamp,
) -> bool {
    let additional: Vec<&str> = authorization.additional.iter().map(String::as_str).collect();
    let canonical = canonical_request(&Signable { additional: &additional, ..*request });
    let scope = authorization.scope();
    let Ok(signature) = base16ct::lower::decode_vec(&authorization.signature) else {
        return false;
    };
    keyed(&signing_key(secret, scope))
        .chain_update(string_to_sign(&canonical, time, scope))
        .verify_slice(&signature)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential() -> Credential {
        Credential {
            access_key_id: "ak/with/slash".to_owned(),
            secret: Secret::new("sk"),
            security_token: None,
            expires_at: None,
        }
    }

    fn signed(headers: &[(String, String)]) -> (Vec<(String, String)>, Authorization) {
        let request = Signable {
            method: "POST",
            resource: "/acs:ossvector:cn-hangzhou:123:bucket/",
            query: "putVectors",
            headers,
            additional: &["Host"],
        };
        let now = Timestamp::from_unix_seconds(1_702_743_657);
        let added = sign(&request, &credential(), "cn-hangzhou", PRODUCT, now);
        let authorization = Authorization::parse(&added.last().unwrap().1).unwrap();
        ([headers, &added].concat(), authorization)
    }

    fn is_valid(authorization: &Authorization, headers: &[(String, String)], query: &str) -> bool {
        let request = Signable {
            method: "POST",
            resource: "/acs:ossvector:cn-hangzhou:123:bucket/",
            query,
            headers,
            additional: &[],
        };
        verify(authorization, &request, &Secret::new("sk"), Timestamp::from_unix_seconds(1_702_743_657))
    }

    #[test]
    fn what_was_signed_verifies_and_what_was_changed_does_not() {
        let (headers, authorization) = signed(&[("host".to_owned(), "h".to_owned())]);
        assert_eq!(authorization.access_key_id, "ak/with/slash");
        assert_eq!(authorization.additional, ["host"]);
        assert!(is_valid(&authorization, &headers, "putVectors"));
        assert!(is_valid(&authorization, &headers, "putVectors="));
        assert!(!is_valid(&authorization, &headers, "getVectors"));
        let other_host: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.clone(), if name == "host" { "i".to_owned() } else { value.clone() }))
            .collect();
        assert!(!is_valid(&authorization, &other_host, "putVectors"));
        let torn = Authorization { signature: "12zz".to_owned(), ..authorization };
        assert!(!is_valid(&torn, &headers, "putVectors"));
    }

    #[test]
    fn an_authorization_may_hold_spaces_after_its_commas() {
        let tight = "OSS4-HMAC-SHA256 Credential=ak/20231216/r/oss/aliyun_v4_request,AdditionalHeaders=a;b,Signature=00";
        let parsed = Authorization::parse(tight).unwrap();
        assert_eq!(Authorization::parse(&tight.replace(',', ", ")), Some(parsed.clone()));
        assert_eq!(parsed.scope().to_string(), "20231216/r/oss/aliyun_v4_request");
        assert_eq!(parsed.additional, ["a", "b"]);
    }

    #[test]
    fn what_is_no_v4_authorization_is_none() {
        let rows = [
            "",
            "OSS ak:signature",
            "OSS4-HMAC-SHA256 Credential=ak/20231216/r/oss/aliyun_v4_request",
            "OSS4-HMAC-SHA256 Credential=ak/20231216/oss/aliyun_v4_request,Signature=00",
            "OSS4-HMAC-SHA256 Credential=ak/20231216/r/oss/aws4_request,Signature=00",
        ];
        for value in rows {
            assert_eq!(Authorization::parse(value), None, "{value}");
        }
    }
}
