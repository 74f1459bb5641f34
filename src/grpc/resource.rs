//! Get, list, create, update, delete and batch-get of every collection: one generic layer over the fields of records.
//!
//! **Invariants.** No record type is known here. A read is answered from one snapshot; a change of some fields is
//! merged with the record on the very snapshot it is planned on, so that no field that another caller wrote meanwhile
//! is lost.

use std::collections::BTreeSet;
use std::sync::Arc;

use prost::Message;
use prost_reflect::{DynamicMessage, Value as Wire};
use tonic::{Request, Response, Status};

use crate::directory::{Proposal, Written};
use crate::domain::change::Change;
use crate::domain::error::{Error, both};
use crate::domain::field::{Fault, Faults, Fields, Path, Value};
use crate::domain::name::{Collection, Name};
use crate::domain::record::{Record, Stored};
use crate::domain::search::{self, Cursor, Filter, Order};
use crate::domain::snapshot::Snapshot;
use crate::proto::tree::{self, KEPT, etag, text};
use crate::proto::{from_dynamic, v1};

use super::audit::PriedInto;
use super::call::{Api, Call, is_set, settle};
use super::page_token::{self, Bookmark};

/// How many records a page has if the caller does not say.
pub(super) const DEFAULT_PAGE: usize = 50;
/// The parent that stands for every one (AIP-159).
const ALL_ORGANISATIONS: &str = "organisations/-";
/// The most records of a page.
pub(super) const MAX_PAGE: usize = 500;
/// What a page may take, in bytes: half of what clients of gRPC take by default, as its last entry comes on top.
pub(super) const MAX_PAGE_BYTES: usize = 2 * 1024 * 1024;

impl Api {
    pub(super) fn get<T: Message, M: Message + Default>(
        &self,
        collection: Collection,
        path: &str,
        request: Request<T>,
    ) -> Result<Response<M>, Status> {
        let mut call = self.begin(path, &request)?;
        let found = self.find_one(collection, &mut call);
        found.map(Response::new).map_err(|error| call.refuse(&error))
    }

    fn find_one<M: Message + Default>(&self, collection: Collection, call: &mut Call) -> Result<M, Error> {
        let name = call.name("name", collection);
        call.checked()?;
        let name = name.ok_or_else(unreadable)?;
        let snapshot = self.edge().directory().snapshot(&call.permit)?;
        let stored = snapshot.stored(&name).ok_or(Error::NotFound(name))?;
        from_dynamic(&tree::to_resource(stored)?)
    }

    pub(super) fn list<T: Message, M: Message + Default>(
        &self,
        collection: Collection,
        path: &str,
        request: Request<T>,
    ) -> Result<Response<M>, Status> {
        let mut call = self.begin(path, &request)?;
        let (page, asked) = self.page(collection, &mut call).map_err(|error| call.refuse(&error))?;
        let mut answer = Response::new(page);
        answer.extensions_mut().insert(asked);
        Ok(answer)
    }

