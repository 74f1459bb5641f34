//! Who may do what, on the server with its layers: every method by every role, and nothing shown to whom it is not for.

use std::path::Path;

use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use crisisgids::client::{Client, Secret, Settings, Trust};
use crisisgids::config;
use crisisgids::dataset;
use crisisgids::domain::access::{AccessRole, Action};
use crisisgids::domain::contact::{Channel, ChannelKind, Confidentiality, Contact};
use crisisgids::domain::name::Id;
use crisisgids::domain::record::{Record, Resource};
use crisisgids::domain::text::Localised;
use crisisgids::domain::validity::Validity;
use crisisgids::proto::rules::Rules;
use crisisgids::proto::v1;
use prost::Message;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
use tonic::Code;

use super::support::{PATIENCE, TestServer, http1};

/// Whose desk has channels of every confidentiality.
pub(super) const DISPATCH: &str = "organisations/vr25";

fn hash(secret: &str) -> String {
    Argon2::default().hash_password(secret.as_bytes()).unwrap().to_string()
}

/// An access file with a principal of each role under its name, and a scoped editor. All have the same secret.
pub(super) fn everyone() -> String {
    let hash = hash("s");
    let mut file = String::new();
    for role in AccessRole::ALL {
        let role = role.word();
        file.push_str(&format!("[[principals]]\nname = \"{role}\"\nrole = \"{role}\"\ntoken_hash = \"{hash}\"\n"));
    }
    file.push_str(&format!(
        "[[principals]]\nname = \"scoped\"\nrole = \"editor\"\ntoken_hash = \"{hash}\"\nareas = [\"areas/vr25\"]\n\
         organisations = [\"organisations/waternet\"]\n"
    ));
    file
}

pub(super) fn settings(folder: &Path, access: &str) -> config::Server {
    let file = folder.join("access.toml");
    std::fs::write(&file, access).unwrap();
    config::Server { access_file: Some(file), ..config::Server::default() }
}

/// A write is answered with the record, and a change with its differences, as they are: nothing is withheld from them.
#[test]
fn a_role_that_may_write_sees_everything() {
    for role in AccessRole::ALL.iter().filter(|role| role.may(Action::Write)) {
        assert_eq!(role.clearance(), Confidentiality::Restricted, "{role:?} would be shown what it may not see");
    }
}

/// What comes back of a call: `grpc-status`, and every byte of it.
fn call(server: &TestServer, path: &str, token: Option<&str>, message: &impl Message) -> (i32, String) {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("content-type", "application/grpc-web+proto")];
    headers.extend(bearer.iter().map(|bearer| ("authorization", bearer.as_str())));
    let encoded = message.encode_to_vec();
    let mut body = vec![0];
    body.extend(u32::try_from(encoded.len()).unwrap().to_be_bytes());
    body.extend(encoded);
    let answer = http1(server.address(), &format!("POST /crisisgids.v1.{path}"), &headers, &body);
    let status = answer.split("grpc-status:").nth(1).unwrap_or_else(|| panic!("{path}: {answer}"));
    (status.trim_start().split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap(), answer)
}

#[test]
fn every_method_is_for_the_roles_of_the_table_and_for_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::of_with(settings(folder.path(), &everyone()), dataset::shipped().unwrap().records);
    let rules = Rules::load().unwrap();
    assert!(rules.methods().len() > 80, "{} methods", rules.methods().len());
    let (denied, unauthenticated) = (Code::PermissionDenied as i32, Code::Unauthenticated as i32);
    for (path, method) in rules.methods() {
        for role in AccessRole::ALL {
            let (status, answer) = call(&server, path, Some(&format!("{}.s", role.word())), &());
            assert_ne!(status, unauthenticated, "{path} {role:?}: {answer}");
            assert_eq!(status == denied, !role.may(method.action), "{path} {role:?}: {answer}");
        }
        for token in [None, Some("reader.wrong"), Some("nobody.s"), Some("reader")] {
            assert_eq!(call(&server, path, token, &()).0, unauthenticated, "{path} {token:?}");
        }
    }
}

