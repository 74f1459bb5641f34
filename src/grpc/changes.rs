//! What all ways to change many records have in common: a record as it comes in, the revision and the differences that
//! go out.
//!
//! **Invariants.** A reply fits in a message whatever was changed; the names of what was changed are always in it.

use std::pin::Pin;

use prost::Message;
use prost_reflect::DynamicMessage;
use tokio_stream::Stream;
use tonic::Status;

use crate::directory::Written;
use crate::domain::field::{Faults, Path};
use crate::domain::record::{Record, Revision};
use crate::proto::tree::{self, etag, open_envelope};
use crate::proto::v1;

use super::resource::MAX_PAGE_BYTES;

/// What a server stream is made of.
pub(super) type ReplyStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The record in a `Record`, where it stands, and the etag that came with it.
pub(super) fn read_envelope(
    envelope: &DynamicMessage,
    at: &Path<'_>,
    faults: &mut Faults,
) -> Option<(Record, String, Option<String>)> {
    let (collection, field, resource) = open_envelope(envelope)?;
    let here = at.field(field.name());
    let record = tree::read_resource(collection, resource, &here, faults)?;
    Some((record, here.to_string(), etag(resource)))
}

/// The revision that holds a write; of one that was only tried, the one it was tried on.
pub(super) fn revision_of(written: &Written, validate_only: bool) -> i64 {
    let revision = written.batch.revision;
    let tried = validate_only && !written.batch.writes.is_empty();
    on_wire(if tried { Revision(revision.0.saturating_sub(1)) } else { revision })
}

/// A revision as the wire has it.
pub(super) fn on_wire(revision: Revision) -> i64 {
    i64::try_from(revision.0).unwrap_or(i64::MAX)
}

/// The diffs, without their fields if those of so many records do not fit in a message: the names always do.
pub(super) fn fitting(mut diffs: Vec<v1::RecordDiff>) -> Vec<v1::RecordDiff> {
    let bytes = diffs.iter().map(Message::encoded_len).fold(0, usize::saturating_add);
    if bytes > MAX_PAGE_BYTES && diffs.len() > 1 {
        diffs.iter_mut().for_each(|diff| diff.fields.clear());
    }
    diffs
}
