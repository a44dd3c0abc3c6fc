//! How the error of a call ends a run: the message and the cure.
//!
//! Pure.

use crate::exit::{ErrorCode, Failure};
use crate::oss::error::{CallError, TOKEN_ENDED, Transport, Verdict};
use crate::oss::operation::Operation;
use crate::record::Reason;
use crate::setting::{ACCESS_KEY_ID, ACCESS_KEY_SECRET, ACCOUNT_ID, ENDPOINT, PROXY, REGION, STS_TOKEN};

/// The failure if the service refuses everything that can be sent.
pub(crate) fn refused(error: &CallError, operation: Operation) -> Failure {
    match error {
        CallError::Credential(_) | CallError::CredentialEnded(_) => {
            Failure::new(code(error), error.to_string())
                .advise("run ossvec config show --origin to see where the credential comes from")
        }
        CallError::Transport { kind: Transport::Misconfigured, .. } => Failure::new(
            code(error),
            format!("cannot make a request: {error}"),
        )
        .advise(format!("check {} and {}", ENDPOINT.places(), PROXY.places())),
        _ => Failure::new(code(error), error.to_string()).advise(advice(error, operation)),
    }
}

/// The failure of a run that is stopped before its input ends.
pub(crate) fn interrupted() -> Failure {
    Failure::new(ErrorCode::Interrupted, "interrupted")
}

/// The failure if the service cannot be reached any more.
pub(crate) fn unreachable(error: &CallError) -> Failure {
    match error {
        _ if matches!(error, CallError::CredentialEnded(_)) || error.code() == TOKEN_ENDED => Failure::new(
            ErrorCode::TokenExpired,
            format!("the credential has expired, and there is no new one: {error}"),
        )
        .advise("renew it; --retry-times and --retry-max-time set how long its source is retried"),
        CallError::Transport { kind: Transport::Resolve, .. } => {
            Failure::new(ErrorCode::HostNotFound, format!("cannot resolve the host name: {error}")).advise(
                format!(
                    "check {}, {}, {} and the network",
                    REGION.places(),
                    ENDPOINT.places(),
                    PROXY.places()
                ),
            )
        }
        _ => {
            let budget = "--retry-times and --retry-max-time set the retry budget";
            let advice = match error {
                CallError::Service(_) => {
                    format!("try again later: the service responds, but cannot process the request; {budget}")
                }
                _ => format!("check --endpoint, --region and the network; {budget}"),
            };
            Failure::new(lasting(error), format!("retry budget exhausted: {error}")).advise(advice)
        }
    }
}

/// The failure of a single request.
pub(crate) fn failed(error: &CallError, operation: Operation) -> Failure {
    if error.verdict(0) == Verdict::Retry { never_reached(error) } else { refused(error, operation) }
}

/// The failure if the service was never reached.
pub(crate) fn never_reached(error: &CallError) -> Failure {
    let (code, message) = match error {
        _ if !error.is_unconnected() => return unreachable(error),
        CallError::Transport { kind: Transport::Resolve, .. } => {
            (ErrorCode::HostNotFound, format!("cannot resolve the host name: {error}"))
        }
        _ => (ErrorCode::Unreachable, format!("cannot reach the service: {error}")),
    };
    Failure::new(code, message).advise(format!(
        "check {}, {}, {} and the network; --retry-first-contact sets how long the first contact is retried",
        REGION.places(),
        ENDPOINT.places(),
        PROXY.places()
    ))
}

/// The failure if the service answers, but stores nothing of a whole batch.
pub(crate) fn writes_nothing(trouble: &str) -> Failure {
    Failure::new(
        ErrorCode::NoWrites,
        format!("gave up on a batch ({trouble}): reading it back shows that none of it is stored"),
    )
    .advise("try again later: the service accepts no writes; --retry-times and --retry-max-time set the retry budget")
}

