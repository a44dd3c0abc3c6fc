//! Keys in a NumPy array: integers or text, one per row.

use std::borrow::Cow;

use super::bytes::Bytes;
use super::element::Order;
use super::npy::{Header, Type};
use super::source::Trouble;

/// Maximum size of a text in a column of keys.
const KEY_BYTES: usize = 64 << 10;

/// Bytes of keys that are looked at together.
const CHECKED: usize = 1 << 20;

/// A column of keys: numbers or text, one per row.
pub(super) struct KeyArray {
    bytes: Bytes,
    header: Header,
    /// Its name in an archive.
    member: Option<String>,
    /// How many keys there are.
    rows: u64,
    row: u64,
}

impl KeyArray {
    /// Opens an array, in an archive that of the name `member`. How long the bytes are is for the caller to check.
    pub(super) fn open(mut bytes: Bytes, member: Option<&str>) -> Result<Self, Trouble> {
        let header = Header::read(&mut bytes).map_err(|trouble| of_member(trouble, member))?;
        let rows = rows(&header).map_err(|flaw| flaw.trouble(member))?;
        Ok(Self { bytes, header, member: member.map(str::to_owned), rows, row: 0 })
    }

    /// Checks that all keys are text before one is used: two that are not could become the same key.
    pub(super) fn check(&mut self) -> Result<(), Trouble> {
        if matches!(self.header.kind, Type::Number(..)) {
            return Ok(());
        }
        let most = (CHECKED / self.header.kind.bytes()).max(1);
        while self.row < self.rows {
            let (first, left) = (self.row, self.rows - self.row);
            let keys = self.texts(usize::try_from(left).unwrap_or(most).min(most))?;
            if let Some(index) = keys.iter().position(Option::is_none) {
                let flaw = match self.header.kind {
                    Type::Narrow(_) => KeyFlaw::NotUtf8(first + index as u64 + 1),
                    _ => KeyFlaw::NotUnicode(first + index as u64 + 1),
                };
                return Err(flaw.trouble(self.name()));
            }
        }
        self.row = 0;
        Ok(())
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Its name in an archive.
    pub(super) fn name(&self) -> Option<&str> {
        self.member.as_deref()
    }

    /// Its size in bytes, including the header.
    pub(super) fn bytes(&self) -> u64 {
        self.header.bytes()
    }

    pub(super) fn go_to(&mut self, row: u64) {
        self.row = row;
    }

    /// The next keys as JSON.
    pub(super) fn next(&mut self, count: usize) -> Result<Vec<String>, Trouble> {
        let changed = || Trouble::Damaged("its keys have changed while they were read".to_owned());
        self.texts(count)?.into_iter().map(|key| key.ok_or_else(changed)).collect()
    }

    /// The same, with `None` for keys that are not text.
    fn texts(&mut self, count: usize) -> Result<Vec<Option<String>>, Trouble> {
        let size = self.header.kind.bytes();
        let mut bytes = vec![0; count * size];
        let read = self.bytes.read_at(self.header.start + self.row * size as u64, &mut bytes);
        read.map_err(|error| of_member(error.into(), self.member.as_deref()))?;
        self.row += count as u64;
        Ok(bytes.chunks(size).map(|key| spelt(self.header.kind, key)).collect())
    }
}

/// Adds the name of an array in an archive to its trouble.
fn of_member(trouble: Trouble, member: Option<&str>) -> Trouble {
    match member {
        Some(member) => trouble.in_array(member),
        None => trouble,
    }
}

/// A key as JSON, if it is text or a number.
fn spelt(kind: Type, key: &[u8]) -> Option<String> {
    let text: String = match kind {
        Type::Number(element, order) => return Some(element.spelt(order, key)),
        Type::Wide(_, order) => key
            .as_chunks()
            .0
            .iter()
            .map(|character| match order {
                Order::Little => u32::from_le_bytes(*character),
                Order::Big => u32::from_be_bytes(*character),
            })
            .map(char::from_u32)
            .collect::<Option<_>>()?,
        Type::Narrow(_) | Type::Objects | Type::Records | Type::Other => {
            std::str::from_utf8(key).ok()?.to_owned()
        }
    };
    Some(serde_json::Value::from(text.trim_end_matches('\0')).to_string())
}

/// How many keys an array has. A single column or row of a table counts as a list.
fn rows(header: &Header) -> Result<u64, KeyFlaw> {
    match header.kind {
        Type::Number(element, _) if !element.is_whole() => return Err(KeyFlaw::Fractions),
        Type::Objects => return Err(KeyFlaw::Objects),
        Type::Records => return Err(KeyFlaw::Records),
        Type::Other => return Err(KeyFlaw::Other),
        Type::Wide(..) | Type::Narrow(_) if header.kind.bytes() > KEY_BYTES => return Err(KeyFlaw::Long),
        Type::Wide(..) | Type::Narrow(_) if header.kind.bytes() == 0 => return Err(KeyFlaw::Empty),
        Type::Number(..) | Type::Wide(..) | Type::Narrow(_) => {}
    }
    let mut long = header.shape.iter().filter(|length| **length != 1);
    match (long.next(), long.next()) {
        (rows, None) => Ok(rows.copied().unwrap_or(1)),
        _ => Err(KeyFlaw::Table(header.shape.clone())),
    }
}

/// Why an array does not hold keys.
#[derive(Clone, Debug, PartialEq, Eq)]
enum KeyFlaw {
    Objects,
    Fractions,
    Records,
    Other,
    Long,
    Empty,
    /// The key of this number is no UTF-8.
    NotUtf8(u64),
    /// The key with this number has a character that is not Unicode.
    NotUnicode(u64),
    /// It has several values per row: its shape.
    Table(Vec<u64>),
}

impl KeyFlaw {
    /// What the array has instead of keys, and how to fix that.
    fn trouble(&self, member: Option<&str>) -> Trouble {
        let array = member.unwrap_or("array");
        let what: Cow<'_, str> = match self {
            Self::Objects => "Python objects".into(),
            Self::Fractions => "floating-point numbers".into(),
            Self::Records => "records with fields".into(),
            Self::Other => "values that are neither whole numbers nor text".into(),
            Self::Long => "text of any length".into(),
            Self::Empty => "text without characters".into(),
            Self::Table(shape) => {
                let lengths: Vec<_> = shape.iter().map(u64::to_string).collect();
                format!("a table of shape ({})", lengths.join(", ")).into()
            }
            Self::NotUtf8(row) => format!("bytes that are not UTF-8, in row {row},").into(),
            Self::NotUnicode(row) => format!("characters that are not Unicode, in row {row},").into(),
        };
        let cure = match self {
            Self::Objects | Self::Other => format!("write them as text: {array}.astype(str)"),
            Self::Fractions => {
                format!("write them as whole numbers, if they are, or as text: {array}.astype('int64')")
            }
            Self::Records => format!("choose the field with the keys: {array}['FIELD']"),
            Self::NotUtf8(_) => format!("decode them: numpy.char.decode({array}, 'ENCODING')"),
            Self::NotUnicode(_) => "correct the key, and save the array again".to_owned(),
            Self::Long => "write the keys as text, each of at most 1,024 characters".to_owned(),
            Self::Empty => "write a key for each row".to_owned(),
            Self::Table(_) => format!("choose the column with the keys: {array}[:, 0]"),
        };
        let place = member.map_or_else(String::new, |member| format!(", in {member}"));
        Trouble::Unclear(format!("{what} in place of keys{place}"), cure.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(descr: &str, shape: &str) -> Header {
        Header::parse(&format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"), 128)
            .unwrap()
    }

    #[test]
    fn a_list_a_column_and_a_row_of_keys_are_as_long_as_they_have_keys() {
        for (shape, wanted) in [("(3,)", 3), ("(3, 1)", 3), ("(1, 3)", 3), ("(1, 1)", 1), ("(0, 1)", 0)] {
            assert_eq!(rows(&header("'<i8'", shape)), Ok(wanted), "{shape}");
            assert_eq!(rows(&header("'<U5'", shape)), Ok(wanted), "{shape}");
        }
    }

    #[test]
    fn what_is_no_list_of_keys_is_named_with_what_makes_it_one() {
        let told = [
            ("'|O'", "(3,)"),
            ("'<f8'", "(3,)"),
            ("[('a', '<i8')]", "(3,)"),
            ("'|b1'", "(3,)"),
            ("'<M8[D]'", "(3,)"),
            ("'<U99999'", "(3,)"),
            ("'<U0'", "(1000000000000000000,)"),
            ("'|S0'", "(3,)"),
            ("'<i8'", "(3, 2)"),
        ]
        .map(|(descr, shape)| match rows(&header(descr, shape)).unwrap_err().trouble(Some("ids")) {
            Trouble::Unclear(what, cure) => format!("{what}: {cure}\n"),
            other => format!("{other:?}\n"),
        });
        insta::assert_snapshot!(told.concat(), @"
        Python objects in place of keys, in ids: write them as text: ids.astype(str)
        floating-point numbers in place of keys, in ids: write them as whole numbers, if they are, or as text: ids.astype('int64')
        records with fields in place of keys, in ids: choose the field with the keys: ids['FIELD']
        values that are neither whole numbers nor text in place of keys, in ids: write them as text: ids.astype(str)
        values that are neither whole numbers nor text in place of keys, in ids: write them as text: ids.astype(str)
        text of any length in place of keys, in ids: write the keys as text, each of at most 1,024 characters
        text without characters in place of keys, in ids: write a key for each row
        text without characters in place of keys, in ids: write a key for each row
        a table of shape (3, 2) in place of keys, in ids: choose the column with the keys: ids[:, 0]
        ");
    }
}
