//! What may come instead of success, what follows from it, and how long to wait before a retry.
//!
//! Pure: `call` acts on it.

use std::time::Duration;

use super::time::Timestamp;

/// The service's code for an expired temporary access key.
pub(crate) const TOKEN_ENDED: &str = "SecurityTokenExpired";

/// Why there is no credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    /// What failed.
    pub text: String,
    /// Whether there was a credential before, so that the source may recover.
    pub had_one: bool,
}

/// A call that did not succeed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallError {
    /// The service answered with an error.
    #[error("{0}")]
    Service(Box<ServiceError>),
    /// No answer, or an unreadable one.
    #[error("{detail}")]
    Transport {
        /// At which point it failed.
        kind: Transport,
        /// The whole chain of causes.
        detail: String,
    },
    /// There is no credential to sign with.
    #[error("{0}")]
    Credential(String),
    /// The credential expired, and its source, which has given one before, fails.
    #[error("{0}")]
    CredentialEnded(String),
}

/// The service's error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceError {
    /// HTTP status.
    pub status: u16,
    /// Error code, such as `NoSuchVectorIndex`.
    pub code: String,
    /// The message for people.
    pub message: String,
    /// The id for the vendor's support.
    pub request_id: String,
    /// The detailed error code for the vendor's troubleshooting page.
    pub ec: String,
    /// How long the service asks to wait: `Retry-After`, or `x-oss-qos-delay-time`.
    pub wait: Option<Duration>,
    /// The service's clock, from the `Date` header.
    pub server_time: Option<Timestamp>,
}

impl std::fmt::Display for ServiceError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let message = self.message.trim_end_matches('.');
        if self.code.starts_with("HTTP") {
            write!(formatter, "HTTP {}: {message}; possibly not from the service", self.status)?;
        } else {
            write!(formatter, "{} (HTTP {}): {message}", self.code, self.status)?;
        }
        if !self.request_id.is_empty() {
            write!(formatter, "; request ID {}", self.request_id)?;
        }
        if !self.ec.is_empty() {
            write!(formatter, ", EC {}", self.ec)?;
        }
        Ok(())
    }
}

/// Where a call without an answer failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// No connection, so the service has received nothing.
    Connect,
    /// The host name could not be resolved.
    Resolve,
    /// The settings do not allow a request: an invalid host, a proxy with another password.
    Misconfigured,
    /// The other side does not use TLS, or its certificate is not trusted: a retry cannot help.
    Tls,
    /// No answer in time.
    Timeout,
    /// The connection broke while sending or receiving.
    Broken,
}

/// What to do about a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Wait, then send the same again.
    Retry,
    /// Lower the pace for all requests, wait, then send the same again.
    SlowDown,
    /// Something in the batch is refused: find it by halving.
    Split,
    /// This one record is refused.
    Refuse,
    /// Fetch the credential again, once, then send the same again; without a new one, stop.
    Refresh,
    /// Nothing that this run sends can succeed.
    Stop,
}

impl From<Unavailable> for CallError {
    fn from(Unavailable { text, had_one }: Unavailable) -> Self {
        if had_one { Self::CredentialEnded(text) } else { Self::Credential(text) }
    }
}

impl CallError {
    /// The same with a further line of explanation, if it is the service's error.
    #[must_use]
    pub fn explained(mut self, text: &str) -> Self {
        if let Self::Service(error) = &mut self {
            error.message = format!("{}; {text}", error.message);
        }
        self
    }

    /// Decides what to do about a failed call that carried `vectors` vectors.
    pub fn verdict(&self, vectors: usize) -> Verdict {
        match self {
            Self::Service(error) => service_verdict(error, vectors),
            Self::Transport { kind: Transport::Tls | Transport::Misconfigured, .. } | Self::Credential(_) => {
                Verdict::Stop
            }
            Self::Transport { .. } | Self::CredentialEnded(_) => Verdict::Retry,
        }
    }

