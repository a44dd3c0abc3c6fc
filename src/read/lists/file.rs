//! One such input: opened, its columns read in parallel row by row, continued from a row.

use std::sync::Arc;

use bytes::Bytes;

use super::column::{self, ColumnReader};
use super::plan::{self, Plan, Uneven};
use super::rows::{Fields, ListRows};
use super::survey::{Column, NAMES, Survey};
use crate::read::columnar::Columnar;
use crate::read::error::ReadError;
use crate::read::flaw::{FlawKind, without_embeddings};
use crate::read::misaligned::Misaligned;
use crate::read::obstacle::Obstacle;
use crate::read::open_input::file_bytes;
use crate::read::recognise::Form;
use crate::read::sizes::Sizes;
use crate::record::names::KEYS;
use crate::record::{Block, Input, Position, Raw, Record, RowTrouble, Rows};
use crate::words::plural;

/// An open input of columns.
pub(crate) struct ListsFile {
    input: Input,
    number: u32,
    columnar: Columnar,
    /// Whether its rows have labels, which can be keys.
    has_labels: bool,
    bytes: u64,
    rows: u64,
    /// The next row.
    row: u64,
    columns: Vec<ColumnReader>,
    /// The names of the columns that are read.
    names: Vec<String>,
    fields: Arc<Fields>,
    /// How many cells a row has, if rows are arrays.
    cells: usize,
    told: String,
    form: String,
}

impl ListsFile {
    /// Opens an input, finds its columns, and moves to its first row, or to `from`.
    pub(crate) fn open(
        (input, number): (Input, u32),
        sizes: Sizes,
        columnar: Columnar,
        form: &Form,
        from: Option<Position>,
    ) -> Result<Self, ReadError> {
        let bytes = file_bytes(&input).ok_or_else(|| ReadError::NotAsColumns {
            input: input.clone(),
            format: columnar.name(),
            obstacle: Obstacle::Stream,
        })?;
        let open = || column::open(&input, number, sizes, form);
        let survey = surveyed((&input, number), sizes, columnar, form)?;
        let lacks_embeddings = survey.lacks_embeddings();
        let columns = survey.columns();
        let cells = match columns.iter().find(|column| column.name == NAMES) {
            Some(names) if columnar == Columnar::Rows => {
                cell_names(ColumnReader::new(open()?, names)?, names)?
            }
            _ => Vec::new(),
        };
        let plan = Plan::new(&columns, columnar, &cells, form).map_err(|uneven| {
            let Uneven { first, other } = uneven;
            ReadError::Misaligned {
                input: input.clone(),
                misaligned: Box::new(Misaligned::Lengths([first, other])),
            }
        })?;
        if lacks_embeddings && !plan.has_vector {
            return Err(without_embeddings(input));
        }
        if plan.read.is_empty() && columns.iter().any(|column| column.values > 0) {
            return Err(ReadError::Shape {
                input,
                shape: format!("{} of which no column is named", columnar.name()),
                cure: "name the column of the vectors with --vector".to_owned(),
            });
        }
        if plan.read.len() > plan::AT_MOST {
            return Err(ReadError::Shape {
                input,
                shape: format!("{} columns that the load needs", plan.read.len()),
                cure: format!(
                    "name up to {} of them, or write it as JSON Lines: with pandas, \
                     to_json(\"FILE\", orient=\"records\", lines=True)",
                    plan::AT_MOST
                ),
            });
        }
        let read: Vec<_> = plan.read.iter().filter_map(|index| columns.get(*index)).collect();
        let rows = read.first().map_or(0, |column| column.values);
        let readers = read.iter().map(|column| ColumnReader::new(open()?, column));
        let told = format!("{}: {}, {}", columnar.name(), plural(rows, "row"), plan.told);
        let form = format!("{} ({})", columnar.name(), plan.told);
        let has_labels = match columnar {
            Columnar::Lists => false,
            Columnar::Labelled => true,
            Columnar::Rows => columns.iter().any(|column| column.name == plan::INDEX),
        };
        let mut file = Self {
            columns: readers.collect::<Result<_, _>>()?,
            names: read.iter().map(|column| column.name.clone()).collect(),
            fields: Arc::new(Fields::new(plan.members)),
            cells: cells.len(),
            input,
            number,
            columnar,
            has_labels,
            bytes,
            rows,
            row: 0,
            told,
            form,
        };
        from.map_or(Ok(()), |from| file.go_to(from))?;
        Ok(file)
    }

    fn go_to(&mut self, place: Position) -> Result<(), ReadError> {
        if place.offset > self.rows {
            return Err(ReadError::ResumeBehindEnd { input: self.input.clone(), place, end: self.rows });
        }
        for column in &mut self.columns {
            column.skip(place.offset)?;
        }
        self.row = place.offset;
        Ok(())
    }

    pub(crate) fn input(&self) -> &Input {
        &self.input
    }

    /// What it is read as, in words.
    pub(crate) fn told(&self) -> String {
        self.told.clone()
    }

    /// The same without details that differ between files of one form.
    pub(crate) fn form(&self) -> &str {
        &self.form
    }

