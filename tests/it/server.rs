//! The server as every client meets it: layers, health, reflection, gRPC-Web, stop.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crisisgids::config;
use crisisgids::domain::access::{Action, Permit, Principal};
use crisisgids::domain::record::Revision;
use prost::Message;
use prost_types::FileDescriptorProto;
use tokio::sync::oneshot;
use tokio_stream::StreamExt;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_prost::ProstCodec;
use tonic_types::StatusExt;

use super::support::{PATIENCE, TestServer, grpc_web, http1, trial};

/// The reason in an error.
fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| format!("{}/{}", info.domain, info.reason)).unwrap_or_default()
}

/// Calls a method that takes and gives empty messages.
async fn call(channel: Channel, path: &'static str, request: Request<()>) -> Result<(), Status> {
    let mut client = Grpc::new(channel);
    client.ready().await.unwrap();
    let answer = client.unary(request, PathAndQuery::from_static(path), ProstCodec::<(), ()>::default()).await;
    answer.map(tonic::Response::into_inner)
}

fn health_of(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

#[tokio::test]
async fn health_is_not_serving_until_loaded_and_again_when_stopping() {
    let (loaded, load) = oneshot::channel::<Routes>();
    let server = TestServer::loading(config::Server::default(), load);
    let channel = server.channel().await;
    let mut client = HealthClient::new(channel.clone());
    for service in std::iter::once(String::new()).chain(crisisgids::grpc::reflection::services().unwrap()) {
        let status = client.check(health_of(&service)).await.unwrap().into_inner().status();
        assert_eq!(status, ServingStatus::NotServing, "{service:?}");
    }
    let early = call(channel, trial::PANIC, Request::new(())).await.unwrap_err();
    assert_eq!((early.code(), reason(&early).as_str()), (Code::Unavailable, "crisisgids/LOADING"));

    let mut watch = client.watch(health_of("")).await.unwrap().into_inner();
    let mut next = async || watch.next().await.unwrap().map(|health| health.status());
    assert_eq!(next().await.unwrap(), ServingStatus::NotServing);
    loaded.send(Routes::default()).unwrap();
    assert_eq!(next().await.unwrap(), ServingStatus::Serving);
    for service in crisisgids::grpc::reflection::services().unwrap() {
        assert_eq!(client.check(health_of(&service)).await.unwrap().into_inner().status(), ServingStatus::Serving);
    }

    let stopping = tokio::task::spawn_blocking(move || server.stop());
    assert_eq!(next().await.unwrap(), ServingStatus::NotServing);
    let end = next().await.unwrap_err();
    assert_eq!((end.code(), reason(&end).as_str()), (Code::Unavailable, "crisisgids/STOPPING"));
    stopping.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_directory_that_cannot_be_loaded_ends_the_server_with_the_cause() {
    let server = TestServer::loading(config::Server::default(), async { Err("the disk is gone".to_owned()) });
    let error = tokio::task::spawn_blocking(move || server.ended()).await.unwrap().unwrap_err();
    assert!(error.to_string().contains("the disk is gone"), "{error}");
}

#[tokio::test]
async fn a_panic_in_one_call_answers_internal_and_the_server_lives_on() {
    let server = TestServer::serving(trial::routes());
    let channel = server.channel().await;
    for _ in 0..3 {
        let status = call(channel.clone(), trial::PANIC, Request::new(())).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::Internal, "crisisgids/INTERNAL"));
        assert!(!status.message().contains("trial"), "the cause stays in the log: {}", status.message());
        assert!(status.metadata().contains_key("x-request-id"));
    }
    let health = HealthClient::new(channel).check(health_of("")).await.unwrap().into_inner();
    assert_eq!(health.status(), ServingStatus::Serving);
}

