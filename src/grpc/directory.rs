//! `DirectoryService`: the state of the directory, many changes as one, history, import and export.
//!
//! **Invariants.** An import is read whole before anything is written, and is one revision. An export is read from one
//! snapshot, record by record as the caller takes them.

use prost::Message;
use tonic::{Request, Response, Status, Streaming};

use crate::directory::{MAX_HISTORY, Proposal, Seen};
use crate::domain::access::Action;
use crate::domain::catalogue::Profile;
use crate::domain::change::Change;
use crate::domain::diff::RecordDiff;
use crate::domain::error::Error;
use crate::domain::field::Path;
use crate::domain::name::{Collection, Name};
use crate::domain::record::Revision;
use crate::domain::revert;
use crate::domain::snapshot::Snapshot;
use crate::proto::convert::changes::{record_diff, record_diffs};
use crate::proto::convert::timestamp;
use crate::proto::tree::{self, etag, text};
use crate::proto::{from_dynamic, v1};

use super::call::{Api, Call};
use super::changes::{ReplyStream, fitting, on_wire, read_envelope, revision_of};
use super::import;
use super::page_token::{self, Bookmark};
use super::resource::{MAX_PAGE_BYTES, page_size, relocate};

#[tonic::async_trait]
impl v1::directory_service_server::DirectoryService for Api {
    async fn get_directory(
        &self,
        request: Request<v1::GetDirectoryRequest>,
    ) -> Result<Response<v1::Directory>, Status> {
        let call = self.begin("DirectoryService/GetDirectory", &request)?;
        let state = self.state(&call);
        state.map(Response::new).map_err(|error| call.refuse(&error))
    }

    async fn get_profile(&self, request: Request<v1::GetProfileRequest>) -> Result<Response<v1::Profile>, Status> {
        self.get(Collection::Profiles, "DirectoryService/GetProfile", request)
    }

    async fn update_profile(
        &self,
        request: Request<v1::UpdateProfileRequest>,
    ) -> Result<Response<v1::Profile>, Status> {
        self.update(Collection::Profiles, "DirectoryService/UpdateProfile", request).await
    }

    async fn apply_changes(
        &self,
        request: Request<v1::ApplyChangesRequest>,
    ) -> Result<Response<v1::ApplyChangesResponse>, Status> {
        let mut call = self.begin("DirectoryService/ApplyChanges", &request)?;
        let applied = self.apply(&mut call).await;
        applied.map(Response::new).map_err(|error| call.refuse(&error))
    }

    type ImportChangesStream = ReplyStream<v1::ImportChangesResponse>;

    async fn import_changes(
        &self,
        request: Request<Streaming<v1::ImportChangesRequest>>,
    ) -> Result<Response<Self::ImportChangesStream>, Status> {
        import::import(self, request)
    }

    async fn list_changes(
        &self,
        request: Request<v1::ListChangesRequest>,
    ) -> Result<Response<v1::ListChangesResponse>, Status> {
        let mut call = self.begin("DirectoryService/ListChanges", &request)?;
        let page = self.changes(&mut call, request.get_ref()).await;
        page.map(Response::new).map_err(|error| call.refuse(&error))
    }

    async fn revert_change(
        &self,
        request: Request<v1::RevertChangeRequest>,
    ) -> Result<Response<v1::RevertChangeResponse>, Status> {
        let mut call = self.begin("DirectoryService/RevertChange", &request)?;
        let reverted = self.revert(&mut call, request.get_ref().revision).await;
        reverted.map(Response::new).map_err(|error| call.refuse(&error))
    }

    type ExportDirectoryStream = ReplyStream<v1::ExportDirectoryResponse>;

