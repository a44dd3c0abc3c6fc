//! Step 3, batch: joins vectors into request bodies, by count and by exact bytes, with each key once.
//!
//! Pure: nothing is sent or awaited here.

pub(crate) mod in_flight;
mod sample;
mod shares;

use std::collections::HashMap;
use std::ops::Range;

use bytes::Bytes;

pub use self::sample::Sample;
use self::shares::Entered;
pub use self::shares::Share;
use crate::admit::Admitted;
use crate::oss::wire;
use crate::record::{Defect, Position, Reason, Span, Vector, joined};

/// The maximum size of a batch; both limits apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Maximum number of vectors.
    pub vectors: usize,
    /// Maximum bytes of their elements, including commas.
    pub bytes: usize,
}

/// How many vectors a batch takes per vector that it may hold, including replaced ones: repeated records of a few keys
/// would never fill it otherwise.
const TAKEN_FOR_EACH_HELD: usize = 8;

/// Consecutive records sent as one request: the vectors to send, and the defects between them.
#[derive(Debug)]
pub struct Batch {
    /// Number in the run, from 0.
    pub number: u64,
    /// The stretch of input that it covers.
    pub span: Span,
    /// The vectors to send, ordered by the last occurrence of each key; every key once.
    pub vectors: Vec<Vector>,
    /// The records that are not sent.
    pub defects: Vec<Defect>,
    /// Records that a later one with the same key replaced.
    pub superseded: u64,
    /// Records that are not in the sample.
    pub not_sampled: u64,
    /// How many records come from each input.
    pub shares: Vec<Share>,
    /// How many bytes of the files themselves it covers, for the progress.
    pub input_bytes: u64,
    /// The dimension of its vectors, if there are any.
    pub dimension: Option<usize>,
    bytes: usize,
    weight: usize,
}

impl Batch {
    /// The elements of some of the vectors for a body; shares the vectors' memory.
    pub fn elements(&self, vectors: &[usize]) -> Vec<Bytes> {
        joined(vectors.iter().filter_map(|index| self.vectors.get(*index)))
    }

    /// All its elements for a body; shares the vectors' memory.
    pub fn all_elements(&self) -> Vec<Bytes> {
        joined(&self.vectors)
    }

    /// The body of a request with all its elements, in pieces, after `prefix`.
    pub fn body(&self, prefix: &Bytes) -> Vec<Bytes> {
        body(prefix, self.all_elements())
    }

    /// The same with the elements of some of the vectors.
    pub fn body_of(&self, prefix: &Bytes, vectors: &[usize]) -> Vec<Bytes> {
        body(prefix, self.elements(vectors))
    }

    /// The bytes of all its elements.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The bytes of memory that it keeps: its elements, those that were replaced, since they share the same text, and
    /// its defects.
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// The number of records read for it.
    pub fn read(&self) -> u64 {
        (self.vectors.len() + self.defects.len()) as u64 + self.superseded + self.not_sampled
    }
}

fn body(prefix: &Bytes, elements: Vec<Bytes>) -> Vec<Bytes> {
    let mut pieces = vec![prefix.clone()];
    pieces.extend(elements);
    pieces.push(Bytes::from_static(wire::PUT_VECTORS_SUFFIX));
    pieces
}

/// Fills batches from judged records, in input order.
#[derive(Debug)]
pub struct Batcher {
    limits: Limits,
    sample: Option<Sample>,
    number: u64,
    open: Open,
    /// The byte of the files up to which batches are sealed; `None` before the first block.
    sealed: Option<u64>,
}

/// The batch being filled.
#[derive(Debug, Default)]
struct Open {
    span: Option<Span>,
    /// `None` where a later record has replaced the vector.
    vectors: Vec<Option<Vector>>,
    /// The index of each key in `vectors`. There are at most 500, so colliding keys are no attack.
    keys: HashMap<Bytes, usize, foldhash::fast::RandomState>,
    bytes: usize,
    defects: Vec<Defect>,
    defect_bytes: usize,
    superseded: u64,
    superseded_bytes: usize,
    not_sampled: u64,
    /// The byte of the files that it reaches to.
    reaches: u64,
    dimension: Option<usize>,
    entered: Entered,
}

