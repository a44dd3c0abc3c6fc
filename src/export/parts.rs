//! A record with several vectors, divided into records of the same shape with one each, so that one that is rejected can
//! be loaded again like any other. Pure.

use std::collections::BTreeSet;
use std::fmt;

use super::members::numbered;
use super::paths::Paths;

/// Makes a record of its place among the others, its key and its vector.
type Make<'a> = dyn Fn(usize, &str, &str) -> String + 'a;

/// The records that one with several vectors stands for.
pub(crate) struct Parts<'a> {
    /// What each has of its own: a number that goes with its key, and its vector as it is written.
    items: Vec<(u64, &'a str)>,
    /// Where the parts of each are.
    paths: Paths,
    /// The key of them all, as it is written.
    key: &'a str,
    /// Bytes of what they have in common.
    common: usize,
    /// Makes one of its place, its key and its vector.
    make: Box<Make<'a>>,
}

impl<'a> Parts<'a> {
    /// Divides a record of so many `bytes`; nothing if two of the numbers are equal.
    pub(super) fn new(
        key: &'a str,
        items: Vec<(u64, &'a str)>,
        bytes: usize,
        paths: Paths,
        make: impl Fn(usize, &str, &str) -> String + 'a,
    ) -> Option<Self> {
        let are_distinct =
            items.iter().map(|(number, _)| number).collect::<BTreeSet<_>>().len() == items.len();
        let own: usize = items.iter().map(|(_, item)| item.len()).sum();
        let common = bytes.saturating_sub(own);
        are_distinct.then(|| Self { items, paths, key, common, make: Box::new(make) })
    }

    /// How many they are.
    pub(crate) fn count(&self) -> usize {
        self.items.len()
    }

    /// Bytes of what they have in common, and which each of them is made with.
    pub(crate) fn common(&self) -> usize {
        self.common
    }

    /// Where the key and the vector of each are.
    pub(super) fn paths(&self) -> &Paths {
        &self.paths
    }

    /// One of them, in the order of the text.
    pub(crate) fn part(&self, place: usize) -> Option<String> {
        let (number, item) = self.items.get(place)?;
        Some((self.make)(place, &numbered(self.key, *number), item))
    }
}

impl fmt::Debug for Parts<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Parts").field("items", &self.items).field("paths", &self.paths).finish()
    }
}
