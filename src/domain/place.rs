//! Words to places: step 1 of the question.
//!
//! What someone types is looked up as it stands; then without words that only introduce a place ("gemeente Urk",
//! "in Emmeloord"); then as a place and a wider one that tells it apart ("Laren Lochem", "Laren (NH.)").
//!
//! Areas of the same name that lie within each other are one place: the match is the municipality, else the town, the
//! object, the road, the railway, the water, the safety region, the province, in that order, and the others are listed
//! beside it. Anything said of the town is still found, as a part of the municipality; who means the narrower one says
//! "Urk (dorp)". Areas of the same name that do not lie within each other are homonyms, and the asker must choose.
//!
//! # Why an ended area still answers (2026-11)
//!
//! People go on typing the names of former municipalities. Such a word means, first, whatever else has the name at the
//! time asked about: "Weesp" is the town in Amsterdam today and the municipality in 2021. If only the former area has
//! it, that is the match as long as it is known to lie somewhere, so that what holds for the former territory alone is
//! found; otherwise its successor is, and several successors are ambiguous. An area that does not exist *yet* is not
//! found, and what it will be made of is suggested.
//!
//! **Invariants.** Nothing is ever guessed: one place, or candidates, or suggestions. Validity is judged in both
//! readings: what exists in either is found, and the answer tells the readings apart.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::area::{Area, AreaKind};
use super::error::{Candidate, Obstacle};
use super::location::is_location;
use super::name::{Collection, Id};
use super::snapshot::Snapshot;
use super::text::{Language, Localised};
use super::words::{MAX_WORDS_BYTES, Word, tokens};

/// How many near misses are suggested.
pub const MAX_SUGGESTIONS: usize = 5;

/// The one place that words mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceMatch {
    /// The words, without blanks around them.
    pub words: String,
    /// The area. It need not exist any more: a former municipality stays a territory.
    pub area: Arc<Area>,
    /// Areas of the same name within it or around it: Urk the town beside Urk the municipality.
    pub also: Vec<Arc<Area>>,
    /// The words among them that were not understood: the area is the wider one that was.
    pub unread: String,
}

/// The place that words mean at an instant.
///
/// # Errors
/// [`Obstacle::LocationUnsupported`] for coordinates, postcodes and hectometre marks, [`Obstacle::PlaceAmbiguous`] with
/// every place that the words may mean, [`Obstacle::PlaceNotFound`] with at most [`MAX_SUGGESTIONS`] that come near.
pub fn resolve(snapshot: &Snapshot, words: &str, at: Timestamp) -> Result<PlaceMatch, Obstacle> {
    let typed = words.trim();
    if typed.len() > MAX_WORDS_BYTES {
        return Err(Obstacle::PlaceNotFound(Vec::new()));
    }
    let gazetteer = Gazetteer { snapshot, at };
    let lower = typed.to_ascii_lowercase();
    if let Some(id) = lower.strip_prefix("areas/") {
        let named = Id::<Area>::parse(&lower).ok().and_then(|name| snapshot.get(&name));
        let areas = named.map(|area| gazetteer.settle(area)).unwrap_or_default();
        return gazetteer.one(typed, areas).unwrap_or_else(|| Err(gazetteer.not_found(&tokens(id))));
    }
    let tokens = tokens(typed);
    let whole = Reading { tokens: &tokens, kind: None };
    if let Some(found) = gazetteer.one(typed, gazetteer.meant(whole)) {
        return found;
    }
    if is_location(typed) {
        return Err(Obstacle::LocationUnsupported);
    }
    let readings = readings(&tokens);
    let by_name = readings.iter().map(|reading| gazetteer.meant(*reading));
    let qualified = std::iter::once(&whole).chain(&readings).map(|reading| gazetteer.qualified(*reading));
    by_name
        .chain(qualified)
        .find_map(|areas| gazetteer.one(typed, areas))
        .unwrap_or_else(|| Err(gazetteer.not_found(&tokens)))
}

