//! Finds the load that a name refers to, and shortens names. Pure.

use super::load::Load;
use crate::exit::{ErrorCode, Failure};

/// The maximum number of ambiguous loads to list.
const LISTED: usize = 20;
/// The minimum part of the hash at the end of a name that is shown.
const HASH_SHOWN: usize = 6;
/// The length of that hash.
const HASH: usize = 16;

/// The load with this name, for this index, or whose name begins with it.
pub(super) fn choose(loads: Vec<Load>, asked: &str, directory: &str) -> Result<Load, Failure> {
    let is_named = |load: &Load| load.name == asked;
    let is_of_index = |load: &Load| load.index_name.as_deref() == Some(asked);
    let begins_so = |load: &Load| !asked.is_empty() && load.name.starts_with(asked);
    let ways: [&dyn Fn(&Load) -> bool; 3] = [&is_named, &is_of_index, &begins_so];
    let way = ways.into_iter().find(|way| loads.iter().any(way));
    let mut meant: Vec<_> = loads.into_iter().filter(|load| way.is_some_and(|way| way(load))).collect();
    match (meant.pop(), meant.len()) {
        (Some(only), 0) => Ok(only),
        (None, _) => Err(Failure::new(ErrorCode::Usage, format!("no load {asked:?} in {directory}"))
            .advise("ossvec status lists all loads")),
        (Some(last), more) => {
            meant.push(last);
            let message = format!("{asked:?} may mean {} loads", more + 1);
            let listed = meant
                .iter()
                .take(LISTED)
                .map(|load| format!("{}  {}", load.name, load.inputs.first().map_or("", String::as_str)));
            let left = meant.len().saturating_sub(LISTED);
            let left = (left > 0).then(|| format!("and {left} more"));
            Err(Failure::new(ErrorCode::Usage, message)
                .list(listed.chain(left))
                .advise("name one of them, or enough of its beginning"))
        }
    }
}

/// The names, shortened as far as each remains a prefix of only one name.
pub(super) fn short(loads: &[Load]) -> Vec<String> {
    let mut sorted: Vec<&str> = loads.iter().map(|load| load.name.as_str()).collect();
    sorted.sort_unstable();
    let common = |one: &str, other: &str| {
        one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count()
    };
    let shortened = |load: &Load| {
        let at = sorted.binary_search(&load.name.as_str()).unwrap_or_default();
        let neighbours = [at.checked_sub(1), at.checked_add(1)].into_iter().flatten();
        let shared = neighbours.filter_map(|at| sorted.get(at)).map(|other| common(&load.name, other)).max();
        let length = load.name.chars().count();
        let is_hashed = load.name.chars().rev().take(HASH).filter(char::is_ascii_hexdigit).count() == HASH;
        let least = if is_hashed { length - HASH + HASH_SHOWN } else { length };
        load.name.chars().take(least.max(shared.map_or(0, |shared| shared + 1))).collect()
    };
    loads.iter().map(shortened).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::printed;

    fn load(name: &str) -> Load {
        let index_name = name.split_once('-').map(|(index, _)| index.to_owned());
        Load {
            name: name.to_owned(),
            index_name,
            inputs: vec![format!("/data/{name}.jsonl")],
            ..Load::default()
        }
    }

    fn loads() -> Vec<Load> {
        let names = [
            "docs-00112233445566aa",
            "docs2-00112233445566aa",
            "items-00112233445566aa",
            "items-ff112233445566aa",
            "0011223344556677",
        ];
        names.map(load).into()
    }

    #[test]
    fn a_load_is_named_by_its_directory_its_index_or_a_beginning() {
        let chosen = |asked: &str| choose(loads(), asked, "state").map(|load| load.name);
        for (asked, name) in [
            ("docs-00112233445566aa", "docs-00112233445566aa"),
            // The index matches first, although another name begins with this too.
            ("docs", "docs-00112233445566aa"),
            ("docs2", "docs2-00112233445566aa"),
            ("items-f", "items-ff112233445566aa"),
            ("00", "0011223344556677"),
        ] {
            assert_eq!(chosen(asked).unwrap(), name, "{asked}");
        }
        let refused = ["items", "doc", "nothing", ""].map(|asked| chosen(asked).unwrap_err());
        insta::assert_snapshot!(printed(refused), @r#"
        "items" may mean 2 loads
            items-00112233445566aa  /data/items-00112233445566aa.jsonl
            items-ff112233445566aa  /data/items-ff112233445566aa.jsonl
            name one of them, or enough of its beginning
        "doc" may mean 2 loads
            docs-00112233445566aa  /data/docs-00112233445566aa.jsonl
            docs2-00112233445566aa  /data/docs2-00112233445566aa.jsonl
            name one of them, or enough of its beginning
        no load "nothing" in state
            ossvec status lists all loads
        no load "" in state
            ossvec status lists all loads
        "#);
    }

    proptest! {
        /// Each short name identifies its load and no other.
        #[test]
        fn short_names_lead_to_their_loads(
            names in prop::collection::btree_set("[ab]{1,2}-00[01]{2}00000000[01]{4}", 1..20),
        ) {
            let loads: Vec<_> = names.iter().map(|name| load(name)).collect();
            for (load, short) in loads.iter().zip(short(&loads)) {
                prop_assert!(short.len() >= load.name.len() - HASH + HASH_SHOWN);
                let chosen = choose(loads.clone(), &short, "state").map(|load| load.name);
                prop_assert_eq!(chosen.ok(), Some(load.name.clone()));
            }
        }
    }
}
