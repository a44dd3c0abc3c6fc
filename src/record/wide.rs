//! Vectors with one field per number: a pattern such as `e_*` stands for `e_0`, `e_1`, `e_2` and so on.

/// A name with `*` in place of a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wide {
    before: String,
    after: String,
}

/// What a matching name has at the `*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    Number(u32),
    Other,
}

/// Why fields that match a pattern do not make a vector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WideTrouble {
    /// A number is missing.
    #[error("{0} is missing; the numbers must have no gaps, from 0 or 1")]
    Gap(String),
    /// Several names have the same number.
    #[error("several fields are number {number}: {}; remove all but one", names.join(", "))]
    Twice {
        /// The number.
        number: u32,
        /// The names that have it.
        names: Vec<String>,
    },
    /// Something other than a number is at the `*`.
    #[error(
        "{0} matches, but has no number; store it with --metadata {0}, or exclude it with --metadata -{0}"
    )]
    NoNumber(String),
    /// A column does not contain numbers.
    #[error("column {name} is of type {found}, not a number")]
    Type {
        /// Its name.
        name: String,
        /// Its type.
        found: String,
    },
}

impl Wide {
    /// The pattern in a name, if it has exactly one `*`.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let (before, after) = name.split_once('*')?;
        (!after.contains('*')).then(|| Self { before: before.to_owned(), after: after.to_owned() })
    }

    /// Whether the field `name` of the open objects `path`, each followed by a dot, matches.
    pub(crate) fn matches(&self, path: &str, name: &str) -> Option<Match> {
        let middle = name.strip_prefix(self.before.strip_prefix(path)?)?.strip_suffix(self.after.as_str())?;
        let is_number = !middle.is_empty() && middle.bytes().all(|byte| byte.is_ascii_digit());
        match middle.parse() {
            Ok(number) if is_number => Some(Match::Number(number)),
            // A bare * matches all names; one that is not a number is another field.
            _ if self.before.is_empty() && self.after.is_empty() => None,
            _ => Some(Match::Other),
        }
    }

    /// Whether fields that match may be inside the object at this path, which ends with a dot.
    pub(crate) fn is_inside(&self, path: &str) -> bool {
        self.before.starts_with(path)
    }

    /// The name of the field with this number.
    pub(crate) fn name(&self, number: u32) -> String {
        format!("{}{number}{}", self.before, self.after)
    }

    /// Checks that these numbers, in order, are consecutive from 0 or 1. The names of a number's fields are computed
    /// only for an error.
    pub(crate) fn check(
        &self,
        numbers: impl IntoIterator<Item = u32>,
        names: impl Fn(u32) -> Vec<String>,
    ) -> Result<(), WideTrouble> {
        let mut last = None;
        for number in numbers {
            match last {
                Some(last) if last == number => {
                    return Err(WideTrouble::Twice { number, names: names(number) });
                }
                Some(last) if last + 1 < number => return Err(WideTrouble::Gap(self.name(last + 1))),
                None if number > 1 => return Err(WideTrouble::Gap(self.name(number - 1))),
                _ => last = Some(number),
            }
        }
        Ok(())
    }

    /// Which of the columns have a number.
    pub(crate) fn numbered(&self, names: &[String]) -> Vec<usize> {
        let is_numbered = |name: &str| matches!(self.matches("", name), Some(Match::Number(_)));
        (0..).zip(names).filter(|(_, name)| is_numbered(name)).map(|(column, _)| column).collect()
    }

    /// Which of the columns are the vector, in the order of their numbers. Those that are `taken` for something else
    /// are left out, but fill gaps. One that matches without a number is refused, unless it is taken, or `all` others
    /// are.
    pub(crate) fn columns(
        &self,
        names: &[String],
        taken: impl Fn(usize) -> bool,
        all: bool,
    ) -> Result<Vec<usize>, WideTrouble> {
        let mut numbered = Vec::new();
        for (column, name) in names.iter().enumerate() {
            match self.matches("", name) {
                Some(Match::Number(number)) => numbered.push((number, column)),
                Some(Match::Other) if !all && !taken(column) => {
                    return Err(WideTrouble::NoNumber(name.clone()));
                }
                _ => {}
            }
        }
        numbered.sort_unstable();
        let called = |wanted| {
            let of_it = numbered.iter().filter(|(number, _)| *number == wanted);
            of_it.filter_map(|(_, column)| names.get(*column)).cloned().collect()
        };
        self.check(numbered.iter().map(|(number, _)| *number), called)?;
        Ok(numbered.into_iter().map(|(_, column)| column).filter(|column| !taken(*column)).collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn columns(pattern: &str, names: &[&str], taken: &[&str]) -> Result<Vec<usize>, String> {
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        let is_taken = |column: usize| taken.contains(&names[column].as_str());
        Wide::of(pattern).unwrap().columns(&names, is_taken, false).map_err(|trouble| trouble.to_string())
    }

    #[test]
    fn what_is_no_sequence_of_numbers_is_refused_by_name() {
        for (names, trouble) in [
            (&["e_0", "e_2"][..], "e_1 is missing; the numbers must have no gaps, from 0 or 1"),
            (&["e_2", "e_3"], "e_1 is missing; the numbers must have no gaps, from 0 or 1"),
            (&["e_1", "e_2", "e_01"], "several fields are number 1: e_1, e_01; remove all but one"),
            (
                &["e_0", "e_mean", "e_1"],
                "e_mean matches, but has no number; store it with --metadata e_mean, or exclude it with \
                 --metadata -e_mean",
            ),
        ] {
            assert_eq!(columns("e_*", names, &[]), Err(trouble.to_owned()), "{names:?}");
        }
    }

    #[test]
    fn columns_that_are_taken_for_something_else_are_no_part_of_the_vector() {
        assert_eq!(columns("e_*", &["e_mean", "e_1", "e_0"], &["e_mean"]), Ok(vec![2, 1]));
        assert_eq!(columns("*", &["1", "2", "3", "4"], &["1", "2"]), Ok(vec![2, 3]));
        assert_eq!(columns("*", &["id", "0", "1", "text"], &[]), Ok(vec![1, 2]));
        assert_eq!(columns("e_*", &["id", "v"], &[]), Ok(Vec::new()));
    }

    #[test]
    fn a_pattern_has_one_asterisk_and_may_stand_inside_an_object() {
        assert_eq!((Wide::of("emb"), Wide::of("a*b*")), (None, None));
        let wide = Wide::of("doc.e_*x").unwrap();
        assert_eq!(wide.matches("doc.", "e_12x"), Some(Match::Number(12)));
        assert_eq!(wide.matches("doc.", "e_x"), Some(Match::Other));
        assert_eq!(wide.matches("doc.", "e_99999999999x"), Some(Match::Other));
        assert_eq!((wide.matches("", "e_1x"), wide.matches("doc.", "f_1x")), (None, None));
    }

    proptest! {
        #[test]
        fn columns_come_in_the_order_of_their_numbers(
            count in 1_u32..300,
            start in 0_u32..2,
            width in 0_usize..5,
            seed in any::<u64>(),
        ) {
            let mut numbers: Vec<u32> = (start..start + count).collect();
            fastrand::Rng::with_seed(seed).shuffle(&mut numbers);
            let names: Vec<_> = numbers.iter().map(|number| format!("v{number:0width$}")).collect();
            let found = Wide::of("v*").unwrap().columns(&names, |_| false, false).unwrap();
            let got: Vec<_> = found.into_iter().map(|column| numbers[column]).collect();
            prop_assert_eq!(got, (start..start + count).collect::<Vec<_>>());
        }
    }
}
