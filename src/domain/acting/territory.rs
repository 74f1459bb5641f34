//! Step 2 of the question: the parts of ours that an event concerns, each with its chain of areas.
//!
//! A *part* is what one municipality has of an asked area. Its *chain* is the asked area, everything it lies
//! within, the municipality and everything that lies within, each with how narrow it is. All of it is read at
//! one instant and in one [`Reading`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::area::{Area, AreaKind};
use crate::domain::name::Id;
use crate::domain::snapshot::Snapshot;
use crate::domain::validity::Reading;

/// How narrow an area is as seen from the asked one: first by kind, then by steps upwards. Smaller is narrower.
pub type Narrowness = (AreaKind, usize);

/// One instant and one reading of the directory.
#[derive(Debug, Clone, Copy)]
pub struct View<'s> {
    /// The directory.
    pub snapshot: &'s Snapshot,
    /// The instant asked about.
    pub at: Timestamp,
    /// Whether announced facts count.
    pub reading: Reading,
}

/// What one municipality of ours has of one asked area.
#[derive(Debug, Clone)]
pub struct Part {
    /// The area asked about.
    pub asked: Arc<Area>,
    /// The municipality; `None` for territory of ours that no municipality has.
    pub municipality: Option<Arc<Area>>,
    /// What answers name as served: the municipality, or the asked place where several of one municipality are asked.
    pub label: Id<Area>,
    /// Every area of the chain with its narrowness.
    pub chain: BTreeMap<Id<Area>, Narrowness>,
    /// The areas inside this part of which any other record speaks: a cover there is a partial one.
    pub inside: BTreeSet<Id<Area>>,
}

/// An asked area that is wholly or partly not ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// The area asked about.
    pub asked: Arc<Area>,
    /// The safety region whose it is, if known.
    pub region: Option<Arc<Area>>,
    /// Every area of the chains there with its narrowness.
    pub chain: BTreeMap<Id<Area>, Narrowness>,
}

impl Elsewhere {
    /// What is not ours as a part: who covers it is still known in places.
    pub fn part(&self) -> Part {
        Part {
            asked: self.asked.clone(),
            municipality: None,
            label: self.asked.name.clone(),
            chain: self.chain.clone(),
            inside: BTreeSet::new(),
        }
    }
}

/// Where the event is.
#[derive(Debug, Clone, Default)]
pub struct Territory {
    /// The parts that are ours, in the order asked and then by municipality.
    pub parts: Vec<Part>,
    /// What is not ours.
    pub elsewhere: Vec<Elsewhere>,
}

