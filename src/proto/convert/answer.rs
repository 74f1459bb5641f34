//! The answer to the question as a message.

use std::sync::Arc;

use crate::domain::acting::answer::{
    Alarmed, Answer, AskedCalamity, BindingArrangement, CalledFunction, Entry, FirstCall, Gap, Handover, LastResort,
    Reach, ReachChannel, Resolution, ResolvedArea, RoleEntry, Routine, StatedCircumstance, StillKnown,
};
use crate::domain::arrangement::Arrangement;
use crate::domain::assignment::{ActivationRule, Assignment, LegalBasis};
use crate::domain::calamity_type::CalamityType;
use crate::domain::contact::{Channel, Dependence, HoursKind};
use crate::domain::name::Id;
use crate::domain::organisation::{Coverage, Organisation};
use crate::domain::place::PlaceMatch;
use crate::domain::snapshot::Snapshot;
use crate::domain::source::Confidence;
use crate::domain::text::{Language, Localised};
use crate::proto::v1;

use super::{Detail, minutes, name, seconds, source, timestamp};

impl Detail {
    /// The whole answer.
    pub fn answer(&self, snapshot: &Snapshot, answer: &Answer) -> v1::FindActingOrganisationsResponse {
        v1::FindActingOrganisationsResponse {
            resolution: Some(self.resolution(&answer.resolution)),
            calamity_types: answer.calamity_types.iter().map(|asked| self.asked(asked)).collect(),
            circumstances: answer.circumstances.iter().map(|stated| self.circumstance(stated)).collect(),
            routine: answer.routine.iter().map(|routine| self.routine(routine)).collect(),
            call_now: answer.call_now.iter().map(|alarmed| self.alarmed(snapshot, alarmed)).collect(),
            first_call: answer.first_call.as_ref().map(|call| self.first_call(call)),
            grip: v1::Grip::from(answer.grip).into(),
            acting: answer.acting.iter().map(|entry| self.entry(snapshot, entry)).collect(),
            last_resorts: answer.last_resorts.iter().map(|last| self.last_resort(last)).collect(),
            arrangements: answer.arrangements.iter().map(|binding| self.arrangement(snapshot, binding)).collect(),
            handovers: answer.handovers.iter().map(|handover| self.handover(handover)).collect(),
            gaps: answer.gaps.iter().map(|gap| self.gap(gap)).collect(),
            exercise: answer.exercise,
            revision: i64::try_from(answer.revision.0).unwrap_or(i64::MAX),
            effective_time: Some(timestamp(answer.effective_time)),
            expire_time: answer.expire_time.map(timestamp),
        }
    }

    /// What the words were taken to mean.
    pub fn resolution(&self, resolution: &Resolution) -> v1::Resolution {
        let areas = |areas: &[ResolvedArea]| areas.iter().map(|one| self.area(&one.area, one.announced)).collect();
        v1::Resolution {
            matched: resolution.matched.iter().map(|matched| self.matched(matched)).collect(),
            areas: areas(&resolution.areas),
            municipalities: areas(&resolution.municipalities),
            safety_regions: areas(&resolution.safety_regions),
            provinces: areas(&resolution.provinces),
        }
    }

    /// Words and the place that they mean.
    pub fn matched(&self, matched: &PlaceMatch) -> v1::MatchedWords {
        v1::MatchedWords {
            words: matched.words.clone(),
            area: name(&matched.area.name),
            display_name: self.text(&matched.area.display_names),
            unread: matched.unread.clone(),
        }
    }

    fn circumstance(&self, stated: &StatedCircumstance) -> v1::CircumstanceReference {
        v1::CircumstanceReference {
            condition: name(&stated.condition.name),
            display_name: self.text(&stated.condition.display_names),
            words: stated.words.clone(),
            denied: stated.denied,
        }
    }

    fn routine(&self, routine: &Routine) -> v1::RoutineReference {
        v1::RoutineReference {
            words: routine.words.clone(),
            term: name(&routine.term.name),
            note: self.optional_text(routine.term.note.as_ref()),
        }
    }

    fn alarmed(&self, snapshot: &Snapshot, alarmed: &Alarmed) -> v1::AlarmedParty {
        let rule = alarmed.activation.as_ref();
        let through = rule.and_then(|rule| rule.through.as_ref()).and_then(|organisation| snapshot.get(organisation));
        v1::AlarmedParty {
            organisation: name(&alarmed.organisation.name),
            display_name: self.text(&alarmed.organisation.display_names),
            rank: i32::try_from(alarmed.rank).unwrap_or(i32::MAX),
            from_grip: v1::Grip::from(alarmed.from_grip).into(),
            means: rule.map_or(v1::AlarmMeans::Unspecified, |rule| rule.means.into()).into(),
            through: through.map(|organisation| name(&organisation.name)).unwrap_or_default(),
            through_display_name: through.map(|one| self.text(&one.display_names)).unwrap_or_default(),
            call: alarmed.call.as_ref().map(|call| self.first_call(call)),
            note: self.optional_text(alarmed.note.as_ref()),
        }
    }

