//! Requests that are tried again: an event for each attempt, and now and then a line.

use super::events::Event;
use super::{Inner, Reporter, millis, rounded};
use crate::call::{Observer, Trouble};

impl Observer for Reporter {
    fn troubled(&self, trouble: &Trouble<'_>) {
        self.lock().troubled(trouble);
    }
}

impl Inner {
    fn troubled(&mut self, trouble: &Trouble<'_>) {
        match *trouble {
            Trouble::Retrying { batch, attempt, wait, error } => {
                self.event(&Event::Retry {
                    batch,
                    attempt,
                    wait_ms: millis(wait),
                    http_status: error.service().map(|error| error.status),
                    code: error.code(),
                    message: error.to_string(),
                    request_id: error.service().map(|error| error.request_id.as_str()),
                });
                let subject = batch.map_or("the request".to_owned(), |batch| format!("batch {batch}"));
                self.trouble(&format!("retrying {subject} in {:.1} s: {error}", wait.as_secs_f64()));
            }
            Trouble::Throttled { batch, vectors, pace, error } => {
                self.event(&Event::Throttle {
                    batch,
                    http_status: error.service().map(|error| error.status),
                    code: error.code(),
                    request_id: error.service().map(|error| error.request_id.as_str()),
                    pace: rounded(pace),
                });
                self.pace = pace;
                self.trouble(&format!("throttled, going on at {:.0} % of the pace: {error}", pace * 100.0));
                if let Some(advice) = batch.and_then(|batch| self.throttled.again(batch, vectors)) {
                    self.notice(&advice.into());
                }
            }
        }
    }
}
