//! How the text of a number is put together of its bytes.
//!
//! Nine digits at most are written, of which the first is 0 or 1. All bytes that the text can have are put into sixteen: the
//! last eight digits, the last one first, and `0.-0,` with the first of nine as the first 0. The order of the text's bytes
//! follows from three things: where the nine digits stand behind the point, how many of the eight are zeros at the end, and
//! the sign. The comma comes first, so that it is not in the way of what is left out at the end.

/// How the text of a number is put together, and its length, the comma before it included.
#[derive(Clone, Copy)]
#[repr(align(32))]
pub(super) struct Shape {
    pub(super) order: [u8; 16],
    pub(super) length: u8,
}

/// Where the places are behind which zero is found, which has no digit.
pub(super) const OF_ZERO: u8 = 7;

/// By three bits of where the first of nine digits stands behind the point (`nine_at`, from 0 to 5), four bits of how many
/// of the last eight are zeros at the end (from 0 to 8) and one bit of the sign.
#[expect(clippy::cast_possible_truncation, reason = "all are below seventeen")]
pub(super) static SHAPES: [Shape; 256] = {
    /// Bytes among the sixteen: the first of eight digits, and what is not among them.
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
            // `0`, but `-0.0`.
            (shape.order[at], shape.order[at + 1], shape.order[at + 2]) = (ZERO, POINT, ZERO);
            shape.length = if is_negative { 5 } else { 2 };
        } else if nine_at < 6 && zeros <= 8 {
            // The last of nine digits is at the place `nine_at + 7`; the digit before the point is the place -1.
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
            // Without a place there is no point.
            let without = if zeros >= places { places + 1 } else { zeros };
            shape.length = (at - without) as u8;
        }
        index += 1;
    }
    shapes
};
