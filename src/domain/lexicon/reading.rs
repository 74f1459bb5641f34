//! Which terms a text holds, and what they say together.
//!
//! A term is in a text when each of its words is, in any order. Of two terms the one that explains more of the text
//! stands: "brand" gives way to "brand woning". What several standing terms say of the type is narrowed: what one of them
//! says and another says as broadly or more broadly. Circumstances add up.
//!
//! **Invariants.** Terms that do not agree are never chosen between: all that they mean is given, to be asked. A word that
//! no term explains is told.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::calamity_type::CalamityType;
use crate::domain::catalogue::Condition;
use crate::domain::name::Id;
use crate::domain::snapshot::Snapshot;
use crate::domain::term::Term;
use crate::domain::words::join;

use super::{Lexicon, Meaning, Said};

/// What a text says, told by the position of its words.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// The types that it means, the likeliest first: one, or several to be asked.
    pub calamity_types: Vec<Arc<CalamityType>>,
    /// Whether it must be asked, though it means one type.
    pub ask: bool,
    /// Whether it only states circumstances, and its types are what these make one ask.
    pub hinted: bool,
    /// Whether its terms say different things of the type, so that all of them are given.
    pub disagrees: bool,
    /// The term that says that it is daily work.
    pub routine: Option<Arc<Term>>,
    /// The circumstances that it states, each with the words that do.
    pub circumstances: Vec<(Id<Condition>, BTreeSet<usize>)>,
    /// The words that the type was read from.
    pub explained: BTreeSet<usize>,
    /// The words that say nothing known.
    pub unread: BTreeSet<usize>,
}

impl Reading {
    /// Whether the one type that it means is taken: it is not asked, and either every word was understood or more than
    /// one word was.
    pub fn is_taken(&self) -> bool {
        self.calamity_types.len() == 1 && !self.ask && (self.unread.is_empty() || self.explained.len() > 1)
    }

    /// Whether nothing of it was understood: daily work only counts where more than one word, or every one, says so.
    pub fn is_nothing(&self) -> bool {
        let is_routine = self.routine.is_some() && (self.unread.is_empty() || self.explained.len() > 1);
        self.calamity_types.is_empty() && !is_routine
    }
}

/// A term that a text holds.
#[derive(Debug)]
struct Held<'l> {
    meaning: &'l Meaning,
    used: BTreeSet<usize>,
    /// Which word of the term stands where: "bermbrand" says more than its one place.
    explains: BTreeSet<(usize, &'l str)>,
}

impl Lexicon {
    /// What the words of a text say at an instant: as a whole, or else term by term.
    pub fn read<T: AsRef<str>>(&self, snapshot: &Snapshot, words: &[T], at: Timestamp) -> Reading {
        let whole = self.whole(&join(words), words.len(), at);
        if !whole.is_empty() {
            return Combination { snapshot, at }.united(&whole);
        }
        let held = standing(self.held(words, at));
        Combination { snapshot, at }.narrowed(&held, self.unread(words, &held))
    }

    /// What a text means as a whole.
    fn whole(&self, form: &str, words: usize, at: Timestamp) -> Vec<Held<'_>> {
        let indices = self.by_form.get(form).into_iter().flatten();
        indices
            .filter_map(|index| self.meaning(*index))
            .filter(|meaning| meaning.said.validity().may_hold(at))
            .map(|meaning| Held { meaning, used: (0..words).collect(), explains: BTreeSet::new() })
            .collect()
    }

    /// The terms of which every word is in a text.
    fn held<T: AsRef<str>>(&self, words: &[T], at: Timestamp) -> Vec<Held<'_>> {
        let mut positions: HashMap<String, BTreeSet<usize>> = HashMap::new();
        for piece in self.spelling.read(words) {
            for token in piece.tokens {
                positions.entry(token).or_default().extend(piece.positions.iter().copied());
            }
        }
        let mut candidates: Vec<usize> =
            positions.keys().filter_map(|token| self.by_token.get(token)).flatten().copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        candidates
            .into_iter()
            .filter_map(|index| self.meaning(index))
            .filter(|meaning| meaning.said.validity().may_hold(at))
            .filter_map(|meaning| {
                let mut explains = BTreeSet::new();
                for token in &meaning.tokens {
                    explains.extend(positions.get(token)?.iter().map(|position| (*position, token.as_str())));
                }
                let used = explains.iter().map(|(position, _)| *position).collect();
                Some(Held { meaning, used, explains })
            })
            .collect()
    }

    /// The words that no term explains and that count.
    fn unread<T: AsRef<str>>(&self, words: &[T], held: &[Held<'_>]) -> BTreeSet<usize> {
        let explained: BTreeSet<usize> = held.iter().flat_map(|one| one.used.iter().copied()).collect();
        let counts = |word: &str| !self.spelling.is_particle(word) && word.chars().any(char::is_alphabetic);
        words
            .iter()
            .enumerate()
            .filter(|(position, word)| !explained.contains(position) && counts(word.as_ref()))
            .map(|(position, _)| position)
            .collect()
    }
}

