//! A ledger that is kept for some time only, on the built program: what is asked of older writes, and what care finds.

use std::path::Path;

use crisisgids::client::{Client, Settings};
use crisisgids::directory::Directory;
use crisisgids::domain::error::Reason;
use crisisgids::proto::v1;
use crisisgids::store::embedded::{EmbeddedStore, Layout};

use super::support::days;
use super::support::process::{Serving, output, program};

/// How many writes the directory holds, one a day.
const WRITES: i64 = 40;

/// A directory of old writes, in small files and kept whole.
async fn fill(folder: &Path) {
    let layout = Layout { segment: 4096, ahead: 1024, keep_seconds: None };
    let directory = Directory::open(Box::new(EmbeddedStore::open_with(folder, layout).unwrap())).unwrap();
    for day in 1..=WRITES {
        days::write(&directory, day).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_must_be_kept_goes_to_the_archive_and_whoever_asks_for_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    fill(&folder.path().join("kept")).await;
    std::fs::write(folder.path().join("settings.toml"), "[store]\nkeep_history = \"10d\"\n").unwrap();
    let server = Serving::start(&["--data-dir", "kept", "--config", "settings.toml"], folder.path());
    let endpoints = vec![format!("http://{}", server.address)];
    let client = Client::connect(Settings { endpoints, ..Settings::default() }).await.unwrap();
    let directory = client.get_directory().await.unwrap();
    let oldest = directory.oldest_revision;
    assert!((2..=WRITES - 9).contains(&oldest), "{oldest}");

    let from_the_first = client.list_changes(v1::ListChangesRequest::default()).await.unwrap_err();
    assert_eq!(from_the_first.reason(), Some(Reason::RevisionCompacted));
    assert_eq!(from_the_first.refusal().unwrap().metadata["oldest"], oldest.to_string());
    let revert = client.revert_change(v1::RevertChangeRequest { revision: 1, ..Default::default() }).await.unwrap_err();
    assert_eq!(revert.reason(), Some(Reason::RevisionCompacted));
    let since = v1::ListChangesRequest { after_revision: oldest - 1, ..Default::default() };
    let changes = client.list_changes(since).await.unwrap().changes;
    let reasons: Vec<String> = changes.into_iter().map(|change| change.change_reason).collect();
    assert_eq!(reasons, (oldest..=WRITES).map(|day| format!("day {day}")).collect::<Vec<_>>());

    let address = format!("http://{}", server.address);
    let mut history = program(&["history", "--endpoint", &address, "-o", "json"]);
    let (code, said, note) = output(&mut history);
    assert_eq!(code, Some(0), "{note}");
    assert_eq!(said.matches("\"changeReason\"").count(), reasons.len());
    assert!(note.contains(&oldest.to_string()), "{note}");

    let backup = output(program(&["backup", "copy", "--data-dir", "kept"]).current_dir(folder.path()));
    assert_eq!(backup.0, Some(0), "{}", backup.2);
    assert_eq!(server.signal("TERM").0, Some(0));
    let restored = output(program(&["restore", "copy", "--data-dir", "other"]).current_dir(folder.path()));
    assert_eq!(restored.0, Some(0), "{}", restored.2);
    for kept in ["kept", "other"] {
        let (code, said, error) = output(program(&["doctor", "--data-dir", kept]).current_dir(folder.path()));
        assert_eq!(code, Some(0), "{said}{error}");
        assert!(said.contains(&format!("a checkpoint at revision {}", oldest - 1)), "{said}");
        assert!(said.contains(&directory.ledger_hash), "{said}");
    }
}
