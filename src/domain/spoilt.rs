//! What was right and is spoilt: inputs for properties that no input makes a reader panic.
//!
//! **Invariants.** Those properties are all called `no_input_...`, so that one command runs them, as often as
//! `PROPTEST_CASES` says; each then tries so many inputs of every kind that it reads.

use proptest::prelude::*;
use proptest::sample::Index;

/// What readers stumble over: ends of ranges, moments that do not exist, letters with a meaning to somebody.
const STUMBLES: &[&str] = &[
    "",
    "0",
    "-1",
    "1e999",
    "NaN",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "99999999999999999999999999999999999999",
    "2026-03-29T02:30",
    "2026-10-25T02:30",
    "0000-00-00",
    "9999-12-31T23:59:60Z",
    "-009999-01-01",
    "24:00",
    "\0",
    "\u{feff}",
    "\u{202e}",
    "\u{10ffff}",
    "e\u{301}",
    "ß",
    "\"",
    "\\u0000",
    "'''",
    "[[",
    "{{{{{{{{",
    "]]",
    "}",
    "\n",
    "\r",
    "=",
    "()",
    "..",
    "../",
    "*",
    "%s",
    "areas/",
    "organisations/-/contacts/-",
];

/// One thing done to an input.
#[derive(Debug, Clone)]
enum Spoil {
    Flip(Index, u8),
    Insert(Index, Vec<u8>),
    Replace(Index, u8, Vec<u8>),
    Remove(Index, u8),
    Repeat(Index, u8),
    Cut(Index),
    Splice(Index, Index, Index),
}

/// A configuration of so many cases, unless `PROPTEST_CASES` says otherwise.
pub(crate) fn cases(usual: u32) -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig { cases: usual, ..ProptestConfig::default() },
    }
}

/// One of these, spoilt in some places, or bytes that never were right.
pub(crate) fn spoilt(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let spoil = (prop::sample::select(seeds.clone()), prop::collection::vec(spoil(), 0..6))
        .prop_map(move |(seed, spoils)| spoils.into_iter().fold(seed, |bytes, spoil| spoil.done_to(bytes, &seeds)));
    prop_oneof![9 => spoil, 1 => prop::collection::vec(any::<u8>(), 0..200)]
}

/// The same as text.
pub(crate) fn spoilt_text(seeds: &[&str]) -> impl Strategy<Value = String> + use<> {
    let seeds = seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    spoilt(seeds).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn spoil() -> impl Strategy<Value = Spoil> {
    let at = any::<Index>;
    let stumble = || {
        let stumble = prop::sample::select(STUMBLES).prop_map(|text| text.as_bytes().to_vec());
        prop_oneof![3 => stumble, 1 => prop::collection::vec(any::<u8>(), 1..9)]
    };
    prop_oneof![
        (at(), 0_u8..8).prop_map(|(at, bit)| Spoil::Flip(at, bit)),
        (at(), stumble()).prop_map(|(at, bytes)| Spoil::Insert(at, bytes)),
        (at(), 1_u8..12, stumble()).prop_map(|(at, length, bytes)| Spoil::Replace(at, length, bytes)),
        (at(), any::<u8>()).prop_map(|(at, length)| Spoil::Remove(at, length)),
        (at(), any::<u8>()).prop_map(|(at, length)| Spoil::Repeat(at, length)),
        at().prop_map(Spoil::Cut),
        (at(), at(), at()).prop_map(|(seed, from, to)| Spoil::Splice(seed, from, to)),
    ]
}

impl Spoil {
    fn done_to(self, mut bytes: Vec<u8>, seeds: &[Vec<u8>]) -> Vec<u8> {
        let place = |at: Index, length: usize| at.index(length + 1);
        let range = |at: Index, length: u8, bytes: &[u8]| {
            let start = place(at, bytes.len());
            start..bytes.len().min(start + usize::from(length))
        };
        match self {
            Spoil::Flip(at, bit) => {
                let at = place(at, bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
            Spoil::Insert(at, inserted) => {
                let at = place(at, bytes.len());
                bytes.splice(at..at, inserted);
            }
            Spoil::Replace(at, length, by) => {
                let range = range(at, length, &bytes);
                bytes.splice(range, by);
            }
            Spoil::Remove(at, length) => {
                let range = range(at, length, &bytes);
                bytes.drain(range);
            }
            Spoil::Repeat(at, length) => {
                let range = range(at, length, &bytes);
                let repeated = bytes.get(range.clone()).unwrap_or_default().to_vec();
                bytes.splice(range.start..range.start, repeated);
            }
            Spoil::Cut(at) => bytes.truncate(place(at, bytes.len())),
            Spoil::Splice(seed, from, to) => {
                let other = seed.get(seeds);
                let (from, to) = (place(from, other.len()), place(to, bytes.len()));
                bytes.truncate(to);
                bytes.extend(other.iter().skip(from));
            }
        }
        bytes
    }
}
