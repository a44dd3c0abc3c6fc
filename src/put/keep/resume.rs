//! Whether the index is the one that earlier runs loaded into: resuming into another one would leave out what they
//! settled.
//!
//! Pure: it compares what was with what is.

use super::journal::{Binding, Difference, listed};
use crate::exit::{ErrorCode, Failure};
use crate::put::books::tracker::Settled;
use crate::put::index::{Known, Wanted};
use crate::put::report::notice::EarlierNotice;
use crate::words::plural;

/// What to compare the index with.
pub(crate) struct Resumed<'a> {
    /// The binding of earlier runs.
    pub(crate) bound: &'a Binding,
    /// What they settled.
    pub(crate) counts: Settled,
}

/// The index as the user wants it and as it was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IndexNow<'a> {
    pub(crate) wanted: &'a Wanted,
    pub(crate) known: &'a Known,
}

impl IndexNow<'_> {
    /// Whether the index does not exist yet.
    pub(crate) fn is_to_create(&self) -> bool {
        matches!(self.known, Known::ToCreate)
    }
}

impl Resumed<'_> {
    /// Whether the current index certainly cannot have what they stored: an index cannot be changed, and none is
    /// created twice.
    pub(crate) fn is_gone_from(&self, known: &Known) -> bool {
        let has_stored = self.counts.stored > 0;
        match known {
            Known::Existing(index) => {
                let now = Binding::of(index);
                let is_other = has_stored && self.bound.made_again(&now).is_some();
                is_other || !self.bound.differences(&now).is_empty()
            }
            Known::ToCreate => has_stored,
            Known::Hidden => false,
        }
    }

    /// Checks that the index is still the same, and wanted as before; returns a note if that cannot be known.
    pub(crate) fn goes_on_in(
        &self,
        IndexNow { wanted, known }: IndexNow<'_>,
    ) -> Result<Option<EarlierNotice>, Failure> {
        let (index, stored) = (wanted.name.as_str(), self.counts.stored);
        let words = Words::of(wanted);
        let Words { did, anew, .. } = words;
        let said = Binding::said(wanted.dimension, wanted.metric);
        let cure = format!("use the same options as before, or run without --resume to {anew}");
        self.agrees(&said, &cure)?;
        let now = match known {
            Known::Existing(index) => Binding::of(index),
            Known::ToCreate if stored > 0 => {
                return Err(failure(format!(
                    "index {index} does not exist, but an earlier run {did} {} in it",
                    plural(stored, "vector")
                ))
                .advise(
                    "check --bucket and --index-name, or run without --resume to load everything again",
                ));
            }
            Known::ToCreate | Known::Hidden => Binding::default(),
        };
        let cure = format!("use the earlier index, or run without --resume to {}", words.into_this_one);
        self.agrees(&now, &cure)?;
        if stored == 0 {
            return Ok(None);
        }
        if let Some((was, is)) = self.bound.made_again(&now) {
            return Err(failure(format!(
                "index {index} was recreated: an earlier run {did} {} in the one created at {was}, but this one was \
                 created at {is}",
                plural(stored, "vector")
            ))
            .advise(format!("run without --resume to {anew}")));
        }
        if now.dimension.or(self.bound.dimension).or(said.dimension).is_none() {
            return Err(failure(
                "the dimension of the load is unknown: the journal was written by an earlier version of ossvec, which did \
                 not record it, and the credential may not look at the index",
            )
            .advise("set it with --dimension, or run without --resume to load everything again"));
        }
        Ok(self.doubt(&now, index))
    }

    fn agrees(&self, now: &Binding, cure: &str) -> Result<(), Failure> {
        let differences: Vec<Difference> = self.bound.differences(now);
        if differences.is_empty() { Ok(()) } else { Err(failure(listed(&differences)).advise(cure)) }
    }

    fn doubt(&self, now: &Binding, index: &str) -> Option<EarlierNotice> {
        let why = match (&self.bound.created, &now.created) {
            (Some(_), Some(_)) => return None,
            (_, None) => "the service does not report when it was created",
            (None, Some(_)) => "the journal does not record when that one was created",
        };
        Some(EarlierNotice::IndexUnsure { index: index.to_owned(), why })
    }
}

