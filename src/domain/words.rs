//! The words that people type, and an index from them to the records they may mean.
//!
//! Two spellings are the same word when their *normal forms* agree: marks and case are gone, everything but letters
//! and digits only separates, and what is separated is joined again, so that `'s-Graveland`, `s graveland` and
//! `sgraveland` are one. Only between two numbers does a separation stay: `1.1.30` is not `11.30`. Where no normal
//! form agrees, the *loose form* decides, in which particles do not count: `Nederhorst Berg`, `Ketelbrug`.
//!
//! Places are told apart more finely: Zwartemeer is a village and Zwarte Meer a lake. Their *spaced form* joins only what
//! is written both ways everywhere, a single letter and what follows, letters and the number behind them: `s Graveland`,
//! `N 305`.
//!
//! **Invariants.** The index holds every word whenever it is or was in use; whoever looks something up judges its
//! validity. A near miss is only ever a suggestion: nothing here chooses for the asker. Which words are particles, the
//! terms say.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use any_ascii::any_ascii;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::area::{Alias, Code};
use super::lexicon::spelling::slips_from;
use super::name::{Collection, Name};
use super::record::Record;
use super::term::TermForm;
use super::text::Localised;
use super::validity::Validity;

/// The longest words that are looked up, in bytes: twice the longest name of an organisation in the dataset.
pub const MAX_WORDS_BYTES: usize = 200;

/// The words of a text in normal form: letters a-z and digits only.
pub fn tokens(text: &str) -> Vec<String> {
    let plain: String = text.nfkd().filter(|c| !is_combining_mark(*c)).collect();
    let ascii = any_ascii(&plain).to_ascii_lowercase().replace('&', " en ");
    let mut tokens: Vec<String> =
        ascii.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    // "Nederhorst d Berg" abbreviates "den"; a name that begins with a single d does not.
    for token in tokens.iter_mut().skip(1) {
        if token == "d" {
            "den".clone_into(token);
        }
    }
    tokens
}

/// Words joined to one: a separation stays only between two numbers.
pub fn join<T: AsRef<str>>(tokens: impl IntoIterator<Item = T>) -> String {
    let mut joined = String::new();
    for token in tokens {
        let token = token.as_ref();
        let between_numbers =
            joined.ends_with(|c: char| c.is_ascii_digit()) && token.starts_with(|c: char| c.is_ascii_digit());
        if between_numbers {
            joined.push('.');
        }
        joined.push_str(token);
    }
    joined
}

/// The normal form of a text.
pub fn normal(text: &str) -> String {
    join(tokens(text))
}

/// The words that the terms among these records say to be particles.
fn particles<'a>(records: impl Iterator<Item = &'a Record>) -> HashSet<String> {
    let mut particles = HashSet::new();
    for record in records {
        if let Record::Term(term) = record
            && term.form == TermForm::Particle
        {
            particles.extend(term.words.iter().flat_map(|word| tokens(word)));
        }
    }
    particles
}

/// The form that keeps words apart, but for those that are written both ways everywhere.
fn spaced<T: AsRef<str>>(tokens: &[T]) -> String {
    let mut spaced = String::new();
    let mut before = "";
    for token in tokens.iter().map(AsRef::as_ref) {
        let ends_in = |is: fn(&char) -> bool| before.chars().next_back().is_some_and(|c| is(&c));
        let is_number = token.starts_with(|c: char| c.is_ascii_digit());
        let is_glued = (before.len() == 1 && ends_in(char::is_ascii_alphabetic))
            || (ends_in(char::is_ascii_alphabetic) && is_number)
            || (ends_in(char::is_ascii_digit) && !is_number);
        if !spaced.is_empty() && !is_glued {
            spaced.push(' ');
        }
        spaced.push_str(token);
        before = token;
    }
    spaced
}

/// A normal form as slips of the pen compare it: `ij` and `y` are one letter to many.
fn folded(form: &str) -> String {
    form.replace("ij", "y")
}

