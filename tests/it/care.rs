//! Backup, restore and doctor, as an operator runs them on the built program.

use std::fs;
use std::path::Path;

use crisisgids::client::{Client, Settings};
use serde_json::Value;

use super::support::process::{Serving, output, program};

/// Runs a command in a folder: exit code, its JSON answer or error.
fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, Value) {
    let (code, said, error) = output(program(arguments).args(["-o", "json"]).current_dir(folder));
    let said = if said.is_empty() { error } else { said };
    (code, serde_json::from_str(&said).unwrap_or_else(|_| panic!("{arguments:?}: {said}")))
}

fn text<'a>(answer: &'a Value, field: &str) -> &'a str {
    answer[field].as_str().unwrap_or_else(|| panic!("no {field} in {answer}"))
}

async fn ledger_hash(server: &Serving) -> String {
    let endpoints = vec![format!("http://{}", server.address)];
    let client = Client::connect(Settings { endpoints, ..Settings::default() }).await.unwrap();
    let directory = client.get_directory().await.unwrap();
    assert_eq!(directory.ledger_revision, directory.revision);
    directory.ledger_hash
}

#[tokio::test]
async fn a_backup_of_a_running_server_becomes_the_same_directory_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let server = Serving::start(&["--data-dir", "kept"], folder.path());
    let (code, backup) = run(folder.path(), &["backup", "copy", "--data-dir", "kept"]);
    assert_eq!(code, Some(0), "{backup}");
    assert_eq!(text(&backup, "ledgerHash"), ledger_hash(&server).await);
    let (code, busy) = run(folder.path(), &["doctor", "--data-dir", "kept"]);
    assert_eq!(code, Some(4));
    assert!(text(&busy, "message").contains(&format!("in use by process {}", server.id())), "{busy}");

    let (code, restored) = run(folder.path(), &["restore", "copy", "--data-dir", "elsewhere"]);
    assert_eq!((code, text(&restored, "ledgerHash")), (Some(0), text(&backup, "ledgerHash")));
    let again = Serving::start(&["--data-dir", "elsewhere"], folder.path());
    assert_eq!(ledger_hash(&again).await, text(&backup, "ledgerHash"));
    assert_eq!(again.signal("TERM").0, Some(0));
    let (code, report) = run(folder.path(), &["doctor", "--data-dir", "elsewhere"]);
    assert_eq!((code, text(&report, "state")), (Some(0), "whole"), "{report}");
}

#[test]
fn what_is_there_is_never_overwritten_and_what_is_damaged_ends_with_code_6() {
    let folder = tempfile::tempdir().unwrap();
    Serving::start(&["--data-dir", "kept"], folder.path()).kill();
    assert_eq!(run(folder.path(), &["backup", "copy", "--data-dir", "kept"]).0, Some(0));
    assert_eq!(run(folder.path(), &["backup", "copy", "--data-dir", "kept"]).0, Some(4));
    assert_eq!(run(folder.path(), &["restore", "copy", "--data-dir", "kept"]).0, Some(4));
    assert_eq!(run(folder.path(), &["doctor", "--data-dir", "nowhere"]).0, Some(4));

    fs::remove_dir_all(folder.path().join("kept/sled")).unwrap();
    let (code, report) = run(folder.path(), &["doctor", "--data-dir", "kept"]);
    assert_eq!((code, text(&report, "state")), (Some(6), "repairable"), "{report}");
    let (code, report) = run(folder.path(), &["doctor", "--data-dir", "kept", "--repair"]);
    assert_eq!((code, report["repaired"].as_array().map(Vec::len)), (Some(0), Some(1)), "{report}");

    let rot = |path: &str| {
        let path = folder.path().join(path);
        let mut bytes = fs::read(&path).unwrap();
        *bytes.get_mut(5000).unwrap() ^= 4;
        fs::write(&path, bytes).unwrap();
    };
    rot("copy");
    let (code, refused) = run(folder.path(), &["restore", "copy", "--data-dir", "elsewhere"]);
    assert_eq!((code, text(&refused, "reason")), (Some(6), "STORE_CORRUPT"), "{refused}");
    assert!(!folder.path().join("elsewhere").exists());
    rot("kept/ledger-00000000000000000001.seg");
    let (code, report) = run(folder.path(), &["doctor", "--data-dir", "kept", "--repair"]);
    assert_eq!((code, text(&report, "state")), (Some(6), "DAMAGED"), "{report}");
    let (code, said, error) =
        output(program(&["serve", "--listen", "127.0.0.1:0", "--data-dir", "kept"]).current_dir(folder.path()));
    assert_eq!((code, said.as_str()), (Some(6), ""));
    assert!(error.contains("ledger-00000000000000000001.seg") && error.contains("crisisgids restore"), "{error}");
}
