//! The live directory: one snapshot that everyone reads, one thread that writes.
//!
//! **Invariants.** The snapshot is swapped only after the store holds what is in it. Reading never waits for
//! writing, and goes on when writing has stopped. Nothing is read or written without a [`Permit`] for it. This
//! module names no backend.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, oneshot, watch};

use crate::domain::access::{Action, Permit, Scope};
use crate::domain::change::{Authorship, Batch, Change};
use crate::domain::contact::Confidentiality;
use crate::domain::error::Error;
use crate::domain::name::Name;
use crate::domain::record::Revision;
use crate::domain::redact::redact_write;
use crate::domain::snapshot::Snapshot;
use crate::store::{self, History, Seal, Store};

mod views;
mod writer;

use views::Views;
use writer::{Accepted, Observer, Waiting, Writer};

/// How many writes may wait; more wait at the door. Far above what one group takes.
const WAITING: usize = 1024;

/// The most batches that one call of [`Directory::history`] gives.
pub const MAX_HISTORY: usize = 1000;

/// The live directory. Dropping it writes what is waiting, closes the store and returns when that is done.
#[derive(Debug)]
pub struct Directory {
    current: Arc<ArcSwap<Snapshot>>,
    views: Views,
    revisions: watch::Receiver<Revision>,
    history: HistoryHandle,
    observer: Arc<Observer>,
    waiting: Option<mpsc::Sender<Waiting>>,
    writer: Option<JoinHandle<()>>,
}

/// What a caller wants: changes, or a function that finds them on the snapshot they will be planned on, which
/// others may have changed since the caller looked.
pub enum Proposal {
    /// These changes.
    Changes(Vec<Change>),
    /// The changes that this finds. A panic in it refuses this write only.
    Found(ChangeFinder),
}

/// Finds changes on the snapshot they will be planned on.
pub type ChangeFinder = Box<dyn FnOnce(&Snapshot) -> Result<Vec<Change>, Error> + Send>;

impl Proposal {
    /// The changes that `find` finds on the snapshot they will be planned on.
    pub fn found(find: impl FnOnce(&Snapshot) -> Result<Vec<Change>, Error> + Send + 'static) -> Self {
        Proposal::Found(Box::new(find))
    }

    /// This proposal, refused as a whole if any change is out of a scope.
    fn within(self, scope: Scope) -> Self {
        Proposal::found(move |snapshot| {
            let changes = match self {
                Proposal::Changes(changes) => changes,
                Proposal::Found(find) => find(snapshot)?,
            };
            let inside = changes.iter().all(|change| scope.holds(snapshot, change.name()));
            if inside { Ok(changes) } else { Err(Error::Denied) }
        })
    }
}

impl From<Vec<Change>> for Proposal {
    fn from(changes: Vec<Change>) -> Self {
        Proposal::Changes(changes)
    }
}

impl std::fmt::Debug for Proposal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Proposal::Changes(changes) => f.debug_tuple("Changes").field(changes).finish(),
            Proposal::Found(_) => f.write_str("Found(..)"),
        }
    }
}

/// An accepted write, as a caller may see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// What was done, without the values that are withheld.
    pub batch: Batch,
    /// The fields that it changed too and whose values are withheld, as dotted paths, by record.
    pub redacted: BTreeMap<Name, Vec<String>>,
}

/// What came of a write.
#[derive(Debug, Clone)]
pub struct Written {
    /// The batch; without writes, and with the revision that stands, if nothing changes.
    pub batch: Arc<Batch>,
    /// The directory right after it; for a replay and a dry run, as it stands.
    pub snapshot: Arc<Snapshot>,
    /// Whether this request was accepted before and nothing was written this time.
    pub replayed: bool,
}

