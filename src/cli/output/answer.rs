//! Who acts here, on a screen: what has to be read at three in the morning stands within its first lines.
//!
//! **Invariants.** What was understood, every red gap, the first act, who has authority, who leads and whom to alarm are
//! always printed whole, as far as they can within [`SCREEN`] lines: what does not fit is said shorter, and only gaps of
//! one kind are counted.

use crate::proto::v1::{
    ActingOrganisation, AreaReference, FindActingOrganisationsResponse, Gap, Group, LastResort, Role, Severity,
};

use super::entry::{Length, contacts, in_full, marks, row, widths};
use super::handover::{handovers, one_line};
use super::paper::{Cell, Ink, length};
use super::reach::{channel, first_way, reach};
use super::words::{Say, label, list, moment};

pub(super) use super::view::View;

/// The lines that a screen shows without scrolling.
pub(super) const SCREEN: usize = 24;

/// How much room the first lines take: each step says something shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Room {
    /// Everything in sentences.
    Ample,
    /// Entries short, last resorts in one paragraph.
    Scarce,
    /// Red gaps of one kind together, by whom they are about.
    Tight,
    /// Red gaps counted by kind; each group in one paragraph.
    None,
}

impl View {
    /// The answer as lines of text.
    pub(in crate::cli) fn answer(&self, answer: &FindActingOrganisationsResponse) -> Vec<String> {
        let fits = |lines: &Vec<String>| self.all || lines.len() <= SCREEN;
        let mut lines = Vec::new();
        for room in [Room::Ample, Room::Scarce, Room::Tight, Room::None] {
            lines = self.first_lines(answer, room);
            if fits(&lines) {
                break;
            }
        }
        self.rest(answer, &mut lines);
        lines
    }

    fn say<'t>(&self, dutch: &'t str, english: &'t str) -> &'t str {
        self.language.say(dutch, english)
    }

    fn paragraph(&self, lines: &mut Vec<String>, text: String, ink: Ink, hang: usize) {
        lines.extend(self.paper.paragraph(&Cell::new(text, ink), hang));
    }

    fn first_lines(&self, answer: &FindActingOrganisationsResponse, room: Room) -> Vec<String> {
        let mut lines = Vec::new();
        if answer.exercise {
            let banner = self.say("OEFENING - OEFENING - OEFENING", "EXERCISE - EXERCISE - EXERCISE");
            self.paragraph(&mut lines, banner.to_owned(), Ink::Banner, 0);
        }
        self.paragraph(&mut lines, self.where_it_is(answer), Ink::Strong, 2);
        self.paragraph(&mut lines, self.what_and_when(answer), Ink::Strong, 2);
        self.read_from_words(answer, &mut lines);
        self.red_gaps(answer, room, &mut lines);
        if let Some(call) = self.call_first(answer) {
            lines.extend(self.paper.paragraph(&call, 2));
        }
        if answer.acting.is_empty() {
            handovers(self.language, &self.paper, &answer.handovers, &mut lines);
        } else {
            for handover in &answer.handovers {
                lines.extend(self.paper.paragraph(&one_line(self.language, handover), 2));
            }
        }
        for group in [Group::Authority, Group::Lead] {
            let of_group: Vec<&ActingOrganisation> =
                answer.acting.iter().filter(|entry| entry.group() == group).collect();
            let also = if group == Group::Lead { self.also_leading(answer) } else { String::new() };
            if of_group.is_empty() && also.is_empty() {
                continue;
            }
            self.group(group, &of_group, &also, room, &mut lines);
        }
        self.call_now(answer, room, &mut lines);
        self.last_resorts(&answer.last_resorts, room, &mut lines);
        lines
    }

    /// Those who lead and stand among the authorities already.
    fn also_leading(&self, answer: &FindActingOrganisationsResponse) -> String {
        let authorities = answer.acting.iter().filter(|entry| entry.group() == Group::Authority);
        let leading = authorities.filter_map(|entry| {
            let role = entry.roles.iter().find(|role| role.role() == Role::OperationalLead)?;
            let marks = marks(self.language, role);
            let marks = if marks.is_empty() { marks.concat() } else { format!(" [{}]", marks.join("; ")) };
            Some(format!("{}{marks}", entry.display_name))
        });
        leading.collect::<Vec<_>>().join("; ")
    }