    fn page<M: Message + Default>(&self, collection: Collection, call: &mut Call) -> Result<(M, PriedInto), Error> {
        let parent = call.parent(collection);
        let rules = call.checked();
        // What breaks a rule already is not read as well.
        let is_wrong = |field: &str| matches!(&rules, Err(Error::Invalid(faults)) if faults.0.iter().any(|fault| fault.path == field));
        let written = |field: &str| text(&call.request, field).filter(|_| !is_wrong(field)).unwrap_or_default();
        let filter = Filter::parse(&written("filter"), collection);
        let order = Order::parse(&written("order_by"), collection);
        let after = page_token::open(&call.path, &call.request).and_then(|place| place.map(cursor).transpose());
        let (((), (filter, order)), after) = both(both(rules, both(filter, order)), after)?;
        let snapshot = self.edge().directory().snapshot(&call.permit)?;
        if let Some(parent) = &parent
            && snapshot.stored(parent).is_none()
        {
            return Err(Error::NotFound(parent.clone()));
        }
        let is_listed = |stored: &&Arc<Stored>| {
            let name = stored.record.name();
            name.collection() == collection
                && parent.as_ref().is_none_or(|parent| name.parent().as_ref() == Some(parent))
        };
        let is_of_values = collection == Collection::Contacts && filter.asks_for("channels");
        let names = || snapshot.iter().filter(is_listed).map(|stored| stored.record.name().clone()).collect();
        let asked = PriedInto(if is_of_values { names() } else { Vec::new() });
        let revision = snapshot.revision();
        let mut size = page_size(&call.request);
        loop {
            let page = search::page(snapshot.iter().filter(is_listed), &filter, &order, after.as_ref(), size);
            let mut answer = many(call, &page.items, &snapshot)?;
            if answer.encoded_len() > MAX_PAGE_BYTES && page.items.len() > 1 {
                // Large records: a page of fewer, rather than a message that no client takes.
                size = page.items.len() / 2;
                continue;
            }
            let next = page.next.map(|cursor| {
                let place = Bookmark { revision, keys: cursor.keys, last: cursor.name.to_string() };
                page_token::seal(&call.path, &call.request, &place)
            });
            answer.set_field_by_name("next_page_token", Wire::String(next.unwrap_or_default()));
            return Ok((from_dynamic(&answer)?, asked));
        }
    }

    pub(super) fn batch_get<T: Message, M: Message + Default>(
        &self,
        collection: Collection,
        path: &str,
        request: Request<T>,
    ) -> Result<Response<M>, Status> {
        let mut call = self.begin(path, &request)?;
        let found = self.find_many(collection, &mut call);
        found.map(Response::new).map_err(|error| call.refuse(&error))
    }

    fn find_many<M: Message + Default>(&self, collection: Collection, call: &mut Call) -> Result<M, Error> {
        let parent = call.parent(collection);
        let names = call.names(collection, parent.as_ref());
        call.checked()?;
        let snapshot = self.edge().directory().snapshot(&call.permit)?;
        let found = names.into_iter().map(|name| match snapshot.stored(&name) {
            Some(stored) => Ok(Arc::clone(stored)),
            None => Err(Error::NotFound(name)),
        });
        let (found, missing): (Vec<_>, Vec<_>) = found.partition(Result::is_ok);
        if let Some(missing) = missing.into_iter().filter_map(Result::err).reduce(Error::and) {
            return Err(missing);
        }
        from_dynamic(&many(call, &found.into_iter().flatten().collect::<Vec<_>>(), &snapshot)?)
    }

    pub(super) async fn create<T: Message, M: Message + Default>(
        &self,
        collection: Collection,
        path: &str,
        request: Request<T>,
    ) -> Result<Response<M>, Status> {
        let mut call = self.begin(path, &request)?;
        let wanted = created(collection, &mut call);
        self.write_one(&call, wanted.map(|record| (record.name().clone(), vec![Change::Create(record)].into()))).await
    }

    pub(super) async fn update<T: Message, M: Message + Default>(
        &self,
        collection: Collection,
        path: &str,
        request: Request<T>,
    ) -> Result<Response<M>, Status> {
        let mut call = self.begin(path, &request)?;
        let wanted = updated(collection, &mut call);
        self.write_one(&call, wanted).await
    }

    pub(super) async fn delete<T: Message>(
        &self,
        collection: Collection,
        path: &str,
        request: Request<T>,
    ) -> Result<Response<()>, Status> {
        let mut call = self.begin(path, &request)?;
        let name = call.name("name", collection);
        let refuse = |error: Error| super::status::status(&error, call.language);
        settle(std::mem::take(&mut call.faults)).map_err(refuse)?;
        let name = name.ok_or_else(unreadable).map_err(refuse)?;
        let change = Change::Delete { name, etag: etag(&call.request) };
        self.write(&call, vec![change].into()).await.map_err(refuse)?;
        Ok(Response::new(()))
    }

