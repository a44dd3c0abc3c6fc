//! What a load cannot do without and nobody has said: all of it in one error.

use super::check::usage;
use super::credential;
use super::service::ServiceAsFound;
use super::sources::Sources;
use crate::exit::{Exit, Failure};
use crate::setting::{ACCESS_KEY_ID, ACCESS_KEY_SECRET, ACCOUNT_ID, BUCKET, INDEX_NAME, REGION};

/// Refuses a load that lacks two things or more. What is missing alone is told where it is needed, in more words.
pub(super) fn none_missing(
    service: ServiceAsFound,
    has_index: bool,
    sources: &Sources<'_>,
) -> Result<ServiceAsFound, Failure> {
    let has_target = service.bucket.is_some() && has_index;
    let settings = [
        (service.bucket.is_none(), &BUCKET),
        (!has_index, &INDEX_NAME),
        (service.region.is_none(), &REGION),
        (service.account.is_none(), &ACCOUNT_ID),
    ];
    let settings = settings.into_iter().filter_map(|(is_missing, setting)| is_missing.then_some(setting));
    let mut missing: Vec<_> = settings.map(|setting| (setting.noun, setting.places())).collect();
    if !missing.is_empty() && credential::is_absent(sources) {
        missing.push(("access key", format!("{}, {}", ACCESS_KEY_ID.places(), ACCESS_KEY_SECRET.places())));
    }
    if missing.len() < 2 {
        return Ok(service);
    }
    let (nouns, places): (Vec<_>, Vec<_>) = missing.into_iter().unzip();
    let set = format!("set {}", places.join(", "));
    let advice = if sources.unused.is_some() {
        set
    } else {
        let file = sources.file_name();
        format!(
            "{set}; ossvec config init writes what is the same for every load into {file}; or try everything without \
             an account with --local"
        )
    };
    let failure = usage(format!("no {}", nouns.join(", no "))).advise(advice);
    let exit = if has_target { Exit::Client } else { Exit::Usage };
    Err(sources.with_unused(Failure { exit, ..failure }))
}
