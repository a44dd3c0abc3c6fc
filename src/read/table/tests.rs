//! What is cut from texts with valid quotes, and from those with broken ones.

use super::super::cut::Cut;
use super::cells::cells;
use super::dialect::{Dialect, Tables};
use super::grammar::{Ahead, Text};
use super::rows::{cut, cut_counted};
use crate::record::quote::QuoteKind;

fn row(text: &str, columns: usize, tables: &Tables, last: bool) -> Cut {
    row_by(&Dialect::new(tables, b','), text, columns, last)
}

fn row_by(dialect: &Dialect, text: &str, columns: usize, last: bool) -> Cut {
    cut(Text { bytes: text.as_bytes(), last, longest: 1 << 20, dialect, columns: Some(columns) })
}

/// Each record as its text, or as the lines and the kind of its trouble, and how much of the text is done.
fn found(text: &str, columns: usize, last: bool) -> (Vec<String>, usize) {
    let cut = row(text, columns, &Tables::default(), last);
    let shown = cut.records.into_iter().enumerate().map(|(index, range)| {
        let content = text.get(range).unwrap();
        let flaw = cut.flaws.iter().find(|(flawed, _)| *flawed == index);
        flaw.map_or(content.to_owned(), |(_, flaw)| {
            let trouble = flaw.on(1);
            format!("{:?} {}-{}: {content}", trouble.kind, trouble.begun, trouble.found)
        })
    });
    (shown.collect(), cut.consumed)
}

fn rows(text: &str, columns: usize) -> Vec<String> {
    let (rows, consumed) = found(text, columns, true);
    assert_eq!(consumed, text.len(), "{text}");
    rows
}

#[test]
fn rows_end_at_line_ends_outside_quotes() {
    assert_eq!(found("a,b\r\n\r\n  \nc,\"d\n,\"\"\n\"\n", 2, false).0, ["a,b"]);
    assert_eq!(rows("a,b\r\n\r\n  \nc,\"d\n,\"\"\n\"\n", 2), ["a,b", "c,\"d\n,\"\"\n\""]);
    assert_eq!(rows("5\" disk,b\nc,the \"best\" of\n", 2), ["5\" disk,b", "c,the \"best\" of"]);
    assert_eq!(rows("\u{feff}\"a\nb\",c\n", 2), ["\u{feff}\"a\nb\",c"]);
}

#[test]
fn a_row_without_its_line_end_counts_only_at_the_end() {
    assert_eq!(found("a\nb", 1, false), (vec!["a".to_owned()], 2));
    assert_eq!(found("a\nb", 1, true), (vec!["a".to_owned(), "b".to_owned()], 3));
    assert_eq!(found("a\n\"b", 1, false), (vec!["a".to_owned()], 2));
    assert_eq!(found("a\n\"b\"", 1, false), (vec!["a".to_owned()], 2));
    assert_eq!(found("a\n\"b\"\r", 1, false), (vec!["a".to_owned()], 2));
    assert_eq!(found("a\n\"b\"", 1, true).0, ["a", "\"b\""]);
}

#[test]
fn what_a_stray_quote_swallowed_is_read_as_rows_again() {
    assert_eq!(
        rows("a,[1 2],\"Heroes\nb,[3 4],plain\nc,[5 6],the \"best\" of\nd,[7 8],end\n", 3),
        ["Inside 1-3: a,[1 2],\"Heroes", "b,[3 4],plain", "c,[5 6],the \"best\" of", "d,[7 8],end"]
    );
    assert_eq!(
        rows("a,\"5 in,[1 2]\nb,plain,[3 4]\nc,7\" x,[5 6]\nd,y,[7 8]\n", 3),
        ["Inside 1-3: a,\"5 in,[1 2]", "b,plain,[3 4]", "c,7\" x,[5 6]", "d,y,[7 8]"]
    );
    assert_eq!(
        rows("a,\"5 in,[1 2]\nb,7\",[3 4]\nc,x,[5 6]\n", 3),
        ["Records 1-2: a,\"5 in,[1 2]", "Unopened 1-1: b,7\",[3 4]", "c,x,[5 6]"]
    );
    assert_eq!(rows("a,[1 2],\"x\nb,[3 4],y\n", 3), ["Unclosed 1-3: a,[1 2],\"x", "b,[3 4],y"]);
    assert_eq!(
        rows("\"5\\\" disk\",\"[1, 2]\"\nb,\"[3, 4]\"\n", 2),
        ["Backslash 1-1: \"5\\\" disk\",\"[1, 2]\"", "b,\"[3, 4]\""]
    );
}

