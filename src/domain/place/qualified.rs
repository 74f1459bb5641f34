//! Names that a wider area tells apart: "Laren Lochem", "Laren (NH.)".

use std::sync::Arc;

use crate::domain::area::{Area, AreaKind};

use super::gazetteer::Gazetteer;
use super::readings::{Reading, readings};

/// What stands behind homonyms for the province they lie in, as statistics and post write it; with the code of the
/// statistics office, which is an id or a code of the area.
const PROVINCES: &[(&str, &str)] = &[
    ("gr", "pv20"),
    ("gn", "pv20"),
    ("fr", "pv21"),
    ("dr", "pv22"),
    ("ov", "pv23"),
    ("o", "pv23"),
    ("fl", "pv24"),
    ("ge", "pv25"),
    ("gld", "pv25"),
    ("ut", "pv26"),
    ("utr", "pv26"),
    ("nh", "pv27"),
    ("zh", "pv28"),
    ("ze", "pv29"),
    ("zld", "pv29"),
    ("nb", "pv30"),
    ("li", "pv31"),
    ("lb", "pv31"),
    ("l", "pv31"),
];

/// More words than this are a sentence, not a place and what tells it apart.
const MAX_QUALIFIED: usize = 10;

impl Gazetteer<'_> {
    /// The areas that words mean together with the name of a wider area, before or behind.
    pub(super) fn qualified(&self, reading: Reading<'_>) -> Vec<Arc<Area>> {
        if reading.tokens.len() > MAX_QUALIFIED {
            return Vec::new();
        }
        for split in (1..reading.tokens.len()).rev() {
            let (head, tail) = reading.tokens.split_at(split);
            for (tokens, wider) in [(head, tail), (tail, head)] {
                let mut areas = self.meant(Reading { tokens, kind: reading.kind });
                if areas.is_empty() {
                    continue;
                }
                let wider = self.wider(wider);
                areas.retain(|area| wider.iter().any(|wider| wider.name != area.name && self.lies_within(area, wider)));
                if !areas.is_empty() {
                    return areas;
                }
            }
        }
        Vec::new()
    }

    /// The areas that words mean which tell a narrower one apart.
    pub(super) fn wider(&self, tokens: &[String]) -> Vec<Arc<Area>> {
        if let [token] = tokens
            && let Some((_, code)) = PROVINCES.iter().find(|(short, _)| short == token)
        {
            return self.meant(Reading { tokens: &[(*code).to_owned()], kind: Some(AreaKind::Province) });
        }
        let whole = Reading { tokens, kind: None };
        std::iter::once(whole)
            .chain(readings(tokens))
            .map(|reading| self.meant(reading))
            .find(|areas| !areas.is_empty())
            .unwrap_or_default()
    }
}
