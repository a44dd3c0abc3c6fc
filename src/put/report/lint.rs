//! The findings of lint, in words and for scripts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::notes::{self, Note};
use crate::exit::{ErrorCode, Failure};
use crate::lint::{Counted, Found};
use crate::record::{Input, Oddity, place};
use crate::words::{count, plural};

/// The count of one kind of finding for the summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LintCount {
    /// Records that it is about.
    pub count: u64,
    /// The place of the first of them.
    pub first: String,
    /// The number of different vectors among them, if keys share vectors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vectors: Option<u64>,
}

/// Which findings end a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forbidden {
    /// Nothing.
    Nothing,
    /// All of them, since `--strict` treats notes as errors.
    Noted,
    /// Those that do not reject a record, since `--lint deny` cannot handle them otherwise.
    NotRejected,
}

impl Forbidden {
    /// What is forbidden if odd records are rejected, or notes are errors, or both.
    pub(crate) fn by(denies: bool, is_strict: bool) -> Self {
        match (denies, is_strict) {
            (true, _) => Self::NotRejected,
            (false, true) => Self::Noted,
            (false, false) => Self::Nothing,
        }
    }

    /// The error that ends a load with these findings.
    pub(super) fn failure(self, found: &Found, inputs: &[Input]) -> Option<Failure> {
        match self {
            Self::Nothing => None,
            Self::Noted => notes::strict(&notes(found, inputs)),
            Self::NotRejected => {
                let notes = notes(found, inputs);
                let note = notes.iter().find(|note| note.code == Oddity::Norms.code())?;
                let failure = Failure::new(ErrorCode::Lint, format!("--lint deny: {}", note.found()));
                Some(failure.advise(format!("{}; without --lint deny this is only a note", note.cure)))
            }
        }
    }
}

/// The findings by their codes.
pub(super) fn counts(found: &Found, inputs: &[Input]) -> BTreeMap<&'static str, LintCount> {
    let told = |(oddity, counted): (Oddity, Counted)| {
        let vectors = (oddity == Oddity::Shared).then_some(found.shared_vectors);
        (oddity.code(), LintCount { count: counted.count, first: place(inputs, counted.first), vectors })
    };
    found.list().map(told).collect()
}

/// A note for each kind of finding.
pub(super) fn notes(found: &Found, inputs: &[Input]) -> Vec<Note> {
    let note = |(oddity, counted): (Oddity, Counted)| Note {
        code: oddity.code(),
        message: message(found, oddity, counted.count),
        count: counted.count,
        first: Some(place(inputs, counted.first)),
        cure: oddity.cure(),
    };
    found.list().map(note).collect()
}

fn message(found: &Found, oddity: Oddity, number: u64) -> String {
    let vectors = |number: u64| plural(number, "vector");
    let (are, make) = if number == 1 { ("is", "makes") } else { ("are", "make") };
    let only = |what: &str| format!("{} {make} sense only {what}", vectors(number));
    match oddity {
        Oddity::Constant => format!("{} {are} constant: all elements are equal", vectors(number)),
        Oddity::ByteOrder => only("with the bytes of each element in reverse order"),
        Oddity::Float16 => only("as float16 that was read as float32"),
        Oddity::Float64 => only("as float64 that was read as float32"),
        Oddity::Shared => {
            let shared = found.shared_vectors;
            let are = if shared == 1 { "is" } else { "are" };
            format!("{} {are} shared by {} keys", vectors(shared), count(number))
        }
        Oddity::Norms => {
            let (unit, far) = found.norms.unwrap_or_default();
            if far <= unit {
                format!("{} with a norm far from 1 among {} of norm 1", vectors(far), count(unit))
            } else {
                format!("{} of norm 1 among {} with a norm far from it", vectors(unit), count(far))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::Lint;
    use crate::record::Position;
    use crate::testing::printed;

    fn found(times: u64) -> Found {
        let mut lint = Lint::new(true);
        for oddity in Oddity::ALL {
            let times = if oddity == Oddity::Shared { times.max(10) } else { times };
            for record in 6..6 + times {
                let at = Position { record, line: record + 1, ..Position::default() };
                lint.rejected(at, oddity);
            }
        }
        let mut found = lint.found(true);
        (found.shared_vectors, found.norms) = (times.div_ceil(1_000), Some((5_000, times)));
        found
    }

    fn inputs() -> Vec<Input> {
        vec![Input::File("a.jsonl".into())]
    }

    #[test]
    fn every_finding_says_how_many_where_and_what_to_do() {
        let lines = |times| {
            let notes = notes(&found(times), &inputs());
            notes.iter().map(|note| format!("{}: {}\n", note.code, note.words())).collect::<Vec<_>>().concat()
        };
        insta::assert_snapshot!(lines(1), @"
        lint_constant: 1 vector is constant: all elements are equal, first at a.jsonl:7; compute these embeddings again
        lint_byte_order: 1 vector makes sense only with the bytes of each element in reverse order, first at a.jsonl:7; write little-endian float32, in NumPy with array.byteswap()
        lint_float16: 1 vector makes sense only as float16 that was read as float32, first at a.jsonl:7; write float32, in NumPy with array.astype('<f4')
        lint_float64: 1 vector makes sense only as float64 that was read as float32, first at a.jsonl:7; write float32, in NumPy with array.astype('<f4')
        lint_shared: 1 vector is shared by 10 keys, first at a.jsonl:7; check whether the provider sent a fallback, and compute these embeddings again
        lint_norms: 1 vector with a norm far from 1 among 5,000 of norm 1, first at a.jsonl:7; check whether they come from different models, or normalize all of them
        ");
        insta::assert_snapshot!(lines(1_200), @"
        lint_constant: 1,200 vectors are constant: all elements are equal, first at a.jsonl:7; compute these embeddings again
        lint_byte_order: 1,200 vectors make sense only with the bytes of each element in reverse order, first at a.jsonl:7; write little-endian float32, in NumPy with array.byteswap()
        lint_float16: 1,200 vectors make sense only as float16 that was read as float32, first at a.jsonl:7; write float32, in NumPy with array.astype('<f4')
        lint_float64: 1,200 vectors make sense only as float64 that was read as float32, first at a.jsonl:7; write float32, in NumPy with array.astype('<f4')
        lint_shared: 2 vectors are shared by 1,200 keys, first at a.jsonl:7; check whether the provider sent a fallback, and compute these embeddings again
        lint_norms: 1,200 vectors with a norm far from 1 among 5,000 of norm 1, first at a.jsonl:7; check whether they come from different models, or normalize all of them
        ");
    }

    #[test]
    fn under_deny_only_what_rejects_no_record_ends_a_load() {
        let failure = |denies, is_strict| Forbidden::by(denies, is_strict).failure(&found(3), &inputs());
        assert_eq!(failure(false, false), None);
        assert_eq!(failure(false, true).unwrap().code, ErrorCode::Strict);
        assert_eq!(failure(true, false), failure(true, true));
        insta::assert_snapshot!(printed(failure(true, false)), @"
        --lint deny: 3 vectors with a norm far from 1 among 5,000 of norm 1, first at a.jsonl:7
            check whether they come from different models, or normalize all of them; without --lint deny this is only a note
        ");
        let mut many = found(1);
        many.norms = Some((10, 30));
        assert_eq!(
            message(&many, Oddity::Norms, 10),
            "10 vectors of norm 1 among 30 with a norm far from it"
        );
        assert_eq!(Forbidden::NotRejected.failure(&Found::default(), &inputs()), None);
    }
}