/// The order in which areas of one name that lie within each other are the match.
const fn rank(kind: AreaKind) -> u8 {
    match kind {
        AreaKind::Municipality => 0,
        AreaKind::Place => 1,
        AreaKind::Object => 2,
        AreaKind::Road => 3,
        AreaKind::Rail => 4,
        AreaKind::Water => 5,
        AreaKind::SafetyRegion => 6,
        AreaKind::Province => 7,
        AreaKind::Country => 8,
    }
}

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

/// At most so many words before a name are left out.
const MAX_INTRODUCTION: usize = 3;
/// More words than this are a sentence, not a place and what tells it apart.
const MAX_QUALIFIED: usize = 10;

/// Some of the words typed, with the kind of area that the others ask for.
#[derive(Debug, Clone, Copy)]
struct Reading<'t> {
    tokens: &'t [String],
    kind: Option<AreaKind>,
}

/// The readings of words without those that introduce a name or say its kind; those that leave out least come first.
fn readings(tokens: &[String]) -> Vec<Reading<'_>> {
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

/// The places of a directory at an instant.
#[derive(Debug, Clone, Copy)]
struct Gazetteer<'s> {
    snapshot: &'s Snapshot,
    at: Timestamp,
}

impl<'s> Gazetteer<'s> {
    /// The areas that words mean, whether they are one place or not.
    fn meant(&self, reading: Reading<'_>) -> Vec<Arc<Area>> {
        let known: Vec<(&Word, &Arc<Area>)> = self
            .snapshot
            .words()
            .same_tokens(Collection::Areas, reading.tokens)
            .into_iter()
            .filter_map(|term| Some((term, self.area(term)?)))
            .filter(|(_, area)| reading.kind.is_none_or(|kind| area.kind == kind))
            .collect();
        let present: Vec<Arc<Area>> = known
            .iter()
            .filter(|(term, area)| term.validity.may_hold(self.at) && area.validity.may_hold(self.at))
            .map(|(_, area)| Arc::clone(area))
            .collect();
        if present.is_empty() { known.iter().flat_map(|(_, area)| self.settle(area)).collect() } else { present }
    }

