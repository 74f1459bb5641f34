//! What the command line says: answers as text for people or JSON for programs, and errors likewise.
//!
//! **Invariants.** Everything here is a pure function of a message and of how it is to be shown; nothing asks, prints
//! or looks at the clock. The order of an answer is the server's.

mod alarm;
mod answer;
pub(super) mod error;
pub(super) mod json;
pub(super) mod paper;
pub(super) mod view;
pub(super) mod words;
mod entry;
mod found;
#[cfg(test)]
mod golden;
mod handover;
mod reach;
mod records;
mod report;
mod rest;
