//! What comes near words that mean no place: slips of the pen, names that have all of the words, and what an area that does
//! not exist yet will be made of.
//!
//! **Invariants.** A slip is taken only for a town of ours and only if nothing else is as near. A suggestion leads to what
//! may well be meant, or is not made.

use std::sync::Arc;

use crate::domain::area::Area;
use crate::domain::error::Obstacle;
use crate::domain::text::Language;

use super::MAX_SUGGESTIONS;
use super::gazetteer::{Gazetteer, rank};
use super::qualified::{Named, Spelt, first};
use super::readings::Reading;

/// A slip in a shorter name makes another name.
const SHORTEST_SLIP: usize = 5;
/// A part of a name that is shorter stands in too many.
const SHORTEST_PART: usize = 3;

impl Gazetteer<'_> {
    /// The town of ours that words are a slip of, with all areas of it; nothing if anything else is as near.
    pub(super) fn slipped(&self, reading: &Reading<'_>) -> Vec<Arc<Area>> {
        let length: usize = reading.tokens.iter().map(String::len).sum();
        if length < SHORTEST_SLIP || reading.lacks_article {
            return Vec::new();
        }
        let nearest = self.nearest(reading);
        match self.distinct(nearest.clone()).as_slice() {
            [(only, _)] if self.is_town(only) && self.is_ours(only) => nearest,
            _ => Vec::new(),
        }
    }

    /// The areas of the fewest slips.
    fn nearest(&self, reading: &Reading<'_>) -> Vec<Arc<Area>> {
        let found = self.snapshot.words().slips(reading.tokens);
        let fewest = found.first().map_or(0, |(slips, _)| *slips);
        let nearest = found.into_iter().take_while(|(slips, _)| *slips == fewest).map(|(_, word)| word);
        let in_use = nearest.filter(|word| word.validity.may_hold(self.at) && word.text.len() >= SHORTEST_PART);
        let areas = in_use.filter_map(|word| self.area(word)).filter(|area| area.validity.may_hold(self.at));
        areas.filter(|area| reading.kinds.is_empty() || reading.kinds.contains(&area.kind)).cloned().collect()
    }

    /// The places whose names are the same but for particles and for what is joined: never taken, always offered.
    pub(super) fn offered(&self, tokens: &[String]) -> Option<Obstacle> {
        let words = self.snapshot.words();
        let loosely = |reading: &Reading<'_>| self.present(words.loosely(reading.tokens).into_iter(), &reading.kinds);
        let areas = first(self.readings(tokens).iter().map(loosely));
        let places: Vec<Arc<Area>> = self.distinct(areas).into_iter().map(|(area, _)| area).collect();
        (!places.is_empty()).then(|| self.ambiguous(places))
    }

    pub(super) fn not_found(&self, tokens: &[String]) -> Obstacle {
        let readings = self.readings(tokens);
        let mut areas = first(readings.iter().map(|reading| self.near(reading)));
        if areas.is_empty() {
            areas = self.known_parts(tokens);
        }
        let mut suggested: Vec<Arc<Area>> = Vec::new();
        for area in areas {
            // Urk the town and Urk the municipality are one suggestion, as they would be one match.
            let known = suggested.iter_mut().find(|known| {
                let same_name = known.display_names.text(Language::Dutch) == area.display_names.text(Language::Dutch);
                same_name && (self.lies_within(known, &area) || self.lies_within(&area, known))
            });
            match known {
                Some(known) if rank(area.kind) < rank(known.kind) => *known = area,
                Some(_) => {}
                None => suggested.push(area),
            }
        }
        suggested.sort_by_key(|area| !self.is_ours(area));
        suggested.truncate(MAX_SUGGESTIONS);
        Obstacle::PlaceNotFound(suggested.iter().map(|area| self.candidate(area)).collect())
    }

    /// What comes near a reading: what a name that nothing has at the time is made of or became, what has the name but not
    /// the kind, slips, and names that have all of the words.
    fn near(&self, reading: &Reading<'_>) -> Vec<Arc<Area>> {
        let words = self.snapshot.words();
        let same: Vec<&Arc<Area>> = words.exactly(reading.tokens).filter_map(|word| self.area(word)).collect();
        let kin = same.into_iter().flat_map(|area| {
            let predecessors = area.successor_of.iter().filter_map(|edge| self.snapshot.get(&edge.area));
            std::iter::once(area).chain(predecessors).flat_map(|area| self.settle(area)).collect::<Vec<_>>()
        });
        let mut near: Vec<Arc<Area>> = kin.collect();
        if near.is_empty() {
            near = self.nearest(reading);
        }
        if near.is_empty() && reading.tokens.iter().any(|token| token.len() >= SHORTEST_PART) {
            near = self.present(words.with_all(reading.tokens).into_iter(), &reading.kinds);
        }
        near
    }

    /// The towns among the words, though not all of them were understood.
    fn known_parts(&self, tokens: &[String]) -> Vec<Arc<Area>> {
        if tokens.len() > super::qualified::MAX_QUALIFIED {
            return Vec::new();
        }
        let names = self.names(tokens, Spelt::Right);
        let longest: Vec<&Named<'_>> = names.iter().flatten().filter(|name| !name.areas.is_empty()).collect();
        longest.into_iter().flat_map(|name| name.areas.iter().cloned()).collect()
    }
}
