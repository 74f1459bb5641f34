//! What people type for a calamity or a circumstance: the terms of the directory, and the names, words and codes of its
//! calamity types, ready to be read from a text.
//!
//! | Part | Where |
//! |---|---|
//! | the index of terms | here |
//! | a typed word to the words that terms use: abbreviation, plural, compound, slip | [`spelling`] |
//! | which terms a text holds, and what they say together | [`reading`] |
//!
//! **Invariants.** What means what is data: nothing here knows a word of the trade. Nothing is chosen for the caller: what
//! has several meanings says all of them.

pub mod reading;
pub mod spelling;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::calamity_type::{CalamityType, MappingQuality};
use super::catalogue::Condition;
use super::name::Id;
use super::record::Record;
use super::term::{Term, TermForm};
use super::validity::Validity;
use super::words::{join, tokens};

use spelling::Spelling;

/// Who says what words mean.
#[derive(Debug, Clone)]
pub enum Said {
    /// A term of the directory.
    Term(Arc<Term>),
    /// A term by a code that may as well be a word: it must be asked.
    Perhaps(Arc<Term>),
    /// A calamity type: by its name, its code or a word of its own.
    Type(Arc<CalamityType>),
    /// A calamity type by a code of another system that matches it only roughly: it must be asked.
    Roughly(Arc<CalamityType>),
}

impl Said {
    /// The calamity types that are meant, the likeliest first.
    pub fn calamity_types(&self) -> Vec<Id<CalamityType>> {
        match self {
            Said::Term(term) | Said::Perhaps(term) => term.calamity_types.clone(),
            Said::Type(one) | Said::Roughly(one) => vec![one.name.clone()],
        }
    }

    /// The circumstances that are stated.
    pub fn circumstances(&self) -> &[Id<Condition>] {
        match self {
            Said::Term(term) | Said::Perhaps(term) => &term.circumstances,
            Said::Type(_) | Said::Roughly(_) => &[],
        }
    }

    /// Whether it must be asked even where it means one type.
    pub fn asks(&self) -> bool {
        match self {
            Said::Term(term) => term.ask || term.routine,
            Said::Type(_) => false,
            Said::Perhaps(_) | Said::Roughly(_) => true,
        }
    }

    /// The term that says that this is daily work.
    pub fn routine(&self) -> Option<&Arc<Term>> {
        match self {
            Said::Term(term) | Said::Perhaps(term) if term.routine => Some(term),
            Said::Term(_) | Said::Perhaps(_) | Said::Type(_) | Said::Roughly(_) => None,
        }
    }

    /// Whether its types are only what a circumstance makes one ask: "with injured" is no road accident beside a fire,
    /// and alone it asks where it happened.
    pub fn only_hints(&self) -> bool {
        match self {
            Said::Term(term) => term.ask && !term.circumstances.is_empty() && !term.calamity_types.is_empty(),
            Said::Perhaps(_) | Said::Type(_) | Said::Roughly(_) => false,
        }
    }

    fn validity(&self) -> &Validity {
        match self {
            Said::Term(term) | Said::Perhaps(term) => &term.validity,
            Said::Type(one) | Said::Roughly(one) => &one.validity,
        }
    }
}

/// Words with what they mean.
#[derive(Debug, Clone)]
pub struct Meaning {
    /// The words, each in the spelling that all texts are brought to, sorted and each once.
    tokens: Vec<String>,
    /// What they mean.
    said: Said,
    /// The words as the directory writes them.
    text: String,
}

/// Everything that people type for a calamity or a circumstance.
#[derive(Debug, Clone, Default)]
pub struct Lexicon {
    spelling: Spelling,
    meanings: Vec<Meaning>,
    /// Per normal form of whole words, what they mean.
    by_form: HashMap<String, Vec<usize>>,
    /// Per word, the meanings that need it.
    by_token: HashMap<String, Vec<usize>>,
}

/// In words of so many tokens and fewer the particles count: "te water" is not "water".
const PARTICLES_COUNT_UP_TO: usize = 3;

