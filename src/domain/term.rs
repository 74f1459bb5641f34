//! Terms: what people type for a calamity, a circumstance or a kind of area, kept by the office.

use super::area::AreaKind;
use super::calamity_type::CalamityType;
use super::catalogue::Condition;
use super::field::{fields, words};
use super::name::{Collected, Collection, Id};
use super::source::{Confidence, Source};
use super::text::Localised;
use super::validity::Validity;

words! {
    /// What kind of words a term has.
    pub enum TermForm {
        /// An everyday word, or several.
        Word = "WORD",
        /// A word that is read as others in full.
        Abbreviation = "ABBREVIATION",
        /// A class of a classification: `Brand/Gebouw/Woning`.
        Class = "CLASS",
        /// A code of another system.
        Code = "CODE",
        /// A small word that does not count: an article, a preposition.
        Particle = "PARTICLE",
        /// A word that says what kind of area a name beside it is.
        AreaKind = "AREA_KIND",
    } default Word
}

fields! {
    /// What people type, and what it means.
    pub struct Term {
        /// `terms/brand-woning`.
        pub name: Id<Term>,
        /// The spellings that have this meaning; at least one.
        pub words: Vec<String>,
        /// What kind of words they are.
        pub form: TermForm,
        /// The system of a class or a code: `LMC`, `CAP`, `GLIDE`, `HIP`.
        pub system: String,
        /// What the words are read as instead.
        pub expands_to: Vec<String>,
        /// The calamity types that the words mean, the likeliest first; several are asked.
        pub calamity_types: Vec<Id<CalamityType>>,
        /// The circumstances that the words state.
        pub circumstances: Vec<Id<Condition>>,
        /// Whether it is no crisis by itself.
        pub routine: bool,
        /// Whether it is asked even with one calamity type.
        pub ask: bool,
        /// The kind of area that the words say of a name beside them.
        pub area_kind: Option<AreaKind>,
        /// What to ask or to know.
        pub note: Option<Localised>,
        /// How far this reading of the words may be trusted; absent: as its source.
        pub confidence: Option<Confidence>,
        /// When the words are or were in use.
        pub validity: Validity,
        /// Who says so.
        pub source: Option<Source>,
    }
}

impl Collected for Term {
    const COLLECTION: Collection = Collection::Terms;
}
