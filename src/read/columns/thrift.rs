//! Thrift's compact protocol, as far as needed to skip structures with known fields.

/// Maximum depth of nested structures.
const DEPTH: usize = 32;

pub(super) const STRUCTURE: u8 = 12;

/// The type of a field.
pub(super) enum Kind {
    Boolean,
    Byte,
    /// With 16, 32 or 64 bits, which have the same encoding.
    Integer,
    Double,
    Binary,
    List(&'static Self),
    Structure(Fields),
}

/// The fields of a structure by number.
pub(super) type Fields = &'static [(u64, Kind)];

/// The bytes are not a structure, or not the expected one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unfit;

impl Kind {
    /// Whether this byte, which comes before a value, gives this type.
    fn is_written_as(&self, written: u8) -> bool {
        match self {
            Self::Boolean => matches!(written, 1 | 2),
            Self::Byte => written == 3,
            Self::Integer => matches!(written, 4..=6),
            Self::Double => written == 7,
            Self::Binary => written == 8,
            Self::List(_) => written == 9,
            Self::Structure(_) => written == STRUCTURE,
        }
    }
}

/// The bytes still to be read.
pub(super) struct Rest<'a> {
    bytes: &'a [u8],
    /// How much deeper structures may nest.
    depth: usize,
}

impl<'a> Rest<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, depth: DEPTH }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The type of the next field of a structure, and in `last` its number; 0 at the end.
    pub(super) fn field(&mut self, last: &mut u64) -> Result<u8, Unfit> {
        match self.byte()? {
            0 => Ok(0),
            byte => {
                let step = u64::from(byte >> 4);
                *last = if step == 0 { self.number()? } else { last.checked_add(step).ok_or(Unfit)? };
                Ok(byte & 0xf)
            }
        }
    }

    /// A signed number that must not be negative.
    pub(super) fn number(&mut self) -> Result<u64, Unfit> {
        let number = self.plain()?;
        if number & 1 == 0 { Ok(number >> 1) } else { Err(Unfit) }
    }

    /// Skips a structure. Unknown fields may have any content.
    pub(super) fn structure(&mut self, fields: Fields) -> Result<(), Unfit> {
        let mut number = 0;
        while let written @ 1.. = self.field(&mut number)? {
            self.value_of(fields, number, written)?;
        }
        Ok(())
    }

    /// Skips the value of the field with this number in a structure with these fields.
    pub(super) fn value_of(&mut self, fields: Fields, number: u64, written: u8) -> Result<(), Unfit> {
        let known = fields.iter().find(|(known, _)| *known == number);
        self.value(written, known.map(|(_, kind)| kind))
    }

    fn value(&mut self, written: u8, kind: Option<&'static Kind>) -> Result<(), Unfit> {
        if kind.is_some_and(|kind| !kind.is_written_as(written)) {
            return Err(Unfit);
        }
        self.depth = self.depth.checked_sub(1).ok_or(Unfit)?;
        match written {
            // The value is in the type.
            1 | 2 => {}
            3 => self.pass(1)?,
            4..=6 => _ = self.plain()?,
            7 => self.pass(8)?,
            8 => {
                let length = self.plain()?;
                self.pass(length)?;
            }
            9 | 10 => {
                let head = self.byte()?;
                let count = if head >> 4 == 15 { self.plain()? } else { u64::from(head >> 4) };
                let of = if let Some(Kind::List(kind)) = kind { Some(*kind) } else { None };
                self.elements(count, &[(head & 0xf, of)])?;
            }
            11 => match self.plain()? {
                0 => {}
                count => {
                    let both = self.byte()?;
                    self.elements(count, &[(both >> 4, None), (both & 0xf, None)])?;
                }
            },
            STRUCTURE => {
                self.structure(if let Some(Kind::Structure(fields)) = kind { fields } else { &[] })?;
            }
            13 => self.pass(16)?,
            _ => return Err(Unfit),
        }
        self.depth += 1;
        Ok(())
    }

    /// Skips the elements of a list or the pairs of a map. A few bytes can claim billions of booleans, and decoders
    /// count through them without checking whether there are bytes for them.
    fn elements(&mut self, count: u64, of: &[(u8, Option<&'static Kind>)]) -> Result<(), Unfit> {
        let has_booleans = of.iter().any(|(written, _)| matches!(written, 1 | 2));
        if count > 0 && (has_booleans || count > self.bytes.len() as u64) {
            return Err(Unfit);
        }
        for _ in 0..count {
            of.iter().try_for_each(|(written, kind)| self.value(*written, *kind))?;
        }
        Ok(())
    }

    fn byte(&mut self) -> Result<u8, Unfit> {
        let (byte, rest) = self.bytes.split_first().ok_or(Unfit)?;
        self.bytes = rest;
        Ok(*byte)
    }

    fn pass(&mut self, count: u64) -> Result<(), Unfit> {
        let rest = usize::try_from(count).ok().and_then(|count| self.bytes.get(count..));
        self.bytes = rest.ok_or(Unfit)?;
        Ok(())
    }

    /// An unsigned number in groups of seven bits.
    fn plain(&mut self) -> Result<u64, Unfit> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Unfit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], fields: Fields) -> Result<(), Unfit> {
        Rest::new(bytes).structure(fields)
    }

    #[test]
    fn values_of_every_type_are_passed_over() {
        // A field of each type, the last with an explicit field number, and the end.
        let all = [
            &[0x11, 0x12, 0x13, 0xff, 0x14, 0x02, 0x15, 0x84, 0x01, 0x16, 0x06][..],
            &[0x17, 1, 2, 3, 4, 5, 6, 7, 8, 0x18, 0x02, b'a', b'b'],
            &[0x19, 0x25, 0x02, 0x04, 0x1a, 0x00, 0x1b, 0x00, 0x1b, 0x01, 0x55, 0x02, 0x04],
            &[0x1c, 0x15, 0x02, 0x00, 0x0d, 0x64],
            &[0; 16],
            &[0x00],
        ]
        .concat();
        assert_eq!(check(&all, &[]), Ok(()));
        for length in 0..all.len() {
            assert_eq!(check(&all[..length], &[]), Err(Unfit), "{length} bytes");
        }
    }

    #[test]
    fn a_field_has_the_type_that_it_should_have() {
        const FIELDS: Fields = &[(1, Kind::Integer), (2, Kind::List(&Kind::Structure(&[(1, Kind::Binary)])))];
        assert_eq!(check(&[0x15, 0x02, 0x19, 0x1c, 0x18, 0x01, b'a', 0x00, 0x00], FIELDS), Ok(()));
        // Of 64 bits in place of 32.
        assert_eq!(check(&[0x16, 0x02, 0x00], FIELDS), Ok(()));
        // A boolean; a list of numbers; a structure with a number.
        assert_eq!(check(&[0x11, 0x00], FIELDS), Err(Unfit));
        assert_eq!(check(&[0x29, 0x15, 0x02, 0x00], FIELDS), Err(Unfit));
        assert_eq!(check(&[0x29, 0x1c, 0x15, 0x02, 0x00, 0x00], FIELDS), Err(Unfit));
        // Field 3 is unknown.
        assert_eq!(check(&[0x31, 0x00], FIELDS), Ok(()));
    }

    #[test]
    fn a_list_has_bytes_for_its_elements() {
        // 2^32 - 1 booleans, one boolean, 2^21 - 1 numbers, and as many pairs.
        assert_eq!(check(&[0x79, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x00], &[]), Err(Unfit));
        assert_eq!(check(&[0x79, 0x11, 0x01, 0x00], &[]), Err(Unfit));
        assert_eq!(check(&[0x79, 0xf5, 0xff, 0xff, 0x7f, 0x00], &[]), Err(Unfit));
        assert_eq!(check(&[0x7b, 0xff, 0xff, 0x7f, 0x11, 0x00], &[]), Err(Unfit));
    }

    #[test]
    fn structures_do_not_lie_in_each_other_without_end() {
        assert_eq!(check(&[0x1c; 1_000], &[]), Err(Unfit));
        assert_eq!(check(&[0x19; 1_000], &[]), Err(Unfit));
    }
}
