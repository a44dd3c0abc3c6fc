//! JSON arrays in place of objects: vectors without keys, and records whose fields have no names. Pure.

use super::conversion::{self, place};
use super::named::Named;
use super::outline::{Outline, Value, elements};
use super::unfit::Unfit;
use super::value::{skip_blanks, value_end};

/// Arrays of arrays, the first of which starts at `at`: vectors without keys, or records without names.
pub(super) fn of_rows(text: &[u8], at: usize, path: &[String], named: Named<'_>) -> Option<Unfit> {
    if text.get(skip_blanks(text, at + 1)) == Some(&b'{') {
        return Some(Unfit::Shape {
            shape: format!("a list of lists of records{}", place(path)),
            cure: conversion::of_rows("r", path, " for r in r[:]", named),
        });
    }
    let row = Row::of(text, at);
    if !row.cells.is_empty() && row.cells.iter().all(|(_, value)| *value == Value::Numbers) {
        return Some(Unfit::Shape {
            shape: format!("a vector for each token, not for each text{}", place(path)),
            cure: "ask the model for pooled vectors, or pool them first: a text's vector is the mean of those of its \
                   tokens"
                .to_owned(),
        });
    }
    if !row.cells.is_empty() && row.cells.iter().all(|(_, value)| *value == Value::Scalar) {
        return (!named.is_keyless).then_some(Unfit::NoKeys);
    }
    let record = row.record("r", named)?;
    Some(Unfit::Shape {
        shape: format!("records as arrays without field names{}", place(path)),
        cure: conversion::of_rows(&record, path, "", named),
    })
}

/// An array that is a record without names itself, as others that follow it are.
pub(super) fn of_values(text: &[u8], named: Named<'_>) -> Option<Unfit> {
    value_end(text, 0)?;
    let row = Row::of(text, 0);
    // A record among what is none is one all the same.
    let is_record = |(at, value): &(usize, Value)| {
        *value == Value::Object && named.has_key(text, &Outline::of(text, *at))
    };
    let record = row.record("v", named).filter(|_| !row.cells.iter().any(is_record))?;
    Some(Unfit::Shape {
        shape: "records as arrays without field names, one after another".to_owned(),
        cure: conversion::of_values(&record, named),
    })
}

/// The elements of an array that may be a record, as far as the text goes: where they start, and what they are.
struct Row<'a> {
    text: &'a [u8],
    cells: Vec<(usize, Value)>,
}

impl<'a> Row<'a> {
    /// So many cells are looked at: more than a key and the numbers of the longest vector.
    const MOST: usize = 5000;

    fn of(text: &'a [u8], start: usize) -> Self {
        let cells = elements(text, start).take(Self::MOST).map(|at| (at, Value::at(text, at))).collect();
        Self { text, cells }
    }

    /// The record of it in Python, where `row` is its name there; none if it is not clear which cells are key and vector.
    ///
    /// A later row that is an object is a record as it is; one of other cells ends the program.
    fn record(&self, row: &str, named: Named<'_>) -> Option<String> {
        let is = |wanted: Value| move |(_, value): &&(usize, Value)| *value == wanted;
        let (record, is_alike) = match self.cells.iter().filter(is(Value::Numbers)).count() {
            1 => self.zipped(row, named),
            0 => self.pair(row).or_else(|| self.flat(row, named)),
            _ => None,
        }?;
        Some(format!(
            r#"{row} if type({row})in(dict,type(None))else {record} if type({row})==list and {is_alike} else exit("not like the first row: "+str({row})[:200])"#
        ))
    }

    /// A record with a cell that is its vector, and the condition for a row of the same kind.
    fn zipped(&self, row: &str, named: Named<'_>) -> Option<(String, String)> {
        let key = self.cells.iter().position(|cell| self.may_be_key(cell))?;
        let metadata = self.cells.iter().position(|(_, value)| *value == Value::Object);
        let cell = |(index, (_, value)): (usize, &(usize, Value))| match value {
            _ if index == key => (conversion::key(named), "(str,int,float)"),
            Value::Numbers => (conversion::vector(named), "(list,type(None))"),
            _ if Some(index) == metadata => ("\"metadata\"".to_owned(), "(dict,type(None))"),
            _ => (format!("\"column{}\"", index + 1), "object"),
        };
        let (names, types): (Vec<_>, Vec<_>) = self.cells.iter().enumerate().map(cell).unzip();
        Some((
            format!("dict(zip(({}),{row}))", names.join(",")),
            format!("len({row})=={} and all(map(isinstance,{row},({})))", types.len(), types.join(",")),
        ))
    }

