//! Handles the findings in blocks, in the order of the input, and what follows for the records and the load.

use std::sync::Arc;

use crate::admit::{Admitted, Rules};
use crate::exit::Failure;
use crate::lint::{Lint, Mode};
use crate::oss::wire::DistanceMetric;
use crate::put::report::{Forbidden, Reporter};
use crate::record::{Oddity, Reason, Span};

/// Handles findings that do not reject a record but must be reported, about names and vectors.
pub(super) struct Linting {
    /// `None` if lint is off.
    lint: Option<Lint>,
    strict: bool,
    /// Stretches that an earlier run settled, in order.
    settled: Vec<Span>,
    denies: bool,
    forbidden: Forbidden,
    reporter: Arc<Reporter>,
}

impl Linting {
    pub(super) fn new(rules: &Rules, is_strict: bool, settled: Vec<Span>, reporter: Arc<Reporter>) -> Self {
        let judges_norms = rules.metric != Some(DistanceMetric::Euclidean);
        let lint = (rules.lint != Mode::Off).then(|| Lint::new(judges_norms));
        let denies = rules.lint == Mode::Deny;
        Self {
            lint,
            strict: is_strict,
            settled,
            denies,
            forbidden: Forbidden::by(denies, is_strict),
            reporter,
        }
    }

    /// Handles the next block, and returns it without what an earlier run settled. If many earlier keys have the vector
    /// of a record, `--lint deny` rejects the record here, since only the order of the input shows that.
    pub(super) fn block(&mut self, mut block: Admitted) -> Result<Admitted, Failure> {
        self.reporter.found(&block.findings, self.strict).map_or(Ok(()), Err)?;
        let Some(lint) = &mut self.lint else { return Ok(block.without(&self.settled)) };
        for (verdict, look) in block.verdicts.iter_mut().zip(block.looks.drain(..)) {
            match verdict {
                Ok(vector) => {
                    let is_shared = look.is_some_and(|look| lint.vector(vector.position(), look));
                    if is_shared && self.denies {
                        *verdict = Err(Box::new(vector.rejected(Reason::Odd(Oddity::Shared))));
                    }
                }
                Err(defect) => {
                    if let Reason::Odd(oddity) = defect.reason {
                        lint.rejected(defect.position, oddity);
                    }
                }
            }
        }
        self.tell(false).map_or_else(|| Ok(block.without(&self.settled)), Err)
    }

    /// Handles the end of the input.
    pub(super) fn end(&self) -> Option<Failure> {
        self.tell(true).or_else(|| self.reporter.missing(self.strict))
    }

    fn tell(&self, at_end: bool) -> Option<Failure> {
        let found = self.lint.as_ref()?.found(at_end);
        self.reporter.linted(&found, self.denies, self.forbidden)
    }
}
