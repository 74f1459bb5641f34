//! The question, and step 1: its words to areas, calamity types and circumstances, naming every word that has no one
//! meaning. Nothing is ever guessed.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::calamity::{self, CalamityMatch, Meant};
use crate::domain::calamity_type::CalamityType;
use crate::domain::error::{Error, Unresolved, both};
use crate::domain::field::{Faults, Path};
use crate::domain::grip::Grip;
use crate::domain::name::Id;
use crate::domain::named::{self, Circumstance};
use crate::domain::organisation::Organisation;
use crate::domain::place::{self, PlaceMatch};
use crate::domain::snapshot::Snapshot;

use super::answer::{Routine, StatedCircumstance};
use super::rules::{Calamities, Chain, Circumstances};

/// Who acts in these places, in these calamities?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Where, as a dispatcher types it; at least one.
    pub places: Vec<String>,
    /// What, as a dispatcher types it; none: not known yet.
    pub calamities: Vec<String>,
    /// The level.
    pub grip: Grip,
    /// The level to compare with.
    pub compare_grip: Option<Grip>,
    /// What is so, or with "not" before it, is not so.
    pub circumstances: Vec<String>,
    /// What is not so.
    pub denied: Vec<String>,
    /// The organisation that asks, by name or words; empty: not said. It is never told to call itself.
    pub asking_organisation: String,
    /// When.
    pub effective_time: Timestamp,
    /// Whether this is an exercise: the answer says so.
    pub exercise: bool,
}

/// A question whose words have been understood.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The places.
    pub places: Vec<PlaceMatch>,
    /// The calamity types.
    pub calamity_types: Vec<AskedType>,
    /// Words that mean daily work.
    pub routine: Vec<Routine>,
    /// The chains of the calamity types.
    pub calamities: Calamities,
    /// The circumstances, each with the words that state or deny it.
    pub stated: Vec<StatedCircumstance>,
    /// The same, as rules look at them.
    pub circumstances: Circumstances,
    /// The organisation that asks, if that is said.
    pub asking: Option<Id<Organisation>>,
}

/// A calamity type that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedType {
    /// The words that mean it.
    pub words: String,
    /// The type.
    pub calamity_type: Arc<CalamityType>,
    /// The words among them that were not understood.
    pub unread: String,
}

/// Understands the words of a question.
///
/// # Errors
/// [`Error::Unresolved`] for words without one meaning, [`Error::Invalid`] for missing places and unknown circumstances,
/// and both together; each names all.
pub fn resolve(snapshot: &Snapshot, question: &Question) -> Result<Asked, Error> {
    let mut faults = Faults::default();
    if question.places.is_empty() {
        faults.add(&Path::Root.field("places"), "REQUIRED", "name at least one place, such as Emmeloord");
    }
    let given = given(snapshot, question, &mut faults);
    let asking = asking(snapshot, question, &mut faults);
    let mut unresolved = Vec::new();
    let places = places(snapshot, &question.places, question.effective_time, &mut unresolved);
    let matches = calamities(snapshot, &question.calamities, question.effective_time, &mut unresolved);
    let words = if unresolved.is_empty() { Ok(()) } else { Err(Error::Unresolved(unresolved)) };
    both(words, if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) })?;
    let (mut calamity_types, mut routine, mut stated) = (Vec::<AskedType>::new(), Vec::new(), given);
    for CalamityMatch { words, meant, circumstances, unread } in matches {
        // What the caller gives counts before what a word says.
        for one in circumstances {
            if !stated.iter().any(|known| known.condition.name == one.condition.name) {
                stated.push(one);
            }
        }
        match meant {
            Meant::Routine(one) => routine.push(one),
            Meant::Type(one) if calamity_types.iter().any(|known| known.calamity_type.name == one.name) => {}
            Meant::Type(calamity_type) => calamity_types.push(AskedType { words, calamity_type, unread }),
        }
    }
    let chains = calamity_types.iter().map(|asked| ancestors(snapshot, &asked.calamity_type)).collect();
    let of = |denied: bool| {
        let those = stated.iter().filter(move |one| one.denied == denied);
        those.map(|one| one.condition.name.clone()).collect()
    };
    let circumstances = Circumstances { stated: of(false), denied: of(true) };
    Ok(Asked { places, calamity_types, routine, calamities: Calamities(chains), stated, circumstances, asking })
}