#[tokio::test]
async fn a_sane_request_id_is_kept_and_another_is_replaced() {
    let server = TestServer::serving(trial::routes());
    let channel = server.channel().await;
    let echoed = async |id: &'static str| {
        let mut request = Request::new(());
        request.metadata_mut().insert("x-request-id", id.parse().unwrap());
        let status = call(channel.clone(), "/crisisgids.trial.Trial/None", request).await.unwrap_err();
        status.metadata().get("x-request-id").unwrap().to_str().unwrap().to_owned()
    };
    assert_eq!(echoed("meldkamer-2026.11/7").await, "meldkamer-2026.11/7");
    for unfit in ["two words", "{\"a\":1}", ""] {
        let id = echoed(unfit).await;
        assert!(uuid::Uuid::parse_str(&id).is_ok(), "{unfit:?} became {id:?}");
    }
}

#[test]
fn a_deadline_that_passes_is_deadline_exceeded_also_in_a_stream() {
    let server = TestServer::serving(trial::routes());
    for method in [trial::SILENCE, trial::STALL] {
        let answer = grpc_web(server.address(), method, &[("grpc-timeout", "50m")]).replace(": ", ":");
        assert!(answer.contains("grpc-status:4"), "{method}: {answer}");
        assert!(answer.contains("grpc-status-details-bin:"), "{method}: {answer}");
    }
}

#[test]
fn a_browser_page_of_an_allowed_origin_calls_over_grpc_web() {
    let page = "https://meldkamer.example";
    let settings = config::Server { cors_origins: vec![page.to_owned()], ..config::Server::default() };
    let server = TestServer::serving_with(settings, trial::routes());
    let check = "/grpc.health.v1.Health/Check";
    let preflight = http1(
        server.address(),
        &format!("OPTIONS {check}"),
        &[
            ("origin", page),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "content-type,x-grpc-web,grpc-timeout"),
        ],
        b"",
    );
    assert!(preflight.starts_with("HTTP/1.1 200"), "{preflight}");
    assert!(preflight.contains(&format!("access-control-allow-origin: {page}")), "{preflight}");

    let answer = grpc_web(server.address(), check, &[("origin", page)]);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("grpc-status:0"), "{answer}");
    assert!(answer.contains(&format!("access-control-allow-origin: {page}")), "{answer}");
    for header in ["grpc-status", "grpc-message", "grpc-status-details-bin", "x-request-id"] {
        let exposed = answer.lines().find(|line| line.starts_with("access-control-expose-headers:")).unwrap();
        assert!(exposed.contains(header), "{exposed}");
    }

    let failed = grpc_web(server.address(), trial::PANIC, &[("origin", page)]).replace(": ", ":");
    assert!(failed.contains("grpc-status:13") && failed.contains("access-control-allow-origin:"), "{failed}");
}

#[test]
fn a_browser_page_of_another_origin_is_refused_by_the_server_itself() {
    let server = TestServer::serving(trial::routes());
    let answer = grpc_web(server.address(), "/grpc.health.v1.Health/Check", &[("origin", "http://elsewhere.example")]);
    assert!(answer.replace(": ", ":").contains("grpc-status:7"), "{answer}");
    assert!(!answer.contains("access-control-allow-origin"), "{answer}");
}

