//! What the inputs were recognised as, in a limited number of groups. Pure.

use serde::Serialize;

use crate::put::batch::Share;
use crate::read::Opened;

/// Maximum number of distinct forms; other inputs are counted together.
const FORMS: usize = 12;
/// The form of those inputs.
const OTHERS: &str = "other forms";
/// How many inputs of a form are named.
const NAMED: usize = 3;

/// Inputs that were recognised as the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FormCount {
    /// What they were recognised as, in words.
    pub form: String,
    /// How many inputs there are.
    pub inputs: u64,
    /// Their records.
    pub records: u64,
    /// The bytes of their files; `None` if one of them is a pipe.
    pub bytes: Option<u64>,
    /// The names of the first few.
    pub examples: Vec<String>,
}

/// The inputs of a run, as they are opened and read.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    forms: Vec<FormCount>,
    /// The index of each input's form in `forms`; one byte each, since there may be very many inputs.
    of_input: Vec<u8>,
}

impl Survey {
    /// Notes that the input of this number and `name` was opened.
    pub(crate) fn opened(&mut self, input: u32, name: String, opened: Opened) {
        let place = self.place(opened.form);
        let Some(known) = self.forms.get_mut(place) else { return };
        known.bytes = match (known.inputs, known.bytes) {
            (0, _) => opened.bytes,
            (_, bytes) => bytes.zip(opened.bytes).map(|(all, more)| all + more),
        };
        known.inputs += 1;
        if known.examples.len() < NAMED {
            known.examples.push(name);
        }
        let input = input as usize;
        if self.of_input.len() <= input {
            self.of_input.resize(input + 1, u8::MAX);
        }
        if let (Some(of_input), Ok(place)) = (self.of_input.get_mut(input), u8::try_from(place)) {
            *of_input = place;
        }
    }

    fn place(&mut self, form: String) -> usize {
        let known = |form: &str, forms: &[FormCount]| forms.iter().position(|known| known.form == form);
        if let Some(place) = known(&form, &self.forms) {
            return place;
        }
        let form = if self.forms.len() < FORMS { form } else { OTHERS.to_owned() };
        known(&form, &self.forms).unwrap_or_else(|| {
            self.forms.push(FormCount { form, ..FormCount::default() });
            self.forms.len() - 1
        })
    }

    /// Counts records of inputs.
    pub(crate) fn read(&mut self, shares: &[Share]) {
        for share in shares {
            let place = self.of_input.get(share.input as usize).copied();
            if let Some(form) = place.and_then(|place| self.forms.get_mut(usize::from(place))) {
                form.records += share.read;
            }
        }
    }

    /// The forms, ordered by the number of inputs, largest first.
    pub(crate) fn forms(&self) -> Vec<FormCount> {
        let mut forms = self.forms.clone();
        forms.sort_by_key(|form| (form.form == OTHERS, std::cmp::Reverse(form.inputs)));
        forms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(forms: impl IntoIterator<Item = (String, Option<u64>)>) -> Survey {
        let mut survey = Survey::default();
        for (input, (form, bytes)) in (0..).zip(forms) {
            survey.opened(input, format!("{input}.x"), Opened { form, bytes });
            survey.read(&[Share { input, read: 2, superseded: 1 }]);
        }
        survey
    }

    #[test]
    fn inputs_of_one_form_are_counted_together() {
        let forms = [("CSV", Some(5)), ("JSON Lines", Some(7)), ("CSV", Some(6)), ("JSON Lines", None)];
        let forms = forms.into_iter().chain([("CSV", Some(1)), ("CSV", Some(1))]);
        let told = survey(forms.map(|(form, bytes)| (form.to_owned(), bytes))).forms();
        let form = |form: &str, inputs, bytes, examples: &[&str]| FormCount {
            form: form.to_owned(),
            inputs,
            records: inputs * 2,
            bytes,
            examples: examples.iter().map(ToString::to_string).collect(),
        };
        let csv = form("CSV", 4, Some(13), &["0.x", "2.x", "4.x"]);
        assert_eq!(told, [csv, form("JSON Lines", 2, None, &["1.x", "3.x"])]);
    }

    #[test]
    fn forms_without_end_take_bounded_memory_and_lose_no_input() {
        let survey = survey((0..100_000).map(|input| (format!("form {input}"), Some(1))));
        let told = survey.forms();
        assert_eq!((told.len(), told.last().map(|form| form.form.as_str())), (FORMS + 1, Some(OTHERS)));
        assert_eq!(told.iter().map(|form| form.inputs).sum::<u64>(), 100_000);
        assert_eq!(told.iter().map(|form| form.records).sum::<u64>(), 200_000);
        assert!(told.iter().all(|form| form.examples.len() <= NAMED) && survey.of_input.len() == 100_000);
    }

    #[test]
    fn records_of_an_input_that_was_not_opened_are_nobodys() {
        let mut survey = survey([("CSV".to_owned(), None)]);
        survey.read(&[Share { input: 7, read: 3, superseded: 0 }]);
        assert_eq!(survey.forms().iter().map(|form| form.records).sum::<u64>(), 2);
    }
}
