//! Writing one record: done once and read at once, or refused with everything that is wrong.

use crisisgids::client::{Error, Resource, WriteOptions};
use crisisgids::domain::error::Reason;
use crisisgids::domain::name::Collection;
use crisisgids::proto::v1;
use crisisgids::proto::v1::area_service_client::AreaServiceClient;
use prost_types::FieldMask;
use tonic::Code;
use tonic_types::StatusExt;

use super::{alias, client, collections, copy, invalid, name, names, once, organisation, place, record, refused};
use super::{resource, revision, standing, text, with_dataset, with_places, wrong};
use crate::support::TestServer;

const ID: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

fn under(request_id: &str) -> WriteOptions {
    WriteOptions { request_id: request_id.to_owned(), ..WriteOptions::default() }
}

fn dry() -> WriteOptions {
    WriteOptions { validate_only: true, ..WriteOptions::default() }
}

#[tokio::test]
async fn a_record_of_every_collection_is_created_changed_and_deleted() {
    let (server, client) = with_dataset().await;
    for collection in collections() {
        // One whose source can be taken away; contacts ship with none in some folders.
        let stored = standing(&server, collection);
        let Some(model) = stored.iter().find(|stored| stored.record.to_fields().contains_key("source")) else {
            assert!(stored.is_empty(), "no record of {collection:?} has a source");
            continue;
        };
        let wanted = copy(&model.record, "copy-of-the-model");
        let created = client.create(&Resource::from_record(&wanted).unwrap(), once()).await.unwrap();
        assert_eq!(created.to_record().unwrap(), wanted);
        assert_eq!(client.get(wanted.name()).await.unwrap(), created);

        let mut fields = wanted.to_fields();
        fields.remove("source");
        let bare = crisisgids::domain::record::Record::from_fields(
            collection,
            fields,
            &crisisgids::domain::field::Path::Root,
            &mut crisisgids::domain::field::Faults::default(),
        );
        let bare = bare.unwrap();
        let changed = client.update(&Resource::from_record(&bare).unwrap(), &["source"], once()).await.unwrap();
        assert_eq!(changed.to_record().unwrap(), bare);
        assert_ne!(changed.etag(), created.etag());
        assert_eq!(client.get(wanted.name()).await.unwrap(), changed);

        client.delete(wanted.name(), Some(changed.etag()), once()).await.unwrap();
        refused(client.get(wanted.name()).await, Code::NotFound, Reason::NotFound);
        refused(client.delete(wanted.name(), None, once()).await, Code::NotFound, Reason::NotFound);
    }
}

#[tokio::test]
async fn the_profile_is_changed_and_never_made_or_removed() {
    let (_server, client) = with_dataset().await;
    let mut profile: v1::Profile = client.get(&name("profiles/directory")).await.unwrap().to_message().unwrap();
    profile.dataset_date = "2026-12-01".to_owned();
    client.update(&resource(&profile), &["dataset_date"], once()).await.unwrap();
    assert_eq!(client.get_directory().await.unwrap().dataset_date, "2026-12-01");
    profile.name = "profiles/another".to_owned();
    profile.etag.clear();
    let outcome = client.update(&resource(&profile), &["dataset_date"], once()).await;
    refused(outcome, Code::NotFound, Reason::NotFound);
}

#[tokio::test]
async fn what_was_written_is_read_by_the_next_call() {
    let (server, client) = with_places(0).await;
    let other = super::client(&server).await;
    for round in 0..30 {
        let id = format!("q-{round:02}");
        let created = client.create(&resource(&place(&id)), once()).await.unwrap();
        assert_eq!(other.get(&name(&format!("areas/{id}"))).await.unwrap(), created);
        assert_eq!(names(&other, Collection::Areas, "", "").await.len(), round + 1);
        assert_eq!(created.etag(), format!("\"{}\"", revision(&other).await));
    }
}

