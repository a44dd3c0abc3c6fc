//! `ossvec serve` and clients that it does not know: what they send takes no memory.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use crate::support::Home;

#[test]

fn bodies_of_clients_without_a_signature_take_no_memory() {
    const BODY: usize = 100 << 20;
    let home = Home::new();
    let mut serve = home.ossvec();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--data-dir", "data"]).stderr(Stdio::piped());
    let mut serve = serve.spawn().unwrap();
    let mut hello = String::new();
    BufReader::new(serve.stderr.take().unwrap()).read_line(&mut hello).unwrap();
    let address = hello.split("http://").nth(1).unwrap().split(',').next().unwrap().to_owned();
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                let mut client = TcpStream::connect(&address).unwrap();
                let head =
                    format!("POST /b/?putVectors HTTP/1.1\r\nHost: h\r\nContent-Length: {BODY}\r\n\r\n");
                client.write_all(head.as_bytes()).unwrap();
                let piece = vec![b'x'; 1 << 20];
                for _ in 0..BODY / piece.len() {
                    client.write_all(&piece).unwrap();
                }
                let mut answer = [0; 12];
                client.read_exact(&mut answer).unwrap();
                assert_eq!(&answer, b"HTTP/1.1 403");
            });
        }
    });
    let status = std::fs::read_to_string(format!("/proc/{}/status", serve.id())).unwrap();
    serve.kill().unwrap();
    serve.wait().unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kib < 150_000, "{kib} KiB");
}
