//! Where, and for what, does this organisation act?

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::acting::cover::Cover;
use crate::domain::acting::question::ancestors;
use crate::domain::acting::rules::{Calamities, Chain, Outcome, narrowest};
use crate::domain::acting::territory::{Part, View};
use crate::domain::area::{Area, AreaKind};
use crate::domain::assignment::{Actor, Assignment, Phase};
use crate::domain::calamity_type::CalamityType;
use crate::domain::catalogue::Capability;
use crate::domain::grip::Grip;
use crate::domain::name::{Id, Name};
use crate::domain::organisation::{Coverage, Organisation};
use crate::domain::snapshot::Snapshot;
use crate::domain::validity::Reading;

use super::views;

/// Where an organisation acts, as what, and by which rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActingArea {
    /// Where; `None`: everywhere in ours.
    pub area: Option<Arc<Area>>,
    /// By which coverage, if by one.
    pub coverage: Option<Arc<Coverage>>,
    /// What it is there, if by a coverage.
    pub capability: Option<Arc<Capability>>,
    /// By which rule; `None`: it covers the area, but no rule calls on that.
    pub rule: Option<Arc<Assignment>>,
    /// Whether only if an announced fact is confirmed.
    pub announced: bool,
}

/// What tells one [`ActingArea`] from another: its area, rule and coverage.
type Key = (Option<Name>, Option<Name>, Option<Name>);

/// What to ask.
#[derive(Debug, Clone)]
pub struct AreasQuestion {
    /// Who.
    pub organisation: Arc<Organisation>,
    /// For which calamities; none: for any.
    pub calamity_types: Vec<Arc<CalamityType>>,
    /// At which level; `None`: at any.
    pub grip: Option<Grip>,
    /// When.
    pub effective_time: Timestamp,
}

/// Where, and for what, an organisation acts; by area and rule.
pub fn find(snapshot: &Snapshot, question: &AreasQuestion) -> Vec<ActingArea> {
    let calamities = Calamities(question.calamity_types.iter().map(|asked| ancestors(snapshot, asked)).collect());
    let mut found: BTreeMap<Key, ActingArea> = BTreeMap::new();
    for view in views(snapshot, question.effective_time) {
        for acting in (Inverse { view, question, calamities: &calamities }).acting_areas() {
            let key = (
                acting.area.as_ref().map(|area| area.name.name().clone()),
                acting.rule.as_ref().map(|rule| rule.name.name().clone()),
                acting.coverage.as_ref().map(|coverage| coverage.name.name().clone()),
            );
            found.entry(key).or_insert(acting);
        }
    }
    found.into_values().collect()
}

/// The inverse in one reading: every rule by which the organisation might act is tried in every place of ours, with
/// the steps of the question itself.
struct Inverse<'a> {
    view: View<'a>,
    question: &'a AreasQuestion,
    calamities: &'a Calamities,
}

