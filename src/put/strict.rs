//! `--strict` for records that earlier runs of the load settled: their findings count as if this run had read them.
//! Otherwise a load that was refused would pass once it is continued.

use std::collections::BTreeSet;

use tokio::sync::oneshot;

use super::books::standing::Standing;
use super::books::tracker::Mark;
use super::send::control::Beginning;
use crate::admit::{Admit, Findings};
use crate::exit::Failure;
use crate::read;
use crate::record::{Position, Span};
use crate::resources::{spawn, too_few_threads};

/// The records that earlier runs settled.
pub(super) struct Earlier {
    pub(super) load: Beginning,
    pub(super) mark: Mark,
    /// The inputs that other loads have completed.
    pub(super) of_others: BTreeSet<u32>,
}

impl Earlier {
    /// The findings in them; reads on a separate thread, which ends once the result is no longer wanted.
    pub(super) async fn findings(self) -> Result<Findings, Failure> {
        let (found, finds) = oneshot::channel();
        spawn(move || {
            let findings = self.read(|| !found.is_closed());
            // The result may no longer be wanted.
            found.send(findings).unwrap_or_default();
        })
        .map_err(|error| too_few_threads(&error))?;
        Ok(finds.await.unwrap_or_default())
    }

    /// Reads them up to the last one, including unsettled records in between, which this run reads as well.
    fn read(&self, is_wanted: impl Fn() -> bool) -> Findings {
        let mut findings = Findings::default();
        let Beginning { inputs, form, fields, rules } = &self.load;
        let Ok(blocks) = read::open(inputs, form, None) else { return findings };
        let mut admit = Admit::new(fields.clone(), rules.clone());
        let last = self.mark.ahead.iter().map(|span| span.end).fold(self.mark.position, Position::max);
        // Errors are reported when this run gets there.
        for block in blocks.passing_over(self.passed_over()).flatten() {
            if !is_wanted() || block.records.first().is_some_and(|first| first.position >= last) {
                break;
            }
            findings.add(&admit.block(block).findings);
        }
        findings
    }

    /// The inputs of which this load has settled nothing.
    fn passed_over(&self) -> Vec<Span> {
        let start = |input| Position { input, line: 1, ..Position::default() };
        let is_none_of_it =
            |input: &u32| self.of_others.contains(input) || self.mark.standing(*input) == Standing::Nothing;
        let inputs = 0..u32::try_from(self.load.inputs.len()).unwrap_or(u32::MAX);
        inputs
            .filter(is_none_of_it)
            .map(|input| Span { start: start(input), end: start(input + 1) })
            .collect()
    }
}
