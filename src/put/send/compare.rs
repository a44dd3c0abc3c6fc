//! What a verification does with a batch: reads it back instead of sending it, and decides for each record whether the
//! index has it unchanged.
//!
//! Floats are compared bit by bit, so that `-0.0` differs from `0.0`. Metadata is compared as JSON values: the order of
//! members does not matter, and an empty object equals none.

use std::collections::HashMap;

use serde_json::{Map, Value};
use tokio::time::Instant;

use super::ending::{refused, unreachable};
use super::evidence::{Shown, cause};
use super::read_back::{KEYS, LOOK_AGAIN, Reading, Unread, metadata};
use super::{Progress, Sender};
use crate::call::{Because, GaveUp};
use crate::exit::{ErrorCode, Failure};
use crate::oss::error::{CallError, ServiceError, Verdict};
use crate::oss::operation::Operation;
use crate::oss::wire::VectorElement;
use crate::put::batch::Batch;
use crate::put::books::outcome::{LastAnswer, Outcome};
use crate::record::{Reason, Vector};
use crate::shown::{KEY, bounded};
use crate::words::{count, plural};

/// The result for some records, by their indices in the batch.
enum Held {
    /// The records that the index does not have unchanged, and why.
    Compared(Vec<(usize, Reason)>),
    /// The service refuses one of them without saying which.
    Refused(Box<ServiceError>),
    /// The run ends here.
    Unread,
}

impl Sender {
    /// Reads `batch` back and decides for each of its records whether the index has it.
    pub(crate) async fn compare(&self, batch: Batch) -> Outcome {
        let indices: Vec<_> = (0..batch.vectors.len()).collect();
        let mut progress = Progress::new(batch);
        let mut parts: Vec<_> = indices.chunks(KEYS).rev().map(<[usize]>::to_vec).collect();
        while let Some(part) = parts.pop() {
            if progress.stop.is_some() || self.caller.is_halted() {
                progress.not_sent += part.len() as u64;
                continue;
            }
            match self.held(&part, &mut progress).await {
                Held::Compared(findings) => {
                    progress.stored += (part.len() - findings.len()) as u64;
                    for (index, reason) in findings {
                        progress.reject(&[index], &reason);
                    }
                }
                Held::Refused(refusal) => match part.split_at(part.len() / 2) {
                    ([], alone) => self.unreadable_alone(alone, *refusal, &mut progress),
                    (first, second) => parts.extend([second.to_vec(), first.to_vec()]),
                },
                Held::Unread => progress.not_sent += part.len() as u64,
            }
        }
        let interrupted = progress.stop.is_some() || self.caller.is_halted();
        progress.outcome(interrupted, None)
    }

    /// Compares some records with the index. Findings are checked once more, since a write may become visible a little
    /// late.
    async fn held(&self, part: &[usize], progress: &mut Progress) -> Held {
        let first = self.findings(part, progress).await;
        let Held::Compared(findings) = first else { return first };
        let Some(wait) = LOOK_AGAIN.first().filter(|_| !findings.is_empty()) else {
            return Held::Compared(findings);
        };
        if self.caller.until_the_end(tokio::time::sleep(*wait)).await.is_none() {
            return Held::Unread;
        }
        let again: Vec<_> = findings.into_iter().map(|(index, _)| index).collect();
        self.findings(&again, progress).await
    }

    /// The same with a single check. A response that cannot be parsed is requested again.
    async fn findings(&self, part: &[usize], progress: &mut Progress) -> Held {
        let vectors = progress.vectors(part);
        let vectors: Vec<_> = vectors.iter().collect();
        let batch = Some(progress.batch.number);
        let reading = Reading { caller: &self.caller, index_name: &self.index_name, batch, is_work: true };
        let mut waits = LOOK_AGAIN.into_iter();
        loop {
            match reading.read(&vectors, &mut progress.effort).await {
                Ok(stored) => {
                    self.evidence.stored(progress.effort.sent);
                    progress.last = LastAnswer { status: Some(200), ..LastAnswer::default() };
                    let found =
                        |(index, vector): (&usize, &&Vector)| Some((*index, finding(vector, &stored)?));
                    return Held::Compared(part.iter().zip(&vectors).filter_map(found).collect());
                }
                Err(Unread::GaveUp(gave_up)) => return progress.unread(gave_up),
                Err(Unread::Unreadable(error)) => {
                    let Some(wait) = waits.next() else {
                        progress.stop = Some(not_vectors(&error));
                        return Held::Unread;
                    };
                    let waited = self.caller.until_the_end(tokio::time::sleep(wait)).await;
                    if waited.is_none() {
                        return Held::Unread;
                    }
                }
            }
        }
    }

