//! What a load cannot do without and nobody has said: all of it in one error.

use super::check::usage;
use super::credential;
use super::service::Service;
use super::sources::{ACCESS_KEY_ID, ACCESS_KEY_SECRET, ACCOUNT_ID, REGION, Sources};
use crate::exit::{Exit, Failure};

/// Refuses a load that lacks two things or more. What is missing alone is told where it is needed, in more words.
pub(super) fn none_missing(
    service: Service,
    has_index: bool,
    sources: &Sources<'_>,
) -> Result<Service, Failure> {
    let has_target = service.bucket.is_some() && has_index;
    let mut missing: Vec<(&str, String)> = [
        (service.bucket.is_none(), "bucket", "--bucket".to_owned()),
        (!has_index, "index", "--index-name".to_owned()),
        (service.region.is_none(), "region", REGION.options()),
        (service.account.is_none(), "account id", ACCOUNT_ID.options()),
    ]
    .into_iter()
    .filter_map(|(is_missing, what, options)| is_missing.then_some((what, options)))
    .collect();
    if !missing.is_empty() && credential::is_absent(sources) {
        let options = format!("{}, {}", ACCESS_KEY_ID.options(), ACCESS_KEY_SECRET.options());
        missing.push(("access key", options));
    }
    if missing.len() < 2 {
        return Ok(service);
    }
    let (what, options): (Vec<_>, Vec<_>) = missing.into_iter().unzip();
    let set = format!("set {}", options.join(", "));
    let advice = if sources.unused.is_some() {
        set
    } else {
        let file = sources.file_name();
        format!(
            "{set}; ossvec config init writes what is the same for every load into {file}; or try everything without \
             an account with --local"
        )
    };
    let failure = usage(format!("no {}", what.join(", no "))).advise(advice);
    let exit = if has_target { Exit::Client } else { Exit::Usage };
    Err(sources.with_unused(Failure { exit, ..failure }))
}
