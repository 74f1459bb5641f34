//! The instants at which an answer may change: where facts begin, end, age or come near their end.
//!
//! **Why every fact of the directory counts** (2026-11): an answer may say that it expires early, never late. Walking
//! the whole tree of every record when a snapshot is made, instead of noting what each question touched, cannot
//! forget one.

use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::Date;

use super::field::{Faults, Field, Fields, Path, Value};
use super::validity::{Moment, Validity, instant_of};

/// Months after which a verification is no longer fresh: the government register (ROO) marks its data "actual"
/// for three months after a check.
pub const AMBER_AFTER_MONTHS: i32 = 3;
/// Months after which a verification is outdated: the same register's limit.
pub const RED_AFTER_MONTHS: i32 = 12;
/// Days before its end at which an arrangement is said to be about to end.
pub const ENDING_WITHIN_DAYS: i32 = 90;

/// The instant at which something verified on a day is no longer fresh.
pub fn amber_from(verified: Date) -> Option<Timestamp> {
    midnight(verified.checked_add(AMBER_AFTER_MONTHS.months()).ok()?)
}

/// The instant at which something verified on a day is outdated.
pub fn red_from(verified: Date) -> Option<Timestamp> {
    midnight(verified.checked_add(RED_AFTER_MONTHS.months()).ok()?)
}

/// The instant at which something that ends then is about to end.
pub fn ending_from(end: Moment) -> Option<Timestamp> {
    instant_of(end.civil().checked_sub(ENDING_WITHIN_DAYS.days()).ok()?)
}

/// Months after which an announced moment that nobody confirmed is long past: as long as a verification is fresh.
pub const LONG_PAST_AFTER_MONTHS: i32 = AMBER_AFTER_MONTHS;

/// The instant at which an announced moment is long past.
pub fn long_past_from(announced: Moment) -> Option<Timestamp> {
    instant_of(announced.civil().checked_add(LONG_PAST_AFTER_MONTHS.months()).ok()?)
}

fn midnight(date: Date) -> Option<Timestamp> {
    instant_of(date.at(0, 0, 0, 0))
}

/// Adds every boundary of a record's facts.
pub(super) fn collect(fields: &Fields, into: &mut Vec<Timestamp>) {
    for (name, value) in fields {
        walk(name, value, into);
    }
}

fn walk(name: &str, value: &Value, into: &mut Vec<Timestamp>) {
    match value {
        Value::Fields(fields) => fields.iter().for_each(|(name, value)| walk(name, value, into)),
        Value::List(items) => items.iter().for_each(|item| walk(name, item, into)),
        Value::Text(text) => match name {
            "start" | "end" | "announced_end" => {
                if let Ok(moment) = Moment::parse(text) {
                    into.push(moment.instant());
                    into.extend(ending_from(moment));
                    into.extend(long_past_from(moment));
                }
            }
            _ if name.ends_with("_date") => {
                if let Ok(date) = text.parse::<Date>() {
                    into.extend(midnight(date));
                    into.extend(amber_from(date));
                    into.extend(red_from(date));
                }
            }
            _ => {}
        },
        Value::Bool(_) | Value::Integer(_) => {}
    }
}

/// When the facts of a record hold of which any is announced, or has an announced end.
pub(super) fn announced(fields: &Fields) -> Vec<Validity> {
    let mut announced = Vec::new();
    gather(fields, &mut announced);
    announced
}

fn gather(fields: &Fields, into: &mut Vec<Validity>) {
    for (name, value) in fields {
        match value {
            Value::Fields(inner) if name == "validity" => {
                let validity = Validity::from_value(Some(value.clone()), &Path::Root, &mut Faults::default());
                let says = inner.contains_key("announced_end")
                    || inner.get("status").is_some_and(|status| *status == Value::Text("ANNOUNCED".to_owned()));
                into.extend(validity.filter(|_| says));
            }
            Value::Fields(inner) => gather(inner, into),
            Value::List(items) => items.iter().filter_map(Value::fields).for_each(|inner| gather(inner, into)),
            Value::Bool(_) | Value::Integer(_) | Value::Text(_) => {}
        }
    }
}
