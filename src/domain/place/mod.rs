//! Words to places: step 1 of the question.
//!
//! What someone types is looked up as it stands; then without words that only introduce a place ("gemeente Urk",
//! "in Emmeloord"); then as a place and a wider one that tells it apart ("Laren Lochem", "Laren (NH.)").
//!
//! Areas of the same name that lie within each other are one place: the match is the municipality, else the town, the
//! object, the road, the railway, the water, the safety region, the province, in that order, and the others are listed
//! beside it. Anything said of the town is still found, as a part of the municipality; who means the narrower one says
//! "Urk (dorp)". Areas of the same name that do not lie within each other are homonyms, and the asker must choose.
//!
//! # Why an ended area still answers (2026-11)
//!
//! People go on typing the names of former municipalities. Such a word means, first, whatever else has the name at the
//! time asked about: "Weesp" is the town in Amsterdam today and the municipality in 2021. If only the former area has
//! it, that is the match as long as it is known to lie somewhere, so that what holds for the former territory alone is
//! found; otherwise its successor is, and several successors are ambiguous. An area that does not exist *yet* is not
//! found, and what it will be made of is suggested.
//!
//! **Invariants.** Nothing is ever guessed: one place, or candidates, or suggestions. Validity is judged in both
//! readings: what exists in either is found, and the answer tells the readings apart.

mod gazetteer;
mod qualified;
mod readings;
mod suggestions;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;

use super::area::Area;
use super::error::Obstacle;
use super::location::is_location;
use super::name::Id;
use super::snapshot::Snapshot;
use super::words::{MAX_WORDS_BYTES, tokens};

use gazetteer::Gazetteer;
use readings::{Reading, readings};

/// How many near misses are suggested.
pub const MAX_SUGGESTIONS: usize = 5;

/// The one place that words mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceMatch {
    /// The words, without blanks around them.
    pub words: String,
    /// The area. It need not exist any more: a former municipality stays a territory.
    pub area: Arc<Area>,
    /// Areas of the same name within it or around it: Urk the town beside Urk the municipality.
    pub also: Vec<Arc<Area>>,
    /// The words among them that were not understood: the area is the wider one that was.
    pub unread: String,
}

/// The place that words mean at an instant.
///
/// # Errors
/// [`Obstacle::LocationUnsupported`] for coordinates, postcodes and hectometre marks, [`Obstacle::PlaceAmbiguous`] with
/// every place that the words may mean, [`Obstacle::PlaceNotFound`] with at most [`MAX_SUGGESTIONS`] that come near.
pub fn resolve(snapshot: &Snapshot, words: &str, at: Timestamp) -> Result<PlaceMatch, Obstacle> {
    let typed = words.trim();
    if typed.len() > MAX_WORDS_BYTES {
        return Err(Obstacle::PlaceNotFound(Vec::new()));
    }
    let gazetteer = Gazetteer { snapshot, at };
    let lower = typed.to_ascii_lowercase();
    if let Some(id) = lower.strip_prefix("areas/") {
        let named = Id::<Area>::parse(&lower).ok().and_then(|name| snapshot.get(&name));
        let areas = named.map(|area| gazetteer.settle(area)).unwrap_or_default();
        return gazetteer.one(typed, areas).unwrap_or_else(|| Err(gazetteer.not_found(&tokens(id))));
    }
    let tokens = tokens(typed);
    let whole = Reading { tokens: &tokens, kind: None };
    if let Some(found) = gazetteer.one(typed, gazetteer.meant(whole)) {
        return found;
    }
    if is_location(typed) {
        return Err(Obstacle::LocationUnsupported);
    }
    let readings = readings(&tokens);
    let by_name = readings.iter().map(|reading| gazetteer.meant(*reading));
    let qualified = std::iter::once(&whole).chain(&readings).map(|reading| gazetteer.qualified(*reading));
    by_name
        .chain(qualified)
        .find_map(|areas| gazetteer.one(typed, areas))
        .unwrap_or_else(|| Err(gazetteer.not_found(&tokens)))
}
