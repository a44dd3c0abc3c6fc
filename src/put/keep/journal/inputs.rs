//! Matches the inputs of an earlier run with those that are given now, and decides whether the load can continue with
//! them.

use std::collections::{BTreeMap, BTreeSet};

use super::error::JournalError;
use crate::put::books::standing::Standing;
use crate::put::books::tracker::{FailedAt, Mark};
use crate::read;
use crate::read::fingerprint::{Fingerprint, FingerprintError};
use crate::record::Input;
use crate::words::{count, plural};

/// What to do with an input that is partly loaded and has changed or is no longer given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnChange {
    /// End the load.
    #[default]
    Refuse,
    /// Load it from its beginning, or leave it out.
    Restart,
}

/// Why the settled records of an input are no longer valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// Its content differs in this way.
    Content(String),
    /// Its place in the order of the inputs differs.
    Order,
    /// It is listed a different number of times.
    Repeated,
}

/// What an input of an earlier run is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Now {
    /// The input of this number, unchanged.
    Same(u32),
    /// The input of this number, changed for this reason.
    Changed(u32, Why),
    /// No longer given.
    Gone,
}

impl Now {
    /// The input's number, if it is still there.
    pub(crate) fn number(&self) -> Option<u32> {
        match self {
            Self::Same(number) | Self::Changed(number, _) => Some(*number),
            Self::Gone => None,
        }
    }
}

/// The search for each of the earlier inputs among those that are given now.
struct Search<'a> {
    earlier: &'a [Fingerprint],
    now: &'a [Fingerprint],
    inputs: &'a [Input],
    names_before: BTreeSet<&'a str>,
    by_name: BTreeMap<&'a str, Vec<usize>>,
    by_size: BTreeMap<u64, Vec<usize>>,
    is_taken: Vec<bool>,
    found: Vec<Option<Now>>,
}

/// Finds what each of the earlier inputs is now. At least one of them must be recognised by more than its file name, or
/// any list would do.
pub(crate) fn find(
    earlier: &[Fingerprint],
    now: &[Fingerprint],
    inputs: &[Input],
    mark: &Mark,
) -> Result<Vec<Now>, JournalError> {
    let mut search = Search::new(earlier, now, inputs);
    search.take_unchanged()?;
    search.take_moved()?;
    search.take_changed(mark);
    let is_recognised = search.recognises(mark);
    let found: Vec<_> = search.found.into_iter().map(|found| found.unwrap_or(Now::Gone)).collect();
    if !is_recognised {
        let (had, has) = (plural(earlier.len() as u64, "input"), count(now.len() as u64));
        let what = format!("it had {had}, now {has}");
        let input = "the list of inputs".to_owned();
        return Err(JournalError::Changed(FingerprintError::Changed { input, what }));
    }
    Ok(in_order(found))
}

/// Records are settled in the order of the inputs: an input at another place in the order counts as changed.
fn in_order(found: Vec<Now>) -> Vec<Now> {
    let mut last = None;
    let in_order = |now: Now| match now.number() {
        Some(number) if last.is_some_and(|last| number < last) => Now::Changed(number, Why::Order),
        Some(number) => {
            last = Some(number);
            now
        }
        None => now,
    };
    found.into_iter().map(in_order).collect()
}

impl<'a> Search<'a> {
    fn new(earlier: &'a [Fingerprint], now: &'a [Fingerprint], inputs: &'a [Input]) -> Self {
        let (mut by_name, mut by_size) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        for (place, input) in now.iter().enumerate() {
            by_name.entry(input.name.as_str()).or_default().push(place);
            by_size.entry(input.size).or_default().push(place);
        }
        Self {
            names_before: earlier.iter().map(|input| input.name.as_str()).collect(),
            is_taken: vec![false; now.len()],
            found: vec![None; earlier.len()],
            earlier,
            now,
            inputs,
            by_name,
            by_size,
        }
    }

    /// How the input at this place differs from an earlier one.
    fn difference(&self, then: &Fingerprint, place: usize) -> Result<Option<String>, JournalError> {
        let (Some(now), Some(input)) = (self.now.get(place), self.inputs.get(place)) else { return Ok(None) };
        match then.is_of(now, input) {
            Ok(()) => Ok(None),
            Err(FingerprintError::Changed { what, .. }) => Ok(Some(what)),
            Err(error) => Err(error.into()),
        }
    }

