//! How a call's error ends a run: what to tell, and what to do about it.
//!
//! Pure.

use crate::exit::{Exit, Failure};
use crate::oss::error::CallError;

/// The run's end when the service says no to all that can be sent.
pub(super) fn refused(error: &CallError) -> Failure {
    match error {
        CallError::Credential(_) | CallError::CredentialEnded(_) => {
            Failure::new(Exit::Client, error.to_string())
        }
        _ => Failure::new(Exit::Service, error.to_string()).advise(advice(error)),
    }
}

/// The run's end when nobody answers.
pub(super) fn unreachable(error: &CallError) -> Failure {
    if let CallError::CredentialEnded(_) = error {
        return Failure::new(Exit::Client, format!("the credential ended, and there is no other: {error}"))
            .advise("--retry-times and --retry-max-time set how long its source is tried again");
    }
    Failure::new(Exit::Service, format!("gave up after the retry budget: {error}")).advise(
        "check --endpoint, --region and the network; --retry-times and --retry-max-time set the budget",
    )
}

/// The run's end when the service answers, but keeps nothing of a whole batch.
pub(super) fn writes_nothing(trouble: &str) -> Failure {
    Failure::new(
        Exit::Service,
        format!("gave up on a batch ({trouble}), and reading back shows nothing of it stored"),
    )
    .advise("the service takes no writes at present; --retry-times and --retry-max-time set the budget")
}

/// What to do about a refusal.
fn advice(error: &CallError) -> &'static str {
    match error.code() {
        "AccessDenied" => {
            "grant the RAM action oss:PutVectors on this bucket, or check --account-id and --region"
        }
        "InvalidAccessKeyId" => "check --access-key-id (OSS_ACCESS_KEY_ID)",
        "SignatureDoesNotMatch" => {
            "check --access-key-secret, --region and --account-id, which are all signed"
        }
        "SecurityTokenExpired" | "InvalidSecurityToken" => {
            "get a fresh token: --sts-token (OSS_SESSION_TOKEN), or name a source that renews it"
        }
        "NoSuchBucket" => "check --bucket, --account-id and --region",
        "NoSuchVectorIndex" => "check --index-name, or create the index with --create-index",
        "TlsRefused" => {
            "check --endpoint: a service without TLS needs http://; --ca-bundle names certificates to trust"
        }
        _ => "the code and the request id tell the vendor's support what happened",
    }
}
