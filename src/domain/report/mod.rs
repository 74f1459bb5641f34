//! Reports: the text of an alarm as it stands on a screen, read piece by piece into a question.
//!
//! **Invariants.** Nothing is guessed: a piece with two meanings has both. The text is read and forgotten: it is never
//! stored, logged or noted.

use jiff::Timestamp;

use super::acting::Question;
use super::error::Candidate;
use super::field::words;
use super::grip::Grip;
use super::name::Name;
use super::snapshot::Snapshot;
use super::text::Localised;

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
    let _ = (snapshot, at);
    Report {
        places: Vec::new(),
        calamities: Vec::new(),
        circumstances: Vec::new(),
        grip: Grip::None,
        status: ReportStatus::New,
        carriageway: None,
        hectometre: String::new(),
        priority: String::new(),
        unread: vec![Span { start: 0, end: text.chars().count(), words: text.to_owned() }],
        question: None,
    }
}
