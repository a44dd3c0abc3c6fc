//! The way to the service: proxies, certificates, IPv6.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::support::{ACCOUNT, Ended, Home, State, TestService, lines, run, say, unlimited, wanted};

/// A proxy for plain HTTP that sends everything to one address, and remembers what it was asked.
struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        // It ends with the process.
        thread::spawn(move || {
            for client in listener.incoming() {
                let log = Arc::clone(&log);
                thread::spawn(move || relay(client.unwrap(), to, &log));
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Passes the one request of a connection on, in origin form.
fn relay(mut client: TcpStream, to: SocketAddr, log: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(client.try_clone().ok()?);
    let mut head = String::new();
    let mut length = 0;
    while !head.ends_with("\r\n\r\n") {
        let before = head.len();
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
        let line = head.get(before..)?.to_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    log.lock().unwrap().push(head.clone());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (method, rest) = head.split_once(" http://")?;
    let path = rest.get(rest.find('/')?..)?;
    let mut service = TcpStream::connect(to).ok()?;
    let head = format!("{method} {path}").replacen("\r\n", "\r\nConnection: close\r\n", 1);
    service.write_all(head.as_bytes()).ok()?;
    service.write_all(&body).ok()?;
    let mut answer = Vec::new();
    service.read_to_end(&mut answer).ok()?;
    client.write_all(&answer).ok()
}

/// A load to a host that only a proxy can reach.
fn load(home: &Home, endpoint: &str) -> Command {
    home.write("a.jsonl", lines(20, 4));
    let mut command = home.put_to(endpoint);
    command.args(["a.jsonl", "--retry-times", "0"]);
    command
}

#[test]
fn a_proxy_is_asked_for_the_whole_url_by_flag_by_file_and_by_variable() {
    for way in ["flag", "password", "file", "variable", "env"] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let proxy = Proxy::start(service.address);
        let url = format!("http://{}", proxy.address);
        let mut command = load(&home, "http://vectors.test");
        match way {
            "flag" => command.args(["--proxy", &url]),
            "password" => command.args(["--proxy", &url.replace("//", "//me:hushPassword@")]),
            "file" => {
                home.write(".ossutilconfig", format!("[default]\nproxy = {url}\n"));
                &mut command
            }
            "variable" => command.env("http_proxy", &url),
            _ => command.env("http_proxy", &url).args(["--proxy", "env"]),
        };
        let ended = run(&mut command);
        assert_eq!(ended.assert_code(0).counts(["stored"]), [20], "{way}");
        service.assert_holds(&wanted(0..20, 4));
        let asked = proxy.asked();
        let put = format!("POST http://test-bucket-{ACCOUNT}.vectors.test/?putVectors HTTP/1.1\r\n");
        assert!(asked.iter().any(|head| head.starts_with(&put)), "{way}: {asked:?}");
        let authorised =
            asked.iter().all(|head| head.to_lowercase().contains("\r\nproxy-authorization: basic "));
        assert_eq!(authorised, way == "password", "{way}: {asked:?}");
        assert!(!format!("{}{}", ended.stdout, ended.stderr).contains("hush"), "{way}: {}", ended.stderr);
        assert_eq!(ended.stderr.contains("can see --proxy in ps"), way == "password", "{way}");
    }
}

#[test]
fn a_host_that_no_proxy_is_for_is_asked_directly() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let proxy = Proxy::start(service.address);
    let mut command = load(&home, "http://vectors.invalid");
    command.env("http_proxy", format!("http://{}", proxy.address)).env("no_proxy", "vectors.invalid");
    let ended = run(&mut command);
    assert!(ended.assert_code(6).stderr.contains("cannot resolve the host name"), "{}", ended.stderr);
    assert!(proxy.asked().is_empty(), "{:?}", proxy.asked());
}

/// A port on which connections are neither taken nor refused: the queue of those that wait is full.
#[cfg(target_os = "linux")]
fn full_port() -> (SocketAddr, Vec<TcpStream>, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    let address = listener.local_addr().unwrap();
    let waiting =
        std::iter::from_fn(|| TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok());
    let waiting = waiting.take(10).collect();
    (address, waiting, listener)
}

#[test]
#[cfg(target_os = "linux")]
fn a_connection_that_is_not_made_is_given_up_after_its_time() {
    let (home, (address, waiting, _listener)) = (Home::new(), full_port());
    assert!(waiting.len() < 10, "the queue has an end");
    let begun = std::time::Instant::now();
    let ended = run(load(&home, &format!("http://{address}")).args(["--connect-timeout", "1s"]));
    assert!(ended.assert_code(6).stderr.contains("cannot reach the service: "), "{}", ended.stderr);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn a_service_that_stays_silent_is_given_up_after_its_time() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    service.trouble(&["hang"]);
    let begun = std::time::Instant::now();
    let endpoint = format!("http://{}", service.address);
    let ended = run(load(&home, &endpoint).args(["--read-timeout", "1s"]));
    assert!(ended.assert_code(6).stderr.contains("no response from "), "{}", ended.stderr);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn a_proxy_that_is_not_there_is_told_without_its_password() {
    let home = Home::new();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ended = run(
        load(&home, "http://vectors.test").args(["--proxy", &format!("http://me:hushPassword@{nobody}")])
    );
    ended.assert_code(6);
    assert!(!format!("{}{}", ended.stdout, ended.stderr).contains("hush"), "{}", ended.stderr);
}

#[test]
fn a_service_on_this_machine_is_asked_without_a_proxy() {
    let nobody = format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let with_proxies = |command: &mut Command| -> Ended {
        for variable in ["http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env(variable, &nobody);
        }
        run(command.args(["--proxy", &nobody]))
    };
    with_proxies(&mut load(&home, &format!("http://{}", service.address))).assert_code(0);
    with_proxies(home.ossvec().args(["put-vectors", "a.jsonl", "--local"])).assert_code(0);
    service.assert_holds(&wanted(0..20, 4));
}

/// TLS in front of a service; returns its address and its certificate as PEM.
fn tls(to: SocketAddr) -> (SocketAddr, String) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    // It ends with the process.
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut client = acceptor.accept(client).await.ok()?;
                    let mut service = tokio::net::TcpStream::connect(to).await.ok()?;
                    tokio::io::copy_bidirectional(&mut client, &mut service).await.ok()
                });
            }
        });
    });
    (address, made.cert.pem())
}