    fn area(&self, term: &Word) -> Option<&'s Arc<Area>> {
        Id::try_from_name(term.name.clone()).ok().and_then(|id| self.snapshot.get(&id))
    }

    /// What an area is at this instant: itself, also after its end if it is known to lie somewhere; else its
    /// successors; nothing if it has not begun.
    fn settle(&self, area: &Arc<Area>) -> Vec<Arc<Area>> {
        let (mut settled, mut seen, mut todo) = (Vec::new(), BTreeSet::new(), vec![Arc::clone(area)]);
        while let Some(area) = todo.pop() {
            if !seen.insert(area.name.clone()) {
                continue;
            }
            let has_ended = area.validity.0.end.is_some_and(|end| end.instant() <= self.at);
            let lies_somewhere = area.within.iter().any(|edge| edge.validity.may_hold(self.at));
            if area.validity.may_hold(self.at) || (has_ended && lies_somewhere) {
                settled.push(area);
            } else if has_ended {
                todo.extend(
                    self.snapshot
                        .successors(&area.name)
                        .iter()
                        .filter(|successor| {
                            let mut edges = successor.successor_of.iter().filter(|edge| edge.area == area.name);
                            edges.any(|edge| edge.validity.may_hold(self.at))
                        })
                        .cloned(),
                );
            }
        }
        settled
    }

    /// The areas that words mean together with the name of a wider area, before or behind.
    fn qualified(&self, reading: Reading<'_>) -> Vec<Arc<Area>> {
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
    fn wider(&self, tokens: &[String]) -> Vec<Arc<Area>> {
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

    /// Everything an area lies within, itself included, nearest first; in either reading.
    fn around(&self, area: &Area) -> Vec<Id<Area>> {
        let mut around = vec![area.name.clone()];
        let mut next = 0;
        while let Some(area) = around.get(next).and_then(|name| self.snapshot.get(name)) {
            for edge in area.within.iter().filter(|edge| edge.validity.may_hold(self.at)) {
                if !around.contains(&edge.area) {
                    around.push(edge.area.clone());
                }
            }
            next = next.saturating_add(1);
        }
        around
    }

    fn lies_within(&self, area: &Area, wider: &Area) -> bool {
        self.around(area).contains(&wider.name)
    }

    /// The areas of a list that are places of their own: none lies within another.
    fn distinct(&self, areas: Vec<Arc<Area>>) -> Vec<(Arc<Area>, Vec<Arc<Area>>)> {
        let mut areas = areas;
        areas.sort_by(|a, b| (rank(a.kind), &a.name).cmp(&(rank(b.kind), &b.name)));
        areas.dedup_by(|a, b| a.name == b.name);
        let mut places: Vec<(Arc<Area>, Vec<Arc<Area>>)> = Vec::new();
        for area in areas {
            match places.iter_mut().find(|(one, _)| self.lies_within(one, &area) || self.lies_within(&area, one)) {
                Some((_, also)) => also.push(area),
                None => places.push((area, Vec::new())),
            }
        }
        places
    }

    /// The one place that areas are, or that they are several; `None` if there are none.
    fn one(&self, typed: &str, areas: Vec<Arc<Area>>) -> Option<Result<PlaceMatch, Obstacle>> {
        let mut places = self.distinct(areas);
        match places.len() {
            0 => None,
            1 => places
                .pop()
                .map(|(area, also)| Ok(PlaceMatch { words: typed.to_owned(), area, also, unread: String::new() })),
            _ => Some(Err(Obstacle::PlaceAmbiguous(places.iter().map(|(area, _)| self.candidate(area)).collect()))),
        }
    }

    fn not_found(&self, tokens: &[String]) -> Obstacle {
        let near = |tokens: &[String]| -> Vec<Arc<Area>> {
            let words = self.snapshot.words();
            let same = words.same_tokens(Collection::Areas, tokens).into_iter().filter_map(|term| self.area(term));
            // The areas that one which does not exist at this instant is made of, or became.
            let kin = same.flat_map(|area| {
                let predecessors = area.successor_of.iter().filter_map(|edge| self.snapshot.get(&edge.area));
                std::iter::once(area).chain(predecessors).flat_map(|area| self.settle(area))
            });
            let alike = words.near(Collection::Areas, &tokens.join(" ")).into_iter().filter_map(|term| self.area(term));
            kin.chain(alike.filter(|area| area.validity.may_hold(self.at)).cloned()).collect()
        };
        let whole = Reading { tokens, kind: None };
        let areas = std::iter::once(whole)
            .chain(readings(tokens))
            .map(|reading| near(reading.tokens))
            .find(|areas| !areas.is_empty())
            .unwrap_or_default();
        let mut suggested: Vec<Arc<Area>> = Vec::new();
        for area in areas {
            // Urk the town and Urk the municipality are one suggestion, as they would be one match.
            let known = suggested.iter_mut().find(|known| {
                let same_name = known.display_names.text(Language::Dutch) == area.display_names.text(Language::Dutch);
                same_name && (self.lies_within(known, &area) || self.lies_within(&area, known))
            });
            match known {
                Some(known) if rank(area.kind) < rank(known.kind) => *known = area,
                Some(_) => {}
                None => suggested.push(area),
            }
        }
        suggested.truncate(MAX_SUGGESTIONS);
        Obstacle::PlaceNotFound(suggested.iter().map(|area| self.candidate(area)).collect())
    }

    fn candidate(&self, area: &Area) -> Candidate {
        Candidate {
            name: area.name.name().clone(),
            display_names: area.display_names.clone(),
            within: self.context(area),
        }
    }

    /// What tells an area from its namesakes: its municipality, else its safety region, else its province.
    fn context(&self, area: &Area) -> Option<Localised> {
        let around = self.around(area);
        let wider: Vec<&Arc<Area>> = around.iter().skip(1).filter_map(|name| self.snapshot.get(name)).collect();
        [AreaKind::Municipality, AreaKind::SafetyRegion, AreaKind::Province, AreaKind::Country]
            .into_iter()
            .find_map(|kind| wider.iter().find(|area| area.kind == kind && area.validity.may_hold(self.at)))
            .map(|area| area.display_names.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;
    use crate::domain::spoilt::spoilt_text;

    const NOW: &str = "2026-11-23T12:00";

    fn resolve_at(words: &str, at: &str) -> Result<PlaceMatch, Obstacle> {
        resolve(&sample::snapshot(), words, sample::at(at))
    }

    /// The id of the match, or what stands in its way with the candidates and their contexts.
    fn meant_at(words: &str, at: &str) -> String {
        let show = |candidates: Vec<Candidate>| -> String {
            let one = |c: &Candidate| {
                let within = c.within.as_ref().map_or("", |text| text.text(Language::Dutch));
                format!("{} in {within}", c.name.id())
            };
            candidates.iter().map(one).collect::<Vec<_>>().join("; ")
        };
        match resolve_at(words, at) {
            Ok(found) => found.area.name.id().to_owned(),
            Err(Obstacle::PlaceAmbiguous(candidates)) => format!("ambiguous: {}", show(candidates)),
            Err(Obstacle::PlaceNotFound(candidates)) => format!("not found: {}", show(candidates)),
            Err(Obstacle::LocationUnsupported) => "location".to_owned(),
            Err(Obstacle::CalamityNotFound(_) | Obstacle::CalamityAmbiguous(_)) => "calamity".to_owned(),
        }
    }

    fn meant(words: &str) -> String {
        meant_at(words, NOW)
    }

    #[test]
    fn places_are_found_by_name_alias_id_and_code() {
        for (words, id) in [
            ("Emmeloord", "emmeloord"),
            (" emmeloord ", "emmeloord"),
            ("NOP", "gm0171"),
            ("areas/gm0171", "gm0171"),
            ("AREAS/GM0171", "gm0171"),
            ("gm0171", "gm0171"),
            ("GM 0171", "gm0171"),
            ("s Graveland", "s-graveland"),
            ("Nederhorst d Berg", "nederhorst-den-berg"),
            ("Gooi & Vechtstreek", "vr14"),
            ("A6", "a6"),
            ("Ketelmeer", "ketelmeer"),
        ] {
            assert_eq!(meant(words), id, "{words}");
        }
    }

    #[test]
    fn areas_of_one_name_within_each_other_are_one_place() {
        let urk = resolve_at("Urk", NOW).unwrap();
        assert_eq!((urk.area.name.id(), urk.words.as_str()), ("gm0184", "Urk"));
        assert_eq!(urk.also.iter().map(|area| area.name.id()).collect::<Vec<_>>(), ["urk"]);
        let flevoland = resolve_at("Flevoland", NOW).unwrap();
        assert_eq!(flevoland.area.name.id(), "vr25");
        assert_eq!(flevoland.also.iter().map(|area| area.name.id()).collect::<Vec<_>>(), ["pv24"]);
    }

    #[test]
    fn homonyms_are_ambiguous_and_say_what_tells_them_apart() {
        assert_eq!(meant("Laren"), "ambiguous: gm0417 in Gooi en Vechtstreek; laren-lochem in Lochem");
    }

    #[test]
    fn a_wider_area_tells_homonyms_apart() {
        for (words, id) in [
            ("Laren NH", "gm0417"),
            ("Laren (NH.)", "gm0417"),
            ("laren nh", "gm0417"),
            ("Laren, Noord-Holland", "gm0417"),
            ("Laren Gelderland", "laren-lochem"),
            ("Laren Gld", "laren-lochem"),
            ("Laren Lochem", "laren-lochem"),
            ("Lochem, Laren", "laren-lochem"),
            ("Laren in Lochem", "laren-lochem"),
            ("Laren (gemeente Lochem)", "laren-lochem"),
            ("Laren Gooi en Vechtstreek", "gm0417"),
            ("gemeente Laren", "gm0417"),
        ] {
            assert_eq!(meant(words), id, "{words}");
        }
        assert_eq!(
            meant("Emmeloord Lochem"),
            "not found: emmeloord in Noordoostpolder; gm0262 in Noord- en Oost-Gelderland"
        );
    }

    #[test]
    fn words_that_introduce_a_place_are_left_out_and_its_kind_is_heeded() {
        for (words, id) in [
            ("gemeente Urk", "gm0184"),
            ("Urk (dorp)", "urk"),
            ("municipality of Urk", "gm0184"),
            ("in Emmeloord", "emmeloord"),
            ("de Ketelbrug", "ketelbrug"),
            ("bij de Ketelbrug", "ketelbrug"),
            ("provincie Flevoland", "pv24"),
            ("veiligheidsregio Flevoland", "vr25"),
            ("VR Flevoland", "vr25"),
        ] {
            assert_eq!(meant(words), id, "{words}");
        }
        assert_eq!(meant("gemeente Emmeloord"), "not found: emmeloord in Noordoostpolder");
    }

    #[test]
    fn a_name_means_what_has_it_at_that_time() {
        assert_eq!(meant("Weesp"), "weesp");
        assert_eq!(meant_at("Weesp", "2021-06-01"), "gm0457");
        assert_eq!(meant_at("Weesp", "2022-03-23T23:59"), "gm0457");
        assert_eq!(meant_at("Weesp", "2022-03-24"), "weesp");
        assert_eq!(meant("Muiden"), "muiden");
        assert_eq!(meant_at("Muiden", "2015-12-31"), "gm0424");
    }

    #[test]
    fn a_former_area_is_its_territory_or_its_successor() {
        assert_eq!(meant("gemeente Weesp"), "gm0457");
        assert_eq!(meant("areas/gm0457"), "gm0457");
        assert_eq!(meant("Bussum"), "gm1942");
        assert_eq!(meant_at("Bussum", "2010-01-01"), "gm0381");
    }

    #[test]
    fn an_area_that_does_not_exist_yet_is_not_found_and_its_predecessors_are_suggested() {
        assert_eq!(
            meant_at("Gooise Meren", "2010-01-01"),
            "not found: gm0381 in Gooi en Vechtstreek; gm0424 in Gooi en Vechtstreek"
        );
    }

    #[test]
    fn an_announced_end_does_not_take_a_name_away() {
        assert_eq!(meant_at("Wijdemeren", "2027-06-01"), "gm1696");
        assert_eq!(meant_at("'s-Graveland", "2027-06-01"), "s-graveland");
    }

    #[test]
    fn locations_in_numbers_are_unsupported() {
        for words in ["52.7, 5.75", "RD 179000 525000", "8302 AB", "8302AB", "1234", "A6 hm 80.3", "A6 80,3 Re"] {
            assert_eq!(meant(words), "location", "{words}");
        }
    }

    #[test]
    fn what_is_not_found_comes_with_suggestions() {
        assert_eq!(meant("Emeloord"), "not found: emmeloord in Noordoostpolder");
        assert_eq!(meant("gemeente Noordoostpoldr"), "not found: gm0171 in Flevoland");
        assert_eq!(meant("Urkk"), "not found: gm0184 in Flevoland");
        for words in ["", "  ", "!!!", "qqqqqq", "areas/", "areas/x", "organisations/vitens", &"x".repeat(500)] {
            assert_eq!(meant(words), "not found: ", "{words}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_input_makes_words_for_a_place_panic(
            words in "\\PC{0,60}", spoilt in spoilt_text(&["Laren (NH) in gemeente Laren", "A6 hm 80.3 Re", "areas/gm0171", "52.7, 5.75"]),
        ) {
            let _ = (meant(&words), meant(&spoilt));
        }

        #[test]
        fn words_of_the_directory_in_any_order_are_answered(
            words in proptest::collection::vec(proptest::sample::select(vec![
                "laren", "nh", "in", "gemeente", "lochem", "urk", "de", "flevoland", "provincie", "a6", "hm", "80.3",
            ]), 0..8),
        ) {
            let _ = meant(&words.join(" "));
        }
    }
}
