//! The typed client that every Rust consumer uses, our own command line among them.
//!
//! **Invariants.** Messages are the generated types of [`proto::v1`](crate::proto::v1): they are the contract, and
//! nothing here renames or reshapes them. Every call has a deadline, and ends by it. Only UNAVAILABLE is tried again,
//! and every write carries a request id, so that trying it again does it once. An [`Error`] is told apart by its
//! [`Reason`](crate::domain::error::Reason), never by its text. The sizes of messages are the
//! defaults of the server: what it would refuse is not sent, what it sends is taken. Nothing here knows the server's inside.
//!
//! ```no_run
//! # async fn example() -> Result<(), crisisgids::client::Error> {
//! use crisisgids::client::Client;
//! use crisisgids::proto::v1::{FindActingOrganisationsRequest, Grip};
//!
//! let client = Client::connect("http://127.0.0.1:50051").await?;
//! let answer = client
//!     .find_acting_organisations(FindActingOrganisationsRequest {
//!         places: vec!["Emmeloord".to_owned()],
//!         calamities: vec!["1.1.30".to_owned()],
//!         grip: Grip::Grip2.into(),
//!         ..Default::default()
//!     })
//!     .await?;
//! for entry in answer.acting {
//!     println!("{:>2} {}", entry.rank, entry.display_name);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # One method per call
//!
//! | Calls | Methods |
//! |---|---|
//! | the questions | [`Client::find_acting_organisations`] and its six siblings |
//! | the directory as a whole | [`Client::get_directory`], [`Client::apply_changes`], [`Client::import_changes`], ... |
//! | records of any collection | [`Client::get`], [`Client::list`], [`Client::create`], [`Client::update`], ... |
//!
//! A record is read and written as a [`Resource`], which is its message of the contract
//! ([`Resource::to_message`]) and the domain's record ([`Resource::to_record`]) alike.

mod collections;
mod coordination;
mod directory;
mod error;
mod messages;
mod raw;
mod resource;
mod retry;
mod settings;
#[cfg(test)]
mod trial;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::uri::PathAndQuery;
use prost::Message;
use tokio::time::{Instant, timeout_at};
use tonic::codec::CompressionEncoding;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

pub use collections::{ListOptions, Page, WriteOptions};
pub use error::{Error, Refusal, Violation};
pub use messages::Messages;
pub use resource::{Kept, Resource};
pub use settings::{Secret, Settings, Trust};

/// The largest message sent: `server.limits.max_request_message`.
const MAX_REQUEST: usize = 1024 * 1024;
/// The largest message taken: `server.limits.max_response_message`.
const MAX_RESPONSE: usize = 4 * 1024 * 1024;

/// A client of one directory. Cheap to clone: clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    connections: Arc<Connections>,
    settings: Arc<Settings>,
}

/// One connection per endpoint, each made when it is first needed and again whenever it broke.
#[derive(Debug)]
struct Connections {
    channels: Vec<Connection>,
    /// The endpoint that answered last: the next call begins there.
    first: AtomicUsize,
}

#[derive(Debug)]
struct Connection {
    endpoint: String,
    channel: Channel,
}

/// The protocol over one connection.
type Wire = tonic::client::Grpc<Channel>;

/// What one attempt may use up.
struct Attempt {
    channel: Channel,
    endpoint: String,
    /// Until when this endpoint may take to answer, or to begin to.
    turn: Instant,
    /// Until when the whole call may take.
    end: Instant,
    /// What `accept-language` says, if anything.
    language: Option<AsciiMetadataValue>,
    /// What `authorization` says, if anything.
    authorization: Option<AsciiMetadataValue>,
    /// Why the glass is broken, if it is.
    broken_glass: Option<AsciiMetadataValue>,
}

