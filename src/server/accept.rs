//! Taking connections: no more than there is room for, from no address more than its share, and only from those that
//! speak.
//!
//! **Invariants.** A connection counts from the moment it is accepted until it is dropped, its handshake included. One
//! that says nothing, or does not finish its handshake, is dropped in time. Nobody can make the loop itself wait.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{sleep, timeout};
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

use super::socket::Socket;
use super::sparing::Sparing;
use super::tls::Tls;
use crate::config::Limits;

/// How long to wait when the system has no room for another connection: descriptors come back as others end.
const PAUSE: Duration = Duration::from_millis(100);

/// Who is at the other end of a connection.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    origin: Remote,
    certificate_names: Arc<[String]>,
}

/// Where a connection comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Remote {
    /// Over the network.
    Address(SocketAddr),
    /// Over the socket file, from a user of this machine, whom the operating system names.
    User(u32),
}

impl std::fmt::Display for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Remote::Address(address) => address.fmt(f),
            Remote::User(id) => write!(f, "user {id} of this machine"),
        }
    }
}

impl Peer {
    /// From where.
    pub(super) fn remote(&self) -> Remote {
        self.origin
    }

    /// The names in the certificate that it proved to hold, as `DNS:host` and `URI:address`; none without one.
    pub(super) fn certificate_names(&self) -> &[String] {
        &self.certificate_names
    }
}

/// A connection that is taken.
pub(super) struct Connection {
    stream: Stream,
    peer: Peer,
    _place: Option<Seat>,
}

enum Stream {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
    Local(UnixStream),
}

/// The share of the limits that a connection takes for as long as it lives.
struct Seat {
    _of_all: OwnedSemaphorePermit,
    address: IpAddr,
    shares: Arc<AddressShares>,
}

/// How many connections each address has.
#[derive(Debug, Default)]
struct AddressShares(Mutex<HashMap<IpAddr, u32>>);

impl AddressShares {
    /// One more for an address, unless it has its share.
    fn take(&self, address: IpAddr, most: u32) -> bool {
        let mut shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let share = shares.entry(address).or_default();
        let free = *share < most;
        if free {
            *share = share.saturating_add(1);
        }
        free
    }

    fn give_back(&self, address: IpAddr) {
        let mut shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = shares.get_mut(&address) {
            *share = share.saturating_sub(1);
            if *share == 0 {
                shares.remove(&address);
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shares.give_back(self.address);
    }
}

/// The connections of a listener, each ready to be served. The stream ends when its reader goes.
pub(super) fn connections(
    listener: TcpListener,
    tls: Option<Tls>,
    socket: Option<Socket>,
    limits: &Limits,
) -> ReceiverStream<io::Result<Connection>> {
    let (ready, taken) = mpsc::channel(1);
    if let Some(socket) = socket {
        tokio::spawn(take_local(socket, ready.clone()));
    }
    let loop_ = Loop {
        tls,
        most_per_address: limits.max_connections_per_address.get(),
        handshake: limits.handshake_timeout.duration(),
        room: Arc::new(Semaphore::new(usize::try_from(limits.max_connections.get()).unwrap_or(usize::MAX >> 3))),
        shares: Arc::default(),
        ready,
    };
    tokio::spawn(loop_.run(listener));
    ReceiverStream::new(taken)
}

/// Takes the connections of the users of this machine. They do not count: an operator must get through when
/// everything else is full.
async fn take_local(socket: Socket, ready: mpsc::Sender<io::Result<Connection>>) {
    loop {
        let accepted = tokio::select! {
            () = ready.closed() => return,
            accepted = socket.accept() => accepted,
        };
        match accepted {
            Ok((stream, user)) => {
                let peer = Peer { origin: Remote::User(user), certificate_names: Arc::from([]) };
                let connection = Connection { stream: Stream::Local(stream), peer, _place: None };
                if ready.send(Ok(connection)).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a connection of this machine could not be accepted");
                sleep(PAUSE).await;
            }
        }
    }
}

#[derive(Clone)]
struct Loop {
    tls: Option<Tls>,
    most_per_address: u32,
    handshake: Duration,
    room: Arc<Semaphore>,
    shares: Arc<AddressShares>,
    ready: mpsc::Sender<io::Result<Connection>>,
}

impl Loop {
    async fn run(self, listener: TcpListener) {
        let mut refused = Sparing::default();
        loop {
            let accepted = tokio::select! {
                () = self.ready.closed() => return,
                accepted = listener.accept() => accepted,
            };
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // The error is that of one connection, or of a system without a free descriptor: the listener
                    // itself goes on.
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(PAUSE).await;
                    continue;
                }
            };
            let ip = address.ip().to_canonical();
            // A connection for which there is no room is closed at once, so that its client tries elsewhere.
            let Ok(of_all) = self.room.clone().try_acquire_owned() else {
                if let Some(unlogged) = refused.count(Instant::now()) {
                    tracing::warn!(%address, unlogged, "no room for another connection");
                }
                continue;
            };
            if !self.shares.take(ip, self.most_per_address) {
                if let Some(unlogged) = refused.count(Instant::now()) {
                    tracing::warn!(%address, unlogged, "this address has as many connections as it may");
                }
                continue;
            }
            let place = Seat { _of_all: of_all, address: ip, shares: self.shares.clone() };
            let this = self.clone();
            tokio::spawn(async move {
                match timeout(this.handshake, this.open(stream, address, place)).await {
                    // Nobody serves any more.
                    Ok(Ok(connection)) => _ = this.ready.send(Ok(connection)).await,
                    Ok(Err(error)) => tracing::debug!(%address, %error, "a connection was not opened"),
                    Err(_) => tracing::debug!(%address, "a connection that said nothing in time was closed"),
                }
            });
        }
    }

    /// Waits for the first byte, and for the handshake if there is one.
    async fn open(&self, stream: TcpStream, address: SocketAddr, place: Seat) -> io::Result<Connection> {
        stream.set_nodelay(true)?;
        // To be readable is no proof: that may be said of a connection on which nothing came.
        if stream.peek(&mut [0]).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let (stream, names) = match &self.tls {
            None => (Stream::Plain(stream), Arc::from([])),
            Some(tls) => {
                let stream = tls.accept(stream).await?;
                let names = super::tls::names(&stream);
                (Stream::Secure(Box::new(stream)), names)
            }
        };
        Ok(Connection {
            stream,
            peer: Peer { origin: Remote::Address(address), certificate_names: names },
            _place: Some(place),
        })
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Stream::Secure(stream) => Pin::new(stream).poll_read(cx, buffer),
            Stream::Local(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Secure(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Local(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Secure(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Local(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Secure(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Local(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