#[tokio::test]
async fn reflection_of_both_versions_lists_every_service_and_keeps_our_options() {
    let server = TestServer::serving(Routes::default());
    let channel = server.channel().await;
    macro_rules! reflected {
        ($version:ident) => {{
            use tonic_reflection::pb::$version::ServerReflectionRequest;
            use tonic_reflection::pb::$version::server_reflection_client::ServerReflectionClient;
            use tonic_reflection::pb::$version::server_reflection_request::MessageRequest;
            use tonic_reflection::pb::$version::server_reflection_response::MessageResponse;

            let mut client = ServerReflectionClient::new(channel.clone());
            let mut services = Vec::new();
            let mut files = Vec::new();
            let mut asks = vec![MessageRequest::ListServices(String::new())];
            let own = crisisgids::grpc::reflection::services().unwrap();
            asks.extend(own.into_iter().map(MessageRequest::FileContainingSymbol));
            let asks =
                asks.into_iter().map(|ask| ServerReflectionRequest { host: String::new(), message_request: Some(ask) });
            let mut answers =
                client.server_reflection_info(tokio_stream::iter(asks.collect::<Vec<_>>())).await.unwrap().into_inner();
            while let Some(answer) = answers.next().await {
                match answer.unwrap().message_response.unwrap() {
                    MessageResponse::ListServicesResponse(list) => {
                        services.extend(list.service.into_iter().map(|service| service.name))
                    }
                    MessageResponse::FileDescriptorResponse(response) => files.extend(response.file_descriptor_proto),
                    other => panic!("{other:?}"),
                }
            }
            (services, files)
        }};
    }
    for (services, files) in [reflected!(v1), reflected!(v1alpha)] {
        for own in crisisgids::grpc::reflection::services().unwrap() {
            assert!(services.contains(&own), "{own} is not in {services:?}");
        }
        assert!(services.iter().any(|service| service == "grpc.health.v1.Health"));
        for file in files {
            // prost drops the options that it does not know; what is served must be longer by just those.
            let known = FileDescriptorProto::decode(file.as_slice()).unwrap();
            assert!(file.len() > known.encoded_len(), "{} has lost its options", known.name());
        }
    }
}

#[tokio::test]
async fn silent_connections_and_open_streams_do_not_hold_up_the_stop() {
    let server = TestServer::serving(trial::routes());
    let _silent = TcpStream::connect(server.address()).unwrap();
    let mut client = HealthClient::new(server.channel().await);
    let _watch = client.watch(health_of("")).await.unwrap();
    let stop = tokio::task::spawn_blocking(move || server.stop());
    tokio::time::timeout(super::support::PATIENCE, stop).await.unwrap().unwrap().unwrap();
}

#[test]
fn the_shipped_directory_is_served() {
    let server = TestServer::shipped();
    let permit = Permit::request(Principal::local(), Action::Read).unwrap();
    let snapshot = server.directory().snapshot(&permit).unwrap();
    assert_eq!(snapshot.revision(), Revision(1));
    assert_eq!(snapshot.iter().count(), crisisgids::dataset::shipped().unwrap().records.len());
}

#[tokio::test]
async fn what_errors_carry_is_described_too() {
    use tonic_reflection::pb::v1::ServerReflectionRequest;
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

    let server = TestServer::serving(Routes::default());
    let mut client = ServerReflectionClient::new(server.channel().await);
    for detail in ["google.rpc.ErrorInfo", "google.rpc.LocalizedMessage", "crisisgids.v1.UnresolvedWords"] {
        let message_request = Some(MessageRequest::FileContainingSymbol(detail.to_owned()));
        let ask = ServerReflectionRequest { host: String::new(), message_request };
        let mut answers = client.server_reflection_info(tokio_stream::iter([ask])).await.unwrap().into_inner();
        let answer = answers.next().await.unwrap().unwrap().message_response.unwrap();
        assert!(matches!(answer, MessageResponse::FileDescriptorResponse(_)), "{detail}: {answer:?}");
    }
}

/// A server with room for so many connections, and for so many of one address.
fn with_room(all: u32, of_one: u32) -> TestServer {
    let mut settings = config::Server::default();
    settings.limits.max_connections = all.try_into().unwrap();
    settings.limits.max_connections_per_address = of_one.try_into().unwrap();
    settings.limits.handshake_timeout = "300ms".parse().unwrap();
    TestServer::serving_with(settings, trial::routes())
}

/// Whether a new connection is closed without a word.
fn is_closed(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    matches!(stream.read(&mut [0; 16]), Ok(0) | Err(_))
}

#[test]
fn connections_that_say_nothing_are_closed_and_leave_their_room() {
    for (all, of_one) in [(3, 100), (100, 3)] {
        let server = with_room(all, of_one);
        let mut silent: Vec<TcpStream> = (0..6).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
        // Three for want of room, three because they said nothing.
        assert!(silent.iter_mut().all(is_closed));
        until_served(&server);
    }
}

