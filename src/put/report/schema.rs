//! The version of all forms for scripts: events, the summary and the rejects file. Pure.

/// It changes when a member changes its meaning or goes.
pub const SCHEMA_VERSION: &str = "1";
