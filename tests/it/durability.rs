//! What survives: the built program, killed while it writes.
//!
//! `CRISISGIDS_KILL_ROUNDS` says how often it is killed; a few times by default, so that the suite stays quick.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crisisgids::client::{Client, Error, ListOptions, Resource, Settings, WriteOptions};
use crisisgids::domain::name::{Collection, Name};
use crisisgids::proto::v1;
use crisisgids::proto::v1::change::Change as What;
use crisisgids::proto::v1::import_changes_response::Part;
use tokio::time::{Instant, timeout};

use super::support::PATIENCE;
use super::support::process::{Serving, output, program};

/// How many write at once.
const WRITERS: usize = 8;

fn rounds() -> usize {
    std::env::var("CRISISGIDS_KILL_ROUNDS").map_or(4, |rounds| rounds.parse().expect("a number of rounds"))
}

/// After how many kills a directory is left for a new one: what is looked at after each kill grows with each.
const KILLS_OF_ONE: usize = 25;

/// How often each of some directories is killed.
fn kills() -> impl Iterator<Item = usize> {
    let rounds = rounds();
    (0..rounds).step_by(KILLS_OF_ONE).map(move |begun| KILLS_OF_ONE.min(rounds - begun))
}

/// A number below `bound`, another one each time.
fn chance(bound: usize) -> usize {
    let (_, low) = uuid::Uuid::new_v4().as_u64_pair();
    usize::try_from(low % u64::try_from(bound).unwrap()).unwrap()
}

fn serve(folder: &tempfile::TempDir) -> Serving {
    Serving::start(&["--data-dir", "kept"], folder.path())
}

/// A client that tries nothing twice.
async fn client(server: &Serving) -> Client {
    let endpoints = vec![format!("http://{}", server.address)];
    Client::connect(Settings { endpoints, rounds: 1, deadline: PATIENCE, ..Settings::default() }).await.unwrap()
}

fn place(id: &str, alias: &str) -> v1::Area {
    v1::Area {
        name: format!("areas/{id}"),
        display_names: vec![v1::LocalisedText { language_code: "nl".to_owned(), text: id.to_owned() }],
        kind: v1::AreaKind::Place.into(),
        aliases: vec![v1::Alias { text: alias.to_owned(), ..Default::default() }],
        ..Default::default()
    }
}

fn envelope(place: &v1::Area) -> v1::Record {
    Resource::from_message(place).unwrap().to_envelope().unwrap()
}

/// One write of one writer: two places of its own, and its count of them.
fn bundle(writer: usize, count: usize) -> v1::ApplyChangesRequest {
    let left = place(&format!("k-{writer}-{count:04}-left"), "left");
    let right = place(&format!("k-{writer}-{count:04}-right"), "right");
    let counter = place(&format!("k-{writer}"), &count.to_string());
    let changes = [What::Create(envelope(&left)), What::Put(envelope(&counter)), What::Create(envelope(&right))];
    v1::ApplyChangesRequest {
        changes: changes.into_iter().map(|change| v1::Change { change: Some(change) }).collect(),
        request_id: uuid::Uuid::new_v4().to_string(),
        change_reason: format!("{writer}/{count}"),
        ..Default::default()
    }
}

/// What one writer knows of what it wrote.
#[derive(Debug, Default)]
struct Written {
    /// The acknowledged writes, with their revision.
    acknowledged: Vec<(v1::ApplyChangesRequest, v1::ApplyChangesResponse)>,
    /// The write that was never answered.
    open: Option<v1::ApplyChangesRequest>,
}

/// Writes one bundle after another until the server is gone.
async fn write(client: Client, writer: usize, from: usize, acknowledged: Arc<AtomicUsize>) -> Written {
    let mut written = Written::default();
    for count in from.. {
        let request = bundle(writer, count);
        match client.apply_changes(request.clone()).await {
            Ok(answer) => {
                written.acknowledged.push((request, answer));
                acknowledged.fetch_add(1, Ordering::SeqCst);
            }
            Err(Error::Lost { .. } | Error::NoServer { .. }) => {
                written.open = Some(request);
                break;
            }
            Err(error) => panic!("a write is refused: {error}"),
        }
    }
    written
}

