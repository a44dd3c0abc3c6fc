//! One row of a delimited file: puts the cells of the named columns in the scratch.

use std::str;
use std::sync::Arc;

use super::fields::{Choice, Field, Fields, holds_metadata, is_namespace, loose};
use super::findings::{Book, Kind};
use super::metadata::Under;
use super::not_text;
use super::numbers::{self, Separated};
use super::scratch::{Key, Scratch};
use crate::record::{Cells, Columns, Position, Reason};

/// The roles of the columns of one file.
#[derive(Debug)]
pub(crate) struct Header {
    columns: Arc<Columns>,
    /// Rank and column of the key.
    key: Option<(usize, usize)>,
    vectors: Vec<(usize, usize)>,
    /// The columns of a vector with one column per number, in order.
    wide: Vec<usize>,
    /// Columns, and the names under which they are stored, if different.
    metadata: Vec<(usize, Option<String>)>,
    namespace: Option<usize>,
    /// Whether rows without a namespace are noted as such.
    notes_no_namespace: bool,
    /// What is wrong with every row: a field that the command line names and the file lacks, or one that matches two
    /// columns.
    problem: Option<Reason>,
    /// Findings that apply to all rows.
    told: Vec<(Kind, String)>,
    rows: u64,
    first: Position,
}

/// The columns of one file, each as the rank of its candidate and its index.
struct Found {
    keys: Vec<(usize, usize)>,
    vectors: Vec<(usize, usize)>,
    wide: Vec<usize>,
    metadata: Vec<(usize, usize)>,
    problem: Option<Reason>,
}

impl Found {
    fn new(columns: &Columns, fields: &Fields) -> Self {
        let mut problem = None;
        let mut find = |choice: &Choice| {
            choice.columns(columns).unwrap_or_else(|reason| {
                problem.get_or_insert(reason);
                Vec::new()
            })
        };
        let (keys, vectors) = (find(&fields.key), find(&fields.vector));
        // A field stored under its column's name must have exactly the name that the user will look for.
        let metadata =
            if fields.metadata.named { fields.metadata.exactly(columns) } else { find(&fields.metadata) };
        let mut found = Self { keys, vectors, wide: Vec::new(), metadata, problem };
        found.look_for_numbers(columns, fields);
        found.look_for_missing(fields);
        found
    }

    /// Finds the columns of a vector with one column per number.
    fn look_for_numbers(&mut self, columns: &Columns, fields: &Fields) {
        let Some(wide) = fields.wide.as_ref().filter(|_| self.vectors.is_empty()) else { return };
        let is_left_out = |name: &String| fields.left_out("", name).is_some();
        let is_taken = |column: usize| {
            self.key() == Some(column)
                || (fields.metadata.named && self.metadata.iter().any(|(_, metadata)| *metadata == column))
                || columns.0.get(column).is_some_and(is_left_out)
        };
        match wide.columns(&columns.0, is_taken, fields.all) {
            Ok(found) => self.wide = found,
            Err(trouble) => {
                self.problem.get_or_insert(Reason::Wide { pattern: fields.vector.list(), trouble });
            }
        }
    }

    /// Finds what the user names but the file lacks.
    fn look_for_missing(&mut self, fields: &Fields) {
        let has_vector = !self.vectors.is_empty() || !self.wide.is_empty();
        for (option, choice, found) in
            [("--key", &fields.key, !self.keys.is_empty()), ("--vector", &fields.vector, has_vector)]
        {
            if choice.named && !found {
                self.problem.get_or_insert(Reason::NoColumn { column: choice.list(), option });
            }
        }
        let is_missing = |(rank, _): &(usize, &Field)| self.metadata.iter().all(|(found, _)| found != rank);
        let candidates = fields.metadata.candidates.iter().enumerate();
        let missing = candidates.filter(|_| fields.metadata.named).find(is_missing);
        if let Some((_, field)) = missing {
            let column = field.text().to_owned();
            self.problem.get_or_insert(Reason::NoColumn { column, option: "--metadata" });
        }
    }

    fn key(&self) -> Option<usize> {
        self.keys.first().map(|(_, column)| *column)
    }

    /// Whether a name on the command line is that of one of the columns.
    fn has(&self, fields: &Fields, columns: &Columns, kind: Kind, name: &str) -> bool {
        let has = |choice: &Choice, found: &[(usize, usize)]| {
            found.iter().any(|(rank, _)| choice.name(*rank) == name)
        };
        match kind {
            Kind::Key => has(&fields.key, &self.keys),
            Kind::Vector => !self.wide.is_empty() || has(&fields.vector, &self.vectors),
            Kind::Metadata => has(&fields.metadata, &self.metadata),
            _ => columns.exactly(name).is_some(),
        }
    }

    /// Whether a column is the key or a part of the vector.
    fn is_part(&self, column: usize) -> bool {
        self.key() == Some(column)
            || self.vectors.iter().any(|(_, vector)| *vector == column)
            || self.wide.contains(&column)
    }

