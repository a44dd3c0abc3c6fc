//! What each column of a file is used for. Pure.

use arrow_schema::{DataType, Field, Fields};

use super::meaning::is_foreign;
use super::numbers;
use super::wanted::{Need, Wanted};
use crate::record::path::{self, Step};
use crate::record::rows::Looks;
use crate::record::wide::WideTrouble;
use crate::record::{Columns, Reason};

/// What all slices of a file share.
#[derive(Debug)]
pub(super) struct Plan {
    /// The names of all columns.
    pub(super) columns: Columns,
    /// The columns that may be the vector.
    pub(super) looks: Looks,
    /// The columns in the file's order.
    pub(super) members: Vec<Column>,
    /// The paths of the vectors that are handed on next to the text: which of the columns read, then which member of
    /// each nested struct.
    pub(super) vectors: Vec<Vec<usize>>,
    /// The vector with one column per number.
    pub(super) wide: Option<Spread>,
    /// Which fields are used as what, in words.
    pub(super) told: String,
    /// The columns without a value in any row.
    pub(super) voids: Vec<String>,
}

/// A vector with one column per number. In a row's text it is a member named like the pattern.
#[derive(Debug)]
pub(super) struct Spread {
    /// The pattern as JSON with a colon.
    pub(super) name: String,
    /// The columns of its numbers in order: the index among the columns read, and the name.
    pub(super) columns: Vec<(usize, String)>,
    /// Why there is no vector.
    pub(super) problem: Option<Reason>,
}

/// A column.
#[derive(Debug)]
pub(super) struct Column {
    /// Its index among the columns read; `None` if it is not read.
    pub(super) read: Option<usize>,
    pub(super) member: Member,
}

/// A column or a member of a struct.
#[derive(Debug)]
pub(super) struct Member {
    /// Its name as JSON with a colon.
    pub(super) name: String,
    pub(super) shown: Shown,
}

/// The form of a member in the text.
#[derive(Debug)]
pub(super) enum Shown {
    Value,
    /// A vector next to the text, perhaps also in it.
    Vector {
        vector: usize,
        is_text_too: bool,
    },
    /// An object of these members.
    Members(Vec<Member>),
    /// A number of the vector next to the text.
    Element,
    /// As what has no spelling: numbers that mean something else.
    Foreign,
    /// Only whether there is a value.
    Presence,
    /// Null: no row has a value.
    Nothing,
}

impl Plan {
    /// Plans the use of a file's columns.
    pub(super) fn new(fields: &Fields, wanted: &Wanted) -> Self {
        let columns = Columns(fields.iter().map(|field| field.name().clone()).collect());
        let (elements, problem) = wanted.wide(&columns.0).unzip();
        let elements: Vec<usize> = elements.unwrap_or_default();
        let mut is_element = vec![false; columns.0.len()];
        for element in &elements {
            is_element.get_mut(*element).into_iter().for_each(|is_element| *is_element = true);
        }
        let mut vectors = Vec::new();
        let mut read = 0;
        let members = fields.iter().zip(is_element).map(|(field, is_element)| {
            let need = if is_element { Need::Content } else { wanted.column(field.name()) };
            let number = (need != Need::Nothing).then_some(read);
            read += usize::from(number.is_some());
            let shown = match (need, number) {
                _ if is_element => Shown::Element,
                (Need::Content, Some(number)) => {
                    Shown::of(field, field.name(), &[number], &mut (wanted, &mut vectors))
                }
                _ => Shown::Presence,
            };
            Column { read: number, member: Member { name: quoted(field.name()), shown } }
        });
        let members: Vec<Column> = members.collect();
        let wide = problem.map(|problem| Spread::new((fields, &members), wanted, &elements, problem));
        let told = wanted.told(|path| has(fields, path) || (wide.is_some() && wanted.is_named_vector(path)));
        Self { columns, looks: looks(fields), members, vectors, wide, told, voids: Vec::new() }
    }

