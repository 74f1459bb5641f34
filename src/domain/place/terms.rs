//! What people type beside the name of a place: words that say its kind, and abbreviations of the wider area it lies in.
//!
//! **Invariants.** The terms of the directory say what these are; none is known here.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::domain::area::AreaKind;
use crate::domain::record::Record;
use crate::domain::term::TermForm;
use crate::domain::validity::Validity;
use crate::domain::words::tokens;

/// What is said, and when it is or was in use.
type Dated<T> = (T, Validity);

/// The terms of a directory that say something of a place.
#[derive(Debug, Clone, Default)]
pub struct PlaceTerms {
    /// Per words, the kind of area that they ask for: "gemeente".
    kinds: HashMap<Vec<String>, Vec<Dated<AreaKind>>>,
    /// Per word, the names that it abbreviates, each with its kind: "nh" for the province of Noord-Holland.
    abbreviations: HashMap<Vec<String>, Vec<Dated<Abbreviated>>>,
}

/// The name that an abbreviation stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Abbreviated {
    /// The name.
    pub tokens: Vec<String>,
    /// The kind of area.
    pub kind: AreaKind,
}

/// The most words that say a kind together: "safety region".
const MAX_KIND_WORDS: usize = 2;

impl PlaceTerms {
    /// The terms among these records.
    pub(in crate::domain) fn of<'a>(records: impl Iterator<Item = &'a Record>) -> Self {
        let mut terms = PlaceTerms::default();
        for record in records {
            let Record::Term(term) = record else { continue };
            let Some(kind) = term.area_kind else { continue };
            for words in term.words.iter().map(|word| tokens(word)).filter(|words| !words.is_empty()) {
                match term.form {
                    TermForm::AreaKind => {
                        terms.kinds.entry(words).or_default().push((kind, term.validity.clone()));
                    }
                    TermForm::Word | TermForm::Abbreviation => {
                        let names = term.expands_to.iter().map(|name| Abbreviated { tokens: tokens(name), kind });
                        let dated = names.map(|name| (name, term.validity.clone()));
                        terms.abbreviations.entry(words).or_default().extend(dated);
                    }
                    TermForm::Class | TermForm::Code | TermForm::Particle => {}
                }
            }
        }
        terms
    }

    /// The kinds that the first words of these ask for, and what stands behind them.
    pub(super) fn split_first<'t>(&self, words: &'t [String], at: Timestamp) -> Option<(Vec<AreaKind>, &'t [String])> {
        self.split(words, at, |words, count| words.split_at_checked(count))
    }

    /// The kinds that the last words of these ask for, and what stands before them.
    pub(super) fn split_last<'t>(&self, words: &'t [String], at: Timestamp) -> Option<(Vec<AreaKind>, &'t [String])> {
        self.split(words, at, |words, count| {
            words.split_at_checked(words.len().checked_sub(count)?).map(|(before, last)| (last, before))
        })
    }

    fn split<'t>(
        &self,
        words: &'t [String],
        at: Timestamp,
        cut: impl Fn(&'t [String], usize) -> Option<(&'t [String], &'t [String])>,
    ) -> Option<(Vec<AreaKind>, &'t [String])> {
        (1..=MAX_KIND_WORDS).rev().find_map(|count| {
            let (said, rest) = cut(words, count)?;
            let kinds = in_use(self.kinds.get(said)?, at).copied().collect::<Vec<_>>();
            (!kinds.is_empty()).then_some((kinds, rest))
        })
    }

    /// The names that words abbreviate.
    pub(super) fn abbreviated(&self, words: &[String], at: Timestamp) -> impl Iterator<Item = &Abbreviated> {
        self.abbreviations.get(words).into_iter().flat_map(move |known| in_use(known, at))
    }
}

fn in_use<T>(all: &[Dated<T>], at: Timestamp) -> impl Iterator<Item = &T> {
    all.iter().filter(move |(_, validity)| validity.may_hold(at)).map(|(said, _)| said)
}
