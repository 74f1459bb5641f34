//! The question, and step 1: its words to areas, calamity types and circumstances, naming every word that has no one
//! meaning. Nothing is ever guessed.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::area::Area;
use crate::domain::calamity;
use crate::domain::calamity_type::CalamityType;
use crate::domain::error::{Error, Unresolved, both};
use crate::domain::field::{Faults, Path};
use crate::domain::grip::Grip;
use crate::domain::snapshot::Snapshot;
use crate::domain::{named, place};

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
    /// When.
    pub effective_time: Timestamp,
    /// Whether this is an exercise: the answer says so.
    pub exercise: bool,
}

/// A question whose words have been understood.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The places, each with the words that matched.
    pub places: Vec<(String, Arc<Area>)>,
    /// The calamity types, each with the words that matched.
    pub calamity_types: Vec<(String, Arc<CalamityType>)>,
    /// The chains of the calamity types.
    pub calamities: Calamities,
    /// The circumstances.
    pub circumstances: Circumstances,
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
    let circumstances = circumstances(snapshot, &question.circumstances, question.effective_time, &mut faults);
    let mut unresolved = Vec::new();
    let places = places(snapshot, &question.places, question.effective_time, &mut unresolved);
    let calamity_types = calamity_types(snapshot, &question.calamities, question.effective_time, &mut unresolved);
    let words = if unresolved.is_empty() { Ok(()) } else { Err(Error::Unresolved(unresolved)) };
    both(words, if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) })?;
    let calamities = Calamities(calamity_types.iter().map(|(_, asked)| ancestors(snapshot, asked)).collect());
    Ok(Asked { places, calamity_types, calamities, circumstances })
}

/// The areas of a list of words, each area once.
pub fn places(
    snapshot: &Snapshot,
    words: &[String],
    at: Timestamp,
    unresolved: &mut Vec<Unresolved>,
) -> Vec<(String, Arc<Area>)> {
    let mut found: Vec<(String, Arc<Area>)> = Vec::new();
    for (index, words) in words.iter().enumerate() {
        match place::resolve(snapshot, words, at) {
            Ok(matched) if found.iter().any(|(_, area)| area.name == matched.area.name) => {}
            Ok(matched) => found.push((words.clone(), matched.area)),
            Err(obstacle) => {
                unresolved.push(Unresolved { field: format!("places[{index}]"), words: words.clone(), obstacle });
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
) -> Vec<(String, Arc<CalamityType>)> {
    let mut found: Vec<(String, Arc<CalamityType>)> = Vec::new();
    for (index, words) in words.iter().enumerate() {
        match calamity::resolve(snapshot, words, at) {
            Ok(asked) if found.iter().any(|(_, known)| known.name == asked.name) => {}
            Ok(asked) => found.push((words.clone(), asked)),
            Err(obstacle) => {
                unresolved.push(Unresolved { field: format!("calamities[{index}]"), words: words.clone(), obstacle });
            }
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

fn circumstances(snapshot: &Snapshot, words: &[String], at: Timestamp, faults: &mut Faults) -> Circumstances {
    let mut circumstances = Circumstances::default();
    let root = Path::Root.field("circumstances");
    for (index, words) in words.iter().enumerate() {
        match named::circumstance(snapshot, words, at, &root.item(index)) {
            Ok(stated) if stated.holds => {
                circumstances.stated.insert(stated.condition.name.clone());
            }
            Ok(denied) => {
                circumstances.denied.insert(denied.condition.name.clone());
            }
            Err(fault) => faults.0.push(fault),
        }
    }
    for both in circumstances.stated.intersection(&circumstances.denied) {
        faults.add(&root, "CONTRADICTION", format!("{both} is both stated and denied"));
    }
    circumstances
}
