//! Words to places: step 1 of the question.
//!
//! | What is typed | Where |
//! |---|---|
//! | a name, a code, an alias; without words that introduce it or say its kind ("gemeente Urk") | `readings`, `gazetteer` |
//! | a name and wider ones that tell it apart: "Laren (NH.)", "A6 Almere", "Emmeloord, Flevoland, Nederland" | `qualified` |
//! | a town with words that nobody knows, or two names that lie apart | `partial` |
//! | a slip of the pen, and what comes near | `suggestions` |
//! | the terms beside names | `terms` |
//!
//! Areas of the same name that lie within each other are one place: the match is the municipality, else the town, the
//! object, the road, the railway, the water, the safety region, the province, in that order, and the others are listed
//! beside it. Anything said of the town is still found, as a part of the municipality; who means the narrower one says
//! "Urk (dorp)". Areas of the same name that do not lie within each other are homonyms, and the caller must choose.
//!
//! A postcode or a hectometre mark beside a town is a detail; alone it is a location that the directory cannot place.
//!
//! # Why an ended area still answers (2026-11)
//!
//! People go on typing the names of former municipalities. Such a word means, first, whatever else has the name at the
//! time asked about: "Weesp" is the town in Amsterdam today and the municipality in 2021. If only the former area has
//! it, that is the match as long as it is known to lie somewhere, so that what holds for the former territory alone is
//! found; otherwise its successor is, and several successors are ambiguous. An area that does not exist *yet* is not
//! found, and what it will be made of is suggested.
//!
//! # Why an article is not left out (2026-11)
//!
//! "De Wierden" is a quarter of Almere, Wierden a town in Overijssel. A name that agrees only without an article, or only
//! when its words are joined, is offered and never taken. Left out are words with which no name begins ("in Emmeloord"),
//! and articles before what is no town: nobody means anything else by "de Ketelbrug".
//!
//! **Invariants.** Nothing is ever guessed: one place, or candidates, or suggestions. Words that were not understood are
//! told. Validity is judged in both readings: what exists in either is found, and the answer tells the readings apart.

mod gazetteer;
mod partial;
mod qualified;
mod readings;
mod suggestions;
mod terms;
#[cfg(test)]
mod tests;
mod typed;

use std::sync::Arc;

use jiff::Timestamp;

use super::area::{Area, AreaKind};
use super::error::Obstacle;
use super::location::{is_location, without_details};
use super::name::Id;
use super::snapshot::Snapshot;
use super::words::{MAX_WORDS_BYTES, tokens};

use gazetteer::Gazetteer;
use qualified::Spelt;
use typed::Typed;

pub use terms::PlaceTerms;

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
    let gazetteer = Gazetteer { snapshot, at };
    if let Some(known) = gazetteer.known(typed) {
        return known;
    }
    if let Some(rest) = without_details(typed)
        && let Some(found) = gazetteer.beside_detail(typed, &rest)
    {
        return found;
    }
    if is_location(typed) {
        return Err(Obstacle::LocationUnsupported);
    }
    if typed.len() > MAX_WORDS_BYTES {
        return Err(Obstacle::PlaceNotFound(Vec::new()));
    }
    gazetteer.nearly(typed).unwrap_or_else(|| Err(gazetteer.not_found(&tokens(typed))))
}

/// As [`resolve`], of words that are all understood as they stand: a name, or one with the wider areas that tell it apart.
///
/// # Errors
/// As [`resolve`]; nothing is suggested.
pub fn resolve_name(snapshot: &Snapshot, words: &str, at: Timestamp) -> Result<PlaceMatch, Obstacle> {
    let found = Gazetteer { snapshot, at }.known(words.trim());
    found.unwrap_or_else(|| Err(Obstacle::PlaceNotFound(Vec::new())))
}

impl Gazetteer<'_> {
    /// What words mean that are all understood as they stand.
    fn known(&self, typed: &str) -> Option<Result<PlaceMatch, Obstacle>> {
        if typed.len() > MAX_WORDS_BYTES {
            return None;
        }
        let lower = typed.to_ascii_lowercase();
        if lower.starts_with("areas/") {
            let named = Id::<Area>::parse(&lower).ok().and_then(|name| self.snapshot.get(&name));
            return self.one(typed, named.map(|area| self.settle(area)).unwrap_or_default());
        }
        let tokens = tokens(typed);
        self.by_name(typed, &tokens)
            .or_else(|| self.one(typed, self.qualified(&tokens, Spelt::Right)))
            .or_else(|| self.one(typed, self.of_organisation(&tokens)))
    }

    fn by_name(&self, typed: &str, tokens: &[String]) -> Option<Result<PlaceMatch, Obstacle>> {
        self.readings(tokens).iter().find_map(|reading| self.one(typed, self.meant(reading)))
    }

    /// What words nearly mean: without an article, with slips, or with words that nobody knows.
    fn nearly(&self, typed: &str) -> Option<Result<PlaceMatch, Obstacle>> {
        let read = Typed::of(typed);
        let slipped = || self.readings(&read.tokens).iter().find_map(|reading| self.one(typed, self.slipped(reading)));
        self.offered(&read.tokens)
            .map(Err)
            .or_else(slipped)
            .or_else(|| self.one(typed, self.qualified(&read.tokens, Spelt::WithSlips)))
            .or_else(|| self.partly(typed, &read, Spelt::Right))
            .or_else(|| self.partly(typed, &read, Spelt::WithSlips))
    }

    /// What the words beside a postcode or a hectometre mark mean, if a town is among them.
    fn beside_detail(&self, typed: &str, rest: &str) -> Option<Result<PlaceMatch, Obstacle>> {
        let rest = rest.trim();
        let names_a_town = match self.by_name(rest, &tokens(rest)) {
            Some(Ok(found)) => matches!(found.area.kind, AreaKind::Place | AreaKind::Municipality),
            Some(Err(_)) | None => true,
        };
        let found = self.known(rest).or_else(|| self.nearly(rest)).filter(|_| names_a_town)?;
        Some(found.map(|found| PlaceMatch { words: typed.to_owned(), ..found }))
    }
}
