//! What other loads have sent since a journal was written: it may be obsolete, or no longer valid for some inputs.

use std::collections::BTreeSet;
use std::path::Path;

use super::activity::{Account, Activity};
use super::header::Header;
use super::touches::{Sent, Touches};
use crate::put::books::standing::Standing;
use crate::put::books::tracker::Mark;
use crate::put::report::notice::EarlierNotice;
use crate::read::fingerprint::FingerprintError;

/// Whether a journal is obsolete: other loads, whose last runs began after it was written, are complete with all of the
/// inputs of which it has settled something. Only inputs that are still given count; if none of them has anything
/// settled, all do.
pub(crate) fn is_over(
    activities: &[Activity],
    (file, earlier, mark): (&Path, &Header, &Mark),
    now: &Header,
) -> bool {
    let Some(this) = activities.iter().find(|activity| activity.file == file) else { return false };
    let named: BTreeSet<&str> = now.inputs.iter().map(|input| input.name.as_str()).collect();
    let is_settled =
        |number: u32| mark.standing(number) != Standing::Nothing && !earlier.complete.contains_key(&number);
    let inputs = (0_u32..).zip(&earlier.inputs).filter(|(_, input)| named.contains(input.name.as_str()));
    let inputs = inputs.map(|(number, input)| (is_settled(number), input.name.as_str()));
    let (settled, others): (Vec<_>, Vec<_>) = inputs.partition(|(is_settled, _)| *is_settled);
    let inputs = if settled.is_empty() { others } else { settled };
    if inputs.is_empty() {
        return false;
    }
    let receipts = activities.iter().filter_map(|activity| match &activity.account {
        Account::Complete(receipt) => Some(receipt),
        Account::Begun(_) | Account::Unreadable => None,
    });
    let since = receipts.filter(|receipt| this.written < receipt.as_of);
    let complete: BTreeSet<&str> = since
        .flat_map(|receipt| receipt.inputs.iter().map(|input| input.fingerprint.name.as_str()))
        .collect();
    inputs.iter().all(|(_, name)| complete.contains(name))
}

/// A journal to continue, and its inputs as they are given now.
pub(crate) struct Since<'a> {
    pub(crate) file: &'a Path,
    /// Anything sent before this moment is ignored.
    pub(crate) from: &'a str,
    pub(crate) earlier: &'a Header,
    /// The number of each of its inputs.
    pub(crate) numbers: &'a [Option<u32>],
    pub(crate) mark: &'a Mark,
}

/// What other loads have sent since of the inputs with settled records.
#[derive(Debug, Default)]
pub(crate) struct SentSince {
    /// The same as a whole: the input itself is unchanged.
    pub(crate) in_doubt: BTreeSet<u32>,
    /// A part, other content under the same name, or the same with other options: what was settled is no longer valid.
    pub(crate) anew: BTreeSet<u32>,
}

impl Since<'_> {
    pub(crate) fn found(&self, touches: &Touches<'_>) -> Result<SentSince, FingerprintError> {
        let mut found = SentSince::default();
        let settled = self.numbers.iter().flatten().copied();
        let settled: Vec<u32> =
            settled.filter(|number| self.mark.standing(*number) != Standing::Nothing).collect();
        let is_other_list = !self.earlier.inputs.iter().map(|input| &input.name).eq(touches.names());
        if self.earlier.has_repeats() && is_other_list {
            found.in_doubt.extend(&settled);
        }
        for number in settled {
            for touch in touches.on(number).into_iter().filter(|touch| self.is_since(touch)) {
                match touches.compare(touch, number)? {
                    Sent::Same if touch.is_complete => {
                        found.in_doubt.insert(number);
                    }
                    // Even a part of the same counts: the input may have a key twice.
                    Sent::Same | Sent::ReadOtherwise | Sent::Different => {
                        found.anew.insert(number);
                    }
                    Sent::Unrelated => {}
                }
            }
        }
        found.in_doubt.retain(|number| !found.anew.contains(number));
        Ok(found)
    }

    /// Whether another load has sent it since. A file that cannot be read gives nothing up, nor does another run in the
    /// same directory: a user who brings a journal back there is told when that is right.
    fn is_since(&self, touch: &super::touches::Touch<'_>) -> bool {
        let Activity { folder, file, account, .. } = touch.activity;
        let is_other = match account {
            Account::Complete(_) => true,
            Account::Begun(_) => !self.file.starts_with(folder),
            Account::Unreadable => false,
        };
        is_other && file != self.file && self.from <= touch.sent.to.as_str()
    }
}

impl SentSince {
    /// The note about it.
    pub(crate) fn note(&self, now: &Header) -> Option<EarlierNotice> {
        let names = self.anew.iter().filter_map(|number| now.inputs.get(*number as usize));
        let names: Vec<_> = names.map(|input| input.name.clone()).collect();
        (!names.is_empty()).then_some(EarlierNotice::SentOtherwise { names })
    }
}
