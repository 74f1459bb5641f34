//! Compacting the ledger: segments older than what must be kept give way to a checkpoint and are put away.
//!
//! First the checkpoint is written and synced, then the segments it replaces are moved into the archive, from where
//! only an examination reads them again. A process that opens the ledger between the two finds the checkpoint and
//! ignores the segments that it replaces; the next compaction moves the rest of them.
//!
//! **Invariants.** Segments go as a whole, oldest first, and never the newest one. What a repeated request is
//! recognised by is younger than anything that goes. Nothing is deleted but an older checkpoint.

use std::io;
use std::path::{Path, PathBuf};

use super::checkpoint::Checkpoint;
use super::data_directory::create;
use super::disk::{self, ARCHIVE};
use super::entries::apply;
use super::ledger::Ledger;
use super::proof::LedgerFiles;
use super::reader::Reader;
use super::segment::Head;
use super::tally::Tally;
use crate::domain::record::Revision;
use crate::store::{Error, History, MARK_SECONDS};

/// How many batches are read from the ledger at once.
pub(super) const READ_BATCHES: usize = 256;

/// Puts away the segments of a ledger that need not be kept any more, as its layout says. Where every batch is kept,
/// only what an earlier checkpoint replaced is put away.
pub(super) fn compact(ledger: &Ledger) -> Result<(), Error> {
    match ledger.layout().keep_seconds {
        Some(seconds) => compact_before(ledger.directory(), &ledger.reader(), seconds),
        None => put_away(ledger.directory()),
    }
}

/// Puts away the segments that hold nothing of the last `keep_seconds` before the newest batch.
fn compact_before(directory: &Path, reader: &Reader, keep_seconds: i64) -> Result<(), Error> {
    let newest = reader.newest_second()?;
    let until = all_before(reader, newest.saturating_sub(keep_seconds.max(MARK_SECONDS)))?;
    if until > reader.beginning().revision {
        let checkpoint = checkpoint(directory, reader, until)?;
        checkpoint.write(directory).map_err(|error| Error::unavailable(directory, &error))?;
        reader.begin_at(checkpoint.head);
        tracing::info!(oldest = until.next().0, "older segments of the ledger give way to a checkpoint");
    }
    put_away(directory)
}

/// Moves what a checkpoint replaced into the archive: segments; an older checkpoint is removed.
fn put_away(directory: &Path) -> Result<(), Error> {
    let replaced = LedgerFiles::list(directory, &[])?.replaced;
    move_into_archive(directory, &replaced).map_err(|error| Error::unavailable(directory, &error))
}

/// The last revision of the segments in which everything was accepted up to a second.
fn all_before(reader: &Reader, second: i64) -> Result<Revision, Error> {
    let (bases, mut until) = (reader.bases(), reader.beginning().revision);
    let last_base = bases.last().copied().unwrap_or_default();
    if last_base <= until {
        return Ok(until);
    }
    reader.walk(until.next(), &mut |frame, _| {
        let is_old = frame.second <= second;
        if is_old && bases.contains(&frame.revision) {
            until = frame.revision;
        }
        Ok(is_old && frame.revision < last_base)
    })?;
    Ok(until)
}

/// Everything held at a revision.
fn checkpoint(directory: &Path, reader: &Reader, until: Revision) -> Result<Checkpoint, Error> {
    let Checkpoint { head, mut entries } = LedgerFiles::list(directory, &[])?.beginning()?;
    let mut at = head.revision;
    while at < until {
        let batches = reader.after(at, READ_BATCHES)?;
        for batch in batches.iter().take_while(|batch| batch.revision <= until) {
            apply(batch, &mut entries)?;
            at = batch.revision;
        }
        if batches.is_empty() {
            return Err(Error::Internal("the ledger ends before its head".to_owned()));
        }
    }
    let mut head = None;
    reader.walk(until, &mut |frame, chain| {
        head = Some(Head { revision: frame.revision, chain, tally: frame.tally });
        Ok(false)
    })?;
    match head {
        Some(head) if head.tally == Tally::of(&entries) => Ok(Checkpoint { head, entries }),
        Some(_) | None => Err(Error::Internal(format!("the batches up to revision {until} do not add up"))),
    }
}

