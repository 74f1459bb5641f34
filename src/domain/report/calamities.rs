//! R7 to R12, R24 and R25: the class of a line, by the lexicon, and the circumstances that its words state.
//!
//! The class is the run of words that the lexicon explains best, the first of several as good; a word more is taken
//! only if what it says agrees. What stands in parentheses narrows it or is a circumstance.
//!
//! **Invariants.** The words of a name are no class. What the lexicon would ask is asked. A word that is cut off at the
//! end of the text (R23) is not completed.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::calamity_type::CalamityType;
use crate::domain::catalogue::Condition;
use crate::domain::lexicon::reading::Reading;
use crate::domain::name::Id;
use crate::domain::snapshot::Snapshot;

use super::table::ASSENTS;
use super::tokens::{Line, Mark, Token};

/// The class of a line.
#[derive(Debug, Clone)]
pub(super) struct Class {
    /// Where it stands.
    pub(super) range: Range<usize>,
    /// The rule that read it.
    pub(super) rule: &'static str,
    /// The types that it means: one that is taken, or several to be asked.
    pub(super) types: Vec<Arc<CalamityType>>,
    /// Whether the one type is taken.
    pub(super) taken: bool,
    /// Whether it is daily work.
    pub(super) routine: bool,
}

/// A circumstance of a line.
#[derive(Debug, Clone)]
pub(super) struct Stated {
    /// Where it stands.
    pub(super) range: Range<usize>,
    /// The rule that read it.
    pub(super) rule: &'static str,
    /// What it says.
    pub(super) condition: Arc<Condition>,
    /// Whether it is denied.
    pub(super) denied: bool,
}

/// The most words of a class.
const MAX_WORDS: usize = 8;
/// One word behind a name, though explained for sure, belongs to the name.
const NAMED: usize = 3;
/// A line is short; what follows so many words is a story, and is not searched for a class.
const MAX_SEARCHED: usize = 150;

/// Which words of a line the lexicon knows, those of names left out.
pub(super) fn lexical(line: &Line<'_>, snapshot: &Snapshot) -> Vec<bool> {
    let spelling = snapshot.lexicon().spelling();
    let last = line.len().saturating_sub(1);
    let knows = |index: usize, token: &Token| {
        if token.norm.is_empty() || index >= MAX_SEARCHED {
            return false;
        }
        let is_known = |word: &String| spelling.is_particle(word) || spelling.is_known(word);
        if token.norm.iter().all(is_known) {
            return true;
        }
        // A capital in the middle of a line begins a name, whatever it looks like.
        let opens = line.is_start(index) || token.before.contains(['(', '/']);
        let is_name = line.is_mixed && token.is_capital() && !opens;
        if token.norm.iter().all(|word| is_known(word) || spelling.is_compound(word)) {
            return !is_name;
        }
        // What is left are slips of the pen.
        let meant = spelling.read(&token.norm);
        let is_cut = |word: &String| index == last && is_cut_off(token.word(), word);
        let reads = meant.iter().all(|piece| !piece.tokens.is_empty());
        reads && !is_name && !meant.iter().flat_map(|piece| &piece.tokens).any(is_cut)
    };
    line.tokens.iter().enumerate().map(|(index, token)| token.has_letter() && knows(index, token)).collect()
}

/// Whether a word is only the beginning of the one that it would be read as.
fn is_cut_off(typed: &str, meant: &str) -> bool {
    typed.len() < meant.len() && meant.starts_with(typed)
}

/// Reads words by the lexicon.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'s> {
    pub(super) snapshot: &'s Snapshot,
    pub(super) at: Timestamp,
    /// Which words the lexicon knows.
    pub(super) lexical: &'s [bool],
}

/// How well words are a class: greater is better.
type Score = (bool, bool, bool, usize);

/// Words with what the lexicon reads in them.
#[derive(Debug, Clone)]
struct Read {
    /// The places of the words in the line, one for each word in normal form.
    places: Vec<usize>,
    reading: Reading,
}

impl Read {
    fn says(&self) -> bool {
        !self.reading.is_nothing() && self.reading.unread.is_empty()
    }

