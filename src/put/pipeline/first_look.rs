//! Checks the first records before anything is created or sent: whether they agree on what the load as a whole needs.
//!
//! Pure: it only judges the blocks that it is given.

use std::collections::BTreeMap;

use crate::admit::{Admit, Admitted};
use crate::exit::{ErrorCode, Failure};
use crate::put::report::notes;
use crate::read::FailedInput;
use crate::record::{Block, Input, Position, Reason, of_dimension, place};
use crate::words::count;

/// The number of records, or bytes of their text, to check, whichever is reached first; fewer if the input ends.
const RECORDS: usize = 500;
const BYTES: u64 = 4 << 20;

/// What to check in the first records.
#[derive(Clone, Debug)]
pub(crate) struct FirstLook {
    /// For their names.
    inputs: Vec<Input>,
    /// The dimension, if the index or the user gives it.
    dimension: Option<usize>,
    /// The index with that dimension, and the minimum number of vectors that must contradict it.
    index: Option<(String, u64)>,
    /// Whether anything that would be noted about the input ends the load.
    is_strict: bool,
    /// Whether an earlier run has settled records, which may have had fields that these lack.
    is_resumed: bool,
}

/// The first records, if they agree.
#[derive(Debug)]
pub(crate) struct First {
    /// The records, judged.
    pub(crate) admitted: Vec<Admitted>,
    /// Inputs that could not be read to their end, each with the number of the next block.
    pub(crate) failed: Vec<(usize, Box<FailedInput>)>,
}

impl FirstLook {
    /// Checks records of these inputs, which must have this dimension if it is known.
    pub(crate) fn new(inputs: Vec<Input>, dimension: Option<usize>) -> Self {
        Self { inputs, dimension, index: None, is_strict: false, is_resumed: false }
    }

    /// The same for a load that may be strict or resumed.
    pub(crate) fn of_fields(self, is_strict: bool, is_resumed: bool) -> Self {
        Self { is_strict, is_resumed, ..self }
    }

    /// The same for a load into an existing index. Fewer than `least` vectors of another dimension do not end the load;
    /// they are rejected one by one.
    pub(crate) fn of_index(self, index: Option<(String, u64)>) -> Self {
        Self { index, ..self }
    }

    /// Takes the first records from `blocks` and judges them; fails if they show that the load as a whole is wrong.
    pub(crate) fn take(
        &self,
        blocks: &mut impl Iterator<Item = Result<Block, Box<FailedInput>>>,
        admit: &mut Admit,
    ) -> Result<First, Failure> {
        let mut first = First { admitted: Vec::new(), failed: Vec::new() };
        let (mut records, mut bytes) = (0, 0);
        while records < RECORDS && bytes < BYTES {
            let block = match blocks.next() {
                None => break,
                Some(Ok(block)) => block,
                Some(Err(failed)) => {
                    first.failed.push((first.admitted.len(), failed));
                    continue;
                }
            };
            records += block.records.len();
            bytes += block.records.iter().map(|record| record.raw.len() as u64).sum::<u64>();
            first.admitted.push(admit.block(block));
        }
        if !self.is_resumed
            && let Some(failure) = notes::named_by_nobody(&first.admitted, &self.inputs)
        {
            return Err(failure);
        }
        self.agree_on_the_dimension(&first.admitted)?;
        if self.is_strict
            && let Some(failure) = notes::forbidden(&first.admitted, &self.inputs)
        {
            return Err(failure);
        }
        Ok(first)
    }

    /// The dimension of an index is permanent, so no single record may decide it against others.
    fn agree_on_the_dimension(&self, admitted: &[Admitted]) -> Result<(), Failure> {
        let dimensions = dimensions(admitted);
        if let Some(dimension) = self.dimension {
            return self.fits_the_index(dimension, &dimensions);
        }
        if dimensions.len() < 2 {
            return Ok(());
        }
        let (records, listed) = self.listed(&dimensions);
        let likely = dimensions.iter().max_by_key(|(_, found)| found.records);
        let likely = likely.map_or(0, |(dimension, _)| *dimension);
        Err(Failure::new(
            ErrorCode::MixedDimensions,
            format!(
                "the first {} vectors do not all have the same number of elements: {listed}",
                count(records)
            ),
        )
        .advise(format!(
            "nothing was created or sent; fix the input, or set the dimension, for example --dimension {likely}, \
             to reject the other vectors"
        )))
    }

