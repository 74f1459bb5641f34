//! Steps 3 to 6 of the question: which rules apply in a part, who acts by them, and which rule settles details.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::area::{Area, AreaKind};
use crate::domain::assignment::{Assignment, Phase, Role};
use crate::domain::calamity_type::{CalamityLevel, CalamityType};
use crate::domain::catalogue::Condition;
use crate::domain::grip::Grip;
use crate::domain::name::Id;
use crate::domain::organisation::Organisation;

use super::cover::Cover;
use super::territory::{Narrowness, Part, View};

/// A calamity type and every type it belongs to, with its depth.
pub type Chain = BTreeMap<Id<CalamityType>, CalamityLevel>;

/// The asked calamities, each with its chain. None: what happens is not known yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calamities(pub Vec<Chain>);

impl Calamities {
    /// Whether any of these types is asked about, or contains one that is.
    pub fn concern(&self, types: &[Id<CalamityType>]) -> bool {
        self.0.iter().any(|chain| types.iter().any(|named| chain.contains_key(named)))
    }
}

/// What the asker says of the circumstances.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// These are so.
    pub stated: BTreeSet<Id<Condition>>,
    /// These are not so.
    pub denied: BTreeSet<Id<Condition>>,
}

/// How specific a rule is in a part; the smaller settles details.
type Specificity = (Narrowness, u8, std::cmp::Reverse<u32>);

/// Within one part, only rules with the same key compete for details.
type Contested = (Id<Organisation>, Role, BTreeSet<Id<Condition>>);

/// A rule that applies in a part.
#[derive(Debug, Clone)]
struct Applicable<'s> {
    rule: &'s Arc<Assignment>,
    specificity: Specificity,
    unstated: BTreeSet<Id<Condition>>,
}

/// One organisation in one role in one part, with the rules that say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acting {
    /// Who, and how it covers the part.
    pub cover: Cover,
    /// As what.
    pub role: Role,
    /// On what unstated circumstances it hangs.
    pub conditional: BTreeSet<Id<Condition>>,
    /// The rules that settle the details; all equally specific.
    pub rules: Vec<Arc<Assignment>>,
    /// The rules that lost, less specific or replaced by name, each with the name of one that won.
    pub overridden: Vec<Lost>,
}

/// A rule that lost, and the name of one that won.
pub type Lost = (Arc<Assignment>, Id<Assignment>);

/// Who acts in one part.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Everyone, calamity by calamity in the order of organisation and role; what is the same for several, once.
    pub acting: Vec<Acting>,
    /// Rules whose actor has ended and has no successor.
    pub ended: Vec<Id<Organisation>>,
    /// Rules whose capability nobody covers here.
    pub uncovered: Vec<Arc<Assignment>>,
}