    fn at(&self, positions: &BTreeSet<usize>) -> BTreeSet<usize> {
        positions.iter().filter_map(|position| self.places.get(*position)).copied().collect()
    }

    fn explained(&self) -> BTreeSet<usize> {
        self.at(&self.reading.explained)
    }

    fn types(&self) -> &[Arc<CalamityType>] {
        &self.reading.calamity_types
    }
}

impl Reader<'_> {
    fn is_lexical(&self, index: usize) -> bool {
        self.lexical.get(index).copied().unwrap_or_default()
    }

    fn read(&self, line: &Line<'_>, indices: impl IntoIterator<Item = usize>) -> Read {
        let (mut places, mut words) = (Vec::new(), Vec::new());
        for index in indices {
            for word in line.get(index).into_iter().flat_map(|token| &token.norm) {
                places.push(index);
                words.push(word.as_str());
            }
        }
        Read { places, reading: self.snapshot.lexicon().read(self.snapshot, &words, self.at) }
    }

    /// What words that stand for others say: a discipline.
    pub(super) fn stands_for(&self, range: Range<usize>, words: &str, rule: &'static str) -> Option<Class> {
        let words: Vec<&str> = words.split(' ').collect();
        let reading = self.snapshot.lexicon().read(self.snapshot, &words, self.at);
        let routine = reading.routine.is_some();
        (!reading.is_nothing()).then(|| Class {
            range,
            rule,
            taken: reading.is_taken(),
            types: reading.calamity_types,
            routine,
        })
    }

    /// Takes the class off a line, if it stands before an index, with all the circumstances that its words state.
    pub(super) fn take(&self, line: &mut Line<'_>, before: usize) -> (Option<Class>, Vec<Stated>) {
        let mut stated = Vec::new();
        let best = self.best(line).filter(|(range, _)| range.start < before);
        let class = best.map(|(range, read)| self.class(line, range, read, &mut stated));
        self.rest(line, &mut stated);
        (class, stated)
    }

    /// The runs of words that the lexicon knows and nothing took.
    fn runs(&self, line: &Line<'_>) -> Vec<Range<usize>> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        for index in (0..line.len()).filter(|index| line.is_free(*index) && self.is_lexical(*index)) {
            match runs.last_mut() {
                Some(run) if run.end == index && goes_on(line, index) => {
                    run.end = index.saturating_add(1);
                }
                Some(_) | None => runs.push(index..index.saturating_add(1)),
            }
        }
        runs
    }

    /// The words that the lexicon explains best.
    fn best(&self, line: &Line<'_>) -> Option<(Range<usize>, Read)> {
        let mut best: Option<(Score, Range<usize>, Read)> = None;
        for run in self.runs(line) {
            for start in run.clone() {
                let Some((range, read)) = self.longest(line, start..run.end) else { continue };
                let score = self.score(line, &range, &read);
                if best.as_ref().is_none_or(|(known, ..)| score > *known) {
                    best = Some((score, range, read));
                }
            }
        }
        best.map(|(_, range, read)| (range, read))
    }

    /// How well words are a class: by how many are explained; those in parentheses, and behind a name, count less, and what
    /// only states a circumstance least.
    fn score(&self, line: &Line<'_>, range: &Range<usize>, read: &Read) -> Score {
        let behind_a_name = line.before(range.start).is_some_and(|(before, token)| {
            line.is_free(before) && token.is_capital() && !self.is_lexical(before) && token.bracket == 0
        });
        let in_parentheses = line.get(range.start).is_some_and(|token| token.bracket > 0);
        // Outside parentheses first, then clear of a name; then by how much is explained, and whether it need not be asked.
        let explained = read.explained().len().saturating_mul(2).saturating_add(usize::from(read.reading.is_taken()));
        (!read.reading.hinted, !in_parentheses, !behind_a_name || explained > NAMED, explained)
    }

    /// The most words from a start on of which each says something and none contradicts those before.
    fn longest(&self, line: &Line<'_>, run: Range<usize>) -> Option<(Range<usize>, Read)> {
        let mut known: Option<(Range<usize>, Read)> = None;
        let most = run.end.min(run.start.saturating_add(MAX_WORDS));
        for end in run.start.saturating_add(1)..=most {
            let range = run.start..end;
            let read = self.read(line, range.clone());
            let ends_well =
                read.explained().first() == Some(&run.start) && read.explained().last() == Some(&end.saturating_sub(1));
            if !read.says() || !ends_well {
                continue;
            }
            // A word more that says another type is another matter.
            if known.as_ref().is_some_and(|(_, less)| read.reading.disagrees && !less.reading.disagrees) {
                break;
            }
            known = Some((range, read));
        }
        known
    }

    fn class(&self, line: &mut Line<'_>, mut range: Range<usize>, mut read: Read, stated: &mut Vec<Stated>) -> Class {
        let mut rule = self.rule(line, &range);
        line.set(range.clone(), Mark::Piece);
        let (mut adjacent, mut words) = (true, range.clone().collect::<Vec<_>>());
        self.state(line, &read, &words, rule, stated);
        let is_routine = read.reading.routine.is_some();
        // Parentheses right behind the class, each by itself; what is taken already stands between.
        let mut next = range.end;
        while let Some(token) = line.get(next).filter(|token| token.bracket > 0) {
            let bracket = token.bracket;
            let group = next..(next..line.len())
                .find(|index| line.get(*index).is_none_or(|token| token.bracket != bracket))
                .unwrap_or_else(|| line.len());
            next = group.end;
            let free: Vec<usize> =
                group.clone().filter(|index| line.is_free(*index) && self.is_lexical(*index)).collect();
            if free.is_empty() {
                adjacent = false;
                continue;
            }
            let alone = self.read(line, free.iter().copied());
            let says_no_more = alone.reading.is_nothing() || alone.reading.hinted;
            let is_circumstance = says_no_more && !alone.reading.circumstances.is_empty();
            if is_circumstance && alone.reading.unread.is_empty() && read.reading.is_taken() {
                self.state(line, &alone, &free, "R12", stated);
                adjacent = false;
                continue;
            }
            let with = self.read(line, words.iter().chain(&free).copied());
            let contradicts = with.reading.disagrees && !read.reading.disagrees;
            let narrows = with.says() && !contradicts && with.types() != read.types();
            let explained = with.explained();
            let told =
                !contradicts && with.reading.unread.is_empty() && free.iter().all(|index| explained.contains(index));
            if narrows || told {
                self.state(line, &with, &free, "R12", stated);
                let all_of_it = free.len() == group.len();
                if adjacent && all_of_it {
                    range.end = group.end;
                    line.set(group, Mark::Piece);
                } else {
                    adjacent = false;
                }
                if narrows {
                    rule = "R12";
                }
                words.extend(free);
                // What confirms a type that is taken does not make it doubtful.
                if narrows || !read.reading.is_taken() {
                    read = with;
                }
            } else {
                adjacent = false;
            }
        }
        // "BR x" with an unknown use may be any fire: one word is not enough where another follows it.
        let use_unknown = range.len() == 1
            && line.get(range.end).is_some_and(|next| {
                line.is_free(range.end) && next.bracket == 0 && next.has_letter() && !next.is_capital()
            });
        // Daily work that only a parenthesis makes more of is asked.
        let routine = is_routine || read.reading.routine.is_some();
        Class {
            range,
            rule,
            taken: read.reading.is_taken() && !routine && !use_unknown,
            types: read.types().to_vec(),
            routine,
        }
    }

    /// The rule that reads a class, by how it is written.
    fn rule(&self, line: &Line<'_>, range: &Range<usize>) -> &'static str {
        let inner = || (range.start..range.end).filter_map(|index| line.get(index));
        let first = line.get(range.start).map_or("", Token::word);
        let slash = inner().skip(1).any(|token| token.before == "/");
        let dot = inner().skip(1).any(|token| token.before.starts_with('.'));
        let compound = |token: &Token| {
            let spelling = self.snapshot.lexicon().spelling();
            !spelling.is_written(token.word()) && spelling.is_compound(token.word())
        };
        match first {
            "br" => "R8",
            "hv" => "R9",
            _ if slash => "R10",
            _ if dot => "R24",
            _ if inner().any(compound) => "R25",
            _ => "R7",
        }
    }

    /// Notes the circumstances of words that were read, at those among `within` that state them.
    fn state(&self, line: &mut Line<'_>, read: &Read, within: &[usize], rule: &'static str, stated: &mut Vec<Stated>) {
        for (condition, used) in &read.reading.circumstances {
            let known = stated.iter().any(|one| one.condition.name == *condition);
            if let Some(condition) = self.snapshot.get(condition).filter(|_| !known) {
                let mut used = read.at(used);
                used.retain(|index| within.contains(index));
                note(line, condition, &used, rule, stated);
            }
        }
    }

    /// The circumstances that other words of the line state, in parentheses or in small letters.
    fn rest(&self, line: &mut Line<'_>, stated: &mut Vec<Stated>) {
        for run in self.runs(line) {
            let names = |index: usize| {
                line.get(index).is_some_and(|token| token.bracket == 0 && token.is_capital() && line.is_mixed)
            };
            let words: Vec<usize> = run.filter(|index| !names(*index)).collect();
            if !words.is_empty() {
                let read = self.read(line, words.iter().copied());
                self.state(line, &read, &words, "R12", stated);
            }
        }
    }

    /// What is denied, as far as it is a circumstance.
    pub(super) fn deny(
        &self,
        line: &mut Line<'_>,
        denied: &[(Range<usize>, Range<usize>)],
        class: Option<&Class>,
        stated: &mut Vec<Stated>,
    ) {
        for (key, all) in denied {
            let mut read = self.read(line, key.clone());
            // "Met brand" says something of what happens only beside it.
            if read.reading.circumstances.is_empty() {
                read = self.read(line, class.into_iter().flat_map(|class| class.range.clone()).chain(key.clone()));
            }
            for (condition, _) in &read.reading.circumstances {
                let Some(condition) = self.snapshot.get(condition) else { continue };
                // What a line both says and denies is not known.
                if stated.iter().any(|one| one.condition.name == condition.name) {
                    continue;
                }
                line.set(all.clone(), Mark::Piece);
                let condition = condition.clone();
                stated.push(Stated { range: all.clone(), rule: "R14", condition, denied: true });
            }
        }
    }

    /// The size of the event, if the directory has it as a circumstance.
    pub(super) fn scale(&self, line: &mut Line<'_>, condition: &str, range: &Range<usize>, stated: &mut Vec<Stated>) {
        let found = Id::<Condition>::parse(condition).ok();
        let Some(condition) = found.and_then(|id| self.snapshot.get(&id)).cloned() else { return };
        if stated.iter().all(|one| one.condition.name != condition.name) {
            line.set(range.clone(), Mark::Piece);
            stated.push(Stated { range: range.clone(), rule: "R4", condition, denied: false });
        }
    }
}

