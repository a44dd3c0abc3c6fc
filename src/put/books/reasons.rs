//! Why records are rejected: counted by reason, with the first record of each in the order of the input, in whatever
//! order their batches ended. Pure.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::record::{Defect, Input, Position, place};

/// The count of one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReasonCount {
    /// Records.
    pub count: u64,
    /// The place of the first.
    pub first: String,
    /// Its message.
    pub example: String,
}

/// The reasons so far, by code.
#[derive(Debug, Default)]
pub(crate) struct Reasons(BTreeMap<&'static str, Met>);

/// The records of one reason.
#[derive(Debug)]
struct Met {
    count: u64,
    /// The place of the first.
    first: Position,
    /// Its message.
    example: String,
}

impl Reasons {
    /// Counts some records.
    pub(crate) fn add_all(&mut self, defects: &[Defect]) {
        for defect in defects {
            self.add(defect.reason.code(), defect.position, defect.reason.told());
        }
    }

    fn add(&mut self, code: &'static str, at: Position, message: String) {
        let met = self.0.entry(code).or_insert_with(|| Met { count: 0, first: at, example: String::new() });
        met.count += 1;
        if met.count == 1 || at < met.first {
            (met.first, met.example) = (at, message);
        }
    }

    /// Corrects a reason, if there is one, to this count and this first record.
    pub(crate) fn correct(&mut self, code: &'static str, count: u64, first: Option<(Position, &str)>) {
        if count == 0 {
            self.0.remove(code);
        } else if let Some(met) = self.0.get_mut(code) {
            met.count = count;
            if let Some((at, message)) = first {
                (met.first, met.example) = (at, message.to_owned());
            }
        }
    }

    /// The most common reason, with an example.
    pub(crate) fn commonest(&self) -> String {
        let commonest = self.0.iter().max_by_key(|(_, met)| met.count);
        commonest.map_or_else(String::new, |(code, met)| format!("{code}: {}", met.example))
    }

    /// The reasons for the summary.
    pub(crate) fn told(&self, inputs: &[Input]) -> BTreeMap<String, ReasonCount> {
        let told = |(code, met): (&&str, &Met)| {
            let Met { count, first, example } = met;
            let (first, example) = (place(inputs, *first), example.clone());
            ((*code).to_owned(), ReasonCount { count: *count, first, example })
        };
        self.0.iter().map(told).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_record_of_a_reason_is_the_first_in_the_input_whatever_the_order_in_which_they_are_met(
            records in prop::collection::vec((0u32..3, 0u64..1_000, 0usize..2), 1..60),
        ) {
            let inputs: Vec<_> = (0..3).map(|name| Input::File(PathBuf::from(name.to_string()))).collect();
            let position = |input, offset| Position { input, offset, line: offset + 1, record: offset, ..Position::default() };
            let mut reasons = Reasons::default();
            for (input, offset, code) in &records {
                let message = format!("{input} {offset}");
                reasons.add(["dimension", "no_key"][*code], position(*input, *offset), message);
            }
            let told = reasons.told(&inputs);
            for (at, code) in ["dimension", "no_key"].into_iter().enumerate() {
                let of = records.iter().filter(|(_, _, of)| *of == at);
                let wanted = of.clone().min().map(|(input, offset, _)| ReasonCount {
                    count: of.count() as u64,
                    first: format!("{input}:{}", offset + 1),
                    example: format!("{input} {offset}"),
                });
                prop_assert_eq!(told.get(code), wanted.as_ref());
            }
        }
    }
}