    fn first_call(&self, call: &FirstCall) -> v1::FirstCall {
        v1::FirstCall {
            organisation: name(&call.organisation.name),
            display_name: self.text(&call.organisation.display_names),
            contact: name(&call.contact.name),
            contact_display_name: self.text(&call.contact.display_names),
            channel: Some(self.channel(&call.channel)),
        }
    }

    fn asked(&self, asked: &AskedCalamity) -> v1::CalamityTypeReference {
        let narrower = asked.narrower.iter().map(|narrower| self.calamity_type(narrower)).collect();
        let (words, unread) = (asked.words.clone(), asked.unread.clone());
        v1::CalamityTypeReference { words, unread, narrower, ..self.calamity_type(&asked.calamity_type) }
    }

    /// A calamity type as a reference.
    pub(super) fn calamity_type(&self, calamity_type: &CalamityType) -> v1::CalamityTypeReference {
        v1::CalamityTypeReference {
            name: name(&calamity_type.name),
            display_name: self.text(&calamity_type.display_names),
            code: calamity_type.code.clone(),
            words: String::new(),
            narrower: Vec::new(),
            unread: String::new(),
        }
    }

    fn entry(&self, snapshot: &Snapshot, entry: &Entry) -> v1::ActingOrganisation {
        v1::ActingOrganisation {
            id: entry.organisation.name.id().to_owned(),
            organisation: name(&entry.organisation.name),
            display_name: self.text(&entry.organisation.display_names),
            group: v1::Group::from(entry.group).into(),
            rank: i32::try_from(entry.rank).unwrap_or(i32::MAX),
            discipline: entry.organisation.discipline.clone(),
            change: entry.change.map_or(v1::EntryChange::Unspecified, Into::into).into(),
            roles: entry.roles.iter().map(|role| self.role(snapshot, role)).collect(),
        }
    }

    fn role(&self, snapshot: &Snapshot, role: &RoleEntry) -> v1::ActingRole {
        v1::ActingRole {
            role: v1::Role::from(role.role).into(),
            from_grip: v1::Grip::from(role.from_grip).into(),
            serves: role.serves.iter().map(|area| self.area(area, role.announced)).collect(),
            shared: role.shared,
            partial: role.partial,
            conditional: role
                .conditional
                .iter()
                .map(|condition| v1::ConditionReference {
                    name: name(&condition.name),
                    display_name: self.text(&condition.display_names),
                })
                .collect(),
            announced: role.announced,
            activation: role.activation.as_ref().map(|rule| self.activation(snapshot, rule)),
            processes: role
                .processes
                .iter()
                .filter(|_| self.full)
                .map(|process| v1::ProcessReference {
                    name: name(&process.name),
                    display_name: self.text(&process.display_names),
                })
                .collect(),
            functions: role.functions.iter().map(|function| self.function(function)).collect(),
            grounds: self.grounds(role),
            confidence: v1::Confidence::from(role.confidence).into(),
            overridden: role
                .overridden
                .iter()
                .filter(|_| self.explain)
                .map(|(lost, by)| self.overridden(snapshot, lost, by))
                .collect(),
        }
    }

    fn activation(&self, snapshot: &Snapshot, rule: &ActivationRule) -> v1::ActivationReference {
        let through = rule.through.as_ref().and_then(|organisation| snapshot.get(organisation));
        v1::ActivationReference {
            kind: v1::Activation::from(rule.kind).into(),
            requested_by: self.optional_text(rule.requested_by.as_ref()),
            through: through.map(|organisation| name(&organisation.name)).unwrap_or_default(),
            through_display_name: through.map(|one| self.text(&one.display_names)).unwrap_or_default(),
            means: v1::AlarmMeans::from(rule.means).into(),
        }
    }

    fn function(&self, called: &CalledFunction) -> v1::CalledFunction {
        v1::CalledFunction {
            function: called.function.as_ref().map(|function| name(&function.name)).unwrap_or_default(),
            display_name: called.function.as_ref().map(|one| self.text(&one.display_names)).unwrap_or_default(),
            arrival_limit: minutes(called.arrival_limit_minutes),
            contacts: self.reaches(&called.contacts),
        }
    }