impl View<'_> {
    /// An area and everything it lies within, with the fewest steps to each.
    pub fn ascend(&self, area: &Id<Area>) -> BTreeMap<Id<Area>, usize> {
        let mut seen: BTreeMap<Id<Area>, usize> = BTreeMap::from([(area.clone(), 0)]);
        let mut queue = VecDeque::from([area.clone()]);
        while let Some(next) = queue.pop_front() {
            let steps = seen.get(&next).copied().unwrap_or_default();
            for edge in self.snapshot.get(&next).into_iter().flat_map(|area| &area.within) {
                if edge.validity.holds(self.at, self.reading) && !seen.contains_key(&edge.area) {
                    seen.insert(edge.area.clone(), steps.saturating_add(1));
                    queue.push_back(edge.area.clone());
                }
            }
        }
        seen
    }

    /// What lies within an area, itself not included, as far as any answer may have to look at it.
    pub fn descend(&self, area: &Id<Area>) -> BTreeSet<Id<Area>> {
        let mut seen = BTreeSet::new();
        let mut queue = VecDeque::from([area.clone()]);
        while let Some(next) = queue.pop_front() {
            for part in self.snapshot.spoken_parts(&next) {
                let lies_within =
                    part.within.iter().any(|edge| edge.area == next && edge.validity.holds(self.at, self.reading));
                if lies_within && part.name != *area && seen.insert(part.name.clone()) {
                    queue.push_back(part.name.clone());
                }
            }
        }
        seen
    }

    /// The areas that touch an area, on whichever side the border is written down.
    pub fn neighbours(&self, area: &Id<Area>) -> BTreeSet<Id<Area>> {
        let mine =
            self.snapshot.get(area).into_iter().flat_map(|area| &area.adjacent_to).map(|edge| (&edge.area, edge));
        let theirs = self.snapshot.neighbours(area).iter().flat_map(|other| {
            other.adjacent_to.iter().filter(|edge| edge.area == *area).map(move |edge| (&other.name, edge))
        });
        mine.chain(theirs)
            .filter(|(_, edge)| edge.validity.holds(self.at, self.reading))
            .map(|(other, _)| other.clone())
            .collect()
    }

    /// Whether an area is one of ours: it, or something it lies within, is said to be.
    pub fn is_ours(&self, area: &Id<Area>) -> bool {
        self.ascend(area)
            .keys()
            .filter_map(|area| self.snapshot.get(area))
            .any(|area| area.ours.iter().any(|span| span.validity.holds(self.at, self.reading)))
    }

    /// The areas of one kind in a set that exist as such.
    pub fn of_kind<'a>(
        &'a self,
        areas: impl IntoIterator<Item = &'a Id<Area>> + 'a,
        kind: AreaKind,
    ) -> impl Iterator<Item = Arc<Area>> + 'a {
        areas
            .into_iter()
            .filter_map(|area| self.snapshot.get(area))
            .filter(move |area| area.kind == kind && area.validity.holds(self.at, self.reading))
            .cloned()
    }

    /// The municipalities that an area concerns: those it lies within, overlaps, or contains.
    fn municipalities(&self, area: &Area) -> BTreeMap<Id<Area>, Arc<Area>> {
        let mut touched: BTreeSet<Id<Area>> = self.ascend(&area.name).into_keys().collect();
        for edge in area.overlaps.iter().filter(|edge| edge.validity.holds(self.at, self.reading)) {
            touched.extend(self.ascend(&edge.area).into_keys());
        }
        touched.extend(self.descend(&area.name));
        self.of_kind(&touched, AreaKind::Municipality).map(|area| (area.name.clone(), area)).collect()
    }

    /// Where an event in these areas is.
    pub fn territory(&self, asked: &[Arc<Area>]) -> Territory {
        let mut territory = Territory::default();
        for area in asked {
            let municipalities = self.municipalities(area);
            for municipality in municipalities.values() {
                let part = self.part(area, municipality);
                if self.is_ours(&municipality.name) {
                    territory.parts.push(part);
                } else {
                    territory.add_elsewhere(part, self.safety_region_around(&municipality.name));
                }
            }
            if municipalities.is_empty() {
                let part = self.unincorporated(area);
                if self.is_ours(&area.name) {
                    territory.parts.push(part);
                } else {
                    territory.add_elsewhere(part, self.safety_region_around(&area.name));
                }
            }
        }
        territory.tell_apart();
        territory
    }

    fn safety_region_around(&self, area: &Id<Area>) -> Option<Arc<Area>> {
        self.of_kind(self.ascend(area).keys(), AreaKind::SafetyRegion).next()
    }

    fn part(&self, asked: &Arc<Area>, municipality: &Arc<Area>) -> Part {
        let from_asked = self.ascend(&asked.name);
        let from_municipality = self.ascend(&municipality.name);
        let contains = from_municipality.contains_key(&asked.name);
        let lies_within = from_asked.contains_key(&municipality.name);
        let beside = usize::from(!contains);
        let offset = from_asked.get(&municipality.name).copied().unwrap_or(beside);
        let mut chain = BTreeMap::new();
        if !contains || lies_within {
            for (area, steps) in &from_asked {
                // A road or lake in several municipalities: only this municipality's branch belongs to this part.
                let other_branch = self.snapshot.get(area).is_some_and(|area| area.kind >= AreaKind::Municipality)
                    && !from_municipality.contains_key(area)
                    && !self.ascend(area).contains_key(&municipality.name);
                if !other_branch {
                    self.link(&mut chain, area, *steps);
                }
            }
        }
        if !contains || lies_within {
            self.link_overlapped(&mut chain, asked);
        }
        for (area, steps) in &from_municipality {
            self.link(&mut chain, area, steps.saturating_add(offset));
        }
        let mut inside = self.descend(if contains { &municipality.name } else { &asked.name });
        // A town at a lake is inside the part of the municipality that has it, not of every one that has some lake.
        inside.retain(|area| {
            if !self.snapshot.is_spoken_of(area) {
                return false;
            }
            let above = self.ascend(area);
            above.contains_key(&municipality.name)
                || self.of_kind(above.keys(), AreaKind::Municipality).next().is_none()
        });
        Part {
            asked: asked.clone(),
            municipality: Some(municipality.clone()),
            label: municipality.name.clone(),
            chain,
            inside,
        }
    }

    fn unincorporated(&self, asked: &Arc<Area>) -> Part {
        let mut chain = BTreeMap::new();
        for (area, steps) in self.ascend(&asked.name) {
            self.link(&mut chain, &area, steps);
        }
        self.link_overlapped(&mut chain, asked);
        Part {
            asked: asked.clone(),
            municipality: None,
            label: asked.name.clone(),
            chain,
            inside: self.descend(&asked.name).into_iter().filter(|area| self.snapshot.is_spoken_of(area)).collect(),
        }
    }

    /// The road and the water that a bridge is part of; the municipalities it overlaps are parts of their own.
    fn link_overlapped(&self, chain: &mut BTreeMap<Id<Area>, Narrowness>, asked: &Area) {
        for edge in asked.overlaps.iter().filter(|edge| edge.validity.holds(self.at, self.reading)) {
            if self.snapshot.get(&edge.area).is_some_and(|area| area.kind < AreaKind::Municipality) {
                self.link(chain, &edge.area, 1);
            }
        }
    }

    fn link(&self, chain: &mut BTreeMap<Id<Area>, Narrowness>, area: &Id<Area>, steps: usize) {
        if let Some(found) = self.snapshot.get(area) {
            chain.entry(area.clone()).or_insert((found.kind, steps));
        }
    }
}

