//! The books of a load: the outcomes of its records, in this run and in earlier ones, and how the load ends by them.
//! Pure.

use super::outcome::Outcome;
use super::reasons::Reasons;
use super::tally::{Balance, Tally};
use super::tracker::Settled;
use super::verified::{Findings, TakenBack};
use crate::exit::{ErrorCode, Exit, Failure};
use crate::record::{Defect, Finding, Position};
use crate::words::{count, plural};

/// When too many records are rejected to continue.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum MaxRejects {
    /// If more than this many are.
    Count(u64),
    /// If more than this percentage of the records read are, once there are a thousand.
    Percent(f64),
    /// Never.
    #[default]
    None,
}

impl MaxRejects {
    /// A percentage of few records means little.
    const PERCENT_FROM: u64 = 1_000;

    /// The limit as the option spells it.
    fn words(self) -> String {
        match self {
            Self::Count(most) => most.to_string(),
            Self::Percent(most) => format!("{most}%"),
            Self::None => "none".to_owned(),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a comparison of parts")]
    fn exceeded(self, rejected: u64, read: u64) -> bool {
        match self {
            Self::Count(most) => rejected > most,
            Self::Percent(most) => read >= Self::PERCENT_FROM && rejected as f64 * 100.0 > most * read as f64,
            Self::None => false,
        }
    }
}

/// What makes a load a failure even if everything was sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds {
    /// When there are too many rejects.
    pub max_rejects: MaxRejects,
    /// Fewer records read than this.
    pub min_records: u64,
}

/// The books. Settling writes them; reports only read them.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    bounds: Bounds,
    /// What earlier runs of the same load settled.
    earlier: Settled,
    balance: Balance,
    reasons: Reasons,
    /// What a verification has found in this run, and the findings of this and earlier runs that do not count.
    findings: Findings,
    taken_back: TakenBack,
}

impl Ledger {
    pub(crate) fn new(bounds: Bounds, earlier: Settled) -> Self {
        Self { bounds, earlier, ..Self::default() }
    }

    /// Enters what earlier runs settled, once that is certain.
    pub(crate) fn goes_on_from(&mut self, earlier: Settled) {
        self.earlier = earlier;
    }

    /// Enters the outcome of a batch.
    pub(crate) fn enter(&mut self, outcome: &Outcome) {
        self.balance.tally += outcome.tally();
        self.balance.cost += outcome.cost;
        self.balance.batches += 1;
        self.reasons.add_all(&outcome.rejects);
        outcome
            .rejects
            .iter()
            .filter_map(|defect| defect.reason.finding())
            .for_each(|found| self.findings.add(found));
    }

    /// Enters the total number of findings that later records have taken back.
    pub(crate) fn taken_back(&mut self, taken_back: TakenBack) {
        self.taken_back = taken_back;
    }

    /// The findings of this run's verification that count.
    pub(crate) fn findings(&self) -> Findings {
        self.findings.without(self.taken_back.now)
    }

    /// Removes the findings that do not count from the reasons; `first` has the first ones that do.
    pub(crate) fn correct_reasons(&mut self, first: &[(Finding, Position, String)]) {
        let Findings { different, missing } = self.findings();
        for (finding, count) in [(Finding::Different, different), (Finding::Missing, missing)] {
            let first = first.iter().find(|(other, ..)| *other == finding);
            self.reasons.correct(
                finding.code(),
                count,
                first.map(|(_, at, message)| (*at, message.as_str())),
            );
        }
    }

    /// Enters records as rejected that were entered as stored.
    pub(crate) fn overwritten(&mut self, defects: &[Defect]) {
        let records = defects.len() as u64;
        self.balance.tally.stored -= records.min(self.balance.tally.stored);
        self.balance.tally.rejected += records;
        self.reasons.add_all(defects);
    }

    pub(crate) fn balance(&self) -> Balance {
        let mut balance = self.balance;
        let taken_back = self.taken_back.now.all().min(balance.tally.rejected);
        balance.tally.rejected -= taken_back;
        balance.tally.superseded += taken_back;
        balance
    }

    pub(crate) fn earlier(&self) -> Settled {
        let Settled { rejected, .. } = self.earlier;
        Settled { rejected: rejected.saturating_sub(self.taken_back.earlier), ..self.earlier }
    }

    pub(crate) fn reasons(&self) -> &Reasons {
        &self.reasons
    }

    /// Why the run ends early, if too many records are rejected.
    pub(crate) fn too_many_rejects(&self) -> Option<Failure> {
        if !self.has_too_many_rejects() {
            return None;
        }
        let (allowed, reason) = (self.bounds.max_rejects.words(), self.reasons.commonest());
        let message =
            format!("too many rejects: --max-rejects allows {allowed}; most common reason: {reason}");
        Some(Failure::new(ErrorCode::TooManyRejects, message))
    }

