//! Who acts, straight from the specification: every rule is held against every part, in both readings.

use std::collections::{BTreeMap, BTreeSet};

use crisisgids::domain::acting::Question;
use crisisgids::domain::acting::answer::Group;
use crisisgids::domain::area::{Area, AreaKind};
use crisisgids::domain::assignment::{Activation, Assignment, Phase, Role};
use crisisgids::domain::calamity_type::{CalamityLevel, CalamityType};
use crisisgids::domain::catalogue::Condition;
use crisisgids::domain::grip::Grip;
use crisisgids::domain::name::Id;
use crisisgids::domain::organisation::Organisation;
use crisisgids::domain::validity::Reading;

use super::directories::{Directory, id};
use super::world::{Cover, Part, World};

/// What one role of one organisation in one part comes to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Acts {
    pub(super) organisation: Id<Organisation>,
    pub(super) role: Role,
    pub(super) serves: Id<Area>,
    pub(super) shared: bool,
    pub(super) partial: bool,
    pub(super) conditional: BTreeSet<Id<Condition>>,
    pub(super) rules: BTreeSet<Id<Assignment>>,
}

/// The areas of a resolution by name.
pub(super) type Names = BTreeSet<Id<Area>>;

/// What one reading gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) acts: BTreeSet<Acts>,
    pub(super) groups: BTreeMap<Id<Organisation>, Group>,
    pub(super) municipalities: Names,
    pub(super) safety_regions: Names,
    pub(super) provinces: Names,
    pub(super) last_resorts: BTreeSet<(u32, Id<Organisation>)>,
    pub(super) arrangements: BTreeSet<String>,
    /// Whether nothing asked is outside ours.
    pub(super) wholly_ours: bool,
    /// In which part each acts.
    pub(super) parts: Vec<(Acts, Part)>,
}

/// A rule with an actor, in one part.
struct Hit<'d> {
    rule: &'d Assignment,
    cover: Cover,
    unstated: BTreeSet<Id<Condition>>,
    part: usize,
}

/// What a question is told in one reading.
pub(super) fn told(directory: &Directory, question: &Question, reading: Reading) -> Told {
    let world = World { directory, at: question.effective_time, reading };
    let asked: Vec<Id<Area>> = question.places.iter().map(|place| id(place)).collect();
    let everywhere = world.parts(&asked);
    let parts: Vec<Part> = everywhere.iter().filter(|part| part.ours).cloned().collect();
    let (mut acts, mut groups, mut acting_in) = (BTreeSet::new(), BTreeMap::new(), Vec::new());
    let each = asked_types(directory, question);
    // Each calamity by itself, and what is not known yet as one of no type.
    let each = if each.is_empty() { vec![Types::new()] } else { each };
    let together = |types| precedence(&parts, types, hits(&world, &parts, question, types));
    for together in each.iter().flat_map(together) {
        let first = &together[0];
        let label = parts[first.part].label.clone();
        let whole = together.iter().any(|hit| !hit.cover.partial);
        let inner: BTreeSet<_> = together.iter().flat_map(|hit| hit.cover.inner.clone()).collect();
        // Some of it that has no name cannot be told apart from some that has.
        let nameless = together.iter().any(|hit| hit.cover.inner.is_empty());
        let serves = if whole || nameless { vec![label] } else { inner.into_iter().collect() };
        for serves in serves {
            let one = Acts {
                organisation: first.cover.organisation.clone(),
                role: first.rule.role,
                serves,
                shared: together.iter().any(|hit| hit.cover.shared),
                partial: !whole,
                conditional: first.unstated.clone(),
                rules: together.iter().map(|hit| hit.rule.name.clone()).collect(),
            };
            acting_in.push((one.clone(), parts[first.part].clone()));
            acts.insert(one);
        }
        let group = together.iter().map(|hit| group(hit.rule)).min().unwrap();
        let strongest = groups.entry(first.cover.organisation.clone()).or_insert(group);
        *strongest = group.min(*strongest);
    }
    let of_kind = |kind: AreaKind| -> Names {
        let mut all: Names = everywhere.iter().flat_map(|part| part.chain.keys().cloned()).collect();
        // What is handed over is named, also where it is asked about as more than a part of a municipality.
        all.extend(everywhere.iter().filter(|part| !part.ours).map(|part| part.asked.clone()));
        all.into_iter().filter(|a| world.area(a).kind == kind && world.holds(&world.area(a).validity)).collect()
    };
    Told {
        municipalities: of_kind(AreaKind::Municipality),
        safety_regions: of_kind(AreaKind::SafetyRegion),
        provinces: of_kind(AreaKind::Province),
        last_resorts: last_resorts(&world, &parts),
        wholly_ours: parts.len() == everywhere.len(),
        arrangements: arrangements(&world, question, &everywhere, &groups),
        acts,
        groups,
        parts: acting_in,
    }
}

fn group(rule: &Assignment) -> Group {
    let automatic = rule.activation.as_ref().is_some_and(|activation| activation.kind == Activation::Automatic);
    match rule.role {
        Role::FunctionalAuthority | Role::GeneralAuthority => Group::Authority,
        Role::OperationalLead => Group::Lead,
        Role::Support if automatic => Group::CallNow,
        Role::Support => Group::Support,
        Role::Informed => Group::Inform,
    }
}

/// A type and all above it.
type Types = BTreeMap<Id<CalamityType>, CalamityLevel>;

/// The asked types, each with all above it.
fn asked_types(directory: &Directory, question: &Question) -> Vec<Types> {
    let chain = |asked: &String| {
        let mut chain = Types::new();
        let mut next: Option<Id<CalamityType>> = Some(id(asked));
        while let Some(name) = next {
            let this = directory.calamity_types.iter().find(|one| one.name == name).unwrap();
            chain.insert(name, this.level);
            next = this.parent.clone();
        }
        chain
    };
    question.calamities.iter().map(chain).collect()
}