    /// Contacts, in the order to try.
    pub(super) fn reaches(&self, reaches: &[Reach]) -> Vec<v1::ReachableContact> {
        reaches.iter().map(|reach| self.reach(reach)).collect()
    }

    /// A contact.
    pub(super) fn reach(&self, reach: &Reach) -> v1::ReachableContact {
        v1::ReachableContact {
            name: name(&reach.contact.name),
            display_name: self.text(&reach.contact.display_names),
            organisation: name(&reach.organisation.name),
            organisation_display_name: self.text(&reach.organisation.display_names),
            filled_by: reach.filled_by.as_ref().map(|filler| name(&filler.name)).unwrap_or_default(),
            filled_by_display_name: reach
                .filled_by
                .as_ref()
                .map(|one| self.text(&one.display_names))
                .unwrap_or_default(),
            channels: reach.channels.iter().map(|channel| self.channel(channel)).collect(),
            redacted_fields: withheld(reach.channels.iter().map(|one| &one.channel)),
            announced: reach.announced,
        }
    }

    fn channel(&self, channel: &ReachChannel) -> v1::ReachableChannel {
        let ReachChannel { channel, reachable, taken_down, may_be_down, announced } = channel;
        let hours_kind = if channel.hours.is_empty() { channel.hours_kind } else { HoursKind::Listed };
        let why = |taken: &[Dependence]| taken.iter().map(|one| self.dependence(*one)).collect::<Vec<_>>().join(", ");
        v1::ReachableChannel {
            kind: v1::ChannelKind::from(channel.kind).into(),
            value: channel.value.clone(),
            placeholder: channel.placeholder,
            fictional: channel.fictional,
            reachable_now: *reachable,
            verified_date: channel.verified_date.map(|date| date.to_string()).unwrap_or_default(),
            wait: seconds(channel.wait_seconds),
            purpose: self.optional_text(channel.purpose.as_ref()),
            confidentiality: v1::Confidentiality::from(channel.confidentiality).into(),
            announced: *announced,
            not_public: channel.not_public,
            hours_kind: v1::HoursKind::from(hours_kind).into(),
            published_date: channel.published().flatten().map(|date| date.to_string()).unwrap_or_default(),
            taken_down: why(taken_down),
            may_be_down: why(may_be_down),
        }
    }

