//! How to make a record storable, if its own text shows that. Pure.

/// How to make a metadata value storable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueCure {
    /// `--metadata-values text` stores it.
    Text,
    /// `--metadata-values text` leaves it out, since it is empty.
    TextLeavesOut,
    /// The same as `Text` for a date or a time.
    TextOfMoments,
    /// Only by excluding the field.
    LeaveOut,
}

impl ValueCure {
    pub(super) fn words(self, name: &str) -> String {
        match self {
            Self::Text => "use --metadata-values text to store numbers and booleans as text".to_owned(),
            Self::TextOfMoments => "use --metadata-values text to store dates and times as text".to_owned(),
            Self::TextLeavesOut => "use --metadata-values text to leave it out".to_owned(),
            Self::LeaveOut => format!("add -{name} to --metadata to leave it out"),
        }
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
