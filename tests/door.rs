//! The door of the local service: clients that are slow, silent, many, or nobody it knows.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ossvec::test_support::local_service::{ClientLimits, Options, Service, serve};
use ossvec::test_support::oss::endpoint::Target;
use ossvec::test_support::oss::operation::Operation;
use ossvec::test_support::oss::secret::Credential;
use ossvec::test_support::oss::sign::{self, Signable};
use ossvec::test_support::oss::time::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Short enough to wait for, long enough for a machine that has other things to do.
const SHORT: Duration = Duration::from_millis(400);

/// Longer than anything that must not happen.
const LONG: Duration = Duration::from_mins(1);

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    async fn start(limits: ClientLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = Arc::new(Service::open(Options { limits, ..Options::default() }).unwrap());
        service.store().put_bucket("bucket", "2026-01-01T00:00:00.000Z").unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(serve(listener, async { drop(stopped.await) }, service));
        Self { address, stop, serving }
    }

    async fn connect(&self, text: &str) -> TcpStream {
        let mut client = TcpStream::connect(self.address).await.unwrap();
        client.write_all(text.as_bytes()).await.unwrap();
        client
    }

    /// Stops it, whatever hangs on it.
    async fn stop(self) {
        let begun = Instant::now();
        self.stop.send(()).unwrap();
        self.serving.await.unwrap().unwrap();
        assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    }
}

/// All that still comes, until the service closes.
async fn rest(client: &mut TcpStream) -> String {
    let mut text = Vec::new();
    // A reset is an end as well.
    drop(tokio::time::timeout(LONG, client.read_to_end(&mut text)).await.unwrap());
    String::from_utf8(text).unwrap()
}

/// The first bytes that come.
async fn first(client: &mut TcpStream) -> String {
    let mut text = vec![0; 4096];
    let length = tokio::time::timeout(LONG, client.read(&mut text)).await.unwrap().unwrap();
    String::from_utf8(text[..length].to_vec()).unwrap()
}

/// The head of a signed question about an index, with a body of so many bytes.
fn head(length: usize, more: &str) -> String {
    let options = Options::default();
    let credential = Credential {
        access_key_id: options.access_key_id,
        secret: options.access_key_secret,
        security_token: None,
        expires_at: None,
    };
    let target = Target { bucket: "bucket".into(), account: options.account, region: options.region };
    let operation = Operation::GetVectorIndex;
    let request = Signable {
        method: operation.method(),
        resource: &target.resource(""),
        query: operation.query(),
        headers: &[],
        additional: &[],
    };
    let signed = sign::sign(&request, &credential, &target.region, sign::PRODUCT, Timestamp::now());
    let headers: Vec<_> = signed.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let headers = headers.concat();
    let (method, query) = (operation.method(), operation.query());
    format!(
        "{method} /bucket/?{query} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n{headers}{more}\r\n"
    )
}

#[tokio::test]
async fn a_head_or_a_body_that_does_not_come_ends_its_connection() {
    let limits = ClientLimits { head: SHORT, pause: SHORT, ..ClientLimits::default() };
    let running = Running::start(limits).await;
    let unsigned = "POST /bucket/?putVectors HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc";
    for text in ["", "POST /buc", "POST / HTTP/1.1\r\nHost: ", unsigned, &(head(100, "") + "abc")] {
        let begun = Instant::now();
        let mut client = running.connect(text).await;
        let told = rest(&mut client).await;
        assert!(!told.contains(" 200 "), "{text}: {told}");
        assert!(begun.elapsed() >= SHORT / 2 && begun.elapsed() < LONG, "{text}: {:?}", begun.elapsed());
    }
    running.stop().await;
}

