//! Who acts here, after the first screen: support, who is told, arrangements, the lesser gaps, how old the answer is.
//!
//! **Invariants.** What is folded is counted, with the flag that unfolds it.

use crate::proto::v1::{ActingOrganisation, ArrangementReference, FindActingOrganisationsResponse, Group, Severity};

use super::entry::{contacts, in_full, marks, sign};
use super::paper::{Cell, Ink, length};
use super::reach::{channel, first_way};
use super::view::View;
use super::words::{Say, label, list, moment};

impl View {
    /// Everything after the first lines.
    pub(super) fn rest(&self, answer: &FindActingOrganisationsResponse, lines: &mut Vec<String>) {
        self.support(&of(answer, Group::Support), lines);
        self.inform(&of(answer, Group::Inform), lines);
        self.unplaced(answer, lines);
        self.arrangements(&answer.arrangements, lines);
        self.narrower(answer, lines);
        self.lesser_gaps(answer, lines);
        self.footer(answer, lines);
    }

    fn support(&self, entries: &[&ActingOrganisation], lines: &mut Vec<String>) {
        if entries.is_empty() {
            return;
        }
        self.title(lines, &label(self.language, "Group", Group::Support.into()).to_uppercase());
        if self.all {
            entries.iter().for_each(|entry| in_full(self.language, &self.paper, entry, lines));
            return;
        }
        let mut disciplines: Vec<&str> = Vec::new();
        entries.iter().for_each(|entry| {
            if !disciplines.contains(&entry.discipline.as_str()) {
                disciplines.push(&entry.discipline);
            }
        });
        for discipline in disciplines {
            let who = entries.iter().filter(|entry| entry.discipline == discipline).map(|entry| self.briefly(entry));
            let text = format!("  {}: {}", self.discipline(discipline), who.collect::<Vec<_>>().join("; "));
            lines.extend(self.paper.paragraph(&Cell::from(text), 4));
        }
    }

    /// An entry in a few words: its name, what it hangs on, a number to dial.
    pub(super) fn briefly(&self, entry: &ActingOrganisation) -> String {
        let mut text = format!("{}{}", sign(entry.change()), entry.display_name);
        let marks = entry.roles.first().map(|role| marks(self.language, role)).unwrap_or_default();
        if !marks.is_empty() {
            text.push_str(&format!(" [{}]", marks.join("; ")));
        }
        if let Some((_, way)) = first_way(contacts(entry)) {
            text.push_str(&format!(" ({})", channel(self.language, way)));
        }
        text
    }

    fn inform(&self, entries: &[&ActingOrganisation], lines: &mut Vec<String>) {
        if entries.is_empty() {
            return;
        }
        let title = label(self.language, "Group", Group::Inform.into()).to_uppercase();
        if self.all {
            self.title(lines, &title);
            entries.iter().for_each(|entry| in_full(self.language, &self.paper, entry, lines));
            return;
        }
        let names: Vec<String> =
            entries.iter().map(|entry| format!("{}{}", sign(entry.change()), entry.display_name)).collect();
        let whole = format!("{title}: {}", names.join(", "));
        if length(&whole) <= self.paper.width {
            lines.extend(self.paper.paragraph(&Cell::from(whole), 2));
            return;
        }
        // As many names as one line holds; the rest is counted.
        let line = |shown: usize| {
            let said = names.iter().take(shown).cloned().collect::<Vec<_>>().join(", ");
            let folded = names.len().saturating_sub(shown);
            let more = self.language.say("meer", "more");
            format!("{title}: {said}{}+ {folded} {more}, --all", if shown == 0 { "" } else { ", " })
        };
        let fitting =
            (0..names.len()).rev().find(|shown| length(&line(*shown)) <= self.paper.width).unwrap_or_default();
        lines.extend(self.paper.paragraph(&Cell::from(line(fitting)), 2));
    }

    /// Entries of a group that this program does not know: a newer server has more groups.
    fn unplaced(&self, answer: &FindActingOrganisationsResponse, lines: &mut Vec<String>) {
        for entry in of(answer, Group::Unspecified) {
            let text =
                format!("{}: {}", label(self.language, "Group", entry.group).to_uppercase(), self.briefly(entry));
            lines.extend(self.paper.paragraph(&Cell::from(text), 2));
        }
    }

    fn arrangements(&self, arrangements: &[ArrangementReference], lines: &mut Vec<String>) {
        if arrangements.is_empty() {
            return;
        }
        let invocable = arrangements.iter().filter(|one| one.may_be_invoked);
        self.title(
            lines,
            self.language.say("AFSPRAKEN DIE INGEROEPEN KUNNEN WORDEN", "ARRANGEMENTS THAT MAY BE INVOKED"),
        );
        invocable.for_each(|one| lines.extend(self.paper.paragraph(&self.arrangement(one, true), 4)));
        let others: Vec<&ArrangementReference> = arrangements.iter().filter(|one| !one.may_be_invoked).collect();
        if others.len() == arrangements.len() {
            lines.extend(self.paper.paragraph(&Cell::from(self.language.say("  geen", "  none")), 4));
        }
        if others.is_empty() {
            return;
        }
        if self.all {
            self.title(lines, self.language.say("ANDERE AFSPRAKEN", "OTHER ARRANGEMENTS"));
            others.iter().for_each(|one| lines.extend(self.paper.paragraph(&self.arrangement(one, true), 4)));
        } else {
            let text = self.language.say("andere, --all", "others, --all");
            lines.extend(self.paper.paragraph(&Cell::new(format!("  + {} {text}", others.len()), Ink::Faint), 4));
        }
    }