/// A word for a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The record.
    pub name: Name,
    /// The word as the directory writes it.
    pub text: String,
    /// When the word is or was in use; the record has its own validity.
    pub validity: Validity,
    form: String,
    spaced: String,
    letters: u64,
    is_code: bool,
}

/// The words of one collection.
#[derive(Debug, Clone, Default, PartialEq)]
struct Vocabulary {
    all: Vec<Word>,
    by_form: HashMap<String, Vec<usize>>,
    by_loose_form: HashMap<String, Vec<usize>>,
    /// Per token, the words that have it; of places only.
    by_token: HashMap<String, Vec<usize>>,
    /// Per first letter and length of the folded form, the words that a slip may be of; of places only.
    by_outline: HashMap<(u8, usize), Vec<Outlined>>,
}

/// A word that a slip may be of.
#[derive(Debug, Clone, PartialEq)]
struct Outlined {
    /// Its folded form.
    form: String,
    /// Which letters it has, a bit each.
    letters: u64,
    /// Which word it is.
    index: usize,
}

/// Every word of a directory.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Words {
    collections: HashMap<Collection, Arc<Vocabulary>>,
    /// Words between the parts of a name that are often left out or misspelt.
    particles: HashSet<String>,
    /// The particles with which the name of a place begins.
    leading: HashSet<String>,
}