impl Inverse<'_> {
    fn acting_areas(&self) -> Vec<ActingArea> {
        let (who, snapshot) = (&self.question.organisation.name, self.view.snapshot);
        let coverages: Vec<&Arc<Coverage>> =
            snapshot.coverages_of(who.name()).iter().filter(|coverage| self.view.coverer(coverage).is_some()).collect();
        let asked = |rule: &&Arc<Assignment>| {
            rule.validity.holds(self.view.at, self.view.reading)
                && self.is_asked(rule)
                && self.may_be(&rule.actor, &coverages)
        };
        let rules: Vec<&Arc<Assignment>> = snapshot.all::<Assignment>().filter(asked).collect();
        let mut found: Vec<ActingArea> = Vec::new();
        for part in self.parts() {
            for rule in rules.iter().filter(|rule| narrowest(rule, &part).is_some()) {
                let actors = self.view.actors(rule, &part, &mut Outcome::default());
                let Some(cover) = actors.into_iter().find(|cover| cover.organisation.name == *who) else { continue };
                if !self.is_displaced(rule, &part) {
                    self.add(&mut found, rule, &part, &cover);
                }
            }
        }
        if self.question.calamity_types.is_empty() && self.question.grip.is_none() {
            for coverage in coverages {
                if !found.iter().any(|acting| acting.coverage.as_ref() == Some(coverage)) {
                    found.push(self.by_coverage(None, snapshot.get(&coverage.area).cloned(), coverage));
                }
            }
        }
        found
    }

    /// Every place of ours as the question would divide it, the widest first.
    fn parts(&self) -> Vec<Part> {
        let all = self.view.snapshot.all::<Area>();
        let mut places: Vec<&Arc<Area>> = all.filter(|area| area.validity.may_hold(self.view.at)).collect();
        places.sort_by_key(|area| Reverse(area.kind));
        places.into_iter().flat_map(|area| self.view.territory(std::slice::from_ref(area)).parts).collect()
    }

    /// Whether the organisation may be a rule's actor somewhere.
    fn may_be(&self, actor: &Actor, coverages: &[&Arc<Coverage>]) -> bool {
        let (who, view) = (&self.question.organisation.name, &self.view);
        let covers = |wanted: &Id<Capability>| coverages.iter().any(|coverage| coverage.capability == *wanted);
        let is = |named: &Id<Organisation>| match view.organisation(named) {
            Some(_) => named == who,
            None => view.successors(named).iter().any(|one| one.name == *who),
        };
        actor.organisation.as_ref().is_some_and(is)
            || actor.capability.as_ref().is_some_and(covers)
            || actor.adjacent_capability.as_ref().is_some_and(covers)
    }

    /// Adds where a rule makes the organisation act: the areas of the rule that names it, the areas it covers, or,
    /// where it is asked from the adjacent areas, the widest place of ours beside which it is.
    fn add(&self, found: &mut Vec<ActingArea>, rule: &Arc<Assignment>, part: &Part, cover: &Cover) {
        let snapshot = self.view.snapshot;
        if rule.actor.organisation.is_some() {
            let here = rule.areas.iter().filter(|area| part.chain.contains_key(*area));
            let areas: Vec<Option<Arc<Area>>> = here.map(|area| snapshot.get(area).cloned()).collect();
            let areas = if rule.areas.is_empty() { vec![None] } else { areas };
            found.extend(areas.into_iter().map(|area| ActingArea {
                area,
                coverage: None,
                capability: None,
                rule: Some(rule.clone()),
                announced: self.view.reading == Reading::Announced,
            }));
            return;
        }
        for coverage in &cover.coverages {
            let adjacent = rule.actor.adjacent_capability.is_some();
            let known = |acting: &ActingArea| {
                acting.rule.as_ref() == Some(rule)
                    && acting.coverage.as_ref() == Some(coverage)
                    && acting.area.as_ref().is_none_or(|area| !adjacent || part.chain.contains_key(&area.name))
            };
            if !found.iter().any(known) {
                // Asked for as more than one municipality, it is beside this one.
                let place = if part.asked.kind < AreaKind::Municipality { &part.asked.name } else { &part.label };
                let area = if adjacent { place } else { &coverage.area };
                found.push(self.by_coverage(Some(rule.clone()), snapshot.get(area).cloned(), coverage));
            }
        }
    }

    fn by_coverage(
        &self,
        rule: Option<Arc<Assignment>>,
        area: Option<Arc<Area>>,
        coverage: &Arc<Coverage>,
    ) -> ActingArea {
        ActingArea {
            area,
            coverage: Some(coverage.clone()),
            capability: self.view.snapshot.get(&coverage.capability).cloned(),
            rule,
            announced: self.view.reading == Reading::Announced,
        }
    }

    /// Whether another rule displaces this one in a part whenever it applies there: at every level and for every
    /// calamity asked about, whatever the circumstances.
    fn is_displaced(&self, rule: &Arc<Assignment>, part: &Part) -> bool {
        let view = &self.view;
        view.snapshot.all::<Assignment>().any(|by| {
            by.replaces.contains(&rule.name)
                && by.conditions.is_empty()
                && by.validity.holds(view.at, view.reading)
                && narrowest(by, part).is_some()
                && self.is_for_all_of(by, rule)
                && !view.actors(by, part, &mut Outcome::default()).is_empty()
        })
    }

    /// Whether a rule is for every asked level and calamity that another is for.
    fn is_for_all_of(&self, by: &Assignment, rule: &Assignment) -> bool {
        let phase = match by.phase {
            Phase::Preparation => rule.phase == Phase::Preparation || self.question.grip == Some(Grip::None),
            Phase::Response => true,
            Phase::Aftercare => false,
        };
        let levels = match self.question.grip {
            Some(grip) => holds_at(by, grip),
            None => {
                by.from_grip <= rule.from_grip
                    && by.to_grip.is_none_or(|last| rule.to_grip.is_some_and(|other| other <= last))
            }
        };
        let is_for = |rule: &Assignment, chain: &Chain| {
            rule.calamity_types.is_empty() || rule.calamity_types.iter().any(|named| chain.contains_key(named))
        };
        let calamities = if by.calamity_types.is_empty() {
            true
        } else if self.calamities.0.is_empty() {
            let snapshot = self.view.snapshot;
            let chains = rule.calamity_types.iter().filter_map(|named| snapshot.get(named));
            !rule.calamity_types.is_empty() && chains.map(|named| ancestors(snapshot, named)).all(|c| is_for(by, &c))
        } else {
            self.calamities.0.iter().filter(|chain| is_for(rule, chain)).all(|chain| is_for(by, chain))
        };
        phase && levels && calamities
    }

    fn is_asked(&self, rule: &Assignment) -> bool {
        let for_this = self.question.calamity_types.is_empty()
            || rule.calamity_types.is_empty()
            || self.calamities.concern(&rule.calamity_types);
        let in_phase = match (rule.phase, self.question.grip) {
            (Phase::Preparation, Some(grip)) => grip == Grip::None,
            (Phase::Preparation, None) | (Phase::Response, _) => true,
            (Phase::Aftercare, _) => false,
        };
        for_this && in_phase && self.question.grip.is_none_or(|grip| holds_at(rule, grip))
    }
}

fn holds_at(rule: &Assignment, grip: Grip) -> bool {
    rule.from_grip <= grip && rule.to_grip.is_none_or(|last| grip <= last)
}
