//! Step 6, the books: the outcomes of records, and how the load ends by them.

pub(crate) mod check;
pub(crate) mod ledger;
pub(crate) mod outcome;
pub(crate) mod per_input;
pub(crate) mod plan;
pub(crate) mod reasons;
pub(crate) mod rehearsal;
pub(crate) mod settled;
pub(crate) mod standing;
pub(crate) mod survey;
pub(crate) mod tally;
pub(crate) mod tracker;
pub(crate) mod verified;