impl Directory {
    /// Opens the directory that a store holds and takes the store over.
    ///
    /// # Errors
    /// [`Error::StoreCorrupt`] or [`Error::StoreUnavailable`] if the store cannot be read.
    pub fn open(mut store: Box<dyn Store>) -> Result<Self, Error> {
        let contents = store.load()?;
        let snapshot = Arc::new(Snapshot::new(contents.revision, contents.records, contents.withheld));
        let history = store.history();
        let current = Arc::new(ArcSwap::new(snapshot.clone()));
        let (announce, revisions) = watch::channel(snapshot.revision());
        let (waiting, queue) = mpsc::channel(WAITING);
        let mut accepted = Accepted::default();
        contents.requests.into_iter().for_each(|request| accepted.remember(request, None));
        let observer = Arc::new(Observer::default());
        let writer = Writer {
            store,
            observer: observer.clone(),
            current: current.clone(),
            published: snapshot,
            announce,
            accepted,
            history: history.clone(),
        };
        let writer = std::thread::Builder::new()
            .name("directory-writer".to_owned())
            .spawn(move || writer.run(queue))
            .map_err(|error| Error::Internal(format!("the writer thread does not start: {error}")))?;
        Ok(Directory {
            current,
            views: Views::default(),
            revisions,
            history: HistoryHandle(history),
            observer,
            waiting: Some(waiting),
            writer: Some(writer),
        })
    }

    /// The directory as it stands, as far as the permit lets its holder see it.
    ///
    /// # Errors
    /// [`Error::Denied`] unless the permit is to ask, read or export.
    pub fn snapshot(&self, permit: &Permit) -> Result<Arc<Snapshot>, Error> {
        demand(permit, &[Action::Ask, Action::Read, Action::Export])?;
        Ok(self.views.of(self.current.load_full(), permit.clearance()))
    }

    /// From here on `observer` is told how long each commit of a group of writes to the store took. The first one
    /// stays.
    pub fn observe_commits(&self, observer: impl Fn(Duration) + Send + Sync + 'static) {
        self.observer.set(observer);
    }

    /// The newest revision, always; it changes after the snapshot does.
    pub fn revisions(&self) -> watch::Receiver<Revision> {
        self.revisions.clone()
    }

    /// Plans a write, commits it and makes it visible; or, if `validate_only`, plans it and does no more.
    ///
    /// A write that has been taken from the queue is written even if its caller is gone.
    ///
    /// # Errors
    /// Whatever [`Snapshot::plan`] or the proposal refuses; [`Error::RequestIdReused`]; [`Error::Denied`] unless the
    /// permit is to write and every change is in its scope; [`Error::StoreUnavailable`] or [`Error::StoreFull`], after
    /// which the same write may be tried again.
    pub async fn write(
        &self,
        permit: &Permit,
        proposal: impl Into<Proposal>,
        authorship: Authorship,
        validate_only: bool,
    ) -> Result<Written, Error> {
        demand(permit, &[Action::Write])?;
        let proposal = match permit.scope() {
            Some(scope) => proposal.into().within(scope.clone()),
            None => proposal.into(),
        };
        let stopped = || Error::StoreUnavailable("writing has stopped; restart the server".to_owned());
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { proposal, authorship, validate_only, answer };
        self.waiting.as_ref().ok_or_else(stopped)?.send(waiting).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }

    /// At most `limit` accepted writes, but never more than [`MAX_HISTORY`], from the one right after a revision.
    ///
    /// # Errors
    /// [`Error::Denied`] unless the permit is to read history; [`Error::RevisionCompacted`] if that is no longer
    /// kept; [`Error::StoreCorrupt`] if it cannot be read.
    pub async fn history(&self, permit: &Permit, after: Revision, limit: usize) -> Result<Vec<Seen>, Error> {
        demand(permit, &[Action::ReadHistory])?;
        let history = self.history.0.clone();
        let read = tokio::task::spawn_blocking(move || history.after(after, limit.min(MAX_HISTORY))).await;
        let batches = read.map_err(|error| Error::Internal(format!("reading history failed: {error}")))??;
        let clearance = permit.clearance();
        let seen = |mut batch: Batch| {
            let mut redacted = BTreeMap::new();
            if clearance < Confidentiality::Restricted {
                let each = batch.writes.iter_mut();
                redacted.extend(each.map(|write| (write.name.clone(), redact_write(write, clearance))));
            }
            Seen { batch, redacted }
        };
        Ok(batches.into_iter().map(seen).collect())
    }

