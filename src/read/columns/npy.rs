//! NPY: a header in Python syntax, and an array.

use std::fs::File;
use std::io::{Seek, SeekFrom};

use super::bytes::Bytes;
use super::element::{Element, Order};
use super::flat::Layout;
use super::source::Trouble;

/// The first bytes of such a file.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

/// Maximum size of a header.
const HEADER_BYTES: usize = 1 << 20;

const OBJECTS: Trouble = Trouble::Unsupported(
    "a NumPy file of Python objects",
    "only Python can read them; write numbers: numpy.save(PATH, numpy.stack(list(array)).astype('float32'))",
);
const FORTRAN: Trouble = Trouble::Unsupported(
    "a NumPy file in Fortran order",
    "write its vectors one after another: numpy.save(PATH, numpy.ascontiguousarray(array))",
);
const FIELDS: Trouble = Trouble::Unsupported(
    "a NumPy file of records with fields",
    "write each field to a file of its own: numpy.save(PATH, array['FIELD'])",
);
const OTHER: Trouble = Trouble::Unsupported(
    "a NumPy file of values that are neither numbers nor text",
    "write numbers: numpy.save(PATH, array.astype('float32'))",
);
const TEXT: Trouble = Trouble::Unsupported(
    "a NumPy file of text",
    "write numbers: numpy.save(PATH, array.astype('float32')); keys belong to --keys-from",
);
const NO_VECTORS: Trouble = Trouble::Unsupported(
    "a NumPy file whose array is not two-dimensional",
    "write an array of shape (records, dimension)",
);

/// The element type of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Number(Element, Order),
    /// Text of up to this many characters of four bytes each, as Python stores it.
    Wide(usize, Order),
    /// The same with single bytes.
    Narrow(usize),
    /// Pickled objects.
    Objects,
    /// Records of several values.
    Records,
    /// Booleans, times, complex numbers.
    Other,
}

impl Type {
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Number(element, _) => element.bytes(),
            Self::Wide(characters, _) => characters.saturating_mul(4),
            Self::Narrow(bytes) => bytes,
            Self::Objects | Self::Records | Self::Other => 0,
        }
    }

    fn parse(descr: &str) -> Self {
        let Some(name) = descr.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) else {
            return Self::Records;
        };
        let order = if name.starts_with('>') { Order::Big } else { Order::Little };
        let name = name.trim_start_matches(['<', '>', '|', '=']);
        let element = match name {
            "f2" => Element::Float16,
            "f4" => Element::Float32,
            "f8" => Element::Float64,
            "i1" => Element::Int8,
            "i2" => Element::Int16,
            "i4" => Element::Int32,
            "i8" => Element::Int64,
            "u1" => Element::Uint8,
            "u2" => Element::Uint16,
            "u4" => Element::Uint32,
            "u8" => Element::Uint64,
            _ if name.starts_with('O') => return Self::Objects,
            _ => {
                let text = name.split_at_checked(1).map(|(kind, length)| (kind, length.parse()));
                return match text {
                    Some(("U", Ok(length))) => Self::Wide(length, order),
                    Some(("S", Ok(length))) => Self::Narrow(length),
                    _ => Self::Other,
                };
            }
        };
        Self::Number(element, order)
    }
}

/// A header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Type,
    pub(super) shape: Vec<u64>,
    is_fortran: bool,
    /// Where the array begins.
    pub(super) start: u64,
}

impl Header {
    /// Reads the header at the start of some bytes.
    pub(super) fn read(bytes: &mut Bytes) -> Result<Self, Trouble> {
        let mut head = [0; 12];
        bytes.read_at(0, &mut head)?;
        if !head.starts_with(MAGIC) {
            return Err(Trouble::Damaged("it is no NumPy array".to_owned()));
        }
        let length = |at: usize, count: usize| {
            let bytes = head.iter().skip(at).take(count).rev();
            bytes.fold(0_usize, |length, byte| length << 8 | usize::from(*byte))
        };
        let (start, length) = if head.get(6) == Some(&1) { (10, length(8, 2)) } else { (12, length(8, 4)) };
        if length > HEADER_BYTES {
            return Err(Trouble::Damaged("its header is too long".to_owned()));
        }
        let mut text = vec![0; length];
        bytes.read_at(start, &mut text)?;
        let text = String::from_utf8_lossy(&text);
        Self::parse(&text, start + length as u64)
    }

