//! Checks of single values, with advice.

use crate::exit::{ErrorCode, Failure};
use crate::oss::secret::{is_quoted, unbroken as credential_unbroken};
use crate::record::path::renamed;

/// Checks that a text can be a region ID.
pub(crate) fn check_region(region: &str) -> Result<(), Failure> {
    let failure = usage(format!("invalid region ID {region:?}: expected an ID such as cn-hangzhou"));
    let is_id = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match region.strip_prefix("oss-") {
        Some(id) => Err(failure.advise(format!("use {id}; only endpoints for objects have the prefix oss-"))),
        None if region.bytes().all(is_id) => Ok(()),
        None => Err(failure.advise("use the ID that the console shows next to the region's name")),
    }
}

/// Checks that a text can be an account ID.
pub(crate) fn check_account(account: &str) -> Result<(), Failure> {
    if account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(usage(format!("invalid account ID {account:?}: expected only digits"))
        .advise("use the UID of the account that owns the bucket; the console shows it"))
}

/// Checks that a text can be a part of an access key.
pub(crate) fn check_key(key: &str) -> Result<(), Failure> {
    unbroken("access key", key)
}

/// Checks that a part of a credential is unchanged from how it was issued.
pub(super) fn unbroken(what: &str, value: &str) -> Result<(), Failure> {
    let advised = |text: String| {
        let failure = Failure::new(ErrorCode::InvalidSetting, text);
        unquoting(value, failure.advise("copy it again, without anything around it"))
    };
    credential_unbroken(what, value).map_err(advised)
}

/// The failure for a value, with other advice if it is in quotation marks.
pub(super) fn unquoting(value: &str, failure: Failure) -> Failure {
    if is_quoted(value) {
        return failure.advise("remove the quotation marks: set in cmd.exe and docker --env-file keep them");
    }
    failure
}

/// `a, b and c`, or with another conjunction.
pub(super) fn listed(words: &[&str], conjunction: &str) -> String {
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} {conjunction} {last}", others.join(", ")),
        None => String::new(),
    }
}

/// An invalid setting outside the command line.
pub(super) fn wrong(message: impl Into<String>) -> Failure {
    Failure::new(ErrorCode::InvalidSetting, message)
}

/// An invalid command line.
pub(super) fn usage(message: impl Into<String>) -> Failure {
    Failure::new(ErrorCode::Usage, message)
}

/// Checks that a field stored under another name is complete, and given only once.
pub(super) fn new_names(metadata: &[String]) -> Result<(), Failure> {
    let mut known: Vec<(&str, &str)> = Vec::new();
    for text in metadata.iter().map(|text| text.trim()).filter(|text| !text.starts_with('-')) {
        let (new_name, field) = renamed(text);
        let name = new_name.unwrap_or(field);
        if field.is_empty() || field == "*" && new_name.is_some() {
            return Err(usage(format!("invalid value {text:?} for --metadata: expected NAME=FIELD"))
                .advise("name a field after the equals sign"));
        }
        if let Some((other, _)) = known.iter().find(|(_, known)| *known == name && (text.contains('='))) {
            return Err(usage(format!("--metadata {other},{text} stores two fields as {name}"))
                .advise("give one of them another name: NAME=FIELD"));
        }
        if let Some((other, _)) = known
            .iter()
            .find(|(other, _)| renamed(other).1 == field && (text.contains('=') || other.contains('=')))
        {
            return Err(usage(format!("--metadata {other},{text} stores the field {field} twice"))
                .advise("remove one of them"));
        }
        known.push((text, name));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::printed;

    #[test]
    fn a_value_that_cannot_be_one_is_told_with_what_to_write() {
        let checked = [
            check_region("CN Hangzhou"),
            check_region("oss-cn-hangzhou"),
            check_account("me"),
            check_key("hu sh"),
            check_key("'hush'"),
        ];
        let told = printed(checked.into_iter().filter_map(Result::err));
        insta::assert_snapshot!(told, @r#"
        invalid region ID "CN Hangzhou": expected an ID such as cn-hangzhou
            use the ID that the console shows next to the region's name
        invalid region ID "oss-cn-hangzhou": expected an ID such as cn-hangzhou
            use cn-hangzhou; only endpoints for objects have the prefix oss-
        invalid account ID "me": expected only digits
            use the UID of the account that owns the bucket; the console shows it
        the access key contains whitespace or a character outside ASCII
            copy it again, without anything around it
        the access key starts or ends with a quotation mark
            remove the quotation marks: set in cmd.exe and docker --env-file keep them
        "#);
    }
}
