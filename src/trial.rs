//! A single request that shows whether the settings in the configuration file work.

use std::time::Duration;

use bytes::Bytes;

use crate::cli::Global;
use crate::exit::{ErrorCode, Failure};
use crate::oss::client::Body;
use crate::oss::operation::Operation;
use crate::put;
use crate::settings::{self, Environment};

/// The timeout of the request.
const WITHIN: Duration = Duration::from_secs(30);

/// Requests a bucket with the settings that a load into it would use.
pub(crate) async fn bucket(bucket: &str, global: &Global, environment: &Environment) -> Result<(), Failure> {
    let client = settings::trial(bucket, global, environment)?.client()?;
    let body = Body::new(vec![Bytes::new()]);
    let answer = client.call(Operation::GetVectorBucket, &body, 0, Box::new(|| ()));
    match tokio::time::timeout(WITHIN, answer).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(put::failed(&error, Operation::GetVectorBucket)),
        Err(_) => {
            let message = format!("no answer from the service within {} s", WITHIN.as_secs());
            Err(Failure::new(ErrorCode::Unreachable, message).advise("check the network, and try again"))
        }
    }
}
