//! The signature for STS: RPC 1.0 with HMAC-SHA1. Pure.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::utf8_percent_encode;
use sha1::Sha1;

use crate::oss::secret::Secret;
use crate::oss::sign::QUERY_VALUE;

/// Parameters by name, in the order in which they are signed.
pub(super) type Parameters = BTreeMap<&'static str, String>;

/// Signs a POST request with these parameters of query and form together.
pub(super) fn signature(parameters: &Parameters, secret: &Secret) -> String {
    let string_to_sign = format!("POST&%2F&{}", encoded(&joined(parameters)));
    let key = format!("{}&", secret.expose());
    let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(string_to_sign.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Parameters as a query or a form.
pub(super) fn joined(parameters: &Parameters) -> String {
    let pairs: Vec<_> =
        parameters.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    pairs.join("&")
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, QUERY_VALUE).to_string()
}
