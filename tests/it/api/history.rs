//! History: who changed what, when and why, page by page.

use crisisgids::client::{Client, WriteOptions};
use crisisgids::domain::error::Reason;
use crisisgids::proto::v1::{self, AcceptedChange, DiffKind, ListChangesRequest};
use tonic::Code;

use super::{alias, invalid, name, once, place, refused, resource, with_dataset, with_places, wrong};

async fn all(client: &Client, request: ListChangesRequest) -> Vec<AcceptedChange> {
    let mut request = request;
    let mut changes = Vec::new();
    loop {
        let page = client.list_changes(request.clone()).await.unwrap();
        assert!(request.page_size == 0 || page.changes.len() <= usize::try_from(request.page_size).unwrap());
        changes.extend(page.changes);
        if page.next_page_token.is_empty() {
            return changes;
        }
        request.page_token = page.next_page_token;
    }
}

#[tokio::test]
async fn a_write_is_told_with_who_when_why_and_what() {
    let (_server, client) = with_places(1).await;
    let why = WriteOptions { change_reason: "letter of 3 March".to_owned(), ..once() };
    let changed: v1::Area = client
        .update(&resource(&alias(&place("p-000"), "plek")), &["aliases"], why)
        .await
        .unwrap()
        .to_message()
        .unwrap();
    let page = client.list_changes(ListChangesRequest { after_revision: 1, ..Default::default() }).await.unwrap();
    assert_eq!((page.revision, page.changes.len()), (2, 1));
    let change = &page.changes[0];
    assert_eq!((change.revision, change.change_reason.as_str()), (2, "letter of 3 March"));
    assert_eq!(change.create_time, changed.update_time);
    assert!(!change.principal.is_empty() && change.peer.starts_with("127.0.0.1:"), "{change:?}");
    let diff = &change.diffs[0];
    assert_eq!((diff.name.as_str(), diff.kind()), ("areas/p-000", DiffKind::Changed));
    assert!(diff.fields.iter().all(|field| field.path.starts_with("aliases")), "{diff:?}");
}

#[tokio::test]
async fn every_write_is_told_once_oldest_first_whatever_the_page() {
    let (_server, client) = with_places(1).await;
    for round in 0..11 {
        client.create(&resource(&place(&format!("q-{round:02}"))), once()).await.unwrap();
    }
    for page_size in (0..=13).chain([500, i32::MAX]) {
        let changes = all(&client, ListChangesRequest { page_size, ..Default::default() }).await;
        assert!(changes.iter().map(|change| change.revision).eq(1..=12), "{page_size}");
        let late = all(&client, ListChangesRequest { page_size, after_revision: 7, ..Default::default() }).await;
        assert!(late.iter().map(|change| change.revision).eq(8..=12), "{page_size}");
    }
    for after_revision in [12, 13, i64::MAX] {
        let page = client.list_changes(ListChangesRequest { after_revision, ..Default::default() }).await.unwrap();
        assert_eq!((page.changes.len(), page.next_page_token.as_str(), page.revision), (0, "", 12));
    }
}

#[tokio::test]
async fn the_history_of_one_record_tells_of_that_record_alone() {
    let (_server, client) = with_dataset().await;
    for round in 0..3 {
        client.create(&resource(&place(&format!("q-{round}"))), once()).await.unwrap();
        client.update(&resource(&alias(&place("q-0"), &format!("round {round}"))), &["aliases"], once()).await.unwrap();
    }
    client.delete(&name("areas/q-0"), None, once()).await.unwrap();
    for page_size in [0, 1, 2] {
        let request = ListChangesRequest { name: "areas/q-0".to_owned(), page_size, ..Default::default() };
        let changes = all(&client, request).await;
        let told: Vec<_> = changes.iter().map(|change| (change.revision, change.diffs[0].kind())).collect();
        use DiffKind::{Changed, Created, Deleted};
        assert_eq!(told, [(2, Created), (3, Changed), (5, Changed), (7, Changed), (8, Deleted)]);
        assert!(changes.iter().all(|change| change.diffs.len() == 1));
    }
    let urk = all(&client, ListChangesRequest { name: "areas/gm0184".to_owned(), ..Default::default() }).await;
    assert_eq!((urk.len(), urk[0].diffs.len()), (1, 1), "of the first fill only its own part");
}

#[tokio::test]
async fn a_history_of_nothing_that_can_be_is_refused() {
    let (_server, client) = with_places(1).await;
    let ask = |request| client.list_changes(request);
    let request =
        ListChangesRequest { name: "nonsense".to_owned(), after_revision: -1, page_size: -1, ..Default::default() };
    let mut found = invalid(ask(request).await);
    found.sort();
    assert_eq!(
        found,
        [wrong("after_revision", "OUT_OF_RANGE"), wrong("name", "NOT_A_NAME"), wrong("page_size", "OUT_OF_RANGE")]
    );
    let request = ListChangesRequest { page_token: "AAAA".to_owned(), ..Default::default() };
    refused(ask(request).await, Code::InvalidArgument, Reason::PageTokenInvalid);
}

/// The first fill is one write of thousands of records.
#[tokio::test]
async fn the_write_that_filled_the_directory_can_be_read() {
    let (_server, client) = with_dataset().await;
    let changes = all(&client, ListChangesRequest::default()).await;
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].diffs.len(), crisisgids::dataset::shipped().unwrap().records.len());
}
