//! Places that are alike to every rule: of them one is tried.
//!
//! What a rule sees of a place are the areas that it lies in, what lies in it, and its borders, as far as any record speaks
//! of them. A quarter of which nothing speaks is to every rule what the next quarter of its town is.
//!
//! **Invariants.** Only places that may be ours, the widest first. No two lists hold the same place.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::domain::acting::territory::View;
use crate::domain::area::{Area, AreaKind};
use crate::domain::name::Id;

/// Places that are alike.
#[derive(Debug)]
pub(super) struct Alike {
    /// The first of them.
    pub(super) one: Arc<Area>,
    /// The others.
    pub(super) others: Vec<Arc<Area>>,
}

/// What a rule sees of a place of which nothing speaks: the areas above it of which something does, each with how many
/// steps further than the nearest it is, and the areas that it overlaps.
type Seen = (BTreeMap<Id<Area>, usize>, BTreeSet<Id<Area>>);

impl Alike {
    /// The places of ours and around them, those that are alike together.
    pub(super) fn places(view: &View<'_>) -> Vec<Alike> {
        let near = near(view);
        let divided = divided(view, &near);
        let of_its_own = |area: &&Arc<Area>| area.validity.may_hold(view.at) && !divided.contains(&area.name);
        let mut places: Vec<&Arc<Area>> = near.values().copied().filter(of_its_own).collect();
        places.sort_by_key(|area| Reverse(area.kind));
        let mut lists: Vec<Alike> = Vec::new();
        let mut by_seen: BTreeMap<Seen, usize> = BTreeMap::new();
        for place in places {
            let alone = Alike { one: place.clone(), others: Vec::new() };
            if view.snapshot.leads_to_spoken(&place.name) {
                lists.push(alone);
                continue;
            }
            let index = *by_seen.entry(seen(view, place)).or_insert(lists.len());
            match lists.get_mut(index) {
                Some(known) => known.others.push(place.clone()),
                None => lists.push(alone),
            }
        }
        lists
    }
}

/// Every area that may be ours or have some of ours, whenever.
fn near<'s>(view: &View<'s>) -> BTreeMap<Id<Area>, &'s Arc<Area>> {
    let snapshot = view.snapshot;
    let mut near: BTreeMap<Id<Area>, &Arc<Area>> =
        snapshot.ours().iter().map(|area| (area.name.clone(), area)).collect();
    let mut todo: VecDeque<&Arc<Area>> = snapshot.ours().iter().collect();
    while let Some(area) = todo.pop_front() {
        for part in snapshot.parts(&area.name) {
            if near.insert(part.name.clone(), part).is_none() {
                todo.push_back(part);
            }
        }
    }
    let mut todo: Vec<&Arc<Area>> = near.values().copied().collect();
    while let Some(area) = todo.pop() {
        for wider in area.within.iter().filter_map(|edge| snapshot.get(&edge.area)) {
            if near.insert(wider.name.clone(), wider).is_none() {
                todo.push(wider);
            }
        }
    }
    near
}

/// The regions, provinces and countries that are no more than their municipalities: asked for, they are divided into what
/// each municipality is when it is asked for itself.
fn divided(view: &View<'_>, near: &BTreeMap<Id<Area>, &Arc<Area>>) -> BTreeSet<Id<Area>> {
    let is_municipality =
        |area: &&Arc<Area>| area.kind == AreaKind::Municipality && area.validity.holds(view.at, view.reading);
    let municipalities = near.values().copied().filter(is_municipality);
    let around: BTreeSet<Id<Area>> = municipalities.flat_map(|area| view.ascend(&area.name).into_keys()).collect();
    let is_wider = |area: &Id<Area>| {
        view.snapshot.get(area).is_some_and(|area| area.kind > AreaKind::Municipality && area.overlaps.is_empty())
            && view.of_kind(view.ascend(area).keys(), AreaKind::Municipality).next().is_none()
    };
    around.into_iter().filter(is_wider).collect()
}

fn seen(view: &View<'_>, place: &Area) -> Seen {
    let holds = |edge: &&crate::domain::area::AreaEdge| edge.validity.holds(view.at, view.reading);
    let mut above: BTreeMap<Id<Area>, usize> = BTreeMap::new();
    let mut passed: BTreeSet<Id<Area>> = BTreeSet::new();
    let mut todo: VecDeque<(Id<Area>, usize)> = VecDeque::from([(place.name.clone(), 0)]);
    while let Some((id, steps)) = todo.pop_front() {
        for edge in view.snapshot.get(&id).into_iter().flat_map(|area| &area.within).filter(holds) {
            if view.snapshot.leads_to_spoken(&edge.area) {
                above.entry(edge.area.clone()).or_insert(steps);
            } else if passed.insert(edge.area.clone()) {
                todo.push_back((edge.area.clone(), steps.saturating_add(1)));
            }
        }
    }
    let nearest = above.values().min().copied().unwrap_or_default();
    above.values_mut().for_each(|steps| *steps = steps.saturating_sub(nearest));
    (above, place.overlaps.iter().filter(holds).map(|edge| edge.area.clone()).collect())
}
