//! NPY and NPZ, and files of vectors without a header that says what they are, in any damage: see `columns`. The last byte
//! says where reading is begun again, the one before it the format that is named.

#![no_main]

mod columns;

use libfuzzer_sys::fuzz_target;
use ossvec::test_support::read::Format;

const FORMATS: [Option<Format>; 7] = [
    None,
    Some(Format::Npz),
    Some(Format::Fvecs),
    Some(Format::Bvecs),
    Some(Format::Fbin),
    Some(Format::U8bin),
    Some(Format::Float32),
];

fuzz_target!(|data: &[u8]| {
    let [content @ .., format, from] = data else { return };
    columns::check(content, FORMATS[usize::from(*format) % FORMATS.len()], *from);
});
