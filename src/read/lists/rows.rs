//! Rows of columns in JSON text, in the form that later steps read.

use std::sync::Arc;

use bytes::Bytes;

use super::plan::{Member, Value};
use crate::record::Reason;
use crate::record::rows::{Placed, Rows};

/// What all rows of a file share.
#[derive(Debug)]
pub(super) struct Fields {
    members: Vec<Member>,
    /// Their names as JSON, each with a colon.
    names: Vec<String>,
}

impl Fields {
    pub(super) fn new(members: Vec<Member>) -> Self {
        let quoted = |member: &Member| format!("{}:", serde_json::Value::from(member.name.as_str()));
        let names = members.iter().map(quoted).collect();
        Self { members, names }
    }

    /// Whether a field has one of these names.
    pub(super) fn has_any(&self, names: &[&str]) -> bool {
        self.members.iter().any(|member| names.contains(&member.name.as_str()))
    }
}

/// Some rows.
#[derive(Debug)]
pub(super) struct ListRows {
    pub(super) fields: Arc<Fields>,
    /// The values of each column read, row by row.
    pub(super) columns: Vec<Vec<Bytes>>,
    /// The labels of the rows, if they have any.
    pub(super) labels: Vec<Bytes>,
    /// The cells of the rows, if rows are arrays.
    pub(super) cells: Vec<Vec<Bytes>>,
}

impl ListRows {
    fn value(&self, value: Value, row: usize) -> Option<&Bytes> {
        match value {
            Value::Of(column) => self.columns.get(column)?.get(row),
            Value::Label => self.labels.get(row),
            Value::Cell(cell) => self.cells.get(row)?.get(cell),
            Value::There => None,
        }
    }

    /// Appends a row; fields that are not read only `with_others`, as a marker that they exist.
    fn row(&self, row: usize, with_others: bool, text: &mut Vec<u8>) {
        text.push(b'{');
        let mut is_first = true;
        for (member, name) in self.fields.members.iter().zip(&self.fields.names) {
            if member.value == Value::There && !with_others {
                continue;
            }
            if !std::mem::take(&mut is_first) {
                text.push(b',');
            }
            text.extend_from_slice(name.as_bytes());
            match member.value {
                // Nothing that a field may hold, whatever it is taken for.
                Value::There => text.extend_from_slice(b"[[]]"),
                value => text.extend_from_slice(self.value(value, row).map_or(&b"null"[..], |value| value)),
            }
        }
        text.push(b'}');
    }
}

impl Rows for ListRows {
    fn labels(&self) -> Vec<String> {
        self.fields.members.iter().map(|member| member.name.clone()).collect()
    }

    fn write(&self, row: usize, text: &mut Vec<u8>, _: &mut Vec<Placed>) {
        self.row(row, true, text);
    }

    fn numbers(&self, _: usize, _: usize, _: &mut Vec<f32>) -> Result<(), Reason> {
        Ok(())
    }

    fn whole(&self, row: usize) -> Vec<u8> {
        let mut text = Vec::new();
        self.row(row, false, &mut text);
        text
    }

    fn text_bytes(&self) -> usize {
        let lists = self.columns.iter().chain(&self.cells);
        let bytes: usize = lists.flatten().map(Bytes::len).sum();
        bytes / self.columns.first().map_or(1, Vec::len).max(1)
    }
}
