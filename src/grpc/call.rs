//! One call on its way in: permit first, then the request with every violation of the contract's rules, then the
//! handler.
//!
//! **Invariants.** A caller who may not call learns nothing of what is wrong with the request. A handler cannot reach
//! data without the [`Permit`] that [`Api::begin`] gives.

use std::sync::Arc;

use prost::Message;
use prost_reflect::DynamicMessage;
use tonic::metadata::MetadataMap;
use tonic::{Request, Status};

use crate::domain::access::Permit;
use crate::domain::change::{Authorship, RequestMark};
use crate::domain::error::Error;
use crate::domain::field::{Faults, Path};
use crate::domain::text::Language;
use crate::proto::rules::{Method, Rules};
use crate::proto::to_dynamic;
use crate::proto::tree::text;

use super::edge::{CallerAddress, Edge};
use super::status::status;

/// What the services are made of. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Api {
    edge: Edge,
    rules: Arc<Rules>,
}

/// A call that was let in.
#[derive(Debug)]
pub struct Call {
    /// `Service/Method`.
    pub path: String,
    /// What the contract says about the method.
    pub method: Method,
    /// The request.
    pub request: DynamicMessage,
    /// What is wrong with the request so far.
    pub faults: Faults,
    /// Proof that the caller may.
    pub permit: Permit,
    /// The caller's language.
    pub language: Language,
    /// The address that the caller calls from.
    pub peer: String,
}

impl Api {
    /// The services of a directory.
    pub fn new(edge: Edge, rules: Arc<Rules>) -> Self {
        Api { edge, rules }
    }

    /// What every handler needs.
    pub fn edge(&self) -> &Edge {
        &self.edge
    }

    /// The rules of the contract.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Lets a call of `Service/Method` in, and collects what the contract's rules have against its request.
    ///
    /// # Errors
    /// The status of [`Error::Unauthenticated`] or [`Error::Denied`] if the caller may not, of [`Error::Internal`] if
    /// there is no such method.
    pub fn begin<T: Message>(&self, path: &str, request: &Request<T>) -> Result<Call, Status> {
        let language = language_of(request.metadata());
        let refuse = |error: Error| status(&error, language);
        let lacks = || Error::Internal(format!("the contract has no method {path}"));
        let method = self.rules.methods().get(path).ok_or_else(lacks).map_err(refuse)?.clone();
        let permit = self.edge.permit(request.extensions(), method.action).map_err(refuse)?;
        let message = to_dynamic(request.get_ref(), method.input.clone()).map_err(refuse)?;
        let mut faults = Faults::default();
        self.rules.check(&message, &Path::Root, &mut faults);
        let peer = peer_of(request);
        Ok(Call { path: path.to_owned(), method, request: message, faults, permit, language, peer })
    }
}

impl Call {
    /// Goes on only if nothing is wrong with the request.
    ///
    /// # Errors
    /// [`Error::Invalid`] with everything that is wrong, each field once.
    pub fn checked(&mut self) -> Result<(), Error> {
        settle(std::mem::take(&mut self.faults))
    }

    /// The author, time and reason of a write, as the request says.
    pub fn authorship(&self, edge: &Edge) -> Authorship {
        authorship(edge, &self.permit, &self.peer, &self.request, &digest(&self.path, &self.request))
    }

    /// Whether nothing is to be changed.
    pub fn validate_only(&self) -> bool {
        is_set(&self.request, "validate_only")
    }

    /// What the caller is told of an error.
    pub fn refuse(&self, error: &Error) -> Status {
        status(error, self.language)
    }
}

/// The author, time and reason of a write, as its options say.
pub(super) fn authorship(
    edge: &Edge,
    permit: &Permit,
    peer: &str,
    options: &DynamicMessage,
    digest: &[u8; 32],
) -> Authorship {
    Authorship {
        principal: permit.principal().name().to_owned(),
        peer: peer.to_owned(),
        change_reason: text(options, "change_reason").unwrap_or_default(),
        time: edge.now(),
        request: text(options, "request_id").map(|id| RequestMark { id, digest: *digest }),
    }
}

/// A digest of what a write asks, without its id.
fn digest(path: &str, request: &DynamicMessage) -> [u8; 32] {
    let mut asked = request.clone();
    asked.clear_field_by_name("request_id");
    let mut hasher = blake3::Hasher::new();
    hasher.update(path.as_bytes());
    hasher.update(&asked.encode_to_vec());
    *hasher.finalize().as_bytes()
}

/// Nothing, or every fault, each field once: the rules of the contract and of the record often say the same.
pub(super) fn settle(faults: Faults) -> Result<(), Error> {
    let mut seen = std::collections::BTreeSet::new();
    let once: Vec<_> = faults.0.into_iter().filter(|fault| seen.insert(fault.path.clone())).collect();
    if once.is_empty() { Ok(()) } else { Err(Error::Invalid(Faults(once))) }
}

/// Whether a truth value of a message is set.
pub(super) fn is_set(message: &DynamicMessage, field: &str) -> bool {
    message.get_field_by_name(field).is_some_and(|value| value.as_bool() == Some(true))
}

/// From where a request comes.
pub(super) fn peer_of<T>(request: &Request<T>) -> String {
    request.extensions().get().map_or_else(|| "in-process".to_owned(), |CallerAddress(address)| address.clone())
}

/// The first language of `accept-language` in which answers are given; else Dutch.
pub fn language_of(metadata: &MetadataMap) -> Language {
    let wanted = metadata.get("accept-language").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut codes = wanted.split(',').map(|part| part.split(';').next().unwrap_or_default().trim());
    codes.find_map(Language::from_code).unwrap_or_default()
}