    /// If no vector has the dimension of the index, the user means another index or another input.
    fn fits_the_index(&self, dimension: usize, dimensions: &BTreeMap<usize, Found>) -> Result<(), Failure> {
        let Some((index, least)) = self.index.as_ref().filter(|_| !self.is_resumed) else { return Ok(()) };
        let (records, listed) = self.listed(dimensions);
        if records < (*least).max(1) || dimensions.contains_key(&dimension) {
            return Ok(());
        }
        let message = format!(
            "none of the first {} vectors has dimension {dimension}, which index {index} has: {listed}",
            count(records)
        );
        let likely = dimensions.iter().max_by_key(|(_, found)| found.records).map(|(got, _)| *got);
        let likely = likely.and_then(|got| of_dimension(dimension, got));
        let likely = likely.map_or(String::new(), |what| format!("; {what}"));
        Err(Failure::new(ErrorCode::IndexMismatch, message + &likely)
            .advise("nothing was sent; check the input, or use another index with --index-name"))
    }

    /// The number of vectors, and the most common dimensions with their first places.
    fn listed(&self, dimensions: &BTreeMap<usize, Found>) -> (u64, String) {
        let records = dimensions.values().map(|found| found.records).sum();
        let mut found: Vec<_> = dimensions.iter().collect();
        found.sort_by_key(|(_, found)| std::cmp::Reverse(found.records));
        let mut clauses: Vec<_> = found
            .iter()
            .take(CLAUSES)
            .map(|(dimension, found)| {
                let first = place(&self.inputs, found.first);
                format!("{} with {dimension} (first at {first})", count(found.records))
            })
            .collect();
        clauses.extend((found.len() > CLAUSES).then(|| format!("and {} more", found.len() - CLAUSES)));
        (records, clauses.join(", "))
    }
}

/// Maximum number of dimensions in a message.
const CLAUSES: usize = 3;

/// How often a dimension occurs, and where it occurs first.
#[derive(Debug)]
struct Found {
    records: u64,
    first: Position,
}

