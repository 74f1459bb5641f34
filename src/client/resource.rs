//! A record of any collection, with what the server keeps beside it.
//!
//! **Invariants.** What the server sent is kept whole, fields that this version of the contract does not know among
//! them: what is read and written back loses nothing. No record type is known here; the names in the contract do.

use prost_reflect::{DynamicMessage, Value};

use super::Error;
use crate::domain::field::{Faults, Path};
use crate::domain::name::Collection;
use crate::domain::record::Record;
use crate::proto::{self, tree, v1};

/// A record of any collection, with what the server keeps beside it. The same as its message of the contract, and as
/// the record of the domain.
///
/// ```
/// use crisisgids::client::Resource;
/// use crisisgids::proto::v1;
///
/// let area = v1::Area { name: "areas/nk-gooi".to_owned(), etag: "\"12\"".to_owned(), ..Default::default() };
/// let resource = Resource::from_message(&area)?;
/// assert_eq!((resource.name(), resource.etag()), ("areas/nk-gooi", "\"12\""));
/// assert_eq!(resource.to_message::<v1::Area>()?, area);
/// # Ok::<_, crisisgids::client::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    collection: Collection,
    message: DynamicMessage,
}

/// A message of the contract that is a record of one collection.
pub trait Kept: prost::Message + Default {
    /// The collection.
    const COLLECTION: Collection;
}

macro_rules! kept {
    ($($message:ident in $collection:ident),+ $(,)?) => { $(
        impl Kept for v1::$message {
            const COLLECTION: Collection = Collection::$collection;
        }
    )+ };
}

kept! {
    Area in Areas, Organisation in Organisations, Coverage in Coverages, Station in Stations, Contact in Contacts,
    CalamityType in CalamityTypes, Term in Terms, Capability in Capabilities,
    CrisisFunction in CrisisFunctions, CrisisProcess in CrisisProcesses, Condition in Conditions, Constraint in Constraints,
    Assignment in Assignments, Arrangement in Arrangements, Profile in Profiles,
}

impl Resource {
    /// A resource of a collection; the message must be of its type.
    pub(super) fn new(collection: Collection, message: DynamicMessage) -> Self {
        Resource { collection, message }
    }

    /// Which collection it belongs to.
    pub fn collection(&self) -> Collection {
        self.collection
    }

    /// Its resource name.
    pub fn name(&self) -> &str {
        self.text("name")
    }

    /// The state that was read, to be sent back with a write: empty if it was not read from a server.
    pub fn etag(&self) -> &str {
        self.text("etag")
    }

    /// The fields that exist but are withheld from this caller, as dotted paths. A write leaves them as they are.
    pub fn redacted_fields(&self) -> Vec<&str> {
        match self.message.get_field_by_name("redacted_fields") {
            Some(std::borrow::Cow::Borrowed(Value::List(paths))) => paths.iter().filter_map(Value::as_str).collect(),
            Some(_) | None => Vec::new(),
        }
    }

    /// Its message, whatever its type: serialised by serde it is canonical JSON.
    pub fn message(&self) -> &DynamicMessage {
        &self.message
    }

    /// Its message as the generated type.
    ///
    /// # Errors
    /// [`Error::Contract`] if it is of another collection.
    pub fn to_message<M: Kept>(&self) -> Result<M, Error> {
        if M::COLLECTION != self.collection {
            let problem = format!("{} is not of {}", self.name(), M::COLLECTION.word());
            return Err(Error::Contract { problem });
        }
        proto::from_dynamic(&self.message).map_err(contract)
    }

    /// A message of the contract as a resource.
    ///
    /// # Errors
    /// [`Error::Contract`] if the generated types are not those of the descriptors, which a test rules out for every build.
    pub fn from_message<M: Kept>(message: &M) -> Result<Self, Error> {
        let descriptor = proto::descriptor(tree::message_name(M::COLLECTION)).map_err(contract)?;
        Ok(Resource::new(M::COLLECTION, proto::to_dynamic(message, descriptor).map_err(contract)?))
    }

