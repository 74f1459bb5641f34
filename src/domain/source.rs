//! Where a fact comes from, and how far to trust it.

use jiff::civil::Date;

use super::field::{Faults, Field, Path, Schema, Value, fields, required, text, words};

words! {
    /// How far a fact may be trusted, strongest first.
    pub enum Confidence {
        /// Read in an official or first-hand source.
        Confirmed = "CONFIRMED",
        /// Read in an official source whose present wording was not verified (law texts of May 2017).
        Dated = "DATED",
        /// Reported by the press, a third party or an undated page.
        Reported = "REPORTED",
        /// A modelling choice or a reading of this directory, not a fact.
        Proposed = "PROPOSED",
        /// General knowledge for which no source was found.
        Unsourced = "UNSOURCED",
    }
}

fields! {
    /// The source of a fact.
    pub struct Source {
        /// Title of the document or page.
        pub title: String,
        /// Its address.
        pub uri: String,
        /// The day on which it stated this, or was read.
        pub as_of: Option<CalendarDate>,
        /// How far to trust it.
        pub confidence: Confidence,
        /// What to know when using it.
        pub note: String,
    }
}

/// A civil date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CalendarDate(pub Date);

impl std::fmt::Display for CalendarDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Field for CalendarDate {
    fn schema() -> Schema {
        Schema::Date
    }
    fn to_value(&self) -> Option<Value> {
        Some(Value::Text(self.0.to_string()))
    }
    fn from_value(value: Option<Value>, at: &Path<'_>, faults: &mut Faults) -> Option<Self> {
        let Some(value) = value else {
            required(at, faults);
            return None;
        };
        let written = text(value, at, faults)?;
        match written.parse::<Date>() {
            Ok(date) if written.len() == 10 => Some(CalendarDate(date)),
            Ok(_) | Err(_) => {
                faults.add(at, "NOT_A_DATE", format!("'{written}' is not a date such as 2026-11-23"));
                None
            }
        }
    }
}
