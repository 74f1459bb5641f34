//! Reports: the text of an alarm as it stands on a screen, read piece by piece into a question.
//!
//! | Step | Rules | Where |
//! |---|---|---|
//! | words with their places in the text | | `tokens` |
//! | the pieces of fixed form, by one table | R1 to R6, R13, R14, R17, R18, R21, R22 | `table`, `fixed` |
//! | streets, which are nowhere in the directory | R16 | `streets` |
//! | places, right to left | R15, R17, R19 | `places` |
//! | the class, and circumstances | R4, R7 to R12, R14, R24, R25 | `calamities` |
//!
//! What no step takes is unread: names, house numbers, town codes (R20), cut off words (R23).
//!
//! **Invariants.** Nothing is guessed: a piece with two meanings has both. The text is read and forgotten: it is never
//! stored, logged or noted.

mod tokens;
mod table;
mod fixed;
mod streets;
mod places;
mod calamities;

use jiff::Timestamp;

use super::acting::Question;
use super::calamity;
use super::error::Candidate;
use super::field::words;
use super::grip::Grip;
use super::name::Name;
use super::snapshot::Snapshot;
use super::text::Localised;

use calamities::{Class, Stated};
use fixed::Fixed;
use places::{Meant, Place};
use tokens::{Line, Mark};

words! {
    /// What kind of message a report is.
    pub enum ReportStatus {
        /// An alarm.
        New = "NEW",
        /// An alarm that is withdrawn, or has ended.
        Withdrawn = "WITHDRAWN",
        /// A test of the alarm system.
        Test = "TEST",
        /// An exercise.
        Exercise = "EXERCISE",
    }

    /// One of the two carriageways of a road, seen in the direction in which its hectometre marks count up.
    pub enum Carriageway {
        /// The left one: `Li`.
        Left = "LEFT",
        /// The right one: `Re`.
        Right = "RIGHT",
    }
}

/// What a report says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The places read.
    pub places: Vec<Piece>,
    /// The calamities read.
    pub calamities: Vec<Piece>,
    /// The circumstances read.
    pub circumstances: Vec<Piece>,
    /// The level read.
    pub grip: Grip,
    /// What kind of message it is.
    pub status: ReportStatus,
    /// The carriageway named.
    pub carriageway: Option<Carriageway>,
    /// The hectometre mark, with a comma; empty: none.
    pub hectometre: String,
    /// The priority, such as `P 1`; empty: none.
    pub priority: String,
    /// What stayed unread, in the order of the text.
    pub unread: Vec<Span>,
    /// The question that follows; `None`: no place has one meaning.
    pub question: Option<Question>,
}

/// A stretch of a text: half-open, in Unicode code points.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Where it begins.
    pub start: usize,
    /// The code point after its last.
    pub end: usize,
    /// The words, as they stand in the text.
    pub words: String,
}

/// A piece of a report, with what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Where it stands.
    pub span: Span,
    /// The rule of the grammar that read it.
    pub rule: &'static str,
    /// What it means; `None`: see the candidates.
    pub meant: Option<(Name, Localised)>,
    /// What it may mean, the likeliest first.
    pub candidates: Vec<Candidate>,
    /// Whether it is daily work; with candidates: unless it is one of these.
    pub routine: bool,
    /// Of a circumstance: whether it is denied.
    pub denied: bool,
}