impl Batcher {
    /// Starts with an empty batch.
    pub fn new(limits: Limits) -> Self {
        Self { limits, sample: None, number: 0, open: Open::default(), sealed: None }
    }

    /// Takes only the records of a sample; the others are only counted.
    #[must_use]
    pub fn of_sample(self, sample: Option<Sample>) -> Self {
        Self { sample, ..self }
    }

    /// Takes the records of a block and passes each batch that they fill to `full`; stops if `full` says so.
    pub fn block<E>(
        &mut self,
        block: Admitted,
        mut full: impl FnMut(Batch) -> Result<(), E>,
    ) -> Result<(), E> {
        self.sealed.get_or_insert(block.bytes.start);
        let text = block.verdicts.first().map_or(block.end, position).offset..block.end.offset;
        let mut records = block.verdicts.into_iter().peekable();
        self.open.enter(block.end.input);
        while let Some(record) = records.next() {
            let start = position(&record);
            let end = records.peek().map_or(block.end, position);
            let is_left_out = match (&record, self.sample) {
                (Ok(vector), Some(sample)) => !sample.has(vector),
                _ => false,
            };
            let fits = match &record {
                _ if is_left_out => true,
                Ok(vector) => self.open.fits(vector, self.limits),
                Err(defect) => self.open.has_room_for(defect, self.limits),
            };
            if !fits && let Some(batch) = self.seal() {
                full(batch)?;
                self.open.enter(block.end.input);
            }
            match record {
                Ok(_) if is_left_out => self.open.not_sampled += 1,
                // Only a few vectors of a block are left: they must not keep all of its text in memory.
                Ok(vector) if self.sample.is_some() => self.open.push(vector.without_its_block()),
                Ok(vector) => self.open.push(vector),
                Err(defect) => self.open.push_defect(*defect),
            }
            self.open.span = Some(Span { start: self.open.span.map_or(start, |span| span.start), end });
            self.open.reaches = scaled(end.offset, &text, &block.bytes);
            self.open.dimension = block.dimension;
        }
        Ok(())
    }

    /// The number of the open batch, or of the next one.
    pub fn next_number(&self) -> u64 {
        self.number
    }

    /// Closes the open batch, if it is not empty.
    pub fn seal(&mut self) -> Option<Batch> {
        let open = std::mem::take(&mut self.open);
        let span = open.span?;
        let number = self.number;
        self.number += 1;
        let before = self.sealed.replace(open.reaches).unwrap_or_default();
        let (records, weight) = (open.records(), open.weight());
        let vectors: Vec<_> = open.vectors.into_iter().flatten().collect();
        Some(Batch {
            number,
            weight,
            span,
            shares: open.entered.shares(records, &vectors, &open.defects),
            vectors,
            defects: open.defects,
            superseded: open.superseded,
            not_sampled: open.not_sampled,
            input_bytes: open.reaches.saturating_sub(before),
            dimension: open.dimension,
            bytes: open.bytes,
        })
    }
}

/// The bytes of a defect in addition to its fixed size. The key is a copy.
fn weight(defect: &Defect) -> usize {
    defect.raw.len() + defect.key.as_ref().map_or(0, String::len)
}

fn position(judged: &Result<Vector, Box<Defect>>) -> Position {
    match judged {
        Ok(vector) => vector.position(),
        Err(defect) => defect.position,
    }
}

/// Maps `offset` in `text` to `bytes`, the same stretch in the file itself, which may be compressed.
fn scaled(offset: u64, text: &Range<u64>, bytes: &Range<u64>) -> u64 {
    let of = |range: &Range<u64>| u128::from(range.end.saturating_sub(range.start));
    let passed = of(&(text.start..offset));
    let within = (of(bytes) * passed).checked_div(of(text)).unwrap_or_else(|| of(bytes));
    bytes.start + u64::try_from(within).unwrap_or(u64::MAX)
}

