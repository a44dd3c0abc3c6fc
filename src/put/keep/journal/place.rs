//! Where a load goes: a journal of a load to another place is not continued. Pure.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::oss::endpoint::Endpoint;
use crate::put::report::notice::EarlierNotice;

/// The prefix of a service inside the command.
const LOCAL: &str = "local ";
/// The prefix of the index of a verification, so that a load never continues its journal, nor the reverse.
const VERIFIES: &str = "verify-";
/// The prefix of the resource in journals of version 1.
const RESOURCE: &str = "/acs:ossvector:";

/// Where a load goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The service, however its endpoint is written; `None` if a journal of version 1 does not have it.
    pub service: Option<String>,
    /// The account that owns the bucket.
    pub account: String,
    /// The bucket.
    pub bucket: String,
    /// The region that requests are signed for.
    pub region: String,
    /// The index; in a verification, with a prefix that no index name can have.
    pub index: String,
}

/// Something that differs from when the journal was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is.
    pub what: &'static str,
    /// Then.
    pub was: String,
    /// Now.
    pub now: String,
}

impl Place {
    /// The index that a verification compares, if this is the place of one.
    pub(crate) fn verified(&self) -> Option<&str> {
        self.index.strip_prefix(VERIFIES)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, was, now } = self;
        write!(formatter, "the {what} was {was} when the journal was written, but is now {now}")
    }
}

