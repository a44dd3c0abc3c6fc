//! `ossvec` loads ready-made vectors into Alibaba Cloud OSS vector buckets.
//!
//! ```text
//! read ─► admit ─► batch ─► pace ─► send ─► settle
//! bytes   Record→   ≤500     a turn   sign,   rejects, journal,
//! to      Vector    vectors  on the   call,   report: the only
//! Record  or        one      quota    retry   ones that see an
//!         Defect    body     axes     → fate  Outcome
//! ```
//!
//! [`put`] is that path, one file a step; [`call`] is one request at the quota's pace; [`oss`] is the service's protocol; [`emulator`] is a local service that
//! speaks the same protocol. `docs/design.md` is the map.

pub mod call;
pub mod cli;
pub mod command_line;
pub mod emulator;
pub mod exit;
pub mod generate;
mod index_names;
pub mod ini;
pub mod init;
mod links;
pub mod log;
pub mod oss;
mod print;
mod private;
pub mod profile;
pub mod put;
mod resources;
pub mod run;
pub mod setting;
pub mod settings;
mod shown;
mod signals;
#[cfg(test)]
mod testing;
pub mod values;
