//! How to make a record storable, if its own text shows that. Pure.

use std::fmt;

/// How to make a metadata value storable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueCure {
    /// `--metadata-values text` stores it.
    Text,
    /// `--metadata-values text` leaves it out, since it is empty.
    TextLeavesOut,
    /// The same as `Text` for a date or a time.
    TextOfMoments,
    /// Only by excluding the field.
    LeaveOut,
    /// To store the members of an object, or to leave it out.
    StoreMembers,
    /// Not to store this field under the name.
    Forget(String),
}

impl ValueCure {
    pub(super) fn words(&self, name: &str) -> String {
        match self {
            Self::Text => "use --metadata-values text to store numbers and booleans as text".to_owned(),
            Self::TextOfMoments => "use --metadata-values text to store dates and times as text".to_owned(),
            Self::TextLeavesOut => "use --metadata-values text to leave it out".to_owned(),
            Self::LeaveOut => format!("add -{name} to --metadata to leave it out"),
            Self::StoreMembers => {
                format!("add {name} to --metadata to store its members, or -{name} to leave it out")
            }
            Self::Forget(field) => format!("remove {name}={field} from --metadata to leave it out"),
        }
    }
}

/// The largest field of metadata that is too large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Largest {
    /// The name under which it would be stored.
    pub(crate) name: String,
    /// The field that it comes from, if the user gives it another name there.
    pub(crate) from: Option<String>,
}

impl Largest {
    /// How it is left out.
    pub(super) fn cure(&self) -> String {
        match &self.from {
            Some(field) => ValueCure::Forget(field.clone()).words(&self.name),
            None => ValueCure::LeaveOut.words(&self.name),
        }
    }

    /// How it and others are left out.
    pub(super) fn cure_of_many(&self) -> String {
        match &self.from {
            Some(field) => format!("remove {}={field},… from --metadata to leave them out", self.name),
            None => format!("add -{},… to --metadata to leave them out", self.name),
        }
    }
}

impl fmt::Display for Largest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

/// The cure for an element that is a Python object as printed by `repr`.
pub(super) fn printed_by_python(element: &str) -> &'static str {
    let is_object =
        ["np.", "numpy.", "array(", "tensor(", "Decimal("].iter().any(|name| element.starts_with(name));
    if is_object {
        "; write plain numbers, in pandas with df[\"embedding\"] = df[\"embedding\"].map(lambda v: [float(x) for x in v]) \
         before to_csv or to_json(lines=True)"
    } else {
        ""
    }
}
