//! From typed words to the words that terms use: abbreviations and usual words, phrases, plurals and diminutives,
//! compounds, and slips of the pen.
//!
//! What is read as other words is one word ("br") or a phrase ("niet bereikbaar"): its words stand next to each other, in
//! that order, with nothing but particles between them. Of phrases that begin alike the longest is read.
//!
//! **Invariants.** A word that terms use stays as it is, but for what it is read as. A compound is split, and a slip put
//! right, only where the word means nothing by itself and there is one way to do it. Whatever a word is brought to, it is
//! known from which words of the text. What stands for two things is read as neither of them.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::domain::record::Record;
use crate::domain::term::TermForm;
use crate::domain::words::tokens;

/// How typed words are brought to the words that terms use.
#[derive(Debug, Clone, Default)]
pub struct Spelling {
    /// What a word is read as instead.
    expansions: HashMap<String, Vec<String>>,
    /// What several words are read as instead: by the first of them, the longest first.
    phrases: HashMap<String, Vec<Phrase>>,
    particles: HashSet<String>,
    /// The words that stand in terms, as written.
    written: HashSet<String>,
    /// The same by first letter, for slips.
    by_initial: HashMap<u8, Vec<String>>,
}

/// Words that are read as others.
#[derive(Debug, Clone)]
struct Phrase {
    /// The words behind the first.
    rest: Vec<String>,
    reads_as: Vec<String>,
}

/// Words of a text, and what they are brought to.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Which words of the text.
    pub positions: BTreeSet<usize>,
    /// The words that terms use for it; none where nothing is known of it.
    pub tokens: Vec<String>,
    /// Whether it is one word that does not count: an article, a preposition.
    pub is_particle: bool,
}

/// What a typed word is found to be.
#[derive(Debug, Clone)]
enum Spelt {
    /// A word of a term, in whatever number, or a slip of one.
    Known,
    /// Made of words of terms.
    Compound(Vec<String>),
    Unknown,
}

/// How often a word is read as another: an abbreviation of a usual word of another.
const MAX_EXPANSIONS: usize = 4;
/// The shortest part of a compound: shorter ones are endings.
const SHORTEST_PART: usize = 3;
/// The most parts of a compound.
const MAX_PARTS: usize = 3;
/// Letters that join the parts of a compound.
const LINKS: &[&str] = &["", "s", "e", "n", "en", "er"];
/// A slip in a shorter word makes another word.
const SHORTEST_SLIP: usize = 6;
/// From this length on two slips still leave the word plain.
const TWO_SLIPS: usize = 10;