#[test]
fn one_address_cannot_take_all_the_room() {
    let server = with_room(100, 2);
    let mut holding: Vec<TcpStream> = (0..2).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    for stream in &mut holding {
        // The beginning of a request, so that it counts as one that speaks.
        stream.write_all(b"POST /x HTTP/1.1\r\n").unwrap();
    }
    assert!(is_closed(&mut TcpStream::connect(server.address()).unwrap()));
    drop(holding);
    until_served(&server);
}

/// Connects until a connection is answered: a place is given back a moment after its connection ended.
fn until_served(server: &TestServer) {
    let start = std::time::Instant::now();
    let is_served = || {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        let asked = stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        asked.is_ok() && !is_closed(&mut stream)
    };
    while !is_served() {
        assert!(start.elapsed() < PATIENCE, "the room was not given back");
    }
}

/// Calls until there is a place, and says how that call ended.
async fn let_in(channel: Channel, path: &'static str) -> Status {
    loop {
        let status = call(channel.clone(), path, Request::new(())).await.unwrap_err();
        if status.code() != Code::ResourceExhausted {
            break status;
        }
    }
}

#[tokio::test]
async fn what_is_too_much_is_refused_at_once_and_health_still_answers() {
    let mut settings = config::Server::default();
    settings.limits.max_concurrent_calls = 2.try_into().unwrap();
    let server = TestServer::serving_with(settings, trial::routes());
    let channel = server.channel().await;
    let mut held = tokio::task::JoinSet::new();
    for _ in 0..2 {
        held.spawn(let_in(server.channel().await, trial::SILENCE));
    }
    // The two come in their own time; until then a third is answered as ever. Each try has a connection of its own, as
    // thousands on one would end that.
    let again =
        async || call(server.channel().await, "/crisisgids.trial.Trial/None", Request::new(())).await.unwrap_err();
    let status = loop {
        let status = again().await;
        if status.code() != Code::Unimplemented {
            break status;
        }
    };
    assert_eq!((status.code(), reason(&status).as_str()), (Code::ResourceExhausted, "crisisgids/OVERLOADED"));
    assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
    let health = HealthClient::new(channel.clone()).check(health_of("")).await.unwrap().into_inner();
    assert_eq!(health.status(), ServingStatus::Serving);
    held.shutdown().await;
    while again().await.code() == Code::ResourceExhausted {}
}

#[tokio::test]
#[expect(clippy::await_holding_lock, reason = "the server, which has threads of its own, must find the gate closed")]
async fn while_every_thread_is_busy_with_an_answer_what_is_too_much_is_refused_and_health_answers() {
    let gate = Arc::new(Mutex::new(()));
    let busy = 1 + std::thread::available_parallelism().unwrap().get();
    let mut settings = config::Server::default();
    settings.limits.max_concurrent_calls = u32::try_from(busy).unwrap().try_into().unwrap();
    let server = TestServer::serving_with(settings, trial::routes_with(gate.clone()));
    let mut held = tokio::task::JoinSet::new();
    let refused = {
        let _closed = gate.lock().unwrap();
        for _ in 0..busy {
            let channel = server.channel().await;
            held.spawn(let_in(channel, trial::BUSY));
        }
        // They come in their own time; until all have, another call is let in, and ended by its deadline.
        loop {
            let mut another = Request::new(());
            another.set_timeout(Duration::from_millis(200));
            let status = call(server.channel().await, "/crisisgids.trial.Trial/None", another).await.unwrap_err();
            if status.code() == Code::ResourceExhausted {
                let health = HealthClient::new(server.channel().await).check(health_of("")).await.unwrap().into_inner();
                assert_eq!(health.status(), ServingStatus::Serving);
                break status;
            }
        }
    };
    assert_eq!(reason(&refused), "crisisgids/OVERLOADED");
    let ended: Vec<Status> = held.join_all().await;
    assert!(ended.iter().all(|status| status.code() == Code::Unimplemented), "{ended:?}");
}
