//! Parquet files in any damage: see `columns`. The last byte says where reading is begun again.

#![no_main]

mod columns;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Some((from, content)) = data.split_last() {
        columns::check(content, None, *from);
    }
});
