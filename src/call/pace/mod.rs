//! The pace: when a request may leave. Every request takes a turn here, retries and read-backs too.
//!
//! `Pace` is the seam: calls know it alone. `Pacer` keeps a quota that this process has to itself; a quota that several
//! processes share is another implementation, on the same `Schedule` if it likes: that is pure, and its time counts from a
//! moment that all who share it can agree on.

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
