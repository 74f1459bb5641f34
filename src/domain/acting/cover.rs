//! Step 4 of the question: from a rule's actor to the organisations that act.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::area::Area;
use crate::domain::catalogue::Capability;
use crate::domain::name::{Id, Name};
use crate::domain::organisation::{Coverage, Organisation, SUCCESSOR_OF};

use super::territory::{Narrowness, Part, View};

/// An organisation as an actor in one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    /// Who.
    pub organisation: Arc<Organisation>,
    /// By which coverages; none for an actor that a rule names.
    pub coverages: Vec<Arc<Coverage>>,
    /// The areas inside the part that it covers, if it covers only those.
    pub only_in: BTreeSet<Id<Area>>,
    /// Whether it covers only some of the part.
    pub partial: bool,
    /// Whether others cover the same area as narrowly.
    pub shared: bool,
}

/// An organisation with the coverage by which it acts.
type Covering = (Arc<Organisation>, Arc<Coverage>);

impl Cover {
    /// The cover of an organisation that a rule names.
    pub fn named(organisation: Arc<Organisation>) -> Self {
        Cover { organisation, coverages: Vec::new(), only_in: BTreeSet::new(), partial: false, shared: false }
    }
}

impl View<'_> {
    /// The organisation, if it exists at the time.
    pub fn organisation(&self, id: &Id<Organisation>) -> Option<Arc<Organisation>> {
        self.snapshot.get(id).filter(|organisation| organisation.validity.holds(self.at, self.reading)).cloned()
    }

    /// The organisations that follow one that has ended, over others that have ended since.
    pub fn successors(&self, ended: &Id<Organisation>) -> Vec<Arc<Organisation>> {
        let (mut found, mut seen) = (BTreeMap::new(), BTreeSet::from([ended.clone()]));
        let mut todo = vec![ended.clone()];
        while let Some(ended) = todo.pop() {
            for next in self.referring(&ended, SUCCESSOR_OF) {
                if !seen.insert(next.name.clone()) {
                    continue;
                }
                match self.organisation(&next.name) {
                    Some(present) => _ = found.insert(present.name.clone(), present),
                    None => todo.push(next.name.clone()),
                }
            }
        }
        found.into_values().collect()
    }

    /// The organisations that exist at the time and have a relation of a kind to one.
    pub fn related_to(&self, organisation: &Id<Organisation>, kind: &str) -> Vec<Arc<Organisation>> {
        self.referring(organisation, kind).filter_map(|other| self.organisation(&other.name)).collect()
    }

    /// The organisations, ended ones too, that have a relation of a kind to one.
    fn referring<'a>(
        &'a self,
        organisation: &'a Id<Organisation>,
        kind: &'a str,
    ) -> impl Iterator<Item = &'a Arc<Organisation>> {
        self.snapshot
            .referrers(organisation.name())
            .iter()
            .filter_map(|name| Id::<Organisation>::try_from_name(name.clone()).ok())
            .filter_map(|id| self.snapshot.get(&id))
            .filter(move |other| {
                other.relations.iter().any(|relation| {
                    relation.kind == kind
                        && relation.organisation == *organisation
                        && relation.validity.holds(self.at, self.reading)
                })
            })
    }

    /// The organisation of a coverage, if both hold at the time.
    pub fn coverer(&self, coverage: &Coverage) -> Option<Arc<Organisation>> {
        let organisation = Id::try_from_name(coverage.name.name().parent()?).ok()?;
        coverage.validity.holds(self.at, self.reading).then(|| self.organisation(&organisation)).flatten()
    }

    /// Whoever covers a capability in a part: those at the narrowest area of the chain that is covered whole, by one or
    /// by several who divide it, those that cover some of an area at least as narrow, and those that cover an area
    /// inside the part.
    pub fn covers(&self, capability: &Name, part: &Part) -> Vec<Cover> {
        let mut whole: BTreeMap<Narrowness, Vec<Covering>> = BTreeMap::new();
        let mut inside: Vec<Covering> = Vec::new();
        for coverage in self.snapshot.covers(capability) {
            let narrowness = part.chain.get(&coverage.area);
            if narrowness.is_none() && !part.inside.contains(&coverage.area) {
                continue;
            }
            let Some(organisation) = self.coverer(coverage) else { continue };
            match narrowness {
                Some(narrowness) => whole.entry(*narrowness).or_default().push((organisation, coverage.clone())),
                None => inside.push((organisation, coverage.clone())),
            }
        }
        let mut covers = Covers::default();
        for at_one_area in whole.values() {
            let complete: BTreeSet<&Id<Organisation>> =
                at_one_area.iter().filter(|(_, coverage)| !coverage.partial).map(|(who, _)| &who.name).collect();
            for (organisation, coverage) in at_one_area {
                covers.add_whole(organisation, coverage, complete.len() > 1 && !coverage.partial);
            }
            let dividing: BTreeSet<&Id<Organisation>> =
                at_one_area.iter().filter(|(_, coverage)| coverage.partial).map(|(who, _)| &who.name).collect();
            // Those who divide an area between them cover it together: whoever covers something wider does not add to it.
            if !complete.is_empty() || dividing.len() > 1 {
                break;
            }
        }
        for (organisation, coverage) in &inside {
            covers.add_inside(organisation, coverage);
        }
        covers.0.into_values().collect()
    }

    /// The organisations that cover a capability next to a part, except those that cover the part itself: next to the
    /// area that the own cover is of, or else to the narrowest wider one that has such neighbours. Neighbours of a safety
    /// region are those of the region, for each of its towns alike.
    pub fn adjacent_covers(&self, capability: &Id<Capability>, part: &Part) -> Vec<Cover> {
        let own: BTreeSet<Id<Organisation>> =
            self.covers(capability.name(), part).into_iter().map(|cover| cover.organisation.name.clone()).collect();
        let covering = self.snapshot.covers(capability.name()).iter().filter(|coverage| {
            coverage.validity.holds(self.at, self.reading)
                && coverage.name.name().parent().is_some_and(|parent| own.iter().any(|own| *own.name() == parent))
        });
        let from = covering.filter_map(|coverage| part.chain.get(&coverage.area)).min().copied();
        let mut outwards: BTreeMap<Narrowness, BTreeSet<Id<Area>>> = BTreeMap::new();
        for (area, narrowness) in
            part.chain.iter().filter(|(_, narrowness)| from.is_none_or(|from| from <= **narrowness))
        {
            outwards.entry(*narrowness).or_default().extend(self.neighbours(area));
        }
        for neighbours in outwards.values() {
            let mut covers = Covers::default();
            for cover in
                neighbours.iter().flat_map(|neighbour| self.covers(capability.name(), &self.beside(neighbour, part)))
            {
                if !own.contains(&cover.organisation.name) {
                    for coverage in &cover.coverages {
                        covers.add_whole(&cover.organisation, coverage, false);
                    }
                }
            }
            if !covers.0.is_empty() {
                return covers.0.into_values().map(|cover| Cover { partial: false, ..cover }).collect();
            }
        }
        Vec::new()
    }

    /// A neighbour and what it lies within, as far as the part itself does not, as a part.
    fn beside(&self, neighbour: &Id<Area>, part: &Part) -> Part {
        let above = self.ascend(neighbour).into_iter().filter(|(area, _)| !part.chain.contains_key(area));
        let chain = above.filter_map(|(area, steps)| Some((self.snapshot.get(&area)?.kind, steps)).map(|n| (area, n)));
        Part { label: neighbour.clone(), chain: chain.collect(), inside: BTreeSet::new(), ..part.clone() }
    }
}

