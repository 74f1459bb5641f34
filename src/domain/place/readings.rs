//! The readings of typed words without those that introduce a name or say its kind.

use crate::domain::area::AreaKind;

use super::gazetteer::Gazetteer;

/// At most so many words before a name are left out.
const MAX_INTRODUCTION: usize = 3;

/// Some of the words typed, with the kinds of area that the others ask for.
#[derive(Debug, Clone)]
pub(super) struct Reading<'t> {
    pub(super) tokens: &'t [String],
    /// None: any kind.
    pub(super) kinds: Vec<AreaKind>,
    /// Whether a word was left out that may belong to a name: "De Wierden" is another place than Wierden.
    pub(super) lacks_article: bool,
}

impl<'t> Reading<'t> {
    /// The words as they stand.
    pub(super) fn whole(tokens: &'t [String]) -> Self {
        Reading { tokens, kinds: Vec::new(), lacks_article: false }
    }
}

impl Gazetteer<'_> {
    /// The readings of words, as they stand first; those that leave out least come before others.
    pub(super) fn readings<'t>(&self, tokens: &'t [String]) -> Vec<Reading<'t>> {
        let (words, terms) = (self.snapshot.words(), self.snapshot.place_terms());
        let mut readings = vec![Reading::whole(tokens)];
        let mut read = Reading::whole(tokens);
        for dropped in 0..=MAX_INTRODUCTION {
            if dropped > 0 {
                let Some((first, after)) = read.tokens.split_first() else { break };
                match terms.split_first(read.tokens, self.at) {
                    Some((kinds, rest)) if read.kinds.is_empty() => {
                        read = Reading { tokens: rest, kinds, lacks_article: false };
                    }
                    Some(_) | None if words.is_particle(first) => {
                        read.tokens = after;
                        read.lacks_article |= words.begins_a_name(first);
                    }
                    Some(_) | None => break,
                }
                readings.push(read.clone());
            }
            if read.kinds.is_empty()
                && let Some((kinds, rest)) = terms.split_last(read.tokens, self.at)
            {
                readings.push(Reading { tokens: rest, kinds, ..read.clone() });
            }
        }
        readings.retain(|reading| !reading.tokens.is_empty());
        readings
    }
}
