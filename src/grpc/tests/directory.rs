//! The directory as a whole. Imports need a stream from outside and are tried through the server.

use tokio_stream::StreamExt;
use tonic::Request;

use super::{area, fields, refusal, texts, with_areas};
use crate::domain::name::Collection;
use crate::proto::v1;
use crate::proto::v1::change::Change;
use crate::proto::v1::directory_service_server::DirectoryService;
use crate::proto::v1::record::Record;

fn record(area: v1::Area) -> v1::Record {
    v1::Record { record: Some(Record::Area(area)) }
}

fn named(id: &str) -> v1::Area {
    v1::Area { name: format!("areas/{id}"), ..area(id) }
}

fn apply(changes: Vec<Change>) -> v1::ApplyChangesRequest {
    let changes = changes.into_iter().map(|change| v1::Change { change: Some(change) }).collect();
    v1::ApplyChangesRequest { changes, change_reason: "a test".to_owned(), ..v1::ApplyChangesRequest::default() }
}

fn deletion(name: &str) -> Change {
    Change::Delete(v1::RecordDeletion { name: name.to_owned(), ..v1::RecordDeletion::default() })
}

#[tokio::test]
async fn several_changes_are_one_revision_with_its_diff() {
    let api = with_areas(&["a", "b"]).await;
    let changed = v1::Area { display_names: texts("other"), ..named("a") };
    let changes = vec![Change::Create(record(named("c"))), Change::Update(record(changed)), deletion("areas/b")];
    let dry = v1::ApplyChangesRequest { validate_only: true, ..apply(changes.clone()) };
    assert_eq!(api.apply_changes(Request::new(dry)).await.unwrap().into_inner().revision, 2);
    let applied = api.apply_changes(Request::new(apply(changes))).await.unwrap().into_inner();
    assert_eq!(applied.revision, 3);
    let kinds: Vec<_> = applied.diffs.iter().map(|diff| (diff.name.as_str(), diff.kind())).collect();
    let (created, changed, deleted) = (v1::DiffKind::Created, v1::DiffKind::Changed, v1::DiffKind::Deleted);
    assert_eq!(kinds, [("areas/a", changed), ("areas/b", deleted), ("areas/c", created)]);
    let field = &applied.diffs[0].fields[0];
    let said = (field.path.as_str(), field.before.as_str(), field.after.as_str());
    assert_eq!(said, ("display_names.nl", "\"a\"", "\"other\""));
}

#[tokio::test]
async fn one_wrong_change_refuses_all_and_every_fault_has_its_place() {
    let api = with_areas(&["a"]).await;
    let within = vec![v1::AreaEdge { area: "areas/nowhere".to_owned(), ..v1::AreaEdge::default() }];
    let dangling = v1::Area { within, ..named("d") };
    let changes = vec![Change::Put(record(named("c"))), Change::Put(record(dangling)), deletion("areas/nobody")];
    let refused = fields(api.apply_changes(Request::new(apply(changes))).await);
    assert_eq!(refused[0], "changes[1].put.area.within[0].area");
    assert!(refused.iter().any(|field| field.starts_with("changes[2].delete")), "{refused:?}");
    let wrong = vec![Change::Put(record(v1::Area { kind: 0, ..named("c") })), deletion("x")];
    let refused = fields(api.apply_changes(Request::new(apply(wrong))).await);
    assert_eq!(refused, ["changes[0].put.area.kind", "changes[1].delete.name"]);
    let alone = api.apply_changes(Request::new(apply(vec![deletion("areas/nobody")]))).await;
    assert_eq!(refusal(alone).1, "NOT_FOUND");
}

#[tokio::test]
async fn history_is_listed_page_by_page_and_by_record() {
    let api = with_areas(&["a", "b", "c"]).await;
    api.apply_changes(Request::new(apply(vec![deletion("areas/a")]))).await.unwrap();
    let list = |page_token: &str, name: &str, after_revision| {
        let (page_token, name) = (page_token.to_owned(), name.to_owned());
        Request::new(v1::ListChangesRequest { page_size: 3, page_token, after_revision, name })
    };
    let first = api.list_changes(list("", "", 0)).await.unwrap().into_inner();
    assert_eq!(first.changes.iter().map(|change| change.revision).collect::<Vec<_>>(), [1, 2, 3]);
    let last = api.list_changes(list(&first.next_page_token, "", 0)).await.unwrap().into_inner();
    assert_eq!((last.changes.len(), last.next_page_token.as_str(), last.revision), (1, "", 4));
    let change = &last.changes[0];
    assert_eq!((change.principal.as_str(), change.change_reason.as_str()), ("local", "a test"));
    assert_eq!(change.diffs[0].kind(), v1::DiffKind::Deleted);
    let of_a = api.list_changes(list("", "areas/a", 0)).await.unwrap().into_inner();
    assert_eq!(of_a.changes.iter().map(|change| change.revision).collect::<Vec<_>>(), [1, 4]);
    assert_eq!(api.list_changes(list("", "", 4)).await.unwrap().into_inner().changes, []);
    assert_eq!(fields(api.list_changes(list("", "x", -1)).await), ["after_revision", "name"]);
}

#[tokio::test]
async fn the_state_counts_every_collection() {
    let api = with_areas(&["a", "b"]).await;
    let state = api.get_directory(Request::new(v1::GetDirectoryRequest {})).await.unwrap().into_inner();
    assert_eq!((state.revision, state.counts.len(), state.dataset_date.as_str()), (2, Collection::ALL.len(), ""));
    let areas = state.counts.iter().find(|count| count.collection == "areas").unwrap();
    assert_eq!(areas.record_count, 2);
}

#[tokio::test]
async fn an_export_is_everything_and_can_be_put_again() {
    let api = with_areas(&["a", "b"]).await;
    let request = Request::new(v1::ExportDirectoryRequest {});
    let stream = api.export_directory(request).await.unwrap().into_inner();
    let records: Vec<_> = stream.map(|answer| answer.unwrap()).collect().await;
    assert_eq!(records.iter().map(|record| record.revision).collect::<Vec<_>>(), [2, 2]);
    let changes = records.into_iter().map(|answer| Change::Put(answer.record.unwrap())).collect();
    let again = api.apply_changes(Request::new(apply(changes))).await.unwrap().into_inner();
    assert_eq!((again.revision, again.diffs), (2, vec![]));
}
