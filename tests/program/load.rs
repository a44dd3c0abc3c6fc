//! Loading real files, end to end.

use crate::support::{Home, TestService, lines, run, unlimited, wanted};

#[test]
fn a_file_of_several_batches_is_stored_bit_for_bit() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let input = home.write("vectors.jsonl", lines(1_100, 8));
    let ended = run(home.put(&service).arg(&input));
    assert_eq!(ended.assert_code(0).counts(["read", "stored", "batches", "attempts"]), [1_100, 1_100, 3, 3]);
    assert_eq!(service.state(), wanted(0..1_100, 8));
}
