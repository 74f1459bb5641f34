//! When a fact holds, in civil time of Europe/Amsterdam.
//!
//! **Why civil time** (2026-11): law, agreements and rosters are written in local dates. A moment therefore
//! keeps what was written and the instant it denotes; a moment that daylight saving skips denotes the first
//! instant after the gap, one that it repeats denotes the earlier of the two.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{self, AmbiguousOffset, TimeZone};

use super::field::{Fault, Faults, Field, Path, Schema, Value, fields, required, text, words};
use super::source::Source;

/// The time zone of the region.
pub fn zone() -> TimeZone {
    static ZONE: TimeZone = tz::get!("Europe/Amsterdam");
    ZONE.clone()
}

/// The instant that a civil date-time denotes: where daylight saving repeats it the earlier, where it skips it the first
/// one after; `None` outside what a time stamp can hold.
pub(super) fn instant_of(civil: DateTime) -> Option<Timestamp> {
    let meant = zone().to_ambiguous_timestamp(civil);
    match meant.offset() {
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => meant.compatible().ok(),
        // Read with the offset after the gap, a skipped time lies before it; the next change of the clock is the gap.
        AmbiguousOffset::Gap { .. } => {
            let before = meant.earlier().ok()?;
            zone().following(before).next().map(|transition| transition.timestamp())
        }
    }
}

/// A civil date-time of Europe/Amsterdam and the instant it denotes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    instant: Timestamp,
    civil: DateTime,
}

impl Moment {
    /// The moment of a civil date-time.
    ///
    /// # Errors
    /// A [`Fault`] if the date-time lies outside what a time stamp can hold (years -9999 to 9999).
    pub fn try_new(civil: DateTime) -> Result<Self, Fault> {
        match instant_of(civil) {
            Some(instant) => Ok(Moment { instant, civil }),
            None => Err(not_a_moment(&civil.to_string())),
        }
    }

    /// Parses `2027-01-01` (midnight) or `2027-01-01T08:30`, without offset.
    ///
    /// # Errors
    /// A [`Fault`] that shows the accepted forms.
    pub fn parse(written: &str) -> Result<Self, Fault> {
        let civil = match written.parse::<Date>() {
            Ok(date) if written.len() == 10 => date.at(0, 0, 0, 0),
            Ok(_) | Err(_) => written.parse::<DateTime>().map_err(|_| not_a_moment(written))?,
        };
        if written.ends_with(['Z', 'z']) || written.contains(['+', '[']) {
            return Err(not_a_moment(written));
        }
        Moment::try_new(civil)
    }

    /// The instant.
    pub fn instant(self) -> Timestamp {
        self.instant
    }

    /// The civil date-time as it was written.
    pub fn civil(self) -> DateTime {
        self.civil
    }

    /// The civil date.
    pub fn date(self) -> Date {
        self.civil.date()
    }
}

fn not_a_moment(written: &str) -> Fault {
    Fault {
        path: String::new(),
        reason: "NOT_A_MOMENT",
        message: format!(
            "'{written}' is not a civil date (2027-01-01) or date-time (2027-01-01T08:30) of Europe/Amsterdam"
        ),
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.civil.time() == jiff::civil::Time::midnight() {
            write!(f, "{}", self.civil.date())
        } else {
            write!(f, "{}", self.civil)
        }
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Field for Moment {
    fn schema() -> Schema {
        Schema::Moment
    }
    fn to_value(&self) -> Option<Value> {
        Some(Value::Text(self.to_string()))
    }
    fn from_value(value: Option<Value>, at: &Path<'_>, faults: &mut Faults) -> Option<Self> {
        let Some(value) = value else {
            required(at, faults);
            return None;
        };
        let written = text(value, at, faults)?;
        Moment::parse(&written).map_err(|fault| faults.add(at, fault.reason, fault.message)).ok()
    }
}

words! {
    /// How sure it is that a fact holds in its period.
    pub enum Status {
        /// It holds.
        InForce = "IN_FORCE",
        /// Decided or intended for a date: never takes effect by itself, but is shown as a second reading.
        Announced = "ANNOUNCED",
        /// Hoped for or foreseen: never followed.
        Expected = "EXPECTED",
    } default InForce
}

fields! {
    /// The half-open period `[start, end)` in which a fact holds.
    pub struct Period {
        /// First moment; absent: unknown since when.
        pub start: Option<Moment>,
        /// First moment at which it holds no longer; absent: no end known.
        pub end: Option<Moment>,
        /// How sure the whole period is.
        pub status: Status,
        /// An end that is decided or intended but does not take effect by itself.
        pub announced_end: Option<Moment>,
    }
}

/// A [`Period`] that is allowed to be absent: always, in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validity(pub Period);

impl Default for Validity {
    fn default() -> Self {
        Validity(Period { start: None, end: None, status: Status::InForce, announced_end: None })
    }
}

/// Which facts count: those in force, or also those announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reading {
    /// Facts in force; announced ends are not followed.
    Confirmed,
    /// Announced facts are followed as if they had been confirmed.
    Announced,
}

impl Validity {
    /// Whether the fact holds at an instant, in a reading.
    pub fn holds(&self, at: Timestamp, reading: Reading) -> bool {
        let period = &self.0;
        let counts = match period.status {
            Status::InForce => true,
            Status::Announced => reading == Reading::Announced,
            Status::Expected => false,
        };
        let end = match reading {
            Reading::Confirmed => period.end,
            Reading::Announced => [period.end, period.announced_end].into_iter().flatten().min(),
        };
        counts && period.start.is_none_or(|start| start.instant() <= at) && end.is_none_or(|end| at < end.instant())
    }

    /// Whether the fact holds at an instant in either reading.
    pub fn may_hold(&self, at: Timestamp) -> bool {
        self.holds(at, Reading::Confirmed) || self.holds(at, Reading::Announced)
    }

    /// Whether the two readings of this fact differ at an instant.
    pub fn is_disputed(&self, at: Timestamp) -> bool {
        self.holds(at, Reading::Confirmed) != self.holds(at, Reading::Announced)
    }

    /// Every instant at which this fact may begin or cease to hold, in any reading.
    pub fn boundaries(&self) -> impl Iterator<Item = Timestamp> {
        let Period { start, end, announced_end, .. } = self.0;
        [start, end, announced_end].into_iter().flatten().map(Moment::instant)
    }
}

impl Field for Validity {
    fn schema() -> Schema {
        Period::schema()
    }
    fn to_value(&self) -> Option<Value> {
        self.0.to_value()
    }
    fn from_value(value: Option<Value>, at: &Path<'_>, faults: &mut Faults) -> Option<Self> {
        if value.is_none() {
            return Some(Validity::default());
        }
        let period = Period::from_value(value, at, faults)?;
        for (field, end) in [("end", period.end), ("announced_end", period.announced_end)] {
            if let (Some(start), Some(end)) = (period.start, end)
                && end <= start
            {
                faults.add(&at.field(field), "EMPTY_PERIOD", format!("{end} is not after the start {start}"));
                return None;
            }
        }
        Some(Validity(period))
    }
}

fields! {
    /// A span of time with the source that says so.
    pub struct Span {
        /// When.
        pub validity: Validity,
        /// Who says so.
        pub source: Option<Source>,
    }
}