#[test]
fn a_certificate_is_checked_and_may_be_trusted_by_a_bundle() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let (address, pem) = tls(service.address);
    let endpoint = format!("https://{address}");
    home.write("ca.pem", format!("# ours\n{pem}"));
    let ended = run(&mut load(&home, &endpoint));
    ended.assert_code(2);
    assert!(ended.stderr.contains("certificate"), "{}", ended.stderr);
    assert!(ended.stderr.contains("--ca-bundle"), "{}", ended.stderr);
    service.assert_holds(&State::new());

    let ended = run(load(&home, &endpoint).args(["--ca-bundle", "ca.pem"]));
    assert_eq!(ended.assert_code(0).counts(["stored"]), [20]);
    assert!(!ended.stderr.contains("warning"), "{}", ended.stderr);
    home.write(".ossutilconfig", "[default]\nca-bundle = ca.pem\n");
    run(&mut load(&home, &endpoint)).assert_code(0);
    home.write(".ossutilconfig", "");
    #[cfg(target_os = "linux")]
    run(load(&home, &endpoint).env("SSL_CERT_FILE", home.path("ca.pem"))).assert_code(0);

    for (name, content, said) in
        [("empty.pem", "", "no certificate found"), ("a.jsonl", "x", "no certificate")]
    {
        home.write("empty.pem", content);
        let ended = run(load(&home, &endpoint).args(["--ca-bundle", name]));
        assert!(ended.assert_code(3).stderr.contains(said), "{name}: {}", ended.stderr);
    }
    let ended = run(load(&home, &endpoint).args(["--ca-bundle", "missing.pem"]));
    assert!(
        ended.assert_code(3).stderr.contains("cannot use missing.pem for --ca-bundle: No such file"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_certificate_that_is_not_checked_is_warned_of() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let (address, _) = tls(service.address);
    let endpoint = format!("https://{address}");
    let ended = run(load(&home, &endpoint).arg("--skip-verify-cert"));
    let warning = "warning: the server's certificate is not verified (--skip-verify-cert): anyone in between";
    assert!(ended.assert_code(0).stderr.starts_with(warning), "{}", ended.stderr);
    ended.summary();
    home.write(".ossutilconfig", "[default]\nskip-verify-cert = true\n");
    let ended = run(&mut load(&home, &endpoint));
    assert!(ended.assert_code(0).stderr.contains(".ossutilconfig [default])"), "{}", ended.stderr);
    let ended = run(load(&home, &endpoint).arg("-q"));
    assert_eq!(ended.assert_code(0).stderr, "");
    let ended = run(load(&home, &format!("http://{}", service.address)).arg("--skip-verify-cert"));
    assert!(!ended.assert_code(0).stderr.contains("warning"), "{}", ended.stderr);
}

#[test]
fn a_service_may_have_an_ipv6_address() {
    let listener = match TcpListener::bind("[::1]:0") {
        Ok(listener) => listener,
        Err(error) => return say(&format!("LEFT OUT: this machine has no [::1]: {error}")),
    };
    let home = Home::new();
    let service = TestService::start_on(listener, unlimited());
    let ended = run(&mut load(&home, &format!("http://[::1]:{}", service.address.port())));
    assert_eq!(ended.assert_code(0).counts(["stored"]), [20]);
    service.assert_holds(&wanted(0..20, 4));
}
