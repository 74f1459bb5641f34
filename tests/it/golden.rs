//! The golden answers of the demonstration, which integrators test their programs against.
//!
//! **Invariants.** Each file of `tests/golden/demo/` holds one question and, in canonical protobuf JSON, what the server
//! answers. `just golden` writes them again; what differs then is what integrators
//! will see change.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crisisgids::proto::v1::coordination_service_client::CoordinationServiceClient;
use crisisgids::proto::{descriptor, from_dynamic, v1};
use prost::Message;
use prost_reflect::DynamicMessage;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tonic::{Response, Status};
use tonic_types::StatusExt;

use super::support::TestServer;

/// The day on which the demonstration is laid over the dataset: `serve --demo --demo-date 2026-11-23`.
const DAY: jiff::civil::Date = jiff::civil::date(2026, 11, 23);

/// A question as it stands in a file.
#[derive(Debug, Deserialize)]
struct Asked {
    about: String,
    method: String,
    request: Value,
}

/// A question with its answer, as a file is to be.
#[derive(Debug, Serialize)]
struct Exchange {
    about: String,
    method: String,
    request: DynamicMessage,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<DynamicMessage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Refusal>,
}

/// An error as `google.rpc.Status` is written in JSON, the code as a word.
#[derive(Debug, Serialize)]
struct Refusal {
    code: String,
    message: String,
    details: Vec<Value>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/demo")
}

fn files() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|kind| kind == "json")).collect();
    files.sort();
    files
}

/// Asks a method of the coordination service.
async fn call(server: &TestServer, method: &str, request: &DynamicMessage) -> Result<DynamicMessage, Status> {
    async fn pass<Q: Message + Default, A: Message>(
        request: &DynamicMessage,
        call: impl AsyncFnOnce(Q) -> Result<Response<A>, Status>,
    ) -> Result<Vec<u8>, Status> {
        Ok(call(from_dynamic(request).unwrap()).await?.into_inner().encode_to_vec())
    }
    let mut client = CoordinationServiceClient::new(server.channel().await);
    let encoded = match method {
        "FindActingOrganisations" => {
            let ask = async |asked: v1::FindActingOrganisationsRequest| client.find_acting_organisations(asked).await;
            pass(request, ask).await
        }
        "FindContacts" => pass(request, async |asked: v1::FindContactsRequest| client.find_contacts(asked).await).await,
        "FindProviders" => {
            pass(request, async |asked: v1::FindProvidersRequest| client.find_providers(asked).await).await
        }
        "ResolvePlace" => pass(request, async |asked: v1::ResolvePlaceRequest| client.resolve_place(asked).await).await,
        other => panic!("{other} is not among the golden methods"),
    }?;
    let answer = descriptor(&format!("{method}Response")).unwrap();
    Ok(DynamicMessage::decode(answer, encoded.as_slice()).unwrap())
}

fn refusal(status: &Status) -> Refusal {
    let info = status.get_details_error_info().unwrap();
    let said = status.get_details_localized_message().unwrap();
    let metadata: serde_json::Map<String, Value> =
        info.metadata.into_iter().map(|(key, value)| (key, Value::String(value))).collect();
    let mut details = vec![
        json!({ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "domain": info.domain, "metadata": metadata, "reason": info.reason }),
        json!({ "@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": said.locale, "message": said.message }),
    ];
    for detail in tonic_types::pb::Status::decode(status.details()).unwrap().details {
        if let Some((_, own)) = detail.type_url.split_once("/crisisgids.v1.") {
            let message = DynamicMessage::decode(descriptor(own).unwrap(), detail.value.as_slice()).unwrap();
            let mut shown = serde_json::to_value(&message).unwrap();
            shown.as_object_mut().unwrap().insert("@type".to_owned(), Value::String(detail.type_url));
            details.push(shown);
        }
    }
    // `InvalidArgument` is INVALID_ARGUMENT in the contract.
    let mut code = String::new();
    for letter in format!("{:?}", status.code()).chars() {
        if letter.is_uppercase() && !code.is_empty() {
            code.push('_');
        }
        code.extend(letter.to_uppercase());
    }
    Refusal { code, message: status.message().to_owned(), details }
}

/// What a file is to hold.
async fn recorded(server: &TestServer, text: &str) -> String {
    let asked: Asked = serde_json::from_str(text).unwrap();
    let method = asked.method.strip_prefix("crisisgids.v1.CoordinationService/").unwrap();
    let request = descriptor(&format!("{method}Request")).unwrap();
    let request = DynamicMessage::deserialize(request, asked.request).unwrap();
    let (response, error) = match call(server, method, &request).await {
        Ok(response) => (Some(response), None),
        Err(status) => (None, Some(refusal(&status))),
    };
    let exchange = Exchange { about: asked.about, method: asked.method, request, response, error };
    serde_json::to_string_pretty(&exchange).unwrap() + "\n"
}

#[tokio::test]
async fn the_demonstration_answers_as_the_golden_files_say() {
    let server = TestServer::demo(DAY);
    let write = env::var("CRISISGIDS_GOLDEN").is_ok_and(|wish| wish == "write");
    let mut differing = Vec::new();
    for file in files() {
        let text = fs::read_to_string(&file).unwrap();
        let recorded = recorded(&server, &text).await;
        if recorded == text {
            continue;
        }
        if write {
            fs::write(&file, recorded).unwrap();
        } else {
            let unlike = text.lines().zip(recorded.lines()).zip(1..).find(|((was, is), _)| was != is);
            differing.push(format!("{}: first line unlike: {unlike:?}", file.display()));
        }
    }
    assert!(differing.is_empty(), "{}\nIf integrators are to see this change: just golden", differing.join("\n"));
}

/// What an answer can say that a program must not overlook, each with how it looks in JSON.
const STATES: [(&str, &str); 17] = [
    ("a number that is not public", r#""placeholder": true"#),
    ("an invented number", r#""fictional": true"#),
    ("somebody reachable now", r#""reachableNow": true"#),
    ("nobody reachable at this hour", r#""kind": "GAP_KIND_NOT_REACHABLE""#),
    ("a verification that is overdue", r#""kind": "GAP_KIND_VERIFICATION_OVERDUE""#),
    ("a contact that partners only may see", r#""confidentiality": "CONFIDENTIALITY_PARTNER""#),
    ("a cover of a part only", r#""partial": true"#),
    ("a cover shared with others", r#""shared": true"#),
    ("a role that hangs on a circumstance", r#""conditional": ["#),
    ("what is only announced", r#""announced": true"#),
    ("an announcement to confirm", r#""kind": "GAP_KIND_ANNOUNCED_UNCONFIRMED""#),
    ("a level that was assumed", r#""kind": "GAP_KIND_GRIP_ASSUMED""#),
    ("a place that is not ours", r#""handovers": ["#),
    ("what we still are there", r#""stillKnown": ["#),
    ("an exercise", r#""exercise": true"#),
    ("a comparison with another level", r#""change": "ENTRY_CHANGE_ADDED""#),
    ("words with several meanings", r#""candidates": ["#),
];

#[test]
fn the_golden_files_show_every_state_an_answer_can_have() {
    let all: String = files().into_iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    for (state, written) in STATES {
        assert!(all.contains(written), "no golden answer shows {state}");
    }
}
