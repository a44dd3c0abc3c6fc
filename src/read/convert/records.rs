//! The records of a conversion, one by one.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io;

use super::super::conversion::{Cell, Conversion, Held, Path, RowForm, name};
use super::json::{Json, Member, Value, plain};
use super::trouble::{End, Trouble};
use crate::record::names::{INCLUDED, KEYS, NAMESPACE, is_one_of};

/// The field of a label that is not the key, as pandas calls it.
const LABEL: &[u8] = b"index";

/// What objects around a record say about it: members by their spelled names.
type Around<'a> = Vec<(&'a [u8], &'a [u8])>;

/// A member to write: the spelling of its name, and its value.
type Written<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// A record.
enum Record<'a> {
    /// As it is in the text.
    Whole(Value),
    /// An object of these members.
    Of(Vec<Written<'a>>),
}

/// Finds the records of a text and passes them on.
pub(super) struct Records<'a, 'p> {
    json: Json<'a>,
    /// The spelling of the name that a key gets where it has none, and whether the user gives it.
    key: Vec<u8>,
    names_key: bool,
    /// The same of a vector.
    vector: Vec<u8>,
    /// The columns of an answer, and the elements of their lists.
    columns: Vec<(&'a [u8], Vec<Value>)>,
    /// The keys of rows in which another cell could be the key as well.
    keys: HashSet<String>,
    put: &'p mut dyn FnMut(&[u8]) -> io::Result<()>,
}

impl<'a, 'p> Records<'a, 'p> {
    pub(super) fn new(
        json: Json<'a>,
        (key, names_key): (&str, bool),
        vector: &str,
        put: &'p mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Self {
        Self {
            json,
            key: spelled(key),
            names_key,
            vector: spelled(vector),
            columns: Vec::new(),
            keys: HashSet::new(),
            put,
        }
    }

    /// Passes on all records.
    pub(super) fn write(&mut self, conversion: &Conversion) -> Result<(), End> {
        self.json.refuse_line_ends_in_texts()?;
        let values = self.json.values()?;
        values.iter().try_for_each(|value| self.json.refuse_repeats(value))?;
        for value in values {
            match conversion {
                Conversion::Values(form) => self.row(&Vec::new(), value, form)?,
                Conversion::Rows(path, form) if path.is_empty() => {
                    for row in self.json.elements(&value)? {
                        self.row(&Vec::new(), row, form)?;
                    }
                }
                Conversion::Lists(path) if path.is_empty() => self.list(&Vec::new(), &value)?,
                conversion => self.objects(conversion, &value)?,
            }
        }
        if self.columns.is_empty() { Ok(()) } else { self.put_columns() }
    }

    /// The records of an object, or of the objects in an array.
    fn objects(&mut self, conversion: &Conversion, value: &Value) -> Result<(), End> {
        if !self.json.begins(value, b'[') {
            return self.object(conversion, value, &Vec::new());
        }
        let elements = self.json.elements(value)?;
        elements.iter().try_for_each(|element| self.object(conversion, element, &Vec::new()))
    }

    /// The records of an object, with what the objects around it say.
    fn object(&mut self, conversion: &Conversion, object: &Value, around: &Around<'a>) -> Result<(), End> {
        if self.json.is_null(object) {
            return Ok(());
        }
        match conversion {
            Conversion::Inside(path, inner) => {
                for (around, array) in self.led_to(object, std::slice::from_ref(path), around)? {
                    let elements = self.json.elements(&array)?;
                    elements.iter().try_for_each(|element| self.object(inner, element, &around))?;
                }
            }
            Conversion::Arrays(paths) => {
                for (around, array) in self.led_to(object, paths, around)? {
                    for record in self.json.elements(&array)? {
                        self.put(&around, Record::Whole(record))?;
                    }
                }
            }
            Conversion::Lists(path) => {
                for (around, lists) in self.led_to(object, std::slice::from_ref(path), around)? {
                    self.list(&around, &lists)?;
                }
            }
            Conversion::Rows(path, form) => {
                for (around, rows) in self.led_to(object, std::slice::from_ref(path), around)? {
                    for row in self.json.elements(&rows)? {
                        self.row(&around, row, form)?;
                    }
                }
            }
            Conversion::Dictionaries(paths, held) => {
                for (around, dictionary) in self.led_to(object, paths, around)? {
                    self.dictionary(&around, &dictionary, *held)?;
                }
            }
            Conversion::Columns(paths) => {
                for (around, columns) in self.led_to(object, paths, around)? {
                    self.put(&around, Record::Whole(columns))?;
                }
            }
            Conversion::Answers(path) => {
                for (around, columns) in self.led_to(object, std::slice::from_ref(path), around)? {
                    if !around.is_empty() {
                        return Err(Trouble::new(
                            columns.start,
                            "these columns have a namespace around them",
                        )
                        .into());
                    }
                    self.join(&columns)?;
                }
            }
            Conversion::Values(form) => self.row(around, object.clone(), form)?,
        }
        Ok(())
    }

