//! Starting a local service: its data, its address and its shutdown.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::exit::{ErrorCode, Failure};
use crate::local_service::{self, Service};
use crate::oss::time::Timestamp;
use crate::settings::LOCAL_BUCKET;

/// Opens a local service's data and makes sure that it has a bucket.
pub(super) fn open(options: local_service::Options) -> Result<Arc<Service>, Failure> {
    let service = Service::open(options).and_then(|service| {
        service.store().put_bucket(LOCAL_BUCKET, &Timestamp::now().rfc3339_millis())?;
        Ok(Arc::new(service))
    });
    service.map_err(|error| {
        Failure::new(ErrorCode::LocalService, format!("cannot open the local service's data: {error:#}"))
    })
}

pub(super) async fn bind(address: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| cannot_listen(address, &error))
}

pub(super) fn cannot_listen(address: &str, error: &std::io::Error) -> Failure {
    Failure::new(ErrorCode::LocalService, format!("cannot listen on {address}: {error}"))
}

/// Completes when the flag is raised.
pub(super) async fn raised(mut flag: watch::Receiver<bool>) {
    if flag.wait_for(|raised| *raised).await.is_err() {
        std::future::pending::<()>().await;
    }
}