impl Client {
    /// Connects to the first endpoint at which a server listens. Settings can be given as an address, or as several,
    /// separated by commas.
    ///
    /// # Errors
    /// [`Error::Address`] if an endpoint is no address, [`Error::NoServer`] if nothing listens at any of them.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), crisisgids::client::Error> {
    /// use crisisgids::client::{Client, Settings};
    /// use std::time::Duration;
    ///
    /// let client = Client::connect("http://127.0.0.1:50051").await?;
    /// // Two servers of one directory, and little time.
    /// let endpoints = vec!["http://10.0.0.1:50051".to_owned(), "http://10.0.0.2:50051".to_owned()];
    /// let settings = Settings { endpoints, deadline: Duration::from_secs(1), ..Settings::default() };
    /// let hasty = Client::connect(settings).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect(settings: impl Into<Settings>) -> Result<Client, Error> {
        let settings = settings.into();
        let mut channels = Vec::new();
        let mut first = None;
        let mut tried = Vec::new();
        for (index, (endpoint, transport)) in settings.transports()?.into_iter().enumerate() {
            let channel = if first.is_some() {
                transport.connect_lazy()
            } else {
                match transport.connect().await {
                    Ok(channel) => {
                        first = Some(index);
                        channel
                    }
                    Err(error) => {
                        tried.push((endpoint.clone(), error::innermost(&error)));
                        transport.connect_lazy()
                    }
                }
            };
            channels.push(Connection { endpoint, channel });
        }
        let first = AtomicUsize::new(first.ok_or(Error::NoServer { tried })?);
        Ok(Client { connections: Arc::new(Connections { channels, first }), settings: Arc::new(settings) })
    }

    /// A client that connects with its first call: for a program that starts before its server. To be called inside
    /// a tokio runtime.
    ///
    /// # Errors
    /// [`Error::Address`] if an endpoint is no address.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), crisisgids::client::Error> {
    /// let client = crisisgids::client::Client::lazy("127.0.0.1:50051")?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn lazy(settings: impl Into<Settings>) -> Result<Client, Error> {
        let settings = settings.into();
        let connection = |(endpoint, transport): (_, tonic::transport::Endpoint)| Connection {
            endpoint,
            channel: transport.connect_lazy(),
        };
        let channels = settings.transports()?.into_iter().map(connection).collect();
        let connections = Arc::new(Connections { channels, first: AtomicUsize::new(0) });
        Ok(Client { connections, settings: Arc::new(settings) })
    }

    /// The same client with another deadline for each of its calls.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), crisisgids::client::Error> {
    /// # let client = crisisgids::client::Client::lazy("127.0.0.1:50051")?;
    /// let patient = client.with_deadline(std::time::Duration::from_secs(20));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_deadline(&self, deadline: Duration) -> Client {
        let settings = Settings { deadline, ..self.settings.as_ref().clone() };
        Client { connections: self.connections.clone(), settings: Arc::new(settings) }
    }

    /// One message there, one back.
    async fn ask<A: Message + Default>(&self, path: &'static str, request: impl Message) -> Result<A, Error> {
        let answer = self.exchange(PathAndQuery::from_static(path), request.encode_to_vec()).await?;
        A::decode(answer.as_slice()).map_err(resource::contract)
    }

    /// One encoded message there, one back.
    async fn exchange(&self, path: PathAndQuery, request: Vec<u8>) -> Result<Vec<u8>, Error> {
        fits(request.len())?;
        self.attempts(self.settings.deadline, |attempt| {
            let path = path.clone();
            let call = attempt.call(request.clone(), attempt.turn);
            async move {
                let answer = attempt.within(async |wire| wire.unary(call, path, raw::Raw).await).await?;
                Ok(answer.into_inner())
            }
        })
        .await
    }

    /// Some messages there, a stream back. Tried again only until the stream begins.
    async fn stream<Q, A>(&self, path: &'static str, requests: Arc<[Q]>) -> Result<Messages<A>, Error>
    where
        Q: Message + Clone + 'static,
        A: Message + Default + 'static,
    {
        requests.iter().try_for_each(|request| fits(request.encoded_len()))?;
        self.attempts(self.settings.transfer_deadline, |attempt| {
            let requests = requests.clone();
            async move {
                let codec = ProstCodec::<Q, A>::default();
                let sent = (0..requests.len()).map_while(move |index| requests.get(index).cloned());
                let call = attempt.call(tokio_stream::iter(sent), attempt.end);
                let answer = attempt
                    .within(async |wire| wire.streaming(call, PathAndQuery::from_static(path), codec).await)
                    .await?;
                Ok(Messages::new(answer.into_inner(), attempt.endpoint, attempt.end))
            }
        })
        .await
    }

    /// Makes attempts until one succeeds, fails for good, or the deadline comes.
    async fn attempts<T, F>(&self, deadline: Duration, make: impl Fn(Attempt) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        // A deadline too far away to be added is as good as a century.
        let century = Duration::from_secs(3_155_760_000);
        let now = Instant::now();
        let end = now.checked_add(deadline).or_else(|| now.checked_add(century)).unwrap_or(now);
        let Connections { channels, first } = self.connections.as_ref();
        let start = first.load(Ordering::Relaxed);
        // What cannot stand in a header is no language.
        let language = Some(&self.settings.language_code).filter(|code| !code.is_empty());
        let language: Option<AsciiMetadataValue> = language.and_then(|code| code.parse().ok());
        let authorization = self.settings.authorization()?;
        let broken_glass = self.settings.broken_glass()?;
        let round = || async {
            let mut missed: Option<Error> = None;
            let order = (0..channels.len()).cycle().skip(start).take(channels.len());
            for (place, (index, Connection { endpoint, channel })) in
                order.filter_map(|index| Some((index, channels.get(index)?))).enumerate()
            {
                let others = channels.len().saturating_sub(place.saturating_add(1));
                let turn = turn(end, others);
                let attempt = Attempt {
                    channel: channel.clone(),
                    endpoint: endpoint.clone(),
                    turn,
                    end,
                    language: language.clone(),
                    authorization: authorization.clone(),
                    broken_glass: broken_glass.clone(),
                };
                match make(attempt).await {
                    Err(error) if error.code() == Code::DeadlineExceeded => {
                        // It may hang: the next call begins with another.
                        let next = index.saturating_add(1).checked_rem(channels.len()).unwrap_or_default();
                        first.store(next, Ordering::Relaxed);
                        if others == 0 {
                            return Err(error);
                        }
                        missed = Some(error);
                    }
                    Err(error) if error.retryable() => {
                        missed = Some(match missed {
                            Some(before) => before.and(error),
                            None => error,
                        });
                    }
                    outcome => {
                        // Also a refusal comes from a server that works.
                        first.store(index, Ordering::Relaxed);
                        return outcome;
                    }
                }
            }
            Err(missed.unwrap_or(Error::NoServer { tried: Vec::new() }))
        };
        retry::until(end, &self.settings, round).await
    }
}

