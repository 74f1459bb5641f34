//! The answers to the other questions as messages.

use crate::domain::acting::answer::Reach;
use crate::domain::catalogue::Capability;
use crate::domain::grip::Grip;
use crate::domain::questions::areas::ActingArea;
use crate::domain::questions::providers::Provider;
use crate::domain::questions::worklist::Task;
use crate::domain::record::Resource;
use crate::domain::snapshot::Snapshot;
use crate::proto::v1;

use super::{Detail, name, source, timestamp};

impl Detail {
    /// Where an organisation acts, and by which rule.
    pub fn acting_area(&self, snapshot: &Snapshot, acting: &ActingArea) -> v1::ActingArea {
        let rule = acting.rule.as_deref();
        let types = rule.into_iter().flat_map(|rule| &rule.calamity_types).filter_map(|id| snapshot.get(id));
        let conditions = rule.into_iter().flat_map(|rule| &rule.conditions).filter_map(|id| snapshot.get(id));
        let said_by = rule.and_then(|rule| rule.source.as_ref());
        let said_by = said_by.or_else(|| acting.coverage.as_ref().and_then(|coverage| coverage.source.as_ref()));
        v1::ActingArea {
            area: acting.area.as_ref().map(|area| self.area(area, acting.announced)),
            coverage: acting.coverage.as_ref().map(|coverage| name(&coverage.name)).unwrap_or_default(),
            capability: acting.capability.as_ref().map(|capability| name(&capability.name)).unwrap_or_default(),
            capability_display_name: self.optional_text(acting.capability.as_ref().map(|one| &one.display_names)),
            assignment: rule.map(|rule| name(&rule.name)).unwrap_or_default(),
            role: rule.map_or(v1::Role::Unspecified, |rule| rule.role.into()).into(),
            calamity_types: types.map(|calamity_type| self.calamity_type(calamity_type)).collect(),
            from_grip: v1::Grip::from(rule.map_or(Grip::None, |rule| rule.from_grip)).into(),
            to_grip: v1::Grip::from(rule.and_then(|rule| rule.to_grip).unwrap_or(Grip::None)).into(),
            conditions: conditions
                .map(|condition| v1::ConditionReference {
                    name: name(condition.name()),
                    display_name: self.text(&condition.display_names),
                })
                .collect(),
            legal_basis: rule
                .and_then(|rule| rule.legal_basis.as_ref())
                .map(|basis| basis.citation.clone())
                .unwrap_or_default(),
            source: said_by.map(source),
            announced: acting.announced,
        }
    }

    /// A contact found.
    pub fn found_contact(&self, snapshot: &Snapshot, reach: &Reach) -> v1::FoundContact {
        let function = reach.contact.function.as_ref().and_then(|function| snapshot.get(function));
        v1::FoundContact {
            contact: Some(self.reach(reach)),
            function: function.map(|function| name(&function.name)).unwrap_or_default(),
            function_display_name: self.optional_text(function.map(|function| &function.display_names)),
            purpose: reach.contact.purpose.clone(),
        }
    }

    /// A capability as a reference.
    pub fn capability(&self, capability: &Capability) -> v1::CapabilityReference {
        v1::CapabilityReference { name: name(&capability.name), display_name: self.text(&capability.display_names) }
    }

    /// A provider.
    pub fn provider(&self, snapshot: &Snapshot, provider: &Provider) -> v1::Provider {
        v1::Provider {
            organisation: name(&provider.organisation.name),
            display_name: self.text(&provider.organisation.display_names),
            coverage: name(&provider.coverage.name),
            area: Some(self.area(&provider.area, provider.announced)),
            nearness: v1::Nearness::from(provider.nearness).into(),
            ours: provider.ours,
            announced: provider.announced,
            arrangements: provider.arrangements.iter().map(|binding| self.arrangement(snapshot, binding)).collect(),
            contacts: self.reaches(&provider.contacts),
        }
    }

    /// Something that the office has to do.
    pub fn open_gap(&self, task: &Task) -> v1::OpenGap {
        v1::OpenGap { gap: Some(self.gap(&task.gap)), due_time: task.due_time.map(timestamp) }
    }
}