    fn dependence(&self, dependence: Dependence) -> &'static str {
        match self.language {
            Language::Dutch => dependence.nl(),
            Language::English => dependence.en(),
        }
    }

    /// Every rule and every coverage that a role rests on.
    fn grounds(&self, role: &RoleEntry) -> Vec<v1::Grounds> {
        if !self.full {
            return Vec::new();
        }
        let rules = role.rules.iter().map(|rule| self.rule_grounds(rule));
        rules.chain(role.coverages.iter().map(|coverage| self.coverage_grounds(coverage))).collect()
    }

    fn rule_grounds(&self, rule: &Assignment) -> v1::Grounds {
        let basis: Option<&LegalBasis> = rule.legal_basis.as_ref();
        let said_by = basis.and_then(|basis| basis.source.as_ref()).or(rule.source.as_ref());
        v1::Grounds {
            assignment: name(&rule.name),
            legal_basis: basis.map(|basis| basis.citation.clone()).unwrap_or_default(),
            legal_text: self.optional_text(basis.and_then(|basis| basis.texts.as_ref())),
            coverage: String::new(),
            source: said_by.map(source),
            note: self.optional_text(rule.note.as_ref()),
        }
    }

    fn coverage_grounds(&self, coverage: &Coverage) -> v1::Grounds {
        v1::Grounds {
            assignment: String::new(),
            legal_basis: String::new(),
            legal_text: String::new(),
            coverage: name(&coverage.name),
            source: coverage.source.as_ref().map(source),
            note: self.optional_text(coverage.note.as_ref()),
        }
    }

    /// A rule that lost, and the first thing in which the other is more specific.
    fn overridden(&self, snapshot: &Snapshot, lost: &Arc<Assignment>, by: &Id<Assignment>) -> v1::OverriddenRule {
        let why = snapshot.get(by).map(|by| why(lost, by)).map(|texts| self.text(&texts)).unwrap_or_default();
        v1::OverriddenRule { assignment: name(&lost.name), by: name(by), why }
    }

    fn last_resort(&self, last: &LastResort) -> v1::LastResort {
        v1::LastResort {
            capability: name(&last.capability.name),
            capability_display_name: self.text(&last.capability.display_names),
            organisation: name(&last.organisation.name),
            display_name: self.text(&last.organisation.display_names),
            announced: last.announced,
            contacts: self.reaches(&last.contacts),
        }
    }

    /// An arrangement as a reference.
    pub fn arrangement(&self, snapshot: &Snapshot, binding: &BindingArrangement) -> v1::ArrangementReference {
        let arrangement = &binding.arrangement;
        let invocation = arrangement.invocation.as_ref();
        let how = invocation.map(|invocation| {
            let texts = [Some(&invocation.invoked_by), invocation.procedure.as_ref()];
            texts.into_iter().flatten().map(|texts| self.text(texts)).collect::<Vec<_>>().join(" - ")
        });
        let parties = arrangement.parties.iter().filter_map(|party| snapshot.get(&party.organisation));
        let period = &arrangement.validity.0;
        v1::ArrangementReference {
            arrangement: name(&arrangement.name),
            display_name: self.text(&arrangement.display_names),
            kind: arrangement.kind.clone(),
            parties: parties.map(|party| self.organisation(party)).collect(),
            may_be_invoked: invocation.is_some(),
            how: how.unwrap_or_default(),
            ends: period.end.or(period.announced_end).map(|end| end.to_string()).unwrap_or_default(),
            announced: binding.announced,
            confidence: v1::Confidence::from(arrangement_confidence(arrangement)).into(),
        }
    }

    /// An organisation as a reference.
    pub fn organisation(&self, organisation: &Organisation) -> v1::OrganisationReference {
        v1::OrganisationReference {
            name: name(&organisation.name),
            display_name: self.text(&organisation.display_names),
        }
    }

    /// A handover.
    pub fn handover(&self, handover: &Handover) -> v1::Handover {
        v1::Handover {
            organisation: handover.organisation.as_ref().map(|one| name(&one.name)).unwrap_or_default(),
            display_name: handover.organisation.as_ref().map(|one| self.text(&one.display_names)).unwrap_or_default(),
            area: Some(self.area(&handover.area, handover.announced)),
            contacts: self.reaches(&handover.contacts),
            still_known: handover.still_known.iter().map(|known| self.still_known(known)).collect(),
            serves_us_too: handover.serves_us_too,
            dispatch_contacts: self.reaches(&handover.dispatch_contacts),
        }
    }

    fn still_known(&self, known: &StillKnown) -> v1::StillKnown {
        v1::StillKnown {
            organisation: name(&known.organisation.name),
            display_name: self.text(&known.organisation.display_names),
            capability: name(&known.capability.name),
            capability_display_name: self.text(&known.capability.display_names),
            area: Some(self.area(&known.area, known.announced)),
        }
    }

    /// A gap.
    pub(super) fn gap(&self, gap: &Gap) -> v1::Gap {
        v1::Gap {
            kind: v1::GapKind::from(gap.kind).into(),
            severity: v1::Severity::from(gap.severity).into(),
            subject: gap.subject.as_ref().map(ToString::to_string).unwrap_or_default(),
            message: match self.language {
                Language::Dutch => gap.message.nl.clone(),
                Language::English => gap.message.en.clone(),
            },
        }
    }
}

/// The fields of a contact that its reader may not see.
fn withheld<'c>(channels: impl Iterator<Item = &'c Channel>) -> Vec<String> {
    let each = channels.enumerate().filter(|(_, channel)| channel.is_withheld());
    each.map(|(index, _)| format!("channels[{index}].value")).collect()
}

/// How far to trust an arrangement and what it rests on; without a source, least.
fn arrangement_confidence(arrangement: &Arrangement) -> Confidence {
    let basis = arrangement.legal_basis.as_ref().and_then(|basis| basis.source.as_ref());
    let own = arrangement.source.as_ref().map_or(Confidence::Unsourced, |source| source.confidence);
    basis.map_or(own, |source| source.confidence.max(own))
}

/// Why one rule settles the details and not another: it replaces it by name, or, both being for the same role of the
/// same organisation in the same part, for its area, its type or its priority, in this order.
fn why(lost: &Assignment, by: &Assignment) -> Localised {
    if by.replaces.contains(&lost.name) {
        Localised::new("De andere regel vervangt deze bij naam.", "The other rule replaces this one by name.")
    } else if by.areas != lost.areas && !by.areas.is_empty() {
        Localised::new("De andere regel noemt een nauwer gebied.", "The other rule names a narrower area.")
    } else if by.calamity_types != lost.calamity_types {
        Localised::new("De andere regel noemt een nauwer type.", "The other rule names a narrower type.")
    } else {
        Localised::new("De andere regel heeft voorrang.", "The other rule has a higher priority.")
    }
}
