//! Import and export over the wire: what comes out goes in again.

use crisisgids::proto::v1;
use crisisgids::proto::v1::directory_service_client::DirectoryServiceClient;
use crisisgids::proto::v1::import_changes_request::Part;
use crisisgids::proto::v1::import_changes_response::Part as Answer;
use crisisgids::proto::v1::record::Record;
use tokio_stream::StreamExt;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::support::TestServer;

type Client = DirectoryServiceClient<Channel>;

async fn client(server: &TestServer) -> Client {
    DirectoryServiceClient::new(server.channel().await)
}

async fn export(client: &mut Client) -> (i64, Vec<v1::Record>) {
    let stream = client.export_directory(v1::ExportDirectoryRequest {}).await.unwrap().into_inner();
    let answers: Vec<_> = stream.map(Result::unwrap).collect().await;
    let revision = answers.first().unwrap().revision;
    (revision, answers.into_iter().map(|answer| answer.record.unwrap()).collect())
}

async fn import(client: &mut Client, parts: Vec<Part>) -> Result<Vec<Answer>, Status> {
    let requests = parts.into_iter().map(|part| v1::ImportChangesRequest { part: Some(part) });
    let mut stream = client.import_changes(tokio_stream::iter(requests.collect::<Vec<_>>())).await?.into_inner();
    let mut answers = Vec::new();
    while let Some(answer) = stream.next().await {
        answers.push(answer?.part.unwrap());
    }
    Ok(answers)
}

fn parts(options: v1::ImportOptions, records: Vec<v1::Record>) -> Vec<Part> {
    std::iter::once(Part::Options(options)).chain(records.into_iter().map(Part::Record)).collect()
}

