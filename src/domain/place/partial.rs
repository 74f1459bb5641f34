//! Words of which only some are known: a town with a quarter, a street or a number that the directory lacks, or two names
//! that lie apart.
//!
//! **Invariants.** Only a town of ours, an object, or what a town tells apart is answered with words unread; a number or
//! word that nobody knows never makes a road or a region the place. Names that lie apart are asked.

use std::sync::Arc;

use crate::domain::area::{Area, AreaKind};
use crate::domain::error::Obstacle;

use super::PlaceMatch;
use super::gazetteer::Gazetteer;
use super::qualified::{Named, Spelt};
use super::typed::Typed;

/// More words than this are a report, not a place.
const MAX_WORDS: usize = 20;
/// A name that so many places have ("Centrum") says nothing against a town beside it.
const GENERIC_FROM: usize = 3;

/// What is made of words from one of them on: how many are read, by which names.
#[derive(Debug, Clone, Default)]
struct Best<'n, 't> {
    read: usize,
    names: Vec<(usize, &'n Named<'t>)>,
}

impl Gazetteer<'_> {
    /// The place that some of the words mean, with the others unread; or the places between which they do not decide.
    pub(super) fn partly(&self, words: &str, typed: &Typed, spelt: Spelt) -> Option<Result<PlaceMatch, Obstacle>> {
        let tokens = &typed.tokens;
        if tokens.len() > MAX_WORDS {
            return None;
        }
        let named = self.names(tokens, spelt);
        let mut names = self.most_read(tokens, &named);
        let is_generic = |name: &Named<'_>| self.distinct(name.areas.clone()).len() >= GENERIC_FROM;
        let mut areas = self.together(&names);
        if areas.is_empty() && names.iter().any(|(_, name)| !is_generic(name)) {
            names.retain(|(_, name)| !is_generic(name));
            areas = self.together(&names);
        }
        if areas.is_empty() {
            let apart: Vec<Arc<Area>> = names.iter().flat_map(|(_, name)| name.areas.iter().cloned()).collect();
            return (names.len() > 1).then(|| Err(self.ambiguous(self.narrowest(apart))));
        }
        let is_read = |at: usize| {
            names.iter().any(|(start, name)| (*start..start.saturating_add(name.tokens.len())).contains(&at))
        };
        let all_else = |at: &usize| !is_read(*at);
        let says_kind = |at: usize| tokens.get(at..=at).is_some_and(|word| self.says_kind(word));
        // "gemeente Emmeloord": the word was understood, and there is no such municipality.
        if (0..tokens.len()).filter(all_else).all(says_kind) {
            return None;
        }
        let unread = typed.written(|at| !is_read(at));
        let of_one_name = names.len() == 1;
        match self.one(words, areas)? {
            Ok(found) => {
                let is_enough = match found.area.kind {
                    AreaKind::Municipality | AreaKind::Place | AreaKind::Object => true,
                    AreaKind::Road | AreaKind::Rail | AreaKind::Water => !of_one_name,
                    AreaKind::SafetyRegion | AreaKind::Province | AreaKind::Country => false,
                };
                (is_enough && self.is_ours(&found.area)).then_some(Ok(PlaceMatch { unread, ..found }))
            }
            Err(several) => Some(Err(several)),
        }
    }

    /// The areas that these names mean: of one name all, of several those that the others tell apart.
    fn together(&self, names: &[(usize, &Named<'_>)]) -> Vec<Arc<Area>> {
        match names {
            [] => Vec::new(),
            [(_, only)] => only.areas.clone(),
            several => self.told_apart(&several.iter().map(|(_, name)| *name).collect::<Vec<_>>()),
        }
    }

    /// The names, one behind the other, that read the most words; of those the fewest.
    fn most_read<'n, 't>(&self, tokens: &[String], named: &'n [Vec<Named<'t>>]) -> Vec<(usize, &'n Named<'t>)> {
        let mut best: Vec<Best<'n, 't>> = vec![Best::default(); tokens.len().saturating_add(1)];
        for start in (0..tokens.len()).rev() {
            let mut here = best.get(start.saturating_add(1)).cloned().unwrap_or_default();
            for name in named.get(start).into_iter().flatten().filter(|name| self.may_stand(tokens, start, name)) {
                let after = best.get(start.saturating_add(name.tokens.len())).cloned().unwrap_or_default();
                let read = after.read.saturating_add(name.tokens.len());
                let count = after.names.len().saturating_add(1);
                if read > here.read || (read == here.read && count < here.names.len()) {
                    here = Best { read, names: after.names };
                    here.names.insert(0, (start, name));
                }
            }
            if let Some(slot) = best.get_mut(start) {
                *slot = here;
            }
        }
        best.into_iter().next().map(|best| best.names).unwrap_or_default()
    }

    /// Whether a name is one where it stands: not a part of a longer one that an article begins, as in "De Wierden", nor a
    /// letter of it.
    fn may_stand(&self, tokens: &[String], start: usize, name: &Named<'_>) -> bool {
        let article = start.checked_sub(1).and_then(|before| tokens.get(before));
        let is_cut = article.is_some_and(|word| self.snapshot.words().begins_a_name(word));
        let is_letter = name.tokens.iter().all(|token| token.len() == 1);
        !name.areas.is_empty() && !is_cut && !is_letter
    }

    fn says_kind(&self, word: &[String]) -> bool {
        self.snapshot.place_terms().split_first(word, self.at).is_some()
    }

    /// Of areas the places that none of the others lies in.
    fn narrowest(&self, areas: Vec<Arc<Area>>) -> Vec<Arc<Area>> {
        let places: Vec<Arc<Area>> = self.distinct(areas).into_iter().map(|(area, _)| area).collect();
        let holds_another = |area: &Arc<Area>| {
            places.iter().any(|other| other.name != area.name && self.reaches(other).contains(&area.name))
        };
        places.iter().filter(|area| !holds_another(area)).cloned().collect()
    }
}
