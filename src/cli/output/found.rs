//! The answers to the other questions, on a screen.
//!
//! **Invariants.** Rows stand in the server's order; nothing is left out. Names that can be sent back stand whole.

use crate::domain::text::Language;
use crate::proto::v1;

use super::entry::every_contact;
use super::handover::handovers;
use super::paper::{Cell, Ink};
use super::reach::reach;
use super::rest::footer;
use super::view::View;
use super::words::{Say, label, list, moment};

impl View {
    /// Where an organisation acts.
    pub(in crate::cli) fn acting_areas(&self, answer: &v1::FindActingAreasResponse) -> Vec<String> {
        let mut lines = Vec::new();
        let whose = answer.organisation.as_ref();
        self.title(&mut lines, &whose.map(|one| format!("{} ({})", one.display_name, one.name)).unwrap_or_default());
        let rows = answer.acting_areas.iter().map(|acting| {
            let area = match &acting.area {
                Some(area) => area.display_name.as_str(),
                None => self.language.say("overal bij ons", "everywhere in ours"),
            };
            let mark = if acting.announced { self.language.say(" [AANGEKONDIGD]", " [ANNOUNCED]") } else { "" };
            let role = if acting.assignment.is_empty() {
                self.language.say("geen regel roept dit in", "no rule calls upon it").to_owned()
            } else {
                label(self.language, "Role", acting.role)
            };
            let types = list(acting.calamity_types.iter().map(|one| format!("{} {}", one.code, one.display_name)));
            let conditions = list(acting.conditions.iter().map(|one| &one.display_name));
            let what = list([acting.capability_display_name.as_str(), role.as_str()]);
            let for_what = match (types.as_str(), acting.assignment.as_str()) {
                (_, "") => String::new(),
                ("", _) => self.language.say("elke calamiteit", "any calamity").to_owned(),
                (types, _) => types.to_owned(),
            };
            let levels = match (acting.from_grip, acting.to_grip) {
                (0, 0) => String::new(),
                (from, 0) => format!("{} {}", self.language.say("vanaf", "from"), label(self.language, "Grip", from)),
                (from, to) => {
                    format!("{} - {}", label(self.language, "Grip", from), label(self.language, "Grip", to))
                }
            };
            let only = if conditions.is_empty() {
                String::new()
            } else {
                format!("{} {conditions}", self.language.say("alleen bij", "only if"))
            };
            let for_what = [for_what, levels, only].into_iter().filter(|part| !part.is_empty());
            vec![
                Cell::from(format!("{area}{mark}")),
                Cell::from(what),
                Cell::from(for_what.collect::<Vec<_>>().join("; ")),
                Cell::new(acting.legal_basis.clone(), Ink::Faint),
            ]
        });
        let rows: Vec<Vec<Cell>> = rows.collect();
        let heading = match self.language {
            Language::Dutch => ["WAAR", "ALS WAT", "WAARVOOR", "GROND"],
            Language::English => ["WHERE", "AS WHAT", "FOR WHAT", "BY RIGHT"],
        };
        self.table_or_none(&heading, &rows, &mut lines);
        let foot = footer(self, answer.revision, answer.effective_time.as_ref(), answer.expire_time.as_ref());
        lines.extend(self.paper.paragraph(&foot, 2));
        lines
    }

    /// Contacts.
    pub(in crate::cli) fn contacts(&self, answer: &v1::FindContactsResponse) -> Vec<String> {
        let mut lines = Vec::new();
        for found in &answer.contacts {
            let Some(contact) = &found.contact else { continue };
            let what = list([
                contact.organisation_display_name.as_str(),
                found.function_display_name.as_str(),
                found.purpose.as_str(),
            ]);
            self.title(&mut lines, &format!("{what} ({})", contact.name));
            every_contact(self.language, &self.paper, std::slice::from_ref(contact), &contact.organisation, &mut lines);
        }
        if answer.contacts.is_empty() {
            lines.push(self.language.say("geen contacten gevonden", "no contacts found").to_owned());
        }
        let foot = footer(self, answer.revision, answer.effective_time.as_ref(), answer.expire_time.as_ref());
        lines.extend(self.paper.paragraph(&foot, 2));
        lines
    }

    /// Arrangements.
    pub(in crate::cli) fn found_arrangements(&self, answer: &v1::FindArrangementsResponse) -> Vec<String> {
        let mut lines = Vec::new();
        if answer.direct_request != 0 {
            let asked = self.language.say("RECHTSTREEKS BIJSTANDSVERZOEK", "DIRECT REQUEST FOR ASSISTANCE");
            let verdict = label(self.language, "DirectRequest", answer.direct_request);
            self.title(&mut lines, &format!("{asked}: {verdict}"));
        }
        for one in &answer.arrangements {
            self.title(&mut lines, &one.display_name);
            let parties = list(one.parties.iter().map(|party| &party.display_name));
            let mut facts = vec![one.kind.clone(), one.arrangement.clone()];
            if one.announced {
                facts.push(self.language.say("AANGEKONDIGD", "ANNOUNCED").to_owned());
            }
            if !one.ends.is_empty() {
                facts.push(format!("{} {}", self.language.say("tot", "until"), one.ends));
            }
            if one.may_be_invoked {
                facts.push(self.language.say("in te roepen", "may be invoked").to_owned());
            }
            facts.push(label(self.language, "Confidence", one.confidence));
            lines.extend(self.paper.paragraph(&Cell::new(format!("  {}", facts.join("; ")), Ink::Faint), 4));
            if !parties.is_empty() {
                let text = format!("  {}: {parties}", self.language.say("partijen", "parties"));
                lines.extend(self.paper.paragraph(&Cell::from(text), 4));
            }
            if !one.how.is_empty() {
                let text = format!("  {}: {}", self.language.say("hoe", "how"), one.how);
                lines.extend(self.paper.paragraph(&Cell::from(text), 4));
            }
        }
        if answer.arrangements.is_empty() {
            lines.push(self.language.say("geen afspraken gevonden", "no arrangements found").to_owned());
        }
        let foot = footer(self, answer.revision, answer.effective_time.as_ref(), answer.expire_time.as_ref());
        lines.extend(self.paper.paragraph(&foot, 2));
        lines
    }

