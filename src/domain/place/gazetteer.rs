//! The areas of a directory at an instant: which of them words mean, and which of them are one place.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::area::{Area, AreaKind};
use crate::domain::error::{Candidate, Obstacle};
use crate::domain::name::Id;
use crate::domain::snapshot::Snapshot;
use crate::domain::text::Localised;
use crate::domain::words::Word;

use super::PlaceMatch;
use super::readings::Reading;

/// The places of a directory at an instant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gazetteer<'s> {
    pub(super) snapshot: &'s Snapshot,
    pub(super) at: Timestamp,
}

impl<'s> Gazetteer<'s> {
    /// The areas that words mean, whether they are one place or not: what has the name at the time, else what had it.
    pub(super) fn meant(&self, reading: &Reading<'_>) -> Vec<Arc<Area>> {
        if is_number(reading.tokens) {
            return self.coded(reading);
        }
        let areas = self.present(self.snapshot.words().exactly(reading.tokens), &reading.kinds);
        if reading.lacks_article {
            areas.into_iter().filter(|area| self.may_lack_article(area)).collect()
        } else {
            areas
        }
    }

    /// The areas of words for them: those that go by them at the time, else what has become of those that did.
    pub(super) fn present<'w>(&self, words: impl Iterator<Item = &'w Word>, kinds: &[AreaKind]) -> Vec<Arc<Area>> {
        let known: Vec<(&Word, &Arc<Area>)> = words
            .filter_map(|word| Some((word, self.area(word)?)))
            .filter(|(_, area)| kinds.is_empty() || kinds.contains(&area.kind))
            .collect();
        let present: Vec<Arc<Area>> = known
            .iter()
            .filter(|(word, area)| word.validity.may_hold(self.at) && area.validity.may_hold(self.at))
            .map(|(_, area)| Arc::clone(area))
            .collect();
        if present.is_empty() { known.iter().flat_map(|(_, area)| self.settle(area)).collect() } else { present }
    }

    /// The areas of a bare number: a code of the statistics office where a zero before it tells it from a postcode, or
    /// where the kind is said, "regio 25".
    fn coded(&self, reading: &Reading<'_>) -> Vec<Arc<Area>> {
        let [number] = reading.tokens else { return Vec::new() };
        let code = match reading.kinds.as_slice() {
            [] if number.len() == MUNICIPALITY_DIGITS && number.starts_with('0') => format!("gm{number}"),
            [AreaKind::Municipality] => format!("gm{number:0>MUNICIPALITY_DIGITS$}"),
            [AreaKind::SafetyRegion] => format!("vr{number:0>2}"),
            [AreaKind::Province] => format!("pv{number:0>2}"),
            _ => return Vec::new(),
        };
        self.present(self.snapshot.words().exactly(&[code]), &reading.kinds)
    }

    /// "De Ketelbrug" is the bridge; "De Huizen" is not the town of Huizen, but a place that nobody entered yet.
    fn may_lack_article(&self, area: &Area) -> bool {
        matches!(area.kind, AreaKind::Object | AreaKind::Road | AreaKind::Rail | AreaKind::Water) && self.is_ours(area)
    }

    pub(super) fn area(&self, word: &Word) -> Option<&'s Arc<Area>> {
        Id::try_from_name(word.name.clone()).ok().and_then(|id| self.snapshot.get(&id))
    }

    /// What an area is at this instant: itself, also after its end if it is known to lie somewhere; else its
    /// successors; nothing if it has not begun.
    pub(super) fn settle(&self, area: &Arc<Area>) -> Vec<Arc<Area>> {
        let (mut settled, mut seen, mut todo) = (Vec::new(), BTreeSet::new(), vec![Arc::clone(area)]);
        while let Some(area) = todo.pop() {
            if !seen.insert(area.name.clone()) {
                continue;
            }
            let has_ended = area.validity.0.end.is_some_and(|end| end.instant() <= self.at);
            let lies_somewhere = area.within.iter().any(|edge| edge.validity.may_hold(self.at));
            if area.validity.may_hold(self.at) || (has_ended && lies_somewhere) {
                settled.push(area);
            } else if has_ended {
                todo.extend(
                    self.snapshot
                        .successors(&area.name)
                        .iter()
                        .filter(|successor| {
                            let mut edges = successor.successor_of.iter().filter(|edge| edge.area == area.name);
                            edges.any(|edge| edge.validity.may_hold(self.at))
                        })
                        .cloned(),
                );
            }
        }
        settled
    }

    /// Everything an area lies within, itself included, nearest first; in either reading.
    pub(super) fn around(&self, area: &Area) -> Vec<Id<Area>> {
        let mut around = vec![area.name.clone()];
        let mut next = 0;
        while let Some(area) = around.get(next).and_then(|name| self.snapshot.get(name)) {
            for edge in area.within.iter().filter(|edge| edge.validity.may_hold(self.at)) {
                if !around.contains(&edge.area) {
                    around.push(edge.area.clone());
                }
            }
            next = next.saturating_add(1);
        }
        around
    }

    /// Everything an area lies in, wholly or partly, itself included.
    pub(super) fn reaches(&self, area: &Area) -> Vec<Id<Area>> {
        let mut reaches = self.around(area);
        for edge in area.overlaps.iter().filter(|edge| edge.validity.may_hold(self.at)) {
            if let Some(other) = self.snapshot.get(&edge.area) {
                reaches.extend(self.around(other));
            }
        }
        reaches
    }

    /// Whether an area, or one that it lies in, is one of ours; in either reading.
    pub(super) fn is_ours(&self, area: &Area) -> bool {
        let is_said = |area: &Arc<Area>| area.ours.iter().any(|span| span.validity.may_hold(self.at));
        self.reaches(area).iter().filter_map(|id| self.snapshot.get(id)).any(is_said)
    }

    /// Whether an area is a municipality, or a place that is no part of another place.
    pub(super) fn is_town(&self, area: &Area) -> bool {
        let is_place = |id: &Id<Area>| self.snapshot.get(id).is_some_and(|wider| wider.kind == AreaKind::Place);
        match area.kind {
            AreaKind::Municipality => true,
            AreaKind::Place => !area.within.iter().any(|edge| edge.validity.may_hold(self.at) && is_place(&edge.area)),
            AreaKind::Object | AreaKind::Road | AreaKind::Rail | AreaKind::Water => false,
            AreaKind::SafetyRegion | AreaKind::Province | AreaKind::Country => false,
        }
    }

    pub(super) fn lies_within(&self, area: &Area, wider: &Area) -> bool {
        self.around(area).contains(&wider.name)
    }

    /// The areas of a list that are places of their own: none lies within another.
    pub(super) fn distinct(&self, areas: Vec<Arc<Area>>) -> Vec<(Arc<Area>, Vec<Arc<Area>>)> {
        let mut areas = areas;
        areas.sort_by(|a, b| (rank(a.kind), &a.name).cmp(&(rank(b.kind), &b.name)));
        areas.dedup_by(|a, b| a.name == b.name);
        let mut places: Vec<(Arc<Area>, Vec<Arc<Area>>)> = Vec::new();
        for area in areas {
            match places.iter_mut().find(|(one, _)| self.lies_within(one, &area) || self.lies_within(&area, one)) {
                Some((_, also)) => also.push(area),
                None => places.push((area, Vec::new())),
            }
        }
        places
    }

    /// The one place that areas are, or that they are several; `None` if there are none.
    pub(super) fn one(&self, typed: &str, areas: Vec<Arc<Area>>) -> Option<Result<PlaceMatch, Obstacle>> {
        let mut places = self.distinct(areas);
        match places.len() {
            0 => None,
            1 => places
                .pop()
                .map(|(area, also)| Ok(PlaceMatch { words: typed.to_owned(), area, also, unread: String::new() })),
            _ => Some(Err(self.ambiguous(places.into_iter().map(|(area, _)| area).collect()))),
        }
    }

    /// That words may mean each of these places; those of ours come first.
    pub(super) fn ambiguous(&self, mut places: Vec<Arc<Area>>) -> Obstacle {
        places.sort_by_key(|area| !self.is_ours(area));
        Obstacle::PlaceAmbiguous(places.iter().map(|area| self.candidate(area)).collect())
    }

    pub(super) fn candidate(&self, area: &Area) -> Candidate {
        Candidate {
            name: area.name.name().clone(),
            display_names: area.display_names.clone(),
            within: self.context(area),
        }
    }

    /// What tells an area from its namesakes: its municipality, else its safety region, else its province.
    pub(super) fn context(&self, area: &Area) -> Option<Localised> {
        let around = self.around(area);
        let wider: Vec<&Arc<Area>> = around.iter().skip(1).filter_map(|name| self.snapshot.get(name)).collect();
        [AreaKind::Municipality, AreaKind::SafetyRegion, AreaKind::Province, AreaKind::Country]
            .into_iter()
            .find_map(|kind| wider.iter().find(|area| area.kind == kind && area.validity.may_hold(self.at)))
            .map(|area| area.display_names.clone())
    }
}

/// The order in which areas of one name that lie within each other are the match.
pub(super) const fn rank(kind: AreaKind) -> u8 {
    match kind {
        AreaKind::Municipality => 0,
        AreaKind::Place => 1,
        AreaKind::Object => 2,
        AreaKind::Road => 3,
        AreaKind::Rail => 4,
        AreaKind::Water => 5,
        AreaKind::SafetyRegion => 6,
        AreaKind::Province => 7,
        AreaKind::Country => 8,
    }
}

/// How many digits the code of a municipality has.
const MUNICIPALITY_DIGITS: usize = 4;

/// Whether words are one number and nothing else.
fn is_number(tokens: &[String]) -> bool {
    tokens.iter().all(|token| token.bytes().all(|byte| byte.is_ascii_digit()))
}
