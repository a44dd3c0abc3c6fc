//! JSON arrays in place of objects: vectors without keys, and records whose fields have no names. Pure.

use super::conversion::{Cell, Conversion, RowForm, place};
use super::named::Named;
use super::outline::{Outline, Value, elements};
use super::unfit::Unfit;
use super::value::{skip_blanks, value_end};

/// Arrays of arrays, the first of which starts at `at`: vectors without keys, or records without names.
pub(super) fn of_rows(text: &[u8], at: usize, path: &[String], named: Named<'_>) -> Option<Unfit> {
    if text.get(skip_blanks(text, at + 1)) == Some(&b'{') {
        let shape = format!("a list of lists of records{}", place(path));
        return Some(Unfit::converted(shape, Conversion::Lists(path.to_vec()), named));
    }
    let row = Row::of(text, at);
    if !row.cells.is_empty() && row.cells.iter().all(|(_, value)| *value == Value::Numbers) {
        return Some(Unfit::Shape {
            shape: format!("a vector for each token, not for each text{}", place(path)),
            cure: "ask the model for pooled vectors, or pool them first: a text's vector is the mean of those of its \
                   tokens"
                .to_owned(),
            conversion: None,
        });
    }
    if !row.cells.is_empty() && row.cells.iter().all(|(_, value)| *value == Value::Scalar) {
        return (!named.is_keyless).then_some(Unfit::NoKeys { table: None });
    }
    let form = row.form()?;
    let shape = format!("records as arrays without field names{}", place(path));
    Some(Unfit::converted(shape, Conversion::Rows(path.to_vec(), form), named))
}

/// An array that is itself a record without names, followed by others like it.
pub(super) fn of_values(text: &[u8], named: Named<'_>) -> Option<Unfit> {
    value_end(text, 0)?;
    let row = Row::of(text, 0);
    // The array contains a record, although not all of its elements are.
    let is_record = |(at, value): &(usize, Value)| {
        *value == Value::Object && named.has_key(text, &Outline::of(text, *at))
    };
    let form = row.form().filter(|_| !row.cells.iter().any(is_record))?;
    let shape = "records as arrays without field names, one after another".to_owned();
    Some(Unfit::converted(shape, Conversion::Values(form), named))
}

/// The elements of an array that may be a record, as far as `text` reaches: where they start, and their kinds.
struct Row<'a> {
    text: &'a [u8],
    cells: Vec<(usize, Value)>,
}

impl<'a> Row<'a> {
    /// Maximum number of cells to look at: more than a key and the numbers of the longest vector.
    const MOST: usize = 5000;

    fn of(text: &'a [u8], start: usize) -> Self {
        let cells = elements(text, start).take(Self::MOST).map(|at| (at, Value::at(text, at))).collect();
        Self { text, cells }
    }

    /// The form of the array; `None` if key and vector are not clear.
    fn form(&self) -> Option<RowForm> {
        let is = |wanted: Value| move |(_, value): &&(usize, Value)| *value == wanted;
        match self.cells.iter().filter(is(Value::Numbers)).count() {
            1 => self.with_vector(),
            0 if self.is_pair() => Some(RowForm::Pair),
            0 => self.flat(),
            _ => None,
        }
    }

    /// A record with a cell that is its vector.
    fn with_vector(&self) -> Option<RowForm> {
        let key = self.cells.iter().position(|cell| self.may_be_key(cell))?;
        let metadata = self.cells.iter().position(|(_, value)| *value == Value::Object);
        let cell = |(index, (_, value)): (usize, &(usize, Value))| match value {
            _ if index == key => Cell::Key,
            Value::Numbers => Cell::Vector,
            _ if Some(index) == metadata => Cell::Metadata,
            _ => Cell::Other,
        };
        Some(RowForm::Cells(self.cells.iter().enumerate().map(cell).collect()))
    }

    /// Whether it is a key followed by its record.
    fn is_pair(&self) -> bool {
        let [key, (at, Value::Object)] = self.cells.as_slice() else { return false };
        let mut members = Outline::of(self.text, *at).members.into_iter();
        self.may_be_key(key) && members.any(|member| member.value == Value::Numbers)
    }

    /// A key before or after the numbers themselves.
    fn flat(&self) -> Option<RowForm> {
        let (key_is_last, numbers) = match self.cells.as_slice() {
            [(_, Value::Text), numbers @ ..] => (false, numbers),
            [numbers @ .., (_, Value::Text)] => (true, numbers),
            _ => return None,
        };
        let is_vector = numbers.len() > 1 && numbers.iter().all(|(at, _)| self.is_number(*at));
        is_vector.then_some(RowForm::Flat { key_is_last })
    }

    fn may_be_key(&self, (at, value): &(usize, Value)) -> bool {
        *value == Value::Text || self.is_number(*at)
    }

    fn is_number(&self, at: usize) -> bool {
        self.text.get(at).is_some_and(|byte| matches!(byte, b'-' | b'0'..=b'9'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str, is_value: bool) -> Option<RowForm> {
        let unfit = if is_value {
            of_values(text.as_bytes(), Named::default())
        } else {
            of_rows(text.as_bytes(), 1, &[], Named::default())
        };
        match unfit? {
            Unfit::Shape {
                conversion: Some(Conversion::Rows(_, form) | Conversion::Values(form)), ..
            } => Some(form),
            _ => None,
        }
    }

    #[test]
    fn key_and_vector_of_an_array_are_told_by_what_its_cells_are() {
        use Cell::{Key, Metadata, Other, Vector};
        let cells = |cells: &[Cell]| Some(RowForm::Cells(cells.to_vec()));
        for (text, wanted) in [
            (r#""a",[1,2]"#, cells(&[Key, Vector])),
            (r#"[1,2],"a""#, cells(&[Vector, Key])),
            (r#"7,[1,2],"x""#, cells(&[Key, Vector, Other])),
            (r#""a",[1,2],{"n":1}"#, cells(&[Key, Vector, Metadata])),
            (r#""a",null,[1,2]"#, cells(&[Key, Other, Vector])),
            (r#""a",{"vector":[1,2]}"#, Some(RowForm::Pair)),
            (r#""a",1,-2"#, Some(RowForm::Flat { key_is_last: false })),
            (r#"1,2,"a""#, Some(RowForm::Flat { key_is_last: true })),
            (r#""a",1"#, None),
            (r#""a","b""#, None),
            (r#""a",1,null"#, None),
            ("null,[1,2]", None),
            (r#""a",[1,2],[3,4]"#, None),
            (r#""a",{"n":1}"#, None),
            ("1,2,3", None),
            ("", None),
        ] {
            assert_eq!(form(&format!("[{text}]"), true), wanted, "{text}");
            assert_eq!(form(&format!("[[{text}]]"), false), wanted, "{text}");
        }
        for text in [r#"["a",[1,2],{"id":"b"}]"#, r#"["a",[1,"#] {
            assert_eq!(form(text, true), None, "{text}");
        }
    }
}