    /// Whether the service may have stored a part of the batch nevertheless.
    ///
    /// A 5xx may have ([dr/putvectors](https://www.alibabacloud.com/help/en/oss/developer-reference/putvectors)), a 4xx
    /// refuses the whole.
    pub fn may_have_stored(&self) -> bool {
        match self {
            // 501 and 505 come from a server that did not even understand the request.
            Self::Service(error) => matches!(error.status, 408 | 500 | 502..=504 | 506..),
            Self::Transport { kind, .. } => matches!(kind, Transport::Timeout | Transport::Broken),
            Self::Credential(_) | Self::CredentialEnded(_) => false,
        }
    }

    /// Whether there was no connection, so that the host may be wrong.
    pub fn is_unconnected(&self) -> bool {
        matches!(self, Self::Transport { kind: Transport::Connect | Transport::Resolve, .. })
    }

    /// The service's error, if the service refused.
    pub fn service(&self) -> Option<&ServiceError> {
        match self {
            Self::Service(error) => Some(error),
            _ => None,
        }
    }

    /// The code for events: the service's, or the kind of transport error.
    pub fn code(&self) -> &str {
        match self {
            Self::Service(error) => &error.code,
            Self::Transport { kind: Transport::Connect, .. } => "ConnectFailed",
            Self::Transport { kind: Transport::Resolve, .. } => "HostNotFound",
            Self::Transport { kind: Transport::Misconfigured, .. } => "Misconfigured",
            Self::Transport { kind: Transport::Tls, .. } => "TlsRefused",
            Self::Transport { kind: Transport::Timeout, .. } => "Timeout",
            Self::Transport { kind: Transport::Broken, .. } => "ConnectionBroken",
            Self::Credential(_) | Self::CredentialEnded(_) => "CredentialUnavailable",
        }
    }
}

/// The table of verdicts; the service's pages list the codes, and the vendor's SDKs agree on which to retry.
fn service_verdict(error: &ServiceError, vectors: usize) -> Verdict {
    match (error.status, error.code.as_str()) {
        (429, _) => Verdict::SlowDown,
        // A server that does not know the method or the protocol never will.
        (501 | 505, _) => Verdict::Stop,
        (_, code) if is_throttle(code) => Verdict::SlowDown,
        // InvalidDigest answers a body that was damaged in transit; HTTP400 is not a code of the service, so an
        // intermediary has refused the request.
        (_, "RequestTimeTooSkewed" | "InvalidDigest" | "BadRequest" | "RequestTimeout" | "HTTP400")
        | (408 | 500.., _) => Verdict::Retry,
        (401 | 403, _) => Verdict::Refresh,
        (400 | 413, _) if vectors > 1 => Verdict::Split,
        (400 | 413, _) if vectors == 1 => Verdict::Refuse,
        _ => Verdict::Stop,
    }
}

/// Codes that mean "too fast"
/// ([user guide, HTTP status code 503](https://www.alibabacloud.com/help/en/oss/user-guide/http-status-code-503)).
fn is_throttle(code: &str) -> bool {
    matches!(
        code,
        "QpsLimitExceeded"
            | "TotalQpsLimitExceeded"
            | "MetaOperationQpsLimitExceeded"
            | "ActiveRequestLimitExceeded"
            | "CpuLimitExceeded"
            | "UploadTrafficRateLimitExceeded"
            | "DownloadTrafficRateLimitExceeded"
            | "PartitionQpsLimitted"
            | "ServiceUnavailable"
            | "SlowDown"
            | "Throttling"
    )
}

