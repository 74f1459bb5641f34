//! A server that answers as a test tells it, and the client's behaviour towards it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};
use prost::Message;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::body::Body;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Status};
use tonic_prost::ProstCodec;

use super::{Client, Error, ListOptions, Resource, Settings, WriteOptions};
use crate::domain::name::{Collection, Name};
use crate::proto::v1;

/// What the server says to the n-th call, from 0.
type Say<Q, A> = Arc<dyn Fn(usize, Q) -> Result<A, Status> + Send + Sync>;

/// A server on a port of its own. It stops when it is dropped.
struct Fake {
    address: SocketAddr,
    /// The `grpc-timeout` of each call so far.
    calls: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

impl Fake {
    /// Answers calls of one kind.
    async fn saying<Q, A>(say: impl Fn(usize, Q) -> Result<A, Status> + Send + Sync + 'static) -> Self
    where
        Q: Message + Default + 'static,
        A: Message + Default + 'static,
    {
        let say: Say<Q, A> = Arc::new(say);
        Self::answering(move |number, request| {
            let say = say.clone();
            async move {
                let answer = tower::service_fn(move |asked: tonic::Request<Q>| {
                    std::future::ready(say(number, asked.into_inner()).map(tonic::Response::new))
                });
                Ok(tonic::server::Grpc::new(ProstCodec::<A, Q>::default()).unary(answer, request).await)
            }
        })
        .await
    }

    /// Takes every call and answers none.
    async fn silent() -> Self {
        Self::answering(|_, _| std::future::pending()).await
    }

    async fn answering<F>(answer: impl Fn(usize, Request<Body>) -> F + Clone + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Response<Body>, Infallible>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let calls = Arc::new(Mutex::new(Vec::new()));
        let seen = calls.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let timeout = request.headers().get("grpc-timeout").map(|timeout| timeout.to_str().unwrap().to_owned());
            let number = {
                let mut seen = seen.lock().unwrap();
                seen.push(timeout.unwrap_or_default());
                seen.len() - 1
            };
            answer(number, request)
        });
        let serving = tokio::spawn(async move {
            let incoming = TcpIncoming::from(listener);
            tonic::transport::Server::builder().serve_with_incoming(service, incoming).await.unwrap();
        });
        Fake { address, calls, serving }
    }