    fn take(&mut self, number: usize, place: usize, now: fn(u32) -> Now) {
        self.is_taken.get_mut(place).into_iter().for_each(|taken| *taken = true);
        let now = now(u32::try_from(place).unwrap_or(u32::MAX));
        self.found.get_mut(number).into_iter().for_each(|found| *found = Some(now.clone()));
    }

    /// The first free place whose input has the same content.
    fn same(&self, then: &Fingerprint, places: &[usize]) -> Result<Option<usize>, JournalError> {
        for place in places {
            let is_free = self.is_taken.get(*place) == Some(&false);
            if is_free && self.difference(then, *place)?.is_none() {
                return Ok(Some(*place));
            }
        }
        Ok(None)
    }

    /// Takes inputs with the same name and content.
    fn take_unchanged(&mut self) -> Result<(), JournalError> {
        for (number, then) in self.earlier.iter().enumerate() {
            let places = self.by_name.get(then.name.as_str()).map_or(&[][..], Vec::as_slice);
            if let Some(place) = self.same(then, places)? {
                self.take(number, place, Now::Same);
            }
        }
        Ok(())
    }

    /// Takes inputs with another name but the same content.
    fn take_moved(&mut self) -> Result<(), JournalError> {
        for (number, then) in self.earlier.iter().enumerate() {
            if self.found.get(number).is_some_and(Option::is_some) {
                continue;
            }
            let alike = |place: &usize| {
                let is_alike = |now: &Fingerprint| then.size > 0 || is_renamed(&self.names_before, then, now);
                self.now.get(*place).is_some_and(is_alike)
            };
            let places = self.by_size.get(&then.size).into_iter().flatten();
            let places: Vec<_> = places.copied().filter(alike).collect();
            if let Some(place) = self.same(then, &places)? {
                self.take(number, place, Now::Same);
            }
        }
        Ok(())
    }

    /// Takes inputs with the same name but other content. One that failed may also be in another directory.
    fn take_changed(&mut self, mark: &Mark) {
        let failed: BTreeSet<_> = mark.failed.iter().map(|failed| failed.at.input as usize).collect();
        for (number, then) in self.earlier.iter().enumerate() {
            if self.found.get(number).is_some_and(Option::is_some) {
                continue;
            }
            let is_free = |place: &usize| self.is_taken.get(*place) == Some(&false);
            let named = self.by_name.get(then.name.as_str()).into_iter().flatten().copied().find(is_free);
            let renamed = || {
                let is_it = |place: &usize| {
                    self.now.get(*place).is_some_and(|now| is_renamed(&self.names_before, then, now))
                };
                (0..self.now.len()).filter(|_| failed.contains(&number)).filter(is_free).find(is_it)
            };
            if let Some(place) = named.or_else(renamed) {
                self.take(number, place, |place| Now::Changed(place, Why::Content(String::new())));
                let what = self.difference(then, place).ok().flatten().unwrap_or_default();
                if let Some(Some(Now::Changed(_, Why::Content(told)))) = self.found.get_mut(number) {
                    *told = what;
                }
            }
        }
    }

    fn recognises(&self, mark: &Mark) -> bool {
        self.earlier.iter().zip(&self.found).zip(0_u32..).any(|((then, found), number)| {
            let place = found.as_ref().and_then(Now::number).map(|place| place as usize);
            let Some((now, input)) =
                place.and_then(|place| Some((self.now.get(place)?, self.inputs.get(place)?)))
            else {
                return false;
            };
            let failed = mark.failed.iter().find(|failed| failed.at.input == number);
            then.name == now.name
                || (then.size > 0 && matches!(found, Some(Now::Same(_))))
                || failed.is_some_and(|failed| failed.begins(input))
        })
    }
}

/// Whether an input with a new name has the file name of an earlier one.
fn is_renamed(names_before: &BTreeSet<&str>, then: &Fingerprint, now: &Fingerprint) -> bool {
    !names_before.contains(now.name.as_str()) && then.file_name() == now.file_name()
}