impl Words {
    /// The collections whose records have words, or say which words do not count.
    pub(super) const COLLECTIONS: &'static [Collection] = &[
        Collection::Areas,
        Collection::Organisations,
        Collection::CalamityTypes,
        Collection::Capabilities,
        Collection::CrisisFunctions,
        Collection::CrisisProcesses,
        Collection::Conditions,
        Collection::Terms,
    ];

    /// The words after records of some collections were written; these are all records of those collections, and all
    /// there are.
    pub(super) fn after<'a>(
        &self,
        touched: &BTreeSet<Collection>,
        changed: impl Iterator<Item = &'a Record>,
        all: impl Iterator<Item = &'a Record> + Clone,
    ) -> Self {
        if touched.contains(&Collection::Terms) {
            let particles = particles(all.clone());
            // Which words do not count decides about every loose form.
            if particles != self.particles {
                let mut words = Words { particles, ..Words::default() };
                words.add_records(all);
                return words;
            }
        }
        let mut words = self.clone();
        words.collections.retain(|collection, _| !touched.contains(collection));
        if touched.contains(&Collection::Areas) {
            words.leading.clear();
        }
        words.add_records(changed);
        words
    }

    fn add_records<'a>(&mut self, records: impl Iterator<Item = &'a Record>) {
        let words = self;
        for record in records {
            match record {
                Record::Area(r) => {
                    words.add_all(record, &r.display_names, &r.aliases, &r.codes);
                }
                Record::Organisation(r) => {
                    words.add_all(record, &r.display_names, &r.aliases, &r.codes);
                }
                Record::CalamityType(r) => {
                    words.add_all(record, &r.display_names, &[], &[]);
                    words.add(record.name(), &r.code, &Validity::default(), true);
                    for word in &r.words {
                        words.add(record.name(), word, &Validity::default(), false);
                    }
                }
                Record::Capability(r) => words.add_all(record, &r.display_names, &r.aliases, &[]),
                Record::CrisisFunction(r) => words.add_all(record, &r.display_names, &r.aliases, &[]),
                Record::CrisisProcess(r) => words.add_all(record, &r.display_names, &[], &[]),
                Record::Condition(r) => words.add_all(record, &r.display_names, &r.aliases, &[]),
                // Nobody asks for these by a word.
                Record::Coverage(_)
                | Record::Term(_)
                | Record::Station(_)
                | Record::Contact(_)
                | Record::Constraint(_)
                | Record::Assignment(_)
                | Record::Arrangement(_)
                | Record::Profile(_) => {}
            }
        }
    }

    fn add_all(&mut self, record: &Record, names: &Localised, aliases: &[Alias], codes: &[Code]) {
        let name = record.name();
        for (_, text) in names.iter() {
            self.add(name, text, &Validity::default(), false);
        }
        for alias in aliases {
            self.add(name, &alias.text, &alias.validity, false);
        }
        for code in codes {
            self.add(name, &code.value, &code.validity, true);
        }
        self.add(name, name.id(), &Validity::default(), true);
    }

    fn add(&mut self, name: &Name, text: &str, validity: &Validity, is_code: bool) {
        let tokens = tokens(text);
        let form = join(&tokens);
        if form.is_empty() {
            return;
        }
        let terms = Arc::make_mut(self.collections.entry(name.collection()).or_default());
        let mut known = terms.by_form.get(&form).into_iter().flatten().filter_map(|index| terms.all.get(*index));
        // "Agora Theater" beside "Agoratheater": a word written otherwise is a word of its own.
        let spaced = spaced(&tokens);
        if known.any(|term| term.name == *name && term.validity == *validity && term.spaced == spaced) {
            return;
        }
        let index = terms.all.len();
        terms.by_form.entry(form.clone()).or_default().push(index);
        if name.collection() == Collection::Areas && !is_code {
            for token in &tokens {
                terms.by_token.entry(token.clone()).or_default().push(index);
            }
            let folded = folded(&form);
            if let Some(initial) = folded.bytes().next() {
                let outline = (initial, folded.len());
                let outlined = Outlined { letters: letters(&folded), form: folded, index };
                terms.by_outline.entry(outline).or_default().push(outlined);
            }
            if let [first, _, ..] = tokens.as_slice()
                && self.particles.contains(first)
            {
                self.leading.insert(first.clone());
            }
        }
        let loose = loose(&self.particles, &tokens);
        terms.by_loose_form.entry(loose).or_default().push(index);
        terms.all.push(Word {
            name: name.clone(),
            text: text.to_owned(),
            validity: validity.clone(),
            letters: letters(&form),
            spaced,
            form,
            is_code,
        });
    }

    /// Whether a word is one that names are often typed without.
    pub(super) fn is_particle(&self, token: &str) -> bool {
        self.particles.contains(token)
    }

    /// Whether a particle may belong to the name of a place: one begins with it.
    pub(super) fn begins_a_name(&self, token: &str) -> bool {
        self.leading.contains(token)
    }

    /// The words of a collection that are the same as these: in normal form or, if there are none, in loose form.
    pub fn same(&self, collection: Collection, words: &str) -> Vec<&Word> {
        if words.len() > MAX_WORDS_BYTES {
            return Vec::new();
        }
        self.same_tokens(collection, &tokens(words))
    }

    /// As [`same`](Self::same), of words already in normal form.
    pub(super) fn same_tokens<T: AsRef<str>>(&self, collection: Collection, tokens: &[T]) -> Vec<&Word> {
        let Some(terms) = self.collections.get(&collection) else { return Vec::new() };
        let form = join(tokens);
        let found = terms.by_form.get(&form).or_else(|| terms.by_loose_form.get(&loose(&self.particles, tokens)));
        found.into_iter().flatten().filter_map(|index| terms.all.get(*index)).collect()
    }

    /// The words for places that are the same as these in spaced form.
    pub(super) fn exactly(&self, tokens: &[String]) -> impl Iterator<Item = &Word> {
        let terms = self.collections.get(&Collection::Areas);
        let spaced = spaced(tokens);
        let found = terms.into_iter().flat_map(move |terms| {
            terms.by_form.get(&join(tokens)).into_iter().flatten().filter_map(|index| terms.all.get(*index))
        });
        found.filter(move |word| word.spaced == spaced)
    }

    /// The words for places that are the same as these but for particles, or for what is joined.
    pub(super) fn loosely(&self, tokens: &[String]) -> Vec<&Word> {
        let Some(terms) = self.collections.get(&Collection::Areas) else { return Vec::new() };
        let joined = terms.by_form.get(&join(tokens)).into_iter().flatten();
        let without = terms.by_loose_form.get(&loose(&self.particles, tokens)).into_iter().flatten();
        joined.chain(without).filter_map(|index| terms.all.get(*index)).collect()
    }

    /// The words for places that these are a slip of, with the number of slips, fewest first.
    pub(super) fn slips(&self, tokens: &[String]) -> Vec<(usize, &Word)> {
        let Some(terms) = self.collections.get(&Collection::Areas) else { return Vec::new() };
        let form = folded(&join(tokens));
        let letters = letters(&form);
        let Some(initial) = form.bytes().next() else { return Vec::new() };
        let lengths = form.len().saturating_sub(MOST_SLIPS)..=form.len().saturating_add(MOST_SLIPS);
        let alike = lengths.filter_map(|length| terms.by_outline.get(&(initial, length))).flatten();
        let mut found: Vec<(usize, &Word)> = alike
            .filter(|other| (letters ^ other.letters).count_ones() <= MOST_LETTERS_APART)
            .filter_map(|other| {
                // A form that differs only in what is folded is one slip away.
                let slips = slips_from(SHORTEST_NEAR, TWO_SLIPS, &form, &other.form)?.max(1);
                Some((slips, terms.all.get(other.index)?))
            })
            .collect();
        found.sort_by(|(a, word), (b, other)| a.cmp(b).then_with(|| word.name.cmp(&other.name)));
        found
    }

    /// The words for places that have all of these among their own, particles aside.
    pub(super) fn with_all(&self, tokens: &[String]) -> Vec<&Word> {
        let Some(terms) = self.collections.get(&Collection::Areas) else { return Vec::new() };
        let counting: Vec<&String> = tokens.iter().filter(|token| !self.is_particle(token)).collect();
        let mut lists: Vec<&[usize]> =
            counting.iter().map(|token| terms.by_token.get(*token).map_or(&[][..], Vec::as_slice)).collect();
        lists.sort_by_key(|list| list.len());
        let Some((fewest, others)) = lists.split_first() else { return Vec::new() };
        let in_all = fewest.iter().filter(|index| others.iter().all(|list| list.binary_search(index).is_ok()));
        in_all.filter_map(|index| terms.all.get(*index)).collect()
    }

    /// The words of a collection that come near, nearest first, one per record. Codes never come near: one digit
    /// off is another thing altogether.
    pub fn near(&self, collection: Collection, words: &str) -> Vec<&Word> {
        if words.len() > MAX_WORDS_BYTES {
            return Vec::new();
        }
        let form = normal(words);
        let (length, letters) = (form.len(), letters(&form));
        let Some(terms) = self.collections.get(&collection).filter(|_| length >= SHORTEST_NEAR) else {
            return Vec::new();
        };
        let mut found: Vec<(Nearness, &Word)> = terms
            .all
            .iter()
            .filter(|term| !term.is_code)
            .filter_map(|term| Some((nearness(&form, letters, term)?, term)))
            .collect();
        found.sort_by(|(a, term), (b, other)| a.cmp(b).then_with(|| term.name.cmp(&other.name)));
        let mut seen = HashSet::new();
        found.into_iter().map(|(_, term)| term).filter(|term| seen.insert(&term.name)).collect()
    }
}

