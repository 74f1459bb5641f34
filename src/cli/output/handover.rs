//! A place that is not ours: whose it is, whom to call there, and what we still are in it.
//!
//! **Invariants.** That a place is not ours is the first word.

use crate::domain::text::Language;
use crate::proto::v1::Handover;

use super::paper::{Cell, Ink, Paper};
use super::reach::reach;
use super::words::Say;

/// What is handed over, in full.
pub(super) fn handovers(language: Language, paper: &Paper, handovers: &[Handover], lines: &mut Vec<String>) {
    for handover in handovers {
        lines.extend(paper.paragraph(&heading(language, handover), 2));
        let ways = [
            (language.say("bel", "call"), "", &handover.contacts),
            (
                language.say("meldkamer", "dispatch centre"),
                if handover.serves_us_too { language.say(" (ook de onze)", " (ours too)") } else { "" },
                &handover.dispatch_contacts,
            ),
        ];
        for (what, note, contacts) in ways {
            if contacts.is_empty() {
                let text = format!("  {what}{note}: {}", reach(language, &[]).text);
                lines.extend(paper.paragraph(&Cell::new(text, Ink::Amber), 4));
            }
            for contact in contacts {
                let way = reach(language, &[contact]);
                let text = format!("  {what}{note}: {}: {}", contact.display_name, way.text);
                lines.extend(paper.paragraph(&Cell { text, ..way }, 4));
            }
        }
        let known = handover.still_known.iter().map(|known| {
            let area = known.area.as_ref().map(|area| area.display_name.as_str()).unwrap_or_default();
            format!("{} ({}, {area})", known.display_name, known.capability_display_name)
        });
        let known: Vec<String> = known.collect();
        let title = language.say("wat wij er nog zijn", "what we still are there");
        let text = if known.is_empty() {
            format!("  {title}: {}", language.say("niets bekend", "nothing known"))
        } else {
            format!("  {title}: {}", known.join("; "))
        };
        lines.extend(paper.paragraph(&Cell::from(text), 4));
    }
}

/// What is handed over, on a line: for a question that is partly ours.
pub(super) fn one_line(language: Language, handover: &Handover) -> Cell {
    let contacts: Vec<_> = handover.contacts.iter().chain(&handover.dispatch_contacts).collect();
    let Cell { text, ink } = heading(language, handover);
    Cell::new(format!("{text}; {} {}", language.say("bel", "call"), reach(language, &contacts).text), ink)
}

fn heading(language: Language, handover: &Handover) -> Cell {
    let mut text = language.say("NIET VAN ONS", "NOT OURS").to_owned();
    if let Some(area) = &handover.area {
        text.push_str(&format!(" ({})", area.display_name));
    }
    let whose = match handover.display_name.as_str() {
        "" => language.say("van wie is niet bekend", "whose is not known"),
        name => name,
    };
    Cell::new(format!("{text}: {whose}"), Ink::Red)
}