    /// Writes one record and answers with it as it then stands.
    async fn write_one<M: Message + Default>(
        &self,
        call: &Call,
        wanted: Result<(Name, Proposal), Error>,
    ) -> Result<Response<M>, Status> {
        let written = async {
            let (name, proposal) = wanted?;
            let written = self.write(call, proposal).await?;
            let after =
                written.batch.writes.iter().find(|write| write.name == name).and_then(|write| write.after.as_ref());
            let stored = after.or_else(|| written.snapshot.stored(&name).map(Arc::as_ref));
            from_dynamic(&tree::to_resource(stored.ok_or(Error::NotFound(name))?)?)
        };
        written.await.map(Response::new).map_err(|error| call.refuse(&error))
    }

    async fn write(&self, call: &Call, proposal: Proposal) -> Result<Written, Error> {
        let authorship = call.authorship(self.edge());
        let written = self.edge().directory().write(&call.permit, proposal, authorship, call.validate_only()).await;
        // The plan counts changes; this caller sent only one resource.
        let field = call.method.input.fields().find(|field| call.request.has_field(field) && is_resource(field));
        let field = field.map(|field| field.name().to_owned());
        written.map_err(|error| relocate(error, |_| field.clone()))
    }
}

impl Call {
    /// The name in a field, if it is one of the collection.
    pub(super) fn name(&mut self, field: &str, collection: Collection) -> Option<Name> {
        let written = text(&self.request, field)?;
        parse(&written, collection, &Path::Root.field(field), &mut self.faults)
    }

    /// The organisation that a nested collection is asked of; `None`: of all.
    fn parent(&mut self, collection: Collection) -> Option<Name> {
        let written = text(&self.request, "parent").filter(|_| collection.is_nested())?;
        if written == ALL_ORGANISATIONS {
            return None;
        }
        parse(&written, Collection::Organisations, &Path::Root.field("parent"), &mut self.faults)
    }

    fn names(&mut self, collection: Collection, parent: Option<&Name>) -> Vec<Name> {
        let list = self.request.get_field_by_name("names");
        let written: Vec<String> = list
            .and_then(|list| Some(list.as_list()?.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect()))
            .unwrap_or_default();
        let mut names = Vec::new();
        for (index, written) in written.iter().enumerate() {
            let at = Path::Root.field("names");
            let at = at.item(index);
            let Some(name) = parse(written, collection, &at, &mut self.faults) else { continue };
            if parent.is_some() && name.parent().as_ref() != parent {
                self.faults.add(&at, "WRONG_PARENT", "does not belong to the parent");
            }
            names.push(name);
        }
        names
    }
}

fn parse(written: &str, collection: Collection, at: &Path<'_>, faults: &mut Faults) -> Option<Name> {
    match Name::parse(written) {
        Ok(name) if name.collection() == collection => Some(name),
        Ok(_) => {
            let message = format!("'{written}' is not of the form {}", collection.pattern());
            faults.add(at, "WRONG_COLLECTION", message);
            None
        }
        Err(fault) => {
            faults.add(at, fault.reason, fault.message);
            None
        }
    }
}

/// The record that a create wants, under the name that parent and id make.
fn created(collection: Collection, call: &mut Call) -> Result<Record, Error> {
    let parent = call.parent(collection);
    let field = snake(collection);
    let at = Path::Root.field(&field);
    let name = name_of_new(collection, parent.as_ref(), &format!("{field}_id"), call);
    let record = resource_of(call).and_then(|resource| {
        let mut fields = tree::read_fields(&resource, &at, &mut call.faults);
        let given = fields.remove("name");
        if let Some(name) = &name {
            let name = Value::Text(name.to_string());
            if given.is_some_and(|given| given != name) {
                call.faults.add(&at.field("name"), "NAME_MISMATCH", "parent and id make the name; leave this empty");
            }
            fields.insert("name".to_owned(), name);
        }
        let mut faults = Faults::default();
        let record = Record::from_fields(collection, fields, &at, &mut faults);
        // A name that cannot be made was told at the parent or the id.
        let is_told = at.field("name").to_string();
        call.faults.0.extend(faults.0.into_iter().filter(|fault| name.is_some() || fault.path != is_told));
        record
    });
    call.checked()?;
    record.ok_or_else(unreadable)
}