#[test]
fn what_stands_behind_a_whole_vector_costs_its_own_line() {
    // The last ones are files that were concatenated without a line end between them.
    for row in [
        "a,t,\"[1,2]\"x",
        "a,t,\"[1, 2]\"\"\"x",
        "a,t,\"(1 2)\".",
        "a,\"[1,2]\"id,text,vector",
        "a,\"[1,2]\"b,t,u",
    ] {
        let [first, ..] = &rows(&format!("{row}\nb,u,\"[3,4]\"\nc,v,\"[5,6]\"\n"), 3)[..] else {
            panic!("{row}")
        };
        assert_eq!(first, &format!("Inside 1-1: {row}"));
    }
    // A multi-line text before the vector extends to it, even if it begins with numbers.
    for text in ["[1,2] or\" x", "[1]\" x", "5\" x"] {
        let rows = rows(&format!("a,\"{text}\nb,u,\"[3,4]\"\nc,v,\"[5,6]\"\n"), 3);
        assert_eq!(rows, [format!("Inside 1-1: a,\"{text}\nb,u,\"[3,4]\""), "c,v,\"[5,6]\"".to_owned()]);
    }
}

#[test]
fn a_vector_that_is_cut_takes_no_other_record_with_it() {
    // Where a cell of the vector `first` may be cut, over any number of lines.
    let vectors =
        ["[0.5, 1.5, 2.5]", "[0.5,\n 1.5,\n 2.5]", "[\n  0.5,\n  1.5,\n  2.5\n]", "[0.5 1.5\n 2.5]"];
    for (vector, column) in vectors.iter().flat_map(|vector| (0..3).map(move |column| (vector, column))) {
        let record = |name: &str, vector: &str| {
            let mut cells = vec![format!("{name}1"), format!("\"{name}2\"")];
            cells.insert(column, format!("\"{vector}"));
            cells.join(",")
        };
        let whole = |name: &str| record(name, &format!("{vector}\""));
        for end in 1..vector.len() {
            let cut = record("b", vector.get(..end).unwrap());
            let cut = cut.get(..cut.find(vector.get(..end).unwrap()).unwrap() + end).unwrap();
            let text = format!("{}\n{cut}\n{}\n{}\n", whole("a"), whole("c"), whole("d"));
            let found = divided(&text, &Tables::default()).1;
            let whole: Vec<String> = ["a", "c", "d"].map(whole).to_vec();
            let read: Vec<&String> = found.iter().filter(|row| whole.contains(row)).collect();
            assert_eq!(read, whole.iter().collect::<Vec<_>>(), "{text}");
        }
    }
}

#[test]
fn a_vector_that_lost_its_last_quote_is_rejected_by_itself_though_tabs_may_stand_behind_it() {
    for vector in ["[1.5 2.5]", "[1.5 2.5\n 3.5]", "[1.5,\n2.5]", "1.5 2.5", "(1.5 2.5) "] {
        for behind in ["\t", "", "x\ty"] {
            let record = |key: &str, quote: &str| format!("{key}\t\"{vector}{quote}\t\"{behind}\"\t\"z\"");
            let text = format!("{}\n{}\n{}\n", record("a", ""), record("b", "\""), record("c", "\""));
            let dialect = Dialect::new(&Tables::default(), b'\t');
            let cut = row_by(&dialect, &text, 4, true);
            let is_flawed = |index: usize| cut.flaws.iter().any(|(flawed, _)| *flawed == index);
            let rows: Vec<&str> = cut.records.iter().map(|row| text.get(row.clone()).unwrap()).collect();
            let mut whole = (0..rows.len()).filter(|index| !is_flawed(*index)).map(|index| rows[index]);
            let meant = [record("b", "\""), record("c", "\"")];
            assert!(is_flawed(0) && rows.last() == Some(&meant[1].as_str()), "{text:?}: {rows:?}");
            let is_meant = |row: &str| meant.iter().any(|meant| meant == row);
            assert!(whole.all(|row| cells(row.as_bytes(), &dialect).len() != 4 || is_meant(row)), "{rows:?}");
        }
    }
}

