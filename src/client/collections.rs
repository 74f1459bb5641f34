//! The records of every collection: one layer for all of them.
//!
//! **Invariants.** Which service, method and field belong to a collection is read from the contract's descriptors,
//! never written down again. Every write leaves with a request id.

use http::uri::PathAndQuery;
use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MethodDescriptor, ReflectMessage, Value};

use super::resource::contract;
use super::{Client, Error, Resource, directory};
use crate::domain::name::{Collection, Name};
use crate::proto::{PACKAGE, pool, tree};

/// Which records to list, and how. By default: the first page of all, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListOptions {
    /// The organisation whose coverages, stations or contacts to list. `None`: those of all.
    pub parent: Option<Name>,
    /// The filter language of AIP-160, such as `kind = MUNICIPALITY`.
    pub filter: String,
    /// The fields to order by, such as `capability, area`.
    pub order_by: String,
    /// How many at most; 0 leaves it to the server.
    pub page_size: i32,
    /// [`Page::next_page_token`] of the page before; everything else but `page_size` must be as it was.
    pub page_token: String,
}

/// Some of the records that match.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The records, in the order asked for.
    pub resources: Vec<Resource>,
    /// The token of the next page; empty: this is the last one.
    pub next_page_token: String,
    /// The revision that this page was read from.
    pub revision: i64,
}

/// How to write. By default: do it, under a request id made for this call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WriteOptions {
    /// Check everything and answer as if it had been done, but change nothing.
    pub validate_only: bool,
    /// A UUID under which a write is done once, however often it is sent. Empty: one is made for this call; give
    /// one to repeat the call yourself.
    pub request_id: String,
    /// Why this is done, for the history.
    pub change_reason: String,
}

/// What is done with records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Get,
    List,
    Create,
    Update,
    Delete,
    BatchGet,
}

impl Verb {
    #[cfg(test)]
    const ALL: [Verb; 6] = [Verb::Get, Verb::List, Verb::Create, Verb::Update, Verb::Delete, Verb::BatchGet];

    const fn word(self) -> &'static str {
        match self {
            Verb::Get => "Get",
            Verb::List => "List",
            Verb::Create => "Create",
            Verb::Update => "Update",
            Verb::Delete => "Delete",
            Verb::BatchGet => "BatchGet",
        }
    }
}