    /// Whether too many records are rejected.
    pub(crate) fn has_too_many_rejects(&self) -> bool {
        let Tally { rejected, read, .. } = self.balance().tally;
        self.bounds.max_rejects.exceeded(rejected, read)
    }

    /// Why a load that was read to its end is a failure, if it had too few records.
    pub(crate) fn too_few_records(&self) -> Option<Failure> {
        let (read, wanted) = (self.balance.tally.read + self.earlier.read, self.bounds.min_records);
        (read < wanted).then(|| {
            Failure::new(
                ErrorCode::TooFewRecords,
                format!("{} read, but --min-records requires {}", plural(read, "record"), count(wanted)),
            )
            .advise("check that the inputs are complete; the vectors already stored are kept")
        })
    }

    /// Whether all records so far are bad. Known only at the end: batches of good records may still have been in flight
    /// when there were too many rejects.
    pub(crate) fn is_without_a_good_record(&self) -> bool {
        let Tally { stored, not_sent, unknown, .. } = self.balance.tally;
        self.has_too_many_rejects() && stored + self.earlier.stored + not_sent + unknown == 0
    }

    /// Whether a later run would have nothing left to do. If the run `failed`, unknown records are sent again.
    pub(crate) fn is_all_settled(&self, failed: bool) -> bool {
        let Tally { not_sent, unknown, .. } = self.balance.tally;
        not_sent == 0 && (!failed || unknown == 0)
    }

    /// Whether everything that was read was also sent.
    pub(crate) fn is_all_sent(&self) -> bool {
        self.balance.tally.not_sent == 0
    }

    /// Whether anything was read.
    pub(crate) fn has_begun(&self) -> bool {
        self.balance.tally.read > 0
    }

    /// Whether this run may have stored anything.
    pub(crate) fn may_have_stored(&self) -> bool {
        self.balance.tally.stored + self.balance.tally.unknown > 0
    }

