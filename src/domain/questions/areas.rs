//! Where, and for what, does this organisation act?

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::acting::rules::Calamities;
use crate::domain::acting::territory::View;
use crate::domain::area::Area;
use crate::domain::assignment::Assignment;
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
    let chain = question
        .calamity_types
        .iter()
        .flat_map(|asked| crate::domain::acting::question::ancestors(snapshot, asked))
        .collect();
    let calamities = Calamities { chain };
    let mut found: BTreeMap<Key, ActingArea> = BTreeMap::new();
    for view in views(snapshot, question.effective_time) {
        for acting in view.acting_areas(question, &calamities) {
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

impl View<'_> {
    fn acting_areas(&self, question: &AreasQuestion, calamities: &Calamities) -> Vec<ActingArea> {
        let announced = self.reading == Reading::Announced;
        let rules: Vec<&Arc<Assignment>> = self
            .snapshot
            .all::<Assignment>()
            .filter(|rule| rule.validity.holds(self.at, self.reading) && is_asked(rule, question, calamities))
            .collect();
        let named = rules.iter().filter(|rule| rule.actor.organisation.as_ref() == Some(&question.organisation.name));
        let mut found: Vec<ActingArea> = named
            .flat_map(|rule| {
                let areas: Vec<Option<Arc<Area>>> = if rule.areas.is_empty() {
                    vec![None]
                } else {
                    rule.areas.iter().map(|area| self.snapshot.get(area).cloned()).collect()
                };
                areas.into_iter().map(|area| ActingArea {
                    area,
                    coverage: None,
                    capability: None,
                    rule: Some(Arc::clone(rule)),
                    announced,
                })
            })
            .collect();
        for coverage in self.snapshot.coverages_of(question.organisation.name.name()) {
            if self.coverer(coverage).is_none() {
                continue;
            }
            let acting = |rule: Option<Arc<Assignment>>| ActingArea {
                area: self.snapshot.get(&coverage.area).cloned(),
                coverage: Some(coverage.clone()),
                capability: self.snapshot.get(&coverage.capability).cloned(),
                rule,
                announced,
            };
            let before = found.len();
            let called = rules.iter().filter(|rule| rule.actor.capability.as_ref() == Some(&coverage.capability));
            found.extend(
                called.filter(|rule| self.meets(rule, &coverage.area)).map(|rule| acting(Some(Arc::clone(rule)))),
            );
            if found.len() == before && question.calamity_types.is_empty() {
                found.push(acting(None));
            }
        }
        found
    }

    /// Whether a rule holds somewhere in an area: one of its areas contains it or lies in it.
    fn meets(&self, rule: &Assignment, area: &Id<Area>) -> bool {
        rule.areas.is_empty() || {
            let (above, below) = (self.ascend(area), self.descend(area));
            rule.areas.iter().any(|wanted| above.contains_key(wanted) || below.contains(wanted))
        }
    }
}

fn is_asked(rule: &Assignment, question: &AreasQuestion, calamities: &Calamities) -> bool {
    let for_this = question.calamity_types.is_empty()
        || rule.calamity_types.is_empty()
        || rule.calamity_types.iter().any(|named| calamities.chain.contains_key(named));
    let at_this =
        question.grip.is_none_or(|grip| rule.from_grip <= grip && rule.to_grip.is_none_or(|last| grip <= last));
    for_this && at_this
}