/// Reads a report at an instant.
pub fn interpret(snapshot: &Snapshot, text: &str, at: Timestamp) -> Report {
    let mut line = Line::of(text);
    let fixed = fixed::take(&mut line);
    streets::mark(&mut line, snapshot);
    let lexical = calamities::lexical(&line, snapshot);
    let places = places::take(&mut line, snapshot, at, &lexical);
    let reader = calamities::Reader { snapshot, at, lexical: &lexical };
    let (class, stated) = class(&reader, &mut line, &fixed);
    let calamities: Vec<Piece> = class.iter().map(|class| class_piece(snapshot, &line, class)).collect();
    let circumstances: Vec<Piece> = stated.iter().map(|one| circumstance_piece(&line, one)).collect();
    let grip = fixed.grip.unwrap_or(Grip::None);
    let status = fixed.status.unwrap_or(ReportStatus::New);
    let asked = places::asked(&line, snapshot, at, &places);
    let named = |denied: bool| {
        let those = stated.iter().filter(move |one| one.denied == denied);
        those.map(|one| one.condition.name.to_string()).collect()
    };
    let question = (!asked.is_empty()).then(|| Question {
        places: asked,
        calamities: calamities
            .iter()
            .filter_map(|piece| piece.meant.as_ref())
            .map(|(name, _)| name.to_string())
            .collect(),
        grip,
        compare_grip: None,
        circumstances: named(false),
        denied: named(true),
        asking_organisation: String::new(),
        effective_time: at,
        exercise: fixed.exercise,
    });
    Report {
        places: places.iter().map(|place| place_piece(&line, place)).collect(),
        calamities,
        circumstances,
        grip,
        status,
        carriageway: fixed.carriageway,
        hectometre: fixed.hectometre,
        priority: fixed.priority,
        unread: line.unread(),
        question,
    }
}

/// The class of a line: what the lexicon reads, unless it is said before that nothing happens; else what the size of an
/// event hints at.
fn class(reader: &calamities::Reader<'_>, line: &mut Line<'_>, fixed: &Fixed) -> (Option<Class>, Vec<Stated>) {
    let no_event = fixed.no_event.as_ref();
    let before = no_event.map_or_else(|| line.len(), |(_, range)| range.start);
    let (mut class, mut stated) = reader.take(line, before);
    // R3: what the police calls an injury is a road accident.
    let injury = (0..line.len()).find(|index| line.get(*index).is_some_and(|token| token.word() == "letsel"));
    if let Some(at) = injury.filter(|_| fixed.police && class.as_ref().is_none_or(|known| !known.taken)) {
        let range = at..at.saturating_add(1);
        if let Some(meant) = reader.stands_for(range.clone(), "ongeval wegvervoer letsel", "R3") {
            line.set(range, Mark::Piece);
            class = Some(meant);
        }
    }
    if let (None, Some((rule, range))) = (&class, no_event) {
        line.set(range.clone(), Mark::Piece);
        class = Some(Class { range: range.clone(), rule, types: Vec::new(), taken: false, routine: true });
    }
    for (condition, stands_for, range) in &fixed.scales {
        reader.scale(line, condition, range, &mut stated);
        if class.is_none() && !stands_for.is_empty() {
            // A hint is never taken.
            class = reader.stands_for(range.clone(), stands_for, "R4").map(|hint| Class { taken: false, ..hint });
            if class.is_some() {
                line.set(range.clone(), Mark::Piece);
            }
        }
    }
    reader.deny(line, &fixed.denied, class.as_ref(), &mut stated);
    stated.sort_by_key(|one| (one.range.start, one.range.end));
    (class, stated)
}

fn class_piece(snapshot: &Snapshot, line: &Line<'_>, class: &Class) -> Piece {
    let taken = class.types.first().filter(|_| class.taken);
    Piece {
        span: line.span(&class.range),
        rule: class.rule,
        meant: taken.map(|one| (one.name.name().clone(), one.display_names.clone())),
        candidates: if taken.is_some() { Vec::new() } else { calamity::candidates(snapshot, &class.types) },
        routine: class.routine,
        denied: false,
    }
}

fn circumstance_piece(line: &Line<'_>, stated: &Stated) -> Piece {
    let condition = &stated.condition;
    Piece {
        span: line.span(&stated.range),
        rule: stated.rule,
        meant: Some((condition.name.name().clone(), condition.display_names.clone())),
        candidates: Vec::new(),
        routine: false,
        denied: stated.denied,
    }
}

fn place_piece(line: &Line<'_>, place: &Place) -> Piece {
    let (meant, candidates) = match &place.meant {
        Meant::One(found) => (Some((found.area.name.name().clone(), found.area.display_names.clone())), Vec::new()),
        Meant::Several(candidates) | Meant::Near(candidates) => (None, candidates.clone()),
    };
    Piece { span: line.span(&place.range), rule: place.rule, meant, candidates, routine: false, denied: false }
}
