//! The sources of credentials: a [`Recipe`] describes one, and each kind has its own file.

mod alibabacloud;
mod aliyun_cli;
mod answer;
mod cache;
mod ecs;
mod oidc;
mod open;
mod process;
mod recipe;
mod rpc;
mod source;
mod sts;
#[cfg(test)]
mod testing;
mod uri;
mod web;

pub use alibabacloud::recipe as alibabacloud_recipe;
pub use aliyun_cli::recipe as aliyun_cli_recipe;
pub use cache::{Credentials, Refreshed};
pub use open::{ReadRecipe, Reread, Surroundings};
pub use recipe::{Lack, Recipe, Role, USUAL_DURATION, Words};
pub use source::{Fetching, Source};
