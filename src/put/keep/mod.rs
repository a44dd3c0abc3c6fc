//! Step 6, what stays on disk: how far everything is settled, and what was not stored.

pub(crate) mod checkpoint;
pub(crate) mod earlier;
pub mod journal;
pub(crate) mod one_list;
pub(crate) mod rejects;
pub(crate) mod rejects_place;
pub(crate) mod resume;
