use super::super::super::mark::BYTE_ORDER_MARK;
use super::super::{Header, Rows, header};
use super::*;
use crate::record::Raw;

fn first(names: &str) -> FirstHeader {
    let columns = Columns(names.split(',').map(str::to_owned).collect());
    FirstHeader::new(names.as_bytes(), &columns, &Tables::default())
}

fn judge(names: &str, row: &str) -> Among {
    first(names).judge(row.as_bytes(), &Dialect::new(&Tables::default(), b','))
}

const OTHER: Among = Among::Other(0);

#[test]
fn headers_are_told_from_rows() {
    let names = "id,title,embedding";
    for (row, found) in [
        ("id,title,embedding", Among::Same),
        ("\"id\",\"title\",\"embedding\"", Among::Same),
        ("ID, Title ,Embedding", Among::Same),
        ("title,id,embedding", OTHER),
        ("embedding,title,id", OTHER),
        ("\"Title\",\"ID\",\"Embedding\"", OTHER),
        ("id,embedding", OTHER),
        ("id,lang,embedding", OTHER),
        ("doc_id,title,vector", OTHER),
        ("lang,title,extra,id,embedding,more", OTHER),
        ("a,T,[1 2]title,id,embedding", OTHER),
        ("a,T,\"[1, 2]\ntitle\",id,embedding", OTHER),
        ("a,Tititle,id,embedding", OTHER),
        ("dotitle,id,embedding", OTHER),
        ("a,T,1.5id,embedding", OTHER),
        ("a,T,[1 2]lang,id,embedding", OTHER),
        ("a,T,[1 2]id,embedding,lang,note", OTHER),
        ("a,T,[1 2]id,embedding,lang", OTHER),
        // Whole rows, whatever texts they have.
        ("title,id,[1 2]", Among::Row),
        ("id,embedding,[1 2]", Among::Row),
        ("id,title,0.5", Among::Row),
        ("a,embedding,nan", Among::Row),
        ("title,embedding,", Among::Row),
        ("embedding,id,AACAPwAAAEA=", Among::Row),
        ("valid,title,embedding", Among::Row),
        ("a,T,[1 2]id,title,embedding", Among::Row),
        ("moreembedding,id,lang", OTHER),
        ("a,b", Among::Row),
        ("", Among::Row),
    ] {
        assert_eq!(judge(names, row), found, "{row}");
    }
    for vector in ["[1 2]", "0.5", "AACAPwAAAEA="] {
        let row = format!("a,{vector},Madrid,embedding");
        assert_eq!(judge("id,embedding,city,topic", &row), Among::Row);
    }
    assert_eq!(judge("id,ID,vector", "ID,id,vector"), OTHER);
    assert_eq!(judge("id,0,1,2", "0,1,2,id"), OTHER);
    assert_eq!(judge("id,0,1,2", "7,1,2,0"), Among::Row);
    assert_eq!(judge("id,text", "text,id"), OTHER);
    assert_eq!(judge("id,text,lang", "text,id"), OTHER);
    assert_eq!(judge("id,text", "text,ids"), Among::Row);
    assert_eq!(judge("id,text", "key,vector"), Among::Row);
    // A value may be the name of its column, and a row may have any numbers.
    for (names, row) in [
        (",0", "0,x"),
        (",word", "1,word"),
        ("word", "word"),
        ("0,1", "0,1"),
        ("0,1,2", "2,1,0"),
        (",0,1", "1,0,5"),
    ] {
        assert_eq!(judge(names, row), Among::Row, "{names} {row}");
    }
    assert_eq!(judge("vector", "vector"), Among::Same);
}

#[test]
fn a_header_inside_of_what_is_rejected_is_found() {
    let dialect = Dialect::new(&Tables::default(), b',');
    let judge = |text: &str| first("id,title,embedding").judge_broken(text.as_bytes(), &dialect);
    assert_eq!(judge("a,\"x\n\u{feff}title,id,embedding\r\nX,b,\"[1 2]\""), Among::Other(5));
    assert_eq!(judge("a,T,\"[1 2]\"\"title\",\"id\",\"embedding\""), OTHER);
    assert_eq!(judge("a,\"x\nid,title,embedding\nb,X,\"[1 2]\""), Among::Row);
    assert_eq!(judge("a,\"the title, of\nan embedding\n"), Among::Row);
}

#[test]
fn a_broken_row_before_another_header_is_a_record_of_its_own() {
    for (end, header) in [("\n", "title,id,embedding"), ("\r\n", "\"title\",\"id\",\"embedding\"")] {
        let text = format!("id,title,embedding\na,\"x{end}{header}\nX,b,[1 2]\nb,\"X\",[1 2]\n");
        let found = header_of(text.as_bytes());
        let Header::Found(mut rows, start) = found else { panic!("no header") };
        let text = &text.as_bytes()[start..];
        let cut = rows.cut(text, true);
        let records: Vec<_> = cut.records.iter().map(|range| &text[range.clone()]).collect();
        assert_eq!((records, cut.flaws.len(), cut.flaws[0].0), (vec![&b"a,\"x"[..]], 1, 0));
        let behind = rows.cut(&text[cut.consumed..], true);
        assert_eq!((behind.records.len(), behind.other_header), (0, Some(0)));
        assert!(text[cut.consumed..].starts_with(header.as_bytes()));
    }
}

