//! The alarm list: whom to alarm now, a line each, whole.
//!
//! **Invariants.** Nobody on the list is folded; that nobody is recorded is said in words.

use crate::proto::v1::{ActingOrganisation, AlarmMeans, AlarmedParty, FindActingOrganisationsResponse, Group};

use super::answer::{Room, View};
use super::entry::{contacts, in_full, marks, sign};
use super::paper::{Cell, Ink};
use super::reach::reach;
use super::words::{Say, label};

impl View {
    /// The alarm list; in one paragraph where there is no room for rows.
    pub(super) fn call_now(&self, answer: &FindActingOrganisationsResponse, room: Room, lines: &mut Vec<String>) {
        if answer.acting.is_empty() {
            return;
        }
        let title = label(self.language, "Group", Group::CallNow.into()).to_uppercase();
        // What may have to be alarmed stands in its group, but not on the list.
        let perhaps: Vec<&ActingOrganisation> = answer
            .acting
            .iter()
            .filter(|entry| entry.group() == Group::CallNow)
            .filter(|entry| !answer.call_now.iter().any(|one| one.organisation == entry.organisation))
            .collect();
        if answer.call_now.is_empty() && perhaps.is_empty() {
            let ask = answer
                .last_resorts
                .first()
                .map(|last| format!(": {} {}", self.language.say("vraag", "ask"), last.display_name));
            let nobody = self.language.say("niemand vastgelegd", "nobody recorded");
            let nobody = format!("{nobody}{}", ask.unwrap_or_default());
            lines.extend(self.paper.paragraph(&Cell::new(format!("{title}: {nobody}"), Ink::Amber), 2));
            return;
        }
        if room == Room::None && !self.all {
            let list = answer.call_now.iter().map(|one| self.alarmed_briefly(answer, one));
            let all: Vec<String> = list.chain(perhaps.iter().map(|entry| self.briefly(entry))).collect();
            lines.extend(self.paper.paragraph(&Cell::new(format!("{title}: {}", all.join("; ")), Ink::Strong), 2));
            return;
        }
        self.title(lines, &title);
        for alarmed in &answer.call_now {
            lines.extend(self.paper.columns(2, &self.alarm_widths(), &self.alarmed(answer, alarmed, room)));
            // A party that stands above is told in full there.
            let entry = entry_of(answer, alarmed).filter(|entry| self.all && entry.group() == Group::CallNow);
            entry.into_iter().for_each(|entry| in_full(self.language, &self.paper, entry, lines));
        }
        if self.all {
            perhaps.iter().for_each(|entry| in_full(self.language, &self.paper, entry, lines));
        } else if !perhaps.is_empty() {
            let named = perhaps.iter().map(|entry| self.briefly(entry)).collect::<Vec<_>>().join("; ");
            let text = format!("  {}: {named}", self.language.say("mogelijk ook", "perhaps also"));
            lines.extend(self.paper.paragraph(&Cell::from(text), 4));
        }
    }

    /// Of 74 columns: 32 for the name, 18 for how it is alarmed, 20 for the channel.
    fn alarm_widths(&self) -> [usize; 3] {
        let room = self.paper.width.saturating_sub(6).max(30);
        let name = room.saturating_mul(32) / 74;
        let how = (room.saturating_mul(20) / 74).max(10);
        [name, how, room.saturating_sub(name).saturating_sub(how)]
    }

    /// A party in three columns: who, from when and by what means, the channel.
    fn alarmed(&self, answer: &FindActingOrganisationsResponse, alarmed: &AlarmedParty, room: Room) -> [Cell; 3] {
        let entry = entry_of(answer, alarmed);
        let mut name =
            format!("{}{}", entry.map(|entry| sign(entry.change())).unwrap_or_default(), alarmed.display_name);
        let marks =
            entry.and_then(|entry| entry.roles.first()).map(|role| marks(self.language, role)).unwrap_or_default();
        if !marks.is_empty() {
            name.push_str(&format!(" [{}]", marks.join("; ")));
        }
        if !alarmed.note.is_empty() && (room == Room::Ample || self.all) {
            name.push_str(&format!(": {}", alarmed.note));
        }
        let reached = entry.map(contacts).unwrap_or_default();
        [Cell::new(name, Ink::Strong), Cell::from(self.how(alarmed)), reach(self.language, &reached)]
    }

    /// From when, by what means, through whom.
    fn how(&self, alarmed: &AlarmedParty) -> String {
        let mut parts = Vec::new();
        if alarmed.from_grip != 0 {
            let from = self.language.say("vanaf", "from");
            parts.push(format!("{from} {}", label(self.language, "Grip", alarmed.from_grip)));
        }
        if !matches!(alarmed.means(), AlarmMeans::Unspecified | AlarmMeans::Unknown) {
            parts.push(label(self.language, "AlarmMeans", alarmed.means));
        }
        if !alarmed.through_display_name.is_empty() {
            parts.push(format!("via {}", alarmed.through_display_name));
        }
        parts.join(", ")
    }

    fn alarmed_briefly(&self, answer: &FindActingOrganisationsResponse, alarmed: &AlarmedParty) -> String {
        let sign = entry_of(answer, alarmed).map(|entry| sign(entry.change())).unwrap_or_default();
        let channel = alarmed.call.as_ref().and_then(|call| call.channel.as_ref());
        let channel = channel.map(|way| super::reach::channel(self.language, way));
        let how: Vec<String> =
            [Some(self.how(alarmed)), channel].into_iter().flatten().filter(|one| !one.is_empty()).collect();
        let how = if how.is_empty() { String::new() } else { format!(" ({})", how.join(", ")) };
        format!("{sign}{}{how}", alarmed.display_name)
    }
}

fn entry_of<'a>(answer: &'a FindActingOrganisationsResponse, alarmed: &AlarmedParty) -> Option<&'a ActingOrganisation> {
    answer.acting.iter().find(|entry| entry.organisation == alarmed.organisation)
}
