//! Imports and exports: one revision, whatever the size; a newer dataset merged with what the office made.

use crisisgids::client::{Client, Error, Resource};
use crisisgids::domain::error::Reason;
use crisisgids::domain::name::Collection;
use crisisgids::domain::record::Record;
use crisisgids::proto::v1;
use crisisgids::proto::v1::directory_service_client::DirectoryServiceClient;
use crisisgids::proto::v1::import_changes_request::Part as Sent;
use crisisgids::proto::v1::import_changes_response::Part;
use crisisgids::proto::v1::{ConflictPolicy, ImportOptions, ImportResult, RecordDiff};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::{alias, invalid, name, names, once, place, refused, resource, revision, standing, text};
use super::{with_dataset, with_places, wrong};
use crate::support::TestServer;

/// What came of an import.
#[derive(Debug)]
struct Imported {
    progress: Vec<i32>,
    diffs: Vec<RecordDiff>,
    result: ImportResult,
}

async fn import(client: &Client, options: ImportOptions, areas: &[v1::Area]) -> Result<Imported, Error> {
    import_all(client, options, areas.iter().map(|area| resource(area).to_envelope().unwrap())).await
}

async fn import_all(
    client: &Client,
    options: ImportOptions,
    records: impl IntoIterator<Item = v1::Record>,
) -> Result<Imported, Error> {
    let mut answer = client.import_changes(options, records).await?;
    let (mut progress, mut diffs, mut result) = (Vec::new(), Vec::new(), None);
    while let Some(message) = answer.next().await? {
        assert_eq!(result, None, "the result comes last");
        match message.part.unwrap() {
            Part::Progress(part) => progress.push(part.record_count),
            Part::Diff(diff) => diffs.push(diff),
            Part::Result(part) => result = Some(part),
        }
    }
    Ok(Imported { progress, diffs, result: result.unwrap() })
}

/// Everything that the directory exports, and the revisions that were said.
async fn export(client: &Client) -> (Vec<v1::Record>, Vec<i64>) {
    let mut copy = client.export_directory().await.unwrap();
    let (mut records, mut revisions) = (Vec::new(), Vec::new());
    while let Some(message) = copy.next().await.unwrap() {
        records.extend(message.record);
        revisions.push(message.revision);
    }
    revisions.dedup();
    (records, revisions)
}

fn dataset() -> ImportOptions {
    ImportOptions { as_dataset: true, ..Default::default() }
}

fn many(count: usize) -> Vec<v1::Area> {
    (0..count).map(|index| place(&format!("i-{index:04}"))).collect()
}

#[tokio::test]
async fn an_import_of_any_size_is_one_revision_with_progress_diff_and_result() {
    let (_server, client) = with_places(1).await;
    let imported = import(&client, ImportOptions::default(), &many(1200)).await.unwrap();
    // How much progress is told depends on who is quicker; it never goes back.
    assert!(imported.progress.is_sorted() && imported.progress.iter().all(|count| *count <= 1200));
    assert!(imported.diffs.is_sorted_by_key(|diff| diff.name.clone()));
    assert_eq!(imported.diffs.len(), 1200);
    let result = ImportResult { revision: 2, created_count: 1200, changed_count: 0, deleted_count: 0 };
    assert_eq!((imported.result, revision(&client).await), (result, 2));
    let again = import(&client, ImportOptions::default(), &many(1200)).await.unwrap();
    assert_eq!((again.diffs.len(), again.result), (0, ImportResult { revision: 2, ..Default::default() }));
}

