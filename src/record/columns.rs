//! The columns of a table, by their names.

use std::borrow::Cow;

use super::reason::Reason;

/// The header of a CSV or TSV file.
#[derive(Debug, PartialEq, Eq)]
pub struct Columns(pub Vec<String>);

impl Columns {
    /// The column of exactly this name, or that messages call so.
    pub fn exactly(&self, name: &str) -> Option<usize> {
        let named = self.0.iter().position(|column| column == name);
        named.or_else(|| self.labels().position(|label| label == name))
    }

    /// The columns as messages call them; one without a name by its number. Those without a name at the end, which
    /// spreadsheets leave, are none.
    pub fn labels(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let end = self.0.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
        self.0.iter().take(end).enumerate().map(|(index, name)| match name.as_str() {
            "" => format!("(unnamed column {})", index + 1).into(),
            name => name.into(),
        })
    }

    /// The column of this name when case does not count, unless there are several.
    pub fn whatever_case(&self, name: &str) -> Result<Option<usize>, Reason> {
        let mut found = (0..)
            .zip(&self.0)
            .filter(|(_, column)| column.len() == name.len() && column.eq_ignore_ascii_case(name));
        match (found.next(), found.next()) {
            (Some((_, first)), Some((_, second))) => Err(Reason::AmbiguousColumn {
                field: name.to_owned(),
                first: first.clone(),
                second: second.clone(),
            }),
            (first, _) => Ok(first.map(|(index, _)| index)),
        }
    }

    /// The first and the last of columns that share a name but for a number at its end, and that name.
    pub fn numbered(&self) -> Option<(&str, &str, &str)> {
        let stem = |name: &str| name.trim_end_matches(|end: char| end.is_ascii_digit()).len();
        let numbered: Vec<_> = self.0.iter().filter(|name| stem(name) < name.len()).collect();
        let first = numbered.first()?;
        let prefix = first.get(..stem(first))?;
        let last = numbered.iter().rfind(|name| name.get(..stem(name)) == Some(prefix))?;
        (first != last).then_some((first, last, prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_without_a_name_is_found_by_what_messages_call_it() {
        let columns = Columns(["", "a", "", "(unnamed column 1)"].map(str::to_owned).into());
        assert_eq!(columns.exactly("a"), Some(1));
        assert_eq!(columns.exactly("(unnamed column 3)"), Some(2));
        assert_eq!(columns.exactly("(unnamed column 1)"), Some(3));
        assert_eq!(columns.exactly("(unnamed column 5)"), None);
    }
}