    /// Notes the columns without a value in any row; of these, unread ones become null.
    pub(super) fn leave_out(&mut self, is_empty: impl Fn(usize) -> bool) {
        for (index, column) in self.members.iter_mut().enumerate().filter(|(index, _)| is_empty(*index)) {
            self.voids.extend(self.columns.0.get(index).cloned());
            if column.read.is_none() {
                column.member.shown = Shown::Nothing;
            }
        }
    }

    /// The columns that are read, in order.
    pub(super) fn read(&self) -> impl Iterator<Item = usize> {
        (0..).zip(&self.members).filter(|(_, column)| column.read.is_some()).map(|(index, _)| index)
    }
}

impl Spread {
    /// The vector of these columns, if all are numbers.
    fn new(
        (fields, members): (&Fields, &[Column]),
        wanted: &Wanted,
        elements: &[usize],
        problem: Option<Reason>,
    ) -> Self {
        let holds_none = elements.iter().find_map(|element| {
            let field = fields.get(*element)?;
            let (name, found) = (field.name().clone(), field.data_type());
            let holds_numbers = (found.is_integer() || found.is_floating()) && !is_foreign(field);
            (!holds_numbers).then(|| WideTrouble::Type { name, found: found.to_string() })
        });
        let place =
            |element: &usize| Some((members.get(*element)?.read?, fields.get(*element)?.name().clone()));
        Self {
            name: quoted(wanted.vector_name()),
            columns: elements.iter().filter_map(place).collect(),
            problem: problem.or_else(|| holds_none.map(|trouble| wanted.refused(trouble))),
        }
    }
}

impl Shown {
    /// Whether it is a number of a vector.
    pub(super) fn is_element(&self) -> bool {
        matches!(self, Self::Element)
    }

    /// How to show the field at `path`, which is at `place`.
    fn of(field: &Field, path: &str, place: &[usize], known: &mut (&Wanted, &mut Vec<Vec<usize>>)) -> Self {
        if let DataType::Struct(inside) = field.data_type() {
            let members = inside.iter().enumerate().map(|(index, inner)| {
                let path = format!("{path}.{}", inner.name());
                let place = [place, &[index]].concat();
                Member { name: quoted(inner.name()), shown: Self::of(inner, &path, &place, known) }
            });
            return Self::Members(members.collect());
        }
        if is_foreign(field) {
            return Self::Foreign;
        }
        let (wanted, vectors) = known;
        let is_vector = match numbers::kind(field.data_type()) {
            Some(numbers::Kind::List) => wanted.is_vector(path),
            Some(numbers::Kind::Binary) => wanted.is_named_vector(path),
            None => false,
        };
        if !is_vector {
            return Self::Value;
        }
        vectors.push(place.to_vec());
        Self::Vector { vector: vectors.len() - 1, is_text_too: wanted.is_metadata(path) }
    }
}

/// The columns of vectors and of numbers.
fn looks(fields: &Fields) -> Looks {
    let named = |is_it: fn(&DataType) -> bool| {
        let found = fields.iter().filter(|field| is_it(field.data_type()));
        found.map(|field| field.name().clone()).collect()
    };
    Looks {
        vectors: named(|of| numbers::kind(of) == Some(numbers::Kind::List)),
        numbers: named(|of| of.is_integer() || of.is_floating()),
    }
}

/// Whether there is a column, or a part of one, at this path.
fn has(fields: &Fields, path: &str) -> bool {
    fields.iter().any(|field| {
        path.strip_prefix(field.name().as_str()).is_some_and(|rest| leads_to_value(field.data_type(), rest))
    })
}

/// Whether values of this type have what follows a name on a path.
fn leads_to_value(data_type: &DataType, rest: &str) -> bool {
    match (path::step(rest), data_type) {
        (Some(Step::End), _) => true,
        (Some(Step::Member(field)), DataType::Struct(inside)) => has(inside, field),
        (Some(Step::Element(_, rest)), list) => {
            numbers::element(list).is_some_and(|item| leads_to_value(item.data_type(), rest))
        }
        _ => false,
    }
}

fn quoted(name: &str) -> String {
    format!("{}:", serde_json::Value::from(name))
}
