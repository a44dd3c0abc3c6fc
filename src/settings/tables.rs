//! The syntax of tables according to the flags.

use super::check::usage;
use crate::cli::{PutVectors, TableOptions};
use crate::exit::Failure;
use crate::read::Tables;
use crate::values::{Character, Quote};

/// The table options in the flags.
pub(super) fn tables(PutVectors { reading, tables, .. }: &PutVectors) -> Result<Tables, Failure> {
    let byte = |character: Option<Character>| character.map(|Character(byte)| byte);
    let quote = tables.quote.map_or(Tables::default().quote, |Quote(quote)| quote);
    let escape = byte(tables.escape);
    let roles = [
        ("--delimiter", byte(tables.delimiter)),
        ("--quote", quote),
        // A user who gives the quote itself means that it is doubled, which is always allowed.
        ("--escape", escape.filter(|escape| quote != Some(*escape))),
        ("--comment", byte(tables.comment)),
    ];
    for (index, (flag, byte)) in roles.iter().enumerate() {
        let same = roles.iter().skip(index + 1).find(|(_, other)| byte.is_some() && other == byte);
        if let Some((other, _)) = same {
            return Err(usage(format!("{flag} and {other} are the same character"))
                .advise("choose another character for one of them"));
        }
    }
    if tables.no_header && reading.join.is_some() {
        return Err(usage(
            "--no-header cannot be combined with --join: its file is joined by a named column",
        )
        .advise("add a first row with the names of the columns, such as id,text"));
    }
    if tables.no_header && (reading.key.is_none() || reading.vector.is_none()) {
        return Err(usage("--no-header requires --key and --vector")
            .advise("name columns by their numbers, from 1: --key 1 --vector 2 --metadata 3"));
    }
    let [(_, delimiter), _, (_, escape), (_, comment)] = roles;
    Ok(Tables {
        delimiter,
        quote,
        escape,
        comment,
        null: tables.null.clone(),
        has_header: !tables.no_header,
        multiline_cells: tables.multiline_cells,
        key: reading.key.clone(),
        vector: reading.vector.clone(),
        is_beside: false,
    })
}

/// The flags that are given, with their values, which change what the input is read as.
pub(super) fn given(tables: &TableOptions) -> Vec<(&'static str, String)> {
    let byte = |character: Option<Character>| character.map(|Character(byte)| shown(byte));
    let switch = |is_given: bool| is_given.then(|| "given".to_owned());
    let quote = tables.quote.map(|Quote(quote)| quote.map_or_else(|| "none".to_owned(), shown));
    [
        ("--delimiter", byte(tables.delimiter)),
        ("--quote", quote.filter(|quote| quote != "\"")),
        ("--escape", byte(tables.escape)),
        ("--comment", byte(tables.comment)),
        ("--null", tables.null.clone()),
        ("--no-header", switch(tables.no_header)),
        ("--multiline-cells", switch(tables.multiline_cells)),
    ]
    .into_iter()
    .filter_map(|(flag, value)| Some((flag, value?)))
    .collect()
}

fn shown(byte: u8) -> String {
    if byte == b'\t' { "tab".to_owned() } else { char::from(byte).to_string() }
}

#[cfg(test)]
mod tests {
    use crate::settings::tests::all_refused_with;

    #[test]
    fn flags_that_contradict_each_other_are_told_with_what_to_do() {
        let told = all_refused_with([
            "--delimiter ; --comment ;",
            "--no-header",
            "--no-header --key 1 --vector 2 --join t.csv",
        ]);
        insta::assert_snapshot!(told, @"
        --delimiter and --comment are the same character
            choose another character for one of them
        --no-header requires --key and --vector
            name columns by their numbers, from 1: --key 1 --vector 2 --metadata 3
        --no-header cannot be combined with --join: its file is joined by a named column
            add a first row with the names of the columns, such as id,text
        ");
    }
}