impl Spelling {
    /// The spelling of the terms among these records.
    pub(super) fn of<'a>(records: impl Iterator<Item = &'a Record> + Clone) -> Self {
        let mut read_as: HashMap<Vec<String>, HashSet<Vec<String>>> = HashMap::new();
        let mut spelling = Spelling { written: super::written_tokens(records.clone()), ..Spelling::default() };
        for record in records {
            let Record::Term(term) = record else { continue };
            match term.form {
                TermForm::Particle => {
                    spelling.particles.extend(term.words.iter().flat_map(|word| tokens(word)));
                }
                // What stands for an area only says which area is meant: "L" behind a town is Limburg.
                TermForm::Word | TermForm::Abbreviation if !term.expands_to.is_empty() && term.area_kind.is_none() => {
                    let expansion: Vec<String> = term.expands_to.iter().flat_map(|word| tokens(word)).collect();
                    for word in &term.words {
                        read_as.entry(tokens(word)).or_default().insert(expansion.clone());
                    }
                }
                TermForm::Word | TermForm::Abbreviation | TermForm::Class | TermForm::Code | TermForm::AreaKind => {}
            }
        }
        // What stands for two things is read as neither: "gr" would be guessed.
        for (words, meant) in read_as.into_iter().filter(|(_, meant)| meant.len() == 1) {
            meant.iter().for_each(|expansion| spelling.add_expansion(&words, expansion));
        }
        for phrases in spelling.phrases.values_mut() {
            phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.rest.len()));
        }
        for word in &spelling.written {
            if let Some(initial) = word.bytes().next() {
                spelling.by_initial.entry(initial).or_default().push(word.clone());
            }
        }
        spelling
    }

    fn add_expansion(&mut self, words: &[String], reads_as: &[String]) {
        match words {
            [] => {}
            [word] => {
                self.expansions.insert(word.clone(), reads_as.to_vec());
            }
            [first, rest @ ..] => {
                let phrase = Phrase { rest: rest.to_vec(), reads_as: reads_as.to_vec() };
                self.phrases.entry(first.clone()).or_default().push(phrase);
            }
        }
    }

    /// Whether a word does not count: an article, a preposition.
    pub fn is_particle(&self, token: &str) -> bool {
        self.particles.contains(token)
    }

    /// Whether a word stands in a term or is read as one that does.
    pub fn is_written(&self, token: &str) -> bool {
        self.written.contains(token) || self.expansions.contains_key(token)
    }

    /// Words of a term in the spelling that all texts are brought to: read as the usual words, in the singular.
    pub fn canonical<T: AsRef<str>>(&self, words: &[T]) -> Vec<Piece> {
        self.canonical_within(words, MAX_EXPANSIONS)
    }

    fn canonical_within<T: AsRef<str>>(&self, words: &[T], left: usize) -> Vec<Piece> {
        let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        self.pieces(&words, left, |word, _| self.canonical_word(word, left))
    }

    /// Typed words in that spelling; no tokens for what cannot be brought to any word of a term.
    pub fn read<T: AsRef<str>>(&self, words: &[T]) -> Vec<Piece> {
        let spelt: Vec<(&str, Spelt)> = words.iter().map(|word| self.spelt(word.as_ref())).collect();
        let words: Vec<&str> = spelt.iter().map(|(word, _)| *word).collect();
        self.pieces(&words, MAX_EXPANSIONS, |word, position| match spelt.get(position) {
            Some((_, Spelt::Known)) => self.canonical_word(word, MAX_EXPANSIONS),
            Some((_, Spelt::Compound(parts))) => {
                parts.iter().flat_map(|part| self.canonical_word(part, MAX_EXPANSIONS)).collect()
            }
            Some((_, Spelt::Unknown)) | None => Vec::new(),
        })
    }

    /// A typed word, a slip of the pen put right.
    fn spelt<'w>(&'w self, word: &'w str) -> (&'w str, Spelt) {
        if self.is_known(word) {
            return (word, Spelt::Known);
        }
        if let Some(parts) = self.parts(word, MAX_PARTS) {
            return (word, Spelt::Compound(parts));
        }
        self.slip_of(word).map_or((word, Spelt::Unknown), |meant| (meant.as_str(), Spelt::Known))
    }

    /// Words cut into phrases and single words, and what each is brought to.
    fn pieces(&self, words: &[&str], left: usize, bring: impl Fn(&str, usize) -> Vec<String>) -> Vec<Piece> {
        let mut taken: BTreeSet<usize> = BTreeSet::new();
        let mut pieces = Vec::new();
        for (position, word) in words.iter().enumerate() {
            if taken.contains(&position) {
                continue;
            }
            if let Some((positions, phrase)) = self.phrase_at(words, position, &taken) {
                taken.extend(positions.iter().copied());
                let tokens = self.flat(&phrase.reads_as, left.saturating_sub(1));
                pieces.push(Piece { positions, tokens, is_particle: false });
            } else {
                let positions = BTreeSet::from([position]);
                pieces.push(Piece { positions, tokens: bring(word, position), is_particle: self.is_particle(word) });
            }
        }
        pieces
    }

    /// The longest phrase that begins with a word, and where its words stand.
    fn phrase_at(&self, words: &[&str], first: usize, taken: &BTreeSet<usize>) -> Option<(BTreeSet<usize>, &Phrase)> {
        let phrases = self.phrases.get(*words.get(first)?)?;
        phrases.iter().find_map(|phrase| {
            let mut positions = BTreeSet::from([first]);
            let mut next = first;
            for wanted in &phrase.rest {
                loop {
                    next = next.checked_add(1).filter(|next| !taken.contains(next))?;
                    let word = *words.get(next)?;
                    if word == wanted || stems(word).contains(wanted) {
                        break;
                    }
                    if !self.is_particle(word) {
                        return None;
                    }
                }
                positions.insert(next);
            }
            Some((positions, phrase))
        })
    }

    fn canonical_word(&self, token: &str, left: usize) -> Vec<String> {
        let Some(left) = left.checked_sub(1) else { return vec![token.to_owned()] };
        if let Some(expansion) = self.expansions.get(token) {
            // A word that is read as itself and others is not read again.
            return if expansion.iter().any(|word| word == token) {
                expansion.clone()
            } else {
                self.flat(expansion, left)
            };
        }
        match stems(token).into_iter().find(|stem| self.is_written(stem)) {
            Some(stem) => self.canonical_word(&stem, left),
            None => vec![token.to_owned()],
        }
    }

    fn flat(&self, words: &[String], left: usize) -> Vec<String> {
        if left == 0 {
            return words.to_vec();
        }
        self.canonical_within(words, left).into_iter().flat_map(|piece| piece.tokens).collect()
    }

    /// Whether a word stands in a term, in whatever number, or is read as one that does.
    pub fn is_known(&self, token: &str) -> bool {
        self.is_written(token) || stems(token).iter().any(|stem| self.is_written(stem))
    }

    /// Whether a word means nothing by itself and is made of words of terms.
    pub fn is_compound(&self, token: &str) -> bool {
        !self.is_known(token) && self.parts(token, MAX_PARTS).is_some()
    }

    /// The parts of a compound: at most so many words of terms, with letters that join them; the longest last part first.
    fn parts(&self, token: &str, most: usize) -> Option<Vec<String>> {
        let most = most.checked_sub(1).filter(|most| *most > 0)?;
        let is_part = |part: &str| part.len() >= SHORTEST_PART && !self.is_particle(part) && self.is_known(part);
        (SHORTEST_PART..token.len()).find_map(|at| {
            let (head, tail) = token.split_at_checked(at)?;
            if !is_part(tail) {
                return None;
            }
            LINKS.iter().find_map(|link| {
                let head = head.strip_suffix(link)?;
                if is_part(head) {
                    return Some(vec![head.to_owned(), tail.to_owned()]);
                }
                let mut parts = self.parts(head, most)?;
                parts.push(tail.to_owned());
                Some(parts)
            })
        })
    }

    /// The one word of a term that a typed word is a slip of.
    fn slip_of(&self, token: &str) -> Option<&String> {
        let alike = self.by_initial.get(&token.bytes().next()?)?;
        let mut near: Vec<(usize, &String)> =
            alike.iter().filter_map(|word| Some((slips(token, word)?, word))).collect();
        near.sort_unstable();
        match near.as_slice() {
            [(_, only)] => Some(only),
            [(best, only), (next, _), ..] if best < next => Some(only),
            _ => None,
        }
    }
}

