//! How the text of a number is assembled from its bytes.
//!
//! At most nine digits are written, the first of which is 0 or 1. Sixteen bytes have all that the text can contain: the
//! last eight digits, the last one first, and `0.-0,` with the first of the nine digits as the first 0. Three things
//! determine the order of the text's bytes: where the nine digits are relative to the point, how many of the eight are
//! trailing zeros, and the sign. The comma comes first, so that trailing zeros can simply be cut off.

/// The order of a number's bytes in its text, and the length of the text with the comma before it.
#[derive(Clone, Copy)]
#[repr(align(32))]
pub(super) struct Shape {
    pub(super) order: [u8; 16],
    pub(super) length: u8,
}

/// The value of `nine_at` for zero, which has no digits.
pub(super) const OF_ZERO: u8 = 7;

/// Indexed by three bits for where the first of nine digits is relative to the point (`nine_at`, from 0 to 5), four
/// bits for the number of trailing zeros among the last eight (from 0 to 8), and one bit for the sign.
#[expect(clippy::cast_possible_truncation, reason = "all are below seventeen")]
pub(super) static SHAPES: [Shape; 256] = {
    /// Indexes into the sixteen bytes: the first of the eight digits, and the other bytes.
    const FIRST: u8 = 7;
    const NINTH: u8 = 8;
    const POINT: u8 = 9;
    const MINUS: u8 = 10;
    const ZERO: u8 = 11;
    const COMMA: u8 = 12;
    let mut shapes = [Shape { order: [0xff; 16], length: 0 }; 256];
    let mut index = 0;
    while index < shapes.len() {
        let (nine_at, zeros, is_negative) = (index & 7, index >> 3 & 15, index >> 7 == 1);
        let shape = &mut shapes[index];
        shape.order[0] = COMMA;
        shape.order[1] = MINUS;
        let mut at = if is_negative { 2 } else { 1 };
        if nine_at == OF_ZERO as usize {
            // `0` has no decimals, but `-0.0` has one.
            (shape.order[at], shape.order[at + 1], shape.order[at + 2]) = (ZERO, POINT, ZERO);
            shape.length = if is_negative { 5 } else { 2 };
        } else if nine_at < 6 && zeros <= 8 {
            // The last of the nine digits is at place `nine_at + 7`; the digit before the point is at place 0.
            shape.order[at] = match nine_at {
                0 => FIRST,
                1 => NINTH,
                _ => ZERO,
            };
            shape.order[at + 1] = POINT;
            at += 2;
            let places = nine_at + 7;
            let mut place = 1;
            while place <= places {
                shape.order[at] = if place + 1 < nine_at {
                    ZERO
                } else if place + 1 == nine_at {
                    NINTH
                } else {
                    FIRST - (place - nine_at) as u8
                };
                (place, at) = (place + 1, at + 1);
            }
            // Without decimals there is no point.
            let without = if zeros >= places { places + 1 } else { zeros };
            shape.length = (at - without) as u8;
        }
        index += 1;
    }
    shapes
};
