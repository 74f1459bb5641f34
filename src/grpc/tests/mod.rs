//! The handlers, called as the server calls them, over a directory in memory.

mod directory;
mod resources;
mod statuses;

use std::sync::Arc;

use jiff::Timestamp;
use prost::Message;
use tonic::{Code, Request, Response, Status};
use tonic_types::pb;

use super::call::Api;
use super::edge::Edge;
use crate::directory::Directory;
use crate::domain::access::Principal;
use crate::proto::rules::Rules;
use crate::proto::v1;
use crate::proto::v1::area_service_server::AreaService;
use crate::store::memory::MemoryStore;

/// An empty directory behind handlers whose clock stands still.
fn api() -> Api {
    let directory = Directory::open(Box::new(MemoryStore::default())).unwrap();
    let clock = Arc::new(|| Timestamp::from_second(1_795_000_000).unwrap());
    Api::new(Edge::new(Arc::new(directory), clock, Some(Principal::local())), Arc::new(Rules::load().unwrap()))
}

/// A directory with these municipalities, made one after the other.
async fn with_areas(ids: &[&str]) -> Api {
    let api = api();
    for id in ids {
        api.create_area(Request::new(create(id))).await.unwrap();
    }
    api
}

fn texts(text: &str) -> Vec<v1::LocalisedText> {
    vec![v1::LocalisedText { language_code: "nl".to_owned(), text: text.to_owned() }]
}

fn area(id: &str) -> v1::Area {
    v1::Area { display_names: texts(id), kind: v1::AreaKind::Municipality.into(), ..v1::Area::default() }
}

fn create(id: &str) -> v1::CreateAreaRequest {
    v1::CreateAreaRequest { area_id: id.to_owned(), area: Some(area(id)), ..v1::CreateAreaRequest::default() }
}

fn get(name: &str) -> Request<v1::GetAreaRequest> {
    Request::new(v1::GetAreaRequest { name: name.to_owned() })
}

/// The code and the reason of a refusal.
fn refusal<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> (Code, String) {
    let status = answer.unwrap_err();
    let info: pb::ErrorInfo = detail(&status, "google.rpc.ErrorInfo").unwrap();
    assert_eq!(info.domain, "crisisgids");
    (status.code(), info.reason)
}

/// The fields that a refusal names.
fn fields<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> Vec<String> {
    let status = answer.unwrap_err();
    let bad: pb::BadRequest = detail(&status, "google.rpc.BadRequest").unwrap();
    bad.field_violations.into_iter().map(|violation| violation.field).collect()
}

/// The detail of a type, if a status has it.
fn detail<M: Message + Default>(status: &Status, name: &str) -> Option<M> {
    let rpc = pb::Status::decode(status.details()).unwrap();
    let found = rpc.details.iter().find(|any| any.type_url == format!("type.googleapis.com/{name}"))?;
    Some(M::decode(found.value.as_slice()).unwrap())
}
