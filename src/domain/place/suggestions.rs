//! What comes near words that mean no place.

use std::sync::Arc;

use crate::domain::area::Area;
use crate::domain::error::Obstacle;
use crate::domain::name::Collection;
use crate::domain::text::Language;

use super::MAX_SUGGESTIONS;
use super::gazetteer::{Gazetteer, rank};
use super::readings::{Reading, readings};

impl Gazetteer<'_> {
    pub(super) fn not_found(&self, tokens: &[String]) -> Obstacle {
        let near = |tokens: &[String]| -> Vec<Arc<Area>> {
            let words = self.snapshot.words();
            let same = words.same_tokens(Collection::Areas, tokens).into_iter().filter_map(|term| self.area(term));
            // The areas that one which does not exist at this instant is made of, or became.
            let kin = same.flat_map(|area| {
                let predecessors = area.successor_of.iter().filter_map(|edge| self.snapshot.get(&edge.area));
                std::iter::once(area).chain(predecessors).flat_map(|area| self.settle(area))
            });
            let alike = words.near(Collection::Areas, &tokens.join(" ")).into_iter().filter_map(|term| self.area(term));
            kin.chain(alike.filter(|area| area.validity.may_hold(self.at)).cloned()).collect()
        };
        let whole = Reading { tokens, kind: None };
        let areas = std::iter::once(whole)
            .chain(readings(tokens))
            .map(|reading| near(reading.tokens))
            .find(|areas| !areas.is_empty())
            .unwrap_or_default();
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
        suggested.truncate(MAX_SUGGESTIONS);
        Obstacle::PlaceNotFound(suggested.iter().map(|area| self.candidate(area)).collect())
    }
}
