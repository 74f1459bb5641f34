//! How the line of an alarm was read: what is said before anything else, piece by piece, and what must be asked.
//!
//! **Invariants.** That an alarm is withdrawn, a test or an exercise is the first line. Every piece is shown with the
//! rule that read it, and nothing that stayed unread is left out. Each meaning that must be asked comes with the command
//! to repeat.

use crate::proto::v1::{
    Carriageway, FindActingOrganisationsRequest, Grip, InterpretReportResponse, ReportPiece, ReportStatus,
};

use super::answer::View;
use super::error::quoted;
use super::paper::{Cell, Ink};
use super::words::{Say, label};

impl View {
    /// How a line was read.
    pub(in crate::cli) fn report(&self, report: &InterpretReportResponse) -> Vec<String> {
        let mut lines = Vec::new();
        let mut say =
            |text: String, ink: Ink, hang: usize| lines.extend(self.paper.paragraph(&Cell::new(text, ink), hang));
        if let Some(banner) = self.banner(report.status()) {
            say(format!("{banner} - {banner} - {banner}"), Ink::Banner, 0);
        }
        say(self.language.say("ZO GELEZEN", "READ AS").to_owned(), Ink::Strong, 0);
        for (what, pieces) in [
            (self.language.say("plaats", "place"), &report.places),
            (self.language.say("calamiteit", "calamity"), &report.calamities),
            (self.language.say("omstandigheid", "circumstance"), &report.circumstances),
        ] {
            for piece in pieces {
                let text = format!("  {what}: \"{}\" = {} [{}]", piece.words, self.meaning(piece), piece.rule);
                say(text, if self.must_ask(piece) { Ink::Amber } else { Ink::Plain }, 4);
            }
        }
        let details = self.details(report);
        if !details.is_empty() {
            say(format!("  {}", details.join(" | ")), Ink::Plain, 4);
        }
        if !report.unread.is_empty() {
            let unread: Vec<String> = report.unread.iter().map(|unread| format!("\"{}\"", unread.words)).collect();
            let text = format!("  {}: {}", self.language.say("ongelezen", "unread"), unread.join(", "));
            say(text, Ink::Amber, 4);
        }
        let places = report.places.iter().filter(|piece| self.must_ask(piece)).map(|piece| (piece, true));
        let calamities = report.calamities.iter().filter(|piece| self.must_ask(piece)).map(|piece| (piece, false));
        for (piece, is_place) in places.chain(calamities) {
            say(self.question(piece), Ink::Red, 2);
            for candidate in &piece.candidates {
                let within =
                    if candidate.within.is_empty() { String::new() } else { format!(" ({})", candidate.within) };
                say(format!("  {}{within}", candidate.display_name), Ink::Plain, 4);
                let command = command(report, is_place, &candidate.name);
                say(format!("    {command}"), Ink::Faint, 6);
            }
        }
        lines
    }

    fn banner(&self, status: ReportStatus) -> Option<&'static str> {
        match status {
            ReportStatus::Withdrawn => Some(self.language.say("INGETROKKEN", "WITHDRAWN")),
            ReportStatus::Test => Some(self.language.say("PROEFALARM", "TEST")),
            ReportStatus::Exercise => Some(self.language.say("OEFENING", "EXERCISE")),
            ReportStatus::New | ReportStatus::Unspecified => None,
        }
    }

    fn must_ask(&self, piece: &ReportPiece) -> bool {
        piece.name.is_empty() && !piece.candidates.is_empty()
    }

    fn meaning(&self, piece: &ReportPiece) -> String {
        let routine = self.language.say("dagelijks werk, geen crisis", "daily work, no crisis");
        match (piece.name.as_str(), piece.candidates.len()) {
            ("", 0) if piece.routine => routine.to_owned(),
            ("", _) if piece.routine => {
                format!("{routine}, {}", self.language.say("tenzij: zie onder", "unless: see below"))
            }
            ("", _) => self.language.say("navragen: zie onder", "must be asked: see below").to_owned(),
            _ if piece.denied => format!("{} {}", self.language.say("NIET", "NOT"), piece.display_name),
            _ => piece.display_name.clone(),
        }
    }

    fn question(&self, piece: &ReportPiece) -> String {
        let unless = match piece.routine {
            true => self.language.say("dagelijks werk, of", "daily work, or"),
            false => self.language.say("kan zijn", "may be"),
        };
        format!("{}: \"{}\" {unless}:", self.language.say("NAVRAGEN", "MUST ASK"), piece.words)
    }

    /// Level, priority, carriageway and hectometre mark.
    fn details(&self, report: &InterpretReportResponse) -> Vec<String> {
        let mut details = Vec::new();
        if report.grip() != Grip::Unspecified {
            details.push(label(self.language, "Grip", report.grip));
        }
        let Some(detail) = &report.detail else { return details };
        if !detail.priority.is_empty() {
            details.push(format!("{} {}", self.language.say("prioriteit", "priority"), detail.priority));
        }
        if detail.carriageway() != Carriageway::Unspecified {
            let side = label(self.language, "Carriageway", detail.carriageway);
            details.push(format!("{} {side}", self.language.say("rijbaan", "carriageway")));
        }
        if !detail.hectometre.is_empty() {
            details.push(format!("hm {}", detail.hectometre));
        }
        details
    }
}