    pub(super) fn parse(text: &str, start: u64) -> Result<Self, Trouble> {
        let value = |name: &str| {
            let (_, rest) = text.split_once(&format!("'{name}':"))?;
            Some(rest.trim_start())
        };
        let no_header = || Trouble::Damaged("its header has no type, order or shape".to_owned());
        let descr = value("descr").ok_or_else(no_header)?;
        let end = if descr.starts_with('\'') {
            descr.get(1..).and_then(|rest| rest.find('\'')).map(|end| end + 2)
        } else {
            None
        };
        let kind = Type::parse(end.and_then(|end| descr.get(..end)).unwrap_or("["));
        let is_fortran = value("fortran_order").ok_or_else(no_header)?.starts_with("True");
        let shape = value("shape").and_then(|rest| rest.strip_prefix('(')?.split_once(')'));
        let (shape, _) = shape.ok_or_else(no_header)?;
        let lengths = shape.split(',').map(str::trim).filter(|length| !length.is_empty());
        let shape = lengths.map(|length| length.trim_end_matches('L').parse().map_err(|_| no_header()));
        Ok(Self { kind, shape: shape.collect::<Result<_, _>>()?, is_fortran, start })
    }

    /// The layout of the vectors in the array.
    pub(super) fn vectors(&self) -> Result<Layout, Trouble> {
        let (element, order) = match self.kind {
            Type::Number(element, order) => (element, order),
            Type::Objects => return Err(OBJECTS),
            Type::Records => return Err(FIELDS),
            Type::Other => return Err(OTHER),
            Type::Wide(..) | Type::Narrow(_) => return Err(TEXT),
        };
        let &[rows, dimension] = self.shape.as_slice() else { return Err(NO_VECTORS) };
        if self.is_fortran {
            return Err(FORTRAN);
        }
        let dimension = usize::try_from(dimension).map_err(|_| NO_VECTORS)?;
        Layout { start: self.start, is_led: false, element, order, dimension, rows }.checked()
    }

    /// The size of the header and its array in bytes.
    pub(super) fn bytes(&self) -> u64 {
        let elements = self.shape.iter().fold(1_u64, |all, length| all.saturating_mul(*length));
        elements.saturating_mul(self.kind.bytes() as u64).saturating_add(self.start)
    }
}

/// Checks that a file has the wanted length.
pub(super) fn check_length(file: &mut File, wanted: u64) -> Result<(), Trouble> {
    let bytes = file.seek(SeekFrom::End(0))?;
    match bytes {
        bytes if bytes < wanted => Err(Trouble::Torn),
        bytes if bytes > wanted => {
            let follow = if bytes - wanted == 1 { "byte follows" } else { "bytes follow" };
            Err(Trouble::Damaged(format!("{} {follow} its array", bytes - wanted)))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Header, Trouble> {
        Header::parse(text, 128)
    }

    #[test]
    fn headers_are_read_as_numpy_writes_them() {
        let header =
            parsed("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }          \n").unwrap();
        assert_eq!((header.shape.as_slice(), header.bytes()), (&[3, 4][..], 128 + 48));
        let layout = header.vectors().unwrap();
        assert_eq!((layout.dimension, layout.element, layout.stride()), (4, Element::Float32, 16));
        let keys = parsed("{'descr': '>U5', 'fortran_order': False, 'shape': (7,), }").unwrap();
        assert_eq!((keys.kind, keys.shape.as_slice()), (Type::Wide(5, Order::Big), &[7][..]));
    }

    #[test]
    fn what_is_no_array_of_vectors_is_refused_with_the_reason() {
        let refused = |text: &str| match parsed(text).and_then(|header| header.vectors()) {
            Err(Trouble::Unsupported(what, cure)) => format!("{what}: {cure}\n"),
            other => format!("{other:?}\n"),
        };
        let told = [
            "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 4), }",
            "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '<c8', 'fortran_order': False, 'shape': (3, 4), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '<U5', 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '<f4'}",
        ]
        .map(refused);
        insta::assert_snapshot!(told.concat(), @r#"
        a NumPy file of Python objects: only Python can read them; write numbers: numpy.save(PATH, numpy.stack(list(array)).astype('float32'))
        a NumPy file in Fortran order: write its vectors one after another: numpy.save(PATH, numpy.ascontiguousarray(array))
        a NumPy file of records with fields: write each field to a file of its own: numpy.save(PATH, array['FIELD'])
        a NumPy file of values that are neither numbers nor text: write numbers: numpy.save(PATH, array.astype('float32'))
        a NumPy file whose array is not two-dimensional: write an array of shape (records, dimension)
        a NumPy file of text: write numbers: numpy.save(PATH, array.astype('float32')); keys belong to --keys-from
        Err(Damaged("its header has no type, order or shape"))
        "#);
    }
}