#[test]
fn an_editor_with_a_scope_changes_what_is_in_it_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::of_with(settings(folder.path(), &everyone()), dataset::shipped().unwrap().records);
    let put = |name: &str, token: &str| {
        let text = |text: &str| v1::LocalisedText { language_code: "nl".to_owned(), text: text.to_owned() };
        let contact = v1::Contact { name: name.to_owned(), display_names: vec![text("x")], ..v1::Contact::default() };
        let request = v1::UpdateContactRequest {
            contact: Some(contact),
            update_mask: Some(prost_types::FieldMask { paths: vec!["display_names".to_owned()] }),
            ..v1::UpdateContactRequest::default()
        };
        call(&server, "ContactService/UpdateContact", Some(token), &request).0
    };
    // By name, by what it covers in the region, and neither.
    assert_eq!(put("organisations/waternet/contacts/desk", "scoped.s"), 0);
    assert_eq!(put("organisations/waterschap-zuiderzeeland/contacts/desk", "scoped.s"), 0);
    let denied = Code::PermissionDenied as i32;
    assert_eq!(put("organisations/vr14/contacts/desk", "scoped.s"), denied);
    assert_eq!(put("organisations/vr14/contacts/desk", "editor.s"), 0);
    // All or nothing.
    let area = v1::RecordDeletion { name: "areas/ketelbrug".to_owned(), ..v1::RecordDeletion::default() };
    let delete = v1::Change { change: Some(v1::change::Change::Delete(area)) };
    let request = v1::ApplyChangesRequest { changes: vec![delete], ..v1::ApplyChangesRequest::default() };
    assert_eq!(call(&server, "DirectoryService/ApplyChanges", Some("scoped.s"), &request).0, denied);
}

/// The directory that ships, with a desk of channels of every confidentiality.
pub(super) fn confidential() -> Vec<Record> {
    let channel = |confidentiality: Confidentiality| Channel {
        confidentiality,
        ..Channel::new(ChannelKind::Platform, format!("HUSH-{}", confidentiality.word()))
    };
    let contact = Contact {
        name: Id::parse(&format!("{DISPATCH}/contacts/desk")).unwrap(),
        display_names: Localised::new("balie", "desk"),
        function: None,
        areas: vec![],
        filled_by: None,
        purpose: String::new(),
        channels: Confidentiality::ALL.iter().rev().map(|one| channel(*one)).collect(),
        validity: Validity::default(),
        source: None,
    };
    let mut records = dataset::shipped().unwrap().records;
    records.retain(|record| record.name() != contact.name.name());
    records.push(contact.into_record());
    records
}