impl Cover {
    /// The cover by this and by another rule: whole by one of them is whole, partly by both is in the areas of both.
    pub fn unite(&mut self, other: Cover) {
        // Some of it that no area names, beside some that an area names, is some of it.
        if self.only_in.is_empty() || other.only_in.is_empty() {
            self.only_in.clear();
        } else {
            self.only_in.extend(other.only_in);
        }
        self.partial &= other.partial;
        self.shared |= other.shared;
        for coverage in other.coverages {
            if !self.coverages.contains(&coverage) {
                self.coverages.push(coverage);
            }
        }
    }
}

/// Covers by organisation, in the order of their names.
#[derive(Debug, Default)]
struct Covers(BTreeMap<Id<Organisation>, Cover>);

impl Covers {
    fn add_whole(&mut self, organisation: &Arc<Organisation>, coverage: &Arc<Coverage>, shared: bool) {
        match self.0.get_mut(&organisation.name) {
            // Whole here and partly there is whole.
            Some(known) => {
                known.partial &= coverage.partial;
                known.shared |= shared;
                known.coverages.push(coverage.clone());
            }
            None => {
                let cover = Cover {
                    organisation: organisation.clone(),
                    coverages: vec![coverage.clone()],
                    only_in: BTreeSet::new(),
                    partial: coverage.partial,
                    shared,
                };
                self.0.insert(organisation.name.clone(), cover);
            }
        }
    }

    fn add_inside(&mut self, organisation: &Arc<Organisation>, coverage: &Arc<Coverage>) {
        match self.0.get_mut(&organisation.name) {
            Some(known) if known.only_in.is_empty() => {}
            Some(known) => {
                known.only_in.insert(coverage.area.clone());
                known.coverages.push(coverage.clone());
            }
            None => {
                let cover = Cover {
                    organisation: organisation.clone(),
                    coverages: vec![coverage.clone()],
                    only_in: BTreeSet::from([coverage.area.clone()]),
                    partial: true,
                    shared: false,
                };
                self.0.insert(organisation.name.clone(), cover);
            }
        }
    }
}
