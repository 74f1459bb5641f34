//! `crisisgids serve` as an operator runs it: the built program, its output and how it ends.

use std::fs::Permissions;
use std::io::Read;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;

use crisisgids::client::Client;
use crisisgids::proto::v1;

use super::support::process::{Serving, output, program, unprivileged};
use super::support::{PATIENCE, grpc_web};

#[test]
fn sigterm_and_sigint_end_it_properly_with_a_silent_connection_open() {
    for signal in ["TERM", "INT"] {
        let folder = tempfile::tempdir().unwrap();
        let serving = Serving::start(&["--demo"], folder.path());
        let mut silent = TcpStream::connect(serving.address).unwrap();
        let (code, said) = serving.signal(signal);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("stopping"), "{said}");
        // The other end is closed, not left open.
        assert_eq!(silent.read(&mut [0]).unwrap_or(0), 0);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a demonstration keeps nothing");
    }
}

#[test]
fn the_first_start_fills_the_folder_and_the_second_finds_it_filled() {
    let folder = tempfile::tempdir().unwrap();
    let first = Serving::start(&["--data-dir", "kept"], folder.path());
    assert!(first.said.iter().any(|line| line.contains("first start")), "{:?}", first.said);
    assert!(first.said.iter().any(|line| line.contains("kept")), "{:?}", first.said);
    let answer = grpc_web(first.address, "/grpc.health.v1.Health/Check", &[]);
    assert!(answer.contains("grpc-status:0"), "{answer}");
    assert_eq!(first.signal("TERM").0, Some(0));
    let second = Serving::start(&["--data-dir", "kept"], folder.path());
    assert!(!second.said.iter().any(|line| line.contains("first start")), "{:?}", second.said);
    assert_eq!(second.signal("TERM").0, Some(0));
}

#[test]
fn a_folder_that_cannot_be_one_is_named_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    for place in ["file/kept", "/proc/kept"] {
        let mut command = program(&["serve", "--listen", "127.0.0.1:0", "--data-dir", place]);
        let (code, _, said) = output(command.current_dir(folder.path()));
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(place), "{said}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_it_may_not_read_or_write_is_named() {
    let folder = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().unwrap();
    let first = Serving::start(&["--data-dir", "kept"], folder.path());
    assert_eq!(first.signal("TERM").0, Some(0));
    let kept = folder.path().join("kept");
    for (file, mode) in [
        ("", 0o600),
        ("lock", 0o400),
        ("ledger.witness", 0o200),
        ("ledger-00000000000000000001.seg", 0o400),
        ("ledger-00000000000000000001.seg", 0),
        ("audit.jsonl", 0),
    ] {
        let path = kept.join(file);
        let before = std::fs::metadata(&path).unwrap().permissions();
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--data-dir", "kept"];
        let mut command = unprivileged(&arguments, folder.path());
        let (code, _, said) = output(command.current_dir(folder.path()));
        assert_eq!(code, Some(1), "{file}: {said}");
        assert!(said.contains(file) && said.contains("Permission denied"), "{file}: {said}");
        std::fs::set_permissions(&path, before).unwrap();
    }
    let again = Serving::start(&["--data-dir", "kept"], folder.path());
    assert!(!again.said.concat().contains("WARN"), "{:?}", again.said);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_descriptors_left_nothing_accepted_is_lost_and_it_goes_on_when_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start_with_descriptors(40, &["--data-dir", "kept"], folder.path());
    let client = Client::connect(format!("http://{}", serving.address)).await.unwrap();
    let before = client.get_directory().await.unwrap().revision;
    let crowd: Vec<TcpStream> = (0..80).map(|_| TcpStream::connect(serving.address).unwrap()).collect();
    let place = v1::Area {
        name: "areas/crowded".to_owned(),
        display_names: vec![v1::LocalisedText { language_code: "nl".to_owned(), text: "druk".to_owned() }],
        kind: v1::AreaKind::Place.into(),
        ..v1::Area::default()
    };
    let change = v1::Change { change: Some(v1::change::Change::Put(envelope(&place))) };
    let wanted = v1::ApplyChangesRequest { changes: vec![change], ..v1::ApplyChangesRequest::default() };
    // On a connection that it has, it also writes.
    assert_eq!(client.apply_changes(wanted).await.unwrap().revision, before + 1);
    drop(crowd);
    let late = Client::connect(format!("http://{}", serving.address)).await.unwrap().with_deadline(PATIENCE);
    assert_eq!(late.get_directory().await.unwrap().revision, before + 1);
    serving.kill();
    let again = Serving::start(&["--data-dir", "kept"], folder.path());
    let client = Client::connect(format!("http://{}", again.address)).await.unwrap();
    assert_eq!(client.get_directory().await.unwrap().revision, before + 1);
}

fn envelope(place: &v1::Area) -> v1::Record {
    v1::Record { record: Some(v1::record::Record::Area(place.clone())) }
}

#[test]
fn an_address_that_others_can_reach_is_refused_with_a_way_out() {
    let (code, _, said) = output(&mut program(&["serve", "--listen", "0.0.0.0:0", "--demo"]));
    assert_eq!(code, Some(2));
    assert!(said.contains("refusing to listen on 0.0.0.0:0") && said.contains("--listen 127.0.0.1"), "{said}");
}

#[test]
fn the_settings_that_hold_are_dumped_as_toml() {
    let mut command = program(&["serve", "--dump-config", "--listen", "127.0.0.1:7"]);
    let (code, dumped, said) = output(command.env("CRISISGIDS_SERVER__DRAIN_TIMEOUT", "3s"));
    assert_eq!((code, said.as_str()), (Some(0), ""));
    let dumped: toml::Table = dumped.parse().unwrap();
    assert_eq!(dumped["server"]["listen"].as_str(), Some("127.0.0.1:7"));
    assert_eq!(dumped["server"]["drain_timeout"].as_str(), Some("3s"));
    assert_eq!(dumped["server"]["limits"]["stream_window"].as_str(), Some("1MiB"));
}

#[test]
fn wrong_settings_are_all_named_and_end_with_code_2() {
    let mut command = program(&["serve", "--demo"]);
    command.env("CRISISGIDS_SERVER__DRAIN_TIMEOUT", "soon").env("CRISISGIDS_SERVER__LISEN", "127.0.0.1:1");
    let (code, _, said) = output(&mut command);
    assert_eq!(code, Some(2), "{said}");
    for key in ["server.lisen", "server.drain_timeout"] {
        assert!(said.contains(&format!("{key} (from the environment)")), "{said}");
    }
    assert_eq!(output(&mut program(&["serve", "--no-such-flag"])).0, Some(2));
}
