//! How what the directory says is shown: in which language, on what, and how much of it.
//!
//! **Invariants.** A view decides nothing: each kind of answer adds, in its own file, how it is written in one.

use crate::domain::text::Language;
use crate::proto::v1::Grip;

use super::paper::Paper;

/// How an answer is shown.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct View {
    /// The reader's language.
    pub(in crate::cli) language: Language,
    /// What it is written on.
    pub(in crate::cli) paper: Paper,
    /// Whether nothing is folded.
    pub(in crate::cli) all: bool,
    /// The level compared with.
    pub(in crate::cli) compared: Option<Grip>,
}