/// All differences in one line.
pub fn listed(differences: &[Difference]) -> String {
    differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// The name of a service inside the command, by its data directory, since its port differs in each run.
pub fn local_service(data: &str) -> String {
    format!("{LOCAL}{data}")
}

/// The data directory of a service inside the command; `None` for any other service.
pub fn local_data(service: &str) -> Option<&str> {
    service.strip_prefix(LOCAL)
}

impl Place {
    /// The place of a verification of a load to this place.
    #[must_use]
    pub fn of_verification(self) -> Self {
        Self { index: format!("{VERIFIES}{}", self.index), ..self }
    }

    /// Parses the target in a journal of version 1, which has no endpoint.
    pub(crate) fn of_version_1(target: &str) -> Self {
        let (before, resource) = target.split_once(RESOURCE).unwrap_or(("", target));
        let data = before.strip_prefix(LOCAL).map(str::trim_end).filter(|data| !data.is_empty());
        let (names, index) = resource.rsplit_once('/').unwrap_or((resource, ""));
        let mut names = names.splitn(3, ':').map(str::to_owned);
        let mut next = || names.next().unwrap_or_default();
        let (region, account, bucket) = (next(), next(), next());
        Self { service: data.map(local_service), account, bucket, region, index: index.to_owned() }
    }

    /// A unique text. For the service's own hosts it is that of version 1, whose directories remain in use.
    pub(crate) fn text(&self) -> String {
        let Self { service, account, bucket, region, index } = self;
        let resource = format!("{RESOURCE}{region}:{account}:{bucket}/{index}");
        let usual = Endpoint::parse(None, region).ok().map(|endpoint| endpoint.service());
        match service {
            Some(service) if usual.as_ref() != Some(service) => format!("{service} {resource}"),
            _ => resource,
        }
    }

    /// What differs from the place of an earlier run, as far as that is known.
    pub(crate) fn differences(&self, earlier: &Self) -> Vec<Difference> {
        let differs = |what, was: &str, now: &str| {
            (was != now).then(|| Difference { what, was: was.to_owned(), now: now.to_owned() })
        };
        let service = |place: &Self| place.service.as_deref().map(shown);
        let (was, now) = (service(earlier), service(self));
        [
            was.zip(now).and_then(|(was, now)| differs("endpoint", &was, &now)),
            differs("account", &earlier.account, &self.account),
            differs("bucket", &earlier.bucket, &self.bucket),
            differs("region", &earlier.region, &self.region),
            differs("index", &earlier.index, &self.index),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The note if a journal does not have all of it.
    pub(crate) fn doubt(&self) -> Option<EarlierNotice> {
        self.service.is_none().then_some(EarlierNotice::EndpointUnknown)
    }

    /// Whether the names are the same, at any service.
    pub(crate) fn has_the_names_of(&self, other: &Self) -> bool {
        Self { service: None, ..self.clone() } == Self { service: None, ..other.clone() }
    }
}

fn shown(service: &str) -> String {
    match local_data(service) {
        Some(data) => format!("--local with data in {data}"),
        None => service.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place() -> Place {
        Place {
            service: Some("cn-hangzhou.oss-vectors.aliyuncs.com".into()),
            account: "123".into(),
            bucket: "my-b".into(),
            region: "cn-hangzhou".into(),
            index: "docs".into(),
        }
    }

    #[test]
    fn what_version_1_says_of_a_place_is_read_and_the_rest_is_unknown() {
        let names = Place { service: None, ..place() };
        for (target, service) in [
            ("/acs:ossvector:cn-hangzhou:123:my-b/docs", None),
            ("local  /acs:ossvector:cn-hangzhou:123:my-b/docs", None),
            ("local /my data /acs:ossvector:cn-hangzhou:123:my-b/docs", Some("local /my data".to_owned())),
        ] {
            assert_eq!(Place::of_version_1(target), Place { service, ..names.clone() }, "{target}");
        }
        // What cannot be parsed is no place.
        for target in ["", "t", "/acs:ossvector:", "local"] {
            assert_ne!(place().differences(&Place::of_version_1(target)), [], "{target}");
        }
    }

    #[test]
    fn the_folders_of_version_1_stay_those_of_the_services_own_hosts() {
        assert_eq!(place().text(), "/acs:ossvector:cn-hangzhou:123:my-b/docs");
        let elsewhere = Place { service: Some("http://127.0.0.1:1".into()), ..place() };
        assert_eq!(elsewhere.text(), "http://127.0.0.1:1 /acs:ossvector:cn-hangzhou:123:my-b/docs");
    }

    #[test]
    fn a_verification_is_at_no_place_of_a_load() {
        let verification = place().of_verification();
        assert!(crate::oss::limits::index_name(&verification.index).is_err());
        assert!(!place().has_the_names_of(&verification) && place().text() != verification.text());
        assert_eq!(
            listed(&place().differences(&verification)),
            "the index was verify-docs when the journal was written, but is now docs"
        );
    }

    #[test]
    fn what_differs_is_named_with_what_was_and_what_is() {
        let now = Place { service: Some("local /d".into()), index: "other".into(), ..place() };
        let differences = now.differences(&place());
        assert_eq!(
            listed(&differences),
            "the endpoint was cn-hangzhou.oss-vectors.aliyuncs.com when the journal was written, but is now --local \
             with data in /d; the index was docs when the journal was written, but is now other"
        );
        assert_eq!(now.differences(&Place { service: None, index: "other".into(), ..place() }), []);
    }

    proptest! {
        /// Each part counts, both in the differences and in the directory's text.
        #[test]
        fn places_are_the_same_exactly_where_all_their_parts_are(
            parts in prop::collection::vec(("[ab]{1,2}", "[ab]{1,2}"), 5),
        ) {
            let place = |pick: fn(&(String, String)) -> &String| Place {
                service: Some(pick(&parts[0]).clone()),
                account: pick(&parts[1]).clone(),
                bucket: pick(&parts[2]).clone(),
                region: pick(&parts[3]).clone(),
                index: pick(&parts[4]).clone(),
            };
            let (one, other) = (place(|part| &part.0), place(|part| &part.1));
            prop_assert_eq!(one.differences(&other).is_empty(), one == other);
            prop_assert_eq!(one.text() == other.text(), one == other);
            let differing = parts.iter().filter(|(one, other)| one != other).count();
            prop_assert_eq!(one.differences(&other).len(), differing);
        }
    }
}
