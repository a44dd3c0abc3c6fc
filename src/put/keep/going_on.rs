//! What a run finds of an earlier one that it continues, and whether it can continue it.

use std::path::Path;

use super::journal::Journal;
use super::one_list::{Before, Found};
use super::rejects::{self, Forgotten, Place, Rejects};
use super::rejects_place::{lost, rejects_failure};
use crate::exit::{ErrorCode, Failure};
use crate::put::again::Role;
use crate::put::books::standing::Standing;
use crate::put::books::tracker::Mark;
use crate::put::report::notice::Notice;
use crate::record::Input;
use crate::record::rejected::Rejected;

/// Continues from a mark, with the rejects file that belongs to it.
pub(crate) fn go_on(
    journal: &mut Journal,
    mark: &mut Mark,
    place: &Place,
    notes: &mut Vec<Notice>,
) -> Result<Rejects, Failure> {
    forget_rejects(journal, mark, place)?;
    notes.extend(lost(place.path(), mark));
    let is_to_come = |known: &Rejected<'_>| is_to_come(journal, mark, known);
    let number = |known: &Rejected<'_>| number_of(journal, known);
    let rejects = Rejects::resume(place.clone(), mark.rejects_bytes, is_to_come, number)
        .map_err(|error| rejects_failure(place.path(), &error))?;
    journal.go_on(mark).map_err(Failure::from)?;
    Ok(rejects)
}

/// What is in the place of the rejects file of a run that continues.
pub(crate) fn found(journal: &Journal, mark: &Mark, named: Option<&Path>) -> Result<Found, Failure> {
    let before = journal.rejects_before().map_err(Failure::from)?;
    let Some((was, is_at)) = before.filter(|_| mark.rejects_bytes > 0) else { return Ok(Found::List) };
    let own = journal.rejects_of_source();
    let before = Before { named: &was, is_at: &is_at, is_own: was == own, bytes: mark.rejects_bytes };
    before.goes_on_in(named.unwrap_or(&own), named.is_some())
}

/// Whether a line of the rejects file is about a record that is not settled and so will be read again.
fn is_to_come(journal: &Journal, mark: &Mark, known: &Rejected<'_>) -> bool {
    let numbers = rejects::whole_name(known).and_then(|name| journal.numbers().get(&name));
    numbers.is_some_and(|numbers| numbers.iter().any(|input| !mark.is_settled(*input, known.record)))
}

/// The number of the input of a line; the last one for an input that is given more than once.
fn number_of(journal: &Journal, known: &Rejected<'_>) -> Option<u32> {
    journal.numbers().get(&rejects::whole_name(known)?)?.iter().max().copied()
}

/// Removes rejects that will be loaded again, or whose inputs are gone, from the rejects file and the counts.
fn forget_rejects(journal: &Journal, mark: &mut Mark, place: &Place) -> Result<(), Failure> {
    if journal.forgotten().is_empty() {
        return Ok(());
    }
    let Forgotten { noted, rejected, unknown } = rejects::forget(place, mark, journal.forgotten())
        .map_err(|error| rejects_failure(place.path(), &error))?;
    mark.take_back(rejected, unknown);
    mark.rejects_bytes = noted;
    Ok(())
}

/// The roles of the inputs of a load that continues from a mark.
pub(crate) fn roles(journal: &Journal, mark: &Mark, inputs: usize) -> Vec<Role> {
    let role = |number: u32| match mark.standing(number) {
        _ if journal.anew().contains(&number) => Role::Loaded,
        _ if journal.in_doubt().contains(&number) => Role::InDoubt,
        Standing::Nothing => Role::Other,
        Standing::Part | Standing::Whole => Role::Settled,
    };
    (0..u32::try_from(inputs).unwrap_or(u32::MAX)).map(role).collect()
}

/// Whether an input can be read again. A pipe has a path, too, and the next pipe may have the same one. Opening a
/// missing file reports it.
pub(crate) fn can_be_read_twice(input: &Input) -> bool {
    match input {
        Input::File(path) => path.metadata().map_or(true, |file| file.is_file()),
        Input::Stdin | Input::Inline(_) => false,
    }
}

pub(crate) fn not_a_file() -> Failure {
    Failure::new(
        ErrorCode::Usage,
        "--resume requires files: pipes and text on the command line cannot be read again",
    )
    .advise("run without --resume, or write the input to a file first")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::printed;

    #[test]
    fn what_cannot_be_resumed_is_refused_with_a_cure() {
        insta::assert_snapshot!(printed([not_a_file()]), @"
        --resume requires files: pipes and text on the command line cannot be read again
            run without --resume, or write the input to a file first
        ");
    }
}