    /// Who has a capability, nearest first.
    pub(in crate::cli) fn providers(&self, answer: &v1::FindProvidersResponse) -> Vec<String> {
        let mut lines = Vec::new();
        let what = answer.capability.as_ref();
        self.title(&mut lines, &what.map(|one| format!("{} ({})", one.display_name, one.name)).unwrap_or_default());
        for provider in &answer.providers {
            let area = provider.area.as_ref().map(|area| area.display_name.as_str()).unwrap_or_default();
            let mut facts = vec![label(self.language, "Nearness", provider.nearness), area.to_owned()];
            if !provider.ours {
                facts.push(self.language.say("niet van ons", "not ours").to_owned());
            }
            if provider.announced {
                facts.push(self.language.say("AANGEKONDIGD", "ANNOUNCED").to_owned());
            }
            self.title(&mut lines, &format!("{} ({})", provider.display_name, list(facts)));
            let contacts: Vec<_> = provider.contacts.iter().collect();
            let way = reach(self.language, &contacts);
            lines.extend(self.paper.paragraph(&Cell { text: format!("  {}", way.text), ..way }, 4));
            for one in &provider.arrangements {
                lines.extend(self.paper.paragraph(&self.arrangement(one, true), 4));
            }
        }
        if answer.providers.len() > 1 {
            let order = self.language.say(
                "volgorde: eigen regio, aangrenzende regio, elders; geen afstand of rijtijd",
                "order: own region, adjacent region, elsewhere; no distance or travel time",
            );
            lines.extend(self.paper.paragraph(&Cell::from(order), 2));
        }
        if answer.providers.is_empty() {
            lines.push(self.language.say("niemand gevonden", "nobody found").to_owned());
        }
        let foot = footer(self, answer.revision, answer.effective_time.as_ref(), answer.expire_time.as_ref());
        lines.extend(self.paper.paragraph(&foot, 2));
        lines
    }

    /// The worklist, worst first.
    pub(in crate::cli) fn gaps(&self, answer: &v1::FindGapsResponse) -> Vec<String> {
        let rows = answer.gaps.iter().filter_map(|open| {
            let gap = open.gap.as_ref()?;
            let ink = match gap.severity() {
                v1::Severity::Red => Ink::Red,
                v1::Severity::Amber => Ink::Amber,
                v1::Severity::Unspecified | v1::Severity::Note => Ink::Plain,
            };
            let due = open.due_time.as_ref().map(|at| moment(self.language, at)).unwrap_or_default();
            Some(vec![
                Cell::new(label(self.language, "Severity", gap.severity), ink),
                Cell::from(due),
                Cell::from(if gap.subject.is_empty() {
                    gap.message.clone()
                } else {
                    format!("{} [{}]", gap.message, gap.subject)
                }),
            ])
        });
        let rows: Vec<Vec<Cell>> = rows.collect();
        let heading = match self.language {
            Language::Dutch => ["ERNST", "SINDS OF VANAF", "WAT"],
            Language::English => ["SEVERITY", "SINCE OR FROM", "WHAT"],
        };
        let mut lines = Vec::new();
        self.table_or_none(&heading, &rows, &mut lines);
        let foot = footer(self, answer.revision, answer.effective_time.as_ref(), answer.expire_time.as_ref());
        lines.extend(self.paper.paragraph(&foot, 2));
        lines
    }

    /// What words for a place mean.
    pub(in crate::cli) fn place(&self, answer: &v1::ResolvePlaceResponse) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(matched) = &answer.matched {
            let kind = label(self.language, "AreaKind", answer.kind);
            self.title(&mut lines, &format!("{} ({kind}, {})", matched.display_name, matched.area));
        }
        let whose = if answer.ours {
            self.language.say("van ons", "ours")
        } else {
            self.language.say("niet van ons", "not ours")
        };
        lines.extend(self.paper.paragraph(&Cell::from(format!("  {whose}")), 4));
        let resolution = answer.resolution.clone().unwrap_or_default();
        for (what, areas) in [
            (self.language.say("ook", "also"), &answer.alternatives),
            (self.language.say("gemeente", "municipality"), &resolution.municipalities),
            (self.language.say("veiligheidsregio", "safety region"), &resolution.safety_regions),
            (self.language.say("provincie", "province"), &resolution.provinces),
        ] {
            for area in areas {
                let mark = if area.announced { self.language.say(" [AANGEKONDIGD]", " [ANNOUNCED]") } else { "" };
                let text = format!("  {what}: {} ({}){mark}", area.display_name, area.name);
                lines.extend(self.paper.paragraph(&Cell::from(text), 4));
            }
        }
        handovers(self.language, &self.paper, &answer.handovers, &mut lines);
        let foot = footer(self, answer.revision, answer.effective_time.as_ref(), answer.expire_time.as_ref());
        lines.extend(self.paper.paragraph(&foot, 2));
        lines
    }

    /// A table, or that there is nothing in it.
    pub(super) fn table_or_none(&self, heading: &[&str], rows: &[Vec<Cell>], lines: &mut Vec<String>) {
        if rows.is_empty() {
            lines.push(self.language.say("niets gevonden", "nothing found").to_owned());
        } else {
            lines.extend(self.paper.table(heading, rows));
        }
    }
}