    /// The resource as a record of the domain, without what the server keeps beside it.
    ///
    /// # Errors
    /// Everything that keeps it from being a record: withheld fields among it, or values of a newer contract.
    pub fn to_record(&self) -> Result<Record, Faults> {
        let mut faults = Faults::default();
        let record = tree::read_resource(self.collection, &self.message, &Path::Root, &mut faults);
        record.ok_or(faults)
    }

    /// A record of the domain as a resource that no server has seen.
    ///
    /// # Errors
    /// [`Error::Contract`] if the record has a field that its message lacks, which a test rules out for every build.
    pub fn from_record(record: &Record) -> Result<Self, Error> {
        Ok(Resource::new(record.collection(), tree::to_bare(record).map_err(contract)?))
    }

    /// The resource as a record of any collection, as changes, imports and exports hold them.
    ///
    /// # Errors
    /// [`Error::Contract`] if `Record` has no field for the collection, which a test rules out for every build.
    pub fn to_envelope(&self) -> Result<v1::Record, Error> {
        let envelope = tree::envelope(self.message.clone()).map_err(contract)?;
        proto::from_dynamic(&envelope).map_err(contract)
    }

    /// The resource in a record of any collection.
    ///
    /// # Errors
    /// [`Error::Contract`] if it is empty, as one of a newer contract seems to be.
    pub fn from_envelope(envelope: &v1::Record) -> Result<Self, Error> {
        let descriptor = proto::descriptor("Record").map_err(contract)?;
        let envelope = proto::to_dynamic(envelope, descriptor).map_err(contract)?;
        let empty = || Error::Contract { problem: "a record of no known collection".to_owned() };
        let (collection, _, resource) = tree::open_envelope(&envelope).ok_or_else(empty)?;
        Ok(Resource::new(collection, resource.clone()))
    }

    fn text(&self, field: &str) -> &str {
        match self.message.get_field_by_name(field) {
            Some(std::borrow::Cow::Borrowed(value)) => value.as_str().unwrap_or_default(),
            Some(std::borrow::Cow::Owned(_)) | None => "",
        }
    }
}

/// What only two versions of the contract that do not fit can cause.
pub(super) fn contract(error: impl std::fmt::Display) -> Error {
    Error::Contract { problem: error.to_string() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::arbitrary::record;

    proptest! {
        #[test]
        fn a_record_survives_every_form(record in record()) {
            let resource = Resource::from_record(&record).unwrap();
            prop_assert_eq!(resource.name(), record.name().as_str());
            let again = Resource::from_envelope(&resource.to_envelope().unwrap()).unwrap();
            prop_assert_eq!(again.collection(), record.collection());
            prop_assert_eq!(again.to_record().unwrap(), record);
        }
    }

    #[test]
    fn a_resource_is_no_message_of_another_collection() {
        let area = Resource::from_message(&v1::Area { name: "areas/x".to_owned(), ..Default::default() }).unwrap();
        assert!(matches!(area.to_message::<v1::Station>(), Err(Error::Contract { .. })));
    }

    #[test]
    fn what_is_withheld_is_known() {
        let redacted_fields = vec!["channels[0].value".to_owned()];
        let contact = v1::Contact { redacted_fields, ..Default::default() };
        assert_eq!(Resource::from_message(&contact).unwrap().redacted_fields(), ["channels[0].value"]);
        assert!(Resource::from_message(&v1::Area::default()).unwrap().redacted_fields().is_empty());
    }

    #[test]
    fn an_empty_envelope_is_no_resource() {
        assert!(matches!(Resource::from_envelope(&v1::Record { record: None }), Err(Error::Contract { .. })));
    }

    #[test]
    fn what_keeps_a_message_from_being_a_record_is_told() {
        let area = v1::Area { name: "areas/x".to_owned(), ..Default::default() };
        let faults = Resource::from_message(&area).unwrap().to_record().unwrap_err();
        assert!(faults.0.iter().any(|fault| fault.path == "display_names"), "{faults:?}");
    }
}
