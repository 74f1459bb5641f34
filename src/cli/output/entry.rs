//! One organisation that acts: on a line or two for three in the morning, or in full.
//!
//! **Invariants.** What an entry hangs on (announced, conditional, partial, shared, on request) stands beside its name
//! at every length; only how it acts may be left out.

use crate::domain::text::Language;
use crate::proto::v1::{ActingOrganisation, ActingRole, Activation, EntryChange, ReachableContact};

use super::paper::{Cell, Ink, Paper};
use super::reach::{channel_in_full, first_way, reach, through};
use super::words::{Say, label, list, span};

/// How much is said of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Length {
    /// Only what cannot be left out.
    Short,
    /// Also the functions it sends, and through whom it is reached.
    Long,
}

/// The columns of the entries: who, by what right, how to reach it.
pub(super) fn widths(paper: &Paper, indent: usize) -> [usize; 3] {
    let room = paper.width.saturating_sub(indent).saturating_sub(4).max(30);
    // Of 74 columns: 34 for the name, 14 for the law, 26 for the channel.
    let name = room.saturating_mul(34) / 74;
    let right = (room.saturating_mul(14) / 74).max(10);
    [name, right, room.saturating_sub(name).saturating_sub(right)]
}

/// An entry in three columns.
pub(super) fn row(language: Language, entry: &ActingOrganisation, length: Length) -> [Cell; 3] {
    let mut name = format!("{}{}", sign(entry.change()), entry.display_name);
    let marks = entry.roles.first().map(|role| marks(language, role)).unwrap_or_default();
    if !marks.is_empty() {
        name.push_str(&format!(" [{}]", marks.join("; ")));
    }
    let contacts = contacts(entry);
    let mut reached = reach(language, &contacts);
    if length == Length::Long {
        let functions = functions(language, entry);
        if !functions.is_empty() {
            name.push_str(&format!(": {functions}"));
        }
        let way = first_way(contacts.iter().copied()).map(|(contact, _)| contact).or_else(|| contacts.first().copied());
        let through = way.map(|contact| through(language, contact, &entry.organisation)).unwrap_or_default();
        if !through.is_empty() {
            reached.text.push_str(&format!(" ({through})"));
        }
    }
    let right = entry.roles.first().map(by_right).unwrap_or_default();
    let right = if length == Length::Long { right } else { in_short(&right) };
    [Cell::new(name, Ink::Strong), Cell::from(right), reached]
}

/// An entry with every role, function and channel.
pub(super) fn in_full(language: Language, paper: &Paper, entry: &ActingOrganisation, lines: &mut Vec<String>) {
    let heading = format!("  {}{}  {}", sign(entry.change()), entry.display_name, entry.organisation);
    lines.extend(paper.paragraph(&Cell::new(heading, Ink::Strong), 4));
    for role in &entry.roles {
        let mut text = format!("    {}", label(language, "Role", role.role));
        if role.from_grip != 0 {
            text.push_str(&format!(" {} {}", language.say("vanaf", "from"), label(language, "Grip", role.from_grip)));
        }
        let serves = list(role.serves.iter().map(|area| &area.display_name));
        if !serves.is_empty() {
            text.push_str(&format!(" {} {serves}", language.say("voor", "for")));
        }
        let marks = marks(language, role);
        if !marks.is_empty() {
            text.push_str(&format!(" [{}]", marks.join("; ")));
        }
        lines.extend(paper.paragraph(&Cell::from(text), 6));
        for grounds in &role.grounds {
            let law = list([grounds.legal_basis.as_str(), grounds.legal_text.as_str()]);
            let confidence = grounds.source.as_ref().map(|source| label(language, "Confidence", source.confidence));
            let from = list([grounds.assignment.as_str(), grounds.coverage.as_str()]);
            let text =
                format!("      {} {law} ({from}; {})", language.say("grond:", "by:"), confidence.unwrap_or_default());
            lines.extend(paper.paragraph(&Cell::new(text, Ink::Faint), 8));
            if !grounds.note.is_empty() {
                lines.extend(paper.paragraph(&Cell::new(format!("        {}", grounds.note), Ink::Faint), 8));
            }
        }
        let processes = list(role.processes.iter().map(|process| &process.display_name));
        if !processes.is_empty() {
            let text = format!("      {} {processes}", language.say("processen:", "processes:"));
            lines.extend(paper.paragraph(&Cell::from(text), 8));
        }
        for function in &role.functions {
            let mut text = match function.display_name.as_str() {
                "" => format!("      {}", language.say("algemeen", "general desk")),
                name => format!("      {name}"),
            };
            if let Some(limit) = &function.arrival_limit {
                text.push_str(&format!(" ({} {})", language.say("binnen", "within"), span(limit)));
            }
            lines.extend(paper.paragraph(&Cell::from(text), 8));
            every_contact(language, paper, &function.contacts, &entry.organisation, lines);
        }
        for lost in &role.overridden {
            let text =
                format!("      {} {}: {} ({})", language.say("verloor:", "lost:"), lost.assignment, lost.why, lost.by);
            lines.extend(paper.paragraph(&Cell::new(text, Ink::Faint), 8));
        }
    }
}

