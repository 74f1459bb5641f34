//! Words to a calamity type: step 1 of the question. The lexicon says what words mean; here is what becomes of it.
//!
//! A word on a type and on types below it means the broader one: "hoogwater" said of floods and of river floods is
//! floods, whose answer lists the narrower types that differ. Words on types that do not lie below each other are
//! ambiguous, and the caller must choose. What stands in parentheses or behind a slash refines what stands before it;
//! `(Met brand: nee)` denies.
//!
//! **Invariants.** Nothing is guessed. Only types in use at that time, in either reading, are found or suggested.

use std::sync::Arc;

use jiff::Timestamp;

use super::acting::answer::{Routine, StatedCircumstance};
use super::calamity_type::{CalamityLevel, CalamityType};
use super::error::{Candidate, Obstacle};
use super::name::{Id, Name};
use super::place::MAX_SUGGESTIONS;
use super::snapshot::Snapshot;
use super::words::{MAX_WORDS_BYTES, tokens};

/// What words for a calamity mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalamityMatch {
    /// The words, as they were sent.
    pub words: String,
    /// A calamity type, or daily work.
    pub meant: Meant,
    /// The circumstances that the words state or deny.
    pub circumstances: Vec<StatedCircumstance>,
    /// The words among them that were not understood.
    pub unread: String,
}

/// A calamity type, or daily work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    /// A calamity type.
    Type(Arc<CalamityType>),
    /// Daily work, and no crisis.
    Routine(Routine),
}

/// What words for a calamity mean at an instant.
///
/// # Errors
/// [`Obstacle::CalamityAmbiguous`] with every type that the words may mean, [`Obstacle::CalamityNotFound`] with at most
/// [`MAX_SUGGESTIONS`] that come near.
pub fn resolve(snapshot: &Snapshot, words: &str, at: Timestamp) -> Result<CalamityMatch, Obstacle> {
    let typed = words.trim();
    if typed.len() > MAX_WORDS_BYTES {
        return Err(Obstacle::CalamityNotFound(Vec::new()));
    }
    let named = Name::parse(typed).ok().and_then(|name| Id::try_from_name(name).ok());
    if let Some(named) = named.and_then(|id| snapshot.get::<CalamityType>(&id)).filter(|one| one.validity.may_hold(at))
    {
        return Ok(CalamityMatch::plain(words, named));
    }
    let (said, denied) = split_denials(typed.strip_prefix("calamityTypes/").unwrap_or(typed));
    let lexicon = snapshot.lexicon();
    let words_said = glide_number(&said).map_or_else(|| tokens(&said), |code| tokens(&code));
    let reading = lexicon.read(snapshot, &words_said, at);
    if reading.is_nothing() {
        return Err(Obstacle::CalamityNotFound(candidates(snapshot, &suggestions(snapshot, &said, at))));
    }
    let at_positions = |positions: &std::collections::BTreeSet<usize>| -> String {
        positions.iter().filter_map(|at| words_said.get(*at)).cloned().collect::<Vec<_>>().join(" ")
    };
    let state = |(condition, used): &(Id<super::catalogue::Condition>, std::collections::BTreeSet<usize>)| {
        let condition = snapshot.get(condition)?.clone();
        Some(StatedCircumstance { condition, words: at_positions(used), denied: false })
    };
    let mut circumstances: Vec<StatedCircumstance> = reading.circumstances.iter().filter_map(state).collect();
    for denied in denied {
        let read = lexicon.read(snapshot, &tokens(&denied), at).circumstances;
        let found = read.into_iter().filter_map(|(condition, _)| snapshot.get(&condition).cloned());
        circumstances.extend(found.map(|condition| StatedCircumstance {
            condition,
            words: denied.clone(),
            denied: true,
        }));
    }
    let unread = at_positions(&reading.unread);
    match (&reading.routine, reading.calamity_types.as_slice()) {
        (Some(term), []) => {
            let routine = Routine { words: words.to_owned(), term: term.clone() };
            Ok(CalamityMatch { words: words.to_owned(), meant: Meant::Routine(routine), circumstances, unread })
        }
        // A theme is no answer: which of its crisis types is asked.
        (None, [theme]) if theme.level == CalamityLevel::Theme && !is_code(theme, typed) => {
            let below = snapshot.all::<CalamityType>().filter(|one| one.parent.as_ref() == Some(&theme.name));
            let below: Vec<_> = below.filter(|one| one.validity.may_hold(at)).cloned().collect();
            Err(Obstacle::CalamityAmbiguous(candidates(snapshot, &below)))
        }
        (None, [one]) if reading.is_taken() => {
            let meant = Meant::Type(one.clone());
            Ok(CalamityMatch { words: words.to_owned(), meant, circumstances, unread })
        }
        (_, several) => Err(Obstacle::CalamityAmbiguous(candidates(snapshot, several))),
    }
}