    /// The revision before the oldest write that is kept: 0 unless older ones were compacted.
    ///
    /// # Errors
    /// [`Error::Denied`] unless the permit is to read.
    pub fn history_begins_after(&self, permit: &Permit) -> Result<Revision, Error> {
        demand(permit, &[Action::Read])?;
        Ok(self.history.0.begins_after())
    }

    /// What proves that the history was not rewritten; `None` for a directory in memory.
    ///
    /// # Errors
    /// [`Error::Denied`] unless the permit is to read.
    pub fn seal(&self, permit: &Permit) -> Result<Option<Seal>, Error> {
        demand(permit, &[Action::Read])?;
        Ok(self.history.0.seal())
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Without senders the queue ends once it is empty; then the thread closes the store and ends.
        drop(self.waiting.take());
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the writer thread had panicked");
        }
    }
}

/// [`History`] in a struct that can be shown.
struct HistoryHandle(Arc<dyn History>);

impl std::fmt::Debug for HistoryHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("History")
    }
}

fn demand(permit: &Permit, actions: &[Action]) -> Result<(), Error> {
    if actions.contains(&permit.action()) { Ok(()) } else { Err(Error::Denied) }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match &error {
            store::Error::Conflict { .. } | store::Error::Unavailable(_) => Error::StoreUnavailable(error.to_string()),
            store::Error::Compacted { oldest } => Error::RevisionCompacted { oldest: *oldest },
            store::Error::Full(_) => Error::StoreFull(error.to_string()),
            store::Error::Corrupt { .. } => Error::StoreCorrupt(error.to_string()),
            store::Error::Internal(_) => Error::Internal(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc as std_mpsc;
    use std::sync::{Mutex, PoisonError};

    use super::*;
    use crate::domain::access::Principal;
    use crate::domain::change::RequestMark;
    use crate::domain::record::Record;
    use crate::store::memory::MemoryStore;
    use crate::store::sample;

    fn permit(action: Action) -> Permit {
        Permit::request(Principal::local(), action).unwrap()
    }

    fn record(id: &str, name: &str) -> Record {
        sample::area(id, name, 1).record
    }

    fn put(id: &str, name: &str) -> Vec<Change> {
        vec![Change::Put(record(id, name))]
    }

    fn by(minute: u64) -> Authorship {
        Authorship { request: None, ..sample::authorship(minute) }
    }

    fn marked(minute: u64, id: &str, digest: u8) -> Authorship {
        Authorship { request: Some(RequestMark { id: id.to_owned(), digest: [digest; 32] }), ..by(minute) }
    }

    fn names(directory: &Directory) -> Vec<String> {
        directory.snapshot(&permit(Action::Read)).unwrap().iter().map(|s| s.record.name().id().to_owned()).collect()
    }

    async fn write(directory: &Directory, proposal: impl Into<Proposal>, by: Authorship) -> Result<Written, Error> {
        directory.write(&permit(Action::Write), proposal, by, false).await
    }

    /// A store whose next commits do what the test says.
    struct Scripted {
        inner: MemoryStore,
        script: Arc<Mutex<Vec<store::Error>>>,
        groups: std_mpsc::Sender<usize>,
    }

    impl Store for Scripted {
        fn load(&mut self) -> Result<store::Contents, store::Error> {
            self.inner.load()
        }
        fn commit(&mut self, group: &[Batch]) -> Result<(), store::Error> {
            let _ = self.groups.send(group.len());
            match self.script.lock().unwrap_or_else(PoisonError::into_inner).pop() {
                Some(store::Error::Internal(_)) => panic!("the store panics"),
                Some(error) => Err(error),
                None => self.inner.commit(group),
            }
        }
        fn history(&self) -> Arc<dyn History> {
            self.inner.history()
        }
    }

    #[tokio::test]
    async fn what_was_written_is_read_at_once_and_after_opening_again() {
        let store = MemoryStore::default();
        let directory = Directory::open(Box::new(store.clone())).unwrap();
        let written = write(&directory, put("gm1", "one"), by(1)).await.unwrap();
        assert_eq!((written.batch.revision, written.snapshot.revision()), (Revision(1), Revision(1)));
        assert!(!written.replayed);
        assert_eq!(names(&directory), ["gm1"]);
        assert_eq!(*directory.revisions().borrow(), Revision(1));
        let history = directory.history(&permit(Action::ReadHistory), Revision(0), 10).await.unwrap();
        assert_eq!(history, [Seen { batch: written.batch.as_ref().clone(), redacted: BTreeMap::new() }]);
        drop(directory);
        assert_eq!(names(&Directory::open(Box::new(store)).unwrap()), ["gm1"]);
    }

    #[tokio::test]
    async fn nothing_is_done_without_the_permit_for_it() {
        let directory = Directory::open(Box::new(MemoryStore::default())).unwrap();
        for &action in Action::ALL {
            let permit = permit(action);
            let may = |actions: &[Action]| actions.contains(&action);
            let reads = [Action::Ask, Action::Read, Action::Export];
            assert_eq!(directory.snapshot(&permit).is_ok(), may(&reads));
            assert_eq!(directory.history(&permit, Revision(0), 1).await.is_ok(), may(&[Action::ReadHistory]));
            let written = directory.write(&permit, put("gm1", "one"), by(1), true).await;
            assert_eq!(written.is_ok(), may(&[Action::Write]));
        }
    }

    #[tokio::test]
    async fn a_dry_run_and_a_write_that_changes_nothing_make_no_revision() {
        let directory = Directory::open(Box::new(MemoryStore::default())).unwrap();
        let dry = directory.write(&permit(Action::Write), put("gm1", "one"), by(1), true).await.unwrap();
        assert_eq!((dry.batch.writes.len(), dry.snapshot.iter().count()), (1, 0));
        assert_eq!(names(&directory), [""; 0]);
        write(&directory, put("gm1", "one"), by(1)).await.unwrap();
        let same = write(&directory, put("gm1", "one"), by(2)).await.unwrap();
        assert_eq!((same.batch.writes.len(), same.batch.revision), (0, Revision(1)));
        assert_eq!(directory.snapshot(&permit(Action::Read)).unwrap().revision(), Revision(1));
    }

    #[tokio::test]
    async fn a_repeated_request_gets_the_first_answer_for_a_day_and_over_restarts() {
        let store = MemoryStore::default();
        let mut directory = Directory::open(Box::new(store.clone())).unwrap();
        let first = write(&directory, put("gm1", "one"), marked(1, "a", 7)).await.unwrap();
        write(&directory, put("gm1", "two"), by(2)).await.unwrap();
        let nothing = write(&directory, put("gm1", "two"), marked(2, "empty", 7)).await.unwrap();
        write(&directory, put("gm1", "three"), by(3)).await.unwrap();
        let again = write(&directory, put("gm1", "two"), marked(3, "empty", 7)).await.unwrap();
        assert_eq!((again.replayed, again.batch), (true, nothing.batch));
        for _ in 0..2 {
            let again = write(&directory, put("gm1", "one"), marked(60 * 24, "a", 7)).await.unwrap();
            assert_eq!(
                (again.replayed, again.batch, again.snapshot.revision()),
                (true, first.batch.clone(), Revision(3))
            );
            let other = write(&directory, put("gm1", "four"), marked(5, "a", 8)).await;
            assert_eq!(other.unwrap_err(), Error::RequestIdReused("a".to_owned()));
            let somebody = Authorship { principal: "somebody".to_owned(), ..marked(5, "a", 8) };
            let theirs = directory.write(&permit(Action::Write), put("gm1", "three"), somebody, true).await.unwrap();
            assert!(!theirs.replayed);
            drop(directory);
            directory = Directory::open(Box::new(store.clone())).unwrap();
        }
        let next_day = write(&directory, put("gm1", "four"), marked(60 * 24 + 1, "a", 8)).await.unwrap();
        assert_eq!((next_day.replayed, next_day.batch.revision), (false, Revision(4)));
    }

    #[tokio::test]
    async fn a_clock_that_goes_backwards_changes_no_order_and_forgets_no_request() {
        let store = MemoryStore::default();
        let directory = Directory::open(Box::new(store.clone())).unwrap();
        let first = write(&directory, put("gm1", "one"), marked(60, "a", 7)).await.unwrap();
        let second = write(&directory, put("gm1", "two"), by(2)).await.unwrap();
        assert_eq!((first.batch.revision, second.batch.revision), (Revision(1), Revision(2)));
        let again = write(&directory, put("gm1", "one"), marked(1, "a", 7)).await.unwrap();
        assert_eq!((again.replayed, again.batch), (true, first.batch));
        drop(directory);
        let directory = Directory::open(Box::new(store)).unwrap();
        let history = directory.history(&permit(Action::ReadHistory), Revision(0), 10).await.unwrap();
        assert_eq!(history.iter().map(|seen| seen.batch.revision.0).collect::<Vec<_>>(), [1, 2]);
        let third = write(&directory, put("gm1", "three"), by(0)).await.unwrap();
        assert_eq!(third.batch.revision, Revision(3));
    }

    /// Holds the writer in a proposal, so that the writes sent meanwhile make one group; then lets go.
    async fn as_one_group<T: Send + 'static>(
        directory: &Arc<Directory>,
        writes: Vec<impl Future<Output = T> + Send + 'static>,
    ) -> Vec<T> {
        let (held, holds) = std_mpsc::channel();
        let (free, freed) = std_mpsc::channel::<()>();
        let hold = Proposal::found(move |_| {
            let _ = (held.send(()), freed.recv());
            Ok(vec![])
        });
        let holding = tokio::spawn({
            let directory = directory.clone();
            async move { write(&directory, hold, by(1)).await }
        });
        let held = tokio::task::spawn_blocking(move || holds.recv());
        held.await.unwrap().unwrap();
        let count = writes.len();
        let mut writes: Vec<_> = writes.into_iter().map(tokio::spawn).collect();
        while directory.waiting.as_ref().is_some_and(|queue| WAITING - queue.capacity() < count) {
            tokio::task::yield_now().await;
        }
        free.send(()).unwrap();
        holding.await.unwrap().unwrap();
        let mut outcomes = Vec::new();
        for write in writes.drain(..) {
            outcomes.push(write.await.unwrap());
        }
        outcomes
    }

    fn scripted(errors: Vec<store::Error>) -> (Arc<Directory>, std_mpsc::Receiver<usize>) {
        let (groups, sizes) = std_mpsc::channel();
        let store = Scripted { inner: MemoryStore::default(), script: Arc::new(Mutex::new(errors)), groups };
        (Arc::new(Directory::open(Box::new(store)).unwrap()), sizes)
    }

    fn send(
        directory: &Arc<Directory>,
        changes: Vec<Change>,
        by: Authorship,
    ) -> impl Future<Output = Result<Written, Error>> + Send + use<> {
        let directory = directory.clone();
        async move { write(&directory, changes, by).await }
    }

    #[tokio::test]
    async fn waiting_writes_are_planned_on_each_other_and_committed_as_one_group() {
        let (directory, groups) = scripted(vec![]);
        let writes = (1..=20).map(|n| send(&directory, put(&format!("gm{n}"), "x"), by(n))).collect();
        let mut revisions: Vec<_> =
            as_one_group(&directory, writes).await.into_iter().map(|w| w.unwrap().batch.revision.0).collect();
        revisions.sort_unstable();
        assert_eq!(revisions, (1..=20).collect::<Vec<_>>());
        assert_eq!(groups.try_iter().collect::<Vec<_>>(), [20]);
    }

    #[tokio::test]
    async fn the_same_request_twice_in_one_group_is_written_once() {
        let (directory, _) = scripted(vec![]);
        let writes = (0..3).map(|_| send(&directory, put("gm1", "x"), marked(1, "a", 1))).collect();
        let replayed = as_one_group(&directory, writes).await.into_iter().filter(|w| w.as_ref().unwrap().replayed);
        assert_eq!(replayed.count(), 2);
        let writes = vec![
            send(&directory, put("gm1", "y"), marked(1, "b", 1)),
            send(&directory, put("gm1", "z"), marked(1, "b", 2)),
        ];
        let refused = as_one_group(&directory, writes).await.into_iter().filter(Result::is_err);
        assert_eq!(refused.count(), 1);
    }

    #[tokio::test]
    async fn after_a_failed_commit_all_of_its_group_may_be_tried_again() {
        let (directory, _) = scripted(vec![store::Error::Unavailable("disk full".to_owned())]);
        let create = || vec![Change::Create(record("gm1", "x"))];
        let writes = vec![send(&directory, create(), by(1)), send(&directory, create(), by(1))];
        for outcome in as_one_group(&directory, writes).await {
            // The second would be refused as existing already; but what it rests on did not come to be.
            assert_eq!(outcome.unwrap_err(), Error::StoreUnavailable("disk full".to_owned()));
        }
        assert_eq!(names(&directory), [""; 0]);
        assert_eq!(write(&directory, create(), by(2)).await.unwrap().batch.revision, Revision(1));
    }

    #[tokio::test]
    async fn a_panic_in_a_proposal_or_in_the_store_refuses_that_write_only() {
        let (directory, _) = scripted(vec![store::Error::Internal(String::new())]);
        let panics = write(&directory, Proposal::found(|_| panic!("a proposal panics")), by(1)).await;
        assert_eq!(panics.unwrap_err(), Error::Internal("planning a write panicked".to_owned()));
        let panics = write(&directory, put("gm1", "x"), by(1)).await;
        assert!(matches!(panics.unwrap_err(), Error::Internal(_)));
        assert_eq!(write(&directory, put("gm1", "x"), by(2)).await.unwrap().batch.revision, Revision(1));
    }

    #[tokio::test]
    async fn a_proposal_sees_the_unpublished_result_of_the_writes_before_it() {
        let (directory, _) = scripted(vec![]);
        let count = |directory: &Arc<Directory>| {
            let directory = directory.clone();
            async move {
                let found = Proposal::found(|snapshot: &Snapshot| {
                    Ok(put(&format!("gm{}", snapshot.iter().count()), "counted"))
                });
                write(&directory, found, by(1)).await
            }
        };
        as_one_group(&directory, (0..5).map(|_| count(&directory)).collect()).await;
        assert_eq!(names(&directory), ["gm0", "gm1", "gm2", "gm3", "gm4"]);
    }

    #[tokio::test]
    async fn reading_goes_on_when_the_writer_is_gone() {
        let mut directory = Directory::open(Box::new(MemoryStore::default())).unwrap();
        write(&directory, put("gm1", "x"), by(1)).await.unwrap();
        directory.waiting = None;
        directory.writer.take().unwrap().join().unwrap();
        assert_eq!(names(&directory), ["gm1"]);
        assert_eq!(directory.history(&permit(Action::ReadHistory), Revision(0), 9).await.unwrap().len(), 1);
        let refused = write(&directory, put("gm1", "y"), by(2)).await.unwrap_err();
        assert_eq!(refused.reason(), crate::domain::error::Reason::StoreUnavailable);
    }

    #[tokio::test]
    async fn closing_writes_what_was_waiting() {
        let store = MemoryStore::default();
        let directory = Directory::open(Box::new(store.clone())).unwrap();
        let mut answers = Vec::new();
        for n in 0..50 {
            let (answer, answered) = oneshot::channel();
            let proposal = put(&format!("gm{n}"), "x").into();
            let waiting = Waiting { proposal, authorship: by(n), validate_only: false, answer };
            directory.waiting.as_ref().unwrap().send(waiting).await.unwrap();
            answers.push(answered);
        }
        drop(directory);
        for answered in answers {
            answered.await.unwrap().unwrap();
        }
        assert_eq!(names(&Directory::open(Box::new(store)).unwrap()).len(), 50);
    }
}
