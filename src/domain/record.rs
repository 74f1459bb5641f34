//! Any record of the directory, and what the server keeps beside it.

use std::sync::Arc;

use jiff::Timestamp;

use super::area::Area;
use super::arrangement::Arrangement;
use super::assignment::Assignment;
use super::calamity_type::CalamityType;
use super::catalogue::{Capability, Condition, Constraint, CrisisFunction, CrisisProcess, Profile};
use super::contact::Contact;
use super::field::{Faults, Field, Fields, Path, Schema, Value};
use super::name::{Collected, Collection, Id, Name};
use super::organisation::{Coverage, Organisation, Station};
use super::term::Term;
use super::text::Localised;

/// A type of record: what a generic layer needs to know of it.
pub trait Resource: Field + Collected + Send + Sync + 'static {
    /// Its name.
    fn name(&self) -> &Id<Self>;
    /// This type's record inside a record of any type.
    fn from_record(record: &Record) -> Option<&Arc<Self>>;
    /// This record as a record of any type.
    fn into_record(self) -> Record;
}

macro_rules! records {
    ($($variant:ident in $collection:ident),+ $(,)?) => {
        /// A record of any type. Cheap to clone.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Record { $(
            #[doc = concat!("A record of `", stringify!($collection), "`.")]
            $variant(Arc<$variant>),
        )+ }

        impl Record {
            /// Its name.
            pub fn name(&self) -> &Name {
                match self { $( Record::$variant(record) => record.name.name(), )+ }
            }

            /// The collection it belongs to; known by its type, without a look at its name.
            pub const fn collection(&self) -> Collection {
                match self { $( Record::$variant(_) => Collection::$collection, )+ }
            }

            /// Its fields, its name among them.
            pub fn to_fields(&self) -> Fields {
                match self { $( Record::$variant(record) => fields_of(record.as_ref()), )+ }
            }

            /// What trees the records of a collection have.
            pub fn schema(collection: Collection) -> Schema {
                match collection { $( Collection::$collection => $variant::schema(), )+ }
            }

            /// Reads a record of a collection from its tree; on any fault says all of them.
            pub fn from_fields(collection: Collection, fields: Fields, at: &Path<'_>, faults: &mut Faults) -> Option<Self> {
                match collection { $( Collection::$collection => {
                    $variant::from_value(Some(Value::Fields(fields)), at, faults).map(|record| Record::$variant(Arc::new(record)))
                } )+ }
            }

            /// Calls `visit` with every other record that this one names.
            pub fn references(&self, visit: &mut dyn FnMut(&Path<'_>, &Name)) {
                let name = self.name();
                let mut others = |at: &Path<'_>, other: &Name| if other != name { visit(at, other) };
                match self { $( Record::$variant(record) => record.references(&Path::Root, &mut others), )+ }
            }
        }

        $( impl Resource for $variant {
            fn name(&self) -> &Id<Self> { &self.name }
            fn from_record(record: &Record) -> Option<&Arc<Self>> {
                #[allow(clippy::wildcard_enum_match_arm, reason = "any other variant is simply not this type")]
                match record { Record::$variant(record) => Some(record), _ => None }
            }
            fn into_record(self) -> Record { Record::$variant(Arc::new(self)) }
        } )+
    };
}

records! {
    Area in Areas, Organisation in Organisations, Coverage in Coverages, Station in Stations, Contact in Contacts,
    CalamityType in CalamityTypes, Term in Terms, Capability in Capabilities, CrisisFunction in CrisisFunctions,
    CrisisProcess in CrisisProcesses, Condition in Conditions, Constraint in Constraints,
    Assignment in Assignments, Arrangement in Arrangements, Profile in Profiles,
}

fn fields_of(record: &impl Field) -> Fields {
    match record.to_value() {
        Some(Value::Fields(fields)) => fields,
        // Proof: a record always has its name, so its tree is a group of fields.
        Some(_) | None => Fields::new(),
    }
}

impl Record {
    /// The names shown for it; a coverage, an assignment and a term have none of their own.
    pub fn display_names(&self) -> Option<&Localised> {
        match self {
            Record::Area(r) => Some(&r.display_names),
            Record::Organisation(r) => Some(&r.display_names),
            Record::Station(r) => Some(&r.display_names),
            Record::Contact(r) => Some(&r.display_names),
            Record::CalamityType(r) => Some(&r.display_names),
            Record::Capability(r) => Some(&r.display_names),
            Record::CrisisFunction(r) => Some(&r.display_names),
            Record::CrisisProcess(r) => Some(&r.display_names),
            Record::Condition(r) => Some(&r.display_names),
            Record::Constraint(r) => Some(&r.display_names),
            Record::Arrangement(r) => Some(&r.display_names),
            Record::Profile(r) => Some(&r.display_names),
            Record::Coverage(_) | Record::Assignment(_) | Record::Term(_) => None,
        }
    }
}

/// The number of a state of the directory: every accepted write adds one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Revision(pub u64);

impl Revision {
    /// The revision after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Revision(self.0.saturating_add(1))
    }
}

impl std::fmt::Display for Revision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What the server keeps beside a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// The record's identity: another one if a name is deleted and created again.
    pub uid: String,
    /// The revision that last changed it; its etag.
    pub revision: Revision,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
    /// Whose it is.
    pub origin: Origin,
}

impl Meta {
    /// The strong etag, with quotes as RFC 9110 writes it.
    pub fn etag(&self) -> String {
        format!("\"{}\"", self.revision)
    }
}

/// Whether a record is the shipped dataset's or the office's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// As the dataset shipped it.
    Shipped,
    /// The office made it.
    Office,
    /// The dataset shipped it with these fields; the office changed some.
    Edited(Arc<Fields>),
}

/// A record with what the server keeps beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The record.
    pub record: Record,
    /// What the server keeps.
    pub meta: Meta,
}