/// The failure if records are refused one by one and nothing has ever been stored.
pub(crate) fn nothing_is_stored(reason: &Reason) -> Failure {
    Failure::new(
        ErrorCode::RecordsRefused,
        format!("every record sent alone was refused, and none is stored: {reason}"),
    )
    .advise("check the index, its dimension and the metadata fields: the request itself is wrong")
}

/// The failure if the service has stored records, but now refuses one after another for the same cause.
pub(crate) fn nothing_more_is_stored(reason: &impl std::fmt::Display) -> Failure {
    Failure::new(
        ErrorCode::IndexFull,
        format!("the index accepts no more records: all are refused for the same reason: {reason}"),
    )
    .advise(
        "none of these records was rejected; if the index is full, make room in it or raise its limit, then run again \
         with --resume; to load everything into another index, run without --resume; if the records themselves are \
         invalid, remove them from the input",
    )
}

/// Why a request was finally refused.
fn code(error: &CallError) -> ErrorCode {
    match error {
        CallError::Credential(_) => ErrorCode::CredentialUnavailable,
        CallError::CredentialEnded(_) => ErrorCode::TokenExpired,
        CallError::Transport { kind: Transport::Misconfigured, .. } => ErrorCode::Misconfigured,
        CallError::Transport { kind: Transport::Tls, .. } => ErrorCode::TlsRefused,
        CallError::Transport { .. } => ErrorCode::Unreachable,
        CallError::Service(_) => match error.code() {
            "AccessDenied" => ErrorCode::AccessDenied,
            "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidSecurityToken" | "UserDisable" => {
                ErrorCode::CredentialRefused
            }
            TOKEN_ENDED => ErrorCode::TokenExpired,
            "NoSuchBucket" => ErrorCode::NoSuchBucket,
            "NoSuchVectorIndex" => ErrorCode::NoSuchIndex,
            _ => ErrorCode::Refused,
        },
    }
}

/// Why a request did not succeed within its budget.
fn lasting(error: &CallError) -> ErrorCode {
    match error {
        CallError::Service(_) if error.verdict(1) == Verdict::SlowDown => ErrorCode::Throttled,
        CallError::Service(_) => ErrorCode::ServiceUnavailable,
        _ => ErrorCode::Unreachable,
    }
}