impl Open {
    /// Whether `vector` may join; the first one always may.
    fn fits(&self, vector: &Vector, limits: Limits) -> bool {
        if self.keys.is_empty() {
            return true;
        }
        let earlier = self.keys.get(&vector.key_json()).and_then(|&index| self.vectors.get(index)?.as_ref());
        let replaced = earlier.map_or(0, |earlier| earlier.wire().len());
        let (count, bytes) = match earlier {
            Some(_) => (self.keys.len(), self.bytes - replaced + vector.wire().len()),
            None => (self.keys.len() + 1, self.bytes + 1 + vector.wire().len()),
        };
        count <= limits.vectors
            && bytes <= limits.bytes
            && self.vectors.len() < limits.vectors.saturating_mul(TAKEN_FOR_EACH_HELD)
            && self.superseded_bytes + replaced <= limits.bytes
    }

    /// The records that it has taken, including replaced ones.
    fn records(&self) -> u64 {
        (self.keys.len() + self.defects.len()) as u64 + self.superseded + self.not_sampled
    }

    /// Notes that records of an input follow.
    fn enter(&mut self, input: u32) {
        self.entered.enter(input, self.records());
    }

    fn weight(&self) -> usize {
        let defects = self.defect_bytes + self.defects.len() * size_of::<Defect>();
        self.bytes + self.superseded_bytes + defects
    }

    /// Whether a defect fits. Defects count, so that an input without a single good record needs limited memory.
    fn has_room_for(&self, defect: &Defect, limits: Limits) -> bool {
        self.defects.len() < limits.vectors && self.defect_bytes + weight(defect) <= limits.bytes
    }

    fn push(&mut self, vector: Vector) {
        let added = vector.wire().len();
        match self.keys.insert(vector.key_json(), self.vectors.len()) {
            Some(earlier) => {
                let replaced = self.vectors.get_mut(earlier).and_then(Option::take);
                let replaced = replaced.map_or(0, |vector| vector.wire().len());
                self.bytes = self.bytes + added - replaced;
                self.superseded += 1;
                self.superseded_bytes += replaced;
            }
            None => self.bytes += added + usize::from(self.keys.len() > 1),
        }
        self.vectors.push(Some(vector));
    }

