//! An import: options, then records of any number, then one write.
//!
//! **Invariants.** Nothing is written before the caller has closed its side without a fault. Progress is sent when
//! there is room for it and never waited for: a caller may send everything before it reads anything.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use prost::Message;
use prost_reflect::DynamicMessage;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status, Streaming};
use tracing::Instrument;

use crate::directory::Proposal;
use crate::domain::access::Permit;
use crate::domain::change::Change;
use crate::domain::diff::DiffKind;
use crate::domain::error::Error;
use crate::domain::field::{Fault, Faults, Path};
use crate::domain::merge::{ConflictPolicy, MergePolicy, merge};
use crate::domain::name::Name;
use crate::domain::record::Record;
use crate::domain::text::Language;
use crate::proto::convert::changes::record_diffs;
use crate::proto::v1::import_changes_request::Part;
use crate::proto::v1::import_changes_response::Part as ReplyPart;
use crate::proto::{descriptor, to_dynamic, v1};

use super::call::{Api, authorship, is_set, language_of, peer_of, settle};
use super::changes::{ReplyStream, read_envelope, revision_of};
use super::resource::relocate;
use super::status::status;

/// How many records come between two messages of progress.
const PROGRESS_EVERY: usize = 250;

/// The most records of one import: ten times the shipped directory, and so few that their names fit in one message
/// of the history.
const MAX_RECORDS: usize = 25_000;

/// The most bytes of one import, as they come over the wire: twenty times the shipped directory.
const MAX_BYTES: usize = 64 << 20;

/// How long a caller may be silent in the middle of an import: a link that is lost and found again takes less.
const PATIENCE: Duration = Duration::from_secs(60);

/// The most faults that are collected before an import is refused.
const MAX_FAULTS: usize = 100;

/// Lets an import in and answers it while it goes on.
pub(super) fn import(
    api: &Api,
    request: Request<Streaming<v1::ImportChangesRequest>>,
) -> Result<Response<ReplyStream<v1::ImportChangesResponse>>, Status> {
    let language = language_of(request.metadata());
    let method = api.rules().methods().get("DirectoryService/ImportChanges");
    let lacks = || Error::Internal("the contract has no imports".to_owned());
    let permit = method.ok_or_else(lacks).and_then(|method| api.edge().permit(request.extensions(), method.action));
    let permit = permit.map_err(|error| status(&error, language))?;
    let peer = peer_of(&request);
    let (answers, receiver) = mpsc::channel(16);
    let task = Import { api: api.clone(), permit, peer, language, answers: answers.clone() };
    let run = tokio::spawn(task.run(request.into_inner()).in_current_span());
    tokio::spawn(async move {
        if let Err(panicked) = run.await {
            let refusal = status(&Error::Internal(format!("an import failed: {panicked}")), language);
            // Nobody listens any more: the log has it.
            let _ = answers.send(Err(refusal)).await;
        }
    });
    Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
}

/// An import under way.
struct Import {
    api: Api,
    permit: Permit,
    peer: String,
    language: Language,
    answers: mpsc::Sender<Result<v1::ImportChangesResponse, Status>>,
}

/// What came in.
struct Received {
    options: DynamicMessage,
    records: Vec<Record>,
    /// Where in the stream each record stands.
    places: Vec<String>,
    digest: [u8; 32],
}

impl Import {
    async fn run(self, stream: Streaming<v1::ImportChangesRequest>) {
        let result = match self.receive(stream).await {
            Ok(received) => self.write(received).await.map_err(|error| status(&error, self.language)),
            Err(refusal) => Err(refusal),
        };
        let answers = match result {
            Ok(answers) => answers.into_iter().map(|part| Ok(v1::ImportChangesResponse { part: Some(part) })).collect(),
            Err(refusal) => vec![Err(refusal)],
        };
        for answer in answers {
            // Nobody listens any more: what is done is done, and a repetition with the same request id tells it.
            if self.answers.send(answer).await.is_err() {
                return;
            }
        }
    }