/// Records of every collection, as [`Resource`]s.
///
/// # Errors
/// [`Error::Refused`] with a reason, for a write also after [`Error::Lost`] and [`Error::TooLate`] as for the
/// directory as a whole. [`Error::Contract`] if the collection has no such call: profiles can only be read and
/// updated.
impl Client {
    /// One record.
    ///
    /// ```no_run
    /// # async fn example(client: crisisgids::client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use crisisgids::domain::name::Name;
    /// use crisisgids::proto::v1::Area;
    ///
    /// let name = Name::parse("areas/gm0171").map_err(|fault| fault.message)?;
    /// let area: Area = client.get(&name).await?.to_message()?;
    /// println!("{:?}", area.kind());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get(&self, name: &Name) -> Result<Resource, Error> {
        let call = Outgoing::new(name.collection(), Verb::Get)?.with("name", text(name))?;
        self.make(call).await.map(Reply::resource)
    }

    /// One page of the records that match.
    ///
    /// ```no_run
    /// # async fn example(client: crisisgids::client::Client) -> Result<(), crisisgids::client::Error> {
    /// use crisisgids::client::ListOptions;
    /// use crisisgids::domain::name::Collection;
    ///
    /// let mut options = ListOptions { filter: "kind = MUNICIPALITY".to_owned(), ..ListOptions::default() };
    /// loop {
    ///     let page = client.list(Collection::Areas, &options).await?;
    ///     page.resources.iter().for_each(|area| println!("{}", area.name()));
    ///     if page.next_page_token.is_empty() {
    ///         break;
    ///     }
    ///     options.page_token = page.next_page_token;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list(&self, collection: Collection, options: &ListOptions) -> Result<Page, Error> {
        let ListOptions { parent, filter, order_by, page_size, page_token } = options;
        let call = Outgoing::new(collection, Verb::List)?
            .below(collection, parent.as_ref())?
            .with("filter", text(filter))?
            .with("order_by", text(order_by))?
            .with("page_size", Value::I32(*page_size))?
            .with("page_token", text(page_token))?;
        let answer = self.make(call).await?;
        let next_page_token = tree::text(&answer.message, "next_page_token").unwrap_or_default();
        Ok(Page { next_page_token, revision: answer.revision(), resources: answer.resources() })
    }

    /// Several records of one collection, at most 100, all of one revision, in the order of the names. One that does
    /// not exist makes it fail.
    ///
    /// ```no_run
    /// # async fn example(client: crisisgids::client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use crisisgids::domain::name::{Collection, Name};
    ///
    /// let names = ["areas/gm0171", "areas/gm0184"].map(Name::parse).into_iter().collect::<Result<Vec<_>, _>>();
    /// let areas = client.batch_get(Collection::Areas, &names.map_err(|fault| fault.message)?).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn batch_get(&self, collection: Collection, names: &[Name]) -> Result<Vec<Resource>, Error> {
        let names = Value::List(names.iter().map(text).collect());
        let call = Outgoing::new(collection, Verb::BatchGet)?.with("names", names)?;
        Ok(self.make(call).await?.resources())
    }

    /// Adds a record; refused if there is one of its name.
    ///
    /// ```no_run
    /// # async fn example(client: crisisgids::client::Client) -> Result<(), crisisgids::client::Error> {
    /// use crisisgids::client::{Resource, WriteOptions};
    /// use crisisgids::proto::v1::Coverage;
    ///
    /// let coverage = Coverage {
    ///     name: "organisations/waternet/coverages/drinking-water-muiden".to_owned(),
    ///     capability: "capabilities/drinking-water".to_owned(),
    ///     area: "areas/muiden".to_owned(),
    ///     ..Default::default()
    /// };
    /// let why = WriteOptions { change_reason: "letter of the company".to_owned(), ..WriteOptions::default() };
    /// let created = client.create(&Resource::from_message(&coverage)?, why).await?;
    /// println!("{} has etag {}", created.name(), created.etag());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create(&self, resource: &Resource, options: WriteOptions) -> Result<Resource, Error> {
        let name = Name::parse(resource.name()).map_err(|fault| Error::Contract { problem: fault.message })?;
        let mut call = Outgoing::new(resource.collection(), Verb::Create)?;
        let field = call.resource_field()?;
        call = call
            .below(name.collection(), name.parent().as_ref())?
            .with(&format!("{}_id", field.name()), text(name.id()))?
            .with(field.name(), Value::Message(resource.message().clone()))?
            .written(options)?;
        self.make(call).await.map(Reply::resource)
    }

    /// Changes fields of a record: those that `mask` names, or, if it is empty, those that are set; `*` means all, so
    /// that a field left out is cleared. With an etag, only if that is still the present one.
    ///
    /// ```no_run
    /// # async fn example(client: crisisgids::client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use crisisgids::client::{Resource, WriteOptions};
    /// use crisisgids::domain::error::Reason;
    /// use crisisgids::domain::name::Name;
    /// use crisisgids::proto::v1::Coverage;
    ///
    /// let name = Name::parse("organisations/waternet/coverages/drinking-water-muiden").map_err(|fault| fault.message)?;
    /// let mut coverage: Coverage = client.get(&name).await?.to_message()?;
    /// coverage.partial = true;
    /// let resource = Resource::from_message(&coverage)?;
    /// match client.update(&resource, &["partial"], WriteOptions::default()).await {
    ///     Err(error) if error.reason() == Some(Reason::EtagMismatch) => println!("somebody was first: read it again"),
    ///     outcome => println!("{}", outcome?.etag()),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update(&self, resource: &Resource, mask: &[&str], options: WriteOptions) -> Result<Resource, Error> {
        let call = Outgoing::updating(resource, mask)?.written(options)?;
        self.make(call).await.map(Reply::resource)
    }

    /// Makes a record such, all its fields, whether it exists or not.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     client: crisisgids::client::Client,
    /// #     record: crisisgids::domain::record::Record,
    /// # ) -> Result<(), crisisgids::client::Error> {
    /// use crisisgids::client::{Resource, WriteOptions};
    ///
    /// client.put(&Resource::from_record(&record)?, WriteOptions::default()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn put(&self, resource: &Resource, options: WriteOptions) -> Result<Resource, Error> {
        let call = Outgoing::updating(resource, &["*"])?.with("allow_missing", Value::Bool(true))?.written(options)?;
        self.make(call).await.map(Reply::resource)
    }

    /// Removes a record; refused while others name it. With an etag, only if that is still the present one.
    ///
    /// ```no_run
    /// # async fn example(client: crisisgids::client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use crisisgids::client::WriteOptions;
    /// use crisisgids::domain::name::Name;
    ///
    /// let name = Name::parse("organisations/waternet/coverages/drinking-water-muiden").map_err(|fault| fault.message)?;
    /// match client.delete(&name, None, WriteOptions::default()).await {
    ///     Ok(()) => println!("gone"),
    ///     Err(error) => error.refusal().iter().flat_map(|refusal| &refusal.referenced_by).for_each(|by| println!("{by}")),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete(&self, name: &Name, etag: Option<&str>, options: WriteOptions) -> Result<(), Error> {
        let call = Outgoing::new(name.collection(), Verb::Delete)?
            .with("name", text(name))?
            .with("etag", text(etag.unwrap_or_default()))?
            .written(options)?;
        self.make(call).await.map(drop)
    }

    async fn make(&self, call: Outgoing) -> Result<Reply, Error> {
        let Outgoing { collection, method, request } = call;
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let path = PathAndQuery::try_from(path).map_err(contract)?;
        let answer = self.exchange(path, request.encode_to_vec()).await?;
        let message = DynamicMessage::decode(method.output(), answer.as_slice()).map_err(contract)?;
        Ok(Reply { collection, message })
    }
}

