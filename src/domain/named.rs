//! Words to records that are asked for by name: organisations, capabilities, crisis functions, conditions.
//!
//! **Invariants.** As for places: one record, or a fault that names what the words may mean. Nothing is guessed.

use std::sync::Arc;

use jiff::Timestamp;

use super::catalogue::Condition;
use super::error::Candidate;
use super::field::{Fault, Path};
use super::name::{Collection, Name};
use super::place::MAX_SUGGESTIONS;
use super::record::{Record, Resource, Stored};
use super::snapshot::Snapshot;
use super::text::Language;
use super::words::Word;

/// A circumstance as the asker states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circumstance {
    /// The condition.
    pub condition: Arc<Condition>,
    /// Whether it is so; otherwise the asker denies it.
    pub holds: bool,
}

/// The record of type `R` that words mean at an instant: its resource name, id, display name, alias or code.
///
/// What exists at that time comes first; a word that only a former organisation has means that one.
///
/// # Errors
/// A [`Fault`] `NOT_FOUND` or `AMBIGUOUS` at the path given, which names the records that the words may mean.
pub fn resolve<R: Resource>(snapshot: &Snapshot, words: &str, at: Timestamp, path: &Path<'_>) -> Result<Arc<R>, Fault> {
    find(snapshot, words, at).map_err(|miss| miss.fault(R::COLLECTION, words, path))
}

/// The circumstance that words state: a condition, or its denial by "not", "niet", "geen" or "-" before it.
///
/// # Errors
/// As [`resolve`].
pub fn circumstance(snapshot: &Snapshot, words: &str, at: Timestamp, path: &Path<'_>) -> Result<Circumstance, Fault> {
    let typed = words.trim();
    let state = |words: &str, holds| {
        let condition = find(snapshot, words, at).or_else(|miss| stated_by_term(snapshot, words, at).ok_or(miss));
        condition.map(|condition| Circumstance { condition, holds })
    };
    if let Some(denied) = typed.strip_prefix('-') {
        return state(denied, false).map_err(|miss| miss.fault(Collection::Conditions, denied, path));
    }
    // "Geen stroom" may itself be a condition, so the words as they stand come first.
    let whole = state(typed, true);
    match (whole, typed.split_once(char::is_whitespace)) {
        (Err(Miss::NotFound(_)), Some((first, denied))) if DENIALS.contains(&first.to_lowercase().as_str()) => {
            state(denied, false).map_err(|miss| miss.fault(Collection::Conditions, denied, path))
        }
        (whole, _) => whole.map_err(|miss| miss.fault(Collection::Conditions, typed, path)),
    }
}

/// The one condition that words state by the terms of the directory, if they say nothing else.
fn stated_by_term(snapshot: &Snapshot, words: &str, at: Timestamp) -> Option<Arc<Condition>> {
    let reading = snapshot.lexicon().read(snapshot, &super::words::tokens(words), at);
    let only = reading.unread.is_empty() && (reading.calamity_types.is_empty() || reading.hinted);
    match reading.circumstances.as_slice() {
        [(condition, _)] if only => snapshot.get(condition).cloned(),
        _ => None,
    }
}

/// Words that deny what follows.
const DENIALS: &[&str] = &["not", "no", "niet", "geen"];

/// Why words mean no one record.
enum Miss {
    NotFound(Vec<Candidate>),
    Ambiguous(Vec<Candidate>),
}

impl Miss {
    fn fault(self, collection: Collection, words: &str, path: &Path<'_>) -> Fault {
        let list = |candidates: Vec<Candidate>| -> String {
            let one = |c: &Candidate| format!("{} ('{}')", c.name, c.display_names.text(Language::English));
            candidates.iter().map(one).collect::<Vec<_>>().join(", ")
        };
        let what = collection.pattern();
        let (reason, message) = match self {
            Miss::NotFound(near) if near.is_empty() => {
                ("NOT_FOUND", format!("nothing in {what} goes by '{words}'; list {what} to see what there is"))
            }
            Miss::NotFound(near) => {
                ("NOT_FOUND", format!("nothing in {what} goes by '{words}'; near it come {}", list(near)))
            }
            Miss::Ambiguous(all) => {
                ("AMBIGUOUS", format!("'{words}' may mean each of these; give one by its name: {}", list(all)))
            }
        };
        Fault { path: path.to_string(), reason, message }
    }
}

fn find<R: Resource>(snapshot: &Snapshot, words: &str, at: Timestamp) -> Result<Arc<R>, Miss> {
    let typed = words.trim();
    if let Some(found) = Name::parse(typed).ok().and_then(|name| R::from_record(&snapshot.stored(&name)?.record)) {
        return Ok(Arc::clone(found));
    }
    let known = records(snapshot, snapshot.words().same(R::COLLECTION, typed));
    let mut present: Vec<&Arc<Stored>> = known.iter().copied().filter(|stored| exists(&stored.record, at)).collect();
    if present.is_empty() {
        present = known;
    }
    match present.as_slice() {
        [] => {
            let mut near = records(snapshot, snapshot.words().near(R::COLLECTION, typed));
            near.retain(|stored| exists(&stored.record, at));
            near.truncate(MAX_SUGGESTIONS);
            Err(Miss::NotFound(candidates(&near)))
        }
        [one] => R::from_record(&one.record).cloned().ok_or(Miss::NotFound(Vec::new())),
        several => Err(Miss::Ambiguous(candidates(several))),
    }
}