    /// An arrangement in a sentence.
    pub(super) fn arrangement(&self, one: &ArrangementReference, how: bool) -> Cell {
        let mut text = format!("  {}", one.display_name);
        if one.announced {
            text.push_str(self.language.say(" [AANGEKONDIGD]", " [ANNOUNCED]"));
        }
        if !one.ends.is_empty() {
            text.push_str(&format!(" [{} {}]", self.language.say("tot", "until"), one.ends));
        }
        if how && !one.how.is_empty() {
            text.push_str(&format!(": {}", one.how));
        }
        if self.all {
            let parties = list(one.parties.iter().map(|party| &party.display_name));
            text.push_str(&format!(" ({}; {parties}; {})", one.kind, one.arrangement));
        }
        Cell::from(text)
    }

    fn narrower(&self, answer: &FindActingOrganisationsResponse, lines: &mut Vec<String>) {
        for asked in answer.calamity_types.iter().filter(|asked| !asked.narrower.is_empty()) {
            let types = list(asked.narrower.iter().map(|one| format!("{} {}", one.code, one.display_name)));
            let text = self.language.say("PRECIEZER VRAGEN KAN", "ASK MORE PRECISELY");
            lines.extend(self.paper.paragraph(&Cell::from(format!("{text}: {types}")), 2));
        }
    }

    fn lesser_gaps(&self, answer: &FindActingOrganisationsResponse, lines: &mut Vec<String>) {
        for severity in [Severity::Amber, Severity::Note, Severity::Unspecified] {
            let gaps: Vec<_> = answer.gaps.iter().filter(|gap| gap.severity() == severity).collect();
            let Some(first) = gaps.first() else { continue };
            let mark = label(self.language, "Severity", first.severity).to_uppercase();
            let ink = if severity == Severity::Amber { Ink::Amber } else { Ink::Plain };
            if self.all || gaps.len() == 1 {
                for gap in gaps {
                    lines.extend(self.paper.paragraph(&Cell::new(format!("{mark}: {}", gap.message), ink), 2));
                }
                continue;
            }
            let mut kinds: Vec<i32> = Vec::new();
            gaps.iter().for_each(|gap| {
                if !kinds.contains(&gap.kind) {
                    kinds.push(gap.kind)
                }
            });
            let counts = kinds.iter().map(|kind| {
                let count = gaps.iter().filter(|gap| gap.kind == *kind).count();
                format!("{} {count}", label(self.language, "GapKind", *kind))
            });
            let text = format!("{mark} ({}): {}; --all", gaps.len(), counts.collect::<Vec<_>>().join(", "));
            lines.extend(self.paper.paragraph(&Cell::new(text, ink), 2));
        }
    }

    fn footer(&self, answer: &FindActingOrganisationsResponse, lines: &mut Vec<String>) {
        lines.extend(
            self.paper.paragraph(
                &footer(self, answer.revision, answer.effective_time.as_ref(), answer.expire_time.as_ref()),
                2,
            ),
        );
    }

    /// A title over what follows it.
    pub(super) fn title(&self, lines: &mut Vec<String>, text: &str) {
        lines.extend(self.paper.paragraph(&Cell::new(text, Ink::Strong), 0));
    }

    /// A discipline as people call it; one that this program does not know stays a code.
    fn discipline<'d>(&self, code: &'d str) -> &'d str {
        match code {
            "multidisciplinary" => self.language.say("multidisciplinair", "multidisciplinary"),
            "fire" => self.language.say("brandweer", "fire"),
            "medical" => self.language.say("geneeskundig", "medical"),
            "police" => self.language.say("politie", "police"),
            "population-care" => self.language.say("bevolkingszorg", "population care"),
            "water" => self.language.say("water", "water"),
            "infrastructure" => self.language.say("infrastructuur", "infrastructure"),
            "transport" => self.language.say("vervoer", "transport"),
            "environment" => self.language.say("milieu", "environment"),
            "nature" => self.language.say("natuur", "nature"),
            "justice" => self.language.say("justitie", "justice"),
            "defence" => self.language.say("defensie", "defence"),
            "volunteers" => self.language.say("vrijwilligers", "volunteers"),
            "government" => self.language.say("overheid", "government"),
            "information" => self.language.say("informatie", "information"),
            "" => self.language.say("overig", "other"),
            code => code,
        }
    }
}

/// How old an answer is and until when it holds.
pub(super) fn footer(
    view: &View,
    revision: i64,
    effective: Option<&prost_types::Timestamp>,
    expires: Option<&prost_types::Timestamp>,
) -> Cell {
    let mut parts = vec![format!("{} {revision}", view.language.say("revisie", "revision"))];
    parts.extend(effective.map(|at| format!("{} {}", view.language.say("voor", "for"), moment(view.language, at))));
    parts.push(match expires {
        Some(at) => format!("{} {}", view.language.say("geldig tot", "valid until"), moment(view.language, at)),
        None => view.language.say("geldig zolang de revisie dezelfde is", "valid while the revision stays").to_owned(),
    });
    Cell::new(parts.join(" | "), Ink::Faint)
}

fn of(answer: &FindActingOrganisationsResponse, group: Group) -> Vec<&ActingOrganisation> {
    answer.acting.iter().filter(|entry| entry.group() == group).collect()
}
