//! What the directory knows and how it answers: readable as the specification.
//!
//! **Invariants.** No async, no I/O, no clock, no wire or disk format: every function here is a pure function of
//! its arguments, time among them.

pub mod field;
pub mod name;
pub mod text;
pub mod source;
pub mod validity;
pub mod hours;
pub mod grip;

pub mod area;
pub mod organisation;
pub mod contact;
pub mod calamity_type;
pub mod term;
pub mod catalogue;
pub mod assignment;
pub mod arrangement;

pub mod record;
pub mod redact;
pub mod boundary;
mod index;
pub mod snapshot;
pub mod change;
pub mod access;
pub mod error;

pub mod diff;
pub mod invariant;
pub mod plan;
pub mod revert;
pub mod merge;
pub mod words;
pub mod lexicon;
pub mod place;
mod location;
pub mod calamity;
pub mod named;
pub mod search;
pub mod acting;
pub mod report;
pub mod questions;

#[cfg(test)]
pub(crate) mod arbitrary;
#[cfg(test)]
pub(crate) mod spoilt;
#[cfg(test)]
mod sample;
