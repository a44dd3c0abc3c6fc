//! Records in any layout, read back at any buffer size and from any place.

use proptest::prelude::*;

use crate::read::sizes::Sizes;
use crate::read::testing::{check_everywhere, read, value};
use crate::record::Input;
use crate::testing::Directory;

/// The text of the records in one layout, with its whitespace taken from `blanks`.
#[derive(Clone, Copy, Debug)]
enum Written {
    Lines,
    Array,
    Pages,
    Values,
}

fn write(values: &[String], layout: Written, blanks: &[String]) -> String {
    let mut blanks = blanks.iter().cycle();
    let mut blank = || blanks.next().cloned().unwrap_or_default();
    let mut spaced = |separator: &str| {
        let parts: Vec<String> =
            values.iter().map(|value| format!("{}{value}{}", blank(), blank())).collect();
        parts.join(separator)
    };
    match layout {
        Written::Lines => values.join("\n"),
        Written::Array => format!("[{}]", spaced(",")),
        Written::Pages => {
            format!("{{\"n\":\"[\",\"rows\":[{}],\"t\":\"]}}\"}}", spaced("], \"t\":{}}\n{\"rows\" : ["))
        }
        Written::Values => format!("{{}}{{}}{}", spaced("")),
    }
}

/// A cell, quoted or not, as written and as read.
fn cell() -> impl Strategy<Value = (String, String)> {
    prop_oneof![
        "[a-z0-9.\\[ ]{1,6}\"?[a-z]{1,3}".prop_map(|cell| (cell.clone(), cell)),
        "[a-z,\"\r\n]{0,8}".prop_map(|cell| (format!("\"{}\"", cell.replace('"', "\"\"")), cell)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn json_records_are_read_back_in_any_layout_at_any_size_from_any_place(
        mut values in proptest::collection::vec(value(), 1..12),
        blanks in proptest::collection::vec("[ \t\r\n]{0,3}", 1..5),
        layout in prop_oneof![Just(Written::Lines), Just(Written::Array), Just(Written::Pages), Just(Written::Values)],
        block in 1_usize..100,
    ) {
        // The first record decides the layout; the others must not affect it.
        values.insert(0, "{\"key\":\"first\"}".to_owned());
        let text = write(&values, layout, &blanks);
        if matches!(layout, Written::Values) {
            values.splice(0..0, ["{}".to_owned(), "{}".to_owned()]);
        }
        check_everywhere(&text, block, &values)?;
    }

    #[test]
    fn rows_are_read_back_at_any_size_from_any_place(
        rows in proptest::collection::vec((cell(), cell()), 1..12),
        newline in prop_oneof![Just("\n"), Just("\r\n"), Just("\n\n")],
        block in 1_usize..100,
    ) {
        let mut text = "\u{feff}key,\"the\nvector\"".to_owned();
        for ((first, _), (second, _)) in &rows {
            text.extend([newline, first, ",", second]);
        }
        let expected: Vec<String> = rows.iter().map(|((_, a), (_, b))| format!("{a}\u{1f}{b}")).collect();
        check_everywhere(&text, block, &expected)?;
    }

    #[test]
    fn cells_are_those_of_the_csv_crate_where_quotes_are_in_order(
        rows in proptest::collection::vec(proptest::collection::vec("[ab,\";\n\t]{0,4}", 3), 1..8),
        style in prop_oneof![Just(csv::QuoteStyle::Necessary), Just(csv::QuoteStyle::Always)],
    ) {
        let mut writer = csv::WriterBuilder::new().quote_style(style).from_writer(Vec::new());
        writer.write_record(["a", "b", "c"]).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let expected: Vec<String> = rows.iter().map(|row| row.join("\u{1f}")).collect();
        check_everywhere(&text, 10, &expected)?;
    }

    #[test]
    fn broken_quotes_give_the_same_records_at_any_size_from_any_place(
        rows in proptest::collection::vec(
            prop_oneof![
                "[ab]?[ab,\"\n]{0,12}(,\\[1 2\\])?\"?",
                "[ab],(\\[1 2\\]|\\[3\\]|b|),\"?[ab,\"\n]{0,8}[,\n]?\"?",
            ],
            1..12,
        ),
        newline in prop_oneof![Just("\n"), Just("\r\n")],
        block in 1_usize..100,
    ) {
        let text = format!("key,text,vector{newline}{}", rows.join(newline));
        let directory = Directory::new();
        let input = Input::File(directory.write("input", text.as_bytes()));
        let (found, _, error) = read(&input, Sizes::USUAL, None);
        prop_assert!(error.is_none(), "{error:?}");
        let expected: Vec<String> = found.into_iter().map(|(text, _)| text).collect();
        check_everywhere(&text, block, &expected)?;
    }
}