/// The fields that a refusal names.
fn fields(refused: Result<Vec<Answer>, Status>) -> Vec<String> {
    let bad = refused.unwrap_err().get_details_bad_request().unwrap();
    bad.field_violations.into_iter().map(|violation| violation.field).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_is_imported_again_without_a_difference() {
    let server = TestServer::shipped();
    let mut client = client(&server).await;
    let (revision, mut records) = export(&mut client).await;
    let answers = import(&mut client, parts(v1::ImportOptions::default(), records.clone())).await.unwrap();
    assert!(matches!(answers.first(), Some(Answer::Progress(_))), "told while records come in");
    let nothing = v1::ImportResult { revision, ..v1::ImportResult::default() };
    assert_eq!(answers.last(), Some(&Answer::Result(nothing)));
    assert!(!answers.iter().any(|answer| matches!(answer, Answer::Diff(_))));

    let changed = records.iter_mut().find_map(|record| match &mut record.record {
        Some(Record::Area(area)) if area.name == "areas/gm0171" => Some(area),
        _ => None,
    });
    changed.unwrap().display_names[0].text = "N.O.P.".to_owned();
    let dry = v1::ImportOptions { validate_only: true, ..v1::ImportOptions::default() };
    for (options, stands) in [(dry, revision), (v1::ImportOptions::default(), revision + 1)] {
        let answers = import(&mut client, parts(options, records.clone())).await.unwrap();
        let diffs = answers.iter().filter_map(|answer| match answer {
            Answer::Diff(diff) => Some((diff.name.as_str(), diff.kind())),
            Answer::Progress(_) | Answer::Result(_) => None,
        });
        assert_eq!(diffs.collect::<Vec<_>>(), [("areas/gm0171", v1::DiffKind::Changed)]);
        let result = v1::ImportResult { revision: stands, changed_count: 1, ..v1::ImportResult::default() };
        assert_eq!(answers.last(), Some(&Answer::Result(result)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_names_every_fault_of_every_record_and_writes_nothing() {
    let server = TestServer::shipped();
    let mut client = client(&server).await;
    let (revision, records) = export(&mut client).await;
    let wrong = |area: v1::Area| v1::Record { record: Some(Record::Area(area)) };
    let unnamed = wrong(v1::Area { kind: 99, ..v1::Area::default() });
    let faulty = vec![records[0].clone(), unnamed, v1::Record::default()];
    let found = fields(import(&mut client, parts(v1::ImportOptions::default(), faulty)).await);
    for field in ["records[1].area.name", "records[1].area.kind", "records[1].area.display_names", "records[2].record"]
    {
        assert!(found.contains(&field.to_owned()), "{field} in {found:?}");
    }
    let late = vec![Part::Record(records[0].clone()), Part::Options(v1::ImportOptions::default())];
    assert_eq!(fields(import(&mut client, late).await), ["options"]);
    let prune = v1::ImportOptions { prune: true, ..v1::ImportOptions::default() };
    assert_eq!(fields(import(&mut client, parts(prune, vec![])).await), ["options.prune"]);
    assert_eq!(export(&mut client).await.0, revision);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_import_is_answered_as_the_first_and_another_under_its_id_is_refused() {
    let server = TestServer::shipped();
    let mut client = client(&server).await;
    let (revision, records) = export(&mut client).await;
    let request_id = "0f8fad5b-d9cb-469f-a165-70867728950e".to_owned();
    let options = v1::ImportOptions { request_id, ..v1::ImportOptions::default() };
    let condition = v1::Condition {
        name: "conditions/night".to_owned(),
        display_names: vec![v1::LocalisedText { language_code: "nl".to_owned(), text: "nacht".to_owned() }],
        ..v1::Condition::default()
    };
    let new = vec![v1::Record { record: Some(Record::Condition(condition)) }];
    let first = import(&mut client, parts(options.clone(), new.clone())).await.unwrap();
    let result = v1::ImportResult { revision: revision + 1, created_count: 1, ..v1::ImportResult::default() };
    assert_eq!(first.last(), Some(&Answer::Result(result)));
    assert_eq!(import(&mut client, parts(options.clone(), new)).await.unwrap(), first);
    let other = import(&mut client, parts(options, vec![records[0].clone()])).await.unwrap_err();
    assert_eq!(other.code(), Code::InvalidArgument);
    assert_eq!(other.get_details_error_info().unwrap().reason, "REQUEST_ID_REUSED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_faulty_dataset_is_told_by_where_the_record_came_in_the_stream() {
    let server = TestServer::shipped();
    let mut client = client(&server).await;
    let (_, mut records) = export(&mut client).await;
    // Last by name, first in the stream.
    records.reverse();
    let at = records
        .iter()
        .position(|record| matches!(&record.record, Some(Record::Area(area)) if area.name == "areas/gm0171"));
    let at = at.unwrap();
    let Some(Record::Area(area)) = &mut records[at].record else { panic!("an area") };
    area.within[0].area = "areas/nowhere".to_owned();
    let options = v1::ImportOptions { as_dataset: true, ..v1::ImportOptions::default() };
    let found = fields(import(&mut client, parts(options, records)).await);
    assert_eq!(found, [format!("records[{at}].area.within[0].area")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_larger_than_a_server_can_hold_is_refused() {
    let server = TestServer::shipped();
    let mut client = client(&server).await;
    let text = |text: &str| v1::LocalisedText { language_code: "nl".to_owned(), text: text.to_owned() };
    let alias = v1::Alias { text: "x".repeat(4_000), ..v1::Alias::default() };
    let area = v1::Area {
        name: "areas/large".to_owned(),
        display_names: vec![text("large")],
        kind: v1::AreaKind::Place.into(),
        aliases: vec![alias; 50],
        ..v1::Area::default()
    };
    let record = v1::Record { record: Some(Record::Area(area)) };
    let found = import(&mut client, parts(v1::ImportOptions::default(), vec![record; 400])).await.unwrap_err();
    assert_eq!(found.code(), Code::InvalidArgument);
    assert!(found.message().contains("at most 25000 records"), "{}", found.message());
}