impl Lexicon {
    /// The lexicon of these records.
    pub(super) fn of<'a>(records: impl Iterator<Item = &'a Record> + Clone) -> Self {
        let mut lexicon = Lexicon { spelling: Spelling::of(records.clone()), ..Lexicon::default() };
        for record in records {
            match record {
                Record::Term(term) => lexicon.add_term(term),
                Record::CalamityType(one) => lexicon.add_type(one),
                Record::Area(_)
                | Record::Organisation(_)
                | Record::Coverage(_)
                | Record::Station(_)
                | Record::Contact(_)
                | Record::Capability(_)
                | Record::CrisisFunction(_)
                | Record::CrisisProcess(_)
                | Record::Condition(_)
                | Record::Constraint(_)
                | Record::Assignment(_)
                | Record::Arrangement(_)
                | Record::Profile(_) => {}
            }
        }
        lexicon
    }

    fn add_term(&mut self, term: &Arc<Term>) {
        let said = Said::Term(term.clone());
        match term.form {
            TermForm::Particle | TermForm::AreaKind => {}
            TermForm::Code => term.words.iter().for_each(|word| self.add_code(&term.system, word, &said)),
            TermForm::Word | TermForm::Abbreviation | TermForm::Class => {
                // What is only read as other words means nothing itself.
                let means = !term.calamity_types.is_empty() || !term.circumstances.is_empty() || term.routine;
                if means || term.expands_to.is_empty() {
                    term.words.iter().for_each(|word| self.add_words(word, &said));
                }
            }
        }
    }

    fn add_type(&mut self, one: &Arc<CalamityType>) {
        let said = Said::Type(one.clone());
        for (_, name) in one.display_names.iter() {
            self.add_form(&[name], &said, name);
        }
        for code in [one.code.as_str(), one.name.name().id()] {
            self.add_form(&[code], &said, code);
        }
        for word in &one.words {
            self.add_words(word, &said);
        }
        for mapping in &one.mappings {
            let said = match mapping.quality {
                MappingQuality::Exact => Said::Type(one.clone()),
                MappingQuality::Close | MappingQuality::Broader => Said::Roughly(one.clone()),
            };
            self.add_code(&mapping.system, &mapping.code, &said);
        }
    }

    /// A code counts with its system beside it; alone only if it cannot be mistaken for a word, and is asked otherwise. A
    /// type's code of three letters is a category ("met"), and no code alone.
    fn add_code(&mut self, system: &str, code: &str, said: &Said) {
        self.add_form(&[system, code], said, code);
        let is_a_word = code.chars().all(char::is_alphabetic);
        match said {
            _ if !is_a_word => self.add_form(&[code], said, code),
            Said::Type(one) | Said::Roughly(one) if code.len() <= SHORT_CODE => {
                self.add_form(&[code], &Said::Roughly(one.clone()), code);
            }
            Said::Term(term) if !term.calamity_types.is_empty() => {
                self.add_form(&[code], &Said::Perhaps(term.clone()), code);
            }
            Said::Term(_) | Said::Perhaps(_) | Said::Type(_) | Said::Roughly(_) => {}
        }
    }

    /// Words that mean something as a whole only.
    fn add_form(&mut self, parts: &[&str], said: &Said, text: &str) {
        let form = join(parts.iter().flat_map(|part| tokens(part)));
        if !form.is_empty() {
            let index = self.meanings.len();
            self.by_form.entry(form).or_default().push(index);
            self.meanings.push(Meaning { tokens: Vec::new(), said: said.clone(), text: text.to_owned() });
        }
    }

    /// Words that mean something as a whole, and among others.
    fn add_words(&mut self, text: &str, said: &Said) {
        let written = tokens(text);
        let particles_count = written.len() <= PARTICLES_COUNT_UP_TO;
        let pieces = self.spelling.canonical(&written).into_iter();
        let counted = pieces.filter(|piece| particles_count || !piece.is_particle);
        let mut tokens: Vec<String> = counted.flat_map(|piece| piece.tokens).collect();
        tokens.sort_unstable();
        tokens.dedup();
        let form = join(&written);
        if form.is_empty() || tokens.is_empty() {
            return;
        }
        let index = self.meanings.len();
        let forms = self.by_form.entry(form).or_default();
        forms.push(index);
        for token in &tokens {
            self.by_token.entry(token.clone()).or_default().push(index);
        }
        self.meanings.push(Meaning { tokens, said: said.clone(), text: text.to_owned() });
    }

    /// How typed words are brought to the words of this lexicon.
    pub fn spelling(&self) -> &Spelling {
        &self.spelling
    }

    fn meaning(&self, index: usize) -> Option<&Meaning> {
        self.meanings.get(index)
    }

    /// What comes near a text, nearest first: only spelling slips of whole words, because a suggestion of anything
    /// further away leads to another discipline.
    pub fn near(&self, text: &str) -> Vec<&Said> {
        let form = super::words::normal(text);
        let mut found: Vec<(usize, usize, &Meaning)> = self
            .meanings
            .iter()
            .enumerate()
            .filter(|(_, meaning)| !meaning.said.calamity_types().is_empty())
            .filter_map(|(index, meaning)| {
                let distance = spelling::slips(&form, &super::words::normal(&meaning.text))?;
                Some((distance, index, meaning))
            })
            .collect();
        found.sort_by_key(|(distance, index, _)| (*distance, *index));
        found.into_iter().map(|(_, _, meaning)| &meaning.said).collect()
    }
}

/// Codes of so few letters (GLIDE has two) are words of their own too, so that alone they are asked.
const SHORT_CODE: usize = 2;

/// The tokens that stand in the words of terms and types, as written.
fn written_tokens<'a>(records: impl Iterator<Item = &'a Record>) -> HashSet<String> {
    let mut written = HashSet::new();
    for record in records {
        if let Record::Term(term) = record
            && matches!(term.form, TermForm::Word | TermForm::Abbreviation | TermForm::Class)
        {
            written.extend(term.words.iter().chain(&term.expands_to).flat_map(|word| tokens(word)));
        } else if let Record::CalamityType(one) = record {
            written.extend(one.words.iter().flat_map(|word| tokens(word)));
        }
    }
    written
}
