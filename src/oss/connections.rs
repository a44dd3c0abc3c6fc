//! The connections in use, and whether an answer on one of them belongs to the request that is waiting for it.
//!
//! HTTP/1.1 matches answers to requests only by their order. If an intermediary sends an answer twice, or an
//! unsolicited one, the next request on that connection would take it for its own, and each later one would take the
//! answer of its predecessor.

use std::collections::VecDeque;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many ids of answers are remembered, many times the number of requests ever in flight.
const REMEMBERED: usize = 1_024;

/// Makes a client with its own connections.
type Make = Box<dyn Fn() -> Result<reqwest::Client, String> + Send + Sync>;

/// The HTTP client in use; replaced when its connections can no longer be trusted.
pub(super) struct Connections {
    make: Make,
    hasher: RandomState,
    /// Locked briefly, never across an await.
    state: Mutex<State>,
}

struct State {
    http: reqwest::Client,
    /// How many times the client was replaced.
    generation: u64,
    /// Answers on clients of earlier generations are doubted.
    trusted: u64,
    /// The hashed ids of the last answers.
    seen: VecDeque<u64>,
}

impl fmt::Debug for Connections {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connections").finish_non_exhaustive()
    }
}

impl Connections {
    /// Makes the first client.
    pub(super) fn new(make: Make) -> Result<Self, String> {
        let state =
            State { http: make()?, generation: 0, trusted: 0, seen: VecDeque::with_capacity(REMEMBERED) };
        Ok(Self { make, hasher: RandomState::new(), state: Mutex::new(state) })
    }

    /// The current client, and its generation.
    pub(super) fn current(&self) -> (reqwest::Client, u64) {
        let state = self.state();
        (state.http.clone(), state.generation)
    }

    /// Accepts an answer if it can belong to its request; the error says why it cannot. After an error no connection is
    /// reused, since the next answer on it may belong to another request, too, and answers still to come on them are
    /// doubted. A failure of the service is always accepted; but if nothing shows that it is fresh, the connections are
    /// not reused either.
    pub(super) fn accept(
        &self,
        generation: u64,
        status: u16,
        request_id: &str,
        is_early: bool,
    ) -> Result<(), String> {
        let is_failure = status >= 500;
        let mut state = self.state();
        let is_fresh = !request_id.is_empty() && !self.remember(&mut state, request_id);
        let doubt = if is_failure {
            None
        } else if generation < state.trusted {
            Some("on a connection that delivered a response to another request")
        } else if !request_id.is_empty() && !is_fresh {
            Some("with the request ID of an earlier response")
        } else if is_early {
            Some("before the whole request was sent")
        } else if (200..300).contains(&status) && !is_fresh {
            // The page of a proxy or a portal; treating it as a success would lose data silently.
            Some("without x-oss-request-id")
        } else {
            None
        };
        if (doubt.is_some() || !is_fresh) && generation == state.generation {
            self.replace(&mut state);
        }
        let Some(doubt) = doubt else { return Ok(()) };
        state.trusted = state.trusted.max(generation + 1).min(state.generation);
        let id = if request_id.is_empty() { String::new() } else { format!(" ({request_id})") };
        Err(format!("HTTP {status} {doubt}{id}: not the service's response to this request"))
    }

    /// Replaces the connections. If no other client can be made, keeps the old one.
    fn replace(&self, state: &mut State) {
        if let Ok(http) = (self.make)() {
            state.http = http;
            state.generation += 1;
        }
    }

    /// Remembers the id of an answer; returns whether it is a repetition.
    fn remember(&self, state: &mut State, request_id: &str) -> bool {
        let hash = self.hasher.hash_one(request_id);
        if state.seen.contains(&hash) {
            return true;
        }
        if state.seen.len() == REMEMBERED {
            state.seen.pop_front();
        }
        state.seen.push_back(hash);
        false
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is complete, even if another thread panics.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections() -> Connections {
        Connections::new(Box::new(|| Ok(reqwest::Client::new()))).unwrap()
    }

    #[test]
    fn an_answer_counts_once() {
        let connections = connections();
        for id in 0..2 * REMEMBERED {
            assert_eq!(connections.accept(0, 200, &format!("id-{id}"), false), Ok(()));
        }
        let last = format!("id-{}", 2 * REMEMBERED - 1);
        for status in [200, 400, 403, 429] {
            let generation = connections.current().1;
            let doubt = connections.accept(generation, status, &last, false).unwrap_err();
            assert!(doubt.contains("with the request ID of an earlier response"), "{doubt}");
            assert_eq!(connections.current().1, generation + 1, "{status}");
        }
        // A failure counts, since the request is retried; but not on this connection.
        for id in [last.as_str(), ""] {
            let generation = connections.current().1;
            assert_eq!(connections.accept(generation, 503, id, false), Ok(()));
            assert_eq!(connections.current().1, generation + 1, "{id:?}");
            let meanwhile = format!("meanwhile {id}");
            assert_eq!(connections.accept(generation, 200, &meanwhile, false), Ok(()), "others go on");
        }
    }

    #[test]
    fn what_comes_by_given_up_connections_is_doubted_once_and_for_all() {
        let connections = connections();
        assert!(connections.accept(0, 200, "", false).is_err());
        assert!(connections.accept(0, 200, "fresh", false).is_err());
        assert!(connections.accept(0, 400, "fresh too", false).is_err());
        assert_eq!(connections.current().1, 1, "those have been given up already");
        assert_eq!(connections.accept(1, 200, "another", false), Ok(()));
        assert!(connections.accept(1, 200, "early", true).is_err());
    }

    #[test]
    fn a_doubtful_answer_is_told_with_what_is_wrong_with_it() {
        let connections = connections();
        assert_eq!(connections.accept(0, 200, "1", false), Ok(()));
        let told = [(0, "1", false), (0, "2", false), (1, "3", true), (2, "", false)]
            .map(|(generation, id, is_early)| connections.accept(generation, 200, id, is_early).unwrap_err());
        insta::assert_snapshot!(told.join("\n"), @"
        HTTP 200 with the request ID of an earlier response (1): not the service's response to this request
        HTTP 200 on a connection that delivered a response to another request (2): not the service's response to this request
        HTTP 200 before the whole request was sent (3): not the service's response to this request
        HTTP 200 without x-oss-request-id: not the service's response to this request
        ");
    }

    #[test]
    fn an_error_need_not_have_an_id() {
        let connections = connections();
        for _ in 0..2 {
            let generation = connections.current().1;
            assert_eq!(connections.accept(generation, 400, "", false), Ok(()));
        }
    }
}