#[test]
fn what_a_role_may_not_see_is_in_nothing_that_it_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::of_with(settings(folder.path(), &everyone()), confidential());
    let name = format!("{DISPATCH}/contacts/desk");
    let list = |filter: &str, order_by: &str| v1::ListContactsRequest {
        parent: DISPATCH.to_owned(),
        filter: filter.to_owned(),
        order_by: order_by.to_owned(),
        ..v1::ListContactsRequest::default()
    };
    let ask = v1::FindActingOrganisationsRequest {
        places: vec!["Urk".to_owned()],
        grip: v1::Grip::Grip2.into(),
        explain: true,
        ..v1::FindActingOrganisationsRequest::default()
    };
    let contacts = v1::FindContactsRequest { organisations: vec![DISPATCH.to_owned()], ..Default::default() };
    let providers = v1::FindProvidersRequest { capability: "veiligheidsregio".to_owned(), ..Default::default() };
    for role in AccessRole::ALL {
        let token = format!("{}.s", role.word());
        let mut answers = vec![
            call(&server, "CoordinationService/FindActingOrganisations", Some(&token), &ask),
            call(&server, "CoordinationService/FindContacts", Some(&token), &contacts),
            call(&server, "CoordinationService/FindProviders", Some(&token), &providers),
            call(&server, "CoordinationService/FindGaps", Some(&token), &v1::FindGapsRequest::default()),
            call(&server, "ContactService/GetContact", Some(&token), &v1::GetContactRequest { name: name.clone() }),
            call(&server, "ContactService/ListContacts", Some(&token), &list("", "channels.value")),
            call(&server, "ContactService/ListContacts", Some(&token), &list("", "")),
            call(&server, "DirectoryService/ListChanges", Some(&token), &v1::ListChangesRequest::default()),
            call(&server, "DirectoryService/ExportDirectory", Some(&token), &v1::ExportDirectoryRequest {}),
        ];
        let batch = v1::BatchGetContactsRequest { names: vec![name.clone()], ..Default::default() };
        answers.push(call(&server, "ContactService/BatchGetContacts", Some(&token), &batch));
        for hidden in Confidentiality::ALL.iter().filter(|one| **one > role.clearance()) {
            let secret = format!("HUSH-{}", hidden.word());
            assert!(answers.iter().all(|(_, answer)| !answer.contains(&secret)), "{role:?} sees {secret}");
            // A filter tells by what it finds.
            let found = call(
                &server,
                "ContactService/ListContacts",
                Some(&token),
                &list(&format!("channels.value = {secret}"), ""),
            );
            assert!(!found.1.contains(&name), "{role:?} finds by {secret}");
        }
        let got = &answers[4].1;
        assert_eq!(got.contains("HUSH-PUBLIC"), role.may(Action::Read), "{role:?}");
        let told = Confidentiality::ALL.iter().filter(|one| **one > role.clearance()).count();
        assert_eq!(got.matches("].value").count(), told, "{role:?}: what is hidden is said to be");
    }
}

/// An authority, a server's certificate and a client's, in a folder.
struct Certificates {
    authority: String,
    client: (String, String),
    tls: config::Tls,
}

fn certificates(folder: &Path) -> Certificates {
    let key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = authority.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(authority, key);
    let signed = |names: Vec<SanType>| {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.subject_alt_names = names;
        (params.signed_by(&key, &issuer).unwrap().pem(), key.serialize_pem())
    };
    let server = signed(vec![SanType::IpAddress("127.0.0.1".parse().unwrap())]);
    let client = signed(vec![SanType::DnsName("centre.example".try_into().unwrap())]);
    let write = |name: &str, text: &str| {
        let file = folder.join(name);
        std::fs::write(&file, text).unwrap();
        file
    };
    let tls = config::Tls {
        certificate: write("server.pem", &server.0),
        key: write("server.key", &server.1),
        client_ca: Some(write("clients.pem", &certificate)),
    };
    Certificates { authority: certificate, client, tls }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_says_who_calls_and_the_access_file_what_he_may_also_after_it_changed() {
    let folder = tempfile::tempdir().unwrap();
    let Certificates { authority, client, tls } = certificates(folder.path());
    let as_role = |role: &str| {
        format!("[[principals]]\nname = \"centre\"\nrole = \"{role}\"\ncertificate_names = [\"DNS:centre.example\"]\n")
    };
    let settings = config::Server { tls: Some(tls), ..settings(folder.path(), &as_role("reader")) };
    let served = settings.clone();
    let records = dataset::shipped().unwrap().records;
    let directory = super::support::directory(records).await.unwrap();
    let server = TestServer::loading(settings, async move {
        Ok::<_, std::convert::Infallible>(crisisgids::server::routes(directory.into(), &served, None).unwrap())
    });
    let calling = |certificate: Option<(String, Secret)>| {
        let trust = Trust { authorities: authority.clone(), certificate };
        Settings { tls: Some(trust), rounds: 40, ..Settings::from(format!("https://{}", server.address())) }
    };
    let known = Client::connect(calling(Some((client.0.clone(), Secret(client.1.clone()))))).await.unwrap();
    let unknown = Client::connect(calling(None)).await.unwrap();
    assert!(known.get_directory().await.is_ok());
    assert_eq!(unknown.get_directory().await.unwrap_err().code(), Code::Unauthenticated);
    let in_the_clear = Settings { rounds: 1, ..Settings::from(format!("http://{}", server.address())) };
    let refused = Client::connect(in_the_clear).await.unwrap().get_directory().await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused}");
    let history =
        async || known.list_changes(v1::ListChangesRequest::default()).await.map(|_| ()).map_err(|e| e.code());
    assert_eq!(history().await, Err(Code::PermissionDenied));

    // Nonsense changes nothing; then the same principal becomes an auditor, on the same connection.
    let file = folder.path().join("access.toml");
    std::fs::write(&file, "principals = 7").unwrap();
    std::fs::write(&file, as_role("auditor")).unwrap();
    let start = std::time::Instant::now();
    while history().await.is_err() {
        assert!(start.elapsed() < PATIENCE, "the access file was not taken anew");
        tokio::task::yield_now().await;
    }
    assert!(known.get_directory().await.is_ok());
}