#[tokio::test]
async fn one_faulty_record_refuses_the_whole_import_and_all_faults_are_told() {
    let (_server, client) = with_places(0).await;
    let mut areas = many(10);
    areas[3].kind = 0;
    areas[7].display_names.clear();
    assert_eq!(
        invalid(import(&client, ImportOptions::default(), &areas).await),
        [wrong("records[3].area.kind", "REQUIRED"), wrong("records[7].area.display_names", "REQUIRED")]
    );
    let mut areas = many(10);
    areas[4].within = vec![v1::AreaEdge { area: "areas/nowhere".to_owned(), ..Default::default() }];
    areas[9] = areas[8].clone();
    assert_eq!(
        invalid(import(&client, ImportOptions::default(), &areas).await),
        [wrong("records[4].area.within[0].area", "DANGLING"), wrong("records[9].area", "DUPLICATE")]
    );
    let found = invalid(import(&client, ImportOptions { prune: true, ..Default::default() }, &many(1)).await);
    assert_eq!(found, [wrong("options.prune", "NOT_A_DATASET")]);
    let found = invalid(import(&client, ImportOptions { on_conflict: 9, ..dataset() }, &many(1)).await);
    assert_eq!(found, [wrong("options.on_conflict", "UNKNOWN_VALUE")]);
    assert_eq!(revision(&client).await, 0);
}

#[tokio::test]
async fn a_trial_import_tells_everything_and_changes_nothing() {
    let (server, client) = with_places(3).await;
    let before = standing(&server, Collection::Areas);
    let options = ImportOptions { validate_only: true, ..Default::default() };
    let mut areas = many(2);
    areas.push(alias(&place("p-000"), "plek"));
    let tried = import(&client, options, &areas).await.unwrap();
    let result = ImportResult { revision: 1, created_count: 2, changed_count: 1, deleted_count: 0 };
    assert_eq!((tried.diffs.len(), tried.result), (3, result));
    assert_eq!((standing(&server, Collection::Areas), revision(&client).await), (before, 1));
}

#[tokio::test]
async fn an_import_repeated_with_its_id_is_done_once() {
    let (_server, client) = with_places(0).await;
    let options = ImportOptions { request_id: "0f8fad5b-d9cb-469f-a165-70867728950e".to_owned(), ..Default::default() };
    let first = import(&client, options.clone(), &many(3)).await.unwrap();
    client.delete(&name("areas/i-0001"), None, once()).await.unwrap();
    let again = import(&client, options.clone(), &many(3)).await.unwrap();
    assert_eq!((&again.result, &again.diffs, revision(&client).await), (&first.result, &first.diffs, 2));
    let other = import(&client, options, &many(4)).await;
    refused(other, Code::InvalidArgument, Reason::RequestIdReused);
}

/// Begins an import of so many records and breaks its connection before saying that it is complete.
fn begin_and_break(address: std::net::SocketAddr, count: usize) {
    // A runtime of its own: with it everything of the connection is gone at once.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let open = runtime.block_on(async {
        let mut calls = DirectoryServiceClient::connect(format!("http://{address}")).await.unwrap();
        let (send, receive) = mpsc::channel(1);
        let answer = tokio::spawn(async move { calls.import_changes(ReceiverStream::new(receive)).await });
        let options = Sent::Options(ImportOptions::default());
        let records = many(count).into_iter().map(|area| Sent::Record(resource(&area).to_envelope().unwrap()));
        for part in std::iter::once(options).chain(records) {
            send.send(v1::ImportChangesRequest { part: Some(part) }).await.unwrap();
        }
        (send, answer.await.unwrap().unwrap())
    });
    drop(runtime);
    drop(open);
}

#[tokio::test]
async fn an_import_whose_sender_goes_away_is_not_done() {
    let (server, client) = with_places(0).await;
    for count in [0, 1, 40, 600] {
        let address = server.address();
        tokio::task::spawn_blocking(move || begin_and_break(address, count)).await.unwrap();
    }
    client.create(&resource(&place("after")), once()).await.unwrap();
    assert_eq!(names(&client, Collection::Areas, "", "").await, ["areas/after"]);
    assert_eq!(revision(&client).await, 1);
}

