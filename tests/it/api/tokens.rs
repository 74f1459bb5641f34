//! Page tokens: good for the request that they were given for, and for nothing else.

use crisisgids::client::ListOptions;
use crisisgids::domain::error::Reason;
use crisisgids::domain::name::Collection;
use crisisgids::proto::v1::ListChangesRequest;
use tonic::Code;

use super::{name, once, place, refused, resource, with_dataset, with_places};

#[tokio::test]
async fn a_token_is_refused_with_anything_but_its_own_request() {
    let (_server, client) = with_dataset().await;
    let own = ListOptions { filter: "source:*".to_owned(), page_size: 2, ..ListOptions::default() };
    let token = client.list(Collection::Coverages, &own).await.unwrap().next_page_token;
    let own = ListOptions { page_token: token.clone(), ..own };
    for options in [
        ListOptions { filter: String::new(), ..own.clone() },
        ListOptions { order_by: "name".to_owned(), ..own.clone() },
        ListOptions { parent: Some(name("organisations/kustwacht")), ..own.clone() },
        ListOptions { page_token: format!("{token}A"), ..own.clone() },
        ListOptions { page_token: token[1..].to_owned(), ..own.clone() },
        ListOptions { page_token: "not a token".to_owned(), ..own.clone() },
    ] {
        let outcome = client.list(Collection::Coverages, &options).await;
        refused(outcome, Code::InvalidArgument, Reason::PageTokenInvalid);
    }
    let elsewhere = client.list(Collection::Stations, &own).await;
    refused(elsewhere, Code::InvalidArgument, Reason::PageTokenInvalid);
    let history = client.list_changes(ListChangesRequest { page_token: token, ..Default::default() }).await;
    refused(history, Code::InvalidArgument, Reason::PageTokenInvalid);
    let more = ListOptions { page_size: 5, ..own };
    assert_eq!(client.list(Collection::Coverages, &more).await.unwrap().resources.len(), 5);
}

#[tokio::test]
async fn a_token_goes_on_after_its_record_on_the_newest_revision() {
    let (_server, client) = with_places(6).await;
    let options = ListOptions { page_size: 2, ..ListOptions::default() };
    let first = client.list(Collection::Areas, &options).await.unwrap();
    assert_eq!(first.revision, 1);
    // The last record of the page goes, and others come before and after it.
    client.delete(&name("areas/p-001"), None, once()).await.unwrap();
    for id in ["p-000-x", "p-001-x"] {
        client.create(&resource(&place(id)), once()).await.unwrap();
    }
    let options = ListOptions { page_token: first.next_page_token, ..options };
    let next = client.list(Collection::Areas, &options).await.unwrap();
    assert_eq!(next.revision, 4);
    assert!(next.resources.iter().map(|area| area.name()).eq(["areas/p-001-x", "areas/p-002"]));
}