    async fn export_directory(
        &self,
        request: Request<v1::ExportDirectoryRequest>,
    ) -> Result<Response<Self::ExportDirectoryStream>, Status> {
        let call = self.begin("DirectoryService/ExportDirectory", &request)?;
        let snapshot = self.edge().directory().snapshot(&call.permit).map_err(|error| call.refuse(&error))?;
        let revision = on_wire(snapshot.revision());
        let mut records: Vec<_> = snapshot.iter().cloned().collect();
        // By type and not by name: the answer has not begun yet, and this is done for every record of the directory.
        let place = |wanted: Collection| Collection::ALL.iter().position(|collection| *collection == wanted);
        records.sort_by_cached_key(|stored| place(stored.record.collection()));
        let answers = records.into_iter().map(move |stored| {
            let record = tree::to_envelope(&stored).and_then(|envelope| from_dynamic(&envelope));
            let record = record.map_err(|error| call.refuse(&error))?;
            Ok(v1::ExportDirectoryResponse { record: Some(record), revision })
        });
        Ok(Response::new(Box::pin(tokio_stream::iter(answers))))
    }
}

impl Api {
    fn state(&self, call: &Call) -> Result<v1::Directory, Error> {
        let snapshot = self.edge().directory().snapshot(&call.permit)?;
        let profile = snapshot.all::<Profile>().next();
        let count = |collection: &Collection| v1::CollectionCount {
            collection: collection.word().to_owned(),
            record_count: i32::try_from(snapshot.count(*collection)).unwrap_or(i32::MAX),
        };
        let seal = self.edge().directory().seal(&call.permit)?;
        let oldest = self.edge().directory().history_begins_after(&call.permit)?.next();
        let (ledger_revision, ledger_hash) = seal.map(|seal| (on_wire(seal.revision), seal.hash)).unwrap_or_default();
        Ok(v1::Directory {
            ledger_revision,
            ledger_hash,
            oldest_revision: if snapshot.revision() < oldest { 0 } else { on_wire(oldest) },
            revision: on_wire(snapshot.revision()),
            counts: Collection::ALL.iter().map(count).collect(),
            dataset_date: profile.map(|profile| profile.dataset_date.to_string()).unwrap_or_default(),
            history_start_date: profile.map(|profile| profile.history_start_date.to_string()).unwrap_or_default(),
        })
    }

    async fn apply(&self, call: &mut Call) -> Result<v1::ApplyChangesResponse, Error> {
        let (changes, places) = wanted(call);
        call.checked()?;
        let authorship = call.authorship(self.edge());
        let proposal = Proposal::from(changes);
        let written = self.edge().directory().write(&call.permit, proposal, authorship, call.validate_only()).await;
        let written = written.map_err(|error| relocate(error, |index| places.get(index).cloned()))?;
        Ok(v1::ApplyChangesResponse {
            revision: revision_of(&written, call.validate_only()),
            diffs: fitting(record_diffs(&written.batch)),
        })
    }

    async fn revert(&self, call: &mut Call, revision: i64) -> Result<v1::RevertChangeResponse, Error> {
        let after = Revision(u64::try_from(revision).unwrap_or_default().saturating_sub(1));
        let permit = call.permit.also(Action::ReadHistory)?;
        let batch = self.edge().directory().history(&permit, after, 1).await?.pop().map(|seen| seen.batch);
        if batch.is_none() {
            let message = format!("there is no revision {revision}");
            call.faults.add(&Path::Root.field("revision"), "NO_SUCH_REVISION", message);
        }
        call.checked()?;
        let find = move |snapshot: &Snapshot| batch.map_or(Ok(Vec::new()), |batch| revert::inverse(snapshot, &batch));
        let authorship = call.authorship(self.edge());
        let directory = self.edge().directory();
        let written = directory.write(&call.permit, Proposal::found(find), authorship, call.validate_only()).await?;
        Ok(v1::RevertChangeResponse {
            revision: revision_of(&written, call.validate_only()),
            diffs: fitting(record_diffs(&written.batch)),
        })
    }

