//! What refusals and successes show together: whether single records are at fault, or the index and the request.
//!
//! The service never says which: it answers `VectorIndexParameterInvalid` both to a bad vector and to a full index.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

/// How many records refused alone in a row, for the same cause, show that the records are not at fault.
const ENOUGH: u32 = 8;

/// From this many on, the next record to try alone comes from elsewhere in its batch: bad records are often adjacent,
/// and if the index is at fault, any other record is refused as well.
const SUSPICIOUS: u32 = 2;

/// The experience of all batches of a run; shared by those in flight.
#[derive(Debug, Default)]
pub(crate) struct Evidence(Mutex<Met>);

#[derive(Debug, Default)]
struct Met {
    /// When the latest request was sent of which something is stored.
    stored: Option<Instant>,
    /// Records refused alone.
    refused_alone: u32,
    /// The records refused alone for the same cause since anything was stored.
    row: Option<Row>,
}

/// Records refused alone in a row for the same cause.
#[derive(Debug)]
struct Row {
    cause: String,
    /// When the first of them was answered: of concurrent requests, the later one may be accepted first.
    since: Instant,
    records: u32,
}

/// What a record refused alone shows together with those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// The record may be at fault.
    Record,
    /// Nothing has ever been stored: the request is wrong.
    NothingIsStored,
    /// Nothing is stored any more: the index accepts no more, or not in this form.
    NothingMoreIsStored,
}

impl Evidence {
    /// Includes the experience of earlier runs of the load: whether they have stored anything.
    pub(crate) fn of_earlier(has_stored: bool) -> Self {
        let stored = has_stored.then(Instant::now);
        Self(Mutex::new(Met { stored, ..Met::default() }))
    }

    /// Notes that something is stored of a request sent at that moment.
    pub(crate) fn stored(&self, sent: Option<Instant>) {
        let mut met = self.lock();
        met.stored = sent.max(met.stored);
        if met.row.as_ref().is_some_and(|row| met.stored > Some(row.since)) {
            met.row = None;
        }
    }

    /// Notes a record refused alone for this `cause`, answered at that moment, and returns what that shows.
    pub(crate) fn refused_alone(&self, cause: String, answered: Instant) -> Shown {
        let mut met = self.lock();
        met.refused_alone += 1;
        let row = match met.row.take() {
            Some(row) if row.cause == cause => {
                Row { since: row.since.min(answered), records: row.records + 1, cause }
            }
            _ => Row { cause, since: answered, records: 1 },
        };
        // A later request that is stored has ended the row before its first answer arrived.
        let is_over = met.stored > Some(row.since);
        let is_enough = row.records >= ENOUGH && !is_over;
        met.row = (!is_over).then_some(row);
        match met.stored {
            None if met.refused_alone >= ENOUGH => Shown::NothingIsStored,
            _ if is_enough => Shown::NothingMoreIsStored,
            _ => Shown::Record,
        }
    }

    /// Whether the records refused last may not be at fault.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.lock().row.as_ref().is_some_and(|row| row.records >= SUSPICIOUS)
    }

    /// Whether the service has stored anything that was sent after that moment.
    pub(crate) fn stored_after(&self, moment: Option<Instant>) -> bool {
        self.lock().stored.is_some_and(|stored| moment.is_some_and(|moment| stored > moment))
    }

    fn lock(&self) -> MutexGuard<'_, Met> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What refusals of several records have in common: their code and message, without the names of a record or request.
pub(crate) fn cause(code: &str, message: &str, key: &str, request_id: &str) -> String {
    let mut message = message.to_owned();
    for own in [key, request_id] {
        if !own.is_empty() {
            message = message.replace(own, "…");
        }
    }
    format!("{code}: {message}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn moments() -> impl Iterator<Item = Instant> {
        let begin = Instant::now();
        (0..).map(move |second| begin + Duration::from_secs(second))
    }

    #[test]
    fn eight_refused_alike_and_in_a_row_show_that_it_is_not_the_records() {
        let (evidence, mut now) = (Evidence::default(), moments());
        evidence.stored(now.next());
        for moment in now.by_ref().take(7) {
            assert_eq!(evidence.refused_alone("full".into(), moment), Shown::Record);
        }
        let last = now.next().unwrap();
        assert_eq!(evidence.refused_alone("full".into(), last), Shown::NothingMoreIsStored);
    }

    #[test]
    fn a_record_stored_in_between_or_another_cause_begins_a_new_row() {
        let (evidence, mut now) = (Evidence::default(), moments());
        evidence.stored(now.next());
        for number in 0..60 {
            let moment = now.next().unwrap();
            let cause = if number % 14 < 7 { "one" } else { "other" };
            assert_eq!(evidence.refused_alone(cause.into(), moment), Shown::Record, "{number}");
            if number % 7 == 6 && number % 2 == 0 {
                evidence.stored(now.next());
            }
        }
    }

    #[test]
    fn what_was_sent_before_the_row_proves_nothing_whenever_its_answer_comes() {
        let (evidence, mut now) = (Evidence::default(), moments());
        let early = now.next();
        evidence.stored(early);
        for moment in now.by_ref().take(7) {
            evidence.refused_alone("full".into(), moment);
            evidence.stored(early);
        }
        let last = now.next().unwrap();
        assert_eq!(evidence.refused_alone("full".into(), last), Shown::NothingMoreIsStored);
    }

    #[test]
    fn what_is_stored_between_two_failures_of_a_batch_does_not_decide_about_it() {
        let (evidence, mut now) = (Evidence::default(), moments());
        let [first, between, last, after] = std::array::from_fn(|_| now.next());
        evidence.stored(between);
        assert!(evidence.stored_after(first));
        assert!(!evidence.stored_after(last));
        // Nor does a later answer to an earlier request.
        evidence.stored(between);
        assert!(!evidence.stored_after(last));
        evidence.stored(after);
        assert!(evidence.stored_after(last));
    }

    #[test]
    fn with_nothing_ever_stored_eight_refusals_of_any_kind_are_enough() {
        let (evidence, now) = (Evidence::default(), moments());
        let shown: Vec<_> = now
            .take(8)
            .enumerate()
            .map(|(number, moment)| evidence.refused_alone(number.to_string(), moment))
            .collect();
        assert_eq!(shown.iter().filter(|shown| **shown == Shown::NothingIsStored).count(), 1);
        assert_eq!(shown.last(), Some(&Shown::NothingIsStored));
    }

    #[test]
    fn what_an_earlier_run_stored_shows_that_the_request_is_not_wrong() {
        let evidence = Evidence::of_earlier(true);
        let shown: Vec<_> =
            moments().take(8).map(|moment| evidence.refused_alone("full".into(), moment)).collect();
        assert_eq!(shown.last(), Some(&Shown::NothingMoreIsStored));
        assert!(!shown.contains(&Shown::NothingIsStored));
    }

    #[test]
    fn a_cause_names_neither_record_nor_request() {
        let causes: Vec<_> = [("k-1", "A1"), ("k-2", "B2")]
            .map(|(key, id)| cause("Invalid", &format!("record '{key}' of {id} is invalid"), key, id))
            .into();
        assert_eq!(causes[0], causes[1]);
        assert_ne!(causes[0], cause("Invalid", "the index is full", "k-1", "A1"));
    }
}
