//! Step 6, report: what a run tells while it goes on and at its end. The only place of the path that prints.

mod annotations;
mod event;
mod events;
mod exposition;
mod happening;
mod hints;
mod identity;
mod lines;
mod listener;
mod meter;
mod metrics;
mod next;
pub(crate) mod notes;
pub mod notice;
mod progress;
mod quiet;
mod readable;
mod reporter;
mod schema;
mod screen;
mod snapshot;
pub(crate) mod state;
mod state_file;
mod step_summary;
mod summary;
mod telling;
mod text;
mod verification;

pub(crate) use annotations::failure as annotation;
pub use events::Events;
pub use identity::{Clock, Run};
pub use meter::Limit;
pub(crate) use meter::Waiting;
pub use progress::Style;
pub use quiet::Quiet;
pub use reporter::Reporter;
pub use schema::SCHEMA_VERSION;
pub use state_file::StatePlace;
pub use summary::{Allowed, FailedPlace, Skipped, Summary};
pub use telling::{Actions, Telling};

pub use super::books::verified::Verified;
