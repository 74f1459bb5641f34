//! Many changes as one: all of them or none, and what they come to.

use crisisgids::domain::error::Reason;
use crisisgids::domain::name::Collection;
use crisisgids::proto::v1;
use crisisgids::proto::v1::change::Change as What;
use tonic::Code;

use super::{
    alias, invalid, name, organisation, place, refused, resource, revision, standing, text, with_places, wrong,
};

fn changes(changes: impl IntoIterator<Item = What>) -> v1::ApplyChangesRequest {
    let changes = changes.into_iter().map(|change| v1::Change { change: Some(change) }).collect();
    v1::ApplyChangesRequest { changes, ..Default::default() }
}

fn envelope<M: crisisgids::client::Kept>(message: &M) -> v1::Record {
    resource(message).to_envelope().unwrap()
}

fn deletion(name: &str) -> What {
    What::Delete(v1::RecordDeletion { name: name.to_owned(), ..Default::default() })
}

/// A place within another.
fn within(id: &str, above: &str) -> v1::Area {
    let edge = v1::AreaEdge { area: format!("areas/{above}"), ..Default::default() };
    v1::Area { within: vec![edge], ..place(id) }
}

#[tokio::test]
async fn several_changes_are_one_revision_in_any_order_with_their_diff() {
    let (_server, client) = with_places(3).await;
    let station = v1::Station {
        name: "organisations/team/stations/post".to_owned(),
        display_names: vec![text("nl", "Post")],
        area: "areas/new".to_owned(),
        ..Default::default()
    };
    let request = changes([
        What::Create(envelope(&station)),
        What::Update(envelope(&alias(&place("p-000"), "plek"))),
        deletion("areas/p-001"),
        What::Put(envelope(&within("new", "p-002"))),
        What::Create(envelope(&organisation("team"))),
        // Already so: no diff.
        What::Put(envelope(&place("p-002"))),
    ]);
    let answer = client.apply_changes(request).await.unwrap();
    assert_eq!((answer.revision, revision(&client).await), (2, 2));
    let diffs: Vec<_> = answer.diffs.iter().map(|diff| (diff.name.as_str(), diff.kind())).collect();
    use v1::DiffKind::{Changed, Created, Deleted};
    let expected = [
        ("areas/new", Created),
        ("areas/p-000", Changed),
        ("areas/p-001", Deleted),
        ("organisations/team", Created),
        ("organisations/team/stations/post", Created),
    ];
    assert_eq!(diffs, expected);
    let field = &answer.diffs[1].fields[0];
    assert_eq!((field.before.as_str(), field.path.starts_with("aliases")), ("", true));
    assert!(field.after.contains("plek"), "{field:?}");
    for (name, kind) in expected {
        let is_there = client.get(&super::name(name)).await.is_ok();
        assert_eq!(is_there, kind != Deleted, "{name}");
    }
}

#[tokio::test]
async fn one_change_that_is_refused_refuses_all_and_every_cause_is_told() {
    let (server, client) = with_places(2).await;
    let before = standing(&server, Collection::Areas);
    let request = changes([
        What::Create(envelope(&place("fine"))),
        What::Create(envelope(&place("p-000"))),
        What::Update(envelope(&place("missing"))),
        What::Put(envelope(&within("lost", "nowhere"))),
        deletion("areas/never"),
        What::Update(envelope(&v1::Area { etag: "\"9\"".to_owned(), ..place("p-001") })),
    ]);
    assert_eq!(
        invalid(client.apply_changes(request).await),
        [
            wrong("changes[1].create.area", "ALREADY_EXISTS"),
            wrong("changes[2].update.area", "NOT_FOUND"),
            wrong("changes[3].put.area.within[0].area", "DANGLING"),
            wrong("changes[4].delete", "NOT_FOUND"),
            wrong("changes[5].update.area", "ETAG_MISMATCH"),
        ]
    );
    let request = changes([What::Create(envelope(&place("fine"))), What::Create(envelope(&place("p-000")))]);
    refused(client.apply_changes(request).await, Code::AlreadyExists, Reason::AlreadyExists);
    assert_eq!((standing(&server, Collection::Areas), revision(&client).await), (before, 1));
}