#[test]
fn the_rest_of_a_broken_text_of_several_lines_is_never_a_row() {
    assert_eq!(
        rows("a,\"x\ny, z,[1 2]\nb,\"u\",[3 4]\n", 3),
        ["Inside 1-3: a,\"x\ny, z,[1 2]", "b,\"u\",[3 4]"]
    );
    assert_eq!(
        rows("a,x\ny, z\",[1 2]\nb,\"u\",[3 4]\n", 3),
        ["a,x", "Unopened 1-1: y, z\",[1 2]", "b,\"u\",[3 4]"]
    );
}

/// How many rows of the text are broken, and the others.
fn divided(text: &str, tables: &Tables) -> (usize, Vec<String>) {
    let cut = row(text, 3, tables, true);
    assert_eq!(cut.consumed, text.len(), "{text}");
    let is_broken = |index: &usize| cut.flaws.iter().any(|(flawed, _)| flawed == index);
    let whole = (0..cut.records.len()).filter(|index| !is_broken(index));
    (cut.flaws.len(), whole.map(|index| text.get(cut.records[index].clone()).unwrap().to_owned()).collect())
}

#[test]
fn the_line_on_which_a_broken_text_ends_is_not_a_row() {
    let escaped = Tables { escape: Some(b'\\'), ..Tables::default() };
    let put_together = [
        // The last column, of one line more and of several.
        "a,\"[5, 6]\",\"three\nlines x\"b,\"[7, 8]\",plain",
        "a,[5 6],\"three\nlines x\"b,[7 8],plain",
        "a,[5 6],\"three\n\nof, the\"\"se\nlines x\"b,[7 8],plain",
        "a,[5 6],\"three\nlines, or\"b,[7 8]",
        "a,[5 6],\"three\nlines x\"b,[7 8],\"two\nc, or lines\"",
        // The middle one.
        "a,\"three\nlines x\"b,plain,[7 8]",
        "a,\"see\nd, it,[1 2]\nlines x\"b,plain,[7 8]",
        "[5 6],\"three\nlines x\"[7 8],plain,b",
        "a,\"[5, 6,\n7]\"b,\"[7, 8, 9]\",plain",
        // The first one.
        "\"three\nlines x\"plain,b,[7 8]",
        "\"three,[1 2]\nlines x\"plain,b,[7 8]",
        "\"[5, 6,\n7]\"b,[7 8 9],plain",
    ];
    for broken in put_together {
        for tables in [&Tables::default(), &escaped] {
            let text = format!("{broken}\nlast,[7 9],p\n");
            assert_eq!(divided(&text, tables), (1, vec!["last,[7 9],p".to_owned()]), "{text}");
            let text = text.replace('\n', "\r\n");
            assert_eq!(divided(&text, tables), (1, vec!["last,[7 9],p".to_owned()]), "{text}");
        }
    }
    let text = "a,[5 6],\"th\\\"ree\nli\\\"nes x\"b,[7 8],plain\nlast,[7 9],p\n";
    assert_eq!(divided(text, &escaped), (1, vec!["last,[7 9],p".to_owned()]));
}

#[test]
fn rows_before_the_line_on_which_a_broken_text_ends_are_read() {
    for (text, whole) in [
        // One row in between, so that the stray quote is the first one.
        ("a,[1 2],\"x\nb,[3 4],y\nc,[5 6],the \"best\" of\n", vec!["b,[3 4],y", "c,[5 6],the \"best\" of"]),
        ("a,[1 2],\"x\ny\nb,[3 4],z\nc,[5 6],7\" x\n", vec!["y", "b,[3 4],z", "c,[5 6],7\" x"]),
        // The misplaced quote begins a cell.
        ("a,[1 2],\"x\nb,\"[3, 4]\",y\n", vec!["b,\"[3, 4]\",y"]),
        ("a,[1 2],\"x\n\"b\",[3 4],y\n", vec!["\"b\",[3 4],y"]),
        ("a,[1 2],\"x\nb,[3 4],\"\"\"u\"\" v\"\n", vec!["b,[3 4],\"\"\"u\"\" v\""]),
    ] {
        let (broken, found) = divided(text, &Tables::default());
        assert_eq!((broken, found), (1, whole.iter().map(|row| (*row).to_owned()).collect()), "{text}");
    }
}