#[tokio::test]
async fn an_etag_that_is_no_longer_the_present_one_is_aborted() {
    let (_server, client) = with_places(1).await;
    let before = client.get(&name("areas/p-000")).await.unwrap();
    let mine: v1::Area = before.to_message().unwrap();
    let theirs = v1::Area { etag: String::new(), ..alias(&mine, "first") };
    let current = client.update(&resource(&theirs), &["aliases"], once()).await.unwrap();

    let outcome = client.update(&resource(&alias(&mine, "second")), &["aliases"], once()).await;
    let refusal = refused(outcome, Code::Aborted, Reason::EtagMismatch);
    assert_eq!((&refusal.metadata["given"], &refusal.metadata["current"]), (&mine.etag, &current.etag().to_owned()));
    let outcome = client.delete(&name("areas/p-000"), Some(&mine.etag), once()).await;
    refused(outcome, Code::Aborted, Reason::EtagMismatch);
    // Also without any change, and before anything else is decided.
    refused(client.update(&before, &["aliases"], dry()).await, Code::Aborted, Reason::EtagMismatch);
    assert_eq!(client.get(&name("areas/p-000")).await.unwrap(), current);

    let mine = v1::Area { etag: current.etag().to_owned(), ..mine };
    let written = client.update(&resource(&alias(&mine, "second")), &["aliases"], once()).await.unwrap();
    client.delete(&name("areas/p-000"), Some(written.etag()), once()).await.unwrap();
}

#[tokio::test]
async fn only_the_fields_of_the_mask_change() {
    let (_server, client) = with_places(1).await;
    let mut wanted = alias(&place("p-000"), "plek");
    wanted.display_names = vec![text("nl", "Plek"), text("en", "Spot")];
    let changed: v1::Area =
        client.update(&resource(&wanted), &["aliases"], once()).await.unwrap().to_message().unwrap();
    assert_eq!((&changed.aliases, &changed.display_names), (&wanted.aliases, &place("p-000").display_names));

    // Without a mask: what is set.
    let sets_names = v1::Area { aliases: Vec::new(), ..wanted.clone() };
    let changed: v1::Area = client.update(&resource(&sets_names), &[], once()).await.unwrap().to_message().unwrap();
    assert_eq!((&changed.aliases, &changed.display_names), (&wanted.aliases, &wanted.display_names));

    // With a star: everything, and what is left out is cleared.
    let changed: v1::Area = client.update(&resource(&sets_names), &["*"], once()).await.unwrap().to_message().unwrap();
    assert_eq!((changed.aliases, changed.display_names), (Vec::new(), wanted.display_names.clone()));

    let outcome = client.update(&resource(&wanted), &["aliases", "alias", "source.title"], once()).await;
    assert_eq!(
        invalid(outcome),
        [wrong("update_mask.paths[1]", "UNKNOWN_FIELD"), wrong("update_mask.paths[2]", "UNKNOWN_FIELD")]
    );
    let outcome = client.update(&resource(&v1::Area { kind: 0, ..wanted }), &["kind"], once()).await;
    assert_eq!(invalid(outcome), [wrong("area.kind", "REQUIRED")]);
}

#[tokio::test]
async fn two_who_change_different_fields_both_have_their_way() {
    let (_server, client) = with_places(1).await;
    let renamed = v1::Area { display_names: vec![text("nl", "Plek")], ..place("p-000") };
    let renamed = resource(&renamed);
    for round in 0..20 {
        let aliased = resource(&alias(&place("p-000"), &format!("round {round}")));
        let (one, other) = tokio::join!(
            client.update(&renamed, &["display_names"], once()),
            client.update(&aliased, &["aliases"], once()),
        );
        one.unwrap();
        other.unwrap();
        let area: v1::Area = client.get(&name("areas/p-000")).await.unwrap().to_message().unwrap();
        assert_eq!(
            (area.display_names[0].text.as_str(), area.aliases[0].text.clone()),
            ("Plek", format!("round {round}"))
        );
    }
}

#[tokio::test]
async fn what_is_missing_is_made_only_if_the_caller_says_so() {
    let (server, client) = with_places(0).await;
    let outcome = client.update(&resource(&place("new")), &["*"], once()).await;
    refused(outcome, Code::NotFound, Reason::NotFound);
    let made = client.put(&resource(&place("new")), once()).await.unwrap();
    assert_eq!(made.to_record().unwrap(), record(&place("new")));

    // The mask does not matter to a record that is made.
    let mut areas = AreaServiceClient::new(server.channel().await);
    let request = v1::UpdateAreaRequest {
        area: Some(alias(&place("newer"), "nieuw")),
        update_mask: Some(FieldMask { paths: vec!["kind".to_owned()] }),
        allow_missing: true,
        ..Default::default()
    };
    assert_eq!(areas.update_area(request).await.unwrap().into_inner().aliases.len(), 1);
}