fn header_of(text: &[u8]) -> Header {
    header(text, true, 1 << 20, b',', &Tables::default()).expect("a header in order")
}

/// Reads rows as a load does, up to another header, and gives those in order as they are named.
fn read(text: &[u8]) -> Vec<Vec<(String, String)>> {
    let Header::Found(mut rows, end) = header_of(text) else {
        panic!("no header in {}", text.escape_ascii());
    };
    let text = bytes::Bytes::copy_from_slice(&text[end..]);
    let cut = rows.cut(&text, true);
    // What is before another header is records, or passed over as blank lines are.
    let unread = cut.other_header.and_then(|at| text.get(cut.consumed..at)).unwrap_or_default();
    assert!(unread.is_empty() || unread == BYTE_ORDER_MARK, "{:?}", unread.escape_ascii().to_string());
    let is_flawed = |index: usize| cut.flaws.iter().any(|(flawed, _)| *flawed == index);
    let whole = cut.records.iter().enumerate().filter(|(index, _)| !is_flawed(*index));
    whole.filter_map(|(_, range)| as_named(&rows, &text, range.clone())).collect()
}

fn as_named(
    rows: &Rows,
    text: &bytes::Bytes,
    range: std::ops::Range<usize>,
) -> Option<Vec<(String, String)>> {
    let Raw::Row { columns, cells } = rows.raw(text, range) else { return None };
    let text = cells.iter().map(|cell| String::from_utf8_lossy(cell).into_owned());
    (cells.len() == columns.0.len()).then(|| columns.0.iter().cloned().zip(text).collect())
}

fn written(names: &[&str], first: usize, rows: usize, quotes: bool) -> String {
    let quoted =
        |cell: String| if quotes || cell.contains([',', '\n']) { format!("\"{cell}\"") } else { cell };
    let cell = |row: usize, name: &&str| match *name {
        "id" => format!("doc-{row}"),
        "embedding" => format!("[{row}.5, 2]"),
        "note" => format!("note {row}, or\nmore"),
        other => format!("{other} {row}"),
    };
    let header = names.iter().map(|name| quoted((*name).to_owned())).collect::<Vec<_>>().join(",");
    let row = |row: usize| names.iter().map(|name| quoted(cell(row, name))).collect::<Vec<_>>().join(",");
    let rows: Vec<_> = (first..first + rows).map(row).collect();
    format!("{header}\n{}\n", rows.join("\n"))
}

#[test]
fn no_row_is_read_under_the_names_of_another_header_however_files_are_put_together() {
    let all = ["id", "embedding", "title", "note", "lang"];
    let columns = || {
        let mut names = all.to_vec();
        fastrand::shuffle(&mut names);
        let dropped: Vec<_> = all.iter().skip(2).filter(|_| fastrand::u8(..4) == 0).collect();
        names.retain(|name| !dropped.contains(&name));
        names
    };
    for _ in 0..5_000 {
        let one = written(&columns(), 0, 3, fastrand::bool());
        let other = written(&columns(), 10, 3, fastrand::bool());
        // The first file may end anywhere in its last row, with or without a line end.
        let last = one.trim_end().rfind("doc-2").unwrap();
        let line = one.get(..last).and_then(|before| before.rfind('\n')).unwrap();
        let end = if fastrand::bool() { one.len() } else { fastrand::usize(line + 1..one.len()) };
        let between = fastrand::choice(["", "\n", "\r\n", "\n\u{feff}"]).unwrap();
        let text = [one.as_bytes().get(..end).unwrap(), between.as_bytes(), other.as_bytes()].concat();
        for row in read(&text) {
            let value =
                |name: &str| row.iter().find(|(column, _)| column == name).map(|(_, value)| value.as_str());
            let number = value("id").unwrap().trim_start_matches("doc-");
            // The row that is torn may be what is left of it.
            if value("embedding").is_some_and(|numbers| numbers.ends_with(']'))
                && number.parse::<u8>().is_ok_and(|number| number != 2)
            {
                for (name, value) in &row {
                    let has_it =
                        matches!(name.as_str(), "id" | "embedding") || value.starts_with(name.as_str());
                    assert!(has_it, "{name}: {value:?} in {}", String::from_utf8_lossy(&text));
                }
                assert_eq!(value("embedding").unwrap(), format!("[{number}.5, 2]"));
            }
        }
    }
}
