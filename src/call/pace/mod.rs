//! The pace: when a request may be sent. Every request takes a turn here, including retries and read-backs.
//!
//! `Pace` is the interface that calls use. `Pacer` keeps a quota for this process alone; a quota that several processes
//! share would be another implementation. It can use the same `Schedule`, which is pure and counts time from a moment
//! that all processes can agree on.

mod forecast;
mod pacer;
mod quota;
mod schedule;
mod turn;

pub(crate) use forecast::Forecast;
pub(crate) use pacer::Pacer;
pub(crate) use quota::Bound;
pub use quota::Quota;
#[cfg(test)]
pub(super) use turn::{Giver, Waiting};
pub(crate) use turn::{Pace, Turn};