/// Every place of the tests, by its id.
async fn places(client: &Client) -> BTreeMap<String, v1::Area> {
    let mut options =
        ListOptions { filter: "name = \"areas/k-*\"".to_owned(), page_size: 500, ..ListOptions::default() };
    let mut places = BTreeMap::new();
    loop {
        let page = client.list(Collection::Areas, &options).await.unwrap();
        for resource in page.resources {
            let place: v1::Area = resource.to_message().unwrap();
            places.insert(place.name.trim_start_matches("areas/").to_owned(), place);
        }
        if page.next_page_token.is_empty() {
            return places;
        }
        options.page_token = page.next_page_token;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_kill_and_nothing_is_half_done() {
    let mut acknowledged = 0;
    for kills in kills() {
        acknowledged += killed_while_writing(kills).await;
    }
    println!("{} kills, {acknowledged} writes acknowledged, none lost and none half done", rounds());
}

/// Kills a server so often while it writes; says how many writes were acknowledged.
async fn killed_while_writing(kills: usize) -> usize {
    let mut total = 0;
    let folder = tempfile::tempdir().unwrap();
    let mut next = [0; WRITERS];
    let mut server = serve(&folder);
    for round in 0..kills {
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let mut writers = Vec::new();
        for (writer, from) in next.iter().enumerate() {
            let connected = client(&server).await;
            writers.push(tokio::spawn(write(connected, writer, *from, acknowledged.clone())));
        }
        // Killed at a moment that nobody chose: somewhere after so many writes, while the next ones are under way.
        let enough = chance(60);
        while acknowledged.load(Ordering::SeqCst) < enough {
            tokio::task::yield_now().await;
        }
        server.kill();
        let mut written = Vec::new();
        for writer in writers {
            written.push(writer.await.unwrap());
        }

        server = serve(&folder);
        let connected = client(&server).await;
        let found = places(&connected).await;
        for (writer, (next, written)) in next.iter_mut().zip(&written).enumerate() {
            let certain = *next + written.acknowledged.len();
            total += written.acknowledged.len();
            let counted = found
                .get(&format!("k-{writer}"))
                .map_or(0, |place| place.aliases.first().unwrap().text.parse::<usize>().unwrap() + 1);
            // All that was acknowledged, and perhaps the one that was under way.
            assert!((certain..=certain + 1).contains(&counted), "round {round}: {counted} of {certain}");
            let prefix = format!("k-{writer}-");
            let there: BTreeSet<&str> = found.keys().filter(|id| id.starts_with(&prefix)).map(String::as_str).collect();
            let expected: Vec<String> = (0..counted)
                .flat_map(|count| ["left", "right"].map(|side| format!("k-{writer}-{count:04}-{side}")))
                .collect();
            assert!(there.into_iter().eq(expected.iter().map(String::as_str)), "round {round}: half of a write");
            for (request, answer) in &written.acknowledged {
                let etag = format!("\"{}\"", answer.revision);
                for diff in
                    answer.diffs.iter().filter(|diff| diff.name.contains("-left") || diff.name.contains("-right"))
                {
                    let place = found.get(diff.name.trim_start_matches("areas/")).unwrap();
                    assert_eq!(place.etag, etag, "round {round}");
                }
                // Sent again, it is recognised and answers what it answered.
                assert_eq!(connected.apply_changes(request.clone()).await.unwrap(), *answer, "round {round}");
            }
            // The one that was never answered is done once, whether it was done or not.
            let open = written.open.clone().unwrap();
            let answer = connected.apply_changes(open).await.unwrap();
            assert!(answer.diffs.len() >= 3);
            *next = certain + 1;
        }
        assert_gapless(&connected).await;
    }
    let count: usize = next.iter().sum();
    let found = places(&client(&server).await).await;
    assert_eq!(found.len(), 2 * count + WRITERS);
    total
}

/// The history has every revision once, from the first fill to the newest.
async fn assert_gapless(client: &Client) {
    let mut request = v1::ListChangesRequest { after_revision: 1, page_size: 500, ..Default::default() };
    let mut expected = 2;
    loop {
        let page = client.list_changes(request.clone()).await.unwrap();
        for change in &page.changes {
            assert_eq!(change.revision, expected);
            expected += 1;
        }
        if page.next_page_token.is_empty() {
            assert_eq!(page.revision + 1, expected);
            return;
        }
        request.page_token = page.next_page_token;
    }
}

/// Imports so many places and says the revision that came of it.
async fn imported(client: Client, of: usize) -> Result<i64, Error> {
    let records: Vec<v1::Record> =
        (0..IMPORTED).map(|index| envelope(&place(&format!("k-{of}-{index:04}"), "x"))).collect();
    let mut answer = client.import_changes(v1::ImportOptions::default(), records).await?;
    while let Some(message) = answer.next().await? {
        if let Some(Part::Result(result)) = message.part {
            return Ok(result.revision);
        }
    }
    panic!("an import that ends has a result");
}

/// How many places an import brings.
const IMPORTED: usize = 600;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_is_killed_is_there_whole_or_not_at_all() {
    let mut whole = 0;
    for kills in kills() {
        whole += killed_while_importing(kills).await;
    }
    println!("{} kills, {whole} imports there whole, the others not at all", rounds());
}

/// Kills a server so often while it imports; says how often the import is there.
async fn killed_while_importing(kills: usize) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let mut server = serve(&folder);
    // One that nobody disturbs says how long they take; the others are ended at any moment of it, or a little later.
    let begun = Instant::now();
    imported(client(&server).await, kills).await.unwrap();
    let (took, mut whole) = (begun.elapsed(), 0);
    for round in 0..kills {
        let mut importing = tokio::spawn(imported(client(&server).await, round));
        let moment = took * u32::try_from(chance(1300)).unwrap() / 1000;
        let ended = timeout(moment, &mut importing).await;
        server.kill();
        let outcome = match ended {
            Ok(ended) => ended.unwrap(),
            Err(_) => importing.await.unwrap(),
        };

        server = serve(&folder);
        let connected = client(&server).await;
        let found = places(&connected).await.keys().filter(|id| id.starts_with(&format!("k-{round}-"))).count();
        let count = IMPORTED;
        assert!(found == count || found == 0, "round {round}: {found} of {count}");
        assert!(found == count || outcome.is_err(), "round {round}: it was acknowledged");
        whole += usize::from(found == count);
        let expected = 2 + i64::try_from(whole).unwrap();
        assert_eq!(connected.get_directory().await.unwrap().revision, expected, "one import is one revision");
    }
    whole
}

#[tokio::test]
async fn a_request_is_recognised_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder);
    let options =
        WriteOptions { request_id: "0f8fad5b-d9cb-469f-a165-70867728950e".to_owned(), ..WriteOptions::default() };
    let place_ = Resource::from_message(&place("k-once", "x")).unwrap();
    let created = client(&server).await.create(&place_, options.clone()).await.unwrap();
    assert_eq!(server.signal("TERM").0, Some(0));

    let server = serve(&folder);
    let connected = client(&server).await;
    connected.delete(&Name::parse("areas/k-once").unwrap(), None, WriteOptions::default()).await.unwrap();
    assert_eq!(connected.create(&place_, options.clone()).await.unwrap(), created);
    let other = Resource::from_message(&place("k-another", "x")).unwrap();
    let error = connected.create(&other, options).await.unwrap_err();
    assert_eq!(error.reason().map(|reason| reason.word()), Some("REQUEST_ID_REUSED"));
    assert_eq!(connected.get_directory().await.unwrap().revision, 3);
}

#[tokio::test]
async fn a_second_process_on_the_same_folder_is_refused_and_told_whose_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let first = serve(&folder);
    let mut second = program(&["serve", "--listen", "127.0.0.1:0", "--data-dir", "kept"]);
    let (code, _, said) = output(second.current_dir(folder.path()));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("in use by process {}", first.id())), "{said}");
    assert!(said.contains("stop that one first"), "{said}");
    client(&first).await.get_directory().await.unwrap();
    // A killed one leaves its lock to the next.
    first.kill();
    client(&serve(&folder)).await.get_directory().await.unwrap();
}