/// The name that parent and id make.
fn name_of_new(collection: Collection, parent: Option<&Name>, id_field: &str, call: &mut Call) -> Option<Name> {
    let id = text(&call.request, id_field)?;
    let written = match parent {
        Some(parent) => format!("{parent}/{}/{id}", collection.word()),
        None if collection.is_nested() => {
            // One that is missing or no name was told already.
            if text(&call.request, "parent").is_some_and(|parent| parent == ALL_ORGANISATIONS) {
                let message = "name one organisation, such as organisations/vr25";
                call.faults.add(&Path::Root.field("parent"), "WRONG_PARENT", message);
            }
            return None;
        }
        None => format!("{}/{id}", collection.word()),
    };
    parse(&written, collection, &Path::Root.field(id_field), &mut call.faults)
}

/// The change that an update wants, found on the snapshot that it will be planned on.
fn updated(collection: Collection, call: &mut Call) -> Result<(Name, Proposal), Error> {
    let field = snake(collection);
    let at = Path::Root.field(&field);
    let resource = resource_of(call);
    let (mut fields, mut name) = (Fields::new(), None);
    if let Some(resource) = &resource {
        fields = tree::read_fields(resource, &at, &mut call.faults);
        let written = text(resource, "name").unwrap_or_default();
        name = parse(&written, collection, &at.field("name"), &mut call.faults);
    }
    let mask = mask(collection, call, &fields);
    call.checked()?;
    let (Some(resource), Some(name)) = (resource, name) else { return Err(unreadable()) };
    let given = etag(&resource);
    let may_create = is_set(&call.request, "allow_missing");
    let standing = name.clone();
    let find = move |snapshot: &Snapshot| {
        let read = |fields: Fields| {
            let mut faults = Faults::default();
            let record = Record::from_fields(collection, fields, &Path::Root.field(&field), &mut faults);
            settle(faults)?;
            record.ok_or_else(unreadable)
        };
        match snapshot.stored(&standing) {
            Some(stored) => {
                let record = read(merged(stored.record.to_fields(), fields, &mask))?;
                Ok(vec![Change::Update { record, etag: given }])
            }
            None if may_create => Ok(vec![Change::Create(read(fields)?)]),
            None => Err(Error::NotFound(standing)),
        }
    };
    Ok((name, Proposal::found(find)))
}

/// The fields that an update is to change, all of the collection's own.
fn mask(collection: Collection, call: &mut Call, fields: &Fields) -> BTreeSet<String> {
    let paths: Vec<String> = call
        .request
        .get_field_by_name("update_mask")
        .and_then(|mask| {
            mask.as_message().and_then(|mask| mask.get_field_by_name("paths").map(|list| list.into_owned()))
        })
        .and_then(|list| Some(list.as_list()?.iter().filter_map(|path| path.as_str().map(str::to_owned)).collect()))
        .unwrap_or_default();
    let known: BTreeSet<String> = match crate::proto::descriptor(tree::message_name(collection)) {
        Ok(descriptor) => descriptor.fields().map(|field| field.name().to_owned()).collect(),
        Err(_) => BTreeSet::new(),
    };
    let own = |field: &String| field != "name" && !KEPT.contains(&field.as_str());
    if paths.is_empty() {
        return fields.keys().filter(|field| own(field)).cloned().collect();
    }
    if paths.iter().any(|path| path == "*") {
        return known.into_iter().filter(own).collect();
    }
    let at = Path::Root.field("update_mask");
    for (index, path) in paths.iter().enumerate().filter(|(_, path)| !known.contains(*path)) {
        let message = format!("'{path}' is not a top-level field of {}", tree::message_name(collection));
        call.faults.add(&at.field("paths").item(index), "UNKNOWN_FIELD", message);
    }
    paths.into_iter().filter(own).collect()
}

/// What stands, with the fields of the mask as wanted; those that are not wanted are cleared.
fn merged(standing: Fields, mut wanted: Fields, mask: &BTreeSet<String>) -> Fields {
    let mut merged = standing;
    for field in mask {
        match wanted.remove(field) {
            Some(value) => merged.insert(field.clone(), value),
            None => merged.remove(field),
        };
    }
    merged
}