/// Whether a word goes on with the class of the word before: in the same parenthesis, and no capital behind a small
/// letter, with which a name begins.
fn goes_on(line: &Line<'_>, index: usize) -> bool {
    let (Some((_, before)), Some(token)) = (line.before(index), line.get(index)) else { return false };
    let is_name = line.is_mixed && token.is_capital() && before.has_letter() && !before.is_capital();
    before.bracket == token.bracket && (!is_name || token.before.contains('/'))
}

/// Notes a circumstance where its words first stand together; two of one list stand on the same words or apart.
fn note(
    line: &mut Line<'_>,
    condition: &Arc<Condition>,
    used: &BTreeSet<usize>,
    rule: &'static str,
    stated: &mut Vec<Stated>,
) {
    let Some(first) = used.first() else { return };
    let mut range = *first..first.saturating_add(1);
    while used.contains(&range.end) {
        range.end = range.end.saturating_add(1);
    }
    // The value of a property belongs to it: "asbest: ja".
    if line.get(range.end).is_some_and(|value| value.before.contains(':') && value.is_any(ASSENTS)) {
        range.end = range.end.saturating_add(1);
    }
    let overlaps = |one: &&Stated| one.range.start < range.end && range.start < one.range.end;
    if let Some(other) = stated.iter().find(overlaps) {
        range = other.range.clone();
    }
    line.set(range.clone(), Mark::Piece);
    stated.push(Stated { range, rule, condition: condition.clone(), denied: false });
}
