//! The words on the screen: labels of the contract's own values, times, lists.
//!
//! **Invariants.** What a value of the contract is called is read from the contract; a value that this program does
//! not know is shown by its number, never left out.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::text::Language;
use crate::domain::validity::zone;
use crate::proto::{PACKAGE, pool};

/// Says a thing in the reader's language.
pub(in crate::cli) trait Say {
    /// The Dutch or the English text.
    fn say<'t>(self, dutch: &'t str, english: &'t str) -> &'t str;
}

impl Say for Language {
    fn say<'t>(self, dutch: &'t str, english: &'t str) -> &'t str {
        match self {
            Language::Dutch => dutch,
            Language::English => english,
        }
    }
}

/// What the contract calls a value of one of its enums.
pub(in crate::cli) fn label(language: Language, of: &str, value: i32) -> String {
    let found = || {
        let described = pool().get_enum_by_name(&format!("{PACKAGE}.{of}"))?.get_value(value)?;
        let labels = pool().get_extension_by_name(&format!("{PACKAGE}.labels"))?;
        let options = described.options();
        let labels = options.get_extension(&labels);
        let text = labels.as_message()?.get_field_by_name(language.code())?;
        let text = text.as_str().filter(|text| !text.is_empty()).unwrap_or_else(|| described.name());
        Some(text.to_owned())
    };
    found().unwrap_or_else(|| format!("{} {value}", language.say("onbekend", "unknown")))
}

/// A moment as people of the region write it: `ma 2026-11-23 03:10`.
pub(in crate::cli) fn moment(language: Language, at: &prost_types::Timestamp) -> String {
    match Timestamp::new(at.seconds, at.nanos) {
        Ok(instant) => civil(language, instant, &zone()),
        Err(_) => language.say("onbekend tijdstip", "unknown time").to_owned(),
    }
}

fn civil(language: Language, instant: Timestamp, zone: &TimeZone) -> String {
    use jiff::civil::Weekday;
    let local = zone.to_datetime(instant);
    let day = match local.weekday() {
        Weekday::Monday => language.say("ma", "Mon"),
        Weekday::Tuesday => language.say("di", "Tue"),
        Weekday::Wednesday => language.say("wo", "Wed"),
        Weekday::Thursday => language.say("do", "Thu"),
        Weekday::Friday => language.say("vr", "Fri"),
        Weekday::Saturday => language.say("za", "Sat"),
        Weekday::Sunday => language.say("zo", "Sun"),
    };
    format!("{day} {} {:02}:{:02}", local.date(), local.hour(), local.minute())
}

/// A span of time in the largest unit that divides it: `30 min`.
pub(in crate::cli) fn span(span: &prost_types::Duration) -> String {
    match span.seconds {
        seconds if seconds != 0 && seconds % 3600 == 0 => format!("{} h", seconds / 3600),
        seconds if seconds != 0 && seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

/// Texts once each, in their order, separated by commas.
pub(in crate::cli) fn list<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let mut once: Vec<String> = Vec::new();
    for text in texts {
        let text = text.as_ref();
        if !text.is_empty() && once.iter().all(|known| known != text) {
            once.push(text.to_owned());
        }
    }
    once.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::v1::{Group, Role};

    #[test]
    fn labels_come_from_the_contract() {
        assert_eq!(label(Language::Dutch, "Group", Group::CallNow.into()), "nu alarmeren");
        assert_eq!(label(Language::English, "Role", Role::GeneralAuthority.into()), "general authority");
    }

    #[test]
    fn a_value_of_a_newer_contract_is_shown_as_unknown() {
        assert_eq!(label(Language::Dutch, "Group", 99), "onbekend 99");
    }

    #[test]
    fn times_are_those_of_the_region() {
        let winter = prost_types::Timestamp { seconds: 1_795_399_800, nanos: 0 };
        assert_eq!(moment(Language::Dutch, &winter), "ma 2026-11-23 03:10");
    }

    #[test]
    fn spans_are_said_in_their_largest_whole_unit() {
        let said = |seconds| span(&prost_types::Duration { seconds, nanos: 0 });
        assert_eq!([said(45), said(1800), said(7200)], ["45 s", "30 min", "2 h"]);
    }
}
