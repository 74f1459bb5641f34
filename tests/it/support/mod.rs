//! The server that tests talk to, and the smallest clients.
//!
//! **Invariants.** [`TestServer`] is the only way to start a server in a test: the production layers on a port that
//! the system chose. It stops when it is dropped, and the drop waits for the stop.

use std::convert::Infallible;
use std::future::Future;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crisisgids::config::{self, Interval};
use crisisgids::directory::Directory;
use crisisgids::domain::access::{Action, Permit, Principal};
use crisisgids::domain::change::{Authorship, Change};
use crisisgids::domain::record::Record;
use crisisgids::store::memory::MemoryStore;
use crisisgids::{dataset, server};
use jiff::civil::Date;
use tokio::sync::oneshot;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};

pub(crate) mod ask;
pub(crate) mod chance;
pub(crate) mod days;
pub(crate) mod process;
pub(crate) mod records;
pub(crate) mod shipped;
pub(crate) mod trial;
pub(crate) mod wire;

/// Far more than any step of a test takes; only a test that hangs meets it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// When the records that a test begins with were written.
pub(crate) const NOW: &str = "2026-11-23T12:00:00Z";

/// A server of its own for one test.
#[derive(Debug)]
pub(crate) struct TestServer {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), server::Error>>>,
    directory: Option<Arc<Directory>>,
}

impl TestServer {
    /// A server of the directory that ships, in memory.
    pub(crate) fn shipped() -> Self {
        Self::of(dataset::shipped().unwrap().records)
    }

    /// A server of the demonstration, as if laid over the dataset on a day.
    pub(crate) fn demo(day: Date) -> Self {
        let mut records = dataset::shipped().unwrap().records;
        for invented in dataset::demo::overlay(&records, day) {
            let shipped = records.iter_mut().find(|record| record.name() == invented.name());
            *shipped.unwrap() = invented;
        }
        Self::of(records)
    }

    /// A server of a directory of these records, in memory.
    pub(crate) fn of(records: Vec<Record>) -> Self {
        Self::of_with(config::Server::default(), records)
    }

    /// A server with these settings of a directory of these records, in memory.
    pub(crate) fn of_with(settings: config::Server, records: Vec<Record>) -> Self {
        let served = settings.clone();
        let (give, given) = mpsc::channel();
        let mut server = Self::loading(settings, async move {
            let directory = Arc::new(directory(records).await?);
            give.send(directory.clone()).unwrap();
            Ok::<_, crisisgids::domain::error::Error>(server::routes(directory, &served, None).unwrap())
        });
        // Once health says so, everything else answers too.
        server.directory = Some(given.recv_timeout(PATIENCE).unwrap());
        server.wait_until_loaded();
        server
    }

    /// A server that serves these services from the start.
    pub(crate) fn serving(routes: Routes) -> Self {
        Self::serving_with(config::Server::default(), routes)
    }

    /// A server with these settings that serves these services from the start.
    pub(crate) fn serving_with(settings: config::Server, routes: Routes) -> Self {
        let server = Self::loading(settings, async { Ok::<_, Infallible>(routes) });
        server.wait_until_loaded();
        server
    }

    /// A server with these settings, whatever they say of the address, that loads its services.
    pub(crate) fn loading<E>(
        settings: config::Server,
        load: impl Future<Output = Result<Routes, E>> + Send + 'static,
    ) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>> + 'static,
    {
        let settings = config::Server {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            metrics_listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            // No test leaves a call open that it still needs.
            drain_timeout: Interval::from_secs(1),
            ..settings
        };
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async move {
                let bound = server::bind(&settings).await?;
                tell.send(bound.local_addr()).unwrap();
                let shutdown = async move {
                    // Also a test that panicked wants its server to stop.
                    let _ = stopped.await;
                };
                bound.run(load, || {}, shutdown).await
            })
        });
        let address = told.recv_timeout(PATIENCE).unwrap();
        TestServer { address, stop: Some(stop), thread: Some(thread), directory: None }
    }

    /// The directory behind it.
    pub(crate) fn directory(&self) -> &Arc<Directory> {
        self.directory.as_ref().unwrap()
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A connection of its own.
    pub(crate) async fn channel(&self) -> Channel {
        Endpoint::from_shared(format!("http://{}", self.address)).unwrap().connect().await.unwrap()
    }

    /// Stops it and says how it ended.
    pub(crate) fn stop(mut self) -> Result<(), server::Error> {
        self.end().unwrap()
    }

    /// Waits until it ends by itself and says how.
    pub(crate) fn ended(mut self) -> Result<(), server::Error> {
        self.thread.take().unwrap().join().unwrap()
    }

    /// Asks health until it says SERVING: the directory exists a moment before its services do.
    fn wait_until_loaded(&self) {
        let start = Instant::now();
        // The answer of health: field 1, a number, SERVING.
        let serving = "\u{8}\u{1}";
        while !grpc_web(self.address, "/grpc.health.v1.Health/Check", &[]).contains(serving) {
            assert!(start.elapsed() < PATIENCE, "the directory was not served");
        }
    }

    fn end(&mut self) -> Option<Result<(), server::Error>> {
        if let Some(stop) = self.stop.take() {
            // It may have ended already.
            let _ = stop.send(());
        }
        self.thread.take().map(|thread| thread.join().unwrap())
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.end();
    }
}

/// A directory of these records in memory, written at [`NOW`] in one write.
pub(crate) async fn directory(records: Vec<Record>) -> Result<Directory, crisisgids::domain::error::Error> {
    let directory = Directory::open(Box::new(MemoryStore::default()))?;
    let principal = Principal::local();
    let authorship = Authorship {
        principal: principal.name().to_owned(),
        peer: "test".to_owned(),
        change_reason: "what the test begins with".to_owned(),
        time: NOW.parse().unwrap(),
        request: None,
    };
    let changes = records
        .into_iter()
        .map(|record| Change::Ship { shipped: Arc::new(record.to_fields()), record })
        .collect::<Vec<_>>();
    directory.write(&Permit::request(principal, Action::Write)?, changes, authorship, false).await?;
    Ok(directory)
}

/// Sends one HTTP/1.1 request and returns the whole answer: what a browser does, without one.
pub(crate) fn http1(address: SocketAddr, request_line: &str, headers: &[(&str, &str)], body: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut head = format!(
        "{request_line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends a gRPC-Web call with an empty message and returns the whole answer.
pub(crate) fn grpc_web(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> String {
    let headers: Vec<_> = [("content-type", "application/grpc-web+proto")].iter().chain(headers).copied().collect();
    http1(address, &format!("POST {path}"), &headers, &[0, 0, 0, 0, 0])
}