#[test]
fn a_server_that_others_could_reach_without_being_told_apart_does_not_start() {
    use super::support::process::{output, program};
    let folder = tempfile::tempdir().unwrap();
    let (code, _, errors) = output(program(&["serve", "--listen", "0.0.0.0:0"]).current_dir(folder.path()));
    assert_eq!(code, Some(2), "{errors}");
    assert!(errors.contains("server.tls") && errors.contains("server.access_file"), "{errors}");
    std::fs::write(folder.path().join("access.toml"), "principals = []").unwrap();
    std::fs::write(folder.path().join("c.toml"), "[server]\naccess_file = \"access.toml\"\n").unwrap();
    let (code, _, errors) =
        output(program(&["serve", "--config", "c.toml", "--listen", "127.0.0.1:0"]).current_dir(folder.path()));
    assert_eq!(code, Some(2), "{errors}");
    assert!(errors.contains("nobody could call"), "{errors}");
}

#[test]
fn a_token_that_was_made_is_one_that_the_server_takes() {
    use super::support::process::{Serving, output, program};
    let folder = tempfile::tempdir().unwrap();
    let (code, made, _) = output(&mut program(&["access", "token", "kantoor"]));
    assert_eq!(code, Some(0));
    let (token, access) = made.split_once("\n\n").unwrap();
    std::fs::write(folder.path().join("token"), token).unwrap();
    std::fs::write(folder.path().join("access.toml"), access).unwrap();
    std::fs::write(folder.path().join("c.toml"), "[server]\naccess_file = \"access.toml\"\n").unwrap();
    let serving = Serving::start(&["--config", "c.toml", "--demo"], folder.path());
    let endpoint = format!("http://{}", serving.address);
    let asked = ["who-acts", "Urk", "brand", "--endpoint", &endpoint];
    assert_eq!(output(program(&asked).current_dir(folder.path())).0, Some(4));
    let with_token = [&asked[..], &["--token-file", "token"]].concat();
    let (code, answer, errors) = output(program(&with_token).current_dir(folder.path()));
    assert_eq!(code, Some(0), "{errors}");
    assert!(answer.contains("GEZAG"), "{answer}");
}

#[test]
fn whoever_calls_too_often_is_told_when_to_try_again_and_others_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let one = std::num::NonZeroU32::MIN;
    let limits = config::Limits { max_calls_per_second_per_principal: one, ..config::Limits::default() };
    let settings = config::Server { limits, ..settings(folder.path(), &everyone()) };
    let server = TestServer::of_with(settings, dataset::shipped().unwrap().records);
    let ask = |token: &str| call(&server, "DirectoryService/GetDirectory", Some(token), &());
    let answers: Vec<(i32, String)> = (0..20).map(|_| ask("reader.s")).collect();
    let refused: Vec<&String> = answers.iter().filter(|(status, _)| *status != 0).map(|(_, answer)| answer).collect();
    assert!(answers.first().unwrap().0 == 0 && refused.len() > 10, "{} refused", refused.len());
    for answer in refused {
        assert!(answer.contains("grpc-status: 8") || answer.contains("grpc-status:8"), "{answer}");
        assert!(answer.contains("retry_info"), "{answer}");
    }
    assert_eq!(ask("dispatcher.s").0, 0);
}
