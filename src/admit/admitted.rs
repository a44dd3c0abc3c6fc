//! What became of the records of a block.

use std::ops::Range;

use super::findings::Findings;
use crate::lint::Look;
use crate::record::{Defect, Position, Span, Vector};

/// The records of one block, judged, in input order.
#[derive(Debug)]
pub struct Admitted {
    /// What became of each record.
    pub verdicts: Vec<Result<Vector, Box<Defect>>>,
    /// What was seen of each vector, in the same order; nothing of defects, or if nobody looks.
    pub(crate) looks: Vec<Option<Look>>,
    /// Where the next record starts.
    pub end: Position,
    /// As in [`Block`](crate::record::Block).
    pub bytes: Range<u64>,
    /// The dimension in force behind them.
    pub dimension: Option<usize>,
    /// What costs none of them, and must be known.
    pub findings: Findings,
}

impl Admitted {
    /// Records of which nothing is known but what became of them.
    #[cfg(test)]
    pub(crate) fn of(verdicts: Vec<Result<Vector, Box<Defect>>>, end: Position, bytes: Range<u64>) -> Self {
        let (looks, findings) = (Vec::new(), Findings::default());
        Self { verdicts, looks, end, bytes, dimension: None, findings }
    }

    /// The same, numbered as what follows `end` in its input: the blocks before may have held more records than lines.
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

    /// The same without the records of some stretches, which are in order and apart.
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