/// The organisation that asks, if that is said.
fn asking(snapshot: &Snapshot, question: &Question, faults: &mut Faults) -> Option<Id<Organisation>> {
    if question.asking_organisation.is_empty() {
        return None;
    }
    let path = Path::Root.field("asking_organisation");
    let found = named::resolve::<Organisation>(snapshot, &question.asking_organisation, question.effective_time, &path);
    found.map(|organisation| organisation.name.clone()).map_err(|fault| faults.0.push(fault)).ok()
}

/// The places of a list of words, each area once.
pub fn places(
    snapshot: &Snapshot,
    words: &[String],
    at: Timestamp,
    unresolved: &mut Vec<Unresolved>,
) -> Vec<PlaceMatch> {
    let mut found: Vec<PlaceMatch> = Vec::new();
    for (index, words) in words.iter().enumerate() {
        match place::resolve(snapshot, words, at) {
            Ok(matched) if found.iter().any(|known| known.area.name == matched.area.name) => {}
            Ok(matched) => found.push(matched),
            Err(obstacle) => {
                unresolved.push(Unresolved { field: format!("places[{index}]"), words: words.clone(), obstacle });
            }
        }
    }
    found
}

/// What a list of words for calamities means.
fn calamities(
    snapshot: &Snapshot,
    words: &[String],
    at: Timestamp,
    unresolved: &mut Vec<Unresolved>,
) -> Vec<CalamityMatch> {
    let mut found = Vec::new();
    for (index, words) in words.iter().enumerate() {
        match calamity::resolve(snapshot, words, at) {
            Ok(matched) => found.push(matched),
            Err(obstacle) => {
                unresolved.push(Unresolved { field: format!("calamities[{index}]"), words: words.clone(), obstacle });
            }
        }
    }
    found
}

/// The calamity types of a list of words, each type once.
pub fn calamity_types(
    snapshot: &Snapshot,
    words: &[String],
    at: Timestamp,
    unresolved: &mut Vec<Unresolved>,
) -> Vec<Arc<CalamityType>> {
    let mut found: Vec<Arc<CalamityType>> = Vec::new();
    for matched in calamities(snapshot, words, at, unresolved) {
        if let Meant::Type(one) = matched.meant
            && !found.iter().any(|known| known.name == one.name)
        {
            found.push(one);
        }
    }
    found
}

/// A calamity type and every type it belongs to.
pub fn ancestors(snapshot: &Snapshot, asked: &Arc<CalamityType>) -> Chain {
    let mut chain = Chain::new();
    let mut next = Some(asked.clone());
    while let Some(this) = next {
        next = this.parent.as_ref().and_then(|parent| snapshot.get(parent)).cloned();
        if chain.insert(this.name.clone(), this.level).is_some() {
            break;
        }
    }
    chain
}

/// The circumstances that the caller states and denies.
fn given(snapshot: &Snapshot, question: &Question, faults: &mut Faults) -> Vec<StatedCircumstance> {
    let mut given: Vec<StatedCircumstance> = Vec::new();
    let lists = [("circumstances", &question.circumstances, true), ("denied_circumstances", &question.denied, false)];
    for (field, words, states) in lists {
        let root = Path::Root.field(field);
        for (index, words) in words.iter().enumerate() {
            match named::circumstance(snapshot, words, question.effective_time, &root.item(index)) {
                Ok(Circumstance { condition, holds }) => {
                    given.push(StatedCircumstance { condition, words: words.clone(), denied: holds != states });
                }
                Err(fault) => faults.0.push(fault),
            }
        }
    }
    let denied: BTreeSet<_> = given.iter().filter(|one| one.denied).map(|one| one.condition.name.clone()).collect();
    let stated: BTreeSet<_> = given.iter().filter(|one| !one.denied).map(|one| one.condition.name.clone()).collect();
    for both in stated.intersection(&denied) {
        faults.add(&Path::Root.field("circumstances"), "CONTRADICTION", format!("{both} is both stated and denied"));
    }
    let mut seen = BTreeSet::new();
    given.retain(|one| seen.insert(one.condition.name.clone()));
    given
}