    /// The entries of a group: a row each, or all in one paragraph where there is no room.
    fn group(&self, group: Group, entries: &[&ActingOrganisation], also: &str, room: Room, lines: &mut Vec<String>) {
        let title = label(self.language, "Group", group.into()).to_uppercase();
        let also =
            if also.is_empty() { String::new() } else { format!("{}: {also}", self.say("zie GEZAG", "see AUTHORITY")) };
        if room == Room::None && !self.all {
            let named = entries.iter().map(|entry| self.briefly(entry));
            let also = (!also.is_empty()).then_some(also);
            let text = format!("{title}: {}", named.chain(also).collect::<Vec<_>>().join("; "));
            self.paragraph(lines, text, Ink::Strong, 2);
            return;
        }
        self.title(lines, &title);
        let said = if room == Room::Ample { Length::Long } else { Length::Short };
        for entry in entries {
            if self.all {
                in_full(self.language, &self.paper, entry, lines);
            } else {
                let cells = row(self.language, entry, said);
                lines.extend(self.paper.columns(2, &widths(&self.paper, 2), &cells));
            }
        }
        if !also.is_empty() {
            self.paragraph(lines, format!("  {also}"), Ink::Plain, 4);
        }
    }

    /// What was read from words beside the calamity itself: circumstances, and daily work.
    fn read_from_words(&self, answer: &FindActingOrganisationsResponse, lines: &mut Vec<String>) {
        for routine in &answer.routine {
            let note = if routine.note.is_empty() { String::new() } else { format!(" ({})", routine.note) };
            let text = format!(
                "\"{}\": {}{note}",
                routine.words,
                self.say("dagelijks werk, geen crisistype", "daily work, no type of crisis")
            );
            self.paragraph(lines, text, Ink::Strong, 2);
        }
        let stated = answer.circumstances.iter().map(|one| {
            let not = if one.denied { self.say("NIET ", "NOT ") } else { "" };
            let is_same = one.words.is_empty() || one.words == one.condition || one.words == one.display_name;
            let from = if is_same { String::new() } else { format!(" (\"{}\")", one.words) };
            format!("{not}{}{from}", one.display_name)
        });
        let stated: Vec<String> = stated.collect();
        if !stated.is_empty() {
            let text = format!("{}: {}", self.say("omstandigheden", "circumstances"), stated.join("; "));
            self.paragraph(lines, text, Ink::Plain, 2);
        }
    }

    /// The places as they were understood: `"NOP" = Noordoostpolder > Veiligheidsregio Flevoland`.
    fn where_it_is(&self, answer: &FindActingOrganisationsResponse) -> String {
        let Some(resolution) = &answer.resolution else { return String::new() };
        let matched = resolution.matched.iter().map(|matched| {
            let same = matched.words.to_lowercase() == matched.display_name.to_lowercase();
            if same || matched.words == matched.area {
                matched.display_name.clone()
            } else {
                format!("\"{}\" = {}", matched.words, matched.display_name)
            }
        });
        let mut steps = vec![matched.collect::<Vec<_>>().join(" + ")];
        let asked: Vec<&str> = resolution.matched.iter().map(|matched| matched.area.as_str()).collect();
        for areas in [&resolution.municipalities, &resolution.safety_regions] {
            if areas.iter().all(|area| asked.contains(&area.name.as_str())) {
                continue;
            }
            steps.push(if areas.len() > 4 && !self.all {
                format!("{} {}", areas.len(), self.say("gemeenten", "municipalities"))
            } else {
                areas.iter().map(|area| self.area(area)).collect::<Vec<_>>().join(", ")
            });
        }
        steps.join(" > ")
    }

    fn area(&self, area: &AreaReference) -> String {
        if area.announced {
            format!("{} [{}]", area.display_name, self.say("AANGEKONDIGD", "ANNOUNCED"))
        } else {
            area.display_name.clone()
        }
    }

    fn what_and_when(&self, answer: &FindActingOrganisationsResponse) -> String {
        let types = answer.calamity_types.iter().map(|one| format!("{} {}", one.code, one.display_name));
        let mut parts = vec![match types.collect::<Vec<_>>().join(" + ") {
            none if none.is_empty() => self.say("calamiteit nog niet bekend", "calamity not known yet").to_owned(),
            types => types.trim().to_owned(),
        }];
        let level = label(self.language, "Grip", answer.grip);
        parts.push(match self.compared {
            Some(other) => {
                let other = label(self.language, "Grip", other.into());
                format!("{level} {} {other}", self.say("vergeleken met", "compared with"))
            }
            None => level,
        });
        parts.extend(answer.effective_time.as_ref().map(|at| moment(self.language, at)));
        parts.join(" | ")
    }

