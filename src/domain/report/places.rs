//! R15 to R20: the places of a line, right to left; the last town outweighs what stands before it.
//!
//! **Invariants.** Only known areas are places. What belongs to the name of a street, a firm or a unit is none, nor is
//! what lies nowhere near the town. A town of which there are several is given with all of them.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::acting;
use crate::domain::area::{Area, AreaKind};
use crate::domain::error::{Candidate, Obstacle};
use crate::domain::name::{Collection, Id};
use crate::domain::place::{self, PlaceMatch};
use crate::domain::snapshot::Snapshot;

use super::fixed::road_before;
use super::streets;
use super::table::{UNIT_NAMES, WATERS};
use super::tokens::{Line, Mark};

/// A place of a line.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Where it stands.
    pub(super) range: Range<usize>,
    /// The rule that read it.
    pub(super) rule: &'static str,
    /// What it means.
    pub(super) meant: Meant,
}

/// What words for a place mean.
#[derive(Debug, Clone)]
pub(super) enum Meant {
    /// One place.
    One(Box<PlaceMatch>),
    /// One of these, to be asked; the likeliest first.
    Several(Vec<Candidate>),
    /// Nothing; these come near.
    Near(Vec<Candidate>),
}

impl Place {
    fn area(&self) -> Option<&Arc<Area>> {
        match &self.meant {
            Meant::One(found) => Some(&found.area),
            Meant::Several(_) | Meant::Near(_) => None,
        }
    }

    /// Whether it is a town or a municipality, or may be one.
    pub(super) fn is_town(&self) -> bool {
        self.area().is_none_or(|area| matches!(area.kind, AreaKind::Place | AreaKind::Municipality))
    }
}

/// Words before a name that do not belong to it, though some names hold them.
const INTRODUCTIONS: &[&str] = &[
    "en", "and", "in", "te", "bij", "nabij", "op", "van", "tussen", "between", "naar", "richting", "the", "at", "near",
    "on", "of", "omgeving",
];

/// The most words of the name of a place.
const MAX_WORDS: usize = 6;

/// Takes the places off a line, in the order in which they stand; `lexical` says of each word whether the lexicon knows
/// it.
pub(super) fn take(line: &mut Line<'_>, snapshot: &Snapshot, at: Timestamp, lexical: &[bool]) -> Vec<Place> {
    let reader = Reader { snapshot, at, lexical };
    town_codes(line, &reader);
    let mut found = Vec::new();
    let mut end = line.len();
    while end > 0 {
        match reader.ending_at(line, end) {
            Some(place) => {
                end = place.range.start;
                line.set(place.range.clone(), Mark::Piece);
                found.push(place);
            }
            None => end = end.saturating_sub(1),
        }
    }
    let mut places = reader.agreeing(line, found);
    places.reverse();
    if places.is_empty() {
        places.extend(reader.near(line));
    }
    for place in &places {
        line.set(place.range.clone(), Mark::Piece);
    }
    places
}

