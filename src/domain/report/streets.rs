//! R16: streets, which are nowhere in the directory and must not be taken for places.
//!
//! **Invariants.** What is the name of a known area is no street.

use crate::domain::lexicon::spelling::Spelling;
use crate::domain::name::Collection;
use crate::domain::snapshot::Snapshot;

use super::table::{STREET_LINKS, STREETS};
use super::tokens::{Line, Mark, Token};

/// Marks the streets of a line, with their house numbers.
pub(super) fn mark(line: &mut Line<'_>, snapshot: &Snapshot) {
    let spelling = snapshot.lexicon().spelling();
    for index in 0..line.len() {
        let Some(end) = street(line, spelling, index) else { continue };
        let words = line.span(&(index..end)).words;
        if !snapshot.words().same(Collection::Areas, &words).is_empty() {
            continue;
        }
        line.set(index..end, Mark::Street);
        if line.is_free(end) && line.get(end).is_some_and(Token::is_house_number) {
            line.set(end..end.saturating_add(1), Mark::Street);
        }
    }
}

/// Where a street ends that begins at a word; `None`: none does.
fn street(line: &Line<'_>, spelling: &Spelling, index: usize) -> Option<usize> {
    let token = line.get(index).filter(|token| line.is_free(index) && (token.is_capital() || !line.is_mixed))?;
    let word = token.word();
    if STREETS.contains(&word) {
        let mut end = index.saturating_add(1);
        while line.is_free(end) && line.get(end).is_some_and(|link| link.is_any(STREET_LINKS)) {
            end = end.saturating_add(1);
        }
        let linked = end > index.saturating_add(1);
        let named = line.get(end).is_some_and(|name| line.is_free(end) && (name.is_capital() || !line.is_mixed));
        return (linked && named).then_some(end.saturating_add(1));
    }
    let is_one = STREETS.iter().any(|ending| word.len() > ending.len() && word.ends_with(ending));
    (is_one && !spelling.is_written(word)).then_some(index.saturating_add(1))
}

/// Whether a word alone says that the name before it is a street's: `Urker Dijk`.
pub(super) fn is_kind(token: &Token) -> bool {
    token.is_any(STREETS)
}
