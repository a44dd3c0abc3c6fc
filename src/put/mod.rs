//! The path of the data: one file a step, in this order.

pub mod read;
pub mod record;
