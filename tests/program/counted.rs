//! Files of keys and metadata beside vectors that may have another number of rows than they seem to: refused before
//! anything is sent.

use std::fmt::Write;

use crate::array_files::npy;
use crate::companions::{vectors, whole_numbers};
use crate::support::{Home, TestService, run, unlimited};

#[test]
fn a_row_that_may_be_several_is_an_error_before_anything_is_sent() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.npy", vectors());
    home.write("ids.txt", "a\nb\nc\n");
    home.write("few.csv", "id,t\na,1\nb\nc,3\n");
    home.write("quote.csv", "id,t\n\"a,1\nb,2\nc,3\n");
    let mut told = String::new();
    for options in [
        ["--keys-from", "few.csv"].as_slice(),
        &["--keys-from", "quote.csv"],
        &["--keys-from", "ids.txt", "--metadata-from", "few.csv"],
        &["--keys-from", "ids.txt", "--metadata-from", "quote.csv"],
    ] {
        let ended = run(home.put(&service).arg("a.npy").args(options));
        let error = ended.assert_code(3).stderr.lines().take(2).collect::<Vec<_>>().join("\n");
        writeln!(told, "{error}").unwrap();
    }
    assert!(service.is_untouched());
    insta::assert_snapshot!(told, @"
    ossvec: few.csv has a broken row at line 3, byte 9, so that the rows after it cannot be counted for --keys-from: the row has 1 cell; the header has 2
            fix that row
    ossvec: quote.csv has a broken row at line 2, byte 5, so that the rows after it cannot be counted for --keys-from: the quoted cell that starts on line 2 is never closed (the file ends on line 5); close it, or use --quote none if the file has no quoted cells
            fix that row
    ossvec: few.csv has a broken row at line 3, byte 9, so that the rows after it cannot be counted for --metadata-from: the row has 1 cell; the header has 2
            fix that row
    ossvec: quote.csv has a broken row at line 2, byte 5, so that the rows after it cannot be counted for --metadata-from: the quoted cell that starts on line 2 is never closed (the file ends on line 5); close it, or use --quote none if the file has no quoted cells
            fix that row
    ");
}

#[test]
fn an_array_of_keys_is_as_long_as_it_says_before_one_is_used() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.npy", vectors());
    let (numbers, texts) = (npy("<i8", "(3,)", &whole_numbers([1, 2, 3])), npy("|S1", "(3,)", b"789"));
    home.write("short.npy", &numbers[..numbers.len() - 8]);
    home.write("long.npy", [&texts[..], b"0"].concat());
    home.write("empty.npy", npy("<U0", "(1000000000000000000,)", b""));
    let mut told = String::new();
    for keys in ["short.npy", "long.npy", "empty.npy"] {
        let ended = run(home.put(&service).args(["a.npy", "--keys-from", keys]));
        writeln!(told, "{}", ended.assert_code(3).stderr.lines().take(2).collect::<Vec<_>>().join("\n"))
            .unwrap();
    }
    assert!(service.is_untouched());
    insta::assert_snapshot!(told, @"
    ossvec: short.npy (from --keys-from) contains less than its header says
            create or download it again
    ossvec: long.npy (from --keys-from) contains damaged data: 1 byte follows its array
            create or download it again
    ossvec: empty.npy (from --keys-from) contains text without characters in place of keys
            write a key for each row
    ");
}