/// How near a word comes: smaller is nearer.
type Nearness = (usize, usize);

/// The normal form without particles; with them if there is nothing else.
fn loose<T: AsRef<str>>(particles: &HashSet<String>, tokens: &[T]) -> String {
    let rest = join(tokens.iter().filter(|token| !particles.contains(token.as_ref())));
    if rest.is_empty() { join(tokens) } else { rest }
}

/// More slips than this make another name.
const MOST_SLIPS: usize = 2;
/// Each slip changes the set of letters by at most two.
const MOST_LETTERS_APART: u32 = 4;
/// From so many letters on two slips still leave the name of a place plain.
const TWO_SLIPS: usize = 9;

/// Below this many letters anything is near to anything.
const SHORTEST_NEAR: usize = 3;
/// Fewer letters than this are found inside too many other words.
const SHORTEST_PART: usize = 5;

/// Swapped, missing, wrong or superfluous letters that still make a near miss.
const fn tolerance(length: usize) -> usize {
    match length {
        0..SHORTEST_NEAR => 0,
        3..=5 => 1,
        6..=9 => 2,
        _ => 3,
    }
}

fn nearness(form: &str, letters: u64, term: &Word) -> Option<Nearness> {
    let lengths_apart = form.len().abs_diff(term.form.len());
    let tolerance = tolerance(form.len().min(term.form.len()));
    // One edit changes the set of letters by at most two: this spares nearly every comparison of letter by letter.
    let differing = usize::try_from((letters ^ term.letters).count_ones()).unwrap_or(usize::MAX);
    if lengths_apart <= tolerance && differing <= tolerance.saturating_mul(2) {
        let distance = strsim::osa_distance(form, &term.form);
        if distance <= tolerance {
            return Some((distance, lengths_apart));
        }
    }
    let (shorter, longer) =
        if form.len() <= term.form.len() { (form, term.form.as_str()) } else { (term.form.as_str(), form) };
    if shorter.len() >= SHORTEST_NEAR && longer.starts_with(shorter) {
        Some((4, lengths_apart))
    } else if shorter.len() >= SHORTEST_PART && longer.contains(shorter) {
        Some((5, lengths_apart))
    } else {
        None
    }
}

