//! Reading by name: one, several in their order, or a refusal that names what is missing.

use crisisgids::domain::error::Reason;
use crisisgids::domain::name::{Collection, Name};
use crisisgids::proto::v1;
use crisisgids::proto::v1::area_service_client::AreaServiceClient;
use crisisgids::proto::v1::organisation_service_client::OrganisationServiceClient;
use tonic::Code;
use tonic_types::StatusExt;

use super::{collections, name, refused, standing, with_dataset, with_places};

#[tokio::test]
async fn every_record_is_got_as_it_stands_and_a_missing_one_is_named() {
    let (server, client) = with_dataset().await;
    for &collection in Collection::ALL {
        for stored in standing(&server, collection).iter().take(5) {
            let got = client.get(stored.record.name()).await.unwrap();
            assert_eq!(got.to_record().unwrap(), stored.record);
            assert_eq!(got.etag(), stored.meta.etag());
        }
        let above = if collection.is_nested() { "organisations/nobody/" } else { "" };
        let missing = name(&format!("{above}{}/nothing-of-this-name", collection.word()));
        let refusal = refused(client.get(&missing).await, Code::NotFound, Reason::NotFound);
        assert_eq!(refusal.metadata["name"], missing.to_string());
    }
}

#[tokio::test]
async fn several_come_in_the_order_of_their_names_or_none_at_all() {
    let (server, client) = with_dataset().await;
    for collection in collections() {
        let mut wanted: Vec<Name> =
            standing(&server, collection).iter().map(|stored| stored.record.name().clone()).take(9).collect();
        wanted.reverse();
        wanted.extend(wanted.first().cloned());
        if wanted.is_empty() {
            continue;
        }
        let given = client.batch_get(collection, &wanted).await.unwrap();
        assert!(given.iter().map(|resource| resource.name()).eq(wanted.iter().map(Name::as_str)), "{collection:?}");
        let above = if collection.is_nested() { "organisations/nobody/" } else { "" };
        wanted.insert(1, name(&format!("{above}{}/nothing-of-this-name", collection.word())));
        let refusal = refused(client.batch_get(collection, &wanted).await, Code::NotFound, Reason::NotFound);
        assert_eq!(refusal.metadata["name"], wanted[1].to_string());
    }
}

#[tokio::test]
async fn names_that_cannot_be_are_all_told() {
    let (server, client) = with_places(1).await;
    let many = vec![name("areas/p-000"); 101];
    assert_eq!(super::invalid(client.batch_get(Collection::Areas, &many).await), [super::wrong("names", "TOO_MANY")]);
    assert_eq!(super::invalid(client.batch_get(Collection::Areas, &[]).await), [super::wrong("names", "REQUIRED")]);

    let fields = |status: tonic::Status| {
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        let details = status.get_details_bad_request().unwrap();
        details.field_violations.into_iter().map(|violation| violation.field).collect::<Vec<_>>()
    };
    let mut areas = AreaServiceClient::new(server.channel().await);
    for wrong in ["", "p-000", "organisations/p-000", "areas/", "areas/P-000", "areas/p-000/stations/x"] {
        let status = areas.get_area(v1::GetAreaRequest { name: wrong.to_owned() }).await.unwrap_err();
        assert_eq!(fields(status), ["name"], "{wrong}");
    }
    let names = ["areas/p-000", "organisations/x", "", "nonsense"].map(str::to_owned).to_vec();
    let status = areas.batch_get_areas(v1::BatchGetAreasRequest { names }).await.unwrap_err();
    assert_eq!(fields(status), ["names[1]", "names[2]", "names[3]"]);

    let mut organisations = OrganisationServiceClient::new(server.channel().await);
    let request = v1::BatchGetStationsRequest {
        parent: "organisations/a".to_owned(),
        names: vec!["organisations/b/stations/x".to_owned()],
    };
    assert_eq!(fields(organisations.batch_get_stations(request).await.unwrap_err()), ["names[0]"]);
    let request = v1::ListStationsRequest { parent: "areas/p-000".to_owned(), ..Default::default() };
    assert_eq!(fields(organisations.list_stations(request).await.unwrap_err()), ["parent"]);
}
