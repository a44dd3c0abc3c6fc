//! Presigned requests: the program sends none, but known examples of them verify the parts of the signature.

use percent_encoding::utf8_percent_encode;

use crate::oss::secret::Credential;
use crate::oss::sign::{
    ALGORITHM, DATE_HEADER, QUERY_VALUE, Scope, Signable, TOKEN_HEADER, additional_names, canonical_request,
    signature, string_to_sign,
};
use crate::oss::time::Timestamp;

/// Presigns a request: returns its whole query, with the signature.
///
/// The date of `now` replaces the scope's date, as the two must agree.
pub fn presign(
    request: &Signable<'_>,
    credential: &Credential,
    scope: Scope<'_>,
    now: Timestamp,
    expires_seconds: u64,
) -> String {
    let date = now.date();
    let scope = Scope { date: &date, ..scope };
    let query = presigned_query(request, credential, scope, now, expires_seconds);
    let canonical = canonical_request(&Signable { query: &query, ..*request });
    let signature = signature(&credential.secret, scope, &string_to_sign(&canonical, now, scope));
    format!("{query}&x-oss-signature={signature}")
}

/// The query of a presigned request without the signature.
pub fn presigned_query(
    request: &Signable<'_>,
    credential: &Credential,
    scope: Scope<'_>,
    now: Timestamp,
    expires_seconds: u64,
) -> String {
    let mut parameters = vec![
        ("x-oss-signature-version", ALGORITHM.to_owned()),
        (DATE_HEADER, now.basic()),
        ("x-oss-expires", expires_seconds.to_string()),
        ("x-oss-credential", format!("{}/{scope}", credential.access_key_id)),
    ];
    if let Some(token) = &credential.security_token {
        parameters.push((TOKEN_HEADER, token.expose().to_owned()));
    }
    let names = additional_names(request);
    if !names.is_empty() {
        parameters.push(("x-oss-additional-headers", names.join(";")));
    }
    let mut query = request.query.to_owned();
    for (name, value) in parameters {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(name);
        query.push('=');
        query.extend(utf8_percent_encode(&value, QUERY_VALUE));
    }
    query
}