    /// A key and the record that it belongs to, and the same condition.
    fn pair(&self, row: &str) -> Option<(String, String)> {
        let [key, (at, Value::Object)] = self.cells.as_slice() else { return None };
        let mut members = Outline::of(self.text, *at).members.into_iter();
        let is_pair = self.may_be_key(key) && members.any(|member| member.value == Value::Numbers);
        is_pair.then(|| {
            let types = "(str,int,float),(dict,type(None))";
            (
                format!("b({row}[0],{row}[1])"),
                format!("len({row})==2 and all(map(isinstance,{row},({types})))"),
            )
        })
    }

    /// A key before or behind the numbers themselves, and the same condition.
    fn flat(&self, row: &str, named: Named<'_>) -> Option<(String, String)> {
        let (key, numbers) = match self.cells.as_slice() {
            [(_, Value::Text), numbers @ ..] => ("0", numbers),
            [numbers @ .., (_, Value::Text)] => ("-1", numbers),
            _ => return None,
        };
        let others = if key == "0" { "1:" } else { ":-1" };
        let is_vector = numbers.len() > 1 && numbers.iter().all(|(at, _)| self.is_number(*at));
        let (id, vector) = (conversion::key(named), conversion::vector(named));
        is_vector.then(|| {
            (
                format!("{{{id}:{row}[{key}],{vector}:{row}[{others}]}}"),
                format!(
                    "len({row})>1 and type({row}[{key}])==str and{{*map(type,{row}[{others}])}}<={{int,float}}"
                ),
            )
        })
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

    /// The records that the cure makes of a text, in Python.
    fn record(text: &str, is_value: bool) -> Option<String> {
        let unfit = if is_value {
            of_values(text.as_bytes(), Named::default())
        } else {
            of_rows(text.as_bytes(), 1, &[], Named::default())
        };
        let Some(Unfit::Shape { cure, .. }) = unfit else { return None };
        let (_, record) = cure.split_once("x=[json.dumps(")?;
        let (record, _) = record.split_once(") for i in e")?;
        let (_, record) = record.split_once("else ")?;
        Some(record.split_once(" if type(")?.0.to_owned())
    }

    #[test]
    fn key_and_vector_of_an_array_are_told_by_what_its_cells_are() {
        for (cells, wanted) in [
            (r#""a",[1,2]"#, Some(r#"dict(zip(("key","vector"),ROW))"#)),
            (r#"[1,2],"a""#, Some(r#"dict(zip(("vector","key"),ROW))"#)),
            (r#"7,[1,2],"x""#, Some(r#"dict(zip(("key","vector","column3"),ROW))"#)),
            (r#""a",[1,2],{"n":1}"#, Some(r#"dict(zip(("key","vector","metadata"),ROW))"#)),
            (r#""a",null,[1,2]"#, Some(r#"dict(zip(("key","column2","vector"),ROW))"#)),
            (r#""a",{"vector":[1,2]}"#, Some("b(ROW[0],ROW[1])")),
            (r#""a",1,-2"#, Some(r#"{"key":ROW[0],"vector":ROW[1:]}"#)),
            (r#"1,2,"a""#, Some(r#"{"key":ROW[-1],"vector":ROW[:-1]}"#)),
            (r#""a",1"#, None),
            (r#""a","b""#, None),
            (r#""a",1,null"#, None),
            ("null,[1,2]", None),
            (r#""a",[1,2],[3,4]"#, None),
            (r#""a",{"n":1}"#, None),
            ("1,2,3", None),
            ("", None),
        ] {
            let wanted = |row: &str| wanted.map(|record| record.replace("ROW", row));
            assert_eq!(record(&format!("[{cells}]"), true), wanted("v"), "{cells}");
            assert_eq!(record(&format!("[[{cells}]]"), false), wanted("r"), "{cells}");
        }
        for text in [r#"["a",[1,2],{"id":"b"}]"#, r#"["a",[1,"#] {
            assert_eq!(record(text, true), None, "{text}");
        }
    }
}
