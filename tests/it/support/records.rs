//! Records of the directory that ships, read through the contract.

use crisisgids::proto::v1;
use crisisgids::proto::v1::arrangement_service_client::ArrangementServiceClient;
use crisisgids::proto::v1::catalogue_service_client::CatalogueServiceClient;
use crisisgids::proto::v1::organisation_service_client::OrganisationServiceClient;

use super::ask::shipped;

/// An organisation by its id.
pub(crate) async fn organisation(id: &str) -> v1::Organisation {
    let request = v1::GetOrganisationRequest { name: format!("organisations/{id}") };
    OrganisationServiceClient::new(shipped().channel().await).get_organisation(request).await.unwrap().into_inner()
}

/// The organisations that match a filter.
pub(crate) async fn organisations(filter: &str) -> Vec<v1::Organisation> {
    let request = v1::ListOrganisationsRequest { page_size: 500, filter: filter.to_owned(), ..Default::default() };
    let mut client = OrganisationServiceClient::new(shipped().channel().await);
    let page = client.list_organisations(request).await.unwrap().into_inner();
    assert_eq!(page.next_page_token, "", "one page holds all that match {filter}");
    page.organisations
}

/// The stations of all organisations that match a filter.
pub(crate) async fn stations(filter: &str) -> Vec<v1::Station> {
    let parent = "organisations/-".to_owned();
    let request = v1::ListStationsRequest { parent, page_size: 500, filter: filter.to_owned(), ..Default::default() };
    let mut client = OrganisationServiceClient::new(shipped().channel().await);
    client.list_stations(request).await.unwrap().into_inner().stations
}

/// The constraints that match a filter.
pub(crate) async fn constraints(filter: &str) -> Vec<v1::Constraint> {
    let request = v1::ListConstraintsRequest { page_size: 500, filter: filter.to_owned(), ..Default::default() };
    let mut client = CatalogueServiceClient::new(shipped().channel().await);
    client.list_constraints(request).await.unwrap().into_inner().constraints
}

/// An arrangement by its id.
pub(crate) async fn arrangement(id: &str) -> v1::Arrangement {
    let request = v1::GetArrangementRequest { name: format!("arrangements/{id}") };
    ArrangementServiceClient::new(shipped().channel().await).get_arrangement(request).await.unwrap().into_inner()
}

/// The Dutch text.
pub(crate) fn dutch(texts: &[v1::LocalisedText]) -> &str {
    texts.iter().find(|text| text.language_code == "nl").map_or("", |text| &text.text)
}
