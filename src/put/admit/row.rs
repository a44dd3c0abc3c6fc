//! One row of a delimited file: cells of the named columns land in the scratch.

use std::str;

use super::fields::{Choice, Fields};
use super::{Rules, Scratch, not_text};
use crate::put::record::{Columns, Reason};

/// Reads the row `cells` under `columns` into `scratch`.
pub(super) fn read(
    columns: &Columns,
    cells: &csv::ByteRecord,
    fields: &Fields,
    rules: &Rules,
    scratch: &mut Scratch,
) -> Result<(), Reason> {
    if cells.len() != columns.0.len() {
        return Err(Reason::Ragged { want: columns.0.len(), got: cells.len() });
    }
    let row = Row { columns, cells };
    if let Some((rank, _, cell)) = row.first(&fields.key)? {
        scratch.key = Some((rank, cell.to_owned()));
    }
    for (_, name, cell) in row.all(&fields.vector)? {
        scratch.vector_cell(name, cell);
    }
    if fields.metadata.named
        && let Some(column) = fields.metadata.candidates.iter().find(|field| !row.has(field.text()))
    {
        return Err(Reason::NoColumn { column: column.text().to_owned() });
    }
    let metadata = if fields.metadata.named {
        row.all(&fields.metadata)?.into_iter().try_for_each(|(rank, name, cell)| {
            let name = fields.metadata.candidates.get(rank).map_or(name, |field| field.last());
            if cell.is_empty() { Ok(()) } else { scratch.metadata.text(name, cell, rules) }
        })
    } else {
        match row.first(&fields.metadata)? {
            Some((_, _, cell)) if !cell.trim().is_empty() => scratch.metadata_object(cell, rules),
            _ => Ok(()),
        }
    };
    metadata.or_else(|reason| {
        scratch.problem(reason);
        Ok(())
    })
}

struct Row<'a> {
    columns: &'a Columns,
    cells: &'a csv::ByteRecord,
}

impl<'a> Row<'a> {
    /// The candidates that this file has, with rank, column name and cell.
    fn all(&self, choice: &Choice) -> Result<Vec<(usize, &'a str, &'a str)>, Reason> {
        let mut found = Vec::new();
        for (rank, field) in choice.candidates.iter().enumerate() {
            let Some(index) = self.columns.0.iter().position(|column| column == field.text()) else {
                continue;
            };
            let Some((column, cell)) = self.columns.0.get(index).zip(self.cells.get(index)) else { continue };
            let cell = str::from_utf8(cell).map_err(|_| not_text::cell(cell, column))?;
            found.push((rank, column.as_str(), cell));
        }
        Ok(found)
    }

    fn has(&self, name: &str) -> bool {
        self.columns.0.iter().any(|column| column == name)
    }

    fn first(&self, choice: &Choice) -> Result<Option<(usize, &'a str, &'a str)>, Reason> {
        Ok(self.all(choice)?.into_iter().next())
    }
}
