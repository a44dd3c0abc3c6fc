//! Compressed data in any damage: it ends in order or not, whatever the pieces that it comes in, and in bounded memory.
//!
//! The first byte says how long the pieces are.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ossvec::test_support::put::fuzzing::decompressed;

/// As much as is read of what a few bytes may stand for.
const MOST: u64 = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let [piece, packed @ ..] = data else { return };
    let Some((whole, is_whole)) = decompressed(packed, 1 << 16, MOST) else { return };
    let (text, is_good) = decompressed(packed, usize::from(*piece), MOST).unwrap();
    assert_eq!(is_good, is_whole, "in pieces of {piece} bytes");
    // What a decompressor gives before damage may depend on how much it looked at.
    let common = text.len().min(whole.len());
    assert_eq!(text[..common], whole[..common]);
    assert!(!is_whole || text.len() == whole.len());
});
