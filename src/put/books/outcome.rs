//! The outcome of a batch, which sending passes to settling.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use super::tally::{Cost, Tally};
use super::tracker::Settled;
use crate::exit::Failure;
use crate::put::batch::Share;
use crate::record::{Defect, Position, Reason, Span, Vector};

/// What is known about a batch at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Fate {
    /// Every record is certainly stored, or was refused or a defect.
    Stored,
    /// Certainly nothing of it is stored.
    Refused,
    /// The outcome of some records is unknown.
    Unknown,
    /// The run stopped before all of it was sent; what is stored of it is certain.
    #[serde(rename = "not_sent")]
    NotSent,
}

/// The last answer of the service, or the last network error, for a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LastAnswer {
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Error code, or `None` on success.
    pub code: Option<String>,
    /// The request's id.
    pub request_id: Option<String>,
}

impl LastAnswer {
    /// The answer in one line.
    pub(crate) fn words(&self) -> String {
        let Self { status, code, request_id } = self;
        let status = status.map(|status| format!("HTTP {status}"));
        let said: Vec<_> = status.iter().chain(code).map(String::as_str).collect();
        let said = if said.is_empty() { "no response".to_owned() } else { said.join(" ") };
        let request = request_id.as_ref().map_or(String::new(), |id| format!(", request ID {id}"));
        format!("{said}{request}")
    }

    /// Why a record counts as not stored if reading back does not find it.
    pub(crate) fn reason(&self) -> Reason {
        if self.status.is_some() && self.code.is_none() {
            return Reason::Lost { answer: self.words() };
        }
        Reason::NotStored { trouble: self.words() }
    }
}

/// What only the outcome of other records can decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// A record was refused at that moment: the index may be at fault.
    Refused(Instant),
    /// A request failed finally at that moment and nothing of it is stored: the service may accept no writes.
    NotStored(Instant),
}

impl Doubt {
    /// The moment of the doubt. If a later request is stored, the index and the service are not at fault, but the
    /// records.
    pub(crate) fn since(self) -> Instant {
        match self {
            Self::Refused(since) | Self::NotStored(since) => since,
        }
    }

    /// Combines two doubts: only requests sent after both decide.
    pub(crate) fn and(self, other: Self) -> Self {
        let since = self.since().max(other.since());
        match (self, other) {
            (Self::Refused(_), Self::Refused(_)) => Self::Refused(since),
            _ => Self::NotStored(since),
        }
    }
}

/// A record of a batch that has the key of a rejected record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Later {
    pub(crate) position: Position,
    pub(crate) key: String,
}

impl Later {
    /// Whether it is newer than a defect with its key in the same batch.
    pub(crate) fn supersedes(&self, defect: &Defect) -> bool {
        self.position > defect.position && Some(&self.key) == defect.key.as_ref()
    }
}

/// Everything that settling sees of a batch.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The batch's number.
    pub number: u64,
    /// The stretch of input.
    pub span: Span,
    /// The number of records in it.
    pub read: u64,
    /// How many of them come from each input.
    pub shares: Vec<Share>,
    /// What is known.
    pub fate: Fate,
    /// Records stored for certain.
    pub stored: u64,
    /// Records replaced by later ones in the batch.
    pub superseded: u64,
    /// Records that are not in the sample of a verification.
    pub not_sampled: u64,
    /// Records not stored: defects, and what the service refused.
    pub rejects: Vec<Defect>,
    /// Records whose outcome is unknown.
    pub unknown: Vec<Vector>,
    /// Records that have the keys of rejected records, stored or not.
    pub later: Vec<Later>,
    /// Records that were not sent because the run stopped.
    pub not_sent: u64,
    /// What its requests cost.
    pub cost: Cost,
    /// From the first wait for a turn to the end.
    pub elapsed: Duration,
    /// The last answer.
    pub last: LastAnswer,
    /// As in [`crate::put::batch::Batch`].
    pub input_bytes: u64,
    /// Whether a later run has nothing left to do for it.
    pub settled: bool,
    /// What is undecided about a batch that is done.
    pub in_doubt: Option<Doubt>,
    /// Why the whole run must stop, if it must.
    pub stop: Option<Failure>,
}

