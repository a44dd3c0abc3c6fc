//! Finds settled inputs that must be loaded again: those that share keys with an input that comes before them and is
//! loaded now, since its older value would win otherwise.

use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, RandomState};

use tokio::sync::oneshot;

use crate::admit::{Admit, Fields, Rules};
use crate::exit::Failure;
use crate::read::{self, Form};
use crate::record::Input;
use crate::resources::{spawn, too_few_threads};

/// Maximum number of keys to remember; beyond it, every later settled input is loaded again.
const KEYS_AT_MOST: usize = 3_670_016;

/// The state of an input before anything is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It is loaded from its beginning.
    Loaded,
    /// All or part of it is settled.
    Settled,
    /// The same, but later inputs were sent before it.
    InDoubt,
    /// The load continues with it as planned.
    Other,
}

/// What to search.
pub(super) struct Search {
    pub(super) inputs: Vec<Input>,
    pub(super) roles: Vec<Role>,
    pub(super) form: Form,
    pub(super) fields: Fields,
    pub(super) rules: Rules,
}

/// The result of a search.
#[derive(Debug, Default)]
pub(crate) struct Again {
    /// The inputs to load again.
    pub(crate) inputs: BTreeSet<u32>,
    /// How many inputs were read for the search.
    pub(crate) read: u64,
}

/// Whether the inputs must be read: whether a settled one comes after one that is loaded.
pub(crate) fn is_needed(roles: &[Role]) -> bool {
    let first = roles.iter().position(|role| matches!(role, Role::Loaded | Role::InDoubt));
    let last = roles.iter().rposition(|role| matches!(role, Role::Settled | Role::InDoubt));
    first.zip(last).is_some_and(|(first, last)| first < last)
}

impl Search {
    /// Searches on a separate thread, which ends once the result is no longer wanted.
    pub(super) async fn search(self) -> Result<Again, Failure> {
        let (found, finds) = oneshot::channel();
        spawn(move || {
            let mut found = Some(found);
            let is_wanted = || found.as_ref().is_some_and(|found| !found.is_closed());
            let again = self.again(&is_wanted);
            if let Some(found) = found.take() {
                // The result may no longer be wanted.
                found.send(again).unwrap_or_default();
            }
        })
        .map_err(|error| too_few_threads(&error))?;
        Ok(finds.await.unwrap_or_default())
    }

    fn again(&self, is_wanted: &dyn Fn() -> bool) -> Again {
        let mut again = Again::default();
        let mut keys = Keys::default();
        let last = self.roles.iter().rposition(|role| matches!(role, Role::Settled | Role::InDoubt));
        let inputs = self.inputs.iter().zip(&self.roles).take(last.map_or(0, |last| last + 1));
        for (number, (input, role)) in (0_u32..).zip(inputs) {
            let is_shared = match role {
                Role::Settled | Role::InDoubt if keys.are_too_many => true,
                Role::Settled | Role::InDoubt if !keys.known.is_empty() => {
                    again.read += 1;
                    self.any(input, is_wanted, |key| keys.has(key))
                }
                _ => false,
            };
            if is_shared {
                again.inputs.insert(number);
            }
            if is_shared || matches!(role, Role::Loaded | Role::InDoubt) {
                self.any(input, is_wanted, |key| !keys.add(key));
            }
        }
        again
    }

    /// Whether any key of the input, as far as it can be read, satisfies `is_it`.
    fn any(&self, input: &Input, is_wanted: &dyn Fn() -> bool, mut is_it: impl FnMut(&str) -> bool) -> bool {
        let Ok(blocks) = read::open(std::slice::from_ref(input), &self.form, None) else { return false };
        let mut admit = Admit::new(self.fields.clone(), self.rules.clone());
        for block in blocks {
            let Ok(block) = block else { return false };
            if !is_wanted() {
                return false;
            }
            for verdict in admit.block(block).verdicts {
                // What is rejected today may have been stored under other rules.
                let key = verdict.map_or_else(|defect| defect.key, |vector| Some(vector.key()));
                if key.is_some_and(|key| is_it(&key)) {
                    return true;
                }
            }
        }
        false
    }
}

/// Keys by hash: a collision only means that an input is loaded again.
#[derive(Default)]
struct Keys {
    hasher: RandomState,
    known: HashSet<u64>,
    are_too_many: bool,
}

impl Keys {
    fn has(&self, key: &str) -> bool {
        self.known.contains(&self.hasher.hash_one(key))
    }

    /// Remembers a key, and returns whether there is room for another.
    fn add(&mut self, key: &str) -> bool {
        if self.known.len() >= KEYS_AT_MOST {
            self.are_too_many = true;
            self.known = HashSet::new();
        }
        if !self.are_too_many {
            self.known.insert(self.hasher.hash_one(key));
        }
        !self.are_too_many
    }
}

#[cfg(test)]
mod tests {
    use super::Role::{InDoubt, Loaded, Other, Settled};
    use super::*;

    #[test]
    fn what_has_a_key_of_an_input_that_is_loaded_before_it_is_loaded_again_and_so_is_what_has_a_key_of_that()
    {
        let text = |keys: &[&str]| {
            let records: Vec<_> =
                keys.iter().map(|key| format!(r#"{{"key":"{key}","vector":[1,2]}}"#)).collect();
            Input::Inline(format!("[{}]", records.join(",")).into())
        };
        let lists: [&[&str]; 6] = [&["a", "z"], &["b"], &["c", "d"], &["b", "c"], &["d"], &["e"]];
        for (roles, again, read) in [
            // b is loaded, so the fourth is loaded again for it.
            ([Settled, Loaded, Settled, Settled, Settled, Settled], vec![3], 4),
            // c is loaded too, with d.
            ([Settled, Other, Loaded, Settled, Settled, Settled], vec![3, 4], 3),
            ([Settled, Settled, InDoubt, Settled, Loaded, Settled], vec![3], 2),
            ([Loaded, Settled, Settled, Settled, Settled, Settled], vec![], 5),
        ] {
            let search = Search {
                inputs: lists.iter().map(|keys| text(keys)).collect(),
                roles: roles.to_vec(),
                form: Form::default(),
                fields: Fields::new(&[], &[], &[]),
                rules: Rules::of_no_index(),
            };
            let found = search.again(&|| true);
            assert_eq!((found.inputs, found.read), (again.into_iter().collect(), read), "{roles:?}");
            assert!(search.again(&|| false).inputs.is_empty());
        }
    }

    #[test]
    fn inputs_are_read_only_where_one_is_settled_behind_one_that_is_loaded() {
        for (roles, wanted) in [
            (&[][..], false),
            (&[Loaded, Loaded], false),
            (&[Settled, Loaded], false),
            (&[Loaded, Other], false),
            (&[Other, Settled], false),
            (&[Loaded, Settled], true),
            (&[InDoubt, Settled], true),
            (&[Settled, Settled], false),
        ] {
            assert_eq!(is_needed(roles), wanted, "{roles:?}");
        }
    }
}
