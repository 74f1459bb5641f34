//! Every way in which a question or a change can be refused.
//!
//! **Invariants.** Each error has one [`Reason`], which is public and never changes meaning. An error carries
//! the names and values involved; no text in it is parsed by another part.

use super::field::Faults;
use super::field::words;
use super::name::Name;
use super::record::Revision;
use super::text::Localised;

words! {
    /// The machine-readable cause of an error; the same words as `enum ErrorReason` in the proto.
    pub enum Reason {
        /// One or more fields of the request are wrong.
        InvalidFields = "INVALID_FIELDS",
        /// A filter cannot be read.
        InvalidFilter = "INVALID_FILTER",
        /// No place goes by these words.
        PlaceNotFound = "PLACE_NOT_FOUND",
        /// Several places go by these words.
        PlaceAmbiguous = "PLACE_AMBIGUOUS",
        /// No calamity type goes by these words.
        CalamityNotFound = "CALAMITY_NOT_FOUND",
        /// Several calamity types go by these words.
        CalamityAmbiguous = "CALAMITY_AMBIGUOUS",
        /// Coordinates, postcodes and hectometre marks cannot be placed.
        LocationUnsupported = "LOCATION_UNSUPPORTED",
        /// There is no such record.
        NotFound = "NOT_FOUND",
        /// There is one already.
        AlreadyExists = "ALREADY_EXISTS",
        /// Other records still refer to it.
        StillReferenced = "STILL_REFERENCED",
        /// The record was changed since the caller read it.
        EtagMismatch = "ETAG_MISMATCH",
        /// The same request id came with another content.
        RequestIdReused = "REQUEST_ID_REUSED",
        /// The office and the dataset both changed a record.
        MergeConflict = "MERGE_CONFLICT",
        /// A page token that this server did not give, or not for this request.
        PageTokenInvalid = "PAGE_TOKEN_INVALID",
        /// The history asked for is no longer kept.
        RevisionCompacted = "REVISION_COMPACTED",
        /// The caller may not do this.
        Denied = "DENIED",
        /// The caller has not said who he is.
        Unauthenticated = "UNAUTHENTICATED",
        /// The store cannot be written at the moment.
        StoreUnavailable = "STORE_UNAVAILABLE",
        /// The store is damaged.
        StoreCorrupt = "STORE_CORRUPT",
        /// Something in the server is wrong.
        Internal = "INTERNAL",
        /// The directory is still being loaded.
        Loading = "LOADING",
        /// The server is stopping.
        Stopping = "STOPPING",
        /// The call took longer than its caller, or the server, allows.
        DeadlineExceeded = "DEADLINE_EXCEEDED",
        /// A web page of an origin that may not call.
        OriginDenied = "ORIGIN_DENIED",
        /// There is no room for what is to be written.
        StoreFull = "STORE_FULL",
        /// A write cannot be taken back, because its records were changed since.
        ChangedSince = "CHANGED_SINCE",
        /// The server has more calls than it can answer.
        Overloaded = "OVERLOADED",
    }
}

/// A thing that a caller's words may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its name.
    pub name: Name,
    /// What it is called.
    pub display_names: Localised,
    /// What tells it from the others: the municipality or region it lies in.
    pub within: Option<Localised>,
}

/// What stands between a caller's words and one meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// Nothing goes by these words; these come near.
    PlaceNotFound(Vec<Candidate>),
    /// All of these go by these words.
    PlaceAmbiguous(Vec<Candidate>),
    /// Coordinates, a postcode, a hectometre mark.
    LocationUnsupported,
    /// Nothing goes by these words; these come near.
    CalamityNotFound(Vec<Candidate>),
    /// All of these go by these words.
    CalamityAmbiguous(Vec<Candidate>),
}

/// Words of a question that have no one meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// Where in the request: `places[0]`.
    pub field: String,
    /// The words.
    pub words: String,
    /// Why not.
    pub obstacle: Obstacle,
}

impl Unresolved {
    /// Words at a field of the request, and what stands in their way.
    pub fn new(field: impl Into<String>, words: impl Into<String>, obstacle: Obstacle) -> Self {
        Unresolved { field: field.into(), words: words.into(), obstacle }
    }
}

