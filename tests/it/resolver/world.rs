//! The territory of a directory in one reading, read edge by edge from the specification: slow and obvious.

use std::collections::{BTreeMap, BTreeSet};

use crisisgids::domain::area::{Area, AreaEdge, AreaKind};
use crisisgids::domain::name::Id;
use crisisgids::domain::organisation::{Coverage, Organisation};
use crisisgids::domain::validity::{Reading, Validity};
use jiff::Timestamp;

use super::directories::Directory;

/// How narrow an area is in a chain: its kind, then how many steps up.
pub(super) type Narrowness = (AreaKind, usize);

/// A directory at an instant, in a reading.
#[derive(Clone, Copy)]
pub(super) struct World<'d> {
    pub(super) directory: &'d Directory,
    pub(super) at: Timestamp,
    pub(super) reading: Reading,
}

/// One asked area in one municipality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// What `serves` calls it.
    pub(super) label: Id<Area>,
    pub(super) asked: Id<Area>,
    /// Whether it is one of ours.
    pub(super) ours: bool,
    pub(super) chain: BTreeMap<Id<Area>, Narrowness>,
    pub(super) inside: BTreeSet<Id<Area>>,
}

/// Who acts in a part, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cover {
    pub(super) organisation: Id<Organisation>,
    pub(super) shared: bool,
    /// The inner areas that are covered; none: the whole part, or some of it that has no name.
    pub(super) inner: BTreeSet<Id<Area>>,
    pub(super) partial: bool,
}

impl<'d> World<'d> {
    pub(super) fn holds(&self, validity: &Validity) -> bool {
        validity.holds(self.at, self.reading)
    }

