//! Which of the columns are read, and the names of their values in a record.

use super::survey::Column;
use super::walk::Kind;
use crate::read::columnar::Columnar;
use crate::read::columns::{Need, Wanted};
use crate::read::recognise::Form;
use crate::record::names::INCLUDED;

/// The fields that columns with plural names stand for.
const ONE_OF: [(&str, &str); 6] = [
    ("ids", "id"),
    ("keys", "key"),
    ("embeddings", "embedding"),
    ("vectors", "vector"),
    ("metadatas", "metadata"),
    ("documents", "document"),
];

/// The member that pandas writes the rows of a table to.
pub(super) const ROWS: &str = "data";
/// The labels of the rows, also as a field.
pub(super) const INDEX: &str = "index";

/// Maximum number of columns read in parallel: each holds a block of text.
pub(super) const AT_MOST: usize = 64;

/// A field of every record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Its name.
    pub(super) name: String,
    pub(super) value: Value,
}

/// Where its value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// The column with this index among those read.
    Of(usize),
    /// The label of the row.
    Label,
    /// The element with this index in the array that is the row.
    Cell(usize),
    /// It exists, but is not needed.
    There,
}

/// What is read, and how it is used.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// The columns to read, by index among all.
    pub(super) read: Vec<usize>,
    pub(super) members: Vec<Member>,
    pub(super) told: String,
    /// Whether one of them may hold the vector.
    pub(super) has_vector: bool,
}

/// Two columns whose lengths differ.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Uneven {
    pub(super) first: (String, u64),
    pub(super) other: (String, u64),
}

impl Plan {
    /// Plans the columns of an object; `names` are the names of the cells of a row.
    pub(super) fn new(
        columns: &[Column],
        columnar: Columnar,
        names: &[String],
        form: &Form,
    ) -> Result<Self, Uneven> {
        let wanted = Wanted::new(form);
        let mut plan = match columnar {
            Columnar::Lists => Self::of_columns(columns, Kind::List, form, &wanted),
            Columnar::Labelled => Self::of_columns(columns, Kind::Labelled, form, &wanted),
            Columnar::Rows => Self::of_rows(columns, names, form),
        };
        let length = |index: &usize| columns.get(*index).map(|column| (column.name.clone(), column.values));
        let mut lengths = plan.read.iter().filter_map(length);
        if let Some(first) = lengths.next()
            && let Some(other) = lengths.find(|(_, other)| *other != first.1)
        {
            return Err(Uneven { first, other });
        }
        plan.leave_out_shorter(columns);
        let has = |path: &str| plan.members.iter().any(|member| member.name == path);
        let told = wanted.told(has);
        plan.has_vector = wanted.has_vector(plan.members.iter().map(|member| member.name.as_str()));
        plan.told = told;
        Ok(plan)
    }

    fn of_columns(columns: &[Column], kind: Kind, form: &Form, wanted: &Wanted) -> Self {
        let mut plan = Self::default();
        for (index, column) in columns.iter().enumerate().filter(|(_, column)| column.kind == kind) {
            let name = field(&column.name, columns, form);
            let is_read = wanted.column(&name) == Need::Content && column.name != INCLUDED;
            let value = match is_read {
                true => Value::Of(plan.read.len()),
                false if column.is_void || column.name == INCLUDED => continue,
                false => Value::There,
            };
            plan.read.extend(is_read.then_some(index));
            plan.members.push(Member { name, value });
        }
        if kind == Kind::Labelled && names(form).any(|name| name == INDEX) && !plan.has(INDEX) {
            plan.members.push(Member { name: INDEX.to_owned(), value: Value::Label });
        }
        plan
    }

    fn of_rows(columns: &[Column], cells: &[String], form: &Form) -> Self {
        let column = |name: &str| columns.iter().position(|column| column.name == name);
        let mut plan = Self { read: column(ROWS).into_iter().collect(), ..Self::default() };
        plan.members = (0..)
            .zip(cells)
            .map(|(cell, name)| Member { name: name.clone(), value: Value::Cell(cell) })
            .collect();
        if let Some(index) =
            column(INDEX).filter(|_| names(form).any(|name| name == INDEX) && !plan.has(INDEX))
        {
            plan.members.push(Member { name: INDEX.to_owned(), value: Value::Of(plan.read.len()) });
            plan.read.push(index);
        }
        plan
    }

    fn has(&self, name: &str) -> bool {
        self.members.iter().any(|member| member.name == name)
    }

    /// Ignores unneeded lists of another length, which are not columns.
    fn leave_out_shorter(&mut self, columns: &[Column]) {
        let Some(rows) = self.read.first().and_then(|first| columns.get(*first)).map(|column| column.values)
        else {
            return;
        };
        let is_column =
            |name: &str| columns.iter().any(|column| column.name == name && column.values == rows);
        self.members.retain(|member| {
            member.value != Value::There
                || is_column(&member.name)
                || ONE_OF.iter().any(|(many, one)| *one == member.name && is_column(many))
        });
    }
}

