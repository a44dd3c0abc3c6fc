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
                .advise("ossvec config show --origin tells which source the credential comes from")
        }
        CallError::Transport { kind: Transport::Misconfigured, .. } => Failure::new(
            Exit::Client,
            format!("no request can be made: {error}"),
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
        _ if matches!(error, CallError::CredentialEnded(_)) || error.code() == TOKEN_ENDED => {
            Failure::new(Exit::Client, format!("the credential ended, and there is no other: {error}"))
                .advise("--retry-times and --retry-max-time set how long its source is tried again")
        }
        CallError::Transport { kind: Transport::Resolve, .. } => {
            Failure::new(Exit::Service, format!("no host of that name is known: {error}")).advise(format!(
                "check {}, {} and {}, and that this machine has a network",
                REGION.places(),
                ENDPOINT.places(),
                PROXY.places()
            ))
        }
        _ => {
            let budget = "--retry-times and --retry-max-time set the budget";
            let advice = match error {
                CallError::Service(_) => {
                    format!("the service is there and cannot do it at present; {budget}")
                }
                _ => format!("check --endpoint, --region and the network; {budget}"),
            };
            Failure::new(Exit::Service, format!("gave up after the retry budget: {error}")).advise(advice)
        }
    }
}

/// The run's end when the service answers, but keeps nothing of a whole batch.
pub(crate) fn writes_nothing(trouble: &str) -> Failure {
    Failure::new(
        Exit::Service,
        format!("gave up on a batch ({trouble}), and reading back shows nothing of it stored"),
    )
    .advise("the service takes no writes at present; --retry-times and --retry-max-time set the budget")
}

/// The run's end when records are refused one by one and nothing has ever been stored.
pub(crate) fn nothing_is_stored(reason: &Reason) -> Failure {
    Failure::new(Exit::Service, format!("every record tried alone was refused, and none stored: {reason}"))
        .advise("the request itself is wrong: check the index, its dimension and the metadata fields")
}

/// The run's end when the service, which has stored records before, refuses one after another alike.
pub(crate) fn nothing_more_is_stored(reason: &impl std::fmt::Display) -> Failure {
    Failure::new(
        Exit::Service,
        format!("nothing more is stored: one record after another is refused, all alike: {reason}"),
    )
    .advise(
        "none of these records was rejected. If the index is full, make room in it or raise its limit, then run again \
         with --resume; to load everything into another index leave out --resume; if the records themselves are wrong, \
         remove them from the input",
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
            format!("check {}, {region} and {account}, which are all signed", ACCESS_KEY_SECRET.places())
        }
        TOKEN_ENDED | "InvalidSecurityToken" => {
            format!("get a fresh token: {}, or name a source that renews it", STS_TOKEN.places())
        }
        "NoSuchBucket" => format!("check --bucket, {account} and {region}"),
        "NoSuchVectorIndex" => "check --index-name, or create the index with --create-index".to_owned(),
        "TlsRefused" => {
            "check --endpoint: a service without TLS needs http://; --ca-bundle names certificates to trust"
                .to_owned()
        }
        _ => "the code and the request id tell the vendor's support what happened".to_owned(),
    }
}
