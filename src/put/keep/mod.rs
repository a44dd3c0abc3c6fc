//! Step 6, what stays on disk: how far everything is settled, and what was not stored.

pub(crate) mod checkpoint;
pub(crate) mod claim;
pub(crate) mod complete;
pub(crate) mod earlier;
mod findings;
pub(crate) mod going_on;
pub mod journal;
pub(crate) mod kept;
pub(crate) mod one_list;
pub(crate) mod rejects;
pub(crate) mod rejects_place;
pub(crate) mod resume;