    /// Rejects a record whose key the service refuses to look up alone; if it refuses all of them, the run ends.
    fn unreadable_alone(&self, part: &[usize], refusal: ServiceError, progress: &mut Progress) {
        let key = progress.vectors(part).first().map(Vector::key).unwrap_or_default();
        let cause = cause(&refusal.code, &refusal.message, &key, &refusal.request_id);
        let shown = self.evidence.refused_alone(cause, Instant::now());
        let ServiceError { code, message, request_id, .. } = refusal.clone();
        progress.reject(part, &Reason::Refused { code, message, request_id });
        if shown != Shown::Record {
            progress.stop = Some(refused(&CallError::Service(Box::new(refusal)), Operation::GetVectors));
        }
    }
}

impl Progress {
    /// The result for the records of a request without an answer.
    fn unread(&mut self, GaveUp { error, because, .. }: GaveUp) -> Held {
        match (because, error) {
            (Because::Verdict(Verdict::Split | Verdict::Refuse), Some(CallError::Service(refusal))) => {
                return Held::Refused(refusal);
            }
            (Because::Verdict(_), Some(error)) => self.stop = Some(refused(&error, Operation::GetVectors)),
            (Because::Budget, Some(error)) => self.stop = Some(unreachable(&error)),
            (Because::Halted, _) | (_, None) => {}
        }
        Held::Unread
    }
}

fn not_vectors(error: &str) -> Failure {
    Failure::new(ErrorCode::NotTheService, format!("the response to GetVectors cannot be used: {error}"))
        .advise("check that --endpoint is an OSS Vectors service")
}

/// How the index differs from a record under its key, if it does.
fn finding(vector: &Vector, stored: &HashMap<String, VectorElement>) -> Option<Reason> {
    let Some(stored) = stored.get(&vector.key()) else { return Some(Reason::Missing) };
    let what = match serde_json::from_slice::<VectorElement>(vector.wire()) {
        Ok(record) => difference(&record, stored)?,
        Err(error) => format!("bug in ossvec: the record cannot be compared: {error}"),
    };
    Some(Reason::Different { what })
}

/// The first difference between a stored vector and the record.
fn difference(record: &VectorElement, stored: &VectorElement) -> Option<String> {
    let data = |vector: &VectorElement| vector.data.as_ref().map(|data| data.float32.clone());
    match (data(record), data(stored)) {
        (Some(wanted), Some(found)) => differing_numbers(&wanted, &found),
        (None, None) => None,
        (_, None) => Some("it has no float32 data".to_owned()),
        (None, Some(_)) => Some("it has float32 data".to_owned()),
    }
    .or_else(|| differing_metadata(metadata(record), metadata(stored)))
}

fn differing_numbers(wanted: &[f32], found: &[f32]) -> Option<String> {
    if wanted.len() != found.len() {
        let (found, wanted) = (found.len() as u64, wanted.len() as u64);
        return Some(format!("it has {}, not {}", plural(found, "element"), count(wanted)));
    }
    let both = wanted.iter().zip(found).enumerate();
    let mut differing = both.filter(|(_, (wanted, found))| wanted.to_bits() != found.to_bits());
    let (index, (wanted, found)) = differing.next()?;
    let more = match differing.count() {
        0 => String::new(),
        1 => ", and 1 more differs".to_owned(),
        more => format!(", and {more} more differ"),
    };
    Some(format!("element {index} is {found}, not {wanted}{more}"))
}