    pub(super) fn area(&self, name: &Id<Area>) -> &'d Area {
        self.directory.areas.iter().find(|area| area.name == *name).unwrap()
    }

    fn led_to(&self, edges: &'d [AreaEdge]) -> BTreeSet<Id<Area>> {
        edges.iter().filter(|edge| self.holds(&edge.validity)).map(|edge| edge.area.clone()).collect()
    }

    fn overlapped(&self, area: &Id<Area>) -> BTreeSet<Id<Area>> {
        self.led_to(&self.area(area).overlaps)
    }

    /// Everything an area lies within, itself included, each with the fewest steps to it.
    pub(super) fn above(&self, area: &Id<Area>) -> BTreeMap<Id<Area>, usize> {
        let mut steps = BTreeMap::from([(area.clone(), 0)]);
        for step in 1..=self.directory.areas.len() {
            let reached: Vec<_> = steps.keys().flat_map(|area| self.led_to(&self.area(area).within)).collect();
            for area in reached {
                steps.entry(area).or_insert(step);
            }
        }
        steps
    }

    /// Whether an area lies within another or is it.
    pub(super) fn lies_in(&self, area: &Id<Area>, wider: &Id<Area>) -> bool {
        self.above(area).contains_key(wider)
    }

    /// The municipalities that an asked area concerns.
    pub(super) fn municipalities(&self, asked: &Id<Area>) -> BTreeSet<Id<Area>> {
        let mut reached: BTreeSet<Id<Area>> = self.above(asked).into_keys().collect();
        for overlapped in self.overlapped(asked) {
            reached.extend(self.above(&overlapped).into_keys());
        }
        reached.extend(self.directory.areas.iter().map(|area| area.name.clone()).filter(|a| self.lies_in(a, asked)));
        reached.retain(|area| self.is_municipality(area));
        reached
    }

    pub(super) fn is_ours(&self, municipality: &Id<Area>) -> bool {
        self.above(municipality).keys().any(|area| self.area(area).ours.iter().any(|span| self.holds(&span.validity)))
    }

    /// The chain of an asked area in a municipality.
    fn chain(&self, asked: &Id<Area>, municipality: &Id<Area>) -> BTreeMap<Id<Area>, Narrowness> {
        let up = self.above(asked).get(municipality).copied();
        let around_asked = municipality != asked && self.lies_in(municipality, asked);
        let offset = up.unwrap_or_else(|| usize::from(!around_asked));
        let mut steps: BTreeMap<_, _> = self.above(municipality).into_iter().map(|(a, s)| (a, s + offset)).collect();
        if !around_asked {
            let mut nearer = self.above(asked);
            nearer.retain(|area, _| {
                self.area(area).kind < AreaKind::Municipality
                    || self.lies_in(municipality, area)
                    || self.lies_in(area, municipality)
            });
            for overlapped in self.overlapped(asked) {
                if self.area(&overlapped).kind < AreaKind::Municipality {
                    nearer.entry(overlapped).or_insert(1);
                }
            }
            for (area, step) in nearer {
                steps.insert(area, step);
            }
        }
        steps.into_iter().map(|(area, step)| (area.clone(), (self.area(&area).kind, step))).collect()
    }

    /// The parts of what is asked: each asked area in each municipality it concerns, or by itself if in none.
    pub(super) fn parts(&self, asked: &[Id<Area>]) -> Vec<Part> {
        let of = |asked: &Id<Area>| -> Vec<(Id<Area>, Id<Area>)> {
            let municipalities = self.municipalities(asked);
            let alone = municipalities.is_empty().then(|| asked.clone());
            municipalities.into_iter().chain(alone).map(|m| (asked.clone(), m)).collect()
        };
        let pairs: Vec<_> = asked.iter().flat_map(of).collect();
        let sharing = |m: &Id<Area>| pairs.iter().filter(|(_, other)| other == m).count() > 1;
        let part = |(asked, municipality): &(Id<Area>, Id<Area>)| {
            let chain = self.chain(asked, municipality);
            let all = self.directory.areas.iter().map(|area| area.name.clone());
            let inside = all.filter(|area| {
                let nowhere = self.municipalities_above(area).is_empty() && !self.lies_in(municipality, asked);
                let at_home = self.lies_in(area, municipality) || nowhere;
                area != asked && self.lies_in(area, asked) && at_home && !chain.contains_key(area)
            });
            let label = if sharing(municipality) { asked.clone() } else { municipality.clone() };
            Part { label, asked: asked.clone(), ours: self.is_ours(municipality), inside: inside.collect(), chain }
        };
        pairs.iter().map(part).collect()
    }

    fn municipalities_above(&self, area: &Id<Area>) -> BTreeSet<Id<Area>> {
        let mut above: BTreeSet<Id<Area>> = self.above(area).into_keys().collect();
        above.retain(|area| self.is_municipality(area));
        above
    }

    fn is_municipality(&self, area: &Id<Area>) -> bool {
        let area = self.area(area);
        area.kind == AreaKind::Municipality && self.holds(&area.validity)
    }

    /// The organisations that stand where a named one does: itself, or once it has ended those that follow it.
    pub(super) fn standing(&self, name: &Id<Organisation>) -> BTreeSet<Id<Organisation>> {
        let organisations = &self.directory.organisations;
        let (mut seen, mut standing, mut todo) = (BTreeSet::new(), BTreeSet::new(), vec![name.clone()]);
        while let Some(name) = todo.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            if self.exists(&name) {
                standing.insert(name);
                continue;
            }
            todo.extend(
                organisations.iter().filter(|other| self.relates(other, "successor_of", &name)).map(|o| o.name.clone()),
            );
        }
        standing
    }

    pub(super) fn exists(&self, name: &Id<Organisation>) -> bool {
        self.directory.organisations.iter().any(|one| one.name == *name && self.holds(&one.validity))
    }

    pub(super) fn relates(&self, one: &Organisation, kind: &str, other: &Id<Organisation>) -> bool {
        one.relations.iter().any(|r| r.kind == kind && r.organisation == *other && self.holds(&r.validity))
    }

    fn coverages(&self, capability: &str) -> impl Iterator<Item = (Id<Organisation>, &'d Coverage)> {
        let all = self.directory.coverages.iter().filter(move |c| c.capability.name().as_str() == capability);
        let world = *self;
        all.filter(move |c| world.holds(&c.validity))
            .map(|c| (Id::try_from_name(c.name.name().parent().unwrap()).unwrap(), c))
            .filter(move |(organisation, _)| world.exists(organisation))
    }

    /// Whoever covers a capability in a part.
    pub(super) fn covers(&self, capability: &str, part: &Part) -> Vec<Cover> {
        let in_chain: Vec<_> = self
            .coverages(capability)
            .filter_map(|(organisation, c)| Some((organisation, c, *part.chain.get(&c.area)?)))
            .collect();
        // Covered whole: by somebody, or by several who divide it between them.
        let is_whole = |narrow| {
            let here: Vec<_> = in_chain.iter().filter(|(.., other)| *other == narrow).collect();
            let dividing: BTreeSet<_> = here.iter().filter(|(_, c, _)| c.partial).map(|(who, ..)| who).collect();
            here.iter().any(|(_, c, _)| !c.partial) || dividing.len() > 1
        };
        let narrowest = in_chain.iter().map(|(.., narrow)| *narrow).filter(|narrow| is_whole(*narrow)).min();
        let whole: BTreeSet<_> = in_chain
            .iter()
            .filter(|(_, c, narrow)| !c.partial && Some(*narrow) == narrowest)
            .map(|(organisation, ..)| organisation.clone())
            .collect();
        let mut nameless = vec![];
        let mut partly: BTreeMap<Id<Organisation>, BTreeSet<Id<Area>>> = BTreeMap::new();
        for (organisation, c, narrow) in &in_chain {
            if c.partial && narrowest.is_none_or(|narrowest| *narrow <= narrowest) {
                partly.entry(organisation.clone()).or_default();
                nameless.push(organisation.clone());
            }
        }
        for (organisation, c) in self.coverages(capability).filter(|(_, c)| part.inside.contains(&c.area)) {
            partly.entry(organisation).or_default().insert(c.area.clone());
        }
        partly.retain(|organisation, _| !whole.contains(organisation));
        // Some of it that has no name cannot be told apart from some that has.
        for organisation in nameless {
            partly.entry(organisation).and_modify(BTreeSet::clear);
        }
        let shared = whole.len() > 1;
        let whole = whole.into_iter().map(|organisation| Cover {
            organisation,
            shared,
            inner: BTreeSet::new(),
            partial: false,
        });
        let partly =
            partly.into_iter().map(|(organisation, inner)| Cover { organisation, shared: false, inner, partial: true });
        whole.chain(partly).collect()
    }

    fn neighbours(&self, area: &Id<Area>) -> BTreeSet<Id<Area>> {
        let holding =
            |from: &'d Area| from.adjacent_to.iter().filter(|edge| self.holds(&edge.validity)).map(|e| &e.area);
        let own = holding(self.area(area)).cloned();
        let theirs = self.directory.areas.iter().filter(|other| holding(other).any(|named| named == area));
        own.chain(theirs.map(|other| other.name.clone())).collect()
    }

    /// Whoever covers a capability next to a part and not in it: beside the narrowest areas beside which anybody does.
    pub(super) fn adjacent_covers(&self, capability: &str, part: &Part) -> Vec<Cover> {
        let own: BTreeSet<_> = self.covers(capability, part).into_iter().map(|cover| cover.organisation).collect();
        // What is next to a part is next to the area that its own cover is of, or to a wider one.
        let covering = self.coverages(capability).filter(|(organisation, _)| own.contains(organisation));
        let from = covering.filter_map(|(_, one)| part.chain.get(&one.area)).min().copied();
        let narrows: BTreeSet<_> = part.chain.values().copied().collect();
        for narrow in narrows.into_iter().filter(|narrow| from.is_none_or(|from| from <= *narrow)) {
            let mut organisations = BTreeSet::new();
            for (beside, _) in part.chain.iter().filter(|(_, one)| **one == narrow) {
                for neighbour in self.neighbours(beside) {
                    let above = self.above(&neighbour).into_iter().filter(|(area, _)| !part.chain.contains_key(area));
                    let chain = above.map(|(area, step)| (area.clone(), (self.area(&area).kind, step))).collect();
                    let there = Part {
                        label: neighbour.clone(),
                        asked: neighbour,
                        ours: false,
                        chain,
                        inside: BTreeSet::new(),
                    };
                    organisations.extend(self.covers(capability, &there).into_iter().map(|cover| cover.organisation));
                }
            }
            organisations.retain(|organisation| !own.contains(organisation));
            if !organisations.is_empty() {
                let cover =
                    |organisation| Cover { organisation, shared: false, inner: BTreeSet::new(), partial: false };
                return organisations.into_iter().map(cover).collect();
            }
        }
        vec![]
    }
}