/// The dimensions of all records with a readable vector.
fn dimensions(admitted: &[Admitted]) -> BTreeMap<usize, Found> {
    let mut dimensions: BTreeMap<usize, Found> = BTreeMap::new();
    let verdicts =
        admitted.iter().flat_map(|block| block.verdicts.iter().map(|verdict| (block.dimension, verdict)));
    for (in_force, verdict) in verdicts {
        let (dimension, position) = match verdict {
            Ok(vector) => (in_force, vector.position()),
            Err(defect) => match defect.reason {
                Reason::Dimension { got, .. } => (Some(got), defect.position),
                _ => continue,
            },
        };
        let Some(dimension) = dimension else { continue };
        dimensions.entry(dimension).or_insert(Found { records: 0, first: position }).records += 1;
    }
    dimensions
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::admit::{Fields, Rules};
    use crate::record::{Raw, Record};

    fn block(records: Vec<(u64, String)>) -> Block {
        let records = records.into_iter().map(|(number, text)| Record {
            position: Position { record: number, line: number + 1, ..Position::default() },
            raw: Raw::Json(Bytes::from(text)),
        });
        Block { records: records.collect(), end: Position::default(), bytes: 0..0, around: Vec::new() }
    }

    fn record(number: u64, dimension: usize) -> (u64, String) {
        let numbers = vec!["1"; dimension].join(",");
        (number, format!("{{\"key\":\"k{number}\",\"vector\":[{numbers}]}}"))
    }

    fn look(dimension: Option<usize>, blocks: Vec<Block>) -> Result<usize, Failure> {
        let rules = Rules { dimension, ..Rules::of_no_index() };
        let mut admit = Admit::new(Fields::new(&[], &[], &[]), rules);
        let look = FirstLook::new(vec![Input::File("f.jsonl".into())], dimension);
        let mut blocks = blocks.into_iter().map(Ok);
        look.take(&mut blocks, &mut admit).map(|first| first.admitted.len())
    }

    #[test]
    fn vectors_that_differ_in_dimension_are_counted_with_their_first_places() {
        let records =
            [1, 2, 2, 2, 3].into_iter().zip(0..).map(|(dimension, number)| record(number, dimension));
        let failure = look(None, vec![block(records.collect())]).unwrap_err();
        assert_eq!(failure.code, ErrorCode::MixedDimensions);
        assert_eq!(
            failure.message,
            "the first 5 vectors do not all have the same number of elements: 3 with 2 (first at f.jsonl:2), \
             1 with 1 (first at f.jsonl:1), 1 with 3 (first at f.jsonl:5)"
        );
        assert!(failure.advice.unwrap().contains("--dimension 2"));
    }

    #[test]
    fn an_input_of_which_no_vector_fits_the_index_is_refused() {
        let of_index = |dimensions: &[usize], is_resumed| {
            let records = dimensions.iter().zip(0..).map(|(dimension, number)| record(number, *dimension));
            let rules = Rules { dimension: Some(4), ..Rules::of_no_index() };
            let mut admit = Admit::new(Fields::new(&[], &[], &[]), rules);
            let look = FirstLook::new(vec![Input::File("f.jsonl".into())], Some(4));
            let look = look.of_index(Some(("idx".to_owned(), 2))).of_fields(false, is_resumed);
            look.take(&mut [Ok(block(records.collect()))].into_iter(), &mut admit).map(|_| ())
        };
        let failure = of_index(&[3, 3, 2], false).unwrap_err();
        assert_eq!(failure.code, ErrorCode::IndexMismatch);
        insta::assert_snapshot!(
            format!("{}\n{}", failure.message, failure.advice.unwrap()),
            @"
        none of the first 3 vectors has dimension 4, which index idx has: 2 with 3 (first at f.jsonl:1), 1 with 2 (first at f.jsonl:3)
        nothing was sent; check the input, or use another index with --index-name
        "
        );
        assert_eq!(of_index(&[3, 4], false), Ok(()), "the others are rejected one by one");
        assert_eq!(of_index(&[3], false), Ok(()), "one alone says little");
        assert_eq!(of_index(&[], false), Ok(()));
        assert_eq!(of_index(&[3, 3], true), Ok(()), "an earlier run has loaded vectors of this input");
    }

    #[test]
    fn only_the_first_records_are_looked_at() {
        let many = (0..RECORDS as u64).map(|number| record(number, 2)).collect();
        let blocks = vec![block(many), block(vec![record(500, 1)])];
        assert_eq!(look(None, blocks), Ok(1));
        let large = (0, format!("{{\"vector\":[1],\"text\":\"{}\"}}", "x".repeat(4 << 20)));
        assert_eq!(look(None, vec![block(vec![large]), block(vec![record(1, 2)])]), Ok(1));
    }

    proptest! {
        /// In any blocks and with anything between them, two dimensions end a load unless the dimension is given.
        #[test]
        fn two_dimensions_are_refused_exactly_where_nobody_names_one(
            dimensions in prop::collection::vec(prop::option::of(1_usize..4), 1..40),
            in_a_block in 1_usize..10,
            known in prop::option::of(1_usize..4),
        ) {
            let text = |(number, dimension): (u64, &Option<usize>)| match dimension {
                Some(dimension) => record(number, *dimension),
                None => (number, "{\"key\":\"no vector\"}".to_owned()),
            };
            let records: Vec<_> = (0..).zip(&dimensions).map(text).collect();
            let blocks = records.chunks(in_a_block).map(|some| block(some.to_vec())).collect();
            let mut differing: Vec<_> = dimensions.iter().flatten().collect();
            differing.sort_unstable();
            differing.dedup();
            prop_assert_eq!(look(known, blocks).is_err(), known.is_none() && differing.len() > 1);
        }
    }
}
