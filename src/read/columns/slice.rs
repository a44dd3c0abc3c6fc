//! Rows that were decoded together, in the form that later steps read.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};

use super::plan::{Member, Plan, Shown, Spread};
use super::{arrow_text, cell, numbers, spelling};
use crate::record::Reason;
use crate::record::rows::{Looks, Placed, Rows};

/// The limits of a slice in bytes of numbers and text, by the file's own figures, and in rows: as much as a block of
/// text, so that the cost per slice is small.
pub(super) const SLICE_BYTES: u64 = 256 << 10;
pub(super) const SLICE_ROWS: u64 = 512;

/// Some rows of the columns read.
#[derive(Debug)]
pub(super) struct Slice {
    plan: Arc<Plan>,
    columns: Vec<ArrayRef>,
    text_bytes: usize,
}

/// Where numbers go.
enum Numbers<'a> {
    Beside(&'a mut Vec<Placed>),
    /// Into the text, as float32 where they are.
    InText,
}

impl Slice {
    pub(super) fn new(plan: Arc<Plan>, columns: Vec<ArrayRef>, rows: usize) -> Self {
        /// The shortest text of a number is about three times as long as a float32.
        const GROWTH: usize = 3;
        let bytes: usize = columns.iter().map(size).sum();
        Self { plan, columns, text_bytes: bytes * GROWTH / rows.max(1) }
    }

    fn row(&self, row: usize, out: &mut Vec<u8>, mut numbers: Numbers<'_>) {
        out.push(b'{');
        let mut is_first = true;
        let mut begin = |out: &mut Vec<u8>, name: &str| {
            if !std::mem::take(&mut is_first) {
                out.push(b',');
            }
            out.extend_from_slice(name.as_bytes());
        };
        let is_beside = matches!(numbers, Numbers::Beside(_));
        for column in &self.plan.members {
            let values = column.read.and_then(|read| self.columns.get(read));
            if (values.is_none() && !is_beside) || (is_beside && column.member.shown.is_element()) {
                continue;
            }
            begin(out, &column.member.name);
            match values {
                Some(values) => value(values.as_ref(), row, &column.member, out, &mut numbers),
                None if matches!(column.member.shown, Shown::Nothing) => out.extend_from_slice(b"null"),
                // Its content is unknown; it only exists.
                None => out.push(b'1'),
            }
        }
        if let (Numbers::Beside(placed), Some(wide)) = (numbers, &self.plan.wide) {
            begin(out, &wide.name);
            placed.push(Placed { at: out.len(), vector: self.plan.vectors.len() });
            out.extend_from_slice(b"null");
        }
        out.push(b'}');
    }
}

impl Slice {
    /// Appends the numbers of a vector with one column per number.
    fn spread(&self, wide: &Spread, row: usize, out: &mut Vec<f32>) -> Result<(), Reason> {
        if let Some(problem) = &wide.problem {
            return Err(problem.clone());
        }
        for (index, (column, name)) in wide.columns.iter().enumerate() {
            let Some(values) = self.columns.get(*column) else { continue };
            if values.is_null(row) {
                return Err(Reason::NotANumber { index, text: format!("null ({name})") });
            }
            numbers::read_one(values.as_ref(), row, out).map_err(|reason| match reason {
                Reason::NotFinite { text, .. } => {
                    Reason::NotFinite { index, text: format!("{text} ({name})") }
                }
                other => other,
            })?;
        }
        Ok(())
    }
}

/// How many bytes the values of a column take, without data shared with other rows.
pub(super) fn size(column: &ArrayRef) -> usize {
    column.to_data().get_slice_memory_size().unwrap_or_default()
}

/// Appends the value of a member in a row.
fn value(values: &dyn Array, row: usize, member: &Member, out: &mut Vec<u8>, numbers: &mut Numbers<'_>) {
    match (&member.shown, numbers) {
        _ if values.is_null(row) => out.extend_from_slice(b"null"),
        (Shown::Nothing, _) => out.extend_from_slice(b"null"),
        (Shown::Vector { vector, is_text_too }, Numbers::Beside(placed)) => {
            placed.push(Placed { at: out.len(), vector: *vector });
            if *is_text_too {
                arrow_text::write(values, row, out);
            } else {
                out.extend_from_slice(b"null");
            }
        }
        (Shown::Vector { .. }, Numbers::InText) => vector_text(values, row, out),
        (Shown::Members(members), numbers) => {
            out.push(b'{');
            for (index, (inner, values)) in members.iter().zip(values.as_struct().columns()).enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                out.extend_from_slice(inner.name.as_bytes());
                value(values.as_ref(), row, inner, out, numbers);
            }
            out.push(b'}');
        }
        (Shown::Presence, Numbers::Beside(_)) => {
            let is_empty = cell::list(values, row).is_some_and(|(_, range)| range.is_empty());
            out.extend_from_slice(if is_empty { b"null" } else { b"1" });
        }
        (Shown::Foreign, _) => out.extend_from_slice(arrow_text::UNSUPPORTED.as_bytes()),
        (Shown::Element, _) => number_text(values, row, out),
        (Shown::Value | Shown::Presence, _) => arrow_text::write(values, row, out),
    }
}

/// The same for a single number.
fn number_text(values: &dyn Array, row: usize, out: &mut Vec<u8>) {
    let mut number = Vec::new();
    match (numbers::read_one(values, row, &mut number), number.first()) {
        (Ok(()), Some(number)) => out.extend_from_slice(spelling::float32(*number).as_bytes()),
        _ => arrow_text::write(values, row, out),
    }
}

/// Appends a vector as text that is parsed to the same float32 numbers, or rejected for the same reason.
fn vector_text(values: &dyn Array, row: usize, out: &mut Vec<u8>) {
    let mut numbers = Vec::new();
    if numbers::read(values, row, &mut numbers).is_err() {
        return arrow_text::write(values, row, out);
    }
    out.push(b'[');
    for (index, number) in numbers.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(spelling::float32(number).as_bytes());
    }
    out.push(b']');
}

impl Rows for Slice {
    fn labels(&self) -> Vec<String> {
        self.plan.columns.labels().map(Cow::into_owned).collect()
    }

    fn looks(&self) -> Looks {
        self.plan.looks.clone()
    }

    fn voids(&self) -> Vec<String> {
        self.plan.voids.clone()
    }

    fn write(&self, row: usize, text: &mut Vec<u8>, vectors: &mut Vec<Placed>) {
        self.row(row, text, Numbers::Beside(vectors));
    }

    fn numbers(&self, vector: usize, row: usize, out: &mut Vec<f32>) -> Result<(), Reason> {
        if let (true, Some(wide)) = (vector == self.plan.vectors.len(), &self.plan.wide) {
            return self.spread(wide, row, out);
        }
        let place = self.plan.vectors.get(vector).map_or(&[][..], Vec::as_slice);
        let mut values = place.first().and_then(|column| self.columns.get(*column));
        for member in place.iter().skip(1) {
            values = values.and_then(|values| values.as_struct().columns().get(*member));
        }
        values.map_or(Ok(()), |values| numbers::read(values.as_ref(), row, out))
    }

    fn whole(&self, row: usize) -> Vec<u8> {
        let mut text = Vec::new();
        self.row(row, &mut text, Numbers::InText);
        text
    }

    fn text_bytes(&self) -> usize {
        self.text_bytes
    }
}
