//! `serve`: the local service by itself, until it is told to end.

use std::net::SocketAddr;

use super::listening::{bind, cannot_listen, open, raised};
use crate::cli::{Global, Serve};
use crate::exit::{Exit, Failure};
use crate::local_service;
use crate::log;
use crate::print::err;
use crate::settings::{self, Environment, LOCAL_BUCKET};
use crate::shown::visible_lines;
use crate::signals;

/// Serves until it is told to end.
pub(super) async fn serve(
    arguments: &Serve,
    global: &Global,
    environment: &Environment,
) -> Result<Exit, Failure> {
    let options = settings::serve(arguments, global)?;
    let log = settings::serve_log(&options, global, environment)?;
    let logged = log::begin(&log)?;
    let listener = bind(&arguments.listen).await?;
    let address = listener.local_addr().map_err(|error| cannot_listen(&arguments.listen, &error))?;
    let hello = hello(&options, address);
    let service = open(options)?;
    err(&visible_lines(&hello));
    local_service::serve(listener, raised(signals::interrupt(|| ())), service)
        .await
        .map_err(|error| Failure::new(Exit::Client, format!("{error:#}")))?;
    logged.failure(&log).map_or(Ok(Exit::Complete), Err)
}

/// What a service tells when it begins: where it is, and how to load into it.
fn hello(options: &local_service::Options, address: SocketAddr) -> String {
    let usual = local_service::Options::default();
    let is_usual = options.access_key_secret == usual.access_key_secret;
    let secret = if is_usual { usual.access_key_secret.expose() } else { "…" };
    let local_service::Options { access_key_id, region, account, .. } = options;
    let port = address.port();
    let host = if address.ip().is_unspecified() { format!("127.0.0.1:{port}") } else { address.to_string() };
    let warning = if is_usual && !address.ip().is_loopback() {
        "warning: whoever reaches this machine can write here: the access key is the usual one\n"
    } else {
        ""
    };
    format!(
        "{warning}OSS Vectors service at http://{host}, data in {}\n\
         to load into it, in another terminal:\n  \
         export OSS_ENDPOINT=http://{host} OSS_REGION={region} OSS_ACCOUNT_ID={account}\n  \
         export OSS_ACCESS_KEY_ID={access_key_id} OSS_ACCESS_KEY_SECRET={secret}\n  \
         ossvec put-vectors FILE --bucket {LOCAL_BUCKET} --index-name vectors --create-index \\\n    \
         --distance-metric cosine\n\
         for SDKs, which put the bucket into the host name: http://localhost:{port}",
        options.data.as_deref().map_or_else(|| "memory".to_owned(), |data| data.display().to_string())
    )
}