/// A call in the making.
struct Outgoing {
    collection: Collection,
    method: MethodDescriptor,
    request: DynamicMessage,
}

impl Outgoing {
    fn new(collection: Collection, verb: Verb) -> Result<Self, Error> {
        let none = || Error::Contract { problem: format!("{} of {} is no call", verb.word(), collection.word()) };
        let method = method(collection, verb).ok_or_else(none)?;
        let request = DynamicMessage::new(method.input());
        Ok(Outgoing { collection, method, request })
    }

    fn updating(resource: &Resource, mask: &[&str]) -> Result<Self, Error> {
        let call = Outgoing::new(resource.collection(), Verb::Update)?;
        let field = call.resource_field()?;
        let call = call.with(field.name(), Value::Message(resource.message().clone()))?;
        if mask.is_empty() {
            return Ok(call);
        }
        let descriptor = pool().get_message_by_name("google.protobuf.FieldMask");
        let missing = || Error::Contract { problem: "the contract has no FieldMask".to_owned() };
        let mut paths = DynamicMessage::new(descriptor.ok_or_else(missing)?);
        paths.try_set_field_by_name("paths", Value::List(mask.iter().map(text).collect())).map_err(contract)?;
        call.with("update_mask", Value::Message(paths))
    }

    fn with(mut self, field: &str, value: Value) -> Result<Self, Error> {
        self.request.try_set_field_by_name(field, value).map_err(contract)?;
        Ok(self)
    }