/// The wait before retry number `retry` (from 0): full jitter, a random part of a doubling ceiling.
///
/// The ceiling starts at 0.4 s and ends at 20 s, as in the vendor's SDKs; `chance` is in `[0, 1)`.
pub(crate) fn backoff(retry: u32, chance: f64) -> Duration {
    const FIRST: f64 = 0.4;
    const CEILING: f64 = 20.0;
    let ceiling = (FIRST * 2_f64.powi(retry.min(16).cast_signed())).min(CEILING);
    Duration::from_secs_f64(ceiling * chance.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn service(status: u16, code: &str) -> CallError {
        CallError::Service(Box::new(ServiceError {
            status,
            code: code.to_owned(),
            ..ServiceError::default()
        }))
    }

    #[test]
    fn the_services_own_words_are_told_with_what_its_support_asks_for() {
        let refused = ServiceError {
            status: 403,
            code: "AccessDenied".to_owned(),
            message: "You have no right.".to_owned(),
            request_id: "5C3D".to_owned(),
            ec: "0003-00000001".to_owned(),
            ..ServiceError::default()
        };
        let page = ServiceError { status: 502, code: "HTTP502".to_owned(), ..refused.clone() };
        let brief = ServiceError { request_id: String::new(), ec: String::new(), ..refused.clone() };
        insta::assert_snapshot!(format!("{refused}\n{brief}\n{page}"), @"
        AccessDenied (HTTP 403): You have no right; request ID 5C3D, EC 0003-00000001
        AccessDenied (HTTP 403): You have no right
        HTTP 502: You have no right; possibly not from the service; request ID 5C3D, EC 0003-00000001
        ");
    }

    #[test]
    fn each_status_and_code_has_its_verdict() {
        for (status, code, batch, alone) in [
            (429, "Anything", Verdict::SlowDown, Verdict::SlowDown),
            (503, "QpsLimitExceeded", Verdict::SlowDown, Verdict::SlowDown),
            (429, "QpsLimitExceeded", Verdict::SlowDown, Verdict::SlowDown),
            (503, "TotalQpsLimitExceeded", Verdict::SlowDown, Verdict::SlowDown),
            (503, "MetaOperationQpsLimitExceeded", Verdict::SlowDown, Verdict::SlowDown),
            (503, "ActiveRequestLimitExceeded", Verdict::SlowDown, Verdict::SlowDown),
            (503, "CpuLimitExceeded", Verdict::SlowDown, Verdict::SlowDown),
            (503, "UploadTrafficRateLimitExceeded", Verdict::SlowDown, Verdict::SlowDown),
            (503, "DownloadTrafficRateLimitExceeded", Verdict::SlowDown, Verdict::SlowDown),
            (503, "PartitionQpsLimitted", Verdict::SlowDown, Verdict::SlowDown),
            (503, "ServiceUnavailable", Verdict::SlowDown, Verdict::SlowDown),
            (500, "InternalError", Verdict::Retry, Verdict::Retry),
            (502, "BadErrorResponse", Verdict::Retry, Verdict::Retry),
            (501, "NotImplemented", Verdict::Stop, Verdict::Stop),
            (505, "HTTP505", Verdict::Stop, Verdict::Stop),
            (504, "", Verdict::Retry, Verdict::Retry),
            (408, "RequestTimeout", Verdict::Retry, Verdict::Retry),
            (400, "RequestTimeout", Verdict::Retry, Verdict::Retry),
            (400, "BadRequest", Verdict::Retry, Verdict::Retry),
            (400, "InvalidDigest", Verdict::Retry, Verdict::Retry),
            (400, "HTTP400", Verdict::Retry, Verdict::Retry),
            (403, "RequestTimeTooSkewed", Verdict::Retry, Verdict::Retry),
            (401, "", Verdict::Refresh, Verdict::Refresh),
            (403, "AccessDenied", Verdict::Refresh, Verdict::Refresh),
            (403, "InvalidAccessKeyId", Verdict::Refresh, Verdict::Refresh),
            (403, "SecurityTokenExpired", Verdict::Refresh, Verdict::Refresh),
            (403, "SignatureDoesNotMatch", Verdict::Refresh, Verdict::Refresh),
            (404, "NoSuchBucket", Verdict::Stop, Verdict::Stop),
            (404, "NoSuchVectorIndex", Verdict::Stop, Verdict::Stop),
            (405, "MethodNotAllowed", Verdict::Stop, Verdict::Stop),
            (409, "Conflict", Verdict::Stop, Verdict::Stop),
            (301, "", Verdict::Stop, Verdict::Stop),
            (413, "EntityTooLarge", Verdict::Split, Verdict::Refuse),
            (400, "VectorIndexParameterInvalid", Verdict::Split, Verdict::Refuse),
            (400, "MalformedJson", Verdict::Split, Verdict::Refuse),
            (400, "InvalidArgument", Verdict::Split, Verdict::Refuse),
        ] {
            let error = service(status, code);
            assert_eq!((error.verdict(500), error.verdict(1)), (batch, alone), "{status} {code}");
        }
    }

    #[test]
    fn each_transport_trouble_has_its_verdict() {
        for (kind, verdict, may_have_stored) in [
            (Transport::Connect, Verdict::Retry, false),
            (Transport::Resolve, Verdict::Retry, false),
            (Transport::Timeout, Verdict::Retry, true),
            (Transport::Broken, Verdict::Retry, true),
            (Transport::Tls, Verdict::Stop, false),
            (Transport::Misconfigured, Verdict::Stop, false),
        ] {
            let error = CallError::Transport { kind, detail: String::new() };
            assert_eq!((error.verdict(500), error.may_have_stored()), (verdict, may_have_stored), "{kind:?}");
        }
        for (had_one, verdict) in [(false, Verdict::Stop), (true, Verdict::Retry)] {
            let error = CallError::from(Unavailable { text: String::new(), had_one });
            assert_eq!((error.verdict(1), error.may_have_stored()), (verdict, false), "{had_one}");
        }
    }

    #[test]
    fn only_an_answer_of_4xx_says_that_nothing_was_stored() {
        for (status, may) in [(400, false), (403, false), (413, false), (408, true), (500, true), (503, true)]
        {
            assert_eq!(service(status, "").may_have_stored(), may, "{status}");
        }
    }

    #[test]
    fn the_wait_doubles_up_to_its_ceiling() {
        let waits: Vec<_> = (0..8).map(|retry| backoff(retry, 1.0).as_secs_f64()).collect();
        assert_eq!(waits, [0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 20.0, 20.0]);
        assert_eq!(backoff(3, 0.0), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn the_table_is_total_and_no_verdict_loses_or_repeats_without_reason(
            status in prop_oneof![400u16..600, any::<u16>()],
            code in prop_oneof![
                "[A-Za-z]{0,24}".boxed(),
                prop::sample::select(vec![
                    "", "QpsLimitExceeded", "SlowDown", "RequestTimeTooSkewed", "InvalidDigest", "RequestTimeout",
                    "AccessDenied", "NoSuchVectorIndex", "EntityTooLarge", "VectorIndexParameterInvalid",
                ]).prop_map(str::to_owned).boxed(),
            ],
            vectors in prop_oneof![Just(0usize), Just(1), 2usize..=500],
        ) {
            let error = service(status, &code);
            let verdict = error.verdict(vectors);
            let again = matches!(verdict, Verdict::Retry | Verdict::SlowDown);
            if status >= 500 && !matches!(status, 501 | 505) {
                prop_assert!(again, "nothing is given up because the service is down");
            }
            if error.may_have_stored() {
                prop_assert!(again, "what may be stored is neither divided nor called refused");
            }
            match verdict {
                Verdict::Refuse => prop_assert_eq!(vectors, 1),
                Verdict::Split => prop_assert!(vectors > 1),
                Verdict::Refresh => prop_assert!(matches!(status, 401 | 403)),
                Verdict::Retry | Verdict::SlowDown if status < 500 && !matches!(status, 408 | 429) => {
                    prop_assert!(is_throttle(&code) || matches!(
                        code.as_str(),
                        "RequestTimeTooSkewed" | "InvalidDigest" | "BadRequest" | "RequestTimeout" | "HTTP400"
                    ));
                }
                _ => {}
            }
        }
    }
}
