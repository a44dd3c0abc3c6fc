//! One row of a delimited file: cells of the named columns land in the scratch.

use std::str;
use std::sync::Arc;

use super::fields::{Choice, Field, Fields, holds_metadata, is_namespace, loose};
use super::findings::{Book, Kind};
use super::metadata::Under;
use super::{Key, Scratch};
use crate::put::record::{Columns, Position, Reason};

/// What the columns of one file are for.
#[derive(Debug)]
pub(super) struct Header {
    columns: Arc<Columns>,
    /// Rank and column of the key.
    key: Option<(usize, usize)>,
    vectors: Vec<(usize, usize)>,
    metadata: Vec<usize>,
    namespace: Option<usize>,
    /// The first field that `--metadata` names and the file lacks.
    missing: Option<String>,
    /// What is known of all rows alike.
    told: Vec<(Kind, String)>,
    rows: u64,
    first: Position,
}

impl Header {
    pub(super) fn new(columns: &Arc<Columns>, fields: &Fields) -> Self {
        let find = |choice: &Choice| -> Vec<(usize, usize)> {
            let place = |name: &str| columns.0.iter().position(|column| column == name);
            let ranks = choice.candidates.iter().enumerate();
            ranks.filter_map(|(rank, field)| place(field.text()).map(|column| (rank, column))).collect()
        };
        let key = find(&fields.key).into_iter().next();
        let vectors = find(&fields.vector);
        let mut metadata: Vec<_> = find(&fields.metadata).into_iter().map(|(_, column)| column).collect();
        metadata
            .retain(|column| columns.0.get(*column).is_none_or(|name| fields.left_out("", name).is_none()));
        if !fields.metadata.named {
            metadata.truncate(1);
        }
        let is_part = |column: &usize| {
            key.is_some_and(|(_, key)| key == *column) || vectors.iter().any(|(_, vector)| vector == column)
        };
        let mut told = fields.named().filter(|(_, name)| columns.0.contains(name)).collect::<Vec<_>>();
        for (column, name) in columns.0.iter().enumerate() {
            let is_used = is_part(&column) || metadata.contains(&column);
            if is_used || name.is_empty() || fields.left_out("", name).is_some() {
                continue;
            }
            if fields.all {
                metadata.push(column);
                told.push((Kind::Stored, name.clone()));
            } else {
                told.push((loose(name, Kind::Column), name.clone()));
            }
        }
        let namespace = columns.0.iter().position(|name| is_namespace(name) && !fields.is_settled(name));
        let missing = Some(&fields.metadata).filter(|choice| choice.named).and_then(|choice| {
            choice
                .candidates
                .iter()
                .map(Field::text)
                .find(|name| !columns.0.iter().any(|column| column == name))
        });
        let missing = missing.map(str::to_owned);
        let (columns, first) = (Arc::clone(columns), Position::default());
        Self { columns, key, vectors, metadata, namespace, missing, told, rows: 0, first }
    }

    /// Whether it is that of these columns.
    pub(super) fn is_of(&self, columns: &Arc<Columns>) -> bool {
        Arc::ptr_eq(&self.columns, columns)
    }

    /// Counts a row.
    pub(super) fn count(&mut self, position: Position) {
        if self.rows == 0 {
            self.first = position;
        }
        self.rows += 1;
    }

    /// Notes what is known of all rows alike, and begins to count anew.
    pub(super) fn tell(&mut self, book: &mut Book) {
        let rows = std::mem::take(&mut self.rows);
        for (kind, name) in self.told.iter().filter(|_| rows > 0) {
            book.note_all(*kind, name, rows, self.first);
        }
    }

    fn name(&self, column: usize) -> &str {
        self.columns.0.get(column).map_or("", String::as_str)
    }
}

/// Reads the row `cells` under its header into `scratch`.
pub(super) fn read(
    header: &Header,
    cells: &csv::ByteRecord,
    under: Under<'_>,
    scratch: &mut Scratch,
) -> Result<(), Reason> {
    let columns = header.columns.0.len();
    if cells.len() != columns {
        return Err(Reason::Ragged { want: columns, got: cells.len() });
    }
    let cell = |column: usize| {
        str::from_utf8(cells.get(column).unwrap_or_default()).map_err(|_| Reason::Syntax {
            detail: format!("the cell in column {} is not UTF-8", header.name(column)),
        })
    };
    if let Some((rank, column)) = header.key {
        let judged = Ok(cell(column)?.to_owned());
        scratch.key = Some(Key { rank, judged, start: 0, end: 0 });
    }
    for (rank, column) in &header.vectors {
        scratch.vector_cell(*rank, &under.fields.vector, cell(*column)?);
    }
    if let Some(column) = &header.missing {
        return Err(Reason::NoColumn { column: column.clone() });
    }
    if let Some(namespace) = header.namespace {
        let namespace = String::from_utf8_lossy(cells.get(namespace).unwrap_or_default());
        scratch.book.note(Kind::Namespace, "", &namespace);
    }
    for column in &header.metadata {
        let (name, cell) = (header.name(*column), cell(*column)?);
        let is_usual = !under.fields.metadata.named && !under.fields.all;
        let taken = if is_usual && !cell.trim().is_empty() {
            scratch.metadata_cell(name, cell, under)
        } else if cell.is_empty() || (holds_metadata(name) && cell.trim().is_empty()) {
            Ok(())
        } else {
            scratch.metadata.cell(name, cell, under)
        };
        if let Err(reason) = taken {
            scratch.problem(reason);
        }
    }
    Ok(())
}
