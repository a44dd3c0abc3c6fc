//! What the object around an array of records says about all of them. Pure data.

use std::sync::Arc;

/// The namespace of the records in an array, as far as the object around it gives it before them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Namespace {
    /// There is no such object: each record has its own namespace, if any.
    #[default]
    Own,
    /// It comes before the array.
    Named(Arc<str>),
    /// It may come after the array.
    Open,
    /// The part before the array was not read.
    Unread,
}

/// Information between records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Around {
    /// The next records have this namespace.
    Of(Namespace),
    /// The records of the last array have this namespace, if theirs was open.
    Were(Arc<str>),
}

/// Takes what applies to the first `count` records out of `around`; the rest applies to later ones.
pub(crate) fn take_first(around: &mut Vec<(usize, Around)>, count: usize) -> Vec<(usize, Around)> {
    let behind = around.partition_point(|(index, _)| *index < count);
    let rest = around.split_off(behind);
    let first = std::mem::replace(around, rest);
    for (index, _) in around.iter_mut() {
        *index -= count;
    }
    if let Some((_, of)) = first.iter().rfind(|(_, told)| matches!(told, Around::Of(_))) {
        around.insert(0, (0, of.clone()));
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_records_keeps_what_is_told_of_it() {
        let named = |name: &str| Around::Of(Namespace::Named(name.into()));
        let ended = || Around::Were("x".into());
        let all = vec![(0, ended()), (0, named("a")), (2, named("b"))];
        for (count, first, rest) in [
            (1, vec![(0, ended()), (0, named("a"))], vec![(0, named("a")), (1, named("b"))]),
            (3, all.clone(), vec![(0, named("b"))]),
            (0, vec![], all.clone()),
        ] {
            let mut around = all.clone();
            assert_eq!((take_first(&mut around, count), around), (first, rest), "{count}");
        }
    }
}