    fn calls(&self) -> usize {
        self.calls.lock().unwrap().len()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A client that waits for nothing between its rounds.
fn client(endpoints: &[SocketAddr]) -> Client {
    let endpoints = endpoints.iter().map(ToString::to_string).collect();
    Client::lazy(Settings { endpoints, first_wait: Duration::ZERO, ..Settings::default() }).unwrap()
}

/// An address at which nothing listens.
async fn nowhere() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

fn gaps(_: usize, _: v1::FindGapsRequest) -> Result<v1::FindGapsResponse, Status> {
    Ok(v1::FindGapsResponse { revision: 7, ..Default::default() })
}

async fn ask(client: &Client) -> Result<i64, Error> {
    client.find_gaps(v1::FindGapsRequest::default()).await.map(|answer| answer.revision)
}

#[tokio::test]
async fn an_unavailable_server_is_asked_again() {
    let fake =
        Fake::saying(|number, asked| if number < 3 { Err(Status::unavailable("wait")) } else { gaps(number, asked) });
    let fake = fake.await;
    assert_eq!(ask(&client(&[fake.address])).await, Ok(7));
    assert_eq!(fake.calls(), 4);
}

#[tokio::test]
async fn any_other_refusal_is_final() {
    let fake =
        Fake::saying(|_, _: v1::FindGapsRequest| Err::<v1::FindGapsResponse, _>(Status::aborted("changed"))).await;
    assert_eq!(ask(&client(&[fake.address])).await.unwrap_err().code(), Code::Aborted);
    assert_eq!(fake.calls(), 1);
}

#[tokio::test]
async fn every_attempt_of_a_write_has_the_same_request_id() {
    let ids = Arc::new(Mutex::new(Vec::new()));
    let seen = ids.clone();
    let fake = Fake::saying(move |number, asked: v1::ApplyChangesRequest| {
        seen.lock().unwrap().push(asked.request_id);
        if number < 2 { Err(Status::unavailable("wait")) } else { Ok(v1::ApplyChangesResponse::default()) }
    })
    .await;
    let client = client(&[fake.address]);
    client.apply_changes(v1::ApplyChangesRequest::default()).await.unwrap();
    let ours = v1::ApplyChangesRequest { request_id: "ours".to_owned(), ..Default::default() };
    client.apply_changes(ours).await.unwrap();
    let ids = ids.lock().unwrap();
    assert!(uuid::Uuid::parse_str(&ids[0]).is_ok(), "{ids:?}");
    assert_eq!((&ids[1], &ids[2], ids[3].as_str()), (&ids[0], &ids[0], "ours"));
}

#[tokio::test]
async fn a_call_ends_by_its_deadline_and_the_server_is_told() {
    let fake = Fake::silent().await;
    let error = ask(&client(&[fake.address]).with_deadline(Duration::from_millis(50))).await.unwrap_err();
    assert_eq!(error, Error::TooLate { endpoint: format!("http://{}", fake.address) });
    let told = fake.calls.lock().unwrap().clone();
    // 50 milliseconds are eight digits of nanoseconds, the most that the protocol writes.
    let nanos: u64 = told[0].strip_suffix('n').unwrap().parse().unwrap();
    assert!(told.len() == 1 && (1..=50_000_000).contains(&nanos), "{told:?}");
}

#[tokio::test]
async fn the_next_endpoint_is_asked_where_nothing_listens() {
    let fake = Fake::saying(gaps).await;
    assert_eq!(ask(&client(&[nowhere().await, fake.address])).await, Ok(7));
}

#[tokio::test]
async fn the_next_endpoint_is_asked_where_a_server_is_unavailable_and_first_from_then_on() {
    let loading =
        Fake::saying(|_, _: v1::FindGapsRequest| Err::<v1::FindGapsResponse, _>(Status::unavailable("wait"))).await;
    let fake = Fake::saying(gaps).await;
    let client = client(&[loading.address, fake.address]);
    assert_eq!((ask(&client).await, ask(&client.clone()).await), (Ok(7), Ok(7)));
    assert_eq!((loading.calls(), fake.calls()), (1, 2));
}

#[tokio::test]
async fn the_next_endpoint_is_asked_where_a_server_hangs_and_first_from_then_on() {
    let (hung, fake) = (Fake::silent().await, Fake::saying(gaps).await);
    let client = client(&[hung.address, fake.address]).with_deadline(Duration::from_millis(500));
    assert_eq!((ask(&client).await, ask(&client.clone()).await), (Ok(7), Ok(7)));
    assert_eq!((hung.calls(), fake.calls()), (1, 2));
}

#[tokio::test]
async fn where_every_server_hangs_the_call_still_ends_and_the_next_begins_elsewhere() {
    let hung = [Fake::silent().await, Fake::silent().await];
    let client = client(&[hung[0].address, hung[1].address]).with_deadline(Duration::from_millis(100));
    assert_eq!(ask(&client).await.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!((hung[0].calls(), hung[1].calls()), (1, 1));
    assert_eq!(ask(&client).await.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!((hung[0].calls(), hung[1].calls()), (2, 2));
}

#[tokio::test]
async fn no_server_at_all_is_told_from_every_refusal() {
    let (one, other) = (nowhere().await, nowhere().await);
    let error = ask(&client(&[one, other])).await.unwrap_err();
    let Error::NoServer { tried } = &error else { panic!("{error:?}") };
    let tried: Vec<&str> = tried.iter().map(|(endpoint, _)| endpoint.as_str()).collect();
    assert_eq!(tried, [format!("http://{one}"), format!("http://{other}")]);
    assert!(error.to_string().contains("refused"), "{error}");
    assert_eq!(Client::connect(one.to_string()).await.unwrap_err().code(), Code::Unavailable);
}

#[tokio::test]
async fn what_a_server_says_goes_before_that_another_is_not_there() {
    let loading =
        Fake::saying(|_, _: v1::FindGapsRequest| Err::<v1::FindGapsResponse, _>(Status::unavailable("wait"))).await;
    for endpoints in [[nowhere().await, loading.address], [loading.address, nowhere().await]] {
        assert_eq!(ask(&client(&endpoints)).await.unwrap_err().to_string(), "wait");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_told_from_a_refusal_and_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let breaking = tokio::spawn(async move {
        // Dropped as soon as it is accepted.
        while listener.accept().await.is_ok() {}
    });
    let error = ask(&client(&[address])).await.unwrap_err();
    assert!(matches!(error, Error::Lost { .. }), "{error:?}");
    breaking.abort();
}

#[tokio::test]
async fn connecting_finds_the_endpoint_at_which_a_server_listens() {
    let fake = Fake::saying(gaps).await;
    let endpoints = vec![nowhere().await.to_string(), fake.address.to_string()];
    let client = Client::connect(Settings { endpoints, ..Settings::default() }).await.unwrap();
    assert_eq!(ask(&client).await, Ok(7));
}

#[tokio::test]
async fn a_message_larger_than_the_server_takes_is_not_sent() {
    let fake = Fake::saying(gaps).await;
    let places = vec!["x".repeat(2 * 1024 * 1024)];
    let request = v1::FindGapsRequest { places, ..Default::default() };
    let error = client(&[fake.address]).find_gaps(request).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error:?}");
    assert_eq!(fake.calls(), 0);
}

#[tokio::test]
async fn an_export_comes_message_by_message_and_says_when_it_is_cut() {
    let sent = |messages: Vec<Result<v1::ExportDirectoryResponse, Status>>| {
        Fake::answering(move |_, request| {
            let messages = messages.clone();
            let answer = tower::service_fn(move |_: tonic::Request<v1::ExportDirectoryRequest>| {
                let stream = tokio_stream::iter(messages.clone());
                std::future::ready(Ok::<_, Status>(tonic::Response::new(stream)))
            });
            async move { Ok(tonic::server::Grpc::new(ProstCodec::default()).server_streaming(answer, request).await) }
        })
    };
    let message = v1::ExportDirectoryResponse { revision: 7, ..Default::default() };

    let whole = sent(vec![Ok(message.clone()), Ok(message.clone())]).await;
    let mut copy = client(&[whole.address]).export_directory().await.unwrap();
    assert_eq!((copy.next().await, copy.next().await), (Ok(Some(message.clone())), Ok(Some(message.clone()))));
    assert_eq!(copy.next().await, Ok(None));

    let cut = sent(vec![Ok(message.clone()), Err(Status::unavailable("stopping"))]).await;
    let mut copy = client(&[cut.address]).export_directory().await.unwrap();
    assert_eq!(copy.next().await, Ok(Some(message)));
    assert_eq!(copy.next().await.unwrap_err().code(), Code::Unavailable);
}

#[tokio::test]
async fn the_server_is_told_the_language_of_refusals() {
    let fake = Fake::answering(|_, request| {
        let said = request.headers().get("accept-language").map_or("none", |language| language.to_str().unwrap());
        std::future::ready(Ok(Status::not_found(said).into_http()))
    })
    .await;
    for (language_code, told) in [("en", "en"), ("", "none"), ("\n", "none")] {
        let (endpoints, language_code) = (vec![fake.address.to_string()], language_code.to_owned());
        let client = Client::lazy(Settings { endpoints, language_code, ..Settings::default() }).unwrap();
        assert_eq!(ask(&client).await.unwrap_err().to_string(), told);
    }
}

#[tokio::test]
async fn calls_may_be_made_on_any_thread() {
    fn sendable(_: &impl Send) {}
    let client = client(&[nowhere().await]);
    sendable(&client.find_gaps(v1::FindGapsRequest::default()));
    sendable(&client.import_changes(v1::ImportOptions::default(), Vec::new()));
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

#[tokio::test]
async fn a_record_is_read_by_its_name() {
    let fake = Fake::saying(|_, asked: v1::GetStationRequest| {
        Ok(v1::Station { name: asked.name, etag: "\"3\"".to_owned(), ..Default::default() })
    })
    .await;
    let resource = client(&[fake.address]).get(&name("organisations/a/stations/b")).await.unwrap();
    assert_eq!((resource.name(), resource.etag()), ("organisations/a/stations/b", "\"3\""));
}

#[tokio::test]
async fn a_page_is_asked_for_as_wanted_and_read_whole() {
    let options = ListOptions {
        parent: Some(name("organisations/a")),
        filter: "area = areas/x".to_owned(),
        order_by: "area".to_owned(),
        page_size: 2,
        page_token: "t".to_owned(),
    };
    let expected = v1::ListCoveragesRequest {
        parent: "organisations/a".to_owned(),
        page_size: 2,
        page_token: "t".to_owned(),
        filter: "area = areas/x".to_owned(),
        order_by: "area".to_owned(),
    };
    let fake = Fake::saying(move |_, asked: v1::ListCoveragesRequest| {
        assert_eq!(asked, expected);
        let coverages =
            ["one", "two"].map(|name| v1::Coverage { name: name.to_owned(), ..Default::default() }).to_vec();
        Ok(v1::ListCoveragesResponse { coverages, next_page_token: "u".to_owned(), revision: 9 })
    })
    .await;
    let page = client(&[fake.address]).list(Collection::Coverages, &options).await.unwrap();
    let names: Vec<&str> = page.resources.iter().map(Resource::name).collect();
    assert_eq!((names, page.next_page_token.as_str(), page.revision), (vec!["one", "two"], "u", 9));
}

#[tokio::test]
async fn without_a_parent_the_records_of_all_organisations_are_listed() {
    let fake = Fake::saying(|_, asked: v1::ListContactsRequest| {
        let contacts = vec![v1::Contact { name: asked.parent, ..Default::default() }];
        Ok(v1::ListContactsResponse { contacts, ..Default::default() })
    })
    .await;
    let page = client(&[fake.address]).list(Collection::Contacts, &ListOptions::default()).await.unwrap();
    assert_eq!(page.resources[0].name(), "organisations/-");
}

#[tokio::test]
async fn several_records_are_read_in_the_order_of_their_names() {
    let fake = Fake::saying(|_, asked: v1::BatchGetAreasRequest| {
        let areas = asked.names.into_iter().map(|name| v1::Area { name, ..Default::default() }).collect();
        Ok(v1::BatchGetAreasResponse { areas, revision: 9 })
    })
    .await;
    let names = [name("areas/b"), name("areas/a")];
    let areas = client(&[fake.address]).batch_get(Collection::Areas, &names).await.unwrap();
    assert_eq!(areas.iter().map(Resource::name).collect::<Vec<_>>(), ["areas/b", "areas/a"]);
}

#[tokio::test]
async fn a_record_is_created_below_its_organisation_under_its_id() {
    let fake = Fake::saying(|_, asked: v1::CreateCrisisFunctionRequest| {
        assert_eq!((asked.crisis_function_id.as_str(), asked.change_reason.as_str()), ("ovd-b", "why"));
        assert!(asked.validate_only && uuid::Uuid::parse_str(&asked.request_id).is_ok());
        Ok(asked.crisis_function.unwrap())
    })
    .await;
    let function = v1::CrisisFunction { name: "crisisFunctions/ovd-b".to_owned(), ..Default::default() };
    let function = Resource::from_message(&function).unwrap();
    let options = WriteOptions { validate_only: true, change_reason: "why".to_owned(), ..WriteOptions::default() };
    assert_eq!(client(&[fake.address]).create(&function, options).await, Ok(function));

    let fake = Fake::saying(|_, asked: v1::CreateContactRequest| {
        assert_eq!((asked.parent.as_str(), asked.contact_id.as_str()), ("organisations/a", "desk"));
        Ok(asked.contact.unwrap())
    })
    .await;
    let contact = v1::Contact { name: "organisations/a/contacts/desk".to_owned(), ..Default::default() };
    let contact = Resource::from_message(&contact).unwrap();
    assert_eq!(client(&[fake.address]).create(&contact, WriteOptions::default()).await, Ok(contact));
}

#[tokio::test]
async fn a_record_is_updated_by_mask_and_put_whole() {
    let fake = Fake::saying(|number, asked: v1::UpdateAreaRequest| {
        let (mask, may_create) = (asked.update_mask.map(|mask| mask.paths), asked.allow_missing);
        let paths = |paths: &[&str]| Some(paths.iter().map(ToString::to_string).collect());
        let expected = [(paths(&["kind", "codes"]), false), (None, false), (paths(&["*"]), true)];
        assert_eq!((mask, may_create), expected[number]);
        assert!(!asked.request_id.is_empty());
        Ok(asked.area.unwrap())
    })
    .await;
    let area = v1::Area { name: "areas/x".to_owned(), etag: "\"4\"".to_owned(), ..Default::default() };
    let area = Resource::from_message(&area).unwrap();
    let client = client(&[fake.address]);
    assert_eq!(client.update(&area, &["kind", "codes"], WriteOptions::default()).await.as_ref(), Ok(&area));
    assert_eq!(client.update(&area, &[], WriteOptions::default()).await.as_ref(), Ok(&area));
    assert_eq!(client.put(&area, WriteOptions::default()).await.as_ref(), Ok(&area));
}

#[tokio::test]
async fn a_record_is_deleted_as_it_was_read() {
    let fake = Fake::saying(|_, asked: v1::DeleteArrangementRequest| {
        assert_eq!((asked.name.as_str(), asked.etag.as_str()), ("arrangements/x", "\"4\""));
        assert!(!asked.request_id.is_empty());
        Ok(())
    })
    .await;
    let client = client(&[fake.address]);
    assert_eq!(client.delete(&name("arrangements/x"), Some("\"4\""), WriteOptions::default()).await, Ok(()));
}

#[tokio::test]
async fn what_is_no_call_of_the_contract_is_not_made() {
    let client = client(&[nowhere().await]);
    let error = client.list(Collection::Profiles, &ListOptions::default()).await.unwrap_err();
    assert!(matches!(error, Error::Contract { .. }), "{error:?}");
}