    async fn changes(
        &self,
        call: &mut Call,
        request: &v1::ListChangesRequest,
    ) -> Result<v1::ListChangesResponse, Error> {
        let name = text(&call.request, "name").and_then(|written| match Name::parse(&written) {
            Ok(name) => Some(name),
            Err(fault) => {
                call.faults.add(&Path::Root.field("name"), fault.reason, fault.message);
                None
            }
        });
        call.checked()?;
        let size = page_size(&call.request);
        let mut after = Revision(u64::try_from(request.after_revision).unwrap_or_default());
        if let Some(place) = page_token::open(&call.path, &call.request)? {
            after = Revision(place.last.parse().map_err(|_| Error::PageToken)?);
        }
        let newest = *self.edge().directory().revisions().borrow();
        let mut changes: Vec<v1::AcceptedChange> = Vec::new();
        let (mut bytes, mut is_full) = (0usize, false);
        // One more than the page, to know whether there is another.
        while !is_full && changes.len() <= size && after < newest {
            let batches =
                self.edge().directory().history(&call.permit, after, MAX_HISTORY.min(size.saturating_add(1))).await?;
            let Some(last) = batches.last() else { break };
            after = last.batch.revision;
            let touched = batches.iter().filter(|seen| {
                name.as_ref().is_none_or(|name| seen.batch.writes.iter().any(|write| write.name == *name))
            });
            for change in touched.map(|seen| accepted(seen, name.as_ref())) {
                bytes = bytes.saturating_add(change.encoded_len());
                is_full = bytes > MAX_PAGE_BYTES && !changes.is_empty();
                if is_full {
                    break;
                }
                changes.push(change);
            }
        }
        let has_more = is_full || changes.len() > size;
        changes.truncate(size);
        let last = changes.last().filter(|_| has_more).map(|change| change.revision.to_string());
        let next = last.map(|last| {
            page_token::seal(&call.path, &call.request, &Bookmark { revision: newest, keys: Vec::new(), last })
        });
        let next_page_token = next.unwrap_or_default();
        Ok(v1::ListChangesResponse { changes, next_page_token, revision: on_wire(newest) })
    }
}

/// What the caller wants, and where in the request each change stands.
fn wanted(call: &mut Call) -> (Vec<Change>, Vec<String>) {
    let list = call.request.get_field_by_name("changes").map(|list| list.into_owned());
    let items = list.as_ref().and_then(prost_reflect::Value::as_list).unwrap_or_default();
    let (mut changes, mut places) = (Vec::new(), Vec::new());
    for (index, item) in items.iter().enumerate() {
        let at = Path::Root.field("changes");
        let at = at.item(index);
        let chosen = item.as_message().and_then(|item| item.fields().next());
        let Some((field, value)) = chosen else { continue };
        let Some(body) = value.as_message() else { continue };
        let here = at.field(field.name());
        if field.name() == "delete" {
            places.push(here.to_string());
            let written = text(body, "name").unwrap_or_default();
            match Name::parse(&written) {
                Ok(name) => changes.push(Change::Delete { name, etag: etag(body) }),
                Err(fault) => call.faults.add(&here.field("name"), fault.reason, fault.message),
            }
            continue;
        }
        let Some((record, place, etag)) = read_envelope(body, &here, &mut call.faults) else { continue };
        places.push(place);
        changes.push(match field.name() {
            "create" => Change::Create(record),
            "update" => Change::Update { record, etag },
            _ => Change::Put(record),
        });
    }
    (changes, places)
}

fn accepted(Seen { batch, redacted }: &Seen, only: Option<&Name>) -> v1::AcceptedChange {
    let authorship = &batch.authorship;
    let writes = batch.writes.iter().filter(|write| only.is_none_or(|name| write.name == *name));
    let withheld = |name: &Name| redacted.get(name).cloned().unwrap_or_default();
    let diffs = writes.filter_map(|write| RecordDiff::seen(write, withheld(&write.name)));
    v1::AcceptedChange {
        revision: on_wire(batch.revision),
        create_time: Some(timestamp(authorship.time)),
        principal: authorship.principal.clone(),
        peer: authorship.peer.clone(),
        change_reason: authorship.change_reason.clone(),
        diffs: fitting(diffs.map(|diff| record_diff(&diff)).collect()),
    }
}