    /// The exit of the load: by its `failure`, or by records left over, also from earlier runs, or by `fields_missing`.
    pub(crate) fn exit(&self, failure: Option<&Failure>, fields_missing: bool) -> Exit {
        let (Tally { rejected, unknown, .. }, earlier) = (self.balance().tally, self.earlier());
        let left = rejected + unknown + earlier.rejected + earlier.unknown;
        match failure {
            Some(failure) => failure.exit(),
            None if left > 0 || fields_missing => Exit::Partial,
            None => Exit::Complete,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::printed;

    /// A load by what this run did, what earlier ones settled, and its limit of rejects.
    fn ledger(tally: Tally, earlier: Settled, max_rejects: MaxRejects) -> Ledger {
        let bounds = Bounds { max_rejects, min_records: 10 };
        let balance = Balance { tally, ..Balance::default() };
        Ledger { balance, ..Ledger::new(bounds, earlier) }
    }

    /// What the books say: whether there are too many rejects, too few records, no good record, nothing left to do, and
    /// how the load ends without a failure.
    type Said = (bool, bool, bool, bool, Exit);

    #[test]
    fn what_the_books_mean() {
        use Exit::{Complete, Partial};
        let tally = |[read, stored, rejected, superseded, unknown, not_sent]: [u64; 6]| Tally {
            read,
            stored,
            rejected,
            superseded,
            unknown,
            not_sent,
            not_sampled: 0,
        };
        let settled =
            |[read, stored, rejected, unknown]: [u64; 4]| Settled { read, stored, rejected, unknown };
        let rows: [([u64; 6], [u64; 4], MaxRejects, Said); 16] = [
            ([0; 6], [0; 4], MaxRejects::None, (false, true, false, true, Complete)),
            ([9, 9, 0, 0, 0, 0], [0; 4], MaxRejects::None, (false, true, false, true, Complete)),
            ([9, 9, 0, 0, 0, 0], [1, 1, 0, 0], MaxRejects::None, (false, false, false, true, Complete)),
            ([10, 8, 0, 2, 0, 0], [0; 4], MaxRejects::Count(0), (false, false, false, true, Complete)),
            ([10, 9, 1, 0, 0, 0], [0; 4], MaxRejects::Count(1), (false, false, false, true, Partial)),
            ([10, 8, 2, 0, 0, 0], [0; 4], MaxRejects::Count(1), (true, false, false, true, Partial)),
            ([10, 0, 2, 0, 0, 8], [0; 4], MaxRejects::Count(1), (true, false, false, false, Partial)),
            ([10, 0, 10, 0, 0, 0], [0; 4], MaxRejects::Count(1), (true, false, true, true, Partial)),
            ([10, 0, 10, 0, 0, 0], [0; 4], MaxRejects::None, (false, false, false, true, Partial)),
            ([10, 0, 10, 0, 0, 0], [5, 5, 0, 0], MaxRejects::Count(1), (true, false, false, true, Partial)),
            ([10, 0, 9, 0, 1, 0], [0; 4], MaxRejects::Count(1), (true, false, false, false, Partial)),
            ([10, 9, 0, 0, 1, 0], [0; 4], MaxRejects::Count(0), (false, false, false, false, Partial)),
            ([0; 6], [10, 9, 1, 0], MaxRejects::Count(0), (false, false, false, true, Partial)),
            ([0; 6], [10, 9, 0, 1], MaxRejects::Count(0), (false, false, false, true, Partial)),
            ([999, 0, 999, 0, 0, 0], [0; 4], MaxRejects::Percent(5.0), (false, false, false, true, Partial)),
            (
                [1_000, 949, 51, 0, 0, 0],
                [0; 4],
                MaxRejects::Percent(5.0),
                (true, false, false, true, Partial),
            ),
        ];
        for (now, earlier, max_rejects, want) in rows {
            let ledger = ledger(tally(now), settled(earlier), max_rejects);
            let said = (
                ledger.too_many_rejects().is_some(),
                ledger.too_few_records().is_some(),
                ledger.is_without_a_good_record(),
                ledger.is_all_settled(true),
                ledger.exit(None, false),
            );
            assert_eq!(said, want, "{now:?} after {earlier:?}, {max_rejects:?}");
            assert_eq!(ledger.is_all_settled(false), now[5] == 0, "{now:?}");
            assert_eq!(ledger.may_have_stored(), now[1] + now[4] > 0, "{now:?}");
            assert_eq!(ledger.exit(None, true), Partial);
            let failure = Failure::new(ErrorCode::Interrupted, "interrupted");
            assert_eq!(ledger.exit(Some(&failure), false), Exit::Interrupted);
        }
    }

    /// Of a finding and a later record with its key, the later record counts.
    #[test]
    fn findings_that_are_taken_back_count_as_superseded() {
        let tally = Tally { read: 10, stored: 5, rejected: 4, superseded: 1, ..Tally::default() };
        let earlier = Settled { read: 5, stored: 3, rejected: 2, unknown: 0 };
        let mut ledger = ledger(tally, earlier, MaxRejects::Count(2));
        let reason = |reason| Defect {
            position: Position::default(),
            key: None,
            raw: crate::record::Raw::Json("{}".into()),
            reason,
        };
        let found = [reason(crate::record::Reason::Missing), reason(crate::record::Reason::Nested)];
        ledger.findings = Findings { different: 2, missing: 1 };
        ledger.reasons.add_all(&found);
        assert!(ledger.too_many_rejects().is_some());
        ledger.taken_back(TakenBack { earlier: 2, now: Findings { different: 2, missing: 1 } });
        assert!(ledger.too_many_rejects().is_none());
        let Tally { rejected, superseded, .. } = ledger.balance().tally;
        assert_eq!((rejected, superseded, ledger.earlier().rejected), (1, 4, 0));
        assert_eq!(ledger.findings(), Findings::default());
        // One could not be compared.
        assert_eq!(ledger.exit(None, false), Exit::Partial);
        ledger.correct_reasons(&[]);
        assert_eq!(ledger.reasons.told(&[]).into_keys().collect::<Vec<_>>(), ["nested"]);
    }

    #[test]
    fn too_many_rejects_and_too_few_records_are_failures_that_say_so() {
        let of = |read, max_rejects| {
            let tally = Tally { read, rejected: read, ..Tally::default() };
            let mut ledger = ledger(tally, Settled::default(), max_rejects);
            ledger.bounds.min_records = 1_000_000;
            ledger.reasons.add_all(&[Defect {
                position: crate::record::Position::default(),
                key: None,
                raw: crate::record::Raw::Json("{}".into()),
                reason: crate::record::Reason::Dimension { want: 4, got: 3 },
            }]);
            ledger
        };
        let too_many = [(2, MaxRejects::Count(1)), (2_000, MaxRejects::Percent(0.5))]
            .map(|(read, max_rejects)| of(read, max_rejects).too_many_rejects().unwrap());
        let too_few = [1, 2_000].map(|read| of(read, MaxRejects::None).too_few_records().unwrap());
        let text = printed(too_many.into_iter().chain(too_few));
        let reason = crate::record::Reason::Dimension { want: 4, got: 3 }.to_string();
        insta::assert_snapshot!(text.replace(&reason, "REASON"), @"
        too many rejects: --max-rejects allows 1; most common reason: dimension: REASON
        too many rejects: --max-rejects allows 0.5%; most common reason: dimension: REASON
        1 record read, but --min-records requires 1,000,000
            check that the inputs are complete; the vectors already stored are kept
        2,000 records read, but --min-records requires 1,000,000
            check that the inputs are complete; the vectors already stored are kept
        ");
    }
}