impl CalamityMatch {
    fn plain(words: &str, one: &Arc<CalamityType>) -> Self {
        let meant = Meant::Type(one.clone());
        CalamityMatch { words: words.to_owned(), meant, circumstances: Vec::new(), unread: String::new() }
    }
}

/// Whether a type was asked for by its code.
fn is_code(one: &CalamityType, typed: &str) -> bool {
    [one.code.as_str(), one.name.name().id()].contains(&typed.to_lowercase().as_str())
}

/// What a text says, and what it denies: `(Met brand: nee)` denies, and `(asbest: ja)` states.
pub fn split_denials(text: &str) -> (String, Vec<String>) {
    let (mut said, mut denied) = (String::new(), Vec::new());
    for (index, part) in text.split(['(', ')']).enumerate() {
        let value = part.rsplit_once(':').filter(|_| index % 2 == 1);
        match value.map(|(key, value)| (key, value.trim().to_lowercase())) {
            Some((key, value)) if DENIALS.contains(&value.as_str()) => denied.push(key.trim().to_owned()),
            Some((key, value)) if ASSENTS.contains(&value.as_str()) => {
                said.push(' ');
                said.push_str(key);
            }
            Some(_) | None => {
                said.push(' ');
                said.push_str(part);
            }
        }
    }
    (said, denied)
}

/// What stands behind a property that does not hold, and behind one that does.
const DENIALS: &[&str] = &["nee", "neen", "no", "false"];
const ASSENTS: &[&str] = &["ja", "yes", "true"];

/// The code in a GLIDE number: `FL-2026-000012-NLD` is a flood.
fn glide_number(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.trim().split('-').collect();
    let digits = |part: &str, count: usize| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
    match parts.as_slice() {
        [code, year, number, country]
            if code.len() == 2 && digits(year, 4) && digits(number, 6) && country.len() == 3 =>
        {
            Some(format!("GLIDE {code}"))
        }
        _ => None,
    }
}

/// What comes near words that mean nothing: slips of the pen, or the types beside a code that nothing has.
fn suggestions(snapshot: &Snapshot, typed: &str, at: Timestamp) -> Vec<Arc<CalamityType>> {
    let mut near: Vec<Arc<CalamityType>> = Vec::new();
    for id in snapshot.lexicon().near(typed).into_iter().flat_map(super::lexicon::Said::calamity_types) {
        if let Some(one) = snapshot.get(&id).filter(|one| one.validity.may_hold(at) && !near.contains(one)) {
            near.push(one.clone());
        }
    }
    if near.is_empty() {
        near = beside_code(snapshot, typed.trim(), at);
    }
    near.truncate(MAX_SUGGESTIONS);
    near
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

/// Types as the caller may choose them.
pub fn candidates(snapshot: &Snapshot, types: &[Arc<CalamityType>]) -> Vec<Candidate> {
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

    fn meant_at(words: &str, at: &str) -> Result<String, Obstacle> {
        resolve(&sample::snapshot(), words, sample::at(at)).map(|found| match found.meant {
            Meant::Type(one) => one.name.id().to_owned(),
            Meant::Routine(routine) => format!("routine: {}", routine.term.name.id()),
        })
    }

    fn meant(words: &str) -> Result<String, Obstacle> {
        meant_at(words, "2026-11-23T12:00")
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
    fn a_slip_of_the_pen_is_put_right_and_a_code_never_is() {
        assert_eq!(meant("dijkdorbraak"), Ok("1-1-30".to_owned()));
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
        assert_eq!(meant_at("ramptype", "2008-06-01"), Ok("old-1".to_owned()));
    }
}
