//! Configuration: what can be set, its defaults, and what is wrong with what was set.
//!
//! **Invariants.** Every key stands in `config/default.toml` with its default, and [`Config::default`] says the same.
//! A [`Config`] that [`Config::load`] returns is valid. No key holds a secret, so a dump shows them all; an origin
//! with a password in it is refused. This module knows no part of the service, only its settings.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

mod load;
mod units;

pub use load::{Error, Layers, SettingFault};
pub use units::{Interval, Size, Unreadable};

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The network side.
    pub server: Server,
    /// The durable side.
    pub store: Store,
    /// What is written about both.
    pub log: Log,
}

/// The network side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where measurements are fetched from.
    pub metrics_listen: SocketAddr,
    /// A socket file to listen on too, for the users of this machine. Optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socket: Option<PathBuf>,
    /// The origins of web pages that may call over gRPC-Web.
    pub cors_origins: Vec<String>,
    /// How long calls may go on after the signal to stop.
    pub drain_timeout: Interval,
    /// The file that says who may call, and as what. Without it, every caller on this machine is its operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_file: Option<PathBuf>,
    /// An issuer elsewhere whose tokens are accepted. Optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt: Option<Jwt>,
    /// The certificate and key for TLS. Without them, connections are not encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// What one client may ask for.
    pub limits: Limits,
}

/// An issuer of tokens (JWT) elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// What its tokens call it: their `iss`.
    pub issuer: String,
    /// What its tokens call this service: their `aud`.
    pub audience: String,
    /// Its public keys, as a JWKS; read again when they change.
    pub jwks_file: PathBuf,
    /// How much its clock may differ from this one.
    #[serde(default = "clock_skew")]
    pub clock_skew: Interval,
}

/// A minute, as most programs that check such tokens allow.
fn clock_skew() -> Interval {
    Interval::from_secs(60)
}

/// What TLS is spoken with: files in PEM, read again when they change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The server's certificate, and those between it and the root.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// The authorities that certificates of clients come from; none: clients are not asked for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_ca: Option<PathBuf>,
}

/// What one client may ask for. Each number is argued in `config/default.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Connections at the same time.
    pub max_connections: NonZeroU32,
    /// Connections of one address at the same time.
    pub max_connections_per_address: NonZeroU32,
    /// How long a new connection may take to say something, and to finish its handshake.
    pub handshake_timeout: Interval,
    /// Calls being answered at the same time, over all connections.
    pub max_concurrent_calls: NonZeroU32,
    /// Calls of one principal being answered at the same time.
    pub max_concurrent_calls_per_principal: NonZeroU32,
    /// Calls of one principal a second.
    pub max_calls_per_second_per_principal: NonZeroU32,
    /// Calls open at the same time on one connection.
    pub max_concurrent_streams: NonZeroU32,
    /// Malformed calls after which a connection is closed.
    pub local_error_reset_streams: NonZeroU32,
    /// Silence after which the server pings.
    pub keepalive_interval: Interval,
    /// How long a ping may stay unanswered.
    pub keepalive_timeout: Interval,
    /// All headers of a call together.
    pub max_header_list_size: Size,
    /// What may be sent on one call before it is read.
    pub stream_window: Size,
    /// The age at which a connection is asked to close.
    pub max_connection_age: Interval,
    /// The longest a call may take to begin its answer.
    pub request_timeout: Interval,
    /// The largest message accepted.
    pub max_request_message: Size,
    /// The largest message sent.
    pub max_response_message: Size,
}

/// The durable side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// The folder that holds the ledger and the records.
    pub data_dir: PathBuf,
    /// How long accepted writes are kept at least; none: for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_history: Option<Interval>,
    /// The size at which a file of the ledger is followed by another.
    pub segment_size: Size,
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Which events, in the words of `tracing`.
    pub filter: String,
    /// For whom.
    pub format: LogFormat,
}

/// For whom the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For collectors: one JSON object a line.
    Json,
}

impl Default for Server {
    fn default() -> Self {
        Server {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 50051)),
            metrics_listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9464)),
            socket: None,
            cors_origins: Vec::new(),
            drain_timeout: Interval::from_secs(10),
            access_file: None,
            jwt: None,
            tls: None,
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_connections: NonZeroU32::MIN.saturating_add(1023),
            max_connections_per_address: NonZeroU32::MIN.saturating_add(255),
            handshake_timeout: Interval::from_secs(10),
            max_concurrent_calls: NonZeroU32::MIN.saturating_add(127),
            max_concurrent_calls_per_principal: NonZeroU32::MIN.saturating_add(63),
            max_calls_per_second_per_principal: NonZeroU32::MIN.saturating_add(499),
            max_concurrent_streams: NonZeroU32::MIN.saturating_add(255),
            local_error_reset_streams: NonZeroU32::MIN.saturating_add(1023),
            keepalive_interval: Interval::from_secs(30),
            keepalive_timeout: Interval::from_secs(20),
            max_header_list_size: Size::from_kib(16),
            stream_window: Size::from_kib(1024),
            max_connection_age: Interval::from_secs(1800),
            request_timeout: Interval::from_secs(30),
            max_request_message: Size::from_kib(1024),
            max_response_message: Size::from_kib(4096),
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Store { data_dir: PathBuf::from("data"), keep_history: None, segment_size: Size::from_kib(16 << 10) }
    }
}

