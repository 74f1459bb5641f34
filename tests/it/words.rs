//! What dispatchers type, asked of the directory that ships.

use crisisgids::dataset;
use crisisgids::domain::area::Area;
use crisisgids::domain::calamity::{self, Meant};
use crisisgids::domain::calamity_type::CalamityType;
use crisisgids::domain::error::Obstacle;
use crisisgids::domain::place;
use crisisgids::domain::record::{Meta, Origin, Revision, Stored};
use crisisgids::domain::snapshot::Snapshot;
use crisisgids::domain::validity::Moment;
use jiff::Timestamp;

pub(crate) fn at(civil: &str) -> Timestamp {
    Moment::parse(civil).unwrap().instant()
}

pub(crate) fn shipped() -> Snapshot {
    let meta = Meta {
        uid: "uid".to_owned(),
        revision: Revision(1),
        create_time: at("2026-11-23"),
        update_time: at("2026-11-23"),
        origin: Origin::Shipped,
    };
    let records = dataset::shipped().unwrap().records;
    Snapshot::new(Revision(1), records.into_iter().map(|record| Stored { record, meta: meta.clone() }), [])
}

#[test]
fn every_name_of_every_area_leads_to_it_or_to_its_namesakes() {
    let (snapshot, now) = (shipped(), at("2026-11-23T12:00"));
    for area in snapshot.all::<Area>() {
        let names = area.display_names.iter().map(|(_, text)| text);
        for words in names.chain(area.aliases.iter().map(|alias| alias.text.as_str())) {
            let is_among = match place::resolve(&snapshot, words, now) {
                Ok(found) => found.area.name == area.name || found.also.iter().any(|also| also.name == area.name),
                // Laren twice, Bergen twice: the namesakes are offered, one per place.
                Err(Obstacle::PlaceAmbiguous(candidates)) => candidates.len() > 1,
                Err(_) => false,
            };
            let has_ended = area.validity.0.end.is_some_and(|end| end.instant() <= now);
            assert!(is_among || has_ended, "'{words}' does not lead to {}", area.name);
        }
    }
}

#[test]
fn what_dispatchers_type_is_understood() {
    let (snapshot, now) = (shipped(), at("2026-11-23T12:00"));
    for (words, id) in [
        ("Emmeloord", "emmeloord"),
        ("NOP", "gm0171"),
        ("gm0171", "gm0171"),
        ("s Graveland", "s-graveland"),
        ("Nederhorst d Berg", "nederhorst-den-berg"),
        ("Gooi & Vechtstreek", "vr14"),
        ("Gooi- en Vechtstreek", "vr14"),
        ("Flevoland", "vr25"),
        ("Urk", "gm0184"),
        ("Laren NH", "gm0417"),
        ("Laren Lochem", "laren-lochem"),
        ("Weesp", "weesp"),
        ("Muiden", "muiden"),
        ("Eemnes", "gm0317"),
        ("A6", "a6"),
        ("de Ketelbrug", "ketelbrug"),
        ("Hilversumse Meent", "hilversumse-meent"),
    ] {
        let found = place::resolve(&snapshot, words, now).map(|found| found.area.name.id().to_owned());
        assert_eq!(found.as_deref(), Ok(id), "{words}");
    }
    assert!(matches!(place::resolve(&snapshot, "Laren", now), Err(Obstacle::PlaceAmbiguous(_))));
    for (words, id) in
        [("1.1.30", "1-1-30"), ("1-1-30", "1-1-30"), ("dijk schuift", "1-1-30"), ("Dijk  schuift!", "1-1-30")]
    {
        let found = calamity::resolve(&snapshot, words, now).map(|found| found.meant);
        assert!(matches!(found, Ok(Meant::Type(one)) if one.name.id() == id), "{words}");
    }
}

#[test]
fn every_word_of_every_calamity_type_leads_to_it_or_to_a_broader_or_several() {
    let (snapshot, now) = (shipped(), at("2026-11-23T12:00"));
    for one in snapshot.all::<CalamityType>() {
        let names = one.display_names.iter().map(|(_, text)| text).chain([one.code.as_str()]);
        for words in names.chain(one.words.iter().map(String::as_str)) {
            let found = calamity::resolve(&snapshot, words, now);
            assert!(!matches!(found, Err(Obstacle::CalamityNotFound(_))), "'{words}' does not lead to {}", one.name);
        }
    }
}

/// What words mean: the codes of the types, with what is stated behind them.
fn meant(snapshot: &Snapshot, words: &str) -> String {
    let ids = |candidates: Vec<crisisgids::domain::error::Candidate>| -> String {
        candidates.iter().map(|one| one.name.id().to_owned()).collect::<Vec<_>>().join(" ")
    };
    match calamity::resolve(snapshot, words, at("2026-11-23T12:00")) {
        Ok(found) => {
            let mut said = match found.meant {
                Meant::Type(one) => one.name.id().to_owned(),
                Meant::Routine(_) => "routine".to_owned(),
            };
            for one in &found.circumstances {
                said.push_str(&format!(" [{}]", one.condition.name.id()));
            }
            said
        }
        Err(Obstacle::CalamityAmbiguous(candidates)) => format!("which: {}", ids(candidates)),
        Err(_) => "nothing".to_owned(),
    }
}

#[test]
fn what_has_failed_is_said_in_many_words_and_answered_as_broadly_as_they_say_it() {
    let snapshot = shipped();
    for (words, what) in [
        ("stroom werkt niet", "4-1-30"),
        ("geen drinkwater, waterleiding buiten gebruik", "4-2-10"),
        ("112 niet bereikbaar", "4-4-10-1"),
        ("112 is niet goed te bereiken, noodnummer onbereikbaar", "4-4-10-1"),
        ("112 storing", "4-4-10-1"),
        ("112 bereikbaar", "nothing"),
        ("storing P2000", "4-4-10"),
        ("bel 0900-8844", "4-4-10"),
        ("meldkamer uit de lucht", "4-4-10-2"),
        ("meldkamer", "nothing"),
    ] {
        assert_eq!(meant(&snapshot, words), what, "{words}");
    }
}

#[test]
fn a_circumstance_alone_asks_where_and_beside_a_calamity_is_only_stated() {
    let snapshot = shipped();
    for (words, what) in [
        ("letsel", "which: 5-3-10"),
        ("met letsel", "which: 5-3-10"),
        ("beknelling", "which: 5-3-10 2-2 5-3-20"),
        ("evacuatie", "which: x6 x16"),
        ("brand woning met letsel", "2-1 [injured] [with-fire]"),
        ("evacuatie wegens overstroming", "1-1 [evacuation-under-way]"),
    ] {
        assert_eq!(meant(&snapshot, words), what, "{words}");
    }
}

#[test]
fn what_stands_for_two_things_is_asked_or_not_read() {
    let snapshot = shipped();
    for (words, what) in [
        ("gr", "nothing"),
        ("brand woning gr", "2-1"),
        ("zeer gr brand woning", "2-1 [scale-very-large]"),
        ("nb", "which: 1-2"),
        ("wo", "which: 5-2"),
        ("expl", "which: 3-1 x14 2-2-10 x3"),
        ("aantref expl", "x14"),
        ("verm", "nothing"),
        ("verm brandstichting", "which: 2-1 1-2"),
        ("EQW", "which: 1-4"),
        ("brntbo", "which: 1-2-10"),
    ] {
        assert_eq!(meant(&snapshot, words), what, "{words}");
    }
}