/// Why a question or change is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Fields are wrong; all of them are named.
    #[error("invalid fields")]
    Invalid(Faults),
    /// A filter or an order cannot be read.
    #[error("invalid {field} at {position}: {message}")]
    Filter {
        /// Which of the two: `filter` or `order_by`.
        field: &'static str,
        /// The character where reading stopped, from 1.
        position: usize,
        /// What was expected.
        message: String,
    },
    /// Words have no one meaning; all such words are named. Never empty.
    #[error("words without one meaning")]
    Unresolved(Vec<Unresolved>),
    /// Several of these at once; never fewer than two, and none of them is this one.
    #[error("{} things are wrong", .0.len())]
    Several(Vec<Error>),
    /// There is no such record.
    #[error("{0} does not exist")]
    NotFound(Name),
    /// There is one already.
    #[error("{0} already exists")]
    AlreadyExists(Name),
    /// Other records still refer to it.
    #[error("{name} is still referred to")]
    StillReferenced {
        /// The record to be deleted.
        name: Name,
        /// Those that refer to it.
        by: Vec<Name>,
    },
    /// The record was changed since the caller read it.
    #[error("{name} has etag {current}, not {given}")]
    EtagMismatch {
        /// The record.
        name: Name,
        /// What the caller saw.
        given: String,
        /// What stands.
        current: String,
    },
    /// A write cannot be taken back: these records were changed since.
    #[error("{} records were changed since revision {revision}", .records.len())]
    ChangedSince {
        /// The write.
        revision: Revision,
        /// The records.
        records: Vec<Name>,
    },
    /// The same request id came with another content.
    #[error("request id {0} was used for another content")]
    RequestIdReused(String),
    /// The office and the dataset both changed these fields.
    #[error("the office and the dataset both changed {} fields", .0.len())]
    MergeConflict(Vec<MergeConflict>),
    /// A caller who went on too slowly: nothing came for so many seconds.
    #[error("nothing came for {seconds} seconds")]
    TooSlow {
        /// How long was waited.
        seconds: u64,
    },
    /// A page token that is not this request's.
    #[error("page token is not for this request")]
    PageToken,
    /// The history asked for is no longer kept.
    #[error("history begins at revision {oldest}")]
    RevisionCompacted {
        /// The oldest revision kept.
        oldest: Revision,
    },
    /// The caller may not do this.
    #[error("not permitted")]
    Denied,
    /// The caller has not said who he is.
    #[error("not authenticated")]
    Unauthenticated,
    /// The store cannot be written; reading goes on. The caller may retry.
    #[error("the store cannot be written: {0}")]
    StoreUnavailable(String),
    /// There is no room to write; reading goes on. Writing resumes by itself when there is room.
    #[error("there is no room to write: {0}")]
    StoreFull(String),
    /// The store is damaged.
    #[error("the store is damaged: {0}")]
    StoreCorrupt(String),
    /// Something in the server is wrong; the text is for the log, not for the caller.
    #[error("internal: {0}")]
    Internal(String),
}

/// A field that the office and a newer dataset both changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeConflict {
    /// The record.
    pub name: Name,
    /// The field; empty when the record itself is at stake: deleted by one, changed by the other.
    pub field: String,
}

impl Error {
    /// The machine-readable cause.
    pub fn reason(&self) -> Reason {
        match self {
            Error::Invalid(_) => Reason::InvalidFields,
            Error::Filter { .. } => Reason::InvalidFilter,
            // The first one decides; the details name them all.
            Error::Unresolved(all) => match all.first().map(|first| &first.obstacle) {
                Some(Obstacle::PlaceNotFound(_)) => Reason::PlaceNotFound,
                Some(Obstacle::PlaceAmbiguous(_)) => Reason::PlaceAmbiguous,
                Some(Obstacle::LocationUnsupported) => Reason::LocationUnsupported,
                Some(Obstacle::CalamityAmbiguous(_)) => Reason::CalamityAmbiguous,
                Some(Obstacle::CalamityNotFound(_)) | None => Reason::CalamityNotFound,
            },
            Error::Several(all) => all.first().map_or(Reason::Internal, Error::reason),
            Error::NotFound(_) => Reason::NotFound,
            Error::AlreadyExists(_) => Reason::AlreadyExists,
            Error::StillReferenced { .. } => Reason::StillReferenced,
            Error::EtagMismatch { .. } => Reason::EtagMismatch,
            Error::ChangedSince { .. } => Reason::ChangedSince,
            Error::RequestIdReused(_) => Reason::RequestIdReused,
            Error::MergeConflict(_) => Reason::MergeConflict,
            Error::TooSlow { .. } => Reason::DeadlineExceeded,
            Error::PageToken => Reason::PageTokenInvalid,
            Error::RevisionCompacted { .. } => Reason::RevisionCompacted,
            Error::Denied => Reason::Denied,
            Error::Unauthenticated => Reason::Unauthenticated,
            Error::StoreUnavailable(_) => Reason::StoreUnavailable,
            Error::StoreFull(_) => Reason::StoreFull,
            Error::StoreCorrupt(_) => Reason::StoreCorrupt,
            Error::Internal(_) => Reason::Internal,
        }
    }

    /// This and another, told together; the first decides about reason and code.
    #[must_use]
    pub fn and(self, other: Error) -> Error {
        let mut all = self.each();
        for other in other.each() {
            match (all.last_mut(), other) {
                (Some(Error::Invalid(faults)), Error::Invalid(more)) => faults.0.extend(more.0),
                (Some(Error::Unresolved(words)), Error::Unresolved(more)) => words.extend(more),
                (_, other) => all.push(other),
            }
        }
        if all.len() == 1 { all.remove(0) } else { Error::Several(all) }
    }

    fn each(self) -> Vec<Error> {
        if let Error::Several(all) = self { all } else { vec![self] }
    }
}

/// Both, or everything that is wrong with either.
///
/// # Errors
/// What is wrong with one or with the other, told together.
pub fn both<A, B>(one: Result<A, Error>, other: Result<B, Error>) -> Result<(A, B), Error> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(wrong), Ok(_)) | (Ok(_), Err(wrong)) => Err(wrong),
        (Err(one), Err(other)) => Err(one.and(other)),
    }
}