    /// Reads the caller's side to its end.
    async fn receive(&self, mut stream: Streaming<v1::ImportChangesRequest>) -> Result<Received, Status> {
        let refuse = |error: Error| status(&error, self.language);
        let mut faults = Faults::default();
        let mut hasher = blake3::Hasher::new();
        let (mut options, mut records, mut places) = (None, Vec::new(), Vec::new());
        let (mut count, mut bytes) = (0usize, 0usize);
        loop {
            let Ok(message) = timeout(PATIENCE, stream.next()).await else {
                let silent = Error::TooSlow { seconds: PATIENCE.as_secs() };
                return Err(refuse(silent));
            };
            let Some(message) = message else { break };
            match message.map_err(|broken| self.unreadable(broken, count))?.part {
                Some(Part::Options(given)) if options.is_none() && count == 0 => {
                    let dynamic = self.options(&given, &mut faults).map_err(refuse)?;
                    hasher.update(&v1::ImportOptions { request_id: String::new(), ..given }.encode_to_vec());
                    options = Some(dynamic);
                }
                Some(Part::Options(_)) => {
                    faults.add(&Path::Root.field("options"), "MISPLACED", "options come once, in the first message");
                }
                Some(Part::Record(record)) => {
                    let at = Path::Root.field("records");
                    let at = at.item(count);
                    count = count.saturating_add(1);
                    let written = record.encode_to_vec();
                    bytes = bytes.saturating_add(written.len());
                    hasher.update(&written);
                    let dynamic = to_dynamic(&record, descriptor("Record").map_err(refuse)?).map_err(refuse)?;
                    self.api.rules().check(&dynamic, &at, &mut faults);
                    if let Some((record, place, _)) = read_envelope(&dynamic, &at, &mut faults) {
                        records.push(record);
                        places.push(place);
                    }
                    if count.is_multiple_of(PROGRESS_EVERY) {
                        let record_count = i32::try_from(count).unwrap_or(i32::MAX);
                        let part = Some(ReplyPart::Progress(v1::ImportProgress { record_count }));
                        // A full channel means that the caller does not read yet; it will see the next one.
                        let _ = self.answers.try_send(Ok(v1::ImportChangesResponse { part }));
                    }
                }
                None => faults.add(&Path::Root.field("part"), "REQUIRED", "a message holds options or a record"),
            }
            let too_many = count > MAX_RECORDS || bytes > MAX_BYTES;
            if too_many {
                let message = format!("an import has at most {MAX_RECORDS} records and {MAX_BYTES} bytes; divide it");
                // Said first: it is why the rest was not read.
                let fault = Fault { path: "records".to_owned(), reason: "TOO_MANY", message };
                faults.0.insert(0, fault);
            }
            if faults.0.len() >= MAX_FAULTS || too_many {
                break;
            }
        }
        if options.is_none() {
            faults.add(&Path::Root.field("options"), "REQUIRED", "the first message holds the options");
        }
        settle(faults).map_err(refuse)?;
        let options = options.ok_or_else(|| refuse(Error::Internal("an import without options".to_owned())))?;
        Ok(Received { options, records, places, digest: *hasher.finalize().as_bytes() })
    }

    /// What broke the caller's side: of a message that cannot be read tonic says INTERNAL, as if we were at fault.
    fn unreadable(&self, broken: Status, count: usize) -> Status {
        if !matches!(broken.code(), Code::Internal | Code::OutOfRange) {
            return broken;
        }
        let mut faults = Faults::default();
        faults.add(&Path::Root.field("records").item(count), "UNREADABLE", broken.message());
        status(&Error::Invalid(faults), self.language)
    }

    fn options(&self, given: &v1::ImportOptions, faults: &mut Faults) -> Result<DynamicMessage, Error> {
        let at = Path::Root.field("options");
        let options = to_dynamic(given, descriptor("ImportOptions")?)?;
        self.api.rules().check(&options, &at, faults);
        if !given.as_dataset {
            for (field, is_set) in [("prune", given.prune), ("on_conflict", given.on_conflict != 0)] {
                if is_set {
                    faults.add(&at.field(field), "NOT_A_DATASET", "only a dataset is merged: set as_dataset");
                }
            }
        }
        Ok(options)
    }

    /// Writes what came in as one revision; the diff and the result.
    async fn write(&self, received: Received) -> Result<Vec<ReplyPart>, Error> {
        let Received { options, records, places, digest } = received;
        let by_name: HashMap<Name, usize> =
            records.iter().enumerate().map(|(index, record)| (record.name().clone(), index)).collect();
        // What a merge finds stands in an order of its own.
        let merged: Arc<OnceLock<Vec<Name>>> = Arc::default();
        let proposal = if is_set(&options, "as_dataset") {
            let on_conflict = match options.get_field_by_name("on_conflict").and_then(|policy| policy.as_enum_number())
            {
                Some(2) => ConflictPolicy::Keep,
                Some(3) => ConflictPolicy::Take,
                Some(_) | None => ConflictPolicy::Refuse,
            };
            let policy = MergePolicy { on_conflict, prune: is_set(&options, "prune") };
            let order = merged.clone();
            Proposal::found(move |snapshot| {
                let changes = merge(snapshot, records, policy)?;
                order.get_or_init(|| changes.iter().map(|change| change.name().clone()).collect());
                Ok(changes)
            })
        } else {
            Proposal::from(records.into_iter().map(Change::Put).collect::<Vec<_>>())
        };
        let edge = self.api.edge();
        let validate_only = is_set(&options, "validate_only");
        let authorship = authorship(edge, &self.permit, &self.peer, &options, &digest);
        let written = edge.directory().write(&self.permit, proposal, authorship, validate_only).await;
        let written = written.map_err(|error| {
            relocate(error, |index| match merged.get() {
                None => places.get(index).cloned(),
                // What the dataset no longer has stands nowhere in the stream.
                Some(order) => {
                    let name = order.get(index)?;
                    let place = by_name.get(name).and_then(|index| places.get(*index));
                    Some(place.cloned().unwrap_or_else(|| name.to_string()))
                }
            })
        })?;
        let diffs = record_diffs(&written.batch);
        let count = |kind: DiffKind| {
            let word = format!("DIFF_KIND_{}", kind.word());
            let kind = v1::DiffKind::from_str_name(&word).unwrap_or_default();
            i32::try_from(diffs.iter().filter(|diff| diff.kind() == kind).count()).unwrap_or(i32::MAX)
        };
        let result = v1::ImportResult {
            revision: revision_of(&written, validate_only),
            created_count: count(DiffKind::Created),
            changed_count: count(DiffKind::Changed),
            deleted_count: count(DiffKind::Deleted),
        };
        Ok(diffs.into_iter().map(ReplyPart::Diff).chain([ReplyPart::Result(result)]).collect())
    }
}
