//! The server: a bound listener, the layers around the services, health, and a stop that ends.
//!
//! **Invariants.** It listens on this machine only, unless there are TLS and an access file, so that callers are
//! authenticated. It answers from the moment it is bound: health and reflection at once, everything else when the
//! directory is loaded. After the signal to stop it ends within the drain timeout, whatever its clients do. It decides
//! nothing about the directory.

use std::error::Error as StdError;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::service::Routes;

use crate::audit::Trail;
use crate::config::{Limits, Server as Settings};
use crate::directory::Directory;
use crate::domain::access::Principal;
use crate::grpc;

mod accept;
mod answer;
mod ending;
mod front;
mod health;
mod identity;
mod layers;
mod metrics;
pub mod open;
mod refusal;
mod reload;
mod socket;
mod sparing;
mod tls;

pub use crate::grpc::RulesError;
pub use front::Error as ContractError;
pub use identity::jwt::Error as IssuerError;
pub use identity::roster::Error as RosterError;
pub use metrics::Metrics;
pub use tls::Error as TlsError;

use identity::Identity;
use identity::jwt::Issuer;
use identity::roster::Roster;
use socket::Socket;
use tls::Tls;

/// The services of a directory, by the clock of this machine. Without an access file every caller is the operator of
/// this machine. The trail notes which callers were given confidential values.
///
/// # Errors
/// [`RulesError`] if the contract's own rules cannot be enforced, which a test rules out for every build.
pub fn routes(directory: Arc<Directory>, settings: &Settings, trail: Option<Trail>) -> Result<Routes, RulesError> {
    let limits = &settings.limits;
    let everyone = settings.access_file.is_none().then(Principal::local);
    let sizes =
        grpc::MessageSizes { request: limits.max_request_message.len(), response: limits.max_response_message.len() };
    grpc::routes(directory, grpc::edge::system_clock(), everyone, sizes, trail)
}