impl Outcome {
    /// The outcomes of its records in numbers.
    pub(crate) fn tally(&self) -> Tally {
        Tally {
            read: self.read,
            stored: self.stored,
            rejected: self.rejects.len() as u64,
            superseded: self.superseded,
            not_sampled: self.not_sampled,
            unknown: self.unknown.len() as u64,
            not_sent: self.not_sent,
        }
    }

    /// The outcomes of the records of each input, if nothing is left to a later run.
    pub(crate) fn per_input(&self) -> BTreeMap<u32, Settled> {
        let counts = |share: &Share| {
            let stored = share.read.saturating_sub(share.superseded);
            (share.input, Settled { read: share.read, stored, ..Settled::default() })
        };
        let mut all: BTreeMap<_, _> = self.shares.iter().map(counts).collect();
        for defect in &self.rejects {
            let counts = all.entry(defect.position.input).or_default();
            counts.stored = counts.stored.saturating_sub(1);
            counts.rejected += 1;
        }
        for vector in &self.unknown {
            let counts = all.entry(vector.position().input).or_default();
            counts.stored = counts.stored.saturating_sub(1);
            counts.unknown += 1;
        }
        all
    }

    /// Counts a record as stored that was to be rejected.
    pub(crate) fn is_stored_after_all(&mut self, position: Position) {
        self.rejects.retain(|defect| defect.position != position);
        self.stored += 1;
        if self.unknown.is_empty() {
            self.fate = Fate::Stored;
        }
    }

    /// The records with keys of rejected ones that are certainly stored; in a verification, those that were compared
    /// with the index, whatever the result.
    pub(crate) fn later_stored(&self) -> Vec<&Later> {
        if self.not_sent > 0 || self.later.is_empty() {
            return Vec::new();
        }
        let rejected = self.rejects.iter().filter(|defect| defect.reason.finding().is_none());
        let rejected = rejected.map(|defect| defect.position);
        let others: BTreeSet<_> = rejected.chain(self.unknown.iter().map(Vector::position)).collect();
        self.later.iter().filter(|later| !others.contains(&later.position)).collect()
    }

    /// The same if so far only stored records count: a later run reads the rest again, and reports it then.
    pub(crate) fn left_to_a_later_run(mut self) -> Self {
        self.not_sent += self.rejects.len() as u64 + self.superseded + self.not_sampled;
        (self.superseded, self.not_sampled) = (0, 0);
        self.rejects.clear();
        self.settled = false;
        if self.unknown.is_empty() && self.not_sent > 0 {
            self.fate = Fate::NotSent;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn of_two_doubts_the_later_moment_and_the_graver_kind_count() {
        let early = Instant::now();
        let late = early + Duration::from_secs(1);
        let refused = |since| Doubt::Refused(since);
        assert_eq!(refused(early).and(refused(late)), Doubt::Refused(late));
        assert_eq!(refused(late).and(Doubt::NotStored(early)), Doubt::NotStored(late));
        assert_eq!(Doubt::NotStored(early).and(refused(late)), Doubt::NotStored(late));
    }

    #[test]
    fn the_last_answer_is_told_in_one_line() {
        let text = |text: &str| Some(text.to_owned());
        let all = [
            LastAnswer::default(),
            LastAnswer { status: Some(200), ..LastAnswer::default() },
            LastAnswer { code: text("Timeout"), ..LastAnswer::default() },
            LastAnswer { status: Some(503), code: text("SlowDown"), request_id: text("68A1") },
        ];
        insta::assert_snapshot!(all.map(|last| last.words()).join("\n"), @"
        no response
        HTTP 200
        Timeout
        HTTP 503 SlowDown, request ID 68A1
        ");
    }
}
