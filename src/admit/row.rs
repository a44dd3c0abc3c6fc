//! One row of a delimited file: cells of the named columns land in the scratch.

use std::str;
use std::sync::Arc;

use super::fields::{Choice, Field, Fields, holds_metadata, is_namespace, loose};
use super::findings::{Book, Kind};
use super::metadata::Under;
use super::not_text;
use super::scratch::{Key, Scratch};
use crate::record::{Columns, Position, Reason};

/// What the columns of one file are for.
#[derive(Debug)]
pub(crate) struct Header {
    columns: Arc<Columns>,
    /// Rank and column of the key.
    key: Option<(usize, usize)>,
    vectors: Vec<(usize, usize)>,
    metadata: Vec<usize>,
    namespace: Option<usize>,
    /// Whether rows without a namespace are noted as such.
    notes_no_namespace: bool,
    /// What is wrong with every row: a field that the command line names and the file lacks, or one that two columns could be.
    problem: Option<Reason>,
    /// What is known of all rows alike.
    told: Vec<(Kind, String)>,
    rows: u64,
    first: Position,
}

impl Header {
    pub(crate) fn new(columns: &Arc<Columns>, fields: &Fields) -> Self {
        let mut problem = None;
        let mut find = |choice: &Choice| {
            choice.columns(columns).unwrap_or_else(|reason| {
                problem.get_or_insert(reason);
                Vec::new()
            })
        };
        let (keys, vectors) = (find(&fields.key), find(&fields.vector));
        // What is stored under its column's name must have the name that the user will look for.
        let named =
            if fields.metadata.named { fields.metadata.exactly(columns) } else { find(&fields.metadata) };
        let is_missing = |(rank, _): &(usize, &Field)| named.iter().all(|(found, _)| found != rank);
        let missing =
            fields.metadata.candidates.iter().enumerate().filter(|_| fields.metadata.named).find(is_missing);
        for (option, choice, found) in [("--key", &fields.key, &keys), ("--vector", &fields.vector, &vectors)]
        {
            if choice.named && found.is_empty() {
                problem.get_or_insert(Reason::NoColumn { column: choice.list(), option });
            }
        }
        if let Some((_, field)) = missing {
            problem.get_or_insert(Reason::NoColumn { column: field.text().to_owned(), option: "--metadata" });
        }
        let key = keys.first().copied();
        let mut metadata: Vec<_> = named.iter().map(|(_, column)| *column).collect();
        metadata
            .retain(|column| columns.0.get(*column).is_none_or(|name| fields.left_out("", name).is_none()));
        if !fields.metadata.named {
            metadata.truncate(1);
        }
        let is_part = |column: &usize| {
            key.is_some_and(|(_, key)| key == *column) || vectors.iter().any(|(_, vector)| vector == column)
        };
        let has = |choice: &Choice, found: &[(usize, usize)], name: &str| {
            found.iter().any(|(rank, _)| choice.name(*rank) == name)
        };
        let is_there = |(kind, name): &(Kind, String)| match kind {
            Kind::Key => has(&fields.key, &keys, name),
            Kind::Vector => has(&fields.vector, &vectors, name),
            Kind::Metadata => has(&fields.metadata, &named, name),
            _ => columns.0.contains(name),
        };
        let mut told = fields.named().filter(is_there).collect::<Vec<_>>();
        for ((column, name), label) in columns.0.iter().enumerate().zip(columns.labels()) {
            let is_used = is_part(&column) || metadata.contains(&column);
            if is_used || fields.left_out("", name).is_some() {
                continue;
            }
            if name.is_empty() {
                told.push((Kind::Column, label.into_owned()));
            } else if fields.all {
                metadata.push(column);
                told.push((Kind::Stored, name.clone()));
            } else {
                told.push((loose(name, Kind::Column), name.clone()));
            }
        }
        let namespace = columns.0.iter().position(|name| is_namespace(name) && !fields.is_settled(name));
        let notes_no_namespace = namespace.is_none() && !fields.settles_namespace();
        let (columns, first) = (Arc::clone(columns), Position::default());
        Self { columns, key, vectors, metadata, namespace, notes_no_namespace, problem, told, rows: 0, first }
    }

    /// Whether it is that of these columns.
    pub(crate) fn is_of(&self, columns: &Arc<Columns>) -> bool {
        Arc::ptr_eq(&self.columns, columns)
    }

    /// Counts a row.
    pub(crate) fn count(&mut self, position: Position) {
        if self.rows == 0 {
            self.first = position;
        }
        self.rows += 1;
    }

    /// Notes what is known of all rows alike, and begins to count anew.
    pub(crate) fn tell(&mut self, book: &mut Book) {
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
pub(crate) fn read(
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
        let cell = cells.get(column).unwrap_or_default();
        str::from_utf8(cell).map_err(|_| not_text::cell(cell, header.name(column)))
    };
    if let Some((rank, column)) = header.key {
        let judged = Ok(cell(column)?.to_owned());
        scratch.key = Some(Key { rank, judged, start: 0, end: 0 });
    }
    if header.vectors.is_empty()
        && header.key.is_some()
        && let Some(reason) = spread_vector(&header.columns, cells)
    {
        return Err(reason);
    }
    for (rank, column) in &header.vectors {
        scratch.vector_cell(*rank, &under.fields.vector, cell(*column)?);
    }
    if let Some(problem) = &header.problem {
        return Err(problem.clone());
    }
    if let Some(namespace) = header.namespace {
        let namespace = String::from_utf8_lossy(cells.get(namespace).unwrap_or_default());
        scratch.book.note(Kind::Namespace, "", &namespace);
    } else if header.notes_no_namespace {
        scratch.book.note(Kind::Namespace, "", "");
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

/// Names the columns that seem to hold the numbers of a vector, one each.
fn spread_vector(columns: &Columns, cells: &csv::ByteRecord) -> Option<Reason> {
    let (first, last) = columns.numbered()?;
    let is_number = |name| {
        let cell = columns.exactly(name).and_then(|index| cells.get(index));
        cell.and_then(|cell| str::from_utf8(cell).ok()).is_some_and(|cell| cell.trim().parse::<f64>().is_ok())
    };
    let (first, last) = (is_number(first) && is_number(last)).then_some((first, last))?;
    Some(Reason::SpreadVector { first: first.to_owned(), last: last.to_owned() })
}
