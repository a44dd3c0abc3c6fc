//! Placeholders in decoded text for bytes that are not a character of its encoding.
//!
//! Nothing may be replaced silently, and one bad record must not cost the file. So the bytes are written as a sequence
//! that is invalid in UTF-8: their record is then rejected like any other with bytes that are not UTF-8. The sequence
//! keeps them, so that a message can name them. In no text encoding does a character start with the first byte of a
//! placeholder, so text that was never decoded is not mistaken for one.

use std::fmt;

/// The first byte of a placeholder.
const BEGINS: u8 = 0xff;

/// The high two bits of a byte are added to this value, which is invalid in UTF-8; the others follow in the next byte.
const HIGH: u8 = 0xf5;
const LOW: u8 = 0x80;
const LOW_BITS: u8 = 0x3f;

/// The maximum number of bytes kept of a sequence: the longest of any encoding.
const BYTES: usize = 4;

/// Bytes that are not a character of their text's encoding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sequence {
    bytes: [u8; BYTES],
    length: usize,
}

impl Sequence {
    /// Keeps these bytes, up to the maximum.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut sequence = Self::default();
        for byte in bytes {
            sequence.push(*byte);
        }
        sequence
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    fn kept(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Writes the placeholder for these bytes.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(BEGINS);
        for byte in self.kept() {
            out.extend([HIGH + (byte >> 6), LOW | (byte & LOW_BITS)]);
        }
    }

    /// The bytes that the placeholder at the start of `text` stands for, if there is one.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let mut rest = text.strip_prefix(&[BEGINS])?;
        let mut sequence = Self::default();
        while let [high @ HIGH..=0xf8, low @ LOW..=0xbf, more @ ..] = rest {
            sequence.push(((high - HIGH) << 6) | (low & LOW_BITS));
            rest = more;
        }
        (sequence.length > 0).then_some(sequence)
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.length == 1 { "invalid byte" } else { "invalid bytes" })?;
        self.kept().iter().try_for_each(|byte| write!(formatter, " {byte:#04x}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_sequence_is_read_as_it_was_written_and_is_no_utf_8(
            bytes in prop::collection::vec(any::<u8>(), 1..=BYTES), before in "\\PC{0,3}", behind in "\\PC{0,3}",
        ) {
            let mut text = before.clone().into_bytes();
            Sequence::new(&bytes).write(&mut text);
            text.extend(behind.as_bytes());
            let at = std::str::from_utf8(&text).unwrap_err().valid_up_to();
            prop_assert_eq!(at, before.len());
            prop_assert_eq!(Sequence::read(&text[at..]), Some(Sequence::new(&bytes)));
        }
    }

    #[test]
    fn other_text_is_no_stand_in() {
        for text in [&b"\xff"[..], b"\xff\xfe", b"\xff\xf5", b"\xffa", b"a", b""] {
            assert_eq!(Sequence::read(text), None, "{text:?}");
        }
        assert_eq!(Sequence::new(b"\x81").to_string(), "invalid byte 0x81");
        assert_eq!(Sequence::new(b"\x3d\xd8").to_string(), "invalid bytes 0x3d 0xd8");
    }
}