fn differing_metadata(wanted: Option<Value>, found: Option<Value>) -> Option<String> {
    if wanted == found {
        return None;
    }
    let members = |value: Option<Value>| match value {
        Some(Value::Object(members)) => Some(members),
        None => Some(Map::new()),
        Some(_) => None,
    };
    let (Some(wanted), Some(found)) = (members(wanted), members(found)) else {
        return Some("its metadata is not an object".to_owned());
    };
    let name = |name: &str| bounded(name, KEY);
    let value = |value: &Value| bounded(&value.to_string(), KEY);
    let of_record = wanted.iter().find_map(|(field, wanted)| match found.get(field) {
        Some(found) if found == wanted => None,
        Some(found) => Some(format!("metadata {} is {}, not {}", name(field), value(found), value(wanted))),
        None => Some(format!("metadata {} is not there", name(field))),
    });
    let of_index = || found.keys().find(|field| !wanted.contains_key(*field));
    of_record.or_else(|| of_index().map(|field| format!("metadata {} is not in the record", name(field))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::record::Position;

    fn element(value: &Value) -> VectorElement {
        serde_json::from_str(&value.to_string()).unwrap()
    }

    fn of(numbers: &str, metadata: &Value) -> VectorElement {
        let text = format!("{{\"key\":\"a\",\"data\":{{\"float32\":{numbers}}},\"metadata\":{metadata}}}");
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn what_differs_is_named_with_both_values() {
        let none = json!({});
        let record = |numbers: &str| of(numbers, &json!({ "color": "red", "tags": ["a", "b"] }));
        let all = [
            (of("[1,0.25]", &none), of("[1,0.5]", &none)),
            (of("[1,0.25,2]", &none), of("[2,0.5,2]", &none)),
            (of("[1,2,3]", &none), of("[2,3,4]", &none)),
            (of("[1,0.0]", &none), of("[1,-0.0]", &none)),
            (of("[0.1]", &none), of("[0.10000001]", &none)),
            (of("[1,2]", &none), of("[1]", &none)),
            (of("[1]", &none), element(&json!({ "key": "a" }))),
            (record("[1]"), of("[1]", &json!({ "color": "blue", "tags": ["a", "b"] }))),
            (record("[1]"), of("[1]", &json!({ "color": "red", "tags": ["b", "a"] }))),
            (record("[1]"), of("[1]", &json!({ "color": "red" }))),
            (record("[1]"), of("[1]", &json!({ "color": "red", "tags": ["a", "b"], "size": 1 }))),
            (record("[1]"), element(&json!({ "key": "a", "data": { "float32": [1] } }))),
            (of("[1]", &json!({ "n": "1" })), of("[1]", &json!({ "n": 1 }))),
        ];
        let told = all.map(|(record, stored)| difference(&record, &stored).unwrap());
        insta::assert_snapshot!(told.join("\n"), @r#"
        element 1 is 0.5, not 0.25
        element 0 is 2, not 1, and 1 more differs
        element 0 is 2, not 1, and 2 more differ
        element 1 is -0, not 0
        element 0 is 0.10000001, not 0.1
        it has 1 element, not 2
        it has no float32 data
        metadata color is "blue", not "red"
        metadata tags is ["b","a"], not ["a","b"]
        metadata tags is not there
        metadata size is not in the record
        metadata color is not there
        metadata n is 1, not "1"
        "#);
    }

    #[test]
    fn what_is_written_otherwise_and_means_the_same_is_equal() {
        let none = json!({});
        for (record, stored) in [
            (of("[0.1,1]", &none), of("[0.100000001490116119384765625, 1.0]", &none)),
            // Rounded twice, via double precision, this is its neighbour.
            (of("[7.038531e-26]", &none), of("[7.0385306918512091e-26]", &none)),
            (of("[1]", &json!({ "a": "1", "b": "2" })), of("[1]", &json!({ "b": "2", "a": "1" }))),
            (of("[1]", &none), element(&json!({ "key": "a", "data": { "float32": [1] } }))),
        ] {
            assert_eq!(difference(&record, &stored), None);
        }
    }

    #[test]
    fn a_key_that_is_not_in_the_answer_is_missing() {
        let wire = r#"{"key":"a","data":{"float32":[1]}}"#;
        let vector = Vector::alone(Position::default(), wire, r#""a""#.len());
        let stored = |key: &str| HashMap::from([(key.to_owned(), of("[1]", &json!({})))]);
        assert_eq!(finding(&vector, &stored("a")), None);
        assert_eq!(finding(&vector, &stored("b")), Some(Reason::Missing));
    }

    proptest! {
        /// Any bit of any float counts.
        #[test]
        fn one_bit_is_a_difference(
            numbers in prop::collection::vec(prop::num::f32::NORMAL | prop::num::f32::ZERO, 1..20),
            at: prop::sample::Index,
            bit in 0_u32..32,
        ) {
            let at = at.index(numbers.len());
            let mut other = numbers.clone();
            other[at] = f32::from_bits(other[at].to_bits() ^ 1 << bit);
            prop_assume!(other[at].is_finite());
            let text = |numbers: &[f32]| serde_json::to_string(numbers).unwrap();
            let (record, stored) = (of(&text(&numbers), &json!({})), of(&text(&other), &json!({})));
            prop_assert!(difference(&record, &stored).is_some());
            prop_assert_eq!(difference(&record, &record), None);
        }
    }
}
