//! Every service as its callers meet it: the typed client, the production layers, a directory in memory.

use crisisgids::client::{Client, Error, ListOptions, Page, Refusal, Resource, Settings, WriteOptions};
use crisisgids::domain::access::{Action, Permit, Principal};
use crisisgids::domain::error::Reason;
use crisisgids::domain::field::{Faults, Path, Value};
use crisisgids::domain::name::{Collection, Name};
use crisisgids::domain::record::{Record, Stored};
use crisisgids::proto::v1;
use tonic::Code;

use super::support::{PATIENCE, TestServer};

mod changes;
mod every_method;
mod history;
mod imports;
mod lists;
mod reads;
mod tokens;
mod writes;

/// Every collection that has all the methods: the profile has no list.
fn collections() -> impl Iterator<Item = Collection> {
    Collection::ALL.iter().copied().filter(|collection| *collection != Collection::Profiles)
}

/// A client that tries nothing twice.
async fn client(server: &TestServer) -> Client {
    let endpoints = vec![format!("http://{}", server.address())];
    let settings = Settings { endpoints, rounds: 1, deadline: PATIENCE, ..Settings::default() };
    Client::connect(settings).await.unwrap()
}

/// A server of so many places, `areas/p-000` and on, and a client of it.
async fn with_places(count: usize) -> (TestServer, Client) {
    let places = (0..count).map(|index| place(&format!("p-{index:03}")));
    let server = TestServer::of(places.map(|place| record(&place)).collect());
    let client = client(&server).await;
    (server, client)
}

/// A server of the directory that ships, and a client of it.
async fn with_dataset() -> (TestServer, Client) {
    let server = TestServer::shipped();
    let client = client(&server).await;
    (server, client)
}

/// The least that a place is.
fn place(id: &str) -> v1::Area {
    v1::Area {
        name: format!("areas/{id}"),
        display_names: vec![text("nl", id)],
        kind: v1::AreaKind::Place.into(),
        ..Default::default()
    }
}

/// The least that an organisation is.
fn organisation(id: &str) -> v1::Organisation {
    v1::Organisation {
        name: format!("organisations/{id}"),
        display_names: vec![text("nl", id)],
        kind: "team".to_owned(),
        ..Default::default()
    }
}

fn text(language: &str, text: &str) -> v1::LocalisedText {
    v1::LocalisedText { language_code: language.to_owned(), text: text.to_owned() }
}

/// A place called something else as well.
fn alias(place: &v1::Area, words: &str) -> v1::Area {
    v1::Area { aliases: vec![v1::Alias { text: words.to_owned(), ..Default::default() }], ..place.clone() }
}

fn resource<M: crisisgids::client::Kept>(message: &M) -> Resource {
    Resource::from_message(message).unwrap()
}

fn record<M: crisisgids::client::Kept>(message: &M) -> Record {
    resource(message).to_record().unwrap()
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// The same record under another id.
fn copy(record: &Record, id: &str) -> Record {
    let name = record.name().as_str();
    let (above, _) = name.rsplit_once('/').unwrap();
    let mut fields = record.to_fields();
    fields.insert("name".to_owned(), Value::Text(format!("{above}/{id}")));
    let mut faults = Faults::default();
    Record::from_fields(record.collection(), fields, &Path::Root, &mut faults).unwrap_or_else(|| panic!("{faults:?}"))
}

/// How to write, with no more than a request id.
fn once() -> WriteOptions {
    WriteOptions::default()
}

/// What the server holds of one collection, by name.
fn standing(server: &TestServer, collection: Collection) -> Vec<Stored> {
    let permit = Permit::request(Principal::local(), Action::Read).unwrap();
    let snapshot = server.directory().snapshot(&permit).unwrap();
    let of = |stored: &&std::sync::Arc<Stored>| stored.record.collection() == collection;
    snapshot.iter().filter(of).map(|stored| stored.as_ref().clone()).collect()
}

/// Every page of a list.
async fn pages(client: &Client, collection: Collection, options: &ListOptions) -> Result<Vec<Page>, Error> {
    let mut options = options.clone();
    let mut pages = Vec::new();
    loop {
        let page = client.list(collection, &options).await?;
        options.page_token = page.next_page_token.clone();
        pages.push(page);
        if options.page_token.is_empty() {
            return Ok(pages);
        }
    }
}

/// Everything in a list.
async fn all(client: &Client, collection: Collection, options: &ListOptions) -> Vec<Resource> {
    let pages = pages(client, collection, options).await.unwrap_or_else(|error| panic!("{options:?}: {error}"));
    pages.into_iter().flat_map(|page| page.resources).collect()
}

/// The names in a list.
async fn names(client: &Client, collection: Collection, filter: &str, order_by: &str) -> Vec<String> {
    let (filter, order_by) = (filter.to_owned(), order_by.to_owned());
    let options = ListOptions { filter, order_by, page_size: 500, ..ListOptions::default() };
    all(client, collection, &options).await.iter().map(|resource| resource.name().to_owned()).collect()
}

/// What the server said, if it refused for this.
fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>, code: Code, reason: Reason) -> Refusal {
    let error = outcome.expect_err("it is refused");
    assert_eq!((error.code(), error.reason()), (code, Some(reason)), "{error}");
    let refusal = error.refusal().unwrap().clone();
    assert!(!refusal.message.is_empty() && refusal.localised_message.is_some(), "{refusal:?}");
    refusal
}

/// The fields that are wrong and why, in the order told.
fn invalid<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Vec<(String, String)> {
    let refusal = refused(outcome, Code::InvalidArgument, Reason::InvalidFields);
    refusal.violations.into_iter().map(|violation| (violation.field, violation.reason)).collect()
}

fn wrong(field: &str, reason: &str) -> (String, String) {
    (field.to_owned(), reason.to_owned())
}

/// The revision that the directory has.
async fn revision(client: &Client) -> i64 {
    client.get_directory().await.unwrap().revision
}
