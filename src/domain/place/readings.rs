//! The readings of typed words without those that introduce a name or say its kind.

use crate::domain::area::AreaKind;

/// Words that introduce a place and say nothing of it.
const INTRODUCTIONS: &[&str] =
    &["in", "te", "bij", "nabij", "op", "de", "het", "t", "the", "at", "near", "on", "of", "van", "omgeving"];

/// Words beside a name that say what kind of area is meant.
const KINDS: &[(&str, AreaKind)] = &[
    ("gemeente", AreaKind::Municipality),
    ("gem", AreaKind::Municipality),
    ("municipality", AreaKind::Municipality),
    ("dorp", AreaKind::Place),
    ("stad", AreaKind::Place),
    ("plaats", AreaKind::Place),
    ("woonplaats", AreaKind::Place),
    ("town", AreaKind::Place),
    ("village", AreaKind::Place),
    ("city", AreaKind::Place),
    ("veiligheidsregio", AreaKind::SafetyRegion),
    ("regio", AreaKind::SafetyRegion),
    ("vr", AreaKind::SafetyRegion),
    ("region", AreaKind::SafetyRegion),
    ("provincie", AreaKind::Province),
    ("prov", AreaKind::Province),
    ("province", AreaKind::Province),
];

/// At most so many words before a name are left out.
const MAX_INTRODUCTION: usize = 3;
/// Some of the words typed, with the kind of area that the others ask for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'t> {
    pub(super) tokens: &'t [String],
    pub(super) kind: Option<AreaKind>,
}

/// The readings of words without those that introduce a name or say its kind; those that leave out least come first.
pub(super) fn readings(tokens: &[String]) -> Vec<Reading<'_>> {
    let kind_of = |token: &String| KINDS.iter().find(|(word, _)| word == token).map(|(_, kind)| *kind);
    let mut readings = Vec::new();
    let (mut rest, mut kind) = (tokens, None);
    for dropped in 0..=MAX_INTRODUCTION {
        if dropped > 0 {
            let Some((first, after)) = rest.split_first() else { break };
            match kind_of(first) {
                Some(said) if kind.is_none() => kind = Some(said),
                Some(_) | None if INTRODUCTIONS.contains(&first.as_str()) => {}
                Some(_) | None => break,
            }
            rest = after;
            readings.push(Reading { tokens: rest, kind });
        }
        if let (None, Some((last, before))) = (kind, rest.split_last())
            && let Some(said) = kind_of(last)
        {
            readings.push(Reading { tokens: before, kind: Some(said) });
        }
    }
    readings.retain(|reading| !reading.tokens.is_empty());
    readings
}
