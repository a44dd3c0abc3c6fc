//! Which part of a batch to try next: a refused part in halves, a record that the refusal names first, and nothing that
//! is too large for the service.
//!
//! Pure: it only divides.

/// Some of a batch's vectors, sent as one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Their indices in the batch, ascending.
    pub(crate) indices: Vec<usize>,
    /// Whether this is a single record that a refusal named.
    named: bool,
}

impl Part {
    pub(crate) fn of(indices: Vec<usize>) -> Self {
        Self { indices, named: false }
    }
}

/// The parts of one batch that are still to be tried.
#[derive(Debug)]
pub(crate) struct Parts {
    /// The bytes of each vector on the wire.
    sizes: Vec<u64>,
    /// The parts left, the next one last.
    left: Vec<Part>,
    /// Whether a named record turned out to be good: then names are no longer followed.
    names_mislead: bool,
    /// How many single records were taken from elsewhere.
    taken_far: usize,
}

/// The golden section, in thousandths.
const GOLDEN: usize = 618;

impl Parts {
    /// Starts with the whole batch.
    pub(crate) fn new(sizes: Vec<u64>) -> Self {
        let whole = Part::of((0..sizes.len()).collect());
        Self { sizes, left: vec![whole], names_mislead: false, taken_far: 0 }
    }

    /// The next part, of at most `room` bytes unless it is a single record.
    pub(crate) fn next(&mut self, room: u64) -> Option<Part> {
        loop {
            let part = self.left.pop()?;
            match part.indices.len() {
                0 => {}
                1 => return Some(part),
                _ if self.bytes(&part) <= room => return Some(part),
                _ => self.too_large(part),
            }
        }
    }

    /// How many records are left.
    pub(crate) fn left(&self) -> usize {
        self.left.iter().map(|part| part.indices.len()).sum()
    }

    /// A single record far from those tried so far, out of all that are left.
    pub(crate) fn far(&mut self) -> Option<Part> {
        let left = self.left();
        if left == 0 {
            return None;
        }
        self.taken_far += 1;
        // Steps of the golden section never come close to earlier ones.
        let mut at = (self.taken_far * left * GOLDEN / 1_000) % left;
        for part in self.left.iter_mut().rev() {
            match at.checked_sub(part.indices.len()) {
                Some(further) => at = further,
                None => return Some(Part::of(vec![part.indices.remove(at)])),
            }
        }
        None
    }

    /// The bytes of a part's elements, with the commas between them.
    pub(crate) fn bytes(&self, part: &Part) -> u64 {
        let sizes = part.indices.iter().filter_map(|index| self.sizes.get(*index));
        sizes.map(|size| size + 1).sum::<u64>().saturating_sub(1)
    }

    /// Notes that the service accepted a part.
    pub(crate) fn taken(&mut self, part: &Part) {
        if part.named {
            // The rest was refused together with this good record, so it need not be tried as a whole.
            self.names_mislead = true;
            if let Some(rest) = self.left.pop() {
                self.halve(rest.indices);
            }
        }
    }

    /// Divides a refused part: into the record that the refusal names and the rest, or else into halves.
    pub(crate) fn refused(&mut self, part: Part, named: Option<usize>) {
        let named = named.filter(|named| !self.names_mislead && part.indices.contains(named));
        match named {
            Some(named) => {
                let rest = part.indices.into_iter().filter(|index| *index != named).collect();
                self.left.push(Part::of(rest));
                self.left.push(Part { indices: vec![named], named: true });
            }
            None => self.halve(part.indices),
        }
    }

    /// Divides a part into two with about the same number of bytes.
    pub(crate) fn too_large(&mut self, part: Part) {
        let half = self.bytes(&part) / 2;
        let mut bytes = 0;
        let fitting = part.indices.iter().take_while(|index| {
            bytes += self.sizes.get(**index).map_or(0, |size| size + 1);
            bytes <= half
        });
        let middle = fitting.count().clamp(1, part.indices.len().saturating_sub(1).max(1));
        self.divide(part.indices, middle);
    }

    fn halve(&mut self, indices: Vec<usize>) {
        let middle = indices.len() / 2;
        self.divide(indices, middle);
    }

    fn divide(&mut self, mut indices: Vec<usize>, middle: usize) {
        let right = indices.split_off(middle.min(indices.len()));
        self.left.push(Part::of(right));
        self.left.push(Part::of(indices));
    }
}

/// Which of the keys a message names: the longest one that is a separate word in it.
pub(crate) fn named(message: &str, keys: impl Iterator<Item = (usize, String)>) -> Option<usize> {
    let found = keys.filter(|(_, key)| !key.is_empty() && stands_in(message, key));
    found.max_by_key(|(_, key)| key.len()).map(|(index, _)| index)
}