    fn red_gaps(&self, answer: &FindActingOrganisationsResponse, room: Room, lines: &mut Vec<String>) {
        let red: Vec<&Gap> = answer.gaps.iter().filter(|gap| gap.severity() == Severity::Red).collect();
        if red.is_empty() {
            return;
        }
        let mark = self.say("ROOD", "RED");
        if self.all || room < Room::Tight {
            red.iter().for_each(|gap| self.paragraph(lines, format!("{mark} {}", gap.message), Ink::Red, 5));
            return;
        }
        let mut kinds: Vec<i32> = Vec::new();
        red.iter().for_each(|gap| {
            if !kinds.contains(&gap.kind) {
                kinds.push(gap.kind)
            }
        });
        let of = |kind: i32| red.iter().filter(move |gap| gap.kind == kind);
        let said = kinds.into_iter().map(|kind| {
            let what = label(self.language, "GapKind", kind);
            let count = of(kind).count();
            // What there is no room for is counted; one or two are always named.
            if room == Room::None && count > 2 {
                return format!("{what} {count}");
            }
            if count == 1 {
                return of(kind).map(|gap| gap.message.trim_end_matches('.').to_owned()).collect();
            }
            let about = list(of(kind).map(|gap| self.subject(answer, gap)));
            format!("{what} ({count}): {about}")
        });
        if room == Room::None {
            let said = said.collect::<Vec<_>>().join("; ");
            self.paragraph(lines, format!("{mark} {} ({})", said, self.say("zie --all", "see --all")), Ink::Red, 5);
        } else {
            said.for_each(|said| self.paragraph(lines, format!("{mark} {said}"), Ink::Red, 5));
        }
    }

    /// What a subject is called, if the answer says so.
    fn subject<'a>(&self, answer: &'a FindActingOrganisationsResponse, gap: &'a Gap) -> &'a str {
        let name = gap.subject.as_str();
        let organisations =
            answer.acting.iter().map(|entry| (entry.organisation.as_str(), entry.display_name.as_str()));
        let contacts = answer.acting.iter().flat_map(contacts);
        let contacts = contacts.map(|contact| (contact.name.as_str(), contact.display_name.as_str()));
        let known = organisations.chain(contacts).find(|(known, _)| *known == name).map(|(_, called)| called);
        // Every sentence about a gap begins with what its subject is called.
        known.unwrap_or_else(|| gap.message.split_once(": ").map_or(name, |(called, _)| called))
    }

    /// The first act: as the answer says, or else the first last resort that answers.
    fn call_first(&self, answer: &FindActingOrganisationsResponse) -> Option<Cell> {
        let first = answer.first_call.as_ref().and_then(|call| {
            Some((call.display_name.as_str(), false, call.contact_display_name.as_str(), call.channel.as_ref()?))
        });
        let last = || {
            // What is only announced is called last, and is marked.
            let (announced, certain): (Vec<_>, Vec<_>) = answer.last_resorts.iter().partition(|last| last.announced);
            certain.into_iter().chain(announced).find_map(|last| {
                let (contact, way) = first_way(&last.contacts)?;
                Some((last.display_name.as_str(), last.announced, contact.display_name.as_str(), way))
            })
        };
        let (who, announced, contact, way) = first.or_else(last)?;
        let what =
            if contact.contains(who) || contact.is_empty() { who.to_owned() } else { format!("{who}, {contact}") };
        let said = |what: &str| {
            let first = self.say("BEL EERST", "CALL FIRST");
            let mark = if announced { self.say(" [AANGEKONDIGD]", " [ANNOUNCED]") } else { "" };
            format!("{first} {what}{mark}: {}", channel(self.language, way))
        };
        let text = if length(&said(&what)) > self.paper.width { said(who) } else { said(&what) };
        Some(Cell::new(text, if way.fictional { Ink::Banner } else { Ink::Strong }))
    }

    fn last_resorts(&self, resorts: &[LastResort], room: Room, lines: &mut Vec<String>) {
        if resorts.is_empty() {
            return;
        }
        let title = self.say("ALS NIEMAND OPNEEMT", "IF NOBODY ANSWERS");
        let said = resorts.iter().map(|last| {
            let mark = if last.announced { self.say(" [AANGEKONDIGD]", " [ANNOUNCED]") } else { "" };
            let contacts: Vec<_> = last.contacts.iter().collect();
            (format!("{}: {}{mark}", last.capability_display_name, last.display_name), reach(self.language, &contacts))
        });
        if room == Room::Ample {
            lines.extend(self.paper.paragraph(&Cell::new(title, Ink::Strong), 0));
            let [name, right, reached] = widths(&self.paper, 2);
            // No law is shown here: its column goes to the names.
            let wide = [name.saturating_add(right).saturating_add(2), reached];
            for (index, (name, reached)) in said.enumerate() {
                let name = Cell::from(format!("{}. {name}", index.saturating_add(1)));
                lines.extend(self.paper.columns(2, &wide, &[name, reached]));
            }
        } else {
            let short = resorts.iter().zip(said).enumerate().map(|(index, (last, (_, reached)))| {
                format!("{}. {} ({})", index.saturating_add(1), last.display_name, reached.text)
            });
            self.paragraph(lines, format!("{title}: {}", short.collect::<Vec<_>>().join(" ")), Ink::Plain, 2);
        }
    }
}
