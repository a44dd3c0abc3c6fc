//! Whether the index is the one that earlier runs loaded into: a resume into another one would leave out what they
//! settled.
//!
//! Pure: it is told what was and what is, and says no.

use super::journal::{Binding, Difference, listed};
use crate::exit::{Exit, Failure};
use crate::put::books::tracker::Settled;
use crate::put::index::{Known, Wanted};
use crate::put::report::notice::EarlierNotice;
use crate::words::count;

/// What earlier runs left to hold the index against.
pub(crate) struct Resumed<'a> {
    /// What they were bound to.
    pub(crate) bound: &'a Binding,
    /// What they settled.
    pub(crate) counts: Settled,
}

/// The index as the user wants it and as it is found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IndexNow<'a> {
    pub(crate) wanted: &'a Wanted,
    pub(crate) known: &'a Known,
}

impl IndexNow<'_> {
    /// Whether there is none yet.
    pub(crate) fn is_to_create(&self) -> bool {
        matches!(self.known, Known::ToCreate)
    }
}

impl Resumed<'_> {
    /// Whether what they stored cannot be in the index that is there now, as far as anybody can see: an index cannot be
    /// changed, and none is created twice.
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

    /// Whether the index is still that one, and wanted as it was; if nobody can know, a note says so.
    pub(crate) fn goes_on_in(
        &self,
        IndexNow { wanted, known }: IndexNow<'_>,
    ) -> Result<Option<EarlierNotice>, Failure> {
        let (index, stored) = (wanted.name.as_str(), self.counts.stored);
        let said = Binding::said(wanted.dimension, wanted.metric);
        self.agrees(&said, "use the same options, or leave out --resume to load everything into this index")?;
        let now = match known {
            Known::Existing(index) => Binding::of(index),
            Known::ToCreate if stored > 0 => {
                return Err(failure(format!(
                    "there is no index {index}, and an earlier run stored {} vectors in it",
                    count(stored)
                ))
                .advise("check --bucket and --index-name, or leave out --resume to load everything anew"));
            }
            Known::ToCreate | Known::Hidden => Binding::default(),
        };
        self.agrees(&now, "name that index, or leave out --resume to load everything into this one")?;
        if stored == 0 {
            return Ok(None);
        }
        if let Some((was, is)) = self.bound.made_again(&now) {
            return Err(failure(format!(
                "index {index} was made again: the one that an earlier run stored {} vectors in was created at {was}, \
                 and this one at {is}",
                count(stored)
            ))
            .advise("leave out --resume to load everything into this index"));
        }
        if now.dimension.or(self.bound.dimension).or(said.dimension).is_none() {
            return Err(failure(
                "the dimension of the load is not known: the journal is of an earlier version, which did not keep it, \
                 and the index cannot be looked at",
            )
            .advise("name it with --dimension, or leave out --resume to load everything anew"));
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
            (_, None) => "the service does not say when it was created",
            (None, Some(_)) => "the journal does not say when that one was created",
        };
        Some(EarlierNotice::IndexUnsure { index: index.to_owned(), why })
    }
}

fn failure(what: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Client, format!("cannot resume: {what}"))
}