/// Contacts with all their channels, below what they are for.
pub(super) fn every_contact(
    language: Language,
    paper: &Paper,
    contacts: &[ReachableContact],
    actor: &str,
    lines: &mut Vec<String>,
) {
    if contacts.is_empty() {
        lines.extend(paper.paragraph(&indented(8, reach(language, &[])), 10));
    }
    for contact in contacts {
        let through = through(language, contact, actor);
        let mark = if contact.announced { language.say(" [AANGEKONDIGD]", " [ANNOUNCED]") } else { "" };
        let text = if through.is_empty() {
            format!("        {}{mark}", contact.display_name)
        } else {
            format!("        {} ({through}){mark}", contact.display_name)
        };
        lines.extend(paper.paragraph(&Cell::from(text), 10));
        if contact.channels.is_empty() {
            lines.extend(paper.paragraph(&indented(10, reach(language, &[contact])), 12));
        }
        for channel in &contact.channels {
            lines.extend(paper.paragraph(&indented(10, channel_in_full(language, channel)), 12));
        }
    }
}

fn indented(by: usize, cell: Cell) -> Cell {
    Cell { text: format!("{:by$}{}", "", cell.text), ..cell }
}

/// Every contact of an entry, in the order to try.
pub(super) fn contacts(entry: &ActingOrganisation) -> Vec<&ReachableContact> {
    let functions = entry.roles.iter().flat_map(|role| &role.functions);
    functions.flat_map(|function| &function.contacts).collect()
}

/// The sign of a difference with the level compared with.
pub(super) const fn sign(change: EntryChange) -> &'static str {
    match change {
        EntryChange::Unspecified => "",
        EntryChange::Added => "+ ",
        EntryChange::Changed => "~ ",
        EntryChange::Stays => "= ",
        EntryChange::Ends => "- ",
    }
}

/// What a role hangs on.
pub(super) fn marks(language: Language, role: &ActingRole) -> Vec<String> {
    let mut marks = Vec::new();
    if role.announced {
        marks.push(language.say("AANGEKONDIGD", "ANNOUNCED").to_owned());
    }
    if !role.conditional.is_empty() {
        let conditions = list(role.conditional.iter().map(|condition| &condition.display_name));
        marks.push(format!("{} {conditions}", language.say("alleen bij", "only if")));
    }
    if role.partial {
        let serves = list(role.serves.iter().map(|area| &area.display_name));
        marks.push(format!("{} {serves}", language.say("deels:", "partly:")).trim_end_matches([':', ' ']).to_owned());
    }
    if role.shared {
        marks.push(language.say("gedeeld", "shared").to_owned());
    }
    if let Some(activation) = role.activation.as_ref().filter(|one| one.kind() == Activation::OnRequest) {
        let mut text = label(language, "Activation", activation.kind);
        if !activation.requested_by.is_empty() {
            text.push_str(&format!(" {} {}", language.say("van", "of"), activation.requested_by));
        }
        if !activation.through_display_name.is_empty() {
            text.push_str(&format!(" via {}", activation.through_display_name));
        }
        marks.push(text);
    }
    marks
}

fn functions(language: Language, entry: &ActingOrganisation) -> String {
    let functions = entry.roles.iter().flat_map(|role| &role.functions).filter(|one| !one.function.is_empty());
    list(functions.map(|function| match &function.arrival_limit {
        Some(limit) => format!("{} ({} {})", function.display_name, language.say("binnen", "within"), span(limit)),
        None => function.display_name.clone(),
    }))
}

/// The first law of several, and a sign that there are more.
fn in_short(laws: &str) -> String {
    match laws.split_once([';', ',', '(']) {
        Some((first, _)) => format!("{} ...", first.trim_end()),
        None => laws.to_owned(),
    }
}

/// The laws that a role rests on.
fn by_right(role: &ActingRole) -> String {
    list(role.grounds.iter().map(|grounds| &grounds.legal_basis))
}