impl Territory {
    /// Adds a part that is not ours to what is known of its region.
    fn add_elsewhere(&mut self, part: Part, region: Option<Arc<Area>>) {
        let Part { asked, mut chain, .. } = part;
        // What is handed over is named, also where it is more than a part of the municipality.
        chain.entry(asked.name.clone()).or_insert((asked.kind, 0));
        match self.elsewhere.iter_mut().find(|known| known.asked.name == asked.name && known.region == region) {
            Some(known) => known.chain.append(&mut chain),
            None => self.elsewhere.push(Elsewhere { asked, region, chain }),
        }
    }

    /// Where several asked places lie in one municipality, answers name the places.
    fn tell_apart(&mut self) {
        let mut count: BTreeMap<Id<Area>, usize> = BTreeMap::new();
        for part in &self.parts {
            let seen = count.entry(part.label.clone()).or_default();
            *seen = seen.saturating_add(1);
        }
        for part in &mut self.parts {
            if count.get(&part.label).is_some_and(|count| *count > 1) {
                part.label = part.asked.name.clone();
            }
        }
    }

    /// Every area of the chains of ours and of elsewhere.
    pub fn areas(&self) -> BTreeSet<Id<Area>> {
        let ours = self.parts.iter().flat_map(|part| part.chain.keys().chain(&part.inside));
        let theirs = self.elsewhere.iter().flat_map(|elsewhere| elsewhere.chain.keys());
        ours.chain(theirs).cloned().collect()
    }
}
