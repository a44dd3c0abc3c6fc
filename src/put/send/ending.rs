//! How a call's error ends a run: what to tell, and what to do about it.
//!
//! Pure.

use crate::exit::{Exit, Failure};
use crate::oss::error::{CallError, TOKEN_ENDED, Transport};
use crate::oss::operation::Operation;
use crate::record::Reason;
use crate::setting::{ACCESS_KEY_ID, ACCESS_KEY_SECRET, ACCOUNT_ID, ENDPOINT, PROXY, REGION, STS_TOKEN};

/// The run's end when the service says no to all that can be sent.
pub(crate) fn refused(error: &CallError, operation: Operation) -> Failure {
    match error {
        CallError::Credential(_) | CallError::CredentialEnded(_) => {
            Failure::new(Exit::Client, error.to_string())
                .advise("run ossvec config show --origin to see where the credential comes from")
        }
        CallError::Transport { kind: Transport::Misconfigured, .. } => Failure::new(
            Exit::Client,
            format!("cannot make a request: {error}"),
        )
        .advise(format!("check {} and {}", ENDPOINT.places(), PROXY.places())),
        _ => Failure::new(Exit::Service, error.to_string()).advise(advice(error, operation)),
    }
}

/// The run's end when it is to end before the input does.
pub(crate) fn interrupted() -> Failure {
    Failure::new(Exit::Interrupted, "interrupted")
}

/// The run's end when nobody answers.
pub(crate) fn unreachable(error: &CallError) -> Failure {
    match error {
        _ if matches!(error, CallError::CredentialEnded(_)) || error.code() == TOKEN_ENDED => Failure::new(
            Exit::Client,
            format!("the credential has expired, and there is no new one: {error}"),
        )
        .advise("renew it; --retry-times and --retry-max-time set how long its source is retried"),
        CallError::Transport { kind: Transport::Resolve, .. } => {
            Failure::new(Exit::Service, format!("cannot resolve the host name: {error}")).advise(format!(
                "check {}, {}, {} and the network",
                REGION.places(),
                ENDPOINT.places(),
                PROXY.places()
            ))
        }
        _ => {
            let budget = "--retry-times and --retry-max-time set the retry budget";
            let advice = match error {
                CallError::Service(_) => {
                    format!("try again later: the service responds, but cannot process the request; {budget}")
                }
                _ => format!("check --endpoint, --region and the network; {budget}"),
            };
            Failure::new(Exit::Service, format!("retry budget exhausted: {error}")).advise(advice)
        }
    }
}

/// The run's end when the service answers, but keeps nothing of a whole batch.
pub(crate) fn writes_nothing(trouble: &str) -> Failure {
    Failure::new(
        Exit::Service,
        format!("gave up on a batch ({trouble}): reading it back shows that none of it is stored"),
    )
    .advise("try again later: the service accepts no writes; --retry-times and --retry-max-time set the retry budget")
}

/// The run's end when records are refused one by one and nothing has ever been stored.
pub(crate) fn nothing_is_stored(reason: &Reason) -> Failure {
    Failure::new(Exit::Service, format!("every record sent alone was refused, and none is stored: {reason}"))
        .advise("check the index, its dimension and the metadata fields: the request itself is wrong")
}

/// The run's end when the service, which has stored records before, refuses one after another alike.
pub(crate) fn nothing_more_is_stored(reason: &impl std::fmt::Display) -> Failure {
    Failure::new(
        Exit::Service,
        format!("the index accepts no more records: all are refused for the same reason: {reason}"),
    )
    .advise(
        "none of these records was rejected; if the index is full, make room in it or raise its limit, then run again \
         with --resume; to load everything into another index, run without --resume; if the records themselves are \
         invalid, remove them from the input",
    )
}

/// What to do about a refusal.
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
}