/// Which letters and digits a form has, one bit each.
fn letters(form: &str) -> u64 {
    let bit = |number: u8| 1_u64.checked_shl(number.into()).unwrap_or_default();
    form.bytes().fold(0, |set, byte| match byte {
        b'a'..=b'z' => set | bit(byte.saturating_sub(b'a')),
        b'0'..=b'9' => set | bit(byte.saturating_sub(b'0').saturating_add(26)),
        _ => set,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::sample;

    fn same(words: &str) -> Vec<String> {
        let snapshot = sample::places();
        let terms = snapshot.words().same(Collection::Areas, words);
        let mut ids: Vec<String> = terms.iter().map(|term| term.name.id().to_owned()).collect();
        ids.dedup();
        ids
    }

    #[test]
    fn spellings_of_one_name_have_one_normal_form() {
        for (a, b) in [
            ("'s-Graveland", "s graveland"),
            ("'s-Graveland", "’s Graveland"),
            ("'s-Graveland", "SGRAVELAND"),
            ("Nederhorst den Berg", "Nederhorst d Berg"),
            ("Nederhorst den Berg", "nederhorst-den-berg"),
            ("Gooi en Vechtstreek", "Gooi & Vechtstreek"),
            ("Gooi en Vechtstreek", "Gooi- en Vechtstreek"),
            ("Fryslân", "fryslan"),
            ("Fryslân", "Frysla\u{302}n"),
            ("ĳsselmeer", "IJsselmeer"),
            ("Laren (NH.)", "laren nh"),
            ("1.1.30", "1-1-30"),
            ("X-1", "x1"),
        ] {
            assert_eq!(normal(a), normal(b), "{a} and {b}");
        }
    }

    #[test]
    fn numbers_stay_apart() {
        assert_ne!(normal("1.1.30"), normal("11.30"));
        assert_ne!(normal("1 1"), normal("11"));
    }

    #[test]
    fn particles_do_not_count_where_nothing_else_agrees() {
        assert_eq!(same("Nederhorst Berg"), ["nederhorst-den-berg"]);
        assert_eq!(same("de Ketelbrug"), ["ketelbrug"]);
        assert_eq!(same("Gooi Vechtstreek"), ["vr14"]);
        assert_eq!(same("den"), Vec::<String>::new());
    }

    #[test]
    fn near_misses_are_suggested_nearest_first() {
        let snapshot = sample::snapshot();
        let near = |words: &str| -> Vec<&str> {
            snapshot.words().near(Collection::Areas, words).iter().map(|term| term.name.id()).collect()
        };
        assert_eq!(near("Emeloord"), ["emmeloord"]);
        assert_eq!(near("Emmelord centrum"), Vec::<&str>::new());
        assert_eq!(near("Emmeloord centrum"), ["emmeloord"]);
        assert_eq!(near("Ukr"), ["gm0184", "urk"]);
        assert_eq!(near("xq"), Vec::<&str>::new());
        assert_eq!(near("gm0172"), Vec::<&str>::new());
    }

    #[test]
    fn places_are_told_apart_by_what_stands_apart() {
        let snapshot = sample::places();
        let exactly =
            |words: &str| snapshot.words().exactly(&tokens(words)).next().map(|word| word.name.id().to_owned());
        for (words, id) in [
            ("s Graveland", "s-graveland"),
            ("sGraveland", "s-graveland"),
            ("A 6", "a6"),
            ("Zwarte-Meer", "zwarte-meer"),
        ] {
            assert_eq!(exactly(words).as_deref(), Some(id), "{words}");
        }
        assert_eq!(exactly("Zwartemeer"), None);
        assert_eq!(exactly("Noordoost polder"), None);
        let loosely: Vec<_> =
            snapshot.words().loosely(&tokens("Zwartemeer")).iter().map(|word| word.name.id()).collect();
        assert_eq!(loosely, ["zwarte-meer"; 2]);
    }

    proptest! {
        #[test]
        fn slips_are_those_of_a_look_at_every_name(
            names in prop::collection::btree_set("[a-eijy]{3,12}", 1..9), asked in "[a-eijy]{3,12}",
        ) {
            let mut known = Words::default();
            for name in &names {
                known.add(&Name::parse(&format!("areas/{name}")).unwrap(), name, &Validity::default(), false);
            }
            let found: BTreeSet<&str> = known.slips(std::slice::from_ref(&asked)).iter().map(|(_, word)| word.name.id()).collect();
            let (typed, initial) = (folded(&asked), |name: &str| folded(name).bytes().next());
            let is_slip = |name: &&String| {
                initial(name) == initial(&asked)
                    && slips_from(SHORTEST_NEAR, TWO_SLIPS, &typed, &folded(name)).is_some()
            };
            prop_assert_eq!(found, names.iter().filter(is_slip).map(String::as_str).collect());
        }
    }

    proptest! {
        #[test]
        fn near_misses_are_those_of_a_look_at_every_letter(
            words in prop::collection::btree_set("[a-d]{3,8}", 1..9), asked in "[a-d]{3,8}",
        ) {
            let mut known = Words::default();
            for word in &words {
                known.add(&Name::parse(&format!("areas/{word}")).unwrap(), word, &Validity::default(), false);
            }
            let found: BTreeSet<&str> = known.near(Collection::Areas, &asked).iter().map(|term| term.name.id()).collect();
            let is_near = |word: &&String| {
                let (shorter, longer) = if word.len() < asked.len() { (word.as_str(), asked.as_str()) } else { (asked.as_str(), word.as_str()) };
                strsim::osa_distance(word, &asked) <= tolerance(shorter.len())
                    || longer.starts_with(shorter)
                    || shorter.len() >= SHORTEST_PART && longer.contains(shorter)
            };
            prop_assert_eq!(found, words.iter().filter(is_near).map(String::as_str).collect());
        }
    }

    proptest! {
        #[test]
        fn a_normal_form_is_its_own_normal_form(text in "\\PC{0,40}") {
            let form = normal(&text);
            prop_assert_eq!(&normal(&form), &form);
            prop_assert!(form.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.'));
        }
    }
}
