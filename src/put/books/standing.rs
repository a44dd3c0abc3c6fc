//! How much of an input is settled according to a mark. Pure.

use super::tracker::Mark;
use crate::record::{Position, Span};

/// How much of an input is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing.
    Nothing,
    /// A part, or all of it without anything after it that would show that.
    Part,
    /// All of it.
    Whole,
}

impl Mark {
    /// How much of the input of this number is settled.
    pub(crate) fn standing(&self, input: u32) -> Standing {
        let before = Span { start: Position::default(), end: self.position };
        let stretches = || self.ahead.iter().chain([&before]);
        let begins_before =
            |span: &&Span| span.start.input < input || (span.start.input == input && span.start.record == 0);
        let has_failed = self.failed.iter().any(|failed| failed.at.input == input);
        if !has_failed && stretches().filter(begins_before).any(|span| span.end.input > input) {
            return Standing::Whole;
        }
        let reaches_in = |span: &Span| {
            span.start.input <= input
                && (span.end.input > input || (span.end.input == input && span.end.record > 0))
        };
        if stretches().any(reaches_in) { Standing::Part } else { Standing::Nothing }
    }

    /// Counts an input as settled completely by an earlier load.
    pub(crate) fn complete(&mut self, input: u32, counts: super::tracker::Settled) {
        let start = |input| Position { input, line: 1, ..Position::default() };
        self.ahead.push(Span { start: start(input), end: start(input + 1) });
        self.counts += counts;
        self.per_input.add(input, counts);
    }

    /// Removes an input that is completely settled and no longer given, but keeps its counts.
    pub(crate) fn leave_out(&mut self, input: u32) {
        let counts = self.counts;
        self.forget(input);
        self.counts = counts;
    }
}

#[cfg(test)]
mod tests {
    use super::Standing::{Nothing, Part, Whole};
    use super::*;
    use crate::put::books::tracker::{FailedAt, Settled};

    fn at(input: u32, record: u64) -> Position {
        Position { input, offset: record * 10 + 3, line: record + 1, record, ..Position::default() }
    }

    #[test]
    fn an_input_is_whole_where_what_is_settled_reaches_over_its_end() {
        let start = |input| Position { input, line: 1, ..Position::default() };
        let mut mark = Mark {
            position: at(1, 5),
            ahead: vec![
                Span { start: at(2, 4), end: at(3, 0) },
                Span { start: start(4), end: start(5) },
                Span { start: at(6, 0), end: at(7, 1) },
            ],
            failed: vec![FailedAt { at: at(7, 1), beginning: None }],
            ..Mark::default()
        };
        let standings: Vec<_> = (0..9).map(|input| mark.standing(input)).collect();
        assert_eq!(standings, [Whole, Part, Part, Nothing, Whole, Nothing, Whole, Part, Nothing]);
        let counts = Settled { read: 3, stored: 2, rejected: 1, unknown: 0 };
        mark.complete(8, counts);
        assert_eq!((mark.standing(8), mark.counts, mark.per_input.of(8)), (Whole, counts, Some(counts)));
        mark.leave_out(8);
        assert_eq!((mark.standing(8), mark.counts), (Nothing, counts));
    }
}