#[tokio::test]
async fn a_body_that_comes_byte_by_byte_has_an_end() {
    let limits = ClientLimits { body: SHORT, ..ClientLimits::default() };
    let running = Running::start(limits).await;
    for text in
        [head(1_000_000, ""), "POST /?x HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n".into()]
    {
        let mut client = running.connect(&text).await;
        let begun = Instant::now();
        while client.write_all(b"x").await.is_ok() {
            assert!(begun.elapsed() < LONG, "{text}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn only_so_many_connections_are_taken_and_the_next_one_waits() {
    let running = Running::start(ClientLimits { connections: 3, ..ClientLimits::default() }).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut client = running.connect(&(head(2, "") + "{}")).await;
        assert!(first(&mut client).await.starts_with("HTTP/1.1 400 "), "it is served, and stays");
        held.push(client);
    }
    let mut next = running.connect(&(head(2, "") + "{}")).await;
    let early = tokio::time::timeout(SHORT, next.read(&mut [0; 1])).await;
    assert!(early.is_err(), "it waits: {early:?}");
    drop(held.pop());
    assert!(first(&mut next).await.starts_with("HTTP/1.1 400 "));
    running.stop().await;
}

#[tokio::test]
async fn bodies_take_turns_where_memory_is_short() {
    let limits = ClientLimits { memory: 64 << 10, body_bytes: 64 << 10, ..ClientLimits::default() };
    let running = Running::start(limits).await;
    let body = format!("{:40000}", "{}");
    let (begun, left) = body.split_at(10);
    let mut slow = running.connect(&(head(body.len(), "Expect: 100-continue\r\n"))).await;
    assert!(first(&mut slow).await.starts_with("HTTP/1.1 100 "), "its body is asked for");
    slow.write_all(begun.as_bytes()).await.unwrap();
    let mut next = running.connect(&(head(body.len(), "") + &body)).await;
    let early = tokio::time::timeout(SHORT, next.read(&mut [0; 1])).await;
    assert!(early.is_err(), "there is no room for both: {early:?}");
    slow.write_all(left.as_bytes()).await.unwrap();
    for client in [&mut slow, &mut next] {
        assert!(first(client).await.starts_with("HTTP/1.1 400 "));
    }
    for (length, more) in [(70 << 10, ""), (2, "Transfer-Encoding: chunked\r\n")] {
        let head = if more.is_empty() {
            head(length, "")
        } else {
            head(0, more).replace("Content-Length: 0\r\n", "")
        };
        let chunk = format!("11800\r\n{}\r\n0\r\n\r\n", " ".repeat(71_680));
        let body = if more.is_empty() { " ".repeat(length) } else { chunk };
        let mut client = running.connect(&(head + &body)).await;
        assert!(first(&mut client).await.starts_with("HTTP/1.1 413 "), "{length} {more}");
    }
    running.stop().await;
}

#[tokio::test]
async fn nobody_unknown_is_asked_for_a_body() {
    let running = Running::start(ClientLimits::default()).await;
    let head = "POST /bucket/?putVectors HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\nExpect: 100-continue\r\n\r\n";
    let mut client = running.connect(head).await;
    assert!(first(&mut client).await.starts_with("HTTP/1.1 403 "));
    // Whoever sends it unasked gets to read the answer all the same.
    let mut client = running.connect(&head.replace("Expect: 100-continue\r\n", "")).await;
    for _ in 0..9_999_999 / 99 {
        client.write_all(&[b'x'; 99]).await.unwrap();
    }
    client.write_all(&[b'x'; 9_999_999 % 99]).await.unwrap();
    assert!(first(&mut client).await.starts_with("HTTP/1.1 403 "));
    running.stop().await;
}

#[tokio::test]
async fn it_stops_whatever_hangs_on_it() {
    let running = Running::start(ClientLimits::default()).await;
    let mut hanging = Vec::new();
    for text in [
        "",
        "POST /buc",
        &head(100, ""),
        &(head(2, "") + "{}"),
        "POST /?x HTTP/1.1\r\nContent-Length: 9\r\n\r\n",
    ] {
        hanging.push(running.connect(text).await);
    }
    assert!(first(&mut hanging[3]).await.starts_with("HTTP/1.1 400 "), "all are there");
    running.stop().await;
}