#[tokio::test]
async fn options_come_first_and_once() {
    let (server, _) = with_places(0).await;
    let options = || Sent::Options(ImportOptions::default());
    let record = || Sent::Record(resource(&place("x")).to_envelope().unwrap());
    let cases: Vec<(Vec<Option<Sent>>, &str)> = vec![
        (vec![], "options"),
        (vec![Some(record())], "options"),
        (vec![Some(record()), Some(options())], "options"),
        (vec![Some(options()), Some(options())], "options"),
        (vec![Some(options()), None], "part"),
        (vec![Some(options()), Some(Sent::Record(v1::Record { record: None }))], "records[0].record"),
    ];
    for (parts, field) in cases {
        let messages: Vec<_> = parts.into_iter().map(|part| v1::ImportChangesRequest { part }).collect();
        let mut calls = DirectoryServiceClient::new(server.channel().await);
        let status: Status = match calls.import_changes(tokio_stream::iter(messages)).await {
            Ok(answer) => answer.into_inner().message().await.unwrap_err(),
            Err(status) => status,
        };
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        let violations = status.get_details_bad_request().unwrap().field_violations;
        assert_eq!(violations.first().map(|violation| violation.field.as_str()), Some(field));
    }
}

/// A server of a dataset of three places of which the office changed one and deleted one, and added a fourth.
async fn edited() -> (TestServer, Client) {
    let (server, client) = with_places(3).await;
    client.update(&resource(&alias(&place("p-000"), "ours")), &["aliases"], once()).await.unwrap();
    client.delete(&name("areas/p-001"), None, once()).await.unwrap();
    client.create(&resource(&place("office")), once()).await.unwrap();
    (server, client)
}

/// The next dataset: `p-000` is called something else as well, all three have another name, a fourth is new.
fn newer() -> Vec<v1::Area> {
    let renamed = |id: &str| v1::Area { display_names: vec![text("nl", "Nieuw")], ..place(id) };
    vec![alias(&renamed("p-000"), "theirs"), renamed("p-001"), renamed("p-002"), place("p-003")]
}

async fn area(client: &Client, id: &str) -> Option<(String, Option<String>)> {
    let area: v1::Area = client.get(&name(&format!("areas/{id}"))).await.ok()?.to_message().unwrap();
    Some((area.display_names.first()?.text.clone(), area.aliases.first().map(|alias| alias.text.clone())))
}

#[tokio::test]
async fn what_office_and_dataset_both_changed_is_refused_with_every_conflict() {
    let (_server, client) = edited().await;
    for on_conflict in [ConflictPolicy::Unspecified, ConflictPolicy::Refuse] {
        let options = ImportOptions { on_conflict: on_conflict.into(), ..dataset() };
        let outcome = import(&client, options, &newer()).await;
        let refusal = refused(outcome, Code::FailedPrecondition, Reason::MergeConflict);
        let conflicts: Vec<_> =
            refusal.conflicts.iter().map(|conflict| (conflict.name.as_str(), conflict.field.as_str())).collect();
        assert_eq!(conflicts, [("areas/p-000", "aliases"), ("areas/p-001", "")]);
    }
    assert_eq!(revision(&client).await, 4);
}

#[tokio::test]
async fn the_offices_part_is_kept_or_the_datasets_taken_as_told() {
    let (_server, client) = edited().await;
    let keep = ImportOptions { on_conflict: ConflictPolicy::Keep.into(), ..dataset() };
    let kept = import(&client, keep.clone(), &newer()).await.unwrap();
    assert_eq!(kept.result, ImportResult { revision: 5, created_count: 1, changed_count: 2, deleted_count: 0 });
    assert_eq!(area(&client, "p-000").await, Some(("Nieuw".to_owned(), Some("ours".to_owned()))));
    assert_eq!(area(&client, "p-001").await, None);
    assert_eq!(area(&client, "p-002").await, Some(("Nieuw".to_owned(), None)));
    assert_eq!(area(&client, "office").await, Some(("office".to_owned(), None)));
    // The same dataset again is nothing new.
    let again = import(&client, dataset(), &newer()).await.unwrap();
    assert_eq!((again.diffs.len(), again.result.revision), (0, 5));

    let (_server, client) = edited().await;
    let take = ImportOptions { on_conflict: ConflictPolicy::Take.into(), ..dataset() };
    import(&client, take, &newer()).await.unwrap();
    assert_eq!(area(&client, "p-000").await, Some(("Nieuw".to_owned(), Some("theirs".to_owned()))));
    assert_eq!(area(&client, "p-001").await, Some(("Nieuw".to_owned(), None)));
    assert_eq!(area(&client, "office").await, Some(("office".to_owned(), None)));
}