#[tokio::test]
async fn a_trial_answers_as_if_it_were_done_and_changes_nothing() {
    let (server, client) = with_places(2).await;
    let before = standing(&server, Collection::Areas);
    let tried = client.create(&resource(&place("new")), dry()).await.unwrap();
    assert_eq!(tried.to_record().unwrap(), record(&place("new")));
    let changed = alias(&place("p-000"), "plek");
    let tried = client.update(&resource(&changed), &["aliases"], dry()).await.unwrap();
    assert_eq!(tried.to_record().unwrap(), record(&changed));
    client.delete(&name("areas/p-001"), None, dry()).await.unwrap();
    refused(client.create(&resource(&place("p-000")), dry()).await, Code::AlreadyExists, Reason::AlreadyExists);
    assert_eq!((standing(&server, Collection::Areas), revision(&client).await), (before, 1));
}

#[tokio::test]
async fn a_name_that_is_taken_is_refused() {
    let (_server, client) = with_places(1).await;
    let outcome = client.create(&resource(&place("p-000")), once()).await;
    let refusal = refused(outcome, Code::AlreadyExists, Reason::AlreadyExists);
    assert_eq!(refusal.metadata["name"], "areas/p-000");
    assert_eq!(revision(&client).await, 1);
}

#[tokio::test]
async fn what_others_name_is_not_deleted_and_they_are_named() {
    let (_server, client) = with_places(0).await;
    client.create(&resource(&place("ground")), once()).await.unwrap();
    client.create(&resource(&organisation("team")), once()).await.unwrap();
    let edge = v1::AreaEdge { area: "areas/ground".to_owned(), ..Default::default() };
    let above = v1::Area { within: vec![edge], ..place("above") };
    client.create(&resource(&above), once()).await.unwrap();
    let station = v1::Station {
        name: "organisations/team/stations/post".to_owned(),
        display_names: vec![text("nl", "Post")],
        area: "areas/ground".to_owned(),
        ..Default::default()
    };
    client.create(&resource(&station), once()).await.unwrap();
    let refusal = refused(
        client.delete(&name("areas/ground"), None, once()).await,
        Code::FailedPrecondition,
        Reason::StillReferenced,
    );
    assert_eq!(refusal.referenced_by, ["areas/above", "organisations/team/stations/post"]);
    let refusal = refused(
        client.delete(&name("organisations/team"), None, once()).await,
        Code::FailedPrecondition,
        Reason::StillReferenced,
    );
    assert_eq!(refusal.referenced_by, ["organisations/team/stations/post"]);
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once_each_with_its_path() {
    let (_server, client) = with_places(0).await;
    let faulty = v1::Area {
        name: "areas/faulty".to_owned(),
        kind: 99,
        within: vec![
            v1::AreaEdge { area: "areas/nowhere".to_owned(), ..Default::default() },
            v1::AreaEdge { area: "organisations/x".to_owned(), ..Default::default() },
        ],
        validity: Some(v1::Validity { start: "yesterday".to_owned(), ..Default::default() }),
        ..Default::default()
    };
    let options = WriteOptions { request_id: "not a uuid".to_owned(), change_reason: "x".repeat(5000), ..once() };
    let mut found = invalid(client.create(&resource(&faulty), options).await);
    found.sort();
    let fields: Vec<&str> = found.iter().map(|(field, _)| field.as_str()).collect();
    let expected = [
        "area.display_names",
        "area.kind",
        "area.validity.start",
        "area.within[1].area",
        "change_reason",
        "request_id",
    ];
    assert_eq!(fields, expected);
    assert!(found.contains(&wrong("area.kind", "UNKNOWN_VALUE")), "{found:?}");

    // What must hold among records is told as well, once each can be read.
    let faulty = v1::Area {
        within: vec![
            v1::AreaEdge { area: "areas/nowhere".to_owned(), ..Default::default() },
            v1::AreaEdge { area: "areas/never".to_owned(), ..Default::default() },
        ],
        ..place("faulty")
    };
    assert_eq!(
        invalid(client.create(&resource(&faulty), once()).await),
        [wrong("area.within[0].area", "DANGLING"), wrong("area.within[1].area", "DANGLING")]
    );
    assert_eq!(revision(&client).await, 0);
}

#[tokio::test]
async fn an_id_that_cannot_be_a_name_is_told_at_the_id() {
    let server = TestServer::of(Vec::new());
    let mut areas = AreaServiceClient::new(server.channel().await);
    for id in ["", "Groot", "a b", "a/b", "-", &"x".repeat(64), "p\u{e9}"] {
        let area = Some(v1::Area { name: String::new(), ..place("x") });
        let request = v1::CreateAreaRequest { area_id: id.to_owned(), area, ..Default::default() };
        let status = areas.create_area(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{id}: {status}");
        let details = status.get_details_bad_request().unwrap();
        let fields: Vec<&str> = details.field_violations.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["area_id"], "{id}");
    }
    let request =
        v1::CreateAreaRequest { area_id: "one".to_owned(), area: Some(place("another")), ..Default::default() };
    let status = areas.create_area(request).await.unwrap_err();
    assert_eq!(status.get_details_bad_request().unwrap().field_violations[0].field, "area.name");
    assert_eq!(revision(&client(&server).await).await, 0);
}

#[tokio::test]
async fn what_the_server_keeps_is_not_for_the_caller_to_say() {
    let (_server, client) = with_places(0).await;
    let forged = v1::Area {
        uid: "mine".to_owned(),
        create_time: Some(prost_types::Timestamp { seconds: 1, nanos: 0 }),
        origin: v1::Origin::Shipped.into(),
        edited_fields: vec!["kind".to_owned()],
        ..place("forged")
    };
    let made: v1::Area = client.create(&resource(&forged), once()).await.unwrap().to_message().unwrap();
    assert_ne!(made.uid, "mine");
    assert_ne!(made.create_time, forged.create_time);
    assert_eq!((made.origin(), made.edited_fields.len()), (v1::Origin::Office, 0));
}

#[tokio::test]
async fn a_repeated_request_is_done_once_and_answers_the_same() {
    let (_server, client) = with_places(1).await;
    let created = client.create(&resource(&place("new")), under(ID)).await.unwrap();
    // Meanwhile it was changed: the repetition still tells what it did.
    client.update(&resource(&alias(&place("new"), "plek")), &["aliases"], once()).await.unwrap();
    assert_eq!(client.create(&resource(&place("new")), under(ID)).await.unwrap(), created);
    assert_eq!(revision(&client).await, 3);

    for outcome in [
        client.create(&resource(&place("newer")), under(ID)).await.map(drop),
        client.put(&resource(&place("new")), under(ID)).await.map(drop),
        client.delete(&name("areas/new"), None, under(ID)).await,
        client
            .create(&resource(&place("new")), WriteOptions { change_reason: "why".to_owned(), ..under(ID) })
            .await
            .map(drop),
    ] {
        let refusal = refused(outcome, Code::InvalidArgument, Reason::RequestIdReused);
        assert_eq!(refusal.metadata["requestId"], ID);
    }

    let other = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
    client.delete(&name("areas/new"), None, under(other)).await.unwrap();
    client.delete(&name("areas/new"), None, under(other)).await.unwrap();
    assert_eq!(revision(&client).await, 4);
}

#[tokio::test]
async fn the_same_request_sent_many_times_at_once_is_done_once() {
    let (_server, client) = with_places(0).await;
    let area = resource(&place("new"));
    let attempts: Vec<_> = (0..8)
        .map(|_| {
            let (client, area) = (client.clone(), area.clone());
            tokio::spawn(async move { client.create(&area, under(ID)).await })
        })
        .collect();
    let mut etags = Vec::new();
    for attempt in attempts {
        etags.push(attempt.await.unwrap().unwrap().etag().to_owned());
    }
    assert_eq!(etags, vec!["\"1\""; 8]);
}

#[tokio::test]
async fn a_refused_request_may_be_repeated_with_its_id_when_its_cause_is_gone() {
    let (_server, client) = with_places(1).await;
    let outcome: Result<_, Error> = client.create(&resource(&place("p-000")), under(ID)).await;
    refused(outcome, Code::AlreadyExists, Reason::AlreadyExists);
    client.delete(&name("areas/p-000"), None, once()).await.unwrap();
    client.create(&resource(&place("p-000")), under(ID)).await.unwrap();
    assert_eq!(revision(&client).await, 3);
}
