//! Authentication: a token, a certificate or the user of this machine gives the principal of a call. The principal is
//! put beside the request, and the services decide what it may do.
//!
//! **Invariants.** A call with a token that nobody has is refused, whatever certificate it came with. A call without a
//! token is that of the principal that its certificate names or, over the socket file, that its user is. A call without
//! either has no principal, and only health and reflection answer it. A token is never logged.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use http::header::AUTHORIZATION;
use http::{HeaderName, Request};
use tokio::sync::Semaphore;
use tonic::body::Body;
use tower::ServiceExt;

use super::accept::{Peer, Remote};
use super::answer::{Inner, Reply};
use super::refusal;
use crate::domain::access::Principal;
use crate::grpc::edge::CallerAddress;

pub(super) mod jwt;
pub(super) mod roster;

use jwt::Issuer;
use roster::Roster;

/// The header with which a caller who may break the glass sees everything for one call; its value is the reason.
const BREAK_GLASS: HeaderName = HeaderName::from_static("crisisgids-break-glass");

/// Tokens whose hash was checked before, so that a client pays for the hash once and not with every call.
const REMEMBERED: usize = 1024;

/// How many hashes are checked at a time: each takes 19 MiB and tens of milliseconds by design, and a flood of wrong
/// tokens must leave room for the right ones' answers.
const CHECKS: usize = 2;

/// Authenticates a call. The check of a token may have to wait, and a clone of `next` with it.
pub(super) fn identify(
    identity: &Option<Arc<Identity>>,
    mut request: Request<Body>,
    next: &mut (impl Inner + Clone + Send + 'static),
) -> Reply {
    let (next, identity) = (next.clone(), identity.clone());
    Box::pin(async move {
        let peer = request.extensions().get::<Peer>().cloned();
        if let Some(peer) = &peer {
            request.extensions_mut().insert(CallerAddress(peer.remote().to_string()));
        }
        let token = request.headers_mut().remove(AUTHORIZATION);
        let Some(identity) = identity else { return next.oneshot(request).await };
        let principal = match token {
            Some(token) => {
                let bearer = token.to_str().ok().and_then(bearer);
                let found = match bearer {
                    Some(token) => identity.by_token(token).await,
                    None => None,
                };
                let Some(found) = found else { return Ok(refusal::unknown_token().into_http()) };
                Some(found)
            }
            None => peer.and_then(|peer| identity.by_connection(&peer)),
        };
        if let Some(mut principal) = principal {
            if let Some(reason) = request.headers_mut().remove(BREAK_GLASS) {
                let reason = String::from_utf8_lossy(reason.as_bytes()).into_owned();
                let name = principal.name().to_owned();
                let Ok(broken) = principal.breaking_glass(&reason) else {
                    tracing::warn!(principal = name, "somebody tried to break the glass who may not");
                    return Ok(refusal::unbroken_glass().into_http());
                };
                // Why stands in the trail: it may say things about people.
                tracing::warn!(principal = name, "glass broken");
                principal = broken;
            }
            request.extensions_mut().insert(principal);
        }
        next.oneshot(request).await
    })
}

/// Who may call, changed while the server runs.
#[derive(Debug)]
pub(super) struct Identity {
    roster: ArcSwap<Roster>,
    remembered: Mutex<HashMap<blake3::Hash, Principal>>,
    checks: Semaphore,
    /// The user of this machine that runs the server, if there is a socket file.
    owner: Option<u32>,
    /// The issuer elsewhere whose tokens count, if there is one.
    issuer: Option<ArcSwap<Issuer>>,
}

impl Identity {
    /// `owner` is the user of this machine whose calls over the socket file are those of the operator.
    pub(super) fn new(roster: Roster, owner: Option<u32>, issuer: Option<Issuer>) -> Self {
        let (remembered, checks) = (Mutex::default(), Semaphore::new(CHECKS));
        Identity {
            roster: ArcSwap::from_pointee(roster),
            remembered,
            checks,
            owner,
            issuer: issuer.map(ArcSwap::from_pointee),
        }
    }

    /// The principal of a user of this machine: that of the access file or, for the user that runs the server, the
    /// operator.
    fn by_user(&self, user: u32) -> Option<Principal> {
        let named = self.roster.load().by_user(user).cloned();
        named.or_else(|| (self.owner == Some(user)).then(Principal::local))
    }

    fn by_connection(&self, peer: &Peer) -> Option<Principal> {
        match peer.remote() {
            Remote::User(user) => self.by_user(user),
            Remote::Address(_) => self.roster.load().by_certificate(peer.certificate_names()).cloned(),
        }
    }

    /// From here on these may call.
    pub(super) fn replace(&self, roster: Roster) {
        self.roster.store(Arc::new(roster));
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// From here on tokens of the issuer are held against these keys.
    pub(super) fn replace_issuer(&self, issuer: Issuer) {
        if let Some(known) = &self.issuer {
            known.store(Arc::new(issuer));
        }
    }

    async fn by_token(&self, token: &str) -> Option<Principal> {
        // Three parts: a JWT. A token of ours has two.
        if let Some(issuer) = self.issuer.as_ref().filter(|_| token.matches('.').count() == 2) {
            return self.roster.load().by_subject(&issuer.load().subject(token)?).cloned();
        }
        let key = blake3::hash(token.as_bytes());
        let roster = self.roster.load_full();
        if let Some(known) = self.remembered.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Some(known.clone());
        }
        let _turn = self.checks.acquire().await.ok()?;
        let (token, checked) = (token.to_owned(), roster.clone());
        let found = tokio::task::spawn_blocking(move || checked.by_token(&token).cloned()).await.ok()??;
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        // Not if the roster was replaced meanwhile: what it says now was not asked.
        if Arc::ptr_eq(&roster, &self.roster.load_full()) {
            if remembered.len() >= REMEMBERED {
                remembered.clear();
            }
            remembered.insert(key, found.clone());
        }
        Some(found)
    }
}

/// The token of a header; its scheme may be written in any case (RFC 9110 11.1).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
