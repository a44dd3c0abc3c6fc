//! Text in other encodings: no byte is lost or replaced silently, whatever the pieces that it comes in.
//!
//! The first byte says which encoding it is, the second how long the pieces are.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ossvec::test_support::put::fuzzing::decoded;

const NAMES: [&str; 9] =
    ["gb18030", "gbk", "big5", "shift_jis", "euc-jp", "euc-kr", "utf-16le", "utf-16be", "windows-1252"];

fuzz_target!(|data: &[u8]| {
    let [name, piece, bytes @ ..] = data else { return };
    let name = NAMES[usize::from(*name) % NAMES.len()];
    let whole = decoded(bytes, name, bytes.len()).unwrap();
    assert_eq!(decoded(bytes, name, usize::from(*piece)).unwrap(), whole, "{name}");
    let encoding = encoding_rs::Encoding::for_label(name.as_bytes()).unwrap();
    let expected = encoding.decode_without_bom_handling_and_without_replacement(bytes);
    let (text, is_whole) = whole;
    assert_eq!(is_whole.then_some(&text[..]), expected.as_ref().map(|text| text.as_bytes()), "{name}");
});
