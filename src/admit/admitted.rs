//! The judged records of a block.

use std::ops::Range;

use super::findings::Findings;
use crate::lint::Look;
use crate::record::{Defect, Position, Span, Vector};

/// The records of one block, judged, in input order.
#[derive(Debug)]
pub struct Admitted {
    /// The verdict on each record.
    pub verdicts: Vec<Result<Vector, Box<Defect>>>,
    /// The look at each vector, in the same order; `None` for defects, and empty if lint is off.
    pub(crate) looks: Vec<Option<Look>>,
    /// Where the next record starts.
    pub end: Position,
    /// As in [`Block`](crate::record::Block).
    pub bytes: Range<u64>,
    /// The dimension in force after them.
    pub dimension: Option<usize>,
    /// Findings that reject none of them but must be reported.
    pub findings: Findings,
}

impl Admitted {
    /// Records with their verdicts only.
    #[cfg(test)]
    pub(crate) fn of(verdicts: Vec<Result<Vector, Box<Defect>>>, end: Position, bytes: Range<u64>) -> Self {
        let (looks, findings) = (Vec::new(), Findings::default());
        Self { verdicts, looks, end, bytes, dimension: None, findings }
    }

    /// The same, numbered to follow `end` in its input: earlier blocks may have had more records than lines.
    #[must_use]
    pub fn numbered_after(mut self, end: Option<Position>) -> Self {
        let first = self.verdicts.first().map_or(self.end, verdict_position);
        let before = end.filter(|end| end.input == first.input).map_or(first.record, |end| end.record);
        let more = before.saturating_sub(first.record);
        if more > 0 {
            self.end.record += more;
            for verdict in &mut self.verdicts {
                match verdict {
                    Ok(vector) => vector.renumber(more),
                    Err(defect) => defect.position.record += more,
                }
            }
        }
        self
    }

    /// The same without the records in these stretches, which are ordered and disjoint.
    #[must_use]
    pub fn without(mut self, stretches: &[Span]) -> Self {
        let Some(first) = self.verdicts.first().map(verdict_position) else { return self };
        let passed = stretches.partition_point(|span| span.end <= first);
        let mut stretches = stretches.iter().skip(passed).peekable();
        if stretches.peek().is_some() {
            self.verdicts.retain(|verdict| {
                let position = verdict_position(verdict);
                while stretches.next_if(|span| span.end <= position).is_some() {}
                stretches.peek().is_none_or(|span| position < span.start)
            });
        }
        self
    }
}

fn verdict_position(verdict: &Result<Vector, Box<Defect>>) -> Position {
    match verdict {
        Ok(vector) => vector.position(),
        Err(defect) => defect.position,
    }
}
