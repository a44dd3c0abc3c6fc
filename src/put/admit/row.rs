//! One row of a delimited file: cells of the named columns land in the scratch.

use std::str;

use super::fields::{Choice, Field, Fields};
use super::{Rules, Scratch};
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
    let vectors = row.all(&fields.vector)?;
    if vectors.is_empty()
        && scratch.key.is_some()
        && let Some(reason) = row.spread_vector()
    {
        return Err(reason);
    }
    for (_, name, cell) in vectors {
        scratch.vector_cell(name, cell);
    }
    let metadata = row.all(&fields.metadata)?;
    if fields.metadata.named {
        let is_missing = |(rank, _): &(usize, &Field)| metadata.iter().all(|(found, ..)| found != rank);
        if let Some((_, column)) = fields.metadata.candidates.iter().enumerate().find(is_missing) {
            return Err(Reason::NoColumn { column: column.text().to_owned() });
        }
    }
    let metadata = if fields.metadata.named {
        metadata.into_iter().try_for_each(|(rank, name, cell)| {
            let name = fields.metadata.candidates.get(rank).map_or(name, |field| field.last());
            if cell.is_empty() { Ok(()) } else { scratch.metadata.text(name, cell, rules) }
        })
    } else {
        match metadata.first() {
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
        for (rank, index) in choice.columns(self.columns)? {
            let Some((column, cell)) = self.columns.0.get(index).zip(self.cells.get(index)) else { continue };
            let cell = str::from_utf8(cell).map_err(|_| Reason::Syntax {
                detail: format!("the cell in column {column} is not UTF-8"),
            })?;
            found.push((rank, column.as_str(), cell));
        }
        Ok(found)
    }

    fn first(&self, choice: &Choice) -> Result<Option<(usize, &'a str, &'a str)>, Reason> {
        Ok(self.all(choice)?.into_iter().next())
    }

    /// Names the columns that seem to hold the numbers of a vector, one each.
    fn spread_vector(&self) -> Option<Reason> {
        let (first, last) = self.columns.numbered()?;
        let is_number = |name| {
            let cell = self.columns.exactly(name).and_then(|index| self.cells.get(index));
            cell.and_then(|cell| str::from_utf8(cell).ok())
                .is_some_and(|cell| cell.trim().parse::<f64>().is_ok())
        };
        let (first, last) = (is_number(first) && is_number(last)).then_some((first, last))?;
        Some(Reason::SpreadVector { first: first.to_owned(), last: last.to_owned() })
    }
}