#[tokio::test]
async fn only_pruning_removes_and_never_what_the_office_made() {
    let (_server, client) = edited().await;
    let smaller = vec![place("p-000")];
    import(&client, dataset(), &smaller).await.unwrap();
    assert_eq!(names(&client, Collection::Areas, "", "").await, ["areas/office", "areas/p-000", "areas/p-002"]);
    let pruned = import(&client, ImportOptions { prune: true, ..dataset() }, &smaller).await.unwrap();
    assert_eq!(pruned.result.deleted_count, 1);
    assert_eq!(names(&client, Collection::Areas, "", "").await, ["areas/office", "areas/p-000"]);
}

#[tokio::test]
async fn the_dataset_that_ships_is_nothing_new_to_the_directory_it_filled() {
    let (_server, client) = with_dataset().await;
    let records = crisisgids::dataset::shipped().unwrap().records;
    let envelopes = records.iter().map(|record| Resource::from_record(record).unwrap().to_envelope().unwrap());
    let envelopes: Vec<_> = envelopes.collect();
    let imported = import_all(&client, ImportOptions { prune: true, ..dataset() }, envelopes).await.unwrap();
    assert_eq!((imported.diffs.len(), imported.result.revision), (0, 1));
}

#[tokio::test]
async fn what_is_exported_makes_an_equal_directory_elsewhere() {
    let (server, client) = with_dataset().await;
    client.create(&resource(&alias(&place("office"), "kantoor")), once()).await.unwrap();
    let (records, revisions) = export(&client).await;
    assert_eq!(revisions, [2]);
    let empty = TestServer::of(Vec::new());
    let there = super::client(&empty).await;
    let imported = import_all(&there, ImportOptions::default(), records.clone()).await.unwrap();
    assert_eq!(imported.result.created_count, i32::try_from(records.len()).unwrap());
    for &collection in Collection::ALL {
        let of = |server: &TestServer| -> Vec<Record> {
            standing(server, collection).into_iter().map(|stored| stored.record).collect()
        };
        assert_eq!(of(&empty), of(&server), "{collection:?}");
    }
    let bare = |records: Vec<v1::Record>| -> Vec<Record> {
        records.iter().map(|record| Resource::from_envelope(record).unwrap().to_record().unwrap()).collect()
    };
    assert_eq!(bare(export(&there).await.0), bare(records));
}

#[tokio::test]
async fn an_export_is_of_one_revision_whoever_writes_meanwhile() {
    let (server, client) = with_dataset().await;
    let writer = super::client(&server).await;
    let mut copy = client.export_directory().await.unwrap();
    let mut count = 0;
    while let Some(message) = copy.next().await.unwrap() {
        assert_eq!(message.revision, 1);
        count += 1;
        if count % 500 == 1 {
            writer.create(&resource(&place(&format!("zz-{count}"))), once()).await.unwrap();
        }
    }
    let shipped = crisisgids::dataset::shipped().unwrap().records.len();
    assert_eq!(count, shipped);
    let counts = client.get_directory().await.unwrap().counts;
    let after: i32 = counts.iter().map(|count| count.record_count).sum();
    assert!(usize::try_from(after).unwrap() > shipped);
}