/// How many slips of the pen lie between two words; `None` if they are too many, or the words too short to tell.
pub fn slips(typed: &str, word: &str) -> Option<usize> {
    slips_from(SHORTEST_SLIP, TWO_SLIPS, typed, word)
}

/// As [`slips`], of words from a shortest length on, and with two slips from another one.
pub fn slips_from(shortest: usize, two_from: usize, typed: &str, word: &str) -> Option<usize> {
    let shorter = typed.len().min(word.len());
    let most = if shorter >= two_from { 2 } else { 1 };
    if shorter < shortest || typed.len().abs_diff(word.len()) > most {
        return None;
    }
    // Digits are never a slip: another number is another thing.
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).collect::<Vec<_>>();
    if digits(typed) != digits(word) {
        return None;
    }
    let distance = strsim::osa_distance(typed, word);
    (distance <= most).then_some(distance)
}

/// What a word may be the plural or the diminutive of, in Dutch and English; the longest first.
fn stems(token: &str) -> Vec<String> {
    let mut stems = Vec::new();
    for ending in ["s", "n", "e", "en", "es", "je", "tje", "jes", "tjes", "pje", "pjes", "eren"] {
        let Some(stem) = token.strip_suffix(ending).filter(|stem| stem.len() >= SHORTEST_PART) else { continue };
        stems.push(stem.to_owned());
        if matches!(ending, "en" | "e" | "je" | "jes") {
            stems.extend(undoubled(stem));
            stems.extend(lengthened(stem));
            stems.extend(hardened(stem));
        }
    }
    stems.sort_by_key(|stem| std::cmp::Reverse(stem.len()));
    stems
}

/// "brugg" of "bruggen" is "brug".
fn undoubled(stem: &str) -> Option<String> {
    let mut letters = stem.chars().rev();
    let (last, before) = (letters.next()?, letters.next()?);
    (last == before).then(|| stem.strip_suffix(last).map(str::to_owned)).flatten()
}

/// "bom" of "bomen" is "boom".
fn lengthened(stem: &str) -> Option<String> {
    let mut letters = stem.chars().rev();
    let (last, vowel) = (letters.next()?, letters.next()?);
    let head = stem.strip_suffix(last)?;
    "aeou".contains(vowel).then(|| format!("{head}{vowel}{last}"))
}

/// "huiz" of "huizen" is "huis", "drev" of "dreven" "dref".
fn hardened(stem: &str) -> Option<String> {
    let (head, last) = match stem.strip_suffix('z') {
        Some(head) => (head, 's'),
        None => (stem.strip_suffix('v')?, 'f'),
    };
    Some(format!("{head}{last}"))
}