    /// Whether a field has a default name of keys.
    pub(crate) fn has_key(&self) -> bool {
        self.fields.has_any(&KEYS)
    }

    /// What table it is, if its rows have labels.
    pub(crate) fn labelled_table(&self) -> Option<&'static str> {
        self.has_labels.then(|| self.columnar.name())
    }

    /// The number of rows.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// An estimate of how many bytes of the file come before the next row, as if all rows had the same size.
    pub(crate) fn bytes_before(&self) -> u64 {
        let before = u128::from(self.bytes) * u128::from(self.row) / u128::from(self.rows.max(1));
        u64::try_from(before).unwrap_or(self.bytes)
    }

    /// The next rows; `None` at the end.
    pub(crate) fn next_block(&mut self) -> Result<Option<Block>, ReadError> {
        let mut most = usize::try_from(self.rows - self.row).unwrap_or(usize::MAX);
        if most == 0 {
            return Ok(None);
        }
        for column in &mut self.columns {
            most = most.min(column.fill()?);
        }
        let before = self.bytes_before();
        let (rows, ragged) = self.next_rows(most)?;
        let rows: Arc<dyn Rows> = Arc::new(rows);
        let place = |row: usize| Position::of_row(self.number, self.row + row as u64);
        let record = |(row, ragged): (usize, Option<Raw>)| Record {
            position: place(row),
            raw: ragged.unwrap_or_else(|| Raw::Columns { rows: Arc::clone(&rows), row }),
        };
        let records = ragged.into_iter().enumerate().map(record).collect();
        let end = place(most);
        self.row += most as u64;
        Ok(Some(Block { records, end, bytes: before..self.bytes_before(), around: Vec::new() }))
    }

    /// The next `count` rows, which must be waiting in every column, and those of them that are broken.
    fn next_rows(&mut self, count: usize) -> Result<(ListRows, Vec<Option<Raw>>), ReadError> {
        let mut labels: Vec<Bytes> = Vec::new();
        let mut columns = Vec::with_capacity(self.columns.len());
        for (index, column) in self.columns.iter_mut().enumerate() {
            let mut values = Vec::with_capacity(count);
            let mut other = Vec::new();
            for cell in column.take(count) {
                values.push(cell.value);
                other.extend(cell.label);
            }
            if index == 0 {
                labels = other;
            } else if let Some(differs) =
                (0..).zip(&labels).zip(&other).find(|((_, one), other)| one != other)
            {
                let ((row, one), other) = differs;
                return Err(self.other_label(index, row, [one, other]));
            }
            columns.push(values);
        }
        let mut cells = Vec::new();
        let mut ragged = vec![None; count];
        if self.columnar == Columnar::Rows {
            let rows = columns.first().map_or(&[][..], Vec::as_slice);
            for (row, flaw) in rows.iter().zip(&mut ragged) {
                let found = column::elements(row);
                let got = found.as_ref().map_or(1, Vec::len);
                if found.is_none() || got != self.cells {
                    *flaw = Some(Raw::broken(row.clone(), RowTrouble::Cells { want: self.cells, got }));
                }
                cells.push(found.unwrap_or_default());
            }
        }
        Ok((ListRows { fields: Arc::clone(&self.fields), columns, labels, cells }, ragged))
    }

    fn other_label(&self, column: usize, row: usize, [one, other]: [&Bytes; 2]) -> ReadError {
        let name = |column: usize| self.names.get(column).cloned().unwrap_or_default();
        let shown = |label: &Bytes| crate::shown::bounded(&String::from_utf8_lossy(label), 40);
        let place = Position::of_row(self.number, self.row + row as u64);
        let labels = [(name(0), shown(one)), (name(column), shown(other))];
        let misaligned = Box::new(Misaligned::Labels(place, labels));
        ReadError::Misaligned { input: self.input.clone(), misaligned }
    }
}

/// Reads all of an input once to find its columns.
fn surveyed(
    (input, number): (&Input, u32),
    sizes: Sizes,
    columnar: Columnar,
    form: &Form,
) -> Result<Survey, ReadError> {
    let mut text = column::open(input, number, sizes, form)?;
    let mut survey = Survey::new(columnar);
    loop {
        let window = &text.window;
        let done = survey.look(window.text(), window.position().offset, window.is_last());
        let done = done.map_err(|flaw| match flaw.kind {
            FlawKind::Pages => text.pages(form.named()),
            _ => text.flaw(&flaw),
        })?;
        text.window.skip(done);
        if !text.read_more()? {
            return Ok(survey);
        }
    }
}

/// The names of the cells of a row.
fn cell_names(mut reader: ColumnReader, names: &Column) -> Result<Vec<String>, ReadError> {
    let mut left = usize::try_from(names.values).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    while left > 0 {
        let count = reader.fill()?.min(left);
        found.extend(reader.take(count).map(|cell| {
            let text = String::from_utf8_lossy(&cell.value).into_owned();
            serde_json::from_str::<String>(&text).unwrap_or(text)
        }));
        left -= count;
    }
    Ok(found)
}