#[test]
fn a_window_that_ends_within_the_last_line_of_a_broken_text_waits_for_it() {
    let text = "a,[5 6],\"three\nlines x\"b,[7 8],plain\nc,[7 9],p\n";
    let end = text.find("\nc").unwrap() + 1;
    for at in text.find('\n').unwrap()..end {
        assert_eq!(found(text.get(..at).unwrap(), 3, false).1, 0, "{at}");
    }
    assert_eq!(found(text.get(..end).unwrap(), 3, false).1, end);
}

#[test]
fn a_cell_of_several_lines_that_ends_where_one_may_begin_depends_on_what_follows() {
    let good = "a,[1 2],\"x,\n\",u\nb,[3 4],\"y\",v\n";
    assert_eq!(rows(good, 4), ["a,[1 2],\"x,\n\",u", "b,[3 4],\"y\",v"]);
    // The first row's quote took the end of its line and ends at the quote that begins the second row.
    let bad = "x,[1 2],\"y,k\n\",foo\nbar\",[3 4],z,l\n";
    assert_eq!(rows(bad, 4), ["Doubtful 1-2: x,[1 2],\"y,k\n\",foo", "Unopened 1-1: bar\",[3 4],z,l"]);
}

#[test]
fn a_text_that_ends_in_a_line_end_is_read_whatever_row_follows() {
    for next in ["b,,y", "b,1 2,y", "b,7,y", "b,null,y", "b", "b,[1 2 3],y", "b,y", "b,[3 4],y"] {
        let (before, after) = ("a,[1 2],\"x\n\"", "c,[5 6],z");
        let text = format!("{before}\n{next}\n{after}\n");
        match next {
            "b,y" => assert!(rows(&text, 3)[0].starts_with("Doubtful"), "{next}"),
            _ => assert_eq!(rows(&text, 3), [before, next, after]),
        }
    }
}

#[test]
fn pieces_of_a_swallowed_text_are_no_whole_rows() {
    // The text of the second record takes the lines after its first quote, which ends the cell of the first record.
    for pieces in ["foo", "foo\n\nfoo", ",,[1]", ",,", "4"] {
        let text = format!("x,[1 2],\"y,k\n\",{pieces}\nbar\",[3 4],z,l\n");
        assert!(rows(&text, 4)[0].starts_with("Doubtful"), "{text}");
    }
}

#[test]
fn a_cell_without_end_is_rejected_once_it_exceeds_the_largest_row() {
    let text = format!("a,\"{}\n", "x\n".repeat(30));
    let dialect = Dialect::new(&Tables::default(), b',');
    let with = |text: &str, longest| {
        let text = Text { bytes: text.as_bytes(), last: false, longest, dialect: &dialect, columns: Some(2) };
        cut(text).flaws.first().map(|(_, flaw)| flaw.on(1).kind)
    };
    assert_eq!(with(&text, 20), Some(QuoteKind::Endless));
    assert_eq!(with(&text, 200), None);
}

#[test]
fn the_flags_change_what_is_a_row() {
    let text = "#a,\"\na,\"x\nb,y\n";
    let tables = Tables { quote: None, comment: Some(b'#'), ..Tables::default() };
    let cut = row(text, 2, &tables, true);
    assert_eq!((cut.records, cut.flaws.len()), (vec![5..9, 10..13], 0));
    let escaped = Tables { escape: Some(b'\\'), ..Tables::default() };
    let text = "\"5\\\" disk\",\"a\\\\\"\nb,\"\\\n\"\n";
    let cut = row(text, 2, &escaped, true);
    assert_eq!((cut.records, cut.flaws.len()), (vec![0..16, 17..23], 0));
    let swallowing = "a,\"x\nb,[1 2]\ny\"\n";
    let meant = Tables { multiline_cells: true, ..Tables::default() };
    assert_eq!(row(swallowing, 2, &meant, true).flaws.len(), 0);
    assert_eq!(row(swallowing, 2, &Tables::default(), true).flaws.len(), 2);
}