/// R20: capitals behind a town that repeat it, such as `ROTTDM`, are taken off; no town is guessed from them.
fn town_codes(line: &mut Line<'_>, reader: &Reader<'_>) {
    for index in 1..line.len() {
        let only = index..index.saturating_add(1);
        let is_code = line.get(index).is_some_and(|token| {
            (5..=7).contains(&token.text.len()) && token.text.bytes().all(|byte| byte.is_ascii_uppercase())
        });
        let is_known = || {
            let words = line.span(&only).words;
            !reader.snapshot.words().same(Collection::Areas, &words).is_empty()
        };
        if line.is_mixed && line.is_free(index) && is_code && !reader.is_lexical(index) && !is_known() {
            line.set(only, Mark::Dropped);
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Reader<'s> {
    snapshot: &'s Snapshot,
    at: Timestamp,
    lexical: &'s [bool],
}

impl Reader<'_> {
    /// The longest name of a place that ends before a word.
    fn ending_at(&self, line: &Line<'_>, end: usize) -> Option<Place> {
        if let Some(road) = road_before(line, end).filter(|road| line.are_free(road.clone())) {
            return self.read(line, road, "R17");
        }
        let first = end.saturating_sub(MAX_WORDS);
        (first..end).map(|start| start..end).find_map(|range| {
            let has_road = (range.start..range.end).any(|index| road_before(line, index.saturating_add(1)).is_some());
            if has_road || !self.may_be_a_place(line, &range) {
                return None;
            }
            self.read(line, range, "R19")
        })
    }

    /// What words mean, if they are the name of an area, or that of a town and a wider area that tells it apart.
    fn read(&self, line: &Line<'_>, range: Range<usize>, rule: &'static str) -> Option<Place> {
        let known = |range: &Range<usize>| {
            let words = line.span(range).words;
            !self.snapshot.words().same(Collection::Areas, &words).is_empty()
        };
        let is_name = known(&range);
        let is_qualified = || {
            let splits = range.start.saturating_add(1)..range.end;
            splits.into_iter().any(|split| known(&(range.start..split)) || known(&(split..range.end)))
        };
        if !is_name && !is_qualified() {
            return None;
        }
        let words = line.span(&range).words;
        let meant = match place::resolve_name(self.snapshot, &words, self.at) {
            Ok(found) => Meant::One(Box::new(found)),
            Err(Obstacle::PlaceAmbiguous(candidates)) => Meant::Several(self.own_first(candidates)),
            Err(
                Obstacle::PlaceNotFound(_)
                | Obstacle::LocationUnsupported
                | Obstacle::CalamityNotFound(_)
                | Obstacle::CalamityAmbiguous(_),
            ) => return None,
        };
        let place = Place { range, rule, meant };
        // A road or a lake and a town beside it are two pieces.
        if !is_name && !place.is_town() {
            return None;
        }
        let rule = match place.area().map(|area| area.kind) {
            Some(AreaKind::Object | AreaKind::Rail) => "R15",
            Some(AreaKind::Road) => "R17",
            Some(AreaKind::Municipality | AreaKind::Place | AreaKind::Water)
            | Some(AreaKind::SafetyRegion | AreaKind::Province | AreaKind::Country)
            | None => rule,
        };
        Some(Place { rule, ..place })
    }

    /// Whether words stand where a place may.
    fn may_be_a_place(&self, line: &Line<'_>, range: &Range<usize>) -> bool {
        let words = || (range.start..range.end).filter_map(|index| line.get(index));
        // What stands in parentheses may tell a town apart, and is none itself.
        let outside = line.get(range.start).is_some_and(|first| first.bracket == 0);
        let edges = [range.start, range.end.saturating_sub(1)];
        let introduced = edges.iter().any(|edge| line.get(*edge).is_some_and(|word| word.is_any(INTRODUCTIONS)));
        let lettered = words().any(super::tokens::Token::has_letter);
        let capital = !line.is_mixed || words().any(|token| token.is_capital());
        if !line.are_free(range.clone()) || !outside || introduced || !lettered || !capital {
            return false;
        }
        let next = line.get(range.end).filter(|next| line.is_free(range.end) && next.bracket == 0);
        // "Urker Dijk" is a street.
        if next.is_some_and(streets::is_kind) && !self.is_lexical(range.end) {
            return false;
        }
        let before = line.before(range.start).filter(|(_, token)| token.bracket == 0);
        if before.is_some_and(|(_, token)| token.is_any(UNIT_NAMES)) {
            return false;
        }
        if line.is_end(range.end) {
            return true;
        }
        // R1: in the northern form class, priority and town follow each other.
        let after_priority = before.is_some_and(|(index, _)| line.mark(index) == Some(Mark::Field));
        if after_priority && (0..range.start).any(|index| self.is_lexical(index) && line.is_free(index)) {
            return true;
        }
        // Before the end of a line a name beside it is that of a firm.
        let is_name = |index: usize| {
            let token = line.get(index).filter(|token| line.is_free(index) && token.has_letter());
            token.is_some_and(|token| {
                (token.is_capital() || !line.is_mixed) && !self.is_lexical(index) && !is_water(token.word())
            })
        };
        let separated =
            line.get(range.start).is_some_and(|token| token.before.contains([',', ':', ';', '/', '(', ')']));
        let after_a_name = before.is_some_and(|(index, _)| is_name(index)) && !separated && line.is_mixed;
        let before_a_name =
            next.is_some() && is_name(range.end) && line.is_mixed && !self.is_alone_before(line, range.end);
        let is_class = range.len() == 1 && words().all(|token| self.is_written(token.word()));
        !after_a_name && !before_a_name && !is_class
    }

    /// Whether what follows a place is separated from it.
    fn is_alone_before(&self, line: &Line<'_>, index: usize) -> bool {
        line.get(index).is_some_and(|token| token.before.contains([',', ':', ';', '/', '(', ')', '-']))
            || road_before(line, index.saturating_add(1)).is_some()
            || self.starts_a_place(line, index)
    }

    fn starts_a_place(&self, line: &Line<'_>, index: usize) -> bool {
        let ends = index.saturating_add(1)..=index.saturating_add(MAX_WORDS).min(line.len());
        ends.into_iter().any(|end| {
            let words = line.span(&(index..end)).words;
            !self.snapshot.words().same(Collection::Areas, &words).is_empty()
        }) || line.mark(index) == Some(Mark::Piece)
    }

    fn is_lexical(&self, index: usize) -> bool {
        self.lexical.get(index).copied().unwrap_or_default()
    }

    fn is_written(&self, word: &str) -> bool {
        self.snapshot.lexicon().spelling().is_written(word)
    }

    /// The places that lie where the town lies; others are parts of names. Found right to left.
    fn agreeing(&self, line: &mut Line<'_>, found: Vec<Place>) -> Vec<Place> {
        let Some(town) = found.iter().position(Place::is_town) else { return found };
        let Some(around) = found.get(town).map(|town| self.municipalities(town)) else { return found };
        let mut kept = Vec::new();
        let mut between = false;
        for (index, place) in found.into_iter().enumerate() {
            // "tussen Emmeloord en Lelystad" is both.
            let is_between = index == town.saturating_add(1) && is_between(line, &place);
            between |= is_between;
            if index == town || is_between || between || !self.municipalities(&place).is_disjoint(&around) {
                kept.push(place);
            } else {
                line.set(place.range, Mark::Dropped);
            }
        }
        kept
    }

    /// The municipalities in which a place lies or may lie.
    fn municipalities(&self, place: &Place) -> BTreeSet<Id<Area>> {
        let areas: Vec<&Arc<Area>> = match &place.meant {
            Meant::One(found) => std::iter::once(&found.area).chain(&found.also).collect(),
            Meant::Several(candidates) | Meant::Near(candidates) => candidates
                .iter()
                .filter_map(|one| Id::<Area>::try_from_name(one.name.clone()).ok())
                .filter_map(|id| self.snapshot.get(&id))
                .collect(),
        };
        let mut seen: BTreeSet<Id<Area>> = areas.iter().map(|area| area.name.clone()).collect();
        let mut todo: Vec<&Arc<Area>> = areas;
        while let Some(area) = todo.pop() {
            for edge in area.within.iter().chain(&area.overlaps).filter(|edge| edge.validity.may_hold(self.at)) {
                if let Some(wider) = self.snapshot.get(&edge.area)
                    && matches!(wider.kind, AreaKind::Place | AreaKind::Municipality)
                    && seen.insert(wider.name.clone())
                {
                    todo.push(wider);
                }
            }
        }
        let is_municipality = |id: &Id<Area>| {
            let area = self.snapshot.get(id);
            area.is_some_and(|area| area.kind == AreaKind::Municipality && area.validity.may_hold(self.at))
        };
        seen.retain(is_municipality);
        seen
    }

    /// Candidates, those of the own region first.
    fn own_first(&self, mut candidates: Vec<Candidate>) -> Vec<Candidate> {
        candidates.sort_by_cached_key(|candidate| {
            let found = place::resolve(self.snapshot, &candidate.name.to_string(), self.at);
            !found.is_ok_and(|found| acting::place(self.snapshot, &found, self.at).ours)
        });
        candidates
    }

    /// Where no place is known: what comes near the last name of the line, to be offered.
    fn near(&self, line: &Line<'_>) -> Option<Place> {
        let is_name = |index: usize| {
            let token = line.get(index).filter(|token| line.is_free(index) && token.bracket == 0 && token.has_letter());
            token.is_some_and(|token| token.is_capital() && line.is_mixed && !self.is_lexical(index))
        };
        let last = (0..line.len()).rev().find(|index| line.is_free(*index))?;
        if !is_name(last) {
            return None;
        }
        let range = last..last.saturating_add(1);
        match place::resolve(self.snapshot, &line.span(&range).words, self.at) {
            Err(Obstacle::PlaceNotFound(candidates) | Obstacle::PlaceAmbiguous(candidates))
                if !candidates.is_empty() =>
            {
                Some(Place { range, rule: "R19", meant: Meant::Near(self.own_first(candidates)) })
            }
            // A slip of the pen in a line of many names is offered only.
            Ok(found) => {
                let (name, display_names) = (found.area.name.name().clone(), found.area.display_names.clone());
                let near = vec![Candidate { name, display_names, within: None }];
                Some(Place { range, rule: "R19", meant: Meant::Near(near) })
            }
            Err(_) => None,
        }
    }
}

fn is_water(word: &str) -> bool {
    WATERS.iter().any(|ending| word.ends_with(ending))
}

/// Whether a place is the first of two between which something happened.
fn is_between(line: &Line<'_>, place: &Place) -> bool {
    let before = line.before(place.range.start).is_some_and(|(_, token)| token.is_any(&["tussen", "between"]));
    before && line.get(place.range.end).is_some_and(|token| token.is_any(&["en", "and"]))
}

/// The places of the question: each with one meaning, the finer one where it lies in the town, and a road or a water
/// together with the town where it goes beyond it.
pub(super) fn asked(line: &Line<'_>, snapshot: &Snapshot, at: Timestamp, places: &[Place]) -> Vec<String> {
    let reader = Reader { snapshot, at, lexical: &[] };
    let named = |place: &Place| place.area().map(|area| area.name.to_string());
    let one: Vec<&Place> = places.iter().filter(|place| place.area().is_some()).collect();
    let towns: Vec<&Place> = one.iter().copied().filter(|place| place.is_town()).collect();
    let finer = one.iter().copied().find(|place| !place.is_town());
    let names: Vec<String> = match (towns.as_slice(), finer) {
        ([], _) => one.iter().filter_map(|place| named(place)).collect(),
        (several, None) => finest(&reader, several).into_iter().filter_map(named).collect(),
        (several, Some(finer)) => {
            let town = finest(&reader, several);
            let around: BTreeSet<Id<Area>> = town.iter().flat_map(|town| reader.municipalities(town)).collect();
            if reader.municipalities(finer).is_subset(&around) {
                named(finer).into_iter().collect()
            } else {
                let narrowed = town.iter().filter_map(|town| {
                    let words = format!("{} {}", line.span(&finer.range).words, line.span(&town.range).words);
                    let found = place::resolve(snapshot, &words, at).ok().filter(|found| found.unread.is_empty());
                    found.map(|_| words).or_else(|| named(town))
                });
                narrowed.collect()
            }
        }
    };
    let mut once: Vec<String> = Vec::new();
    for name in names {
        if !once.contains(&name) {
            once.push(name);
        }
    }
    once
}

/// Of towns in each other, the narrowest: a quarter and its town are the quarter.
fn finest<'p>(reader: &Reader<'_>, towns: &[&'p Place]) -> Vec<&'p Place> {
    let is_within = |inner: &Place, outer: &Place| {
        let (Some(inner), Some(outer)) = (inner.area(), outer.area()) else { return false };
        let mut todo = vec![inner];
        let mut seen = BTreeSet::new();
        while let Some(area) = todo.pop() {
            for edge in area.within.iter().filter(|edge| edge.validity.may_hold(reader.at)) {
                if edge.area == outer.name {
                    return true;
                }
                if seen.insert(edge.area.clone()) {
                    todo.extend(reader.snapshot.get(&edge.area));
                }
            }
        }
        false
    };
    towns.iter().copied().filter(|outer| !towns.iter().any(|inner| is_within(inner, outer))).collect()
}