fn move_into_archive(directory: &Path, replaced: &[PathBuf]) -> io::Result<()> {
    if replaced.is_empty() {
        return Ok(());
    }
    let archive = directory.join(ARCHIVE);
    create(&archive)?;
    for path in replaced {
        match path.file_name() {
            Some(name) if path.extension().is_some_and(|extension| extension == "seg") => {
                disk::rename(path, &archive.join(name))?;
            }
            Some(_) | None => disk::remove(path)?,
        }
    }
    disk::sync_directory(&archive)?;
    disk::sync_directory(directory)
}

/// Proves that the segments put away, as far as they are still there, lead to what the ledger begins with.
pub(super) fn examine_archive(directory: &Path, beginning: &Head) -> Result<(), Error> {
    let archive = directory.join(ARCHIVE);
    if !archive.is_dir() {
        return Ok(());
    }
    let kept = LedgerFiles::list(&archive, &[])?.up_to(*beginning);
    match kept.stands_before()? {
        Some(before) => kept.prove(Revision(0), &before, &mut |_| Ok(())).map(drop),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;
    use crate::domain::change::Batch;
    use crate::domain::spoilt::cases;
    use crate::store::embedded::backup::{back_up, restore};
    use crate::store::embedded::checkpoint;
    use crate::store::embedded::examine::examine;
    use crate::store::embedded::{EmbeddedStore, Layout};
    use crate::store::sample::{self, plain};
    use crate::store::{Contents, Store};

    const DAY: i64 = 86_400;
    const FOR_EVER: Layout = Layout { segment: 8192, ahead: 2048, keep_seconds: None };
    const TWO_DAYS: Layout = Layout { keep_seconds: Some(2 * DAY), ..FOR_EVER };

    /// So many batches, one an hour.
    fn hourly(count: u64) -> Vec<Batch> {
        let hour = |batch: Batch| {
            let mut authorship = batch.authorship.clone();
            authorship.time = sample::time(batch.revision.0 * 60);
            Batch { authorship, ..batch }
        };
        plain(count).into_iter().map(hour).collect()
    }

    fn expected(batches: &[Batch]) -> Contents {
        let mut contents = sample::expected(batches);
        let newest = batches.last().unwrap().authorship.time.as_second();
        contents.requests.retain(|request| request.time.as_second() > newest - MARK_SECONDS);
        contents
    }

    fn kept(batches: &[Batch], layout: Layout) -> TempDir {
        let directory = tempfile::tempdir().unwrap();
        let mut store = EmbeddedStore::open_with(directory.path(), layout).unwrap();
        batches.chunks(3).for_each(|group| store.commit(group).unwrap());
        directory
    }

    fn names(directory: &Path) -> BTreeSet<String> {
        let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != "sled" && name != "lock").collect()
    }

    /// All that a directory holds is right: records, requests, the history that is kept, and the hash over all of it.
    fn is_right(directory: &Path, layout: Layout, all: &[Batch]) -> Revision {
        let mut store = EmbeddedStore::open_with(directory, layout).unwrap();
        assert_eq!(store.load(), Ok(expected(all)));
        let history = store.history();
        let begins = history.begins_after();
        let first = usize::try_from(begins.0).unwrap();
        assert_eq!(history.after(begins, usize::MAX).unwrap(), all[first..]);
        if begins > Revision(0) {
            let oldest = begins.next();
            assert_eq!(history.after(Revision(begins.0 - 1), 1), Err(Error::Compacted { oldest }));
            assert_eq!(history.after(Revision(0), 1), Err(Error::Compacted { oldest }));
        }
        let whole = kept(all, FOR_EVER);
        let seal = EmbeddedStore::open(whole.path()).unwrap().history().seal();
        assert_eq!(history.seal(), seal, "the chain is that of the whole history");
        begins
    }

    #[test]
    fn older_segments_give_way_to_a_checkpoint_and_everything_stays_right() {
        let all = hourly(200);
        let directory = kept(&all, TWO_DAYS);
        let begins = is_right(directory.path(), TWO_DAYS, &all);
        assert!(begins > Revision(100) && begins <= Revision(200 - 48), "{begins}");
        let there = names(directory.path());
        assert_eq!(there.iter().filter(|name| name.starts_with("checkpoint-")).count(), 1, "{there:?}");
        assert!(names(&directory.path().join(ARCHIVE)).len() > 3);
        assert_eq!(is_right(directory.path(), FOR_EVER, &all), begins, "whoever keeps everything from now on");
        // A view of an older revision, or none.
        fs::remove_dir_all(directory.path().join("sled")).unwrap();
        assert_eq!(is_right(directory.path(), TWO_DAYS, &all), begins);
        let found = examine(directory.path()).unwrap();
        assert_eq!((found.checkpoint, found.archive, found.replaced, found.view), (begins, None, 0, None));
    }

    #[test]
    fn what_is_younger_than_a_repeated_request_is_recognised_by_is_kept_whatever_is_asked() {
        let all = hourly(90);
        let directory = kept(&all, Layout { keep_seconds: Some(0), ..FOR_EVER });
        let begins = is_right(directory.path(), FOR_EVER, &all);
        assert!(begins > Revision(0) && begins <= Revision(90 - 24), "{begins}");
    }

    #[test]
    fn a_compaction_cut_short_anywhere_leaves_a_directory_that_is_right_and_is_finished_later() {
        let all = hourly(120);
        let before = kept(&all, FOR_EVER);
        let after = kept(&all, FOR_EVER);
        drop(EmbeddedStore::open_with(after.path(), TWO_DAYS).unwrap());
        let archived = names(&after.path().join(ARCHIVE));
        let checkpoint = names(after.path()).into_iter().find(|name| name.starts_with("checkpoint-")).unwrap();
        assert!(archived.len() > 2);
        for moved in 0..=archived.len() {
            for finished in [false, true] {
                let cut = tempfile::tempdir().unwrap();
                for name in names(before.path()) {
                    fs::copy(before.path().join(&name), cut.path().join(&name)).unwrap();
                }
                let name = if finished { checkpoint.clone() } else { format!("{checkpoint}.new") };
                let bytes = fs::read(after.path().join(&checkpoint)).unwrap();
                let written = if finished { &bytes[..] } else { &bytes[..bytes.len() / 2] };
                fs::write(cut.path().join(name), written).unwrap();
                if finished {
                    fs::create_dir(cut.path().join(ARCHIVE)).unwrap();
                    for name in archived.iter().take(moved) {
                        fs::rename(cut.path().join(name), cut.path().join(ARCHIVE).join(name)).unwrap();
                    }
                    let left = examine(cut.path()).unwrap();
                    assert_eq!((left.replaced, left.archive), (archived.len() - moved, None));
                }
                let begins = is_right(cut.path(), FOR_EVER, &all);
                assert_eq!(begins > Revision(0), finished);
                is_right(cut.path(), TWO_DAYS, &all);
                assert_eq!(names(&cut.path().join(ARCHIVE)), archived);
                assert_eq!(examine(cut.path()).unwrap().archive, None);
            }
        }
    }

    #[test]
    fn a_checkpoint_that_cannot_be_written_costs_no_write_and_is_made_later() {
        let all = hourly(120);
        let directory = kept(&all[..99], FOR_EVER);
        let until = {
            let made = kept(&all[..99], FOR_EVER);
            is_right(made.path(), TWO_DAYS, &all[..99]);
            names(made.path()).into_iter().find(|name| name.starts_with("checkpoint-")).unwrap()
        };
        let in_the_way = directory.path().join(format!("{until}.new"));
        fs::create_dir(&in_the_way).unwrap();
        let mut store = EmbeddedStore::open_with(directory.path(), TWO_DAYS).unwrap();
        store.commit(&all[99..100]).unwrap();
        drop(store);
        fs::remove_dir(&in_the_way).unwrap();
        assert!(is_right(directory.path(), TWO_DAYS, &all[..100]) > Revision(0));
    }

    #[test]
    fn a_backup_of_a_compacted_ledger_is_restored_as_it_is() {
        let all = hourly(150);
        let directory = kept(&all, TWO_DAYS);
        let begins = is_right(directory.path(), FOR_EVER, &all);
        let folder = tempfile::tempdir().unwrap();
        let (file, other) = (folder.path().join("b"), folder.path().join("other"));
        let backup = back_up(directory.path(), &file, &mut |_, _| {}).unwrap();
        assert_eq!(restore(&file, &other, &mut |_, _| {}).unwrap(), backup);
        assert_eq!(is_right(&other, FOR_EVER, &all), begins);
    }

    proptest! {
        #![proptest_config(cases(48))]
        #[test]
        fn a_checkpoint_or_archive_that_is_damaged_is_told_and_a_checkpoint_can_be_made_again(
            at in any::<prop::sample::Index>(), bit in 0_u8..8, how in 0_u8..4, of_archive in prop::bool::weighted(0.3),
        ) {
            let all = hourly(120);
            let directory = kept(&all, TWO_DAYS);
            let archive = directory.path().join(ARCHIVE);
            let name = names(directory.path()).into_iter().find(|name| name.starts_with("checkpoint-")).unwrap();
            let put_away: Vec<String> = names(&archive).into_iter().collect();
            let victim = if of_archive { archive.join(&put_away[at.index(put_away.len())]) } else { directory.path().join(&name) };
            let mut bytes = fs::read(&victim).unwrap();
            let written = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
            let at = at.index(written);
            // A bit of what only fills up to the next header says nothing.
            let is_filling = how == 0 && bytes[at] == 0;
            match how {
                0 => bytes[at] ^= 1 << bit,
                1 => bytes.truncate(at),
                2 => bytes = b"something else".to_vec(),
                _ => bytes.clear(),
            }
            fs::write(&victim, &bytes).unwrap();
            if of_archive {
                // The archive is not needed; only an examination reads it.
                is_right(directory.path(), FOR_EVER, &all);
                let found = examine(directory.path()).unwrap().archive;
                let told = found.is_some_and(|said| said.contains(victim.to_str().unwrap()));
                prop_assert!(told || is_filling);
                return Ok(());
            }
            let refused = EmbeddedStore::open_with(directory.path(), TWO_DAYS).unwrap_err();
            let Error::Corrupt { file, advice, .. } = refused else { panic!("{refused}") };
            prop_assert_eq!(&file, &victim);
            prop_assert!(advice.contains("archive"), "{}", advice);
            // As the advice says.
            fs::remove_file(&victim).unwrap();
            for name in put_away {
                fs::rename(archive.join(&name), directory.path().join(&name)).unwrap();
            }
            prop_assert_eq!(is_right(directory.path(), FOR_EVER, &all), Revision(0));
        }
    }

    #[test]
    fn a_checkpoint_that_is_gone_or_of_another_ledger_is_never_done_without() {
        let all = hourly(120);
        let directory = kept(&all, TWO_DAYS);
        let name = names(directory.path()).into_iter().find(|name| name.starts_with("checkpoint-")).unwrap();
        let path = directory.path().join(&name);
        let mut others = all;
        others[2].authorship.change_reason = "another history".to_owned();
        let other = kept(&others, TWO_DAYS);
        fs::copy(other.path().join(&name), &path).unwrap();
        let refused = EmbeddedStore::open_with(directory.path(), TWO_DAYS).unwrap_err();
        assert!(matches!(refused, Error::Corrupt { .. }), "{refused}");
        fs::remove_file(&path).unwrap();
        let refused = EmbeddedStore::open_with(directory.path(), TWO_DAYS).unwrap_err();
        let Error::Corrupt { file, .. } = refused else { panic!("{refused}") };
        assert_eq!(file, path);
        let revision = checkpoint::revision_of(&name).unwrap();
        let later = checkpoint::file_name(Revision(revision.0 + 1000));
        fs::copy(other.path().join(&name), directory.path().join(later)).unwrap();
        assert!(EmbeddedStore::open_with(directory.path(), TWO_DAYS).is_err());
    }
}