/// Refuses to continue with an input that is partly settled and has changed or is gone. One that failed may be either.
pub(crate) fn check(
    now: &[Now],
    earlier: &[Fingerprint],
    mark: &Mark,
    on_change: OnChange,
) -> Result<(), JournalError> {
    if on_change == OnChange::Restart {
        return Ok(());
    }
    for ((now, then), number) in now.iter().zip(earlier).zip(0..) {
        let has_failed = mark.failed.iter().any(|failed| failed.at.input == number);
        // Earlier versions did not count per input, so the input cannot be counted again.
        let is_counted = mark.per_input.of(number).is_some();
        let standing = mark.standing(number);
        let may_go = standing != Standing::Part || has_failed;
        let may_change = may_go && (standing != Standing::Whole || is_counted);
        let input = then.name.clone();
        match now {
            Now::Changed(_, Why::Order) if !may_change => {
                return Err(JournalError::InputTurned(input));
            }
            Now::Changed(_, Why::Content(what)) if !may_change => {
                let changed = FingerprintError::Changed { input, what: what.clone() };
                return Err(JournalError::InputChanged(changed));
            }
            Now::Gone if !may_go => return Err(JournalError::InputGone(input)),
            _ => {}
        }
    }
    Ok(())
}

impl FailedAt {
    /// Whether the input begins with everything that was read of this one.
    fn begins(&self, input: &Input) -> bool {
        let is_same = |known: &String| read::begins_as(input, self.at, known);
        self.at.offset > 0 && self.beginning.as_ref().is_some_and(is_same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::put::keep::journal::{Header, Place};
    use crate::testing::Directory;

    fn header(inputs: &[Input]) -> Header {
        Header::new(Place::default(), BTreeMap::new(), inputs).unwrap()
    }

    #[test]
    fn an_input_that_only_stands_elsewhere_is_not_said_to_have_changed() {
        let directory = Directory::new();
        let [a, b] = ["a", "b"].map(|name| Input::File(directory.write(name, name.as_bytes())));
        let (then, now) = (header(&[a.clone(), b.clone()]), [b, a]);
        // The first is complete, the second partly loaded.
        let position = crate::record::Position { input: 1, record: 1, ..Default::default() };
        let mark = Mark { position, ..Mark::default() };
        let found = find(&then.inputs, &header(&now).inputs, &now, &mark).unwrap();
        assert!(check(&found, &then.inputs, &mark, OnChange::Restart).is_ok());
        let refused = check(&found, &then.inputs, &mark, OnChange::Refuse).unwrap_err().to_string();
        assert!(
            refused
                .ends_with("stands elsewhere in the order of the inputs than when the journal was written"),
            "{refused}"
        );
    }

    #[test]
    fn a_list_with_no_input_in_common_is_refused_with_both_numbers() {
        let header = |inputs: &[&str]| {
            let input = |name: &&str| Fingerprint { name: (*name).into(), size: 0, samples: Vec::new() };
            Header { inputs: inputs.iter().map(input).collect(), ..header(&[]) }
        };
        let (then, now) = (header(&["/d/a"]), header(&["/e/b", "/e/c"]));
        let refused = |now: &Header, then: &Header| {
            now.continues(then, &Mark::default(), &[], OnChange::Refuse).unwrap_err().to_string()
        };
        insta::assert_snapshot!([refused(&now, &then), refused(&then, &now)].join("\n"), @"
        cannot resume: the list of inputs changed since the journal was written (it had 1 input, now 2)
        cannot resume: the list of inputs changed since the journal was written (it had 2 inputs, now 1)
        ");
    }

    #[test]
    fn inputs_are_found_by_name_and_content_then_by_content_then_by_name() {
        let directory = Directory::new();
        let write = |name: &str, text: &str| {
            let path = directory.path(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            Input::File(path)
        };
        let before = ["a", "b", "c", "d", "e"].map(|name| write(name, &format!("text of {name}")));
        let then = header(&before);
        // a stays, b is renamed and another input has its name, c changes, d moves, e is gone; f is new.
        let now = [
            write("a", "text of a"),
            write("b", "another b"),
            write("b.1", "text of b"),
            write("c", "changed c"),
            write("sub/d", "text of d"),
            write("f", "text of f"),
        ];
        let found = find(&then.inputs, &header(&now).inputs, &now, &Mark::default()).unwrap();
        let numbers: Vec<_> = found.iter().map(|now| (now.number(), matches!(now, Now::Same(_)))).collect();
        let same = |number| (Some(number), true);
        assert_eq!(numbers, [same(0), same(2), (Some(3), false), same(4), (None, false)]);
        // An input that now precedes one that came before it is out of order.
        let turned = [now[4].clone(), now[0].clone()];
        let found = find(&then.inputs, &header(&turned).inputs, &turned, &Mark::default()).unwrap();
        let numbers: Vec<_> = found.iter().map(|now| (now.number(), matches!(now, Now::Same(_)))).collect();
        assert_eq!(numbers, [same(1), (None, false), (None, false), (Some(0), false), (None, false)]);
    }
}
