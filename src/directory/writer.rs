//! The thread that writes: plans, commits, publishes, answers.
//!
//! **Invariants.** This thread alone owns the store. Nothing that a caller sends can end it. What is published is what
//! the store holds; an answer is given only after that.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use jiff::SignedDuration;
use tokio::sync::{mpsc, oneshot, watch};

use super::{Proposal, Written};
use crate::domain::change::{Authorship, Batch};
use crate::domain::error::Error;
use crate::domain::record::Revision;
use crate::domain::snapshot::Snapshot;
use crate::store::{self, AcceptedRequest, History, MARK_SECONDS, Store};

/// The most writes in one group: what 64 waiting clients bring four times over. It bounds how long the first
/// of a group waits for the last to be planned.
const GROUP: usize = 256;

/// A write in the queue.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) proposal: Proposal,
    pub(super) authorship: Authorship,
    pub(super) validate_only: bool,
    pub(super) answer: oneshot::Sender<Result<Written, Error>>,
}

/// A write that is answered once the group is committed.
struct Planned {
    answer: oneshot::Sender<Result<Written, Error>>,
    outcome: Result<Written, Error>,
    /// Whether the outcome depends on batches, its own or earlier ones, that are not committed yet.
    unpublished: bool,
}

/// What the writer thread owns.
pub(super) struct Writer {
    pub(super) store: Box<dyn Store>,
    pub(super) current: Arc<ArcSwap<Snapshot>>,
    pub(super) published: Arc<Snapshot>,
    pub(super) announce: watch::Sender<Revision>,
    pub(super) accepted: Accepted,
    pub(super) history: Arc<dyn History>,
    pub(super) observer: Arc<Observer>,
}

/// The observer that is told how long each commit took, if there is one.
#[derive(Default)]
pub(super) struct Observer(OnceLock<Box<dyn Fn(Duration) + Send + Sync>>);

impl Observer {
    pub(super) fn set(&self, observer: impl Fn(Duration) + Send + Sync + 'static) {
        // The first one stays.
        let _ = self.0.set(Box::new(observer));
    }

    fn tell(&self, took: Duration) {
        if let Some(observer) = self.0.get() {
            observer(took);
        }
    }
}

impl std::fmt::Debug for Observer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Observer")
    }
}