/// How many rows are read, including those read ahead, to cut a text.
fn read(text: &str, columns: usize) -> usize {
    let dialect = Dialect::new(&Tables::default(), b',');
    let (mut at, mut ahead) = (0, Ahead::default());
    while at < text.len() {
        let text = Text {
            bytes: text.as_bytes().get(at..).unwrap(),
            last: true,
            longest: 1 << 26,
            dialect: &dialect,
            columns: Some(columns),
        };
        at += cut_counted(text, None, &mut ahead).consumed;
        ahead.forget();
    }
    ahead.read
}

#[test]
fn rows_behind_broken_ones_are_read_once_however_many_are_broken() {
    for line in ["\"a\"b\n", "\"a\"b,\n\n", "a,\"x\n\n\"y\n", "\"k1\",\"[1, 2]\",\"x\"y\n"] {
        let many = 20_000;
        let text = format!("k,[1 2],x\n{}", line.repeat(many));
        let lines = text.matches('\n').count();
        // Each of the cuts of some thousand rows may look 64 KiB ahead.
        assert!(read(&text, 3) < 20 * lines, "{line:?}: {} of {lines}", read(&text, 3));
    }
}

#[test]
fn what_a_row_costs_does_not_grow_with_what_is_behind_its_cells() {
    // A failure would show as a hang: with quadratic cost, none of these would end.
    for text in [
        format!("k,\"x\"y{}\n", ",1".repeat(500_000)),
        format!("k,\"x\"y{}\n", ",[1".repeat(500_000)),
        format!("k,\"x\"y,[{}\n", "1,".repeat(500_000)),
        format!("a,\"{}\n", "\nb,[1 2],x\nx\",y,\"".repeat(20_000)),
        format!("a,\"x\n{}", "\n,[1 2],x\n\",y,\"\",\"".repeat(20_000)),
    ] {
        read(&text, 3);
    }
}

/// Any texts, as databases dump them: with letters for line ends and tabs, or with the bytes.
#[test]
fn texts_that_databases_dump_are_read_as_they_were() {
    let tables = Tables { quote: None, escape: Some(b'\\'), ..Tables::default() };
    let dialect = Dialect::new(&tables, b'\t');
    for _ in 0..2_000 {
        let part = || {
            *fastrand::choice(&["a", "\\", "\t", "\n", "\r", "N", "n", "\"", "\0", ",", " x", "\u{8}"])
                .unwrap()
        };
        let text = || (0..fastrand::usize(0..5)).map(|_| part()).collect::<String>();
        let rows: Vec<[Option<String>; 3]> = (0..4)
            .map(|row| {
                [Some(format!("k{row}")), Some(text()).filter(|text| !text.is_empty()), Some(text() + "z")]
            })
            .collect();
        let has_letters = fastrand::bool();
        let written = |text: &str| -> String {
            text.chars()
                .map(|character| match character {
                    '\n' if has_letters => "\\n".to_owned(),
                    '\t' if has_letters => "\\t".to_owned(),
                    '\r' => "\\r".to_owned(),
                    '\0' => "\\0".to_owned(),
                    '\u{8}' => "\\b".to_owned(),
                    '\\' | '\n' | '\t' => format!("\\{character}"),
                    other => other.to_string(),
                })
                .collect()
        };
        let cell = |cell: &Option<String>| cell.as_deref().map_or("\\N".to_owned(), written);
        let line = |row: &[Option<String>; 3]| row.each_ref().map(cell).join("\t") + "\n";
        let dump: String = rows.iter().map(line).collect();
        let cut = row_by(&dialect, &dump, 3, true);
        let read: Vec<Vec<String>> = cut
            .records
            .iter()
            .map(|range| {
                let cells = cells(dump.get(range.clone()).unwrap().as_bytes(), &dialect);
                cells.iter().map(|cell| String::from_utf8(cell.to_vec()).unwrap()).collect()
            })
            .collect();
        let wanted: Vec<Vec<String>> =
            rows.into_iter().map(|row| row.map(Option::unwrap_or_default).into()).collect();
        assert_eq!(read, wanted, "{dump:?}");
    }
}