/// The command that asks the same with one meaning instead of several.
fn command(report: &InterpretReportResponse, is_place: bool, name: &str) -> String {
    let none = FindActingOrganisationsRequest::default();
    let question = report.question.as_ref().unwrap_or(&none);
    let names = |pieces: &[ReportPiece]| -> Vec<String> {
        pieces.iter().map(|piece| piece.name.clone()).filter(|name| !name.is_empty()).collect()
    };
    let (places, calamities) = if is_place {
        (vec![name.to_owned()], names(&report.calamities))
    } else if question.places.is_empty() {
        // The place is asked first.
        let first = report.places.iter().find_map(|piece| piece.candidates.first());
        (vec![first.map_or_else(|| "PLACE".to_owned(), |first| first.name.clone())], vec![name.to_owned()])
    } else {
        (question.places.clone(), vec![name.to_owned()])
    };
    let mut words = vec!["crisisgids".to_owned(), "who-acts".to_owned()];
    words.extend(places.first().cloned());
    words.extend(calamities);
    for place in places.iter().skip(1) {
        words.extend(["--place".to_owned(), place.clone()]);
    }
    let level = match report.grip() {
        Grip::Unspecified => "",
        Grip::Grip1 => "1",
        Grip::Grip2 => "2",
        Grip::Grip3 => "3",
        Grip::Grip4 => "4",
        Grip::Grip5 => "5",
        Grip::Rijk => "rijk",
    };
    if !level.is_empty() {
        words.extend(["--grip".to_owned(), level.to_owned()]);
    }
    for piece in &report.circumstances {
        let option = if piece.denied { "--not" } else { "--circumstance" };
        words.extend([option.to_owned(), piece.name.clone()]);
    }
    if question.exercise || report.status() == ReportStatus::Exercise {
        words.push("--exercise".to_owned());
    }
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::paper::Paper;
    use crate::domain::text::Language;
    use crate::proto::v1::{Candidate, ReportDetail, UnreadWords};

    fn piece(words: &str, rule: &str, name: &str, display_name: &str) -> ReportPiece {
        let [words, rule, name, display_name] = [words, rule, name, display_name].map(str::to_owned);
        ReportPiece { words, rule, name, display_name, ..Default::default() }
    }

    fn read() -> InterpretReportResponse {
        let candidate = |name: &str, display_name: &str| Candidate {
            name: name.to_owned(),
            display_name: display_name.to_owned(),
            within: String::new(),
        };
        let candidates = vec![candidate("calamityTypes/2-1", "Brand"), candidate("calamityTypes/3-1-50", "Gas")];
        InterpretReportResponse {
            places: vec![piece("Huizen", "R19", "areas/gm0406", "Huizen")],
            calamities: vec![ReportPiece { candidates, ..piece("BR industrie", "R8", "", "") }],
            circumstances: vec![ReportPiece {
                denied: true,
                ..piece("asbest: nee", "R14", "conditions/asbestos", "asbest")
            }],
            grip: Grip::Grip1.into(),
            status: ReportStatus::Withdrawn.into(),
            detail: Some(ReportDetail { priority: "P 1".to_owned(), ..Default::default() }),
            unread: vec![UnreadWords { words: "Wweg".to_owned(), start: 0, end: 4 }],
            question: Some(FindActingOrganisationsRequest {
                places: vec!["areas/gm0406".to_owned()],
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    #[test]
    fn a_reading_shows_the_kind_of_message_first_and_what_must_be_asked_with_the_command_to_repeat() {
        let paper = Paper { width: 120, colour: false };
        let view = View { language: Language::English, paper, all: false, compared: None };
        let expected = "\
WITHDRAWN - WITHDRAWN - WITHDRAWN
READ AS
  place: \"Huizen\" = Huizen [R19]
  calamity: \"BR industrie\" = must be asked: see below [R8]
  circumstance: \"asbest: nee\" = NOT asbest [R14]
  GRIP 1 | priority P 1
  unread: \"Wweg\"
MUST ASK: \"BR industrie\" may be:
  Brand
    crisisgids who-acts areas/gm0406 calamityTypes/2-1 --grip 1 --not conditions/asbestos
  Gas
    crisisgids who-acts areas/gm0406 calamityTypes/3-1-50 --grip 1 --not conditions/asbestos";
        assert_eq!(view.report(&read()).join("\n"), expected);
    }
}
