//! A server that answers as no server should: it passes requests on to the service, or not, and writes what it likes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// A request as it came.
pub(crate) struct Asked {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    /// Its number among those of its operation, from 1.
    pub(crate) number: u64,
    service: SocketAddr,
}

impl Asked {
    pub(crate) fn is_put(&self) -> bool {
        self.head.contains("?putVectors ")
    }

    /// The value of a header; empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let is_it = |line: &&str| line.split(':').next().unwrap().eq_ignore_ascii_case(name);
        let line = self.head.lines().skip(1).find(is_it);
        line.and_then(|line| line.split_once(':')).map_or("", |(_, value)| value.trim())
    }

    /// What the service says to it, byte by byte.
    pub(crate) fn pass_on(&self) -> Vec<u8> {
        let mut service = TcpStream::connect(self.service).unwrap();
        let head = self.head.replacen("\r\n", "\r\nConnection: close\r\n", 1);
        service.write_all(head.as_bytes()).unwrap();
        service.write_all(&self.body).unwrap();
        let mut answer = Vec::new();
        service.read_to_end(&mut answer).unwrap();
        let text = String::from_utf8(answer).unwrap();
        text.replacen("connection: close\r\n", "", 1).into_bytes()
    }
}

/// What becomes of a request.
pub(crate) trait Odd: Send + Sync + 'static {
    /// Called at the first bytes of every request but the first of a connection, with the last answer on it.
    fn begin(&self, _client: &mut TcpStream, _last: &[u8]) {}

    /// Called when a head is there and its body is not; with an error nothing more of the connection is read.
    fn at_head(&self, _client: &mut TcpStream, _asked: &Asked) -> std::io::Result<()> {
        Ok(())
    }

    /// Answers a request; an error closes the connection. What is returned counts as the last answer.
    fn answer(&self, client: &mut TcpStream, asked: &Asked) -> std::io::Result<Vec<u8>>;
}

/// An answer of any status with a body.
pub(crate) fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Starts a server before `service`; it ends with the process.
pub(crate) fn start(service: SocketAddr, odd: impl Odd) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (odd, counts) = (Arc::new(odd), Arc::new([AtomicU64::new(0), AtomicU64::new(0)]));
    thread::spawn(move || {
        for client in listener.incoming() {
            let (odd, counts) = (Arc::clone(&odd), Arc::clone(&counts));
            thread::spawn(move || converse(client.unwrap(), service, odd.as_ref(), counts.as_ref()));
        }
    });
    address
}

/// Serves a connection until either side has enough.
fn converse(
    mut client: TcpStream,
    service: SocketAddr,
    odd: &dyn Odd,
    counts: &[AtomicU64; 2],
) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let mut last: Option<Vec<u8>> = None;
    let mut byte = [0];
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            client.read_exact(&mut byte)?;
            if head.is_empty()
                && let Some(last) = &last
            {
                odd.begin(&mut client, last);
            }
            head.extend(byte);
        }
        let mut asked =
            Asked { head: String::from_utf8(head).unwrap(), body: Vec::new(), number: 0, service };
        asked.number = counts[usize::from(asked.is_put())].fetch_add(1, Ordering::SeqCst) + 1;
        if let Err(error) = odd.at_head(&mut client, &asked) {
            // It stays open, with what is not read in its way.
            std::mem::forget(client);
            return Err(error);
        }
        asked.body = vec![0; asked.header("content-length").parse().unwrap_or(0)];
        client.read_exact(&mut asked.body)?;
        last = Some(odd.answer(&mut client, &asked)?);
    }
}
