//! A record with several vectors, divided into records of the same shape with one vector each, so that a rejected one
//! can be loaded again like any other. Pure.

use std::collections::BTreeSet;
use std::fmt;

use super::members::numbered;
use super::paths::Paths;

/// Makes a record from its place among the others, its key and its vector.
type Make<'a> = dyn Fn(usize, &str, &str) -> String + 'a;

/// The records into which one with several vectors is divided.
pub(crate) struct Parts<'a> {
    /// What differs between them: a number to append to the key, and the vector as it is written.
    items: Vec<(u64, &'a str)>,
    /// Where the parts of each record are.
    paths: Paths,
    /// The key of the whole record, as it is written.
    key: &'a str,
    /// Size in bytes of what they share.
    common: usize,
    /// Makes a record from its place, its key and its vector.
    make: Box<Make<'a>>,
}

impl<'a> Parts<'a> {
    /// Divides a record of this size in bytes; `None` if two of the numbers are equal.
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

    /// The number of records.
    pub(crate) fn count(&self) -> usize {
        self.items.len()
    }

    /// Size in bytes of what they share, which each of them contains.
    pub(crate) fn common(&self) -> usize {
        self.common
    }

    /// Where the key and the vector of each record are.
    pub(super) fn paths(&self) -> &Paths {
        &self.paths
    }

    /// The record at a place, in the order of the text.
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
