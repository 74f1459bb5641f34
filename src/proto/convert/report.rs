//! What a report says, as a message.

use crate::domain::error::Candidate;
use crate::domain::report::{Piece, Report, Span};
use crate::proto::v1;

use super::{Detail, timestamp};

impl Detail {
    /// What a report says; without revision and time.
    pub fn report(&self, report: &Report) -> v1::InterpretReportResponse {
        let pieces = |pieces: &[Piece]| pieces.iter().map(|piece| self.piece(piece)).collect();
        let question = report.question.as_ref().map(|question| v1::FindActingOrganisationsRequest {
            places: question.places.clone(),
            calamities: question.calamities.clone(),
            circumstances: question.circumstances.clone(),
            denied_circumstances: question.denied.clone(),
            grip: v1::Grip::from(question.grip).into(),
            exercise: question.exercise,
            language_code: self.language.code().to_owned(),
            effective_time: Some(timestamp(question.effective_time)),
            ..Default::default()
        });
        v1::InterpretReportResponse {
            places: pieces(&report.places),
            calamities: pieces(&report.calamities),
            circumstances: pieces(&report.circumstances),
            grip: v1::Grip::from(report.grip).into(),
            status: v1::ReportStatus::from(report.status).into(),
            detail: Some(v1::ReportDetail {
                carriageway: report.carriageway.map_or(v1::Carriageway::Unspecified, Into::into).into(),
                hectometre: report.hectometre.clone(),
                priority: report.priority.clone(),
            }),
            unread: report.unread.iter().map(unread).collect(),
            question,
            ..Default::default()
        }
    }

    fn piece(&self, piece: &Piece) -> v1::ReportPiece {
        let Span { start, end, words } = &piece.span;
        v1::ReportPiece {
            words: words.clone(),
            start: position(*start),
            end: position(*end),
            rule: piece.rule.to_owned(),
            name: piece.meant.as_ref().map(|(name, _)| name.to_string()).unwrap_or_default(),
            display_name: piece.meant.as_ref().map(|(_, names)| self.text(names)).unwrap_or_default(),
            candidates: piece.candidates.iter().map(|candidate| self.candidate(candidate)).collect(),
            routine: piece.routine,
            denied: piece.denied,
        }
    }

    /// A record that words may mean.
    pub fn candidate(&self, candidate: &Candidate) -> v1::Candidate {
        v1::Candidate {
            name: candidate.name.to_string(),
            display_name: self.text(&candidate.display_names),
            within: self.optional_text(candidate.within.as_ref()),
        }
    }
}

fn unread(span: &Span) -> v1::UnreadWords {
    v1::UnreadWords { words: span.words.clone(), start: position(span.start), end: position(span.end) }
}

/// The contract allows at most 4,000 code points.
fn position(position: usize) -> i32 {
    i32::try_from(position).unwrap_or(i32::MAX)
}