    fn push_defect(&mut self, defect: Defect) {
        if matches!(defect.reason, Reason::Superseded) {
            self.superseded += 1;
            return;
        }
        self.defect_bytes += weight(&defect);
        self.defects.push(defect);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;
    use crate::put::testing::{position, vector};
    use crate::record::Raw;

    fn defect(record: u64) -> Box<Defect> {
        let raw = Raw::Json(Bytes::from_static(b"{}"));
        Box::new(Defect { position: position(record), key: None, raw, reason: Reason::Nested })
    }

    fn batches(limits: Limits, verdicts: Vec<Result<Vector, Box<Defect>>>) -> Vec<Batch> {
        let mut batcher = Batcher::new(limits);
        let mut all = Vec::new();
        let end = position(verdicts.len() as u64);
        let block = Admitted::of(verdicts, end, 100..200);
        let done: Result<(), Infallible> = batcher.block(block, |batch| {
            all.push(batch);
            Ok(())
        });
        assert_eq!(done, Ok(()));
        all.extend(batcher.seal());
        all
    }

    #[test]
    fn batches_share_the_bytes_of_their_block_by_the_text_they_take() {
        let verdicts = (0..8).map(|record| Ok(vector(record, &record.to_string(), 1))).collect();
        let shares: Vec<_> = batches(Limits { vectors: 3, bytes: 1 << 20 }, verdicts)
            .iter()
            .map(|batch| batch.input_bytes)
            .collect();
        assert_eq!(shares, [37, 38, 25]);
    }

    #[test]
    fn what_an_earlier_run_settled_counts_with_the_batch_behind_it() {
        let mut batcher = Batcher::new(Limits { vectors: 1, bytes: 1 << 20 });
        let block = |records: Range<u64>, bytes| {
            let verdicts = records.clone().map(|record| Ok(vector(record, "a", 1))).collect();
            Admitted::of(verdicts, position(records.end), bytes)
        };
        let none = |_: Batch| Ok::<(), Infallible>(());
        batcher.block(block(0..0, 100..150), none).unwrap();
        batcher.block(block(5..6, 150..180), none).unwrap();
        assert_eq!(batcher.seal().unwrap().input_bytes, 80);
    }

    #[test]
    fn a_record_larger_than_the_limit_still_travels_alone() {
        let limits = Limits { vectors: 500, bytes: 10 };
        let counts: Vec<_> = batches(limits, vec![Ok(vector(0, "a", 50)), Ok(vector(1, "b", 50))])
            .iter()
            .map(|b| b.vectors.len())
            .collect();
        assert_eq!(counts, [1, 1]);
    }

    #[test]
    fn a_later_record_replaces_an_earlier_one_with_its_key() {
        let limits = Limits { vectors: 500, bytes: 1 << 20 };
        let all = batches(limits, vec![Ok(vector(0, "a", 3)), Ok(vector(1, "b", 0)), Ok(vector(2, "a", 1))]);
        let [batch] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!((batch.superseded, batch.read()), (1, 3));
        let text = String::from_utf8(batch.elements(&[0, 1]).concat()).unwrap();
        assert_eq!(text, r#"{"key":"b","n":1,"p":""},{"key":"a","n":2,"p":"x"}"#);
        assert_eq!(batch.elements(&[1]), [batch.vectors[1].wire()]);
    }

    #[test]
    fn a_few_keys_over_and_over_fill_batches_too() {
        let limits = Limits { vectors: 3, bytes: 1 << 20 };
        let all =
            batches(limits, (0..60).map(|n| Ok(vector(n, if n % 2 == 0 { "a" } else { "b" }, 0))).collect());
        assert_eq!(all.iter().map(Batch::read).collect::<Vec<_>>(), [24, 24, 12]);
        assert!(all.iter().all(|batch| batch.vectors.len() == 2));
    }

    #[test]
    fn what_was_replaced_weighs_as_long_as_its_text_is_kept() {
        let size = vector(0, "a", 100).wire().len();
        let limits = Limits { vectors: 500, bytes: 4 * size };
        let all = batches(limits, (0..8).map(|n| Ok(vector(n, "a", 100))).collect());
        assert_eq!(all.iter().map(Batch::read).collect::<Vec<_>>(), [5, 3]);
        assert_eq!(all.iter().map(Batch::bytes).collect::<Vec<_>>(), [size, size]);
        assert_eq!(all.iter().map(Batch::weight).collect::<Vec<_>>(), [5 * size, 3 * size]);
    }

    #[test]
    fn defects_count_in_what_a_batch_weighs() {
        let limits = Limits { vectors: 500, bytes: 1 << 20 };
        let all = batches(limits, (0..5).map(|record| Err(defect(record))).collect());
        assert!(all[0].weight() >= 5 * (size_of::<Defect>() + 2), "{}", all[0].weight());
    }

    #[test]
    fn elements_that_are_not_neighbours_are_joined_by_commas() {
        let limits = Limits { vectors: 500, bytes: 1 << 20 };
        let keys = ["a", "b", "c", "d"];
        let all = batches(limits, (0..4).map(|n| Ok(vector(n as u64, keys[n], 0))).collect());
        let text = String::from_utf8(all[0].elements(&[0, 2, 3]).concat()).unwrap();
        let wanted: Vec<_> =
            [0, 2, 3].map(|n| String::from_utf8(all[0].vectors[n].wire().to_vec()).unwrap()).into();
        assert_eq!(text, wanted.join(","));
        assert!(all[0].elements(&[]).is_empty());
    }

    #[test]
    fn defects_alone_fill_batches_too() {
        let limits = Limits { vectors: 2, bytes: 1 << 20 };
        let all = batches(limits, (0..5).map(|record| Err(defect(record))).collect());
        assert_eq!(all.iter().map(|batch| batch.defects.len()).collect::<Vec<_>>(), [2, 2, 1]);
        assert!(all.iter().all(|batch| batch.bytes() == 0));
    }

    #[test]
    fn elements_that_stand_together_are_one_piece_and_share_its_memory() {
        let texts = ["{\"key\":\"a\"},{\"key\":\"b\"},{\"key\":\"c\"}", "{\"key\":\"d\"}"].map(Bytes::from);
        let vectors: Vec<_> = [(0, 0..11), (0, 12..23), (0, 24..35), (1, 0..11)]
            .into_iter()
            .zip(0..)
            .map(|((text, range), record)| Vector::new(position(record), texts[text].clone(), range, 3))
            .collect();
        let end = position(4);
        let mut batcher = Batcher::new(Limits { vectors: 500, bytes: 1000 });
        let verdicts = vectors.into_iter().map(Ok).collect();
        let block = Admitted::of(verdicts, end, 0..1);
        batcher.block(block, |_| Err(())).unwrap();
        let batch = batcher.seal().unwrap();
        let all = batch.all_elements();
        assert_eq!(all, [texts[0].clone(), Bytes::from_static(b","), texts[1].clone()]);
        assert_eq!(all[0].as_ptr(), texts[0].as_ptr());
        assert_eq!(batch.bytes(), all.concat().len());
        let some = [(&[0, 2][..], 3), (&[1, 2], 1), (&[3], 1), (&[2, 3], 3), (&[], 0)];
        for (indices, pieces) in some {
            let joined: Vec<_> = indices.iter().map(|index| batch.vectors[*index].wire()).collect();
            assert_eq!(batch.elements(indices).len(), pieces, "{indices:?}");
            assert_eq!(batch.elements(indices).concat(), joined.join(&b','), "{indices:?}");
        }
    }

    proptest! {
        #[test]
        fn limits_order_and_unique_keys_hold(
            records in prop::collection::vec((0usize..12, 0usize..40, prop::bool::weighted(0.1)), 0..120),
            most in 1usize..9,
            bytes in 40usize..400,
        ) {
            let limits = Limits { vectors: most, bytes };
            let verdicts = records.iter().enumerate().map(|(record, (key, padding, bad))| {
                let record = record as u64;
                if *bad { Err(defect(record)) } else { Ok(vector(record, &format!("k{key}"), *padding)) }
            });
            let all = batches(limits, verdicts.collect());
            let good = (0..).zip(&records).filter(|(_, (_, _, bad))| !bad);
            let last: HashMap<_, u64> = good.clone().map(|(record, (key, ..))| (format!("k{key}"), record)).collect();
            let mut next = position(0);
            let mut stored = HashMap::new();
            for (number, batch) in all.iter().enumerate() {
                prop_assert_eq!(batch.number, number as u64);
                prop_assert_eq!(batch.span.start, next);
                next = batch.span.end;
                prop_assert_eq!(batch.read(), batch.span.end.record - batch.span.start.record);
                prop_assert!(batch.vectors.len() <= most);
                prop_assert!(batch.bytes() <= bytes || batch.vectors.len() == 1);
                let joined: Vec<_> = batch.vectors.iter().map(Vector::wire).collect();
                let all: Vec<_> = (0..batch.vectors.len()).collect();
                prop_assert_eq!(batch.elements(&all).concat(), joined.join(&b','));
                let mut keys: Vec<_> = batch.vectors.iter().map(Vector::key).collect();
                for vector in &batch.vectors {
                    stored.insert(vector.key(), vector.position().record);
                }
                keys.sort();
                keys.dedup();
                prop_assert_eq!(keys.len(), batch.vectors.len());
            }
            prop_assert_eq!(next.record, records.len() as u64);
            prop_assert_eq!(stored, last);
            let count = |number: fn(&Batch) -> usize| all.iter().map(number).sum::<usize>();
            prop_assert_eq!(count(|batch| batch.defects.len()), records.len() - good.clone().count());
            let superseded = all.iter().map(|batch| batch.superseded).sum::<u64>();
            prop_assert_eq!(count(|batch| batch.vectors.len()) as u64 + superseded, good.count() as u64);
        }
    }
}
