//! What is wrong with single values, and with what advice.

use crate::exit::{Exit, Failure};
use crate::oss::secret::{is_quoted, unbroken as credential_unbroken};

/// Whether a text can be a region's id.
pub(crate) fn check_region(region: &str) -> Result<(), Failure> {
    let failure = usage(format!("the region is {region:?}; a region id looks like cn-hangzhou"));
    let is_id = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match region.strip_prefix("oss-") {
        Some(id) => Err(failure.advise(format!("write {id}: oss-{id} is the name in the hosts of objects"))),
        None if region.bytes().all(is_id) => Ok(()),
        None => Err(failure.advise("write the id, as the console shows it beside the region's name")),
    }
}

/// Whether a text can be an account's id.
pub(crate) fn check_account(account: &str) -> Result<(), Failure> {
    if account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(usage(format!("the account id is {account:?}; it consists of digits only"))
        .advise("write the UID of the account that the bucket belongs to; the console shows it"))
}

/// Whether a text can be a part of an access key.
pub(crate) fn check_key(key: &str) -> Result<(), Failure> {
    unbroken("access key", key)
}

/// Whether a part of a credential is as it was handed out.
pub(super) fn unbroken(what: &str, value: &str) -> Result<(), Failure> {
    let advised = |text: String| {
        let failure = Failure::new(Exit::Client, text);
        unquoting(value, failure.advise("hand it over without what was added when it was copied"))
    };
    credential_unbroken(what, value).map_err(advised)
}

/// What is wrong with a value, where quotation marks around it are with other advice.
pub(super) fn unquoting(value: &str, failure: Failure) -> Failure {
    if is_quoted(value) {
        return failure
            .advise("leave the quotation marks out; cmd.exe's set and docker's --env-file keep them");
    }
    failure
}

/// What is wrong outside the command line.
pub(super) fn wrong(message: impl Into<String>) -> Failure {
    Failure::new(Exit::Client, message)
}

/// What is wrong on the command line.
pub(super) fn usage(message: impl Into<String>) -> Failure {
    Failure::new(Exit::Usage, message)
}