    /// Says to which organisation it belongs, where that is asked.
    fn below(self, collection: Collection, parent: Option<&Name>) -> Result<Self, Error> {
        if !collection.is_nested() {
            return Ok(self);
        }
        let parent = parent.map_or("organisations/-", Name::as_str);
        self.with("parent", text(parent))
    }

    fn written(self, options: WriteOptions) -> Result<Self, Error> {
        let WriteOptions { validate_only, mut request_id, change_reason } = options;
        directory::identify(&mut request_id);
        self.with("validate_only", Value::Bool(validate_only))?
            .with("request_id", text(request_id))?
            .with("change_reason", text(change_reason))
    }

    /// The field of the request that takes the record.
    fn resource_field(&self) -> Result<FieldDescriptor, Error> {
        let missing = || Error::Contract { problem: format!("{} takes no record", self.method.full_name()) };
        self.method.input().fields().find(|field| holds(field, self.collection)).ok_or_else(missing)
    }
}

/// What came back.
struct Reply {
    collection: Collection,
    message: DynamicMessage,
}

impl Reply {
    fn resource(self) -> Resource {
        Resource::new(self.collection, self.message)
    }

    fn revision(&self) -> i64 {
        self.message.get_field_by_name("revision").and_then(|revision| revision.as_i64()).unwrap_or_default()
    }

    fn resources(mut self) -> Vec<Resource> {
        let field = self.message.descriptor().fields().find(|field| holds(field, self.collection));
        let list = field.map(|field| self.message.take_field(&field).unwrap_or_else(|| Value::List(Vec::new())));
        match list {
            Some(Value::List(items)) => {
                let message = |item| if let Value::Message(message) = item { Some(message) } else { None };
                items.into_iter().filter_map(message).map(|message| Resource::new(self.collection, message)).collect()
            }
            Some(_) | None => Vec::new(),
        }
    }
}

/// The method of the contract for this; `None` if there is none.
fn method(collection: Collection, verb: Verb) -> Option<MethodDescriptor> {
    let singular = format!("{}{}", verb.word(), tree::message_name(collection));
    let ours = pool().services().filter(|service| service.package_name() == PACKAGE);
    ours.flat_map(|service| service.methods().collect::<Vec<_>>()).find(|method| match verb {
        Verb::Get | Verb::Create | Verb::Update | Verb::Delete => method.name() == singular,
        // Named in the plural: the answer tells of what.
        Verb::List | Verb::BatchGet => {
            method.name().starts_with(verb.word()) && method.output().fields().any(|field| holds(&field, collection))
        }
    })
}

/// Whether a field has the records of a collection.
fn holds(field: &FieldDescriptor, collection: Collection) -> bool {
    matches!(field.kind(), Kind::Message(message) if message.name() == tree::message_name(collection))
}

fn text(text: impl ToString) -> Value {
    Value::String(text.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_collection_has_every_call_but_those_that_make_no_sense_for_the_profile() {
        for &collection in Collection::ALL {
            for verb in Verb::ALL {
                let expected = collection != Collection::Profiles || matches!(verb, Verb::Get | Verb::Update);
                assert_eq!(method(collection, verb).is_some(), expected, "{verb:?} {collection:?}");
            }
        }
    }

    #[test]
    fn every_call_of_the_contract_has_a_method() {
        let generic: Vec<String> = Collection::ALL
            .iter()
            .flat_map(|&collection| Verb::ALL.iter().filter_map(move |&verb| method(collection, verb)))
            .map(|method| method.full_name().to_owned())
            .collect();
        let written = [include_str!("coordination.rs"), include_str!("directory.rs")].concat();
        for service in pool().services().filter(|service| service.package_name() == PACKAGE) {
            for method in service.methods() {
                let path = format!("\"/{}/{}\"", service.full_name(), method.name());
                assert!(generic.iter().any(|name| name == method.full_name()) || written.contains(&path), "{path}");
            }
        }
    }
}