/// The terms that none explains more than. A circumstance that is stated stays stated.
fn standing(held: Vec<Held<'_>>) -> Vec<Held<'_>> {
    let says_type = |one: &Held<'_>| {
        let said = &one.meaning.said;
        said.routine().is_some() || (!said.calamity_types().is_empty() && !said.only_hints())
    };
    let is_less = |one: &Held<'_>, other: &Held<'_>| {
        one.explains.is_subset(&other.explains) && one.explains.len() < other.explains.len()
    };
    let loses = |one: &Held<'_>| says_type(one) && held.iter().any(|other| says_type(other) && is_less(one, other));
    let lost: Vec<bool> = held.iter().map(loses).collect();
    let held: Vec<Held<'_>> = held.into_iter().zip(lost).filter(|(_, lost)| !lost).map(|(one, _)| one).collect();
    // "With fire" says a circumstance, and no fire, beside something that says what happens.
    let only_stated =
        |one: &Held<'_>| says_type(one) && held.iter().any(|other| !says_type(other) && is_less(one, other));
    let stated: Vec<bool> = held.iter().map(only_stated).collect();
    let happens = held.iter().zip(&stated).any(|(one, stated)| says_type(one) && !stated);
    held.into_iter().zip(stated).filter(|(_, stated)| !(happens && *stated)).map(|(one, _)| one).collect()
}

/// What terms say together.
#[derive(Debug, Clone, Copy)]
struct Combination<'s> {
    snapshot: &'s Snapshot,
    at: Timestamp,
}

