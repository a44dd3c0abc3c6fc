//! Adapts a mark to the inputs that are given now: some may have changed, be gone, or be new.

use std::collections::{BTreeMap, BTreeSet};

use super::header::Header;
use super::inputs::{Now, Why};
use super::sent::Interval;
use crate::put::books::standing::Standing;
use crate::put::books::tracker::{FailedAt, Mark};
use crate::put::report::notice::{EarlierNotice, Notice};
use crate::read;
use crate::read::fingerprint::{Fingerprint, repeated_names};
use crate::record::Input;

/// What an earlier run settled, adapted to another list of inputs.
pub(crate) struct Continued {
    /// How far the load is.
    pub(crate) mark: Mark,
    /// The number of each earlier input, unless nothing of it can be settled.
    pub(crate) numbers: Vec<Option<u32>>,
    /// The notes for the user.
    pub(crate) notes: Vec<Notice>,
    /// The names of inputs of which nothing counts any more.
    pub(crate) forgotten: Vec<String>,
    /// The inputs that loads before that one have completed, and when they were sent.
    pub(crate) complete: BTreeMap<u32, Interval>,
    /// The inputs without settled records that are still valid.
    pub(crate) anew: BTreeSet<u32>,
}

impl Continued {
    /// Adapts a mark of the `earlier` list to the current one.
    pub(crate) fn of(
        earlier: &Header,
        list: &[Fingerprint],
        mark: Mark,
        now: &[Now],
        inputs: &[Input],
    ) -> Self {
        let numbers = in_their_order(now.iter().map(Now::number));
        let mut this = Self {
            mark,
            numbers,
            notes: Vec::new(),
            forgotten: Vec::new(),
            complete: BTreeMap::new(),
            anew: BTreeSet::new(),
        };
        let now = &without_repeated(earlier, list, now);
        for ((number, then), now) in (0_u32..).zip(&earlier.inputs).zip(now) {
            let input = now.number().and_then(|place| inputs.get(place as usize));
            let is_now = now.number().and_then(|place| list.get(place as usize)).unwrap_or(then);
            this.adapt(number, now, input, (&then.name, &is_now.name));
        }
        let count = u32::try_from(inputs.len()).unwrap_or(u32::MAX);
        this.mark.renumber(&this.numbers, count);
        this.number_the_complete(earlier);
        this.find_anew(now, count);
        this
    }

    /// Adapts the mark to the current state of an input, given its old and its new name.
    fn adapt(&mut self, number: u32, now: &Now, input: Option<&Input>, (was, is): (&String, &String)) {
        let failed = self.mark.failed.iter().find(|failed| failed.at.input == number).cloned();
        let standing = self.mark.standing(number);
        let name = is.clone();
        let notice = match (now, failed) {
            (Now::Same(_), _) => return,
            (Now::Gone, None) if standing == Standing::Whole => return self.mark.leave_out(number),
            (Now::Gone, Some(failed)) => EarlierNotice::FailedIsLeftOut { name, at: failed.at.to_string() },
            (Now::Changed(..), Some(failed)) => {
                if self.is_in_order(number) && input.is_some_and(|input| begins_alike(input, &failed)) {
                    return self.mark.failed.retain(|other| other.at != failed.at);
                }
                EarlierNotice::FailedDiffers { name, at: failed.at.to_string() }
            }
            (_, None) if standing == Standing::Nothing => return,
            (Now::Gone, None) => EarlierNotice::IsLeftOut { name },
            (Now::Changed(_, Why::Repeated), None) => EarlierNotice::GivenOtherwise(name),
            (Now::Changed(..), None) => EarlierNotice::HaveChanged { names: vec![name] },
        };
        self.notes.push(notice.into());
        self.mark.forget(number);
        self.forgotten.push(was.clone());
    }

    fn is_in_order(&self, number: u32) -> bool {
        self.numbers.get(number as usize).is_some_and(Option::is_some)
    }

    /// Keeps the inputs that loads before the earlier one have completed and that are still settled.
    fn number_the_complete(&mut self, earlier: &Header) {
        for (number, at) in &earlier.complete {
            let now = self.numbers.get(*number as usize).copied().flatten();
            if let Some(now) = now.filter(|now| self.mark.standing(*now) == Standing::Whole) {
                self.complete.insert(now, at.clone());
            }
        }
    }

    fn find_anew(&mut self, now: &[Now], count: u32) {
        let same = now.iter().filter(|now| matches!(now, Now::Same(_))).filter_map(Now::number);
        let failed = self.mark.failed.iter().map(|failed| failed.at.input);
        let known: BTreeSet<u32> = same.chain(failed).collect();
        let is_anew =
            |number: &u32| !known.contains(number) && self.mark.standing(*number) == Standing::Nothing;
        self.anew = (0..count).filter(is_anew).collect();
    }
}

/// If an input is listed a different number of times than before, its settled and rejected records cannot be told
/// apart, since all of them go by its name.
fn without_repeated(earlier: &Header, list: &[Fingerprint], now: &[Now]) -> Vec<Now> {
    let names = |inputs: &[Fingerprint]| inputs.iter().map(|input| input.name.clone()).collect::<Vec<_>>();
    let repeated = repeated_names(&earlier.inputs);
    if repeated.is_empty() || names(&earlier.inputs) == names(list) {
        return now.to_vec();
    }
    let settled = |(now, then): (&Now, &Fingerprint)| match now {
        Now::Same(number) if repeated.contains(then.name.as_str()) => Now::Changed(*number, Why::Repeated),
        now => now.clone(),
    };
    now.iter().zip(&earlier.inputs).map(settled).collect()
}

/// Whether an input begins with what was read of one that failed.
fn begins_alike(input: &Input, FailedAt { at, beginning }: &FailedAt) -> bool {
    beginning.as_ref().is_some_and(|known| read::begins_as(input, *at, known))
}

/// The numbers, without those that are less than an earlier one.
fn in_their_order(numbers: impl Iterator<Item = Option<u32>>) -> Vec<Option<u32>> {
    let mut last = None;
    let in_order = |number: Option<u32>| {
        let number = number.filter(|number| last.is_none_or(|last| *number > last))?;
        last = Some(number);
        last
    };
    numbers.map(in_order).collect()
}
