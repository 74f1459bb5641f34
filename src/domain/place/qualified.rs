//! Names that wider areas tell apart: "Laren Lochem", "A6 Almere", "Emmeloord, Noordoostpolder, Flevoland, Nederland".
//!
//! Typed words are cut into names in every way; where all but one are areas that the other lies in, wholly or partly, the
//! one is meant. In which order they stand does not matter.

use std::sync::Arc;

use crate::domain::area::{Area, AreaKind};
use crate::domain::catalogue::SAFETY_REGION;
use crate::domain::name::{Collection, Id};

use super::gazetteer::Gazetteer;
use super::readings::Reading;

/// More words than this are a sentence, not a place and what tells it apart.
pub(super) const MAX_QUALIFIED: usize = 12;
/// The most names in a row: a quarter, its town, the municipality, the province, the country.
const MAX_NAMES: usize = 5;
/// The most words of one name.
pub(super) const MAX_NAME_WORDS: usize = 7;

/// Some of the typed words as one name.
#[derive(Debug, Clone)]
pub(super) struct Named<'t> {
    pub(super) tokens: &'t [String],
    /// The areas that it means.
    pub(super) areas: Vec<Arc<Area>>,
    /// The areas that it means behind or before another name: those, or what it abbreviates.
    wider: Vec<Arc<Area>>,
}

/// How names are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelt {
    /// As the directory writes them.
    Right,
    /// With slips of the pen.
    WithSlips,
}

impl<'s> Gazetteer<'s> {
    /// The areas that words mean together with the names of wider areas.
    pub(super) fn qualified(&self, tokens: &[String], spelt: Spelt) -> Vec<Arc<Area>> {
        if tokens.len() > MAX_QUALIFIED {
            return Vec::new();
        }
        let named = self.names(tokens, spelt);
        (2..=MAX_NAMES.min(tokens.len()))
            .find_map(|count| self.in_a_row(&named, 0, count, &mut Vec::new()))
            .unwrap_or_default()
    }

    /// Per first word, the names that begin with it, the longest first.
    pub(super) fn names<'t>(&self, tokens: &'t [String], spelt: Spelt) -> Vec<Vec<Named<'t>>> {
        let of = |start: usize| {
            let ends = start.saturating_add(1)..=start.saturating_add(MAX_NAME_WORDS).min(tokens.len());
            ends.rev().filter_map(|end| self.name(tokens.get(start..end)?, spelt)).collect()
        };
        (0..tokens.len()).map(of).collect()
    }

    fn name<'t>(&self, tokens: &'t [String], spelt: Spelt) -> Option<Named<'t>> {
        let readings = self.readings(tokens);
        let mut areas = first(readings.iter().map(|reading| self.meant(reading)));
        if areas.is_empty() && spelt == Spelt::WithSlips {
            areas = first(readings.iter().map(|reading| self.slipped(reading)));
        }
        let terms = self.snapshot.place_terms();
        let abbreviated = terms.abbreviated(tokens, self.at).flat_map(|name| {
            let kinds = vec![name.kind];
            self.meant(&Reading { kinds, ..Reading::whole(&name.tokens) })
        });
        let wider: Vec<Arc<Area>> = abbreviated.chain(areas.iter().cloned()).collect();
        (!wider.is_empty()).then_some(Named { tokens, areas, wider })
    }

    /// The areas that so many names in a row mean, from a word to the last.
    fn in_a_row<'t, 'n>(
        &self,
        named: &'n [Vec<Named<'t>>],
        start: usize,
        count: usize,
        before: &mut Vec<&'n Named<'t>>,
    ) -> Option<Vec<Arc<Area>>> {
        if start == named.len() {
            return (count == 0).then(|| self.told_apart(before)).filter(|areas| !areas.is_empty());
        }
        let left = count.checked_sub(1)?;
        named.get(start)?.iter().find_map(|name| {
            before.push(name);
            let found = self.in_a_row(named, start.saturating_add(name.tokens.len()), left, before);
            before.pop();
            found
        })
    }

    /// The areas of one of these names that lie in an area of each of the others.
    pub(super) fn told_apart(&self, names: &[&Named<'_>]) -> Vec<Arc<Area>> {
        if let [one, other] = names {
            let same = self.by_code(one, other).into_iter().chain(self.by_code(other, one)).collect::<Vec<_>>();
            if !same.is_empty() {
                return same;
            }
        }
        let mut found = Vec::new();
        for (index, name) in names.iter().enumerate() {
            for area in &name.areas {
                let reaches = self.reaches(area);
                let mut others = names.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, other)| other);
                let is_in = |wider: &Arc<Area>| {
                    wider.name != area.name && (reaches.contains(&wider.name) || self.runs_through(area, wider))
                };
                if others.all(|other| other.wider.iter().any(is_in)) {
                    found.push(area.clone());
                }
            }
        }
        found
    }

    /// Whether a road, a water or an object lies in the municipality of a town: no record says through which towns it runs.
    fn runs_through(&self, area: &Area, town: &Area) -> bool {
        if town.kind != AreaKind::Place || matches!(area.kind, AreaKind::Place) || area.kind >= AreaKind::Municipality {
            return false;
        }
        let around = self.around(town);
        let edges = area.within.iter().chain(&area.overlaps).filter(|edge| edge.validity.may_hold(self.at));
        let municipalities = edges.filter_map(|edge| self.snapshot.get(&edge.area));
        municipalities.filter(|one| one.kind == AreaKind::Municipality).any(|one| around.contains(&one.name))
    }

    /// The areas of a name that a number beside it is the code of: "Weesp (0457)".
    fn by_code(&self, name: &Named<'_>, code: &Named<'_>) -> Vec<Arc<Area>> {
        let [token] = code.tokens else { return Vec::new() };
        if !token.ends_with(|c: char| c.is_ascii_digit()) {
            return Vec::new();
        }
        let same: Vec<&Id<Area>> = self
            .snapshot
            .words()
            .exactly(name.tokens)
            .filter_map(|word| self.area(word))
            .map(|area| &area.name)
            .collect();
        code.areas.iter().filter(|area| same.contains(&&area.name)).cloned().collect()
    }

    /// The areas of an organisation by whose name people call the region that it covers: "VRF".
    pub(super) fn of_organisation(&self, tokens: &[String]) -> Vec<Arc<Area>> {
        let found = self.snapshot.words().same_tokens(Collection::Organisations, tokens);
        let coverages = found.into_iter().flat_map(|word| self.snapshot.coverages_of(&word.name));
        let regions = coverages.filter(|one| one.capability.name().as_str() == SAFETY_REGION);
        let areas = regions.filter(|one| one.validity.may_hold(self.at)).filter_map(|one| self.snapshot.get(&one.area));
        areas.filter(|area| area.kind == AreaKind::SafetyRegion && area.validity.may_hold(self.at)).cloned().collect()
    }
}

/// The first list that is not empty.
pub(super) fn first<T>(mut lists: impl Iterator<Item = Vec<T>>) -> Vec<T> {
    lists.find(|list| !list.is_empty()).unwrap_or_default()
}
