//! Durations and sizes as people write them: `30s`, `1MiB`.
//!
//! **Invariants.** What is read is written back the same or in a larger unit of the same value; a number without a
//! unit is refused, because its meaning would be a guess.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A length of time, written as a whole number and a unit: `ms`, `s`, `m`, `h` or `d` (24 hours).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Interval(Duration);

/// A number of bytes, written as a whole number and a unit: `B`, `KiB` or `MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Size(u32);

/// Text that is not a number and a unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct Unreadable {
    text: String,
    expected: &'static str,
}

const PERIOD_UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
const SIZE_UNITS: [(&str, u64); 3] = [("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

impl Interval {
    /// So many seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Interval(Duration::from_secs(seconds))
    }

    /// As the standard library has it.
    pub const fn duration(self) -> Duration {
        self.0
    }

    /// Whether it is nothing at all.
    pub const fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl Size {
    /// So many KiB; more than a `u32` of bytes can say becomes the most it can.
    pub const fn from_kib(kib: u32) -> Self {
        Size(kib.saturating_mul(1 << 10))
    }

    /// How many bytes.
    pub const fn bytes(self) -> u32 {
        self.0
    }

    /// How many bytes, for what counts in the width of the machine.
    pub fn len(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// Whether it is nothing at all.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromStr for Interval {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let refused =
            || Unreadable { text: text.to_owned(), expected: "a duration such as \"30s\" (units ms, s, m, h, d)" };
        read(text, &PERIOD_UNITS).map(|millis| Interval(Duration::from_millis(millis))).ok_or_else(refused)
    }
}

impl FromStr for Size {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let refused = || Unreadable {
            text: text.to_owned(),
            expected: "a size such as \"1MiB\" (units B, KiB, MiB; below 4096MiB)",
        };
        read(text, &SIZE_UNITS).and_then(|bytes| u32::try_from(bytes).ok()).map(Size).ok_or_else(refused)
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX), &PERIOD_UNITS, "ms")
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, u64::from(self.0), &SIZE_UNITS, "B")
    }
}

impl TryFrom<String> for Interval {
    type Error = Unreadable;

    fn try_from(text: String) -> Result<Self, Unreadable> {
        text.parse()
    }
}

impl TryFrom<String> for Size {
    type Error = Unreadable;

    fn try_from(text: String) -> Result<Self, Unreadable> {
        text.parse()
    }
}

impl From<Interval> for String {
    fn from(period: Interval) -> String {
        period.to_string()
    }
}

impl From<Size> for String {
    fn from(size: Size) -> String {
        size.to_string()
    }
}

/// A whole number and one of the units, in the smallest unit.
fn read(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// In the largest unit that says it in a whole number; nothing at all in the smallest.
fn write(f: &mut fmt::Formatter<'_>, amount: u64, units: &[(&str, u64)], smallest: &str) -> fmt::Result {
    match units.iter().find(|(_, factor)| amount != 0 && amount.is_multiple_of(*factor)) {
        Some((unit, factor)) => write!(f, "{}{unit}", amount.checked_div(*factor).unwrap_or(amount)),
        None => write!(f, "{amount}{smallest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_back_in_the_largest_unit() {
        for (written, back) in [("30s", "30s"), ("90 s", "90s"), ("120s", "2m"), ("250ms", "250ms"), ("0s", "0ms")] {
            assert_eq!(written.parse::<Interval>().unwrap().to_string(), back);
        }
        for (written, back) in [("1MiB", "1MiB"), ("2048 KiB", "2MiB"), ("512B", "512B")] {
            assert_eq!(written.parse::<Size>().unwrap().to_string(), back);
        }
    }

    #[test]
    fn a_number_without_a_unit_or_beyond_measure_is_refused() {
        for text in ["", "30", "s", "-1s", "1.5s", "30 sec", "99999999999999999999s", "18446744073709551615h", "é"] {
            assert!(text.parse::<Interval>().is_err(), "{text}");
        }
        for text in ["", "1", "MiB", "1MB", "4096MiB", "-1B"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }
}
