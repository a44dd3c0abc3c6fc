//! One signed call at the quota's pace, retried by verdict within a budget: every request to the service goes through a
//! `Caller`.
//!
//! ```text
//! Request ─► turn ─► Client::call ─► Answer
//!    ▲       Pace         │
//!    │                    ▼
//!    └── wait ◄────── CallError ─► Verdict ─► GaveUp
//!        Budget        Observer
//! ```
//!
//! It knows the service's protocol but not what is sent: a load, a look at an index and a query are the same here. An
//! `Observer` receives failed attempts; nothing is printed and no run is ended here.

mod attempts;
mod budget;
mod caller;
mod effort;
mod gave_up;
mod halt;
mod observer;
mod pace;
mod request;

pub use budget::Budget;
pub(crate) use caller::Caller;
pub(crate) use effort::Effort;
pub(crate) use gave_up::{Because, GaveUp};
pub(crate) use halt::Halt;
pub(crate) use observer::{Observer, Trouble};
pub use pace::Quota;
pub(crate) use pace::{Bound, Forecast, Pace, Pacer};
pub(crate) use request::Request;