#[tokio::test]
async fn what_cannot_be_read_is_told_for_every_change() {
    let (_server, client) = with_places(0).await;
    let mut request = changes([
        What::Create(envelope(&v1::Area { kind: 0, ..place("a") })),
        What::Put(v1::Record { record: None }),
        deletion("nonsense"),
        What::Create(envelope(&v1::Area { display_names: Vec::new(), ..place("b") })),
    ]);
    request.changes.push(v1::Change { change: None });
    assert_eq!(
        invalid(client.apply_changes(request).await),
        [
            wrong("changes[1].put.record", "REQUIRED"),
            wrong("changes[4].change", "REQUIRED"),
            wrong("changes[0].create.area.kind", "REQUIRED"),
            wrong("changes[2].delete.name", "NOT_A_NAME"),
            wrong("changes[3].create.area.display_names", "REQUIRED"),
        ]
    );
    let twice = changes([What::Create(envelope(&place("a"))), What::Put(envelope(&place("a")))]);
    assert_eq!(invalid(client.apply_changes(twice).await), [wrong("changes[1].put.area", "DUPLICATE")]);
}

#[tokio::test]
async fn five_hundred_changes_are_taken_and_one_more_is_not() {
    let (_server, client) = with_places(0).await;
    let many = |count: usize| changes((0..count).map(|index| What::Create(envelope(&place(&format!("m-{index}"))))));
    assert_eq!(invalid(client.apply_changes(many(501)).await), [wrong("changes", "TOO_MANY")]);
    assert_eq!(invalid(client.apply_changes(many(0)).await), [wrong("changes", "REQUIRED")]);
    assert_eq!(revision(&client).await, 0);
    let answer = client.apply_changes(many(500)).await.unwrap();
    assert_eq!((answer.revision, answer.diffs.len()), (1, 500));
}

#[tokio::test]
async fn a_circle_is_refused_whichever_change_closes_it() {
    let (_server, client) = with_places(0).await;
    client
        .apply_changes(changes([What::Put(envelope(&place("a"))), What::Put(envelope(&within("b", "a")))]))
        .await
        .unwrap();
    let found = invalid(client.apply_changes(changes([What::Update(envelope(&within("a", "b")))])).await);
    assert_eq!(found, [wrong("changes[0].update.area.within", "CIRCLE")]);
}

#[tokio::test]
async fn a_trial_of_several_tells_the_diff_and_changes_nothing() {
    let (server, client) = with_places(1).await;
    let before = standing(&server, Collection::Areas);
    let request = changes([What::Create(envelope(&place("new"))), deletion("areas/p-000")]);
    let tried = client.apply_changes(v1::ApplyChangesRequest { validate_only: true, ..request.clone() }).await.unwrap();
    assert_eq!((tried.revision, tried.diffs.len()), (1, 2));
    assert_eq!(standing(&server, Collection::Areas), before);
    let done = client.apply_changes(request).await.unwrap();
    assert_eq!((done.revision, done.diffs), (2, tried.diffs));
}

#[tokio::test]
async fn where_nothing_differs_the_revision_stays() {
    let (_server, client) = with_places(2).await;
    let same = changes([What::Put(envelope(&place("p-000"))), What::Update(envelope(&place("p-001")))]);
    let answer = client.apply_changes(same).await.unwrap();
    assert_eq!((answer.revision, answer.diffs.len(), revision(&client).await), (1, 0, 1));
    let etag = client.get(&name("areas/p-000")).await.unwrap().etag().to_owned();
    assert_eq!(etag, "\"1\"");
}

#[tokio::test]
async fn several_changes_repeated_with_their_id_answer_the_same() {
    let (_server, client) = with_places(1).await;
    let request = v1::ApplyChangesRequest {
        request_id: "0f8fad5b-d9cb-469f-a165-70867728950e".to_owned(),
        ..changes([What::Create(envelope(&place("new"))), deletion("areas/p-000")])
    };
    let first = client.apply_changes(request.clone()).await.unwrap();
    client.apply_changes(changes([What::Put(envelope(&place("p-000")))])).await.unwrap();
    assert_eq!(client.apply_changes(request.clone()).await.unwrap(), first);
    assert_eq!(revision(&client).await, 3);
    let other = v1::ApplyChangesRequest { request_id: request.request_id, ..changes([deletion("areas/new")]) };
    refused(client.apply_changes(other).await, Code::InvalidArgument, Reason::RequestIdReused);
}