/// The answer of a method that gives several records: its one list, and the revision.
fn many(call: &Call, items: &[Arc<Stored>], snapshot: &Snapshot) -> Result<DynamicMessage, Error> {
    let mut answer = DynamicMessage::new(call.method.output.clone());
    let lacks = || Error::Internal(format!("{} has no list", call.method.output.full_name()));
    let list = call.method.output.fields().find(prost_reflect::FieldDescriptor::is_list).ok_or_else(lacks)?;
    let resources = items.iter().map(|stored| tree::to_resource(stored).map(Wire::Message));
    answer.set_field(&list, Wire::List(resources.collect::<Result<_, _>>()?));
    answer.set_field_by_name("revision", Wire::I64(i64::try_from(snapshot.revision().0).unwrap_or(i64::MAX)));
    Ok(answer)
}

/// The resource in a create or an update.
fn resource_of(call: &Call) -> Option<DynamicMessage> {
    let field = call.method.input.fields().find(|field| is_resource(field) && call.request.has_field(field))?;
    call.request.get_field(&field).as_message().cloned()
}

fn is_resource(field: &prost_reflect::FieldDescriptor) -> bool {
    matches!(field.kind(), prost_reflect::Kind::Message(message) if message.get_field_by_name("uid").is_some())
}

/// The name of a resource's field: `calamity_type`.
fn snake(collection: Collection) -> String {
    let mut snake = String::new();
    for letter in tree::message_name(collection).chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

fn cursor(place: Bookmark) -> Result<Cursor, Error> {
    let name = Name::parse(&place.last).map_err(|_| Error::PageToken)?;
    Ok(Cursor { keys: place.keys, name })
}

/// How many entries a page is to have.
pub(super) fn page_size(request: &DynamicMessage) -> usize {
    let wanted = request.get_field_by_name("page_size").and_then(|size| size.as_i32()).unwrap_or_default();
    match usize::try_from(wanted) {
        Ok(0) | Err(_) => DEFAULT_PAGE,
        Ok(wanted) => wanted.min(MAX_PAGE),
    }
}

/// The faults of a plan, whose paths begin `changes[3]`, at the paths that the caller knows.
pub(super) fn relocate(error: Error, place: impl Fn(usize) -> Option<String>) -> Error {
    let Error::Invalid(faults) = error else { return error };
    let moved = faults.0.into_iter().map(|fault| {
        let found = fault.path.strip_prefix("changes[").and_then(|rest| rest.split_once(']'));
        let place = found.and_then(|(index, rest)| Some((place(index.parse().ok()?)?, rest)));
        let path = place.map(|(place, rest)| format!("{place}{rest}"));
        Fault { path: path.unwrap_or_else(|| fault.path.clone()), ..fault }
    });
    Error::Invalid(Faults(moved.collect()))
}

/// A request that its own rules let through and that still cannot be read.
fn unreadable() -> Error {
    Error::Internal("a request without a fault cannot be read".to_owned())
}

/// A write waits for the store; a read is answered at once.
macro_rules! done {
    (get, $call:expr) => {
        $call
    };
    (list, $call:expr) => {
        $call
    };
    (batch_get, $call:expr) => {
        $call
    };
    ($verb:ident, $call:expr) => {
        $call.await
    };
}

/// Implements services whose methods are all of this layer.
macro_rules! services {
    ($( $service:ident in $module:ident {
        $( $method:ident: $verb:ident $request:ident -> $response:ty, $collection:ident; )*
    } )*) => { $(
        #[tonic::async_trait]
        impl v1::$module::$service for Api {
            $( async fn $method(&self, request: Request<v1::$request>) -> Result<Response<$response>, Status> {
                let path = concat!(stringify!($service), "/", stringify!($request)).trim_end_matches("Request");
                done!($verb, self.$verb(Collection::$collection, path, request))
            } )*
        }
    )* };
}

services! {
    AreaService in area_service_server {
        get_area: get GetAreaRequest -> v1::Area, Areas;
        list_areas: list ListAreasRequest -> v1::ListAreasResponse, Areas;
        create_area: create CreateAreaRequest -> v1::Area, Areas;
        update_area: update UpdateAreaRequest -> v1::Area, Areas;
        delete_area: delete DeleteAreaRequest -> (), Areas;
        batch_get_areas: batch_get BatchGetAreasRequest -> v1::BatchGetAreasResponse, Areas;
    }
    OrganisationService in organisation_service_server {
        get_organisation: get GetOrganisationRequest -> v1::Organisation, Organisations;
        list_organisations: list ListOrganisationsRequest -> v1::ListOrganisationsResponse, Organisations;
        create_organisation: create CreateOrganisationRequest -> v1::Organisation, Organisations;
        update_organisation: update UpdateOrganisationRequest -> v1::Organisation, Organisations;
        delete_organisation: delete DeleteOrganisationRequest -> (), Organisations;
        batch_get_organisations: batch_get BatchGetOrganisationsRequest -> v1::BatchGetOrganisationsResponse, Organisations;
        get_coverage: get GetCoverageRequest -> v1::Coverage, Coverages;
        list_coverages: list ListCoveragesRequest -> v1::ListCoveragesResponse, Coverages;
        create_coverage: create CreateCoverageRequest -> v1::Coverage, Coverages;
        update_coverage: update UpdateCoverageRequest -> v1::Coverage, Coverages;
        delete_coverage: delete DeleteCoverageRequest -> (), Coverages;
        batch_get_coverages: batch_get BatchGetCoveragesRequest -> v1::BatchGetCoveragesResponse, Coverages;
        get_station: get GetStationRequest -> v1::Station, Stations;
        list_stations: list ListStationsRequest -> v1::ListStationsResponse, Stations;
        create_station: create CreateStationRequest -> v1::Station, Stations;
        update_station: update UpdateStationRequest -> v1::Station, Stations;
        delete_station: delete DeleteStationRequest -> (), Stations;
        batch_get_stations: batch_get BatchGetStationsRequest -> v1::BatchGetStationsResponse, Stations;
    }
    ContactService in contact_service_server {
        get_contact: get GetContactRequest -> v1::Contact, Contacts;
        list_contacts: list ListContactsRequest -> v1::ListContactsResponse, Contacts;
        create_contact: create CreateContactRequest -> v1::Contact, Contacts;
        update_contact: update UpdateContactRequest -> v1::Contact, Contacts;
        delete_contact: delete DeleteContactRequest -> (), Contacts;
        batch_get_contacts: batch_get BatchGetContactsRequest -> v1::BatchGetContactsResponse, Contacts;
    }
    CalamityTypeService in calamity_type_service_server {
        get_calamity_type: get GetCalamityTypeRequest -> v1::CalamityType, CalamityTypes;
        list_calamity_types: list ListCalamityTypesRequest -> v1::ListCalamityTypesResponse, CalamityTypes;
        create_calamity_type: create CreateCalamityTypeRequest -> v1::CalamityType, CalamityTypes;
        update_calamity_type: update UpdateCalamityTypeRequest -> v1::CalamityType, CalamityTypes;
        delete_calamity_type: delete DeleteCalamityTypeRequest -> (), CalamityTypes;
        batch_get_calamity_types: batch_get BatchGetCalamityTypesRequest -> v1::BatchGetCalamityTypesResponse, CalamityTypes;
    }
    TermService in term_service_server {
        get_term: get GetTermRequest -> v1::Term, Terms;
        list_terms: list ListTermsRequest -> v1::ListTermsResponse, Terms;
        create_term: create CreateTermRequest -> v1::Term, Terms;
        update_term: update UpdateTermRequest -> v1::Term, Terms;
        delete_term: delete DeleteTermRequest -> (), Terms;
        batch_get_terms: batch_get BatchGetTermsRequest -> v1::BatchGetTermsResponse, Terms;
    }
    CatalogueService in catalogue_service_server {
        get_capability: get GetCapabilityRequest -> v1::Capability, Capabilities;
        list_capabilities: list ListCapabilitiesRequest -> v1::ListCapabilitiesResponse, Capabilities;
        create_capability: create CreateCapabilityRequest -> v1::Capability, Capabilities;
        update_capability: update UpdateCapabilityRequest -> v1::Capability, Capabilities;
        delete_capability: delete DeleteCapabilityRequest -> (), Capabilities;
        batch_get_capabilities: batch_get BatchGetCapabilitiesRequest -> v1::BatchGetCapabilitiesResponse, Capabilities;
        get_crisis_function: get GetCrisisFunctionRequest -> v1::CrisisFunction, CrisisFunctions;
        list_crisis_functions: list ListCrisisFunctionsRequest -> v1::ListCrisisFunctionsResponse, CrisisFunctions;
        create_crisis_function: create CreateCrisisFunctionRequest -> v1::CrisisFunction, CrisisFunctions;
        update_crisis_function: update UpdateCrisisFunctionRequest -> v1::CrisisFunction, CrisisFunctions;
        delete_crisis_function: delete DeleteCrisisFunctionRequest -> (), CrisisFunctions;
        batch_get_crisis_functions: batch_get BatchGetCrisisFunctionsRequest -> v1::BatchGetCrisisFunctionsResponse, CrisisFunctions;
        get_crisis_process: get GetCrisisProcessRequest -> v1::CrisisProcess, CrisisProcesses;
        list_crisis_processes: list ListCrisisProcessesRequest -> v1::ListCrisisProcessesResponse, CrisisProcesses;
        create_crisis_process: create CreateCrisisProcessRequest -> v1::CrisisProcess, CrisisProcesses;
        update_crisis_process: update UpdateCrisisProcessRequest -> v1::CrisisProcess, CrisisProcesses;
        delete_crisis_process: delete DeleteCrisisProcessRequest -> (), CrisisProcesses;
        batch_get_crisis_processes: batch_get BatchGetCrisisProcessesRequest -> v1::BatchGetCrisisProcessesResponse, CrisisProcesses;
        get_condition: get GetConditionRequest -> v1::Condition, Conditions;
        list_conditions: list ListConditionsRequest -> v1::ListConditionsResponse, Conditions;
        create_condition: create CreateConditionRequest -> v1::Condition, Conditions;
        update_condition: update UpdateConditionRequest -> v1::Condition, Conditions;
        delete_condition: delete DeleteConditionRequest -> (), Conditions;
        batch_get_conditions: batch_get BatchGetConditionsRequest -> v1::BatchGetConditionsResponse, Conditions;
        get_constraint: get GetConstraintRequest -> v1::Constraint, Constraints;
        list_constraints: list ListConstraintsRequest -> v1::ListConstraintsResponse, Constraints;
        create_constraint: create CreateConstraintRequest -> v1::Constraint, Constraints;
        update_constraint: update UpdateConstraintRequest -> v1::Constraint, Constraints;
        delete_constraint: delete DeleteConstraintRequest -> (), Constraints;
        batch_get_constraints: batch_get BatchGetConstraintsRequest -> v1::BatchGetConstraintsResponse, Constraints;
    }
    AssignmentService in assignment_service_server {
        get_assignment: get GetAssignmentRequest -> v1::Assignment, Assignments;
        list_assignments: list ListAssignmentsRequest -> v1::ListAssignmentsResponse, Assignments;
        create_assignment: create CreateAssignmentRequest -> v1::Assignment, Assignments;
        update_assignment: update UpdateAssignmentRequest -> v1::Assignment, Assignments;
        delete_assignment: delete DeleteAssignmentRequest -> (), Assignments;
        batch_get_assignments: batch_get BatchGetAssignmentsRequest -> v1::BatchGetAssignmentsResponse, Assignments;
    }
    ArrangementService in arrangement_service_server {
        get_arrangement: get GetArrangementRequest -> v1::Arrangement, Arrangements;
        list_arrangements: list ListArrangementsRequest -> v1::ListArrangementsResponse, Arrangements;
        create_arrangement: create CreateArrangementRequest -> v1::Arrangement, Arrangements;
        update_arrangement: update UpdateArrangementRequest -> v1::Arrangement, Arrangements;
        delete_arrangement: delete DeleteArrangementRequest -> (), Arrangements;
        batch_get_arrangements: batch_get BatchGetArrangementsRequest -> v1::BatchGetArrangementsResponse, Arrangements;
    }
}