/// The words for what a load does, or a verification.
#[derive(Clone, Copy, Debug)]
struct Words {
    did: &'static str,
    anew: &'static str,
    into_this_one: &'static str,
}

impl Words {
    fn of(wanted: &Wanted) -> Self {
        if wanted.only_reads {
            let anew = "compare everything with this index";
            return Self { did: "found", anew, into_this_one: "compare everything with this one" };
        }
        let anew = "load everything into this index";
        Self { did: "stored", anew, into_this_one: "load everything into this one" }
    }
}

fn failure(what: impl std::fmt::Display) -> Failure {
    Failure::new(ErrorCode::IndexChanged, format!("cannot resume: {what}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::oss::wire::DistanceMetric;
    use crate::testing::printed;

    fn wanted(dimension: Option<usize>) -> Wanted {
        Wanted {
            name: "docs".into(),
            dimension,
            metric: None,
            usual_metric: None,
            non_filterable: None,
            create_index: true,
            create_bucket: false,
            only_reads: false,
        }
    }

    fn existing(created: &str, metric: &str) -> Known {
        let index = json!({ "createTime": created, "dimension": 3, "distanceMetric": metric });
        Known::Existing(serde_json::from_value(index).unwrap())
    }

    fn bound(created: Option<&str>, dimension: Option<usize>) -> Binding {
        let said = Binding::said(dimension, Some(DistanceMetric::Cosine));
        Binding { created: created.map(str::to_owned), ..said }
    }

    const THEN: &str = "2026-01-01T00:00:00.000Z";
    const LATER: &str = "2026-01-02T00:00:00.000Z";

    #[test]
    fn each_refusal_says_what_differs_and_what_to_do() {
        let refused = [
            (bound(Some(THEN), Some(3)), wanted(Some(4)), existing(THEN, "cosine")),
            (bound(Some(THEN), Some(3)), wanted(None), existing(THEN, "euclidean")),
            (bound(Some(THEN), Some(3)), wanted(None), Known::ToCreate),
            (bound(Some(THEN), Some(3)), wanted(None), existing(LATER, "cosine")),
            (bound(None, None), wanted(None), Known::Hidden),
        ]
        .map(|(bound, wanted, known)| {
            let counts = Settled { stored: 1_000, ..Settled::default() };
            let resumed = Resumed { bound: &bound, counts };
            resumed.goes_on_in(IndexNow { wanted: &wanted, known: &known }).unwrap_err()
        });
        insta::assert_snapshot!(printed(refused), @"
        cannot resume: the dimension was 3 when the journal was written, but is now 4
            use the same options as before, or run without --resume to load everything into this index
        cannot resume: the metric was cosine when the journal was written, but is now euclidean
            use the earlier index, or run without --resume to load everything into this one
        cannot resume: index docs does not exist, but an earlier run stored 1,000 vectors in it
            check --bucket and --index-name, or run without --resume to load everything again
        cannot resume: index docs was recreated: an earlier run stored 1,000 vectors in the one created at 2026-01-01T00:00:00.000Z, but this one was created at 2026-01-02T00:00:00.000Z
            run without --resume to load everything into this index
        cannot resume: the dimension of the load is unknown: the journal was written by an earlier version of ossvec, which did not record it, and the credential may not look at the index
            set it with --dimension, or run without --resume to load everything again
        ");
    }

    #[test]
    fn what_nobody_can_know_is_a_note_that_says_why() {
        let counts = Settled { stored: 1, ..Settled::default() };
        let notes =
            [(bound(Some(THEN), Some(3)), Known::Hidden), (bound(None, Some(3)), existing(THEN, "cosine"))]
                .map(|(bound, known)| {
                    let resumed = Resumed { bound: &bound, counts };
                    let note = resumed
                        .goes_on_in(IndexNow { wanted: &wanted(None), known: &known })
                        .unwrap()
                        .unwrap();
                    let EarlierNotice::IndexUnsure { why, .. } = note else { panic!("{note:?}") };
                    why
                });
        insta::assert_snapshot!(notes.join("\n"), @"
        the service does not report when it was created
        the journal does not record when that one was created
        ");
    }
}
