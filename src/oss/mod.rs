//! The service's protocol, for both of its sides: limits, hosts, signature, bodies, errors.
//!
//! Knows nothing about loading: no retry, no waiting, no input.

mod answer;
mod body;
pub mod client;
mod connections;
pub mod credential;
pub mod endpoint;
pub(crate) mod error;
mod hidden;
pub(crate) mod limits;
mod md5;
pub mod network;
pub mod operation;
mod prefix;
pub(crate) mod regions;
pub mod secret;
pub mod sign;
pub mod time;
pub mod wire;
