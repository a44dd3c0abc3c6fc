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
//! `read` and `admit` are the first two steps, and `put` is the rest; `call` sends one request within the quota; `oss`
//! is the service's protocol; `local_service` is a server for the same protocol. `docs/design.md` has an overview.

mod admit;
mod call;
mod claim;
mod cli;
pub mod command;
mod command_line;
mod convert;
mod encoding;
mod exit;
mod export;
mod generate;
mod guard;
mod index_names;
mod ini;
mod init;
mod links;
mod lint;
mod local_service;
mod log;
mod oss;
mod print;
mod private;
mod process;
mod profile;
mod put;
mod read;
mod record;
mod resources;
mod setting;
mod settings;
mod shown;
mod signals;
mod simd;
mod status;
#[doc(hidden)]
pub mod test_support;
#[cfg(test)]
mod testing;
mod trial;
mod values;
mod words;
