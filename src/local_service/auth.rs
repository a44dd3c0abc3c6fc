//! Authentication: checks the signature and the date of a request as the service does.

use super::answer::Refusal;
use crate::oss::limits::CLOCK_WINDOW;
use crate::oss::secret::Secret;
use crate::oss::sign::{self, Authorization, DATE_HEADER, Signable};
use crate::oss::time::Timestamp;

/// The only access key that the local service knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AccessKey<'a> {
    /// The public part.
    pub(crate) id: &'a str,
    /// The part that signs.
    pub(crate) secret: &'a Secret,
}

/// Checks a request against the access key and the service's clock.
///
/// A security token is neither required nor checked, except that it must be part of the signature.
pub(crate) fn authenticate(
    request: &Signable<'_>,
    known: AccessKey<'_>,
    clock: Timestamp,
) -> Result<(), Refusal> {
    let authorization = header(request.headers, "authorization").ok_or_else(anonymous)?;
    let authorization = Authorization::parse(authorization)
        .ok_or_else(|| denied("The Authorization header is not a V4 signature (OSS4-HMAC-SHA256)."))?;
    if authorization.access_key_id != known.id {
        return Err(unknown_access_key());
    }
    let time = header(request.headers, DATE_HEADER)
        .and_then(Timestamp::parse_basic)
        .ok_or_else(|| denied("The request has no valid x-oss-date header."))?;
    let apart = time.unix_seconds().abs_diff(clock.unix_seconds());
    if apart > CLOCK_WINDOW.as_secs() {
        return Err(skewed());
    }
    let is_same_day = time.date() == authorization.date;
    if !is_same_day || !sign::verify(&authorization, request, known.secret, time) {
        return Err(mismatch());
    }
    Ok(())
}

/// The refusal of an expired temporary access key.
pub(crate) fn expired_token() -> Refusal {
    Refusal::new(403, "SecurityTokenExpired", "The security token you provided has expired.")
}

/// The value of a header, its name in any case.
pub(crate) fn header<'a>(headers: &'a [(String, String)], wanted: &str) -> Option<&'a str> {
    let (_, value) = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
    Some(value)
}

/// The refusal of a client without permission.
pub(crate) fn denied(message: &str) -> Refusal {
    Refusal::new(403, "AccessDenied", message)
}

fn anonymous() -> Refusal {
    denied("Anonymous access is forbidden for this operation.")
}

fn unknown_access_key() -> Refusal {
    let message = "The OSS Access Key Id you provided does not exist in our records.";
    Refusal::new(403, "InvalidAccessKeyId", message).with_ec("0002-00000040")
}

fn skewed() -> Refusal {
    let message = "The difference between the request time and the current time is too large.";
    Refusal::new(403, "RequestTimeTooSkewed", message).with_ec("0002-00000504")
}

fn mismatch() -> Refusal {
    let message = "The request signature we calculated does not match the signature you provided. \
                   Check your key and signing method.";
    Refusal::new(403, "SignatureDoesNotMatch", message).with_ec("0002-00000040")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oss::secret::Credential;

    const RESOURCE: &str = "/acs:ossvector:cn-hangzhou:123:bucket/";

    fn request(headers: &[(String, String)]) -> Signable<'_> {
        Signable { method: "POST", resource: RESOURCE, query: "putVectors", headers, additional: &[] }
    }

    fn signed(access_key_id: &str, secret: &str, time: Timestamp) -> Vec<(String, String)> {
        let credential = Credential {
            access_key_id: access_key_id.to_owned(),
            secret: Secret::new(secret),
            security_token: None,
            expires_at: None,
        };
        sign::sign(&request(&[]), &credential, "cn-hangzhou", sign::PRODUCT, time)
    }

    fn outcome(headers: &[(String, String)], clock: Timestamp) -> String {
        let known = AccessKey { id: "ak", secret: &Secret::new("sk") };
        match authenticate(&request(headers), known, clock) {
            Ok(()) => "welcome".to_owned(),
            Err(refusal) => format!("{} {} {}", refusal.status, refusal.code, refusal.ec),
        }
    }

    #[test]
    fn key_secret_and_date_decide() {
        let clock = Timestamp::from_unix_seconds(1_702_743_657);
        let rows = [
            ("ak", "sk", 0, "welcome"),
            ("ak", "sk", 900, "welcome"),
            ("ak", "sk", -900, "welcome"),
            ("ak", "sk", 901, "403 RequestTimeTooSkewed 0002-00000504"),
            ("ak", "sk", -901, "403 RequestTimeTooSkewed 0002-00000504"),
            ("other", "sk", 0, "403 InvalidAccessKeyId 0002-00000040"),
            ("ak", "wrong", 0, "403 SignatureDoesNotMatch 0002-00000040"),
        ];
        for (id, secret, offset, wanted) in rows {
            let headers = signed(id, secret, clock.plus_seconds(offset));
            assert_eq!(outcome(&headers, clock), wanted, "{id} {secret} {offset}");
        }
    }

    #[test]
    fn a_header_changed_after_signing_is_noticed() {
        let clock = Timestamp::from_unix_seconds(1_702_743_657);
        let mut headers = signed("ak", "sk", clock);
        headers.push((sign::TOKEN_HEADER.to_owned(), "slipped in".to_owned()));
        assert_eq!(outcome(&headers, clock), "403 SignatureDoesNotMatch 0002-00000040");
    }

    #[test]
    fn a_request_without_a_signature_or_a_date_is_denied() {
        let clock = Timestamp::from_unix_seconds(1_702_743_657);
        assert_eq!(outcome(&[], clock), "403 AccessDenied ");
        assert_eq!(
            outcome(&[("Authorization".to_owned(), "OSS ak:x".to_owned())], clock),
            "403 AccessDenied "
        );
        let mut headers = signed("ak", "sk", clock);
        headers.retain(|(name, _)| name != DATE_HEADER);
        assert_eq!(outcome(&headers, clock), "403 AccessDenied ");
    }
}