/// Readers never see one of two records without the other.
#[tokio::test]
async fn what_is_written_together_is_never_seen_apart() {
    let (_server, client) = with_places(0).await;
    let pair = |round: usize| {
        changes(["left", "right"].map(|id| What::Put(envelope(&alias(&place(id), &format!("round {round}"))))))
    };
    client.apply_changes(pair(0)).await.unwrap();
    let writing = async {
        for round in 1..60 {
            client.apply_changes(pair(round)).await.unwrap();
        }
    };
    let reading = async {
        let both = [name("areas/left"), name("areas/right")];
        loop {
            let read = client.batch_get(Collection::Areas, &both).await.unwrap();
            let aliases: Vec<_> = read.iter().map(|area| area.to_message::<v1::Area>().unwrap().aliases).collect();
            assert_eq!(aliases[0], aliases[1]);
        }
    };
    tokio::select! {
        () = writing => {}
        () = reading => {}
    }
}

fn reverting(revision: i64) -> v1::RevertChangeRequest {
    v1::RevertChangeRequest { revision, change_reason: "a mistake".to_owned(), ..Default::default() }
}

#[tokio::test]
async fn a_write_that_is_taken_back_leaves_everything_as_it_was_and_both_stay_in_the_history() {
    let (server, client) = with_places(3).await;
    let contents = || standing(&server, Collection::Areas).into_iter().map(|stored| stored.record).collect::<Vec<_>>();
    let before = contents();
    let write = changes([
        What::Create(envelope(&place("new"))),
        What::Put(envelope(&alias(&place("p-000"), "plek"))),
        deletion("areas/p-001"),
    ]);
    client.apply_changes(write).await.unwrap();
    let tried = client.revert_change(v1::RevertChangeRequest { validate_only: true, ..reverting(2) }).await.unwrap();
    assert_eq!((tried.revision, tried.diffs.len()), (2, 3));
    assert_ne!(contents(), before);

    let done = client.revert_change(reverting(2)).await.unwrap();
    assert_eq!((done.revision, done.diffs), (3, tried.diffs));
    assert_eq!(contents(), before);
    let history = client.list_changes(v1::ListChangesRequest::default()).await.unwrap();
    assert_eq!(history.changes.iter().map(|change| change.revision).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(history.changes.last().unwrap().change_reason, "a mistake");
    let again = client.revert_change(reverting(2)).await.unwrap();
    assert_eq!((again.revision, again.diffs.len()), (3, 0), "it is taken back already");
    client.revert_change(reverting(3)).await.unwrap();
    assert_ne!(contents(), before, "taking that back writes it again");
}

#[tokio::test]
async fn what_was_changed_since_is_never_overwritten_by_taking_a_write_back() {
    let (server, client) = with_places(2).await;
    let both = ["p-000", "p-001"].map(|id| What::Put(envelope(&alias(&place(id), "plek"))));
    client.apply_changes(changes(both)).await.unwrap();
    client.apply_changes(changes([What::Put(envelope(&alias(&place("p-001"), "oord")))])).await.unwrap();
    let before = standing(&server, Collection::Areas);
    let error = client.revert_change(reverting(2)).await.unwrap_err();
    assert_eq!(error.refusal().unwrap().changed_since, ["areas/p-001"]);
    refused(client.revert_change(reverting(2)).await, Code::FailedPrecondition, Reason::ChangedSince);
    assert_eq!(standing(&server, Collection::Areas), before);
    assert_eq!(invalid(client.revert_change(reverting(9)).await), [wrong("revision", "NO_SUCH_REVISION")]);
    assert_eq!(invalid(client.revert_change(reverting(0)).await), [wrong("revision", "REQUIRED")]);
}

#[tokio::test]
async fn a_write_that_others_build_on_cannot_be_taken_back() {
    let (_server, client) = with_places(0).await;
    client.apply_changes(changes([What::Create(envelope(&place("a")))])).await.unwrap();
    client.apply_changes(changes([What::Create(envelope(&within("b", "a")))])).await.unwrap();
    let first = revision(&client).await - 1;
    refused(client.revert_change(reverting(first)).await, Code::FailedPrecondition, Reason::StillReferenced);
}