/// The cure for a refusal.
fn advice(error: &CallError, operation: Operation) -> String {
    let (region, account) = (REGION.places(), ACCOUNT_ID.places());
    match error.code() {
        "AccessDenied" => format!(
            "grant the RAM action oss:{} on this bucket, or check {account} and {region}",
            operation.name()
        ),
        "InvalidAccessKeyId" => format!("check {}", ACCESS_KEY_ID.places()),
        "SignatureDoesNotMatch" => {
            format!("check {}, {region} and {account}: the signature depends on all of them", ACCESS_KEY_SECRET.places())
        }
        TOKEN_ENDED | "InvalidSecurityToken" => {
            format!("get a new token and set it with {}, or use a source that renews it", STS_TOKEN.places())
        }
        "NoSuchBucket" => format!("check --bucket, {account} and {region}"),
        "VectorBucketIndexExceedLimit" => {
            "delete an index that is not needed, or use another bucket".to_owned()
        }
        "NoSuchVectorIndex" if operation == Operation::GetVectors => "check --index-name".to_owned(),
        "NoSuchVectorIndex" => "check --index-name, or create the index with --create-index".to_owned(),
        "TlsRefused" => {
            "check --endpoint: a service without TLS needs http://; use --ca-bundle for a private certificate authority"
                .to_owned()
        }
        _ => "contact Alibaba Cloud support with the code and the request ID".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;
    use crate::oss::error::ServiceError;
    use crate::testing::printed;

    fn service(status: u16, code: &str) -> CallError {
        CallError::Service(Box::new(ServiceError {
            status,
            code: code.into(),
            message: "The message.".into(),
            ..ServiceError::default()
        }))
    }

    fn transport(kind: Transport) -> CallError {
        CallError::Transport { kind, detail: "the details".into() }
    }

    #[test]
    fn a_refusal_of_all_says_what_to_check() {
        let codes = [
            "AccessDenied",
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
            "InvalidSecurityToken",
            "NoSuchBucket",
            "NoSuchVectorIndex",
            "VectorBucketIndexExceedLimit",
            "Other",
        ];
        let of_service = codes.map(|code| service(403, code));
        let others = [
            transport(Transport::Tls),
            transport(Transport::Misconfigured),
            CallError::Credential("no access key".into()),
        ];
        let all = of_service.into_iter().chain(others);
        insta::assert_snapshot!(printed(all.map(|error| refused(&error, Operation::PutVectors))), @"
        AccessDenied (HTTP 403): The message
            grant the RAM action oss:PutVectors on this bucket, or check --account-id (OSS_ACCOUNT_ID, account-id) and --region (OSS_REGION, region)
        InvalidAccessKeyId (HTTP 403): The message
            check --access-key-id (OSS_ACCESS_KEY_ID, access-key-id)
        SignatureDoesNotMatch (HTTP 403): The message
            check --access-key-secret (OSS_ACCESS_KEY_SECRET, access-key-secret), --region (OSS_REGION, region) and --account-id (OSS_ACCOUNT_ID, account-id): the signature depends on all of them
        InvalidSecurityToken (HTTP 403): The message
            get a new token and set it with --sts-token (OSS_SESSION_TOKEN, sts-token), or use a source that renews it
        NoSuchBucket (HTTP 403): The message
            check --bucket, --account-id (OSS_ACCOUNT_ID, account-id) and --region (OSS_REGION, region)
        NoSuchVectorIndex (HTTP 403): The message
            check --index-name, or create the index with --create-index
        VectorBucketIndexExceedLimit (HTTP 403): The message
            delete an index that is not needed, or use another bucket
        Other (HTTP 403): The message
            contact Alibaba Cloud support with the code and the request ID
        the details
            check --endpoint: a service without TLS needs http://; use --ca-bundle for a private certificate authority
        cannot make a request: the details
            check --endpoint (OSS_ENDPOINT, endpoint) and --proxy (HTTPS_PROXY, HTTP_PROXY, proxy)
        no access key
            run ossvec config show --origin to see where the credential comes from
        ");
    }

    #[test]
    fn nobody_is_told_to_create_an_index_to_compare_with() {
        let gone = refused(&service(404, "NoSuchVectorIndex"), Operation::GetVectors);
        assert_eq!(gone.advice.as_deref(), Some("check --index-name"));
    }

    #[test]
    fn an_end_without_a_response_says_what_to_check_and_how_to_wait_longer() {
        let all = [
            transport(Transport::Resolve),
            transport(Transport::Timeout),
            service(503, "ServiceUnavailable"),
            service(403, TOKEN_ENDED),
            CallError::CredentialEnded("the process failed".into()),
        ];
        insta::assert_snapshot!(printed(all.map(|error| unreachable(&error))), @"
        cannot resolve the host name: the details
            check --region (OSS_REGION, region), --endpoint (OSS_ENDPOINT, endpoint), --proxy (HTTPS_PROXY, HTTP_PROXY, proxy) and the network
        retry budget exhausted: the details
            check --endpoint, --region and the network; --retry-times and --retry-max-time set the retry budget
        retry budget exhausted: ServiceUnavailable (HTTP 503): The message
            try again later: the service responds, but cannot process the request; --retry-times and --retry-max-time set the retry budget
        the credential has expired, and there is no new one: SecurityTokenExpired (HTTP 403): The message
            renew it; --retry-times and --retry-max-time set how long its source is retried
        the credential has expired, and there is no new one: the process failed
            renew it; --retry-times and --retry-max-time set how long its source is retried
        ");
    }

    #[test]
    fn an_end_because_nothing_is_stored_says_what_may_be_wrong() {
        let all = [
            writes_nothing("HTTP 503 ServiceUnavailable, request ID 68A1"),
            nothing_is_stored(&Reason::Nested),
            nothing_more_is_stored(&"the reason"),
        ];
        insta::assert_snapshot!(printed(all).replace(&Reason::Nested.to_string(), "REASON"), @"
        gave up on a batch (HTTP 503 ServiceUnavailable, request ID 68A1): reading it back shows that none of it is stored
            try again later: the service accepts no writes; --retry-times and --retry-max-time set the retry budget
        every record sent alone was refused, and none is stored: REASON
            check the index, its dimension and the metadata fields: the request itself is wrong
        the index accepts no more records: all are refused for the same reason: the reason
            none of these records was rejected; if the index is full, make room in it or raise its limit, then run again with --resume; to load everything into another index, run without --resume; if the records themselves are invalid, remove them from the input
        ");
    }

    #[test]
    fn a_service_that_was_never_reached_is_told_with_what_to_check() {
        let all = [transport(Transport::Connect), transport(Transport::Resolve)];
        insta::assert_snapshot!(printed(all.map(|error| never_reached(&error))), @"
        cannot reach the service: the details
            check --region (OSS_REGION, region), --endpoint (OSS_ENDPOINT, endpoint), --proxy (HTTPS_PROXY, HTTP_PROXY, proxy) and the network; --retry-first-contact sets how long the first contact is retried
        cannot resolve the host name: the details
            check --region (OSS_REGION, region), --endpoint (OSS_ENDPOINT, endpoint), --proxy (HTTPS_PROXY, HTTP_PROXY, proxy) and the network; --retry-first-contact sets how long the first contact is retried
        ");
    }

    #[test]
    fn each_error_that_ends_a_run_has_its_code_and_only_what_may_pass_by_itself_is_temporary() {
        use ErrorCode::*;
        let ended = |text: &str| CallError::CredentialEnded(text.to_owned());
        for (error, is_final, wanted) in [
            (service(403, "AccessDenied"), true, AccessDenied),
            (service(403, "InvalidAccessKeyId"), true, CredentialRefused),
            (service(403, "SignatureDoesNotMatch"), true, CredentialRefused),
            (service(403, "InvalidSecurityToken"), true, CredentialRefused),
            (service(403, "UserDisable"), true, CredentialRefused),
            (service(403, TOKEN_ENDED), true, TokenExpired),
            (service(404, "NoSuchBucket"), true, NoSuchBucket),
            (service(404, "NoSuchVectorIndex"), true, NoSuchIndex),
            (service(405, "MethodNotAllowed"), true, Refused),
            (service(501, "NotImplemented"), true, Refused),
            (transport(Transport::Tls), true, TlsRefused),
            (transport(Transport::Misconfigured), true, Misconfigured),
            (CallError::Credential("none".to_owned()), true, CredentialUnavailable),
            (ended("gone"), true, TokenExpired),
            (service(500, "InternalError"), false, ServiceUnavailable),
            (service(503, "QpsLimitExceeded"), false, Throttled),
            (service(429, ""), false, Throttled),
            (service(403, TOKEN_ENDED), false, TokenExpired),
            (transport(Transport::Connect), false, Unreachable),
            (transport(Transport::Timeout), false, Unreachable),
            (transport(Transport::Broken), false, Unreachable),
            (transport(Transport::Resolve), false, HostNotFound),
            (ended("gone"), false, TokenExpired),
        ] {
            let failure = if is_final { refused(&error, Operation::PutVectors) } else { unreachable(&error) };
            assert_eq!(failure.code, wanted, "{error:?}");
            assert!(failure.advice.is_some(), "{error:?}");
            assert!(is_final || failure.exit() == Exit::Temporary, "{error:?}");
        }
        for (kind, wanted) in [
            (Transport::Resolve, HostNotFound),
            (Transport::Connect, Unreachable),
            (Transport::Timeout, Unreachable),
        ] {
            assert_eq!(never_reached(&transport(kind)).code, wanted);
        }
        assert_eq!(writes_nothing("HTTP 500").exit(), Exit::Temporary);
        assert_eq!(nothing_more_is_stored(&"no").exit(), Exit::Service);
    }
}
