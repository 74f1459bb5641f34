//! The suite that every store must pass.

use super::sample::{batches, expected, plain, steps};
use super::{Contents, Error, MARK_SECONDS, Store};
use crate::domain::record::Revision;

/// Runs the suite. `fresh` makes an empty store each time, as a function that opens it, also again.
pub(crate) fn run<O: Fn() -> Box<dyn Store>>(fresh: impl Fn() -> O) {
    an_empty_store_holds_nothing(&fresh());
    what_was_committed_is_there_after_opening_again(&fresh());
    a_group_that_does_not_follow_is_refused_and_changes_nothing(&fresh());
    history_gives_what_was_asked(&fresh());
    history_is_read_while_writing_and_after_the_store_is_gone(&fresh());
    marks_older_than_a_day_are_not_loaded(&fresh());
    any_history_survives_any_grouping_and_opening_again(fresh);
}

fn an_empty_store_holds_nothing(open: &impl Fn() -> Box<dyn Store>) {
    let mut store = open();
    assert_eq!(store.load(), Ok(Contents::default()));
    assert_eq!(store.history().after(Revision(0), 10), Ok(vec![]));
    assert_eq!(store.commit(&[]), Ok(()));
    assert_eq!(store.load(), Ok(Contents::default()));
}

fn what_was_committed_is_there_after_opening_again(open: &impl Fn() -> Box<dyn Store>) {
    let all = plain(20);
    let mut store = open();
    assert_eq!(store.commit(&all[..12]), Ok(()));
    assert_eq!(store.commit(&all[12..13]), Ok(()));
    assert_eq!(store.load(), Ok(expected(&all[..13])));
    drop(store);
    let mut store = open();
    assert_eq!(store.load(), Ok(expected(&all[..13])));
    assert_eq!(store.commit(&all[13..]), Ok(()));
    drop(store);
    assert_eq!(open().load(), Ok(expected(&all)));
}

fn a_group_that_does_not_follow_is_refused_and_changes_nothing(open: &impl Fn() -> Box<dyn Store>) {
    let all = plain(6);
    let mut store = open();
    assert_eq!(store.commit(&all[1..2]), Err(Error::Conflict { current: Revision(0) }));
    assert_eq!(store.commit(&all[..3]), Ok(()));
    let conflict = Err(Error::Conflict { current: Revision(3) });
    assert_eq!(store.commit(&all[2..4]), conflict);
    assert_eq!(store.commit(&all[4..]), conflict);
    assert_eq!(store.commit(&[all[3].clone(), all[5].clone()]), conflict);
    assert_eq!(store.load(), Ok(expected(&all[..3])));
    assert_eq!(store.commit(&all[3..]), Ok(()));
    drop(store);
    assert_eq!(open().load(), Ok(expected(&all)));
}

fn history_gives_what_was_asked(open: &impl Fn() -> Box<dyn Store>) {
    let all = plain(150);
    let mut store = open();
    for group in all.chunks(7) {
        assert_eq!(store.commit(group), Ok(()));
    }
    for _ in 0..2 {
        let history = store.history();
        assert_eq!(history.after(Revision(0), 1000).as_ref(), Ok(&all));
        for (after, limit) in [(0, 0), (0, 1), (1, 1), (62, 5), (63, 70), (64, 2), (149, 9), (150, 9), (9999, 9)] {
            let wanted: Vec<_> = all.iter().skip(after as usize).take(limit).cloned().collect();
            assert_eq!(history.after(Revision(after), limit), Ok(wanted), "after {after}, at most {limit}");
        }
        drop(store);
        store = open();
    }
}

fn history_is_read_while_writing_and_after_the_store_is_gone(open: &impl Fn() -> Box<dyn Store>) {
    let all = plain(100);
    let mut store = open();
    let history = store.history();
    let reader = std::thread::spawn({
        let (history, all) = (history.clone(), all.clone());
        move || {
            let mut read = Vec::new();
            while read.len() < all.len() {
                let after = Revision(read.len() as u64);
                read.extend(history.after(after, 10).unwrap());
                std::thread::yield_now();
            }
            assert_eq!(read, all);
        }
    });
    for batch in &all {
        assert_eq!(store.commit(std::slice::from_ref(batch)), Ok(()));
    }
    reader.join().unwrap();
    drop(store);
    assert_eq!(history.after(Revision(98), 10), Ok(all[98..].to_vec()));
}

fn marks_older_than_a_day_are_not_loaded(open: &impl Fn() -> Box<dyn Store>) {
    let mut all = plain(200);
    for batch in &mut all[100..] {
        batch.authorship.time += jiff::SignedDuration::from_secs(MARK_SECONDS);
    }
    let mut store = open();
    assert_eq!(store.commit(&all), Ok(()));
    drop(store);
    let newest = all[199].authorship.time.as_second();
    let mut wanted = expected(&all);
    wanted.requests.retain(|request| request.time.as_second() > newest - MARK_SECONDS);
    assert!(wanted.requests.len() < 60, "some marks of this history are too old");
    assert_eq!(open().load(), Ok(wanted));
}

fn any_history_survives_any_grouping_and_opening_again<O: Fn() -> Box<dyn Store>>(fresh: impl Fn() -> O) {
    use proptest::test_runner::{Config, TestRunner};
    let cases = Config { cases: 24, source_file: Some(file!()), ..Config::default() };
    let random = (steps(), proptest::collection::vec((1_usize..4, proptest::bool::ANY), 12));
    let outcome = TestRunner::new(cases).run(&random, |(steps, cuts)| {
        let all = batches(&steps);
        let open = fresh();
        let mut store = open();
        let mut done = 0;
        for (size, again) in cuts {
            let end = all.len().min(done + size);
            assert_eq!(store.commit(&all[done..end]), Ok(()));
            done = end;
            if again {
                drop(store);
                store = open();
            }
            assert_eq!(store.load(), Ok(expected(&all[..done])));
        }
        assert_eq!(store.history().after(Revision(0), usize::MAX), Ok(all[..done].to_vec()));
        Ok(())
    });
    outcome.unwrap();
}
