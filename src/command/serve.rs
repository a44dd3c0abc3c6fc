//! `serve`: runs the local service by itself until a signal stops it.

use std::net::SocketAddr;

use super::listening::{bind, cannot_listen, open, raised};
use crate::cli::{Global, Serve};
use crate::exit::{ErrorCode, Exit, Failure};
use crate::local_service;
use crate::log;
use crate::print::{always_remark, err};
use crate::put::report::notice::Severity;
use crate::settings::{self, Environment, LOCAL_BUCKET};
use crate::shown::visible_lines;
use crate::signals;

/// Serves until a signal comes.
pub(super) async fn serve(
    arguments: &Serve,
    global: &Global,
    environment: &Environment,
) -> Result<Exit, Failure> {
    let options = settings::serve(arguments, global)?;
    let log = settings::serve_log(&options, global, environment)?;
    let logged = log::begin(&log)?;
    let choose = |failure: Failure| failure.advise("choose another address with --listen");
    let listener = bind(&arguments.listen).await.map_err(choose)?;
    let address = listener.local_addr().map_err(|error| choose(cannot_listen(&arguments.listen, &error)))?;
    let hello = hello(&options, address);
    let is_exposed = is_open(&options) && !address.ip().is_loopback();
    let service = open(options)?;
    err(&visible_lines(&hello));
    if is_exposed {
        always_remark(
            Severity::Warning,
            "anyone who can reach this machine can write here with the default access key",
        );
    }
    local_service::serve(listener, raised(signals::interrupt(|| ())), service)
        .await
        .map_err(|error| Failure::new(ErrorCode::LocalService, format!("{error:#}")))?;
    logged.failure(&log).map_or(Ok(Exit::Complete), Err)
}

/// What the service prints on startup: its address, and how to load into it.
fn hello(options: &local_service::Options, address: SocketAddr) -> String {
    let usual = local_service::Options::default();
    let secret = if is_open(options) { usual.access_key_secret.expose() } else { "…" };
    let local_service::Options { access_key_id, region, account, .. } = options;
    let port = address.port();
    let host = if address.ip().is_unspecified() { format!("127.0.0.1:{port}") } else { address.to_string() };
    format!(
        "local service at http://{host}, data in {}\n\
         to load into it from another terminal:\n  \
         export OSS_ENDPOINT=http://{host} OSS_REGION={region} OSS_ACCOUNT_ID={account}\n  \
         export OSS_ACCESS_KEY_ID={access_key_id} OSS_ACCESS_KEY_SECRET={secret}\n  \
         ossvec put-vectors FILE --bucket {LOCAL_BUCKET} --index-name vectors --create-index \\\n    \
         --distance-metric cosine\n\
         endpoint for SDKs, which put the bucket in the host name: http://localhost:{port}",
        options.data.as_deref().map_or_else(|| "memory".to_owned(), |data| data.display().to_string())
    )
}

/// Whether the access key is the publicly known default.
fn is_open(options: &local_service::Options) -> bool {
    options.access_key_secret == local_service::Options::default().access_key_secret
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_says_where_it_is_and_how_to_load_into_it() {
        let options = local_service::Options { data: Some("/data".into()), ..Default::default() };
        let open = hello(&options, "127.0.0.1:9410".parse().unwrap());
        insta::assert_snapshot!(open, @r"
        local service at http://127.0.0.1:9410, data in /data
        to load into it from another terminal:
          export OSS_ENDPOINT=http://127.0.0.1:9410 OSS_REGION=cn-hangzhou OSS_ACCOUNT_ID=1234567890
          export OSS_ACCESS_KEY_ID=local OSS_ACCESS_KEY_SECRET=local
          ossvec put-vectors FILE --bucket local --index-name vectors --create-index \
            --distance-metric cosine
        endpoint for SDKs, which put the bucket in the host name: http://localhost:9410
        ");
        let options = local_service::Options {
            access_key_secret: crate::oss::secret::Secret::new("hush"),
            data: None,
            ..Default::default()
        };
        let closed = hello(&options, "0.0.0.0:80".parse().unwrap());
        insta::assert_snapshot!(closed.lines().take(4).collect::<Vec<_>>().join("\n"), @"
        local service at http://127.0.0.1:80, data in memory
        to load into it from another terminal:
          export OSS_ENDPOINT=http://127.0.0.1:80 OSS_REGION=cn-hangzhou OSS_ACCOUNT_ID=1234567890
          export OSS_ACCESS_KEY_ID=local OSS_ACCESS_KEY_SECRET=…
        ");
    }
}