fn stands_in(message: &str, key: &str) -> bool {
    let part_of_word = |char: char| char.is_alphanumeric() || char == '-' || char == '_';
    message.match_indices(key).any(|(start, _)| {
        let before = message.get(..start).and_then(|text| text.chars().next_back());
        let after = message.get(start + key.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Tries all parts with a service that refuses each request with a bad record, naming what `name` returns, and
    /// accepts bodies of up to `most` bytes; returns the requests, and the records found to be bad.
    fn try_all(
        sizes: &[u64],
        bad: &[usize],
        most: u64,
        name: impl Fn(&[usize]) -> Option<usize>,
    ) -> (usize, Vec<usize>) {
        let mut parts = Parts::new(sizes.to_vec());
        let (mut requests, mut refused, mut room) = (0, Vec::new(), u64::MAX);
        let (mut seen, mut refused_in_a_row) = (Vec::new(), 0);
        while let Some(part) =
            if refused_in_a_row < 2 { parts.next(room) } else { parts.far().or_else(|| parts.next(room)) }
        {
            requests += 1;
            let bytes = parts.bytes(&part);
            assert!(bytes <= room || part.indices.len() == 1);
            if part.indices.len() > 1 && bytes > most {
                room = room.min(bytes / 4 * 3);
                parts.too_large(part);
            } else if !part.indices.iter().any(|index| bad.contains(index)) {
                parts.taken(&part);
                seen.extend(part.indices);
                refused_in_a_row = 0;
            } else if let [index] = part.indices.as_slice() {
                refused.push(*index);
                seen.push(*index);
                refused_in_a_row += 1;
            } else {
                let named = name(&part.indices);
                parts.refused(part, named);
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..sizes.len()).collect::<Vec<_>>(), "each record ends in one place");
        refused.sort_unstable();
        (requests, refused)
    }

    #[test]
    fn one_bad_record_of_500_costs_at_most_twice_their_logarithm_and_two() {
        for bad in 0..500 {
            let first = |part: &[usize]| part.first().copied();
            let last = |part: &[usize]| part.last().copied();
            let nobody = |_: &[usize]| None;
            let right = |_: &[usize]| Some(bad);
            for (what, (requests, refused), most) in [
                ("nobody", try_all(&[10; 500], &[bad], u64::MAX, nobody), 1 + 19),
                ("the first", try_all(&[10; 500], &[bad], u64::MAX, first), 1 + 19),
                ("the last", try_all(&[10; 500], &[bad], u64::MAX, last), 1 + 19),
                ("the bad one", try_all(&[10; 500], &[bad], u64::MAX, right), 1 + 2),
            ] {
                assert_eq!(refused, [bad], "{bad}, naming {what}");
                assert!(requests <= most, "{bad}, naming {what}: {requests} requests");
            }
        }
    }

    #[test]
    fn a_key_counts_as_named_only_where_it_is_a_word() {
        let rows: [(&str, &[&str], Option<usize>); 8] = [
            ("The vector with the key \"row-17\" is invalid.", &["17", "row-17", "row-1"], Some(1)),
            ("The vector with the key \"row-17\" is invalid.", &["17", "row", "w-17"], None),
            ("key: a b: bad", &["a", "a b", "b"], Some(1)),
            ("A vector in the request is invalid.", &["x", "y"], None),
            ("invalid: k.", &["k"], Some(0)),
            ("k_1 and k_2", &["k", "k_2"], Some(1)),
            ("Schlüssel ключ ungültig", &["ключ", "люч"], Some(0)),
            ("", &["", "k"], None),
        ];
        for (message, keys, want) in rows {
            let keys = keys.iter().map(ToString::to_string).enumerate();
            assert_eq!(named(message, keys), want, "{message}");
        }
    }

    #[test]
    fn records_from_elsewhere_are_far_from_each_other() {
        let mut parts = Parts::new(vec![10; 500]);
        let whole = parts.next(u64::MAX).unwrap();
        parts.refused(whole, None);
        let mut taken: Vec<_> = (0..6).map(|_| parts.far().unwrap().indices[0]).collect();
        taken.sort_unstable();
        assert!(taken.windows(2).all(|pair| pair[1] - pair[0] > 30), "{taken:?}");
    }

    #[test]
    fn too_large_divides_by_bytes_and_not_by_count() {
        let mut parts = Parts::new(vec![100, 1, 1, 1, 1, 96]);
        let whole = parts.next(u64::MAX).unwrap();
        parts.too_large(whole);
        assert_eq!(parts.next(u64::MAX).unwrap().indices, [0]);
        assert_eq!(parts.next(u64::MAX).unwrap().indices, [1, 2, 3, 4, 5]);
        assert_eq!(parts.next(u64::MAX), None);
    }

    proptest! {
        #[test]
        fn every_record_ends_in_one_place_whatever_is_refused_and_named(
            sizes in prop::collection::vec(1u64..200, 0..60),
            bad in prop::collection::btree_set(0usize..60, 0..6),
            most in 1u64..4_000,
            named in prop::collection::vec(0usize..60, 1..20),
        ) {
            let bad: Vec<_> = bad.into_iter().filter(|index| *index < sizes.len()).collect();
            let turn = std::cell::Cell::new(0);
            let name = |part: &[usize]| {
                turn.set(turn.get() + 1);
                let named = named[turn.get() % named.len()];
                part.contains(&named).then_some(named)
            };
            let (_, refused) = try_all(&sizes, &bad, most, name);
            prop_assert_eq!(refused, bad);
        }
    }
}