impl View<'_> {
    /// Who acts in a part: for each asked calamity by itself, so that a rule which displaces another for one of them
    /// leaves it standing for the others.
    pub fn outcome(&self, part: &Part, calamities: &Calamities, circumstances: &Circumstances, grip: Grip) -> Outcome {
        let unknown = [Chain::new()];
        let chains = if calamities.0.is_empty() { unknown.as_slice() } else { calamities.0.as_slice() };
        let mut outcome = Outcome::default();
        for chain in chains {
            let concerning = self.snapshot.rules().concerning(chain.keys());
            let applicable: Vec<Applicable<'_>> = concerning
                .into_iter()
                .filter_map(|rule| self.applies(rule, part, chain, circumstances, grip))
                .collect();
            let (standing, displaced) = self.without_replaced(applicable, part);
            let mut found: BTreeMap<Contested, Vec<(Cover, Applicable<'_>)>> = BTreeMap::new();
            for applicable in standing {
                for cover in self.actors(applicable.rule, part, &mut outcome) {
                    let key = (cover.organisation.name.clone(), applicable.rule.role, applicable.unstated.clone());
                    found.entry(key).or_default().push((cover, applicable.clone()));
                }
            }
            for acting in
                found.into_iter().filter_map(|((_, role, conditional), all)| settle(role, conditional, all, &displaced))
            {
                outcome.add(acting);
            }
        }
        outcome
    }

    /// Step 3: whether a rule is in force here, for this, at this level, under these circumstances.
    fn applies<'r>(
        &self,
        rule: &'r Arc<Assignment>,
        part: &Part,
        chain: &Chain,
        circumstances: &Circumstances,
        grip: Grip,
    ) -> Option<Applicable<'r>> {
        let in_phase = match rule.phase {
            Phase::Preparation => grip == Grip::None,
            Phase::Response => true,
            Phase::Aftercare => false,
        };
        let in_level = rule.from_grip <= grip && rule.to_grip.is_none_or(|last| grip <= last);
        if !in_phase || !in_level || !rule.validity.holds(self.at, self.reading) {
            return None;
        }
        let narrowness = narrowest(rule, part)?;
        let depth = deepest(rule, chain)?;
        if rule.conditions.iter().any(|condition| circumstances.denied.contains(condition)) {
            return None;
        }
        let unstated: BTreeSet<Id<Condition>> =
            rule.conditions.iter().filter(|condition| !circumstances.stated.contains(condition)).cloned().collect();
        Some(Applicable { rule, specificity: (narrowness, depth, std::cmp::Reverse(rule.priority)), unstated })
    }

    /// Step 5, first half: only a rule that names others displaces them, only where it has an actor itself, and only
    /// if it hangs on nothing unstated: what may not hold displaces nothing. The second value are those displaced.
    fn without_replaced<'r>(&self, applicable: Vec<Applicable<'r>>, part: &Part) -> (Vec<Applicable<'r>>, Vec<Lost>) {
        let mut displacing: BTreeMap<Id<Assignment>, Id<Assignment>> = BTreeMap::new();
        for by in applicable.iter().filter(|by| !by.rule.replaces.is_empty() && by.unstated.is_empty()) {
            if !self.actors(by.rule, part, &mut Outcome::default()).is_empty() {
                displacing.extend(by.rule.replaces.iter().map(|replaced| (replaced.clone(), by.rule.name.clone())));
            }
        }
        let (mut standing, mut displaced) = (Vec::new(), Vec::new());
        for applicable in applicable {
            match displacing.get(&applicable.rule.name) {
                Some(by) => displaced.push((applicable.rule.clone(), by.clone())),
                None => standing.push(applicable),
            }
        }
        (standing, displaced)
    }

    /// Step 4: the organisations that a rule's actor is here; if there are none, the outcome is told why.
    pub fn actors(&self, rule: &Arc<Assignment>, part: &Part, outcome: &mut Outcome) -> Vec<Cover> {
        let actor = &rule.actor;
        let covers = if let Some(named) = &actor.organisation {
            let present: Vec<_> = match self.organisation(named) {
                Some(organisation) => vec![organisation],
                None => self.successors(named),
            };
            if present.is_empty() {
                outcome.ended.push(named.clone());
                return Vec::new();
            }
            present.into_iter().map(Cover::named).collect()
        } else if let Some(capability) = &actor.capability {
            self.covers(capability.name(), part)
        } else if let Some(capability) = &actor.adjacent_capability {
            return self.adjacent_covers(capability, part);
        } else {
            Vec::new()
        };
        if covers.is_empty() {
            outcome.uncovered.push(rule.clone());
        }
        covers
    }
}

impl Outcome {
    /// Adds an actor, unless it is known by the same rules from another calamity.
    fn add(&mut self, acting: Acting) {
        let same = |known: &&mut Acting| {
            (&known.cover, known.role, &known.conditional, &known.rules)
                == (&acting.cover, acting.role, &acting.conditional, &acting.rules)
        };
        let Some(known) = self.acting.iter_mut().find(same) else { return self.acting.push(acting) };
        for lost in acting.overridden {
            if !known.overridden.contains(&lost) {
                known.overridden.push(lost);
            }
        }
    }
}

/// Step 5, second half: between rules for the same role of the same organisation in the same part the most specific
/// settle the details; equally specific ones stand together.
fn settle(
    role: Role,
    conditional: BTreeSet<Id<Condition>>,
    all: Vec<(Cover, Applicable<'_>)>,
    displaced: &[Lost],
) -> Option<Acting> {
    let best = all.iter().map(|(_, applicable)| applicable.specificity).min()?;
    let (won, lost): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, applicable)| applicable.specificity == best);
    let mut won = won.into_iter();
    let (mut cover, first) = won.next()?;
    let mut rules = vec![first.rule.clone()];
    for (other, applicable) in won {
        cover.unite(other);
        rules.push(applicable.rule.clone());
    }
    let winner = first.rule.name.clone();
    let less_specific = lost.into_iter().map(|(_, applicable)| (applicable.rule.clone(), winner.clone()));
    let replaced = displaced.iter().filter(|(_, by)| rules.iter().any(|rule| rule.name == *by)).cloned();
    let overridden = less_specific.chain(replaced).collect();
    Some(Acting { cover, role, conditional, rules, overridden })
}

/// How narrow the narrowest of a rule's areas is in a part; `None` if none of them is in its chain.
pub fn narrowest(rule: &Assignment, part: &Part) -> Option<Narrowness> {
    if rule.areas.is_empty() {
        return Some((AreaKind::Country, usize::MAX));
    }
    rule.areas.iter().filter_map(|area: &Id<Area>| part.chain.get(area)).min().copied()
}

/// How specific the most specific of a rule's types is; `None` if none of them was asked.
fn deepest(rule: &Assignment, chain: &Chain) -> Option<u8> {
    if rule.calamity_types.is_empty() {
        return Some(u8::MAX);
    }
    rule.calamity_types.iter().filter_map(|asked| chain.get(asked)).min().map(|level| *level as u8)
}
