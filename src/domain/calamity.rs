//! Words to calamity types: codes, names and everyday words, in any language.
//!
//! A word on a type and on types below it means the broader one: "hoogwater" said of floods and of river floods is
//! floods, whose answer lists the narrower types that differ. A word on types that do not lie below each other is
//! ambiguous, and the asker must choose.
//!
//! **Invariants.** Nothing is guessed. Only types in use at that time, in either reading, are found or suggested.

use std::sync::Arc;

use jiff::Timestamp;

use super::calamity_type::CalamityType;
use super::error::{Candidate, Obstacle};
use super::name::{Collection, Id};
use super::place::MAX_SUGGESTIONS;
use super::snapshot::Snapshot;
use super::words::Term;

/// The calamity type that words mean at an instant.
///
/// # Errors
/// [`Obstacle::CalamityAmbiguous`] with every type that the words may mean, [`Obstacle::CalamityNotFound`] with at most
/// [`MAX_SUGGESTIONS`] that come near.
pub fn resolve(snapshot: &Snapshot, words: &str, at: Timestamp) -> Result<Arc<CalamityType>, Obstacle> {
    let typed = words.trim();
    let typed = typed.strip_prefix("calamityTypes/").unwrap_or(typed);
    let mut meant = in_use(snapshot, snapshot.words().same(Collection::CalamityTypes, typed), at);
    // A type with another of them above it says nothing more.
    let all = meant.clone();
    meant.retain(|narrow| !all.iter().any(|broad| lies_below(snapshot, narrow, broad)));
    match meant.as_slice() {
        [] => {
            let mut near = in_use(snapshot, snapshot.words().near(Collection::CalamityTypes, typed), at);
            if near.is_empty() {
                near = beside_code(snapshot, typed, at);
            }
            near.truncate(MAX_SUGGESTIONS);
            Err(Obstacle::CalamityNotFound(candidates(snapshot, &near)))
        }
        [one] => Ok(Arc::clone(one)),
        several => Err(Obstacle::CalamityAmbiguous(candidates(snapshot, several))),
    }
}

/// The types among which a code that nothing has would stand: those whose codes begin alike as far as any does.
fn beside_code(snapshot: &Snapshot, typed: &str, at: Timestamp) -> Vec<Arc<CalamityType>> {
    if !typed.contains(['.', '-']) || !typed.contains(|c: char| c.is_ascii_digit()) {
        return Vec::new();
    }
    let typed = typed.to_lowercase().replace('-', ".");
    let levels = |code: &str| -> Vec<String> { code.to_lowercase().split('.').map(str::to_owned).collect() };
    let wanted = levels(&typed);
    let alike =
        |one: &CalamityType| levels(&one.code).iter().zip(&wanted).take_while(|(has, typed)| has == typed).count();
    let in_use = snapshot.all::<CalamityType>().filter(|one| one.validity.may_hold(at));
    let mut near: Vec<(usize, &Arc<CalamityType>)> = in_use.map(|one| (alike(one), one)).collect();
    let most = near.iter().map(|(alike, _)| *alike).max().unwrap_or_default();
    near.retain(|(alike, _)| *alike == most && most > 0);
    near.sort_by_key(|(_, one)| levels(&one.code));
    near.into_iter().map(|(_, one)| Arc::clone(one)).collect()
}

/// The types of words that are in use, each once, in the order of the words.
fn in_use(snapshot: &Snapshot, terms: Vec<&Term>, at: Timestamp) -> Vec<Arc<CalamityType>> {
    let mut types: Vec<Arc<CalamityType>> = Vec::new();
    for term in terms {
        let found = Id::try_from_name(term.name.clone()).ok().and_then(|id| snapshot.get::<CalamityType>(&id));
        if let Some(found) = found
            && found.validity.may_hold(at)
            && !types.contains(found)
        {
            types.push(Arc::clone(found));
        }
    }
    types
}

