//! Numbers of one type as bytes.

use super::spelling;
use crate::record::Reason;

/// The type of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Float16,
    Float32,
    Float64,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
}

/// The order of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Element {
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Int8 | Self::Uint8 => 1,
            Self::Float16 | Self::Int16 | Self::Uint16 => 2,
            Self::Float32 | Self::Int32 | Self::Uint32 => 4,
            Self::Float64 | Self::Int64 | Self::Uint64 => 8,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Float16 => "float16",
            Self::Float32 => "float32",
            Self::Float64 => "float64",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Uint8 => "uint8",
            Self::Uint16 => "uint16",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
        }
    }

    /// Whether it is an integer type.
    pub(super) fn is_whole(self) -> bool {
        !matches!(self, Self::Float16 | Self::Float32 | Self::Float64)
    }

    /// Appends numbers, each rounded to the nearest float32; an error if one is not finite.
    pub(super) fn read(self, order: Order, bytes: &[u8], out: &mut Vec<f32>) -> Result<(), Reason> {
        let before = out.len();
        match (self, order) {
            // The format of nearly all files.
            (Self::Float32, Order::Little) => {
                out.extend(bytes.as_chunks().0.iter().map(|number| f32::from_le_bytes(*number)));
            }
            _ => out.extend(bytes.chunks_exact(self.bytes()).map(|number| self.nearest(order, number))),
        }
        let read = out.get(before..).unwrap_or_default();
        // No branch per number.
        if read.iter().fold(true, |all, number| all & number.is_finite()) {
            return Ok(());
        }
        let index = read.iter().position(|number| !number.is_finite()).unwrap_or_default();
        let number = bytes.chunks_exact(self.bytes()).nth(index).unwrap_or_default();
        Err(Reason::NotFinite { index, text: self.spelt(order, number) })
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "to the nearest float32"
    )]
    fn nearest(self, order: Order, bytes: &[u8]) -> f32 {
        match self {
            Self::Float16 => half::f16::from_le_bytes(ordered(order, bytes)).to_f32(),
            Self::Float32 => f32::from_le_bytes(ordered(order, bytes)),
            Self::Float64 => f64::from_le_bytes(ordered(order, bytes)) as f32,
            Self::Uint64 => u64::from_le_bytes(ordered(order, bytes)) as f32,
            _ => self.whole(order, bytes) as f32,
        }
    }

    /// An integer; 0 for other types and for values beyond i64.
    fn whole(self, order: Order, bytes: &[u8]) -> i64 {
        match self {
            Self::Int8 => i8::from_le_bytes(ordered(order, bytes)).into(),
            Self::Int16 => i16::from_le_bytes(ordered(order, bytes)).into(),
            Self::Int32 => i32::from_le_bytes(ordered(order, bytes)).into(),
            Self::Int64 => i64::from_le_bytes(ordered(order, bytes)),
            Self::Uint8 => u8::from_le_bytes(ordered(order, bytes)).into(),
            Self::Uint16 => u16::from_le_bytes(ordered(order, bytes)).into(),
            Self::Uint32 => u32::from_le_bytes(ordered(order, bytes)).into(),
            Self::Uint64 | Self::Float16 | Self::Float32 | Self::Float64 => 0,
        }
    }

    /// The text of a number.
    pub(super) fn spelt(self, order: Order, bytes: &[u8]) -> String {
        match self {
            Self::Float64 => spelling::float64(f64::from_le_bytes(ordered(order, bytes))),
            Self::Float16 | Self::Float32 => spelling::float32(self.nearest(order, bytes)),
            Self::Uint64 => u64::from_le_bytes(ordered(order, bytes)).to_string(),
            _ => self.whole(order, bytes).to_string(),
        }
    }
}

/// The bytes of a number in little-endian order.
fn ordered<const N: usize>(order: Order, bytes: &[u8]) -> [u8; N] {
    let mut bytes = bytes.first_chunk().copied().unwrap_or([0; N]);
    if order == Order::Big {
        bytes.reverse();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_either_order_and_spelt_as_they_are() {
        let both = |element: Element, little: &[u8]| {
            let mut big = little.to_vec();
            big.reverse();
            let mut numbers = Vec::new();
            let read = [
                element.read(Order::Little, little, &mut numbers),
                element.read(Order::Big, &big, &mut numbers),
            ];
            assert_eq!(element.spelt(Order::Little, little), element.spelt(Order::Big, &big));
            assert_eq!(read[0], read[1]);
            (numbers, element.spelt(Order::Little, little), read[0].is_ok())
        };
        let cases: [(Element, &[u8], f32, &str); 8] = [
            (Element::Float16, &[0x00, 0x3c], 1.0, "1.0"),
            (Element::Float32, &0.1_f32.to_le_bytes(), 0.1, "0.1"),
            (Element::Float64, &0.1_f64.to_le_bytes(), 0.1, "0.1"),
            (Element::Int8, &[0xff], -1.0, "-1"),
            (Element::Uint8, &[0xff], 255.0, "255"),
            (Element::Int64, &i64::MIN.to_le_bytes(), -9.223_372e18, "-9223372036854775808"),
            (Element::Uint64, &u64::MAX.to_le_bytes(), 1.844_674_4e19, "18446744073709551615"),
            (Element::Uint32, &16_777_217_u32.to_le_bytes(), 16_777_216.0, "16777217"),
        ];
        for (element, bytes, number, text) in cases {
            assert_eq!(both(element, bytes), (vec![number; 2], text.to_owned(), true), "{element:?}");
        }
        for (element, bytes, text) in [
            (Element::Float32, f32::NAN.to_le_bytes().to_vec(), "NaN"),
            (Element::Float64, 1e300_f64.to_le_bytes().to_vec(), "1e+300"),
            (Element::Float16, vec![0x00, 0xfc], "-Infinity"),
        ] {
            let (_, spelt, is_good) = both(element, &bytes);
            assert_eq!((spelt.as_str(), is_good), (text, false), "{element:?}");
        }
    }
}