/// Every rule that applies, in every part in which it has an actor, less those that another displaces there.
fn hits<'d>(world: &World<'d>, parts: &[Part], question: &Question, types: &Types) -> Vec<Hit<'d>> {
    let denied = |c: &Id<Condition>| question.circumstances.contains(&format!("-{c}"));
    let stated = |c: &Id<Condition>| question.circumstances.contains(&c.to_string());
    let mut hits = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        for rule in &world.directory.assignments {
            let unstated: BTreeSet<_> = rule.conditions.iter().filter(|c| !stated(c)).cloned().collect();
            let phase = match rule.phase {
                Phase::Preparation => question.grip == Grip::None,
                Phase::Response => true,
                Phase::Aftercare => false,
            };
            let level = rule.from_grip <= question.grip && rule.to_grip.is_none_or(|to| question.grip <= to);
            let kind = rule.calamity_types.is_empty() || rule.calamity_types.iter().any(|t| types.contains_key(t));
            let place = rule.areas.is_empty() || rule.areas.iter().any(|area| part.chain.contains_key(area));
            let circumstances = !rule.conditions.iter().any(denied);
            if !(phase && level && kind && place && circumstances && world.holds(&rule.validity)) {
                continue;
            }
            for cover in actors(world, rule, part) {
                hits.push(Hit { rule, cover, unstated: unstated.clone(), part: index });
            }
        }
    }
    // What may not hold displaces nothing.
    let certain = hits.iter().filter(|hit| hit.unstated.is_empty());
    let displaced: BTreeSet<_> =
        certain.flat_map(|hit| hit.rule.replaces.iter().map(|rule| (hit.part, rule.clone()))).collect();
    hits.retain(|hit| !displaced.contains(&(hit.part, hit.rule.name.clone())));
    hits
}

fn actors(world: &World<'_>, rule: &Assignment, part: &Part) -> Vec<Cover> {
    let named = rule.actor.organisation.iter().flat_map(|name| world.standing(name));
    let named = named.map(|organisation| Cover { organisation, shared: false, inner: BTreeSet::new(), partial: false });
    let covering = rule.actor.capability.iter().flat_map(|c| world.covers(c.name().as_str(), part));
    let adjacent = rule.actor.adjacent_capability.iter().flat_map(|c| world.adjacent_covers(c.name().as_str(), part));
    named.chain(covering).chain(adjacent).collect()
}

/// Per organisation, role, part and unstated conditions, the most specific rules; those equally so stand together.
fn precedence<'d>(parts: &[Part], types: &Types, hits: Vec<Hit<'d>>) -> Vec<Vec<Hit<'d>>> {
    // The least is the most specific; what names no area or type is less so than whatever does.
    let rank = |hit: &Hit<'_>| {
        let area = hit.rule.areas.iter().filter_map(|area| parts[hit.part].chain.get(area)).min().copied();
        let level = hit.rule.calamity_types.iter().filter_map(|one| types.get(one)).min().copied();
        (area.is_none(), area, level.is_none(), level, std::cmp::Reverse(hit.rule.priority))
    };
    let mut rivals: BTreeMap<_, Vec<Hit<'d>>> = BTreeMap::new();
    for hit in hits {
        let key = (hit.cover.organisation.clone(), hit.rule.role, hit.part, hit.unstated.clone());
        rivals.entry(key).or_default().push(hit);
    }
    let best = |mut rivals: Vec<Hit<'d>>| {
        let best = rivals.iter().map(rank).min().unwrap();
        rivals.retain(|hit| rank(hit) == best);
        rivals
    };
    rivals.into_values().map(best).collect()
}

fn last_resorts(world: &World<'_>, parts: &[Part]) -> BTreeSet<(u32, Id<Organisation>)> {
    let ranked = world.directory.capabilities.iter().filter(|capability| capability.last_resort_rank > 0);
    let each = ranked.flat_map(|capability| {
        let covers = parts.iter().flat_map(|part| world.covers(capability.name.name().as_str(), part));
        covers.map(|cover| (capability.last_resort_rank, cover.organisation)).collect::<Vec<_>>()
    });
    each.collect()
}

fn arrangements(
    world: &World<'_>,
    question: &Question,
    parts: &[Part],
    acting: &BTreeMap<Id<Organisation>, Group>,
) -> BTreeSet<String> {
    let mut bound: BTreeSet<Id<Organisation>> = acting.keys().cloned().collect();
    for part in parts.iter().filter(|part| part.ours) {
        bound.extend(world.covers("capabilities/safety-region", part).into_iter().map(|cover| cover.organisation));
    }
    let types: Types = asked_types(world.directory, question).into_iter().flatten().collect();
    let phase =
        if question.grip == Grip::None { vec![Phase::Preparation, Phase::Response] } else { vec![Phase::Response] };
    let binding = world.directory.arrangements.iter().filter(|one| {
        let party = one.parties.iter().any(|party| world.holds(&party.validity) && bound.contains(&party.organisation));
        let scope = one.scope.as_ref().is_none_or(|scope| {
            let place = |area| {
                parts.iter().any(|part| part.chain.contains_key(area) || part.ours && part.inside.contains(area))
            };
            (scope.areas.is_empty() || scope.areas.iter().any(place))
                && (scope.calamity_types.is_empty()
                    || types.is_empty()
                    || scope.calamity_types.iter().any(|one| types.contains_key(one)))
                && (scope.phases.is_empty() || scope.phases.iter().any(|one| phase.contains(one)))
        });
        party && scope && world.holds(&one.validity)
    });
    binding.map(|one| one.name.to_string()).collect()
}
