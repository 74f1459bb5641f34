//! Noting which callers were given confidential values: a layer around each service, which reads the answers.
//!
//! The bytes of an answer are searched for the names of contacts that have a restricted channel. A note may say too
//! much, of a contact whose name alone was in the answer; it never says too little, whatever the answer is. A filter
//! over the values of contacts reveals something of every contact that it was held against, also of those that are not
//! in the answer: these are [`PriedInto`].
//!
//! **Invariants.** No answer is changed or delayed. Answers are not compressed before they come here: a compressed name
//! would not be found. Only callers who see restricted values are noted.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderMap, Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::server::NamedService;
use tonic::{Code, Status};
use tower::Service;

use super::edge::{CallerAddress, Clock};
use super::status::{code_name, code_of};
use crate::audit::{Disclosure, Trail};
use crate::directory::Directory;
use crate::domain::access::{Action, Permit, Principal};
use crate::domain::contact::Confidentiality;
use crate::domain::name::Name;
use crate::domain::snapshot::Snapshot;
use crate::proto::rules::Rules;

/// Every name of a contact has this in it.
const MIDDLE: &[u8] = b"/contacts/";
/// And begins with this.
const BEGINNING: &[u8] = b"organisations/";
/// How long a name may be, as the contract has it.
const MOST: usize = 200;

/// The contacts whose values a filter was held against. The handler puts it beside its answer, for this layer.
#[derive(Debug, Clone)]
pub(super) struct PriedInto(pub(super) Vec<Name>);

/// What is needed to note reads.
#[derive(Clone)]
pub(super) struct Watch {
    pub(super) trail: Trail,
    pub(super) directory: Arc<Directory>,
    /// To read the names of what is confidential.
    pub(super) permit: Permit,
    pub(super) rules: Arc<Rules>,
    pub(super) clock: Clock,
    pub(super) everyone: Option<Principal>,
}

/// A service whose answers are searched.
#[derive(Clone)]
pub(super) struct Audited<S> {
    inner: S,
    watch: Option<Arc<Watch>>,
}

impl<S> Audited<S> {
    /// Without a watch, nothing is noted.
    pub(super) fn new(inner: S, watch: Option<Arc<Watch>>) -> Self {
        Audited { inner, watch }
    }
}

impl<S: NamedService> NamedService for Audited<S> {
    const NAME: &'static str = S::NAME;
}

type Reply = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl<S> Service<Request<Body>> for Audited<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Reply;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Reply {
        let noting = self.watch.as_ref().and_then(|watch| Noting::begin(watch, &request));
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            let Some(mut noting) = noting else { return Ok(answer) };
            noting.end(answer.headers());
            if let Some(PriedInto(names)) = answer.extensions().get() {
                noting.given(names);
            }
            Ok(answer.map(|body| Body::new(SearchedBody { body, noting })))
        })
    }
}

/// One call of a caller who sees restricted values.
struct Noting {
    watch: Arc<Watch>,
    /// The directory when the call came.
    before: Arc<Snapshot>,
    /// Whether any contact counts: what stands in the history may have been restricted earlier.
    any: bool,
    read: Disclosure,
    objects: BTreeSet<String>,
    /// The end of the bytes already searched: a name may lie across two pieces.
    tail: Vec<u8>,
    code: Option<Code>,
}

impl Noting {
    fn begin(watch: &Arc<Watch>, request: &Request<Body>) -> Option<Self> {
        let caller = request.extensions().get::<Principal>().or(watch.everyone.as_ref())?;
        (caller.clearance() == Confidentiality::Restricted).then_some(())?;
        let method = request.uri().path().trim_start_matches("/crisisgids.v1.").to_owned();
        let action = watch.rules.methods().get(&method).map(|method| method.action);
        let any = action == Some(Action::ReadHistory);
        let before = watch.directory.snapshot(&watch.permit).ok()?;
        // A write may itself bring the first confidential value in, and be answered with it.
        let is_of_interest = any || action == Some(Action::Write) || !before.restricted().is_empty();
        (is_of_interest || caller.broken_glass().is_some()).then_some(())?;
        let origin = request.extensions().get().map(|CallerAddress(address)| address.clone());
        let read = Disclosure {
            time: (watch.clock)(),
            actor: caller.name().to_owned(),
            origin: origin.unwrap_or_default(),
            method,
            objects: Vec::new(),
            result: String::new(),
            break_glass: caller.broken_glass().map(str::to_owned),
        };
        let (objects, tail) = (BTreeSet::new(), Vec::new());
        Some(Noting { watch: watch.clone(), before, any, read, objects, tail, code: None })
    }

    fn end(&mut self, headers: &HeaderMap) {
        self.code = self.code.or_else(|| code_of(headers));
    }

    fn given(&mut self, names: &[Name]) {
        let restricted = names.iter().filter(|name| self.before.restricted().contains(*name));
        self.objects.extend(restricted.map(Name::to_string));
    }

    fn look_through(&mut self, piece: &[u8]) {
        self.tail.extend(piece);
        // And the directory after what the call itself may have written.
        let after = self.watch.directory.snapshot(&self.watch.permit).unwrap_or_else(|_| self.before.clone());
        let stands = [self.before.clone(), after];
        for at in names_in(&self.tail) {
            let rest = self.tail.get(at..).unwrap_or_default();
            self.objects.extend(contact(rest, &stands, self.any).map(|name| name.to_string()));
        }
        let cut = self.tail.len().saturating_sub(MOST);
        self.tail.drain(..cut);
    }
}

/// Where names of contacts begin.
fn names_in(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let middles = bytes.windows(MIDDLE.len()).enumerate().filter(|(_, window)| *window == MIDDLE);
    middles.filter_map(|(middle, _)| {
        let from = middle.saturating_sub(MOST);
        let before = bytes.get(from..middle)?;
        let back = before.windows(BEGINNING.len()).rposition(|window| window == BEGINNING)?;
        Some(from.saturating_add(back))
    })
}

/// The contact that these bytes begin with, if it is one to note. What follows a name in a message may look like more
/// of it: the longest that exists counts.
fn contact(bytes: &[u8], stands: &[Arc<Snapshot>], any: bool) -> Option<Name> {
    let letters = |byte: &&u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-/".contains(byte);
    let length = bytes.iter().take(MOST).take_while(letters).count();
    let names = (MIDDLE.len()..=length).rev().filter_map(|length| {
        let text = std::str::from_utf8(bytes.get(..length)?).ok()?;
        Name::parse(text).ok()
    });
    let names: Vec<Name> = names.collect();
    let is_restricted = |name: &&Name| stands.iter().any(|snapshot| snapshot.restricted().contains(*name));
    let exists = |name: &&Name| stands.iter().any(|snapshot| snapshot.stored(name).is_some());
    let restricted = names.iter().find(is_restricted);
    let known = || names.iter().find(exists).or_else(|| names.first());
    restricted.or_else(|| known().filter(|_| any)).cloned()
}

impl Drop for Noting {
    fn drop(&mut self) {
        if self.objects.is_empty() && self.read.break_glass.is_none() {
            return;
        }
        let result = code_name(self.code.unwrap_or(Code::Cancelled)).to_owned();
        let objects = std::mem::take(&mut self.objects).into_iter().collect();
        self.watch.trail.note(Disclosure { objects, result, ..self.read.clone() });
    }
}

/// A body that is searched as it passes.
struct SearchedBody {
    body: Body,
    noting: Noting,
}

impl HttpBody for SearchedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            if let Some(data) = frame.data_ref() {
                self.noting.look_through(data);
            } else if let Some(trailers) = frame.trailers_ref() {
                self.noting.end(trailers);
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