/// Until when one endpoint has its turn: what is left is shared with those that were not asked yet, so that one which
/// hangs does not use up the time of all.
fn turn(end: Instant, others: usize) -> Instant {
    let now = Instant::now();
    let sharing = u32::try_from(others).unwrap_or(u32::MAX).saturating_add(1);
    let share = end.saturating_duration_since(now).checked_div(sharing).unwrap_or_default();
    now.checked_add(share).unwrap_or(end)
}

/// A message that is too large is not sent: the transport would only say that something broke.
fn fits(bytes: usize) -> Result<(), Error> {
    if bytes > MAX_REQUEST { Err(Error::TooLarge { bytes }) } else { Ok(()) }
}

impl Attempt {
    /// The call with what is left of its time.
    fn call<Q>(&self, message: Q, until: Instant) -> Request<Q> {
        let mut call = Request::new(message);
        call.set_timeout(until.saturating_duration_since(Instant::now()));
        if let Some(language) = &self.language {
            call.metadata_mut().insert("accept-language", language.clone());
        }
        if let Some(authorization) = &self.authorization {
            call.metadata_mut().insert("authorization", authorization.clone());
        }
        if let Some(reason) = &self.broken_glass {
            call.metadata_mut().insert("crisisgids-break-glass", reason.clone());
        }
        call
    }

    /// Makes the call before time is up.
    async fn within<T>(&self, call: impl AsyncFnOnce(&mut Wire) -> Result<T, Status>) -> Result<T, Error> {
        let mut wire = Wire::new(self.channel.clone())
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(MAX_RESPONSE);
        let answer = timeout_at(self.turn, async {
            wire.ready().await.map_err(|error| Status::from_error(Box::new(error)))?;
            call(&mut wire).await
        });
        match answer.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(status)) => Err(Error::from_status(&status, &self.endpoint)),
            Err(_) => Err(Error::TooLate { endpoint: self.endpoint.clone() }),
        }
    }
}