impl Default for Log {
    fn default() -> Self {
        Log { filter: "info".to_owned(), format: LogFormat::Text }
    }
}

impl Config {
    /// Says of every key what is wrong with its value, all at once.
    ///
    /// # Errors
    /// The faults, never an empty list.
    pub fn validate(&self) -> Result<(), Vec<SettingFault>> {
        let mut faults = Vec::new();
        let mut check = |key: &str, holds: bool, rule: &str| {
            if !holds {
                faults.push(SettingFault { key: key.to_owned(), origin: None, problem: rule.to_owned() });
            }
        };
        let Server {
            listen: _,
            metrics_listen,
            socket: _,
            cors_origins,
            drain_timeout,
            limits,
            access_file,
            tls: _,
            jwt,
        } = &self.server;
        let faulty: Vec<&str> = cors_origins.iter().map(String::as_str).filter(|origin| !is_origin(origin)).collect();
        check(
            "server.cors_origins",
            faulty.is_empty(),
            &format!(
                "{faulty:?}: an origin is a scheme, a host and perhaps a port, such as \"https://meldkamer.example\"; \
                 \"*\" is refused, because any page could then read the directory"
            ),
        );
        let is_local = metrics_listen.ip().to_canonical().is_loopback();
        check("server.metrics_listen", is_local, "must be an address of this machine, such as 127.0.0.1:9464");
        let named = jwt.as_ref().is_none_or(|jwt| !jwt.issuer.is_empty() && !jwt.audience.is_empty());
        check("server.jwt", named, "must name issuer and audience");
        let told_apart = jwt.is_none() || access_file.is_some();
        check("server.jwt", told_apart, "needs server.access_file, which says who the subjects of its tokens are");
        let skew = jwt.as_ref().is_none_or(|jwt| jwt.clock_skew <= Interval::from_secs(300));
        check("server.jwt.clock_skew", skew, "must be at most five minutes");
        let hour = Interval::from_secs(3600);
        check("server.drain_timeout", *drain_timeout <= hour, "must be at most one hour");
        limits.validate(&mut check);
        check("store.data_dir", !self.store.data_dir.as_os_str().is_empty(), "must name a folder");
        // A repeated request is recognised for a day.
        let kept = self.store.keep_history.is_none_or(|kept| kept >= Interval::from_secs(2 * 86_400));
        check("store.keep_history", kept, "must be at least 2d");
        // Below 64 KiB hardly a group of writes fits; above 256 MiB a start reads too much at once into memory.
        let segment = Size::from_kib(64)..=Size::from_kib(256 << 10);
        check("store.segment_size", segment.contains(&self.store.segment_size), "must lie between 64KiB and 256MiB");
        check(
            "log.filter",
            EnvFilter::builder().parse(&self.log.filter).is_ok(),
            "must be a level (error, warn, info, debug, trace), or levels for modules, separated by commas",
        );
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// All of it as TOML, as `serve --dump-config` prints it.
    ///
    /// # Errors
    /// A path that is not Unicode cannot be written in TOML.
    pub fn dump(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }
}

impl Limits {
    fn validate(&self, check: &mut impl FnMut(&str, bool, &str)) {
        for (key, period) in [
            ("server.limits.handshake_timeout", self.handshake_timeout),
            ("server.limits.keepalive_interval", self.keepalive_interval),
            ("server.limits.keepalive_timeout", self.keepalive_timeout),
            ("server.limits.max_connection_age", self.max_connection_age),
            ("server.limits.request_timeout", self.request_timeout),
        ] {
            check(key, !period.is_zero(), "must be more than nothing");
        }
        // A status with its details is at most 4 KiB of headers; the rest is the caller's.
        let headers = Size::from_kib(8)..=Size::from_kib(1024);
        check(
            "server.limits.max_header_list_size",
            headers.contains(&self.max_header_list_size),
            "must lie between 8KiB and 1MiB",
        );
        // HTTP/2 begins every connection with 65535 bytes and ends at 2^31 - 1 (RFC 9113, 6.9).
        let window = Size::from_kib(64)..=Size::from_kib(1 << 20);
        check(
            "server.limits.stream_window",
            window.contains(&self.stream_window),
            "must lie between 64KiB and 1024MiB",
        );
        // Below 64 KiB a large record no longer fits; above 64 MiB a few calls fill the memory.
        let message = Size::from_kib(64)..=Size::from_kib(64 << 10);
        for (key, size) in [
            ("server.limits.max_request_message", self.max_request_message),
            ("server.limits.max_response_message", self.max_response_message),
        ] {
            check(key, message.contains(&size), "must lie between 64KiB and 64MiB");
        }
    }
}

/// Whether a text is what a browser sends as `Origin`: scheme and authority, no path, no user.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty() && host.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:[]".contains(c))
    })
}