/// All names that the user gives to fields, including excluded ones.
fn names(form: &Form) -> impl Iterator<Item = &str> {
    let metadata =
        form.metadata.iter().map(|name| name.trim()).map(|name| name.strip_prefix('-').unwrap_or(name));
    form.key.iter().chain(&form.vector).map(|name| name.trim()).chain(metadata)
}

/// The field name of a column: the singular of a known plural, unless the user refers to the column by its own name.
fn field(column: &str, columns: &[Column], form: &Form) -> String {
    let is_named = |name: &str| {
        name.strip_prefix(column).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let one = ONE_OF.iter().find(|(many, _)| *many == column).map(|(_, one)| *one);
    let is_free = |one: &&str| columns.iter().all(|column| column.name != *one);
    let is_called = names(form).any(is_named);
    one.filter(is_free).filter(|_| !is_called).unwrap_or(column).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(kind: Kind, names: &[(&str, u64)]) -> Vec<Column> {
        let column = |&(name, values): &(&str, u64)| Column {
            name: name.to_owned(),
            kind,
            at: 0,
            values,
            is_void: name == "uris",
        };
        names.iter().map(column).collect()
    }

    fn form(key: &[&str], metadata: &[&str]) -> Form {
        let list = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        Form { key: list(key), metadata: list(metadata), ..Form::default() }
    }

    fn planned(columns: &[Column], columnar: Columnar, names: &[&str], form: &Form) -> String {
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        let plan = Plan::new(columns, columnar, &names, form).unwrap();
        let members = plan.members.iter().map(|Member { name, value }| format!("{name} {value:?}"));
        format!("{:?}: {} ({})", plan.read, members.collect::<Vec<_>>().join(", "), plan.told)
    }

    #[test]
    fn a_column_is_the_field_of_one_of_its_values_unless_the_user_calls_it_by_its_own_name() {
        let chroma = columns(
            Kind::List,
            &[
                ("ids", 3),
                ("embeddings", 3),
                ("documents", 3),
                ("uris", 3),
                ("included", 2),
                ("metadatas", 3),
            ],
        );
        for (metadata, wanted) in [
            (
                &[][..],
                "[0, 1, 5]: id Of(0), embedding Of(1), document There, metadata Of(2) \
                 (key id, vector embedding, metadata metadata)",
            ),
            (
                &["metadatas", "documents"],
                "[0, 1, 2, 5]: id Of(0), embedding Of(1), documents Of(2), metadatas Of(3) \
                 (key id, vector embedding, metadata metadatas and documents)",
            ),
            (
                &["metadatas.title", "document"],
                "[0, 1, 2, 5]: id Of(0), embedding Of(1), document Of(2), metadatas Of(3) \
                 (key id, vector embedding, metadata document)",
            ),
        ] {
            assert_eq!(planned(&chroma, Columnar::Lists, &[], &form(&[], metadata)), wanted);
        }
        let both = columns(Kind::List, &[("ids", 3), ("id", 3)]);
        let wanted = "[1]: ids There, id Of(0) (key id, no vector)";
        assert_eq!(planned(&both, Columnar::Lists, &[], &Form::default()), wanted);
    }

    #[test]
    fn labels_are_a_field_only_where_the_user_names_them() {
        let labelled = columns(Kind::Labelled, &[("vector", 2), ("t", 2)]);
        let split = columns(Kind::List, &[("columns", 1), ("index", 2), ("data", 2)]);
        for (key, in_columns, in_rows) in [
            (
                &[][..],
                "[0]: vector Of(0), t There (no key, vector vector)",
                "[2]: v Cell(0) (no key, no vector)",
            ),
            (
                &["index"],
                "[0]: vector Of(0), t There, index Label (key index, vector vector)",
                "[2, 1]: v Cell(0), index Of(1) (key index, no vector)",
            ),
        ] {
            assert_eq!(planned(&labelled, Columnar::Labelled, &[], &form(key, &[])), in_columns);
            assert_eq!(planned(&split, Columnar::Rows, &["v"], &form(key, &[])), in_rows);
        }
    }

    #[test]
    fn columns_that_are_needed_must_be_of_one_length_and_others_of_another_are_none() {
        let uneven = columns(Kind::List, &[("ids", 3), ("embeddings", 2)]);
        let told = Plan::new(&uneven, Columnar::Lists, &[], &Form::default()).unwrap_err();
        let named = |name: &str, values| (name.to_owned(), values);
        assert_eq!(told, Uneven { first: named("ids", 3), other: named("embeddings", 2) });
        let other = columns(Kind::List, &[("ids", 3), ("embeddings", 3), ("shape", 2), ("documents", 2)]);
        let wanted = "[0, 1]: id Of(0), embedding Of(1) (key id, vector embedding)";
        assert_eq!(planned(&other, Columnar::Lists, &[], &Form::default()), wanted);
        assert!(Plan::new(&other, Columnar::Lists, &[], &form(&[], &["*"])).is_err());
    }
}