/// Whether one type has another somewhere above it.
fn lies_below(snapshot: &Snapshot, narrow: &CalamityType, broad: &CalamityType) -> bool {
    let mut seen = vec![&narrow.name];
    let mut parent = narrow.parent.as_ref();
    while let Some(name) = parent.filter(|name| !seen.contains(name)) {
        if *name == broad.name {
            return true;
        }
        seen.push(name);
        parent = snapshot.get(name).and_then(|above| above.parent.as_ref());
    }
    false
}

fn candidates(snapshot: &Snapshot, types: &[Arc<CalamityType>]) -> Vec<Candidate> {
    let above = |one: &CalamityType| one.parent.as_ref().and_then(|name| snapshot.get(name));
    types
        .iter()
        .map(|one| Candidate {
            name: one.name.name().clone(),
            display_names: one.display_names.clone(),
            within: above(one).map(|parent| parent.display_names.clone()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    fn meant(words: &str) -> Result<String, Obstacle> {
        let now = sample::at("2026-11-23T12:00");
        resolve(&sample::snapshot(), words, now).map(|found| found.name.id().to_owned())
    }

    fn named(candidates: Vec<Candidate>) -> Vec<String> {
        candidates.into_iter().map(|candidate| candidate.name.id().to_owned()).collect()
    }

    #[test]
    fn codes_names_and_everyday_words_are_understood() {
        for (words, id) in [
            ("1.1.30", "1-1-30"),
            ("1-1-30", "1-1-30"),
            (" 1 1 30 ", "1-1-30"),
            ("calamityTypes/1-1-30", "1-1-30"),
            ("1.1", "1-1"),
            ("x1", "x1"),
            ("X-1", "x1"),
            ("Dike breach", "1-1-30"),
            ("dijk schuift", "1-1-30"),
            ("DE DIJK SCHUIFT", "1-1-30"),
            ("floods", "1-1"),
        ] {
            assert_eq!(meant(words), Ok(id.to_owned()), "{words}");
        }
    }

    #[test]
    fn a_word_on_a_type_and_on_one_below_it_means_the_broader() {
        assert_eq!(meant("hoogwater"), Ok("1-1".to_owned()));
    }

    #[test]
    fn a_word_on_types_apart_is_ambiguous() {
        let Err(Obstacle::CalamityAmbiguous(candidates)) = meant("brand") else { panic!("not ambiguous") };
        let contexts: Vec<String> = candidates
            .iter()
            .filter_map(|one| one.within.as_ref())
            .map(|text| text.text(crate::domain::text::Language::Dutch).to_owned())
            .collect();
        assert_eq!(contexts, ["Natuurlijke omgeving", "Gebouwde omgeving"]);
        assert_eq!(named(candidates), ["1-2", "2-1"]);
    }

    #[test]
    fn a_near_miss_is_suggested_and_never_taken() {
        let Err(Obstacle::CalamityNotFound(candidates)) = meant("dijkdorbraak") else { panic!("found") };
        assert_eq!(named(candidates), ["1-1-30", "1-1"]);
        assert_eq!(meant("zzzzzz"), Err(Obstacle::CalamityNotFound(Vec::new())));
        assert_eq!(meant(""), Err(Obstacle::CalamityNotFound(Vec::new())));
    }

    #[test]
    fn a_code_that_nothing_has_is_answered_with_those_beside_it() {
        let beside = |code: &str| match meant(code) {
            Err(Obstacle::CalamityNotFound(candidates)) => named(candidates),
            other => panic!("{other:?}"),
        };
        assert_eq!(beside("1.1.31"), ["1-1", "1-1-20", "1-1-30"]);
        assert_eq!(beside("9.9"), Vec::<String>::new());
    }

    #[test]
    fn a_type_no_longer_in_use_is_found_only_in_its_time() {
        assert_eq!(meant("ramptype"), Err(Obstacle::CalamityNotFound(Vec::new())));
        let then = sample::at("2008-06-01");
        assert_eq!(resolve(&sample::snapshot(), "ramptype", then).unwrap().name.id(), "old-1");
    }
}