    /// The values at `paths` in an object, each with the members around it; an error if there are vectors elsewhere.
    fn led_to(
        &self,
        object: &Value,
        paths: &[Path],
        around: &Around<'a>,
    ) -> Result<Vec<(Around<'a>, Value)>, Trouble> {
        let mut found = Vec::new();
        for path in paths {
            self.follow(object, path, around.clone(), &mut found)?;
        }
        let paths: Vec<&[String]> = paths.iter().map(Vec::as_slice).collect();
        self.refuse_other_vectors(object, &paths)?;
        Ok(found)
    }

    fn follow(
        &self,
        value: &Value,
        path: &[String],
        around: Around<'a>,
        found: &mut Vec<(Around<'a>, Value)>,
    ) -> Result<(), Trouble> {
        let Some((first, rest)) = path.split_first() else {
            if !self.json.is_null(value) {
                found.push((around, value.clone()));
            }
            return Ok(());
        };
        if self.json.is_null(value) {
            return Ok(());
        }
        let members = self.json.members(value)?;
        let around = self.with_namespace(around, &members);
        let next = members.iter().find(|(spelled, _)| name(spelled) == *first);
        next.map_or(Ok(()), |(_, value)| self.follow(value, rest, around, found))
    }

    /// Adds the namespace in `members`, which takes precedence over one further out.
    fn with_namespace(&self, mut around: Around<'a>, members: &[Member<'a>]) -> Around<'a> {
        let is_namespace = |(spelled, value): &&Member<'a>| {
            is_one_of(&NAMESPACE, spelled) && !says_nothing(self.json.text(value))
        };
        for (spelled, value) in members.iter().filter(is_namespace) {
            around.retain(|(known, _)| known != spelled);
            around.push((spelled, self.json.text(value)));
        }
        around
    }

    fn refuse_other_vectors(&self, object: &Value, paths: &[&[String]]) -> Result<(), Trouble> {
        if paths.iter().any(|path| path.is_empty()) {
            return Ok(());
        }
        for (spelled, value) in self.json.members(object)? {
            let name = name(spelled);
            let on_path = paths.iter().filter_map(|path| path.split_first());
            let rests: Vec<&[String]> =
                on_path.filter(|(first, _)| **first == name).map(|(_, rest)| rest).collect();
            if rests.iter().any(|rest| rest.is_empty()) {
                continue;
            }
            if !rests.is_empty() && self.json.begins(&value, b'{') {
                self.refuse_other_vectors(&value, &rests)?;
            } else if self.json.may_be_encoded(spelled, &value) || self.json.has_vector(&value)? {
                return Err(Trouble::new(value.start, format!("there are vectors in {name} too")));
            }
        }
        Ok(())
    }

    fn list(&mut self, around: &Around<'a>, lists: &Value) -> Result<(), End> {
        for list in self.json.elements(lists)? {
            for record in self.json.elements(&list)? {
                self.put(around, Record::Whole(record))?;
            }
        }
        Ok(())
    }

    fn dictionary(&mut self, around: &Around<'a>, dictionary: &Value, held: Held) -> Result<(), End> {
        let members = self.json.members(dictionary)?;
        let around = self.with_namespace(around.clone(), &members);
        for (spelled, value) in members {
            let is_scalar = !matches!(self.json.text(&value).first(), Some(b'{' | b'['));
            if is_one_of(&NAMESPACE, spelled) && is_scalar {
                continue;
            }
            let key = [b"\"", spelled, b"\""].concat();
            let record = match held {
                Held::Records => self.under_key(key.into(), &value)?,
                Held::Vectors if self.json.begins(&value, b'[') || self.json.is_null(&value) => {
                    self.of(key.into(), self.json.text(&value).into())
                }
                Held::Vectors => {
                    let what = format!("not a vector: {}", self.json.shown(&value));
                    return Err(Trouble::new(value.start, what).into());
                }
            };
            self.put(&around, record)?;
        }
        Ok(())
    }

    /// Writes a row, or a record among rows.
    fn row(&mut self, around: &Around<'a>, row: Value, form: &RowForm) -> Result<(), End> {
        if self.json.begins(&row, b'{') || self.json.is_null(&row) {
            return self.put(around, Record::Whole(row));
        }
        let cells = self.json.elements(&row)?;
        if !self.is_alike(&cells, form) {
            let what = format!("not like the first row: {}", self.json.shown(&row));
            return Err(Trouble::new(row.start, what).into());
        }
        let record = match (form, cells.as_slice()) {
            (RowForm::Cells(form), cells) => {
                self.refuse_repeated_key(cells, form)?;
                let name = |(index, cell): (usize, &Cell)| match cell {
                    Cell::Key => self.key.clone(),
                    Cell::Vector => self.vector.clone(),
                    Cell::Metadata => b"metadata".to_vec(),
                    Cell::Other => format!("column{}", index + 1).into_bytes(),
                };
                let values = cells.iter().map(|cell| Cow::from(self.json.text(cell)));
                Record::Of(form.iter().enumerate().map(name).map(Cow::from).zip(values).collect())
            }
            (RowForm::Pair, [key, rest, ..]) => self.under_key(self.json.text(key).into(), rest)?,
            (RowForm::Flat { key_is_last: false }, [key, numbers @ ..])
            | (RowForm::Flat { key_is_last: true }, [numbers @ .., key]) => {
                let numbers = numbers.first().zip(numbers.last());
                let list = numbers.map_or(0..0, |(first, last)| first.start..last.end);
                let vector = [b"[", self.json.text(&list), b"]"].concat();
                self.of(self.json.text(key).into(), vector.into())
            }
            _ => return Err(Trouble::new(row.start, "an empty row").into()),
        };
        self.put(around, record)
    }

    /// Ends where the cell that is taken as the key of rows with other cells is not their key.
    fn refuse_repeated_key(&mut self, cells: &[Value], form: &[Cell]) -> Result<(), Trouble> {
        let Some(column) = form.iter().position(|cell| *cell == Cell::Key) else { return Ok(()) };
        let Some(cell) = cells.get(column).filter(|_| form.contains(&Cell::Other)) else { return Ok(()) };
        let key = self.json.plain(cell);
        if self.keys.contains(&key) {
            let what = format!(
                "column {} is taken as the key, but {key} is in it twice; write the rows as objects with names",
                column + 1
            );
            return Err(Trouble::new(cell.start, what));
        }
        self.keys.insert(key);
        Ok(())
    }

    /// Whether a row has this form.
    fn is_alike(&self, cells: &[Value], form: &RowForm) -> bool {
        let json = self.json;
        let may_be_key = |cell: &Value| json.is_text(cell) || json.is_number(cell);
        let is_or_null = |cell: &Value, byte| json.begins(cell, byte) || json.is_null(cell);
        match (form, cells) {
            (RowForm::Cells(form), cells) => {
                let is_it = |(cell, form): (&Value, &Cell)| match form {
                    Cell::Key => may_be_key(cell),
                    Cell::Vector => is_or_null(cell, b'['),
                    Cell::Metadata => is_or_null(cell, b'{'),
                    Cell::Other => true,
                };
                cells.len() == form.len() && cells.iter().zip(form).all(is_it)
            }
            (RowForm::Pair, [key, rest]) => may_be_key(key) && is_or_null(rest, b'{'),
            (RowForm::Flat { key_is_last: false }, [key, numbers @ ..])
            | (RowForm::Flat { key_is_last: true }, [numbers @ .., key]) => {
                json.is_text(key) && !numbers.is_empty() && numbers.iter().all(|cell| json.is_number(cell))
            }
            (RowForm::Pair | RowForm::Flat { .. }, _) => false,
        }
    }

    /// A record of a key and a vector.
    fn of(&self, key: Cow<'a, [u8]>, vector: Cow<'a, [u8]>) -> Record<'a> {
        Record::Of(vec![(self.key.clone().into(), key), (self.vector.clone().into(), vector)])
    }

    /// The record with the key that stands before it. One that has another key is an error, unless the user names it: then
    /// what stands before the record is the label of a row.
    fn under_key(&self, key: Cow<'a, [u8]>, record: &Value) -> Result<Record<'a>, Trouble> {
        let inner = if self.json.is_null(record) { Vec::new() } else { self.json.members(record)? };
        let is_same = |value: &Value| self.json.plain(value) == plain(&key);
        let is_key = |spelled: &[u8]| {
            name(spelled) == name(&self.key) || (!self.names_key && is_one_of(&KEYS, spelled))
        };
        let own = inner.iter().find(|(spelled, value)| is_key(spelled) && !is_same(value));
        if let Some((spelled, value)) = own.filter(|_| !self.names_key) {
            let (label, own, field) = (plain(&key), self.json.plain(value), name(spelled));
            let what = format!(
                "the record under {label} has the key {own} in {field}; \
                 take it with --key {field}, or {label} with --key NAME and another name"
            );
            return Err(Trouble::new(value.start, what));
        }
        let under = if own.is_some() { LABEL } else { &self.key };
        let mut members: Vec<Written<'a>> = Vec::new();
        for (spelled, value) in &inner {
            if name(spelled) != name(under) {
                members.push((Cow::from(*spelled), Cow::from(self.json.text(value))));
            } else if !is_same(value) {
                let what = format!("the record under {} has another {}", plain(&key), name(under));
                return Err(Trouble::new(value.start, what));
            }
        }
        members.push((under.to_vec().into(), key));
        Ok(Record::Of(members))
    }

    /// Adds what the lists in the columns of an answer hold, one for each question.
    fn join(&mut self, columns: &Value) -> Result<(), Trouble> {
        for (spelled, column) in self.json.members(columns)? {
            if name(spelled) == INCLUDED || !self.json.begins(&column, b'[') {
                continue;
            }
            for list in self.json.elements(&column)? {
                if self.json.is_null(&list) {
                    continue;
                }
                if !self.json.begins(&list, b'[') {
                    let what = format!("{} has something else than a list for each question", name(spelled));
                    return Err(Trouble::new(list.start, what));
                }
                let cells = self.json.elements(&list)?;
                match self.columns.iter_mut().find(|(known, _)| *known == spelled) {
                    Some((_, all)) => all.extend(cells),
                    None => self.columns.push((spelled, cells)),
                }
            }
        }
        Ok(())
    }

    fn put_columns(&mut self) -> Result<(), End> {
        let members = std::mem::take(&mut self.columns).into_iter().map(|(spelled, cells)| {
            let cells: Vec<&[u8]> = cells.iter().map(|cell| self.json.text(cell)).collect();
            (Cow::from(spelled), Cow::from([b"[", cells.join(&b',').as_slice(), b"]"].concat()))
        });
        let columns = Record::Of(members.collect());
        self.put(&Vec::new(), columns)
    }

    /// Passes on a record on one line, together with those members around it that it does not have itself.
    fn put(&mut self, around: &Around<'a>, record: Record<'a>) -> Result<(), End> {
        let mut members = match record {
            Record::Whole(value) if around.is_empty() || !self.json.begins(&value, b'{') => {
                return Ok((self.put)(&on_one_line(self.json.text(&value)))?);
            }
            Record::Whole(value) => {
                let members = self.json.members(&value)?.into_iter();
                members.map(|(name, value)| (name.into(), self.json.text(&value).into())).collect()
            }
            Record::Of(members) => members,
        };
        for (spelled, value) in around {
            let says_it = |(own, value): &Written<'_>| own == spelled && !says_nothing(value);
            if !members.iter().any(says_it) {
                members.retain(|(own, _)| own != spelled);
                members.push(((*spelled).into(), (*value).into()));
            }
        }
        let spell = |(name, value): &Written<'_>| [b"\"", &**name, b"\":", value].concat();
        let all = members.iter().map(spell).collect::<Vec<_>>().join(&b',');
        Ok((self.put)(&on_one_line(&[b"{", all.as_slice(), b"}"].concat()))?)
    }
}

/// A name in JSON spelling, without its quotes.
fn spelled(name: &str) -> Vec<u8> {
    let quoted = serde_json::Value::from(name).to_string().into_bytes();
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_vec()
}

/// Whether a value means that there is none.
fn says_nothing(value: &[u8]) -> bool {
    matches!(value, b"null" | b"\"\"")
}

/// A value on one line: in JSON, line ends occur only between tokens.
fn on_one_line(value: &[u8]) -> Vec<u8> {
    value.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }).collect()
}
