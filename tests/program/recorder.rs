//! Stands between the program and the service, as its address or as its proxy, and notes what passes.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// A request as it was sent.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Recorded {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: BTreeMap<String, String>,
}

/// What is done when a request has come, before it is passed on.
type Before = Arc<dyn Fn(&Recorded) + Send + Sync>;

/// A running recorder; it ends with the test's process.
pub(crate) struct Recorder {
    pub(crate) address: SocketAddr,
    recorded: Arc<Mutex<Vec<Recorded>>>,
    connections: Arc<AtomicUsize>,
}

impl Recorder {
    /// Starts to pass requests on to `service`.
    pub(crate) fn start(service: SocketAddr) -> Self {
        Self::start_with(service, |_| ())
    }

    /// The same, and does something before each request is passed on.
    pub(crate) fn start_with(
        service: SocketAddr,
        before: impl Fn(&Recorded) + Send + Sync + 'static,
    ) -> Self {
        let before: Before = Arc::new(before);
        let recorded = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let (ready, address) = std::sync::mpsc::channel();
        let (noted, counted) = (Arc::clone(&recorded), Arc::clone(&connections));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                ready.send(listener.local_addr().unwrap()).unwrap();
                listen(listener, service, (noted, before), &counted).await;
            });
        });
        Self { address: address.recv().unwrap(), recorded, connections }
    }

    /// How often somebody connected so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// All requests so far.
    pub(crate) fn recorded(&self) -> Vec<Recorded> {
        self.recorded.lock().unwrap().clone()
    }
}

type Notes = (Arc<Mutex<Vec<Recorded>>>, Before);

async fn listen(listener: TcpListener, service: SocketAddr, notes: Notes, connections: &AtomicUsize) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        connections.fetch_add(1, Ordering::Relaxed);
        let (client, notes) = (client.clone(), notes.clone());
        let pass = service_fn(move |request| pass(client.clone(), service, notes.clone(), request));
        // An error is the program's closing its connection.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), pass));
    }
}

async fn pass(
    client: reqwest::Client,
    service: SocketAddr,
    (recorded, before): Notes,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (mut head, body) = request.into_parts();
    let text = |value: &hyper::header::HeaderValue| value.to_str().unwrap().to_owned();
    let url = match head.uri.scheme() {
        Some(_) => head.uri.to_string(),
        None => format!("http://{}{}", text(&head.headers[HOST]), head.uri),
    };
    let headers = head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let request = Recorded { method: head.method.to_string(), url, headers };
    before(&request);
    recorded.lock().unwrap().push(request);
    for name in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        head.headers.remove(name);
    }
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let body = body.collect().await.unwrap().to_bytes();
    let passed = client.request(head.method, format!("http://{service}{path}")).headers(head.headers);
    let answer = passed.body(body).send().await.unwrap();
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    Ok(response.body(Full::new(answer.bytes().await.unwrap())).unwrap())
}