impl Combination<'_> {
    /// The types in use among these, each once.
    fn in_use(&self, ids: Vec<Id<CalamityType>>) -> Vec<Arc<CalamityType>> {
        let mut types: Vec<Arc<CalamityType>> = Vec::new();
        for one in ids.iter().filter_map(|id| self.snapshot.get(id)) {
            if one.validity.may_hold(self.at) && !types.contains(one) {
                types.push(one.clone());
            }
        }
        types
    }

    /// Words that mean several things as a whole mean all of them; of a type and those below it, the broadest.
    fn united(&self, held: &[Held<'_>]) -> Reading {
        let mut types = self.in_use(held.iter().flat_map(|one| one.meaning.said.calamity_types()).collect());
        if held.iter().all(|one| one.meaning.said.calamity_types().len() < 2) {
            let all = types.clone();
            types.retain(|narrow| !all.iter().any(|broad| is_below(self.snapshot, narrow, broad)));
        }
        let mut reading = self.reading(held, types);
        reading.unread.clear();
        reading
    }

    /// What several terms of one text say of the type: what they agree upon, or else all of it.
    fn narrowed(&self, held: &[Held<'_>], unread: BTreeSet<usize>) -> Reading {
        let said = |counts: fn(&Said) -> bool| {
            let counted = held.iter().filter(move |one| counts(&one.meaning.said));
            counted.map(|one| self.in_use(one.meaning.said.calamity_types())).filter(|types| !types.is_empty())
        };
        // Daily work counts where nothing else is said, and what a circumstance makes one ask where that is not either.
        let firm = self.agreed(said(|said| said.routine().is_none() && !said.only_hints()));
        let is_routine = held.iter().any(|one| one.meaning.said.routine().is_some());
        let (types, agree) = match firm {
            Some(firm) => firm,
            None if is_routine => (said(|said| said.routine().is_some()).flatten().collect(), true),
            None => self.agreed(said(Said::only_hints)).unwrap_or((Vec::new(), true)),
        };
        let types = self.in_use(types.into_iter().map(|one| one.name.clone()).collect());
        let mut reading = self.reading(held, types);
        reading.ask |= !agree;
        reading.disagrees = !agree;
        reading.unread = unread;
        reading
    }

    /// What lists of types agree upon; of those that do not, what each group of them does, and that they do not. Nothing
    /// where there is none.
    fn agreed(&self, lists: impl Iterator<Item = Vec<Arc<CalamityType>>>) -> Option<(Vec<Arc<CalamityType>>, bool)> {
        let mut groups: Vec<Vec<Arc<CalamityType>>> = Vec::new();
        for more in lists {
            let agreeing = groups.iter_mut().find_map(|group| {
                let common = self.common(group, &more);
                (!common.is_empty()).then_some((group, common))
            });
            match agreeing {
                Some((group, common)) => *group = common,
                None => groups.push(more),
            }
        }
        let agree = groups.len() < 2;
        (!groups.is_empty()).then(|| (groups.concat(), agree))
    }

    /// The types of two lists that are the same as, or below, one of the other list.
    fn common(&self, one: &[Arc<CalamityType>], other: &[Arc<CalamityType>]) -> Vec<Arc<CalamityType>> {
        let within = |narrow: &Arc<CalamityType>, broad: &[Arc<CalamityType>]| {
            broad.iter().any(|broad| broad.name == narrow.name || is_below(self.snapshot, narrow, broad))
        };
        let mut common: Vec<_> = one.iter().filter(|narrow| within(narrow, other)).cloned().collect();
        for narrow in other.iter().filter(|narrow| within(narrow, one)) {
            if !common.contains(narrow) {
                common.push(narrow.clone());
            }
        }
        common
    }

    fn reading(&self, held: &[Held<'_>], types: Vec<Arc<CalamityType>>) -> Reading {
        let means = |said: &Said| !said.calamity_types().is_empty() || said.routine().is_some();
        let typed: Vec<&Held<'_>> = held.iter().filter(|one| means(&one.meaning.said)).collect();
        let hinted = typed.iter().all(|one| one.meaning.said.only_hints());
        let typed: Vec<&Held<'_>> = typed.into_iter().filter(|one| hinted || !one.meaning.said.only_hints()).collect();
        let settling = |one: &&&Held<'_>| {
            let own = one.meaning.said.calamity_types();
            own.iter().any(|id| types.iter().any(|kept| kept.name == *id))
        };
        // A term that must be asked is settled by another that says the same type without asking.
        let ask = types.len() != 1 || typed.iter().filter(settling).all(|one| one.meaning.said.asks());
        let only_routine = typed.iter().all(|one| one.meaning.said.routine().is_some());
        let routine = typed.iter().find_map(|one| one.meaning.said.routine()).filter(|_| only_routine).cloned();
        let mut circumstances: Vec<(Id<Condition>, BTreeSet<usize>)> = Vec::new();
        for one in held {
            for condition in one.meaning.said.circumstances() {
                match circumstances.iter_mut().find(|(known, _)| known == condition) {
                    Some((_, used)) => used.extend(one.used.iter().copied()),
                    None => circumstances.push((condition.clone(), one.used.clone())),
                }
            }
        }
        Reading {
            ask: ask && !types.is_empty(),
            hinted: hinted && !types.is_empty(),
            disagrees: false,
            routine,
            circumstances,
            explained: typed.iter().flat_map(|one| one.used.iter().copied()).collect(),
            unread: BTreeSet::new(),
            calamity_types: types,
        }
    }
}

/// Whether one type has another somewhere above it.
pub fn is_below(snapshot: &Snapshot, narrow: &CalamityType, broad: &CalamityType) -> bool {
    let mut seen = vec![&narrow.name];
    let mut parent = narrow.parent.as_ref();
    while let Some(name) = parent.filter(|name| !seen.contains(name)) {
        if *name == broad.name {
            return true;
        }
        seen.push(name);
        parent = snapshot.get(name).and_then(|above| above.parent.as_ref());
    }
    false
}