impl Writer {
    /// Writes group after group until the last sender is gone and the queue is empty.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Waiting>) {
        while let Some(first) = queue.blocking_recv() {
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(next) = queue.try_recv()
            {
                group.push(next);
            }
            self.write(group);
        }
    }

    /// Plans each write of a group on the result of those before it, commits all of them at once, publishes the
    /// last result and answers.
    fn write(&mut self, group: Vec<Waiting>) {
        let mut batches: Vec<Batch> = Vec::new();
        let mut empties = Vec::new();
        let mut head = self.published.clone();
        let mut planned = Vec::new();
        for waiting in group {
            let Waiting { proposal, authorship, validate_only, answer } = waiting;
            let outcome = self.plan(proposal, &authorship, validate_only, &head, &batches);
            if let Ok(written) = &outcome
                && !validate_only
                && !written.replayed
            {
                if written.batch.writes.is_empty() {
                    empties.push(written.batch.clone());
                } else {
                    head = written.snapshot.clone();
                    batches.push(written.batch.as_ref().clone());
                }
            }
            planned.push(Planned { answer, outcome, unpublished: !batches.is_empty() });
        }
        let committed = self.commit(&batches);
        if committed.is_ok() {
            batches.iter().filter_map(AcceptedRequest::of).for_each(|request| self.accepted.remember(request, None));
            empties.iter().for_each(|batch| self.accepted.remember_empty(batch));
        }
        if committed.is_ok() && !batches.is_empty() {
            self.published = head;
            self.current.store(self.published.clone());
            self.announce.send_replace(self.published.revision());
        }
        for Planned { answer, outcome, unpublished } in planned {
            let outcome = match &committed {
                // Also a refusal may rest on what did not come to be.
                Err(error) if unpublished => Err(error.clone()),
                Err(_) | Ok(()) => outcome,
            };
            // A caller that is gone needs no answer.
            let _ = answer.send(outcome);
        }
    }

    fn commit(&mut self, batches: &[Batch]) -> Result<(), Error> {
        if batches.is_empty() {
            return Ok(());
        }
        let begun = Instant::now();
        let committed = catch_unwind(AssertUnwindSafe(|| self.store.commit(batches)))
            .unwrap_or_else(|_| Err(store::Error::Internal("the store panicked while writing".to_owned())));
        self.observer.tell(begun.elapsed());
        if let Err(error) = &committed {
            tracing::error!(%error, writes = batches.len(), "a group of writes was not committed");
        }
        Ok(committed?)
    }

    /// What comes of one write on `head`, which is the published snapshot after the batches `before` it.
    fn plan(
        &self,
        proposal: Proposal,
        authorship: &Authorship,
        validate_only: bool,
        head: &Arc<Snapshot>,
        before: &[Batch],
    ) -> Result<Written, Error> {
        if !validate_only && let Some(batch) = self.earlier(authorship, before)? {
            return Ok(Written { batch: Arc::new(batch), snapshot: head.clone(), replayed: true });
        }
        let plan = AssertUnwindSafe(|| {
            let changes = match proposal {
                Proposal::Changes(changes) => changes,
                Proposal::Found(find) => find(head)?,
            };
            let mut batch = head.plan(&changes, authorship)?;
            if batch.writes.is_empty() {
                batch.revision = head.revision();
            }
            let snapshot =
                if batch.writes.is_empty() || validate_only { head.clone() } else { Arc::new(head.after([&batch])) };
            Ok(Written { batch: Arc::new(batch), snapshot, replayed: false })
        });
        catch_unwind(plan).unwrap_or_else(|_| Err(Error::Internal("planning a write panicked".to_owned())))
    }

    /// The batch that the same request made earlier, here or in this group.
    fn earlier(&self, authorship: &Authorship, before: &[Batch]) -> Result<Option<Batch>, Error> {
        let Some(mark) = &authorship.request else { return Ok(None) };
        let reused = || Error::RequestIdReused(mark.id.clone());
        let same = |batch: &&Batch| {
            let other = &batch.authorship;
            other.principal == authorship.principal && other.request.as_ref().is_some_and(|other| other.id == mark.id)
        };
        if let Some(batch) = before.iter().find(same) {
            return if batch.authorship.request.as_ref() == Some(mark) {
                Ok(Some(batch.clone()))
            } else {
                Err(reused())
            };
        }
        let Some((request, empty)) = self.accepted.find(authorship) else { return Ok(None) };
        if request.mark != *mark {
            return Err(reused());
        }
        if let Some(batch) = empty {
            return Ok(Some(batch.clone()));
        }
        let after = Revision(request.revision.0.saturating_sub(1));
        let batch = self.history.after(after, 1)?.into_iter().next();
        batch.map(Some).ok_or_else(|| Error::Internal(format!("revision {} is not in the history", request.revision)))
    }
}

/// The marked requests of the last day: per principal and request id, what was accepted.
#[derive(Debug, Default)]
pub(super) struct Accepted {
    requests: HashMap<(String, String), (AcceptedRequest, Option<Batch>)>,
    /// The marked requests again, oldest first, so that those of more than a day ago can be forgotten.
    order: VecDeque<(String, String)>,
}

impl Accepted {
    /// Remembers a request and forgets those that were a day old when it came. `empty` is its batch if that is in
    /// no history: a request that changed nothing is recognised until the server restarts.
    pub(super) fn remember(&mut self, request: AcceptedRequest, empty: Option<Batch>) {
        while let Some(oldest) = self.order.front()
            && self.requests.get(oldest).is_none_or(|(old, _)| !is_live(old, &request.time))
        {
            self.requests.remove(oldest);
            self.order.pop_front();
        }
        let key = (request.principal.clone(), request.mark.id.clone());
        self.order.push_back(key.clone());
        self.requests.insert(key, (request, empty));
    }

    fn remember_empty(&mut self, batch: &Batch) {
        if let Some(request) = AcceptedRequest::of(batch) {
            self.remember(request, Some(batch.clone()));
        }
    }

    /// The live request with the same principal and id.
    fn find(&self, authorship: &Authorship) -> Option<(&AcceptedRequest, Option<&Batch>)> {
        let key = (authorship.principal.clone(), authorship.request.as_ref()?.id.clone());
        let (request, empty) = self.requests.get(&key)?;
        is_live(request, &authorship.time).then_some((request, empty.as_ref()))
    }
}

fn is_live(request: &AcceptedRequest, at: &jiff::Timestamp) -> bool {
    at.duration_since(request.time) < SignedDuration::from_secs(MARK_SECONDS)
}