/// Why there is no server, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address could be reached by others.
    #[error(
        "refusing to listen on {address}: without {missing} everyone who reaches it could read and change the \
         directory. Set that too, or listen on 127.0.0.1 or [::1] (--listen 127.0.0.1:50051) \
         and let a proxy that knows its callers stand before it"
    )]
    NotThisMachine {
        /// Where it was to listen.
        address: SocketAddr,
        /// Which settings are not there.
        missing: &'static str,
    },
    /// The address is taken, or not ours.
    #[error(
        "cannot listen on {address}: {cause}. A server may be running there already, or only root may; --listen chooses another"
    )]
    Bind {
        /// Where.
        address: SocketAddr,
        /// Why not.
        #[source]
        cause: std::io::Error,
    },
    /// The socket file cannot be had.
    #[error("cannot listen on {}: {cause}", .file.display())]
    Socket {
        /// Which.
        file: std::path::PathBuf,
        /// Why not.
        #[source]
        cause: std::io::Error,
    },
    /// The access file cannot be used.
    #[error("who may call is not known: {0}")]
    Access(#[from] RosterError),
    /// The contract's own rules cannot be read, which a test rules out for every build.
    #[error("the contract cannot be served: {0}")]
    Rules(#[from] RulesError),
    /// The keys of the issuer of tokens cannot be used.
    #[error("tokens cannot be checked: {0}")]
    Issuer(#[from] IssuerError),
    /// The certificates cannot be used.
    #[error("TLS cannot be spoken: {0}")]
    Tls(#[from] TlsError),
    /// The compiled-in contract cannot be served.
    #[error("the contract cannot be served: {0}")]
    Contract(#[from] ContractError),
    /// The directory could not be loaded.
    #[error("the directory cannot be loaded: {0}")]
    Load(#[source] Box<dyn StdError + Send + Sync>),
    /// The threads that make answers do not start.
    #[error("no threads to answer with: {0}")]
    Threads(#[source] std::io::Error),
    /// The transport gave up.
    #[error("the server ended: {0}")]
    Transport(#[from] tonic::transport::Error),
}

/// A server that holds its address and has not begun to answer.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    socket: Option<Socket>,
    metrics: Metrics,
    metrics_listener: Option<TcpListener>,
    address: SocketAddr,
    settings: Settings,
    tls: Option<Tls>,
    identity: Option<Arc<Identity>>,
    exposure: String,
}

/// Takes the configured address.
///
/// # Errors
/// [`Error::NotThisMachine`] unless the address is a loopback address, or TLS and an access file are set;
/// [`Error::Tls`], [`Error::Access`] and [`Error::Issuer`] if their files cannot be used; [`Error::Bind`] and
/// [`Error::Socket`] if the address or the socket file cannot be had.
pub async fn bind(settings: &Settings) -> Result<Bound, Error> {
    let address = settings.listen;
    let missing = match (&settings.tls, &settings.access_file) {
        (Some(_), Some(_)) => None,
        (None, Some(_)) => Some("TLS (server.tls)"),
        (Some(_), None) => Some("access roles (server.access_file)"),
        (None, None) => Some("TLS (server.tls) and access roles (server.access_file)"),
    };
    if let Some(missing) = missing.filter(|_| !address.ip().to_canonical().is_loopback()) {
        return Err(Error::NotThisMachine { address, missing });
    }
    let tls = settings.tls.as_ref().map(Tls::load).transpose()?;
    let roster = settings.access_file.as_deref().map(Roster::read).transpose()?;
    let issuer = settings.jwt.as_ref().map(Issuer::read).transpose()?;
    let socket = settings.socket.as_deref().map(|file| {
        let fault = |cause| Error::Socket { file: file.to_owned(), cause };
        Socket::bind(file, roster.is_some()).map_err(fault)
    });
    let socket = socket.transpose()?;
    let exposure = exposure(settings, roster.as_ref());
    let owner = socket.as_ref().map(Socket::owner);
    let identity = roster.map(|roster| Arc::new(Identity::new(roster, owner, issuer)));
    let metrics = Metrics::new()?;
    tls.iter().for_each(|tls| metrics.watch_certificates(tls.clone()));
    let metrics_listener = match TcpListener::bind(settings.metrics_listen).await {
        Ok(listener) => Some(listener),
        Err(error) => {
            // Not worth a service that does not start.
            tracing::warn!(%error, address = %settings.metrics_listen, "measurements cannot be served");
            None
        }
    };
    let fault = |cause| Error::Bind { address, cause };
    let listener = TcpListener::bind(address).await.map_err(fault)?;
    let address = listener.local_addr().map_err(fault)?;
    let settings = settings.clone();
    Ok(Bound { listener, socket, metrics, metrics_listener, address, settings, tls, identity, exposure })
}

/// Who can reach the server, and as what.
fn exposure(settings: &Settings, roster: Option<&Roster>) -> String {
    let whom = if settings.listen.ip().to_canonical().is_loopback() {
        "for this machine only"
    } else {
        "for whoever reaches this address"
    };
    let how = match &settings.tls {
        None => "no TLS",
        Some(tls) if tls.client_ca.is_some() => "TLS with client certificates",
        Some(_) => "TLS",
    };
    let how = match &settings.socket {
        Some(file) => format!("{how}; unix:{}", file.display()),
        None => how.to_owned(),
    };
    match roster {
        None => format!("{whom}; {how}; whoever calls is the operator and may do everything"),
        Some(roster) => format!("{whom}; {how}; {} principals by the access file, nobody else", roster.count()),
    }
}

impl Bound {
    /// Where it listens: the configured address with the port that the system chose, if port 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Who can reach it, and as what: a line for the operator who starts it.
    pub fn exposure(&self) -> &str {
        &self.exposure
    }

    /// What is measured.
    pub fn metrics(&self) -> Metrics {
        self.metrics.clone()
    }

    /// Where measurements are fetched from; none if that address could not be had.
    pub fn metrics_addr(&self) -> Option<SocketAddr> {
        self.metrics_listener.as_ref()?.local_addr().ok()
    }

    /// Whether it speaks TLS.
    pub fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    /// Answers until `shutdown` resolves. While `load` runs, health says NOT_SERVING and every other service answers
    /// UNAVAILABLE; when it gives the services, they are answered by those, and `opened` is told so.
    ///
    /// # Errors
    /// [`Error::Load`] if `load` fails; then nothing is served any more.
    pub async fn run<E>(
        self,
        load: impl Future<Output = Result<Routes, E>>,
        opened: impl FnOnce(),
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), Error>
    where
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let Bound { listener, socket, metrics, metrics_listener, settings, tls, identity, .. } = self;
        let (front, control) = front::Front::new(&settings.limits).await?;
        let stack = layers::stack(front, &settings, identity.clone(), metrics.clone()).map_err(Error::Threads)?;
        let incoming = accept::connections(listener, tls.clone(), socket, &settings.limits);
        // Ends with the set, and so with the server.
        let mut beside = JoinSet::new();
        if let Some(listener) = metrics_listener {
            beside.spawn(metrics.serve(listener));
        }
        if tls.is_some() || identity.is_some() {
            beside.spawn(reload::watch(settings.clone(), tls, identity));
        }
        let mut stopping = control.stopping();
        let stopped = async move {
            // An error means that the control is gone, and with it the reason to go on.
            let _ = stopping.wait_for(|stopping| *stopping).await;
        };
        let mut serving = pin!(transport(&settings.limits).serve_with_incoming_shutdown(stack, incoming, stopped));
        let mut shutdown = pin!(shutdown);

        let loaded = tokio::select! {
            ended = &mut serving => return Ok(ended?),
            () = &mut shutdown => None,
            loaded = load => Some(loaded),
        };
        let outcome = match loaded {
            None => Ok(()),
            Some(Ok(routes)) => {
                control.open(routes).await;
                opened();
                tokio::select! {
                    ended = &mut serving => return Ok(ended?),
                    () = &mut shutdown => Ok(()),
                }
            }
            Some(Err(error)) => Err(Error::Load(error.into())),
        };
        control.stop().await;
        match timeout(settings.drain_timeout.duration(), serving).await {
            Ok(ended) => ended?,
            Err(_) => tracing::warn!("calls were still open at the end of the drain timeout and are cut"),
        }
        outcome
    }
}

/// The transport, with every limit that its defaults leave open. `config/default.toml` argues each number.
fn transport(limits: &Limits) -> tonic::transport::Server {
    tonic::transport::Server::builder()
        // gRPC-Web comes over HTTP/1 from browsers; besides, without it one silent connection blocks the stop.
        .accept_http1(true)
        // Without these two one connection may open and break calls without end.
        .max_concurrent_streams(limits.max_concurrent_streams.get())
        .http2_max_local_error_reset_streams(Some(width(limits.local_error_reset_streams)))
        // Finds clients that are gone.
        .http2_keepalive_interval(Some(limits.keepalive_interval.duration()))
        .http2_keepalive_timeout(Some(limits.keepalive_timeout.duration()))
        // What one call may occupy before anyone has read it.
        .http2_max_header_list_size(limits.max_header_list_size.bytes())
        .initial_stream_window_size(limits.stream_window.bytes())
        // A GOAWAY at this age, and no grace: grace would cut calls without a word.
        .max_connection_age(limits.max_connection_age.duration())
        // A backstop: the deadline layer ends calls first, with the right code.
        .timeout(limits.request_timeout.duration())
}

fn width(number: NonZeroU32) -> usize {
    usize::try_from(number.get()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn bound(listen: &str) -> Result<Bound, Error> {
        bind(&Settings { listen: listen.parse().unwrap(), ..Settings::default() }).await
    }

    #[tokio::test]
    async fn addresses_that_others_can_reach_are_refused_with_a_way_out() {
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:50051", "[::ffff:192.0.2.1]:0"] {
            let error = bound(address).await.unwrap_err();
            assert!(matches!(error, Error::NotThisMachine { .. }), "{address}");
            assert!(error.to_string().contains("TLS") && error.to_string().contains("--listen 127.0.0.1"), "{error}");
        }
    }

    #[tokio::test]
    async fn every_loopback_address_is_accepted() {
        for address in ["127.0.0.1:0", "127.8.9.10:0"] {
            assert_ne!(bound(address).await.unwrap().local_addr().port(), 0);
        }
    }

    #[tokio::test]
    async fn a_taken_address_is_named_with_a_way_out() {
        let first = bound("127.0.0.1:0").await.unwrap();
        let error = bound(&first.local_addr().to_string()).await.unwrap_err().to_string();
        assert!(error.contains(&first.local_addr().to_string()) && error.contains("--listen"), "{error}");
    }
}
