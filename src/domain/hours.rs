//! Opening hours in Europe/Amsterdam, with daylight saving.
//!
//! **Invariants.** Hours are civil: "08:00 to 17:00" means the clock on the wall, whether the day has 23, 24 or
//! 25 hours. A span whose end is not after its start runs past midnight; it belongs to the day it starts on.

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};

use super::contact::Channel;
use super::field::{Faults, Field, Path, Schema, Value, fields, required, text, words};
use super::validity::{instant_of, zone};

words! {
    /// A day of the week.
    pub enum Day {
        /// Monday.
        Monday = "MONDAY",
        /// Tuesday.
        Tuesday = "TUESDAY",
        /// Wednesday.
        Wednesday = "WEDNESDAY",
        /// Thursday.
        Thursday = "THURSDAY",
        /// Friday.
        Friday = "FRIDAY",
        /// Saturday.
        Saturday = "SATURDAY",
        /// Sunday.
        Sunday = "SUNDAY",
    }
}

fields! {
    /// A weekly span of opening hours.
    pub struct OpeningHours {
        /// The days on which it starts; empty: every day.
        pub days: Vec<Day>,
        /// When it opens.
        pub opens: ClockTime,
        /// When it closes; not after `opens`: on the next day. 00:00 to 00:00 is the whole day.
        pub closes: ClockTime,
    }
}

/// A time of day, to the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClockTime(pub Time);

impl Field for ClockTime {
    fn schema() -> Schema {
        Schema::Text
    }
    fn to_value(&self) -> Option<Value> {
        Some(Value::Text(self.0.strftime("%H:%M").to_string()))
    }
    fn from_value(value: Option<Value>, at: &Path<'_>, faults: &mut Faults) -> Option<Self> {
        let Some(value) = value else {
            required(at, faults);
            return None;
        };
        let written = text(value, at, faults)?;
        match Time::strptime("%H:%M", &written) {
            Ok(time) if written.len() == 5 => Some(ClockTime(time)),
            Ok(_) | Err(_) => {
                faults.add(at, "NOT_A_TIME", format!("'{written}' is not a time of day such as 08:30"));
                None
            }
        }
    }
}

/// Whether a channel may be answered at an instant: it is open, or nothing is known of its hours.
///
/// On a day that has an exception the weekly hours that start on it do not hold.
pub fn is_open(channel: &Channel, at: Timestamp) -> bool {
    let today = zone().to_datetime(at).date();
    let excepted = channel.exceptions.iter().any(|exception| exception.date.0 == today);
    (channel.hours.is_empty() && !excepted) || spans(channel, at).any(|(opens, closes)| opens <= at && at < closes)
}

/// The next instant after `at` at which a channel opens or closes; `None` if it never does.
pub fn next_boundary(channel: &Channel, at: Timestamp) -> Option<Timestamp> {
    let days = channel.exceptions.iter().flat_map(|exception| {
        let date = exception.date.0;
        [Some(date), date.tomorrow().ok()].into_iter().flatten().filter_map(|date| instant_of(date.at(0, 0, 0, 0)))
    });
    let spans = spans(channel, at).flat_map(|(opens, closes)| [opens, closes]);
    spans.chain(days).filter(|boundary| *boundary > at).min()
}

/// Every span that starts from two days before to eight days after an instant: enough to hold the span that
/// covers it (at most 25 hours long) and, as hours repeat weekly, the next one.
fn spans(channel: &Channel, at: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
    let today = zone().to_datetime(at).date();
    (-2i64..=8).filter_map(move |offset| today.checked_add(jiff::Span::new().days(offset)).ok()).flat_map(move |date| {
        let mut exceptions = channel.exceptions.iter().filter(move |exception| exception.date.0 == date).peekable();
        let weekly = if exceptions.peek().is_some() { &[] } else { channel.hours.as_slice() };
        let weekly = weekly.iter().filter(move |hours| hours.starts_on(date)).filter_map(move |hours| hours.span(date));
        let otherwise = exceptions.filter_map(move |exception| span(date, exception.opens?, exception.closes?));
        weekly.chain(otherwise)
    })
}

/// The span of a day; one that closes no later than it opens runs into the next.
fn span(date: Date, opens: ClockTime, closes: ClockTime) -> Option<(Timestamp, Timestamp)> {
    let last = if closes > opens { date } else { date.tomorrow().ok()? };
    let instant = |date: Date, time: ClockTime| instant_of(date.to_datetime(time.0));
    Some((instant(date, opens)?, instant(last, closes)?))
}

impl OpeningHours {
    fn starts_on(&self, date: Date) -> bool {
        let day = match date.weekday() {
            Weekday::Monday => Day::Monday,
            Weekday::Tuesday => Day::Tuesday,
            Weekday::Wednesday => Day::Wednesday,
            Weekday::Thursday => Day::Thursday,
            Weekday::Friday => Day::Friday,
            Weekday::Saturday => Day::Saturday,
            Weekday::Sunday => Day::Sunday,
        };
        self.days.is_empty() || self.days.contains(&day)
    }

    fn span(&self, date: Date) -> Option<(Timestamp, Timestamp)> {
        span(date, self.opens, self.closes)
    }
}