    /// The columns that the user names as metadata, or the default one.
    fn stored(&self, columns: &Columns, fields: &Fields) -> Vec<(usize, Option<String>)> {
        let is_kept =
            |column: usize| columns.0.get(column).is_none_or(|name| fields.left_out("", name).is_none());
        let is_unnamed = |column: usize| columns.0.get(column).is_some_and(String::is_empty);
        let new_name = |rank: usize, column: usize| {
            let field = fields.metadata.candidates.get(rank)?;
            field.stored_as().or_else(|| is_unnamed(column).then(|| field.text())).map(str::to_owned)
        };
        let kept = self.metadata.iter().filter(|(_, column)| is_kept(*column));
        let at_most = if fields.metadata.named { usize::MAX } else { 1 };
        kept.take(at_most).map(|(rank, column)| (*column, new_name(*rank, *column))).collect()
    }
}

impl Header {
    pub(crate) fn new(columns: &Arc<Columns>, fields: &Fields) -> Self {
        let found = Found::new(columns, fields);
        let mut metadata = found.stored(columns, fields);
        let is_there = |(kind, name): &(Kind, String)| found.has(fields, columns, *kind, name);
        let mut told = fields.named().filter(is_there).collect::<Vec<_>>();
        for ((column, name), label) in columns.0.iter().enumerate().zip(columns.labels()) {
            let is_stored = metadata.iter().any(|(stored, _)| *stored == column);
            if is_stored || found.is_part(column) || fields.left_out("", name).is_some() {
                continue;
            }
            if name.is_empty() {
                told.push((Kind::Column, label.into_owned()));
            } else if fields.all {
                metadata.push((column, None));
                told.push((Kind::Stored, name.clone()));
            } else {
                told.push((loose(name, Kind::Column), name.clone()));
            }
        }
        let namespace = columns.0.iter().position(|name| is_namespace(name) && !fields.is_settled(name));
        told.extend(namespace.and_then(|column| Some((Kind::OwnNamespace, columns.0.get(column)?.clone()))));
        let Found { keys, vectors, wide, problem, .. } = found;
        Self {
            columns: Arc::clone(columns),
            key: keys.first().copied(),
            vectors,
            wide,
            metadata,
            namespace,
            notes_no_namespace: namespace.is_none() && !fields.settles_namespace(),
            problem,
            told,
            rows: 0,
            first: Position::default(),
        }
    }

    /// Whether it is the header of these columns.
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

    /// Notes the findings that apply to all rows, and resets the count.
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

/// Reads the row `cells` with its header into `scratch`.
pub(crate) fn read(
    header: &Header,
    cells: &Cells,
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
        scratch.key = Some(Key { rank, judged, is_number: false, start: 0, end: 0 });
    }
    if header.vectors.is_empty()
        && header.wide.is_empty()
        && header.problem.is_none()
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
    if !header.wide.is_empty() {
        wide_vector(header, cells, scratch);
    }
    if let Some(namespace) = header.namespace {
        let namespace = String::from_utf8_lossy(cells.get(namespace).unwrap_or_default());
        scratch.book.note(Kind::Namespace, "", &namespace);
    } else if header.notes_no_namespace {
        scratch.book.note(Kind::Namespace, "", "");
    }
    for (column, new_name) in &header.metadata {
        let (name, cell) = (header.name(*column), cell(*column)?);
        let is_usual = !under.fields.metadata.named && !under.fields.all;
        let taken = if is_usual && !cell.trim().is_empty() {
            scratch.metadata_cell(name, cell, under)
        } else if cell.is_empty() || (holds_metadata(name) && cell.trim().is_empty()) {
            Ok(())
        } else if let Some(new_name) = new_name {
            scratch.metadata.text(new_name, cell, under)
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
fn spread_vector(columns: &Columns, cells: &Cells) -> Option<Reason> {
    let (first, last, prefix) = columns.numbered()?;
    let is_number = |name| {
        let cell = columns.exactly(name).and_then(|index| cells.get(index));
        cell.and_then(|cell| str::from_utf8(cell).ok()).is_some_and(|cell| cell.trim().parse::<f64>().is_ok())
    };
    (is_number(first) && is_number(last)).then(|| Reason::SpreadVector {
        first: first.to_owned(),
        last: last.to_owned(),
        pattern: format!("{prefix}*"),
    })
}

/// Takes the vector out of the cells that hold a number each.
fn wide_vector(header: &Header, cells: &Cells, scratch: &mut Scratch) {
    scratch.vector_rank = Some(0);
    for (index, column) in header.wide.iter().enumerate() {
        let cell = cells.get(*column).unwrap_or_default();
        match numbers::one(cell, Separated::Loosely, index, header.name(*column)) {
            Ok(number) => scratch.numbers.push(number),
            Err(reason) => return scratch.problem(reason),
        }
    }
    scratch.has_vector = true;
}