/// The records of words, each once, in the order of the words.
fn records<'s>(snapshot: &'s Snapshot, terms: Vec<&Word>) -> Vec<&'s Arc<Stored>> {
    let mut records: Vec<&Arc<Stored>> = Vec::new();
    for stored in terms.into_iter().filter_map(|term| snapshot.stored(&term.name)) {
        if !records.iter().any(|known| known.record.name() == stored.record.name()) {
            records.push(stored);
        }
    }
    records
}

/// Whether a record exists at an instant, in either reading; what has no validity always does.
fn exists(record: &Record, at: Timestamp) -> bool {
    match record {
        Record::Organisation(organisation) => organisation.validity.may_hold(at),
        Record::Area(_)
        | Record::Coverage(_)
        | Record::Station(_)
        | Record::Contact(_)
        | Record::CalamityType(_)
        | Record::Term(_)
        | Record::Capability(_)
        | Record::CrisisFunction(_)
        | Record::CrisisProcess(_)
        | Record::Condition(_)
        | Record::Constraint(_)
        | Record::Assignment(_)
        | Record::Arrangement(_)
        | Record::Profile(_) => true,
    }
}

fn candidates(records: &[&Arc<Stored>]) -> Vec<Candidate> {
    let candidate = |stored: &&Arc<Stored>| {
        let display_names = stored.record.display_names()?.clone();
        Some(Candidate { name: stored.record.name().clone(), display_names, within: None })
    };
    records.iter().filter_map(candidate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::catalogue::{Capability, CrisisFunction};
    use crate::domain::organisation::Organisation;
    use crate::domain::sample;

    fn meant<R: Resource>(words: &str) -> Result<String, Fault> {
        let now = sample::at("2026-11-23T12:00");
        let path = Path::Root;
        resolve::<R>(&sample::snapshot(), words, now, &path.field("organisation")).map(|found| found.name().to_string())
    }

    fn stated(words: &str) -> Result<(String, bool), Fault> {
        let now = sample::at("2026-11-23T12:00");
        circumstance(&sample::snapshot(), words, now, &Path::Root.item(0))
            .map(|found| (found.condition.name.id().to_owned(), found.holds))
    }

    #[test]
    fn records_are_found_by_name_id_display_name_and_alias() {
        assert_eq!(meant::<Organisation>("organisations/vitens").as_deref(), Ok("organisations/vitens"));
        assert_eq!(meant::<Organisation>("VITENS").as_deref(), Ok("organisations/vitens"));
        assert_eq!(meant::<Organisation>("vrf").as_deref(), Ok("organisations/vr25"));
        assert_eq!(meant::<Capability>("drinking water").as_deref(), Ok("capabilities/drinking-water"));
        assert_eq!(meant::<CrisisFunction>("ovdb").as_deref(), Ok("crisisFunctions/ovd-b"));
        assert_eq!(meant::<Organisation>("waterleiding voorheen").as_deref(), Ok("organisations/former-supplier"));
    }

    #[test]
    fn a_miss_names_what_comes_near_and_an_ambiguity_what_it_may_be() {
        let miss = meant::<Organisation>("Vittens").unwrap_err();
        assert_eq!((miss.path.as_str(), miss.reason), ("organisation", "NOT_FOUND"));
        assert!(miss.message.contains("organisations/vitens ('Vitens')"), "{}", miss.message);
        let several = meant::<Organisation>("veiligheidsregio").unwrap_err();
        assert_eq!(several.reason, "AMBIGUOUS");
        assert!(several.message.contains("organisations/vr14") && several.message.contains("organisations/vr25"));
        assert_eq!(meant::<Capability>("organisations/vitens").unwrap_err().reason, "NOT_FOUND");
        assert_eq!(meant::<Organisation>("").unwrap_err().reason, "NOT_FOUND");
    }

    #[test]
    fn circumstances_are_stated_or_denied() {
        let dike = |holds| Ok(("primary-dike".to_owned(), holds));
        assert_eq!(stated("primaire dijk"), dike(true));
        assert_eq!(stated("conditions/primary-dike"), dike(true));
        for denied in
            ["niet primaire dijk", "geen primaire dijk", "NOT primary-dike", "-primary-dike", "- primaire dijk"]
        {
            assert_eq!(stated(denied), dike(false), "{denied}");
        }
        assert_eq!(stated("-conditions/primary-dike"), dike(false));
        assert_eq!(stated("geen stroom"), Ok(("no-power".to_owned(), true)));
        assert_eq!(stated("niet geen stroom"), Ok(("no-power".to_owned(), false)));
        assert_eq!(stated("niet bekend").unwrap_err().path, "[0]");
    }
}
