//! Records by what they are about: the edges of areas, the coverages of a capability, the rules for a calamity type.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::domain::area::{Area, AreaKind};
use crate::domain::assignment::Assignment;
use crate::domain::calamity_type::CalamityType;
use crate::domain::contact::{Confidentiality, Contact};
use crate::domain::name::{Id, Name};
use crate::domain::organisation::Coverage;

/// Records per name that they are about, by name.
pub(in crate::domain) type Grouped<T> = HashMap<Name, Vec<Arc<T>>>;

/// The records about a name.
pub(in crate::domain) fn about<'g, T>(grouped: &'g Grouped<T>, name: &Name) -> &'g [Arc<T>] {
    grouped.get(name).map_or(&[], Vec::as_slice)
}

/// The edges between areas, from the other end, whenever they hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::domain) struct AreaEdges {
    /// Per area, the areas that name it in `within` or `overlaps`.
    pub(in crate::domain) parts: Grouped<Area>,
    /// Per area, the areas that name it in `adjacent_to`.
    pub(in crate::domain) neighbours: Grouped<Area>,
    /// Per area, the areas that name it in `successor_of`.
    pub(in crate::domain) successors: Grouped<Area>,
    /// The areas that are or were ours.
    pub(in crate::domain) ours: Vec<Arc<Area>>,
}

impl AreaEdges {
    pub(super) fn of<'a>(areas: impl Iterator<Item = &'a Arc<Area>>) -> Self {
        let mut edges = AreaEdges::default();
        for area in areas {
            for edge in area.within.iter().chain(&area.overlaps) {
                edges.parts.entry(edge.area.name().clone()).or_default().push(area.clone());
            }
            for edge in &area.adjacent_to {
                edges.neighbours.entry(edge.area.name().clone()).or_default().push(area.clone());
            }
            for edge in &area.successor_of {
                edges.successors.entry(edge.area.name().clone()).or_default().push(area.clone());
            }
            if !area.ours.is_empty() {
                edges.ours.push(area.clone());
            }
        }
        edges
    }
}

/// The areas that any answer may have to look at: those of which a record other than an area speaks, municipalities and
/// wider ones, those that touch others, and all that these lie in, at whatever time. The others are only names of places:
/// nothing is said of what lies in a quarter but that it lies there.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::domain) struct SpokenAreas {
    names: HashSet<Name>,
    /// Per area, those of them that name it in `within`.
    pub(in crate::domain) parts: Grouped<Area>,
}

impl SpokenAreas {
    /// Those among all areas, where `speaks` tells of which ones a record other than an area speaks.
    pub(super) fn of<'a>(areas: impl Iterator<Item = &'a Arc<Area>> + Clone, speaks: impl Fn(&Name) -> bool) -> Self {
        let by_name: HashMap<&Name, &Arc<Area>> = areas.clone().map(|area| (area.name.name(), area)).collect();
        let mut todo: Vec<&Arc<Area>> = Vec::new();
        for area in areas.clone() {
            if area.kind >= AreaKind::Municipality || speaks(area.name.name()) || !area.adjacent_to.is_empty() {
                todo.push(area);
            }
            todo.extend(area.adjacent_to.iter().filter_map(|edge| by_name.get(edge.area.name()).copied()));
        }
        let mut spoken = SpokenAreas::default();
        while let Some(area) = todo.pop() {
            if spoken.names.insert(area.name.name().clone()) {
                todo.extend(area.within.iter().filter_map(|edge| by_name.get(edge.area.name()).copied()));
            }
        }
        for area in areas.filter(|area| spoken.names.contains(area.name.name())) {
            for edge in &area.within {
                spoken.parts.entry(edge.area.name().clone()).or_default().push(area.clone());
            }
        }
        spoken
    }

    /// Whether an area is one of them.
    pub(in crate::domain) fn contains(&self, area: &Name) -> bool {
        self.names.contains(area)
    }
}

/// The coverages, whenever they hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::domain) struct Coverages {
    /// Per capability.
    pub(in crate::domain) of_capability: Grouped<Coverage>,
    /// Per organisation.
    pub(in crate::domain) of_organisation: Grouped<Coverage>,
}

impl Coverages {
    pub(super) fn of<'a>(coverages: impl Iterator<Item = &'a Arc<Coverage>>) -> Self {
        let mut all = Coverages::default();
        for coverage in coverages {
            all.of_capability.entry(coverage.capability.name().clone()).or_default().push(coverage.clone());
            if let Some(parent) = coverage.name.name().parent() {
                all.of_organisation.entry(parent).or_default().push(coverage.clone());
            }
        }
        all
    }
}

/// The contacts, whenever they hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::domain) struct Contacts {
    /// Per organisation.
    pub(in crate::domain) of_organisation: Grouped<Contact>,
    /// Those with a channel whose value is for few.
    pub(in crate::domain) restricted: BTreeSet<Name>,
}

impl Contacts {
    pub(super) fn of<'a>(contacts: impl Iterator<Item = &'a Arc<Contact>>) -> Self {
        let mut all = Contacts::default();
        for contact in contacts {
            if contact.channels.iter().any(|one| one.confidentiality == Confidentiality::Restricted) {
                all.restricted.insert(contact.name.name().clone());
            }
            if let Some(parent) = contact.name.name().parent() {
                all.of_organisation.entry(parent).or_default().push(contact.clone());
            }
        }
        all
    }
}

/// The rules, whenever they hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::domain) struct Rules {
    /// Per calamity type, those that name it.
    by_type: Grouped<Assignment>,
    /// Those for any calamity.
    for_any: Vec<Arc<Assignment>>,
}

impl Rules {
    pub(super) fn of<'a>(rules: impl Iterator<Item = &'a Arc<Assignment>>) -> Self {
        let mut all = Rules::default();
        for rule in rules {
            if rule.calamity_types.is_empty() {
                all.for_any.push(rule.clone());
            }
            for named in &rule.calamity_types {
                all.by_type.entry(named.name().clone()).or_default().push(rule.clone());
            }
        }
        all
    }

    /// The rules for any calamity and those that name one of these types, by name.
    pub(in crate::domain) fn concerning<'r, 't>(
        &'r self,
        types: impl Iterator<Item = &'t Id<CalamityType>>,
    ) -> Vec<&'r Arc<Assignment>> {
        let named = types.flat_map(|one| about(&self.by_type, one.name()));
        let all: BTreeMap<&Id<Assignment>, &Arc<Assignment>> =
            self.for_any.iter().chain(named).map(|rule| (&rule.name, rule)).collect();
        all.into_values().collect()
    }

    /// Whether any rule names a type.
    pub(in crate::domain) fn any_names(&self, one: &Id<CalamityType>) -> bool {
        self.by_type.contains_key(one.name())
    }
}
