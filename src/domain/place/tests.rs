//! Words to places, over the sample directory.

use super::*;
use crate::domain::error::Candidate;
use crate::domain::name::Collection;
use crate::domain::record::Revision;
use crate::domain::sample;
use crate::domain::spoilt::spoilt_text;
use crate::domain::text::Language;

const NOW: &str = "2026-11-23T12:00";

fn resolve_at(words: &str, at: &str) -> Result<PlaceMatch, Obstacle> {
    resolve(&sample::places(), words, sample::at(at))
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
    assert_eq!(meant("Urkk"), "not found: gm0184 in Flevoland");
    assert_eq!(meant("Meren"), "not found: gm1942 in Gooi en Vechtstreek");
    for words in ["", "  ", "!!!", "qqqqqq", "areas/", "areas/x", "organisations/vitens", &"x".repeat(500)] {
        assert_eq!(meant(words), "not found: ", "{words}");
    }
    // A part of a name leads anywhere.
    assert_eq!(meant("Ketel"), "not found: ");
}

#[test]
fn names_that_lie_apart_are_asked_those_of_ours_first() {
    assert_eq!(
        meant("Lochem Emmeloord"),
        "ambiguous: emmeloord in Noordoostpolder; gm0262 in Noord- en Oost-Gelderland"
    );
    assert_eq!(meant("Urk, Emmeloord"), "ambiguous: gm0184 in Flevoland; emmeloord in Noordoostpolder");
}

#[test]
fn what_lies_in_an_area_only_partly_is_told_apart_by_it_too() {
    for (words, id) in [
        ("A6 Almere", "a6"),
        ("Almere A6", "a6"),
        ("A 6, Almere", "a6"),
        ("A6 Emmeloord", "a6"),
        ("Ketelbrug, Emmeloord", "ketelbrug"),
        ("Ketelbrug Noordoostpolder", "ketelbrug"),
        ("Oosterwold, Almere", "oosterwold"),
        ("Zeewolde Oosterwold", "oosterwold"),
        ("N 305 Zeewolde", "n305"),
        ("N305 Flevoland", "n305"),
    ] {
        assert_eq!(meant(words), id, "{words}");
    }
}

#[test]
fn a_chain_of_names_each_wider_is_one_place() {
    for (words, id) in [
        ("Urk, Flevoland, Nederland", "gm0184"),
        ("Emmeloord, Noordoostpolder, Flevoland, Nederland", "emmeloord"),
        ("Emmeloord Noordoostpolder Flevoland NL", "emmeloord"),
        ("Nederland, Flevoland, Noordoostpolder, Emmeloord", "emmeloord"),
        ("Emmeloord, gemeente Noordoostpolder, provincie Flevoland", "emmeloord"),
        ("Laren, NH, Nederland", "gm0417"),
        ("Laren, Lochem, Gelderland, Nederland", "laren-lochem"),
    ] {
        assert_eq!(meant(words), id, "{words}");
    }
}

#[test]
fn codes_are_read_as_registers_write_them() {
    for (words, id) in [
        ("0457", "gm0457"),
        ("GM0457", "gm0457"),
        ("gemeente 457", "gm0457"),
        ("Weesp (0457)", "gm0457"),
        ("regio 25", "vr25"),
        ("VR 25", "vr25"),
        ("VRF", "vr25"),
    ] {
        assert_eq!(meant(words), id, "{words}");
    }
    assert_eq!(meant("457"), "not found: ");
}

#[test]
fn a_detail_beside_a_town_is_left_out() {
    for (words, id) in [
        ("8302 AB Emmeloord", "emmeloord"),
        ("8302ab, Emmeloord", "emmeloord"),
        ("1309 Almere", "gm0034"),
        ("Almere 1309 AB", "gm0034"),
        ("A6 Li 34,2 Almere", "a6"),
        ("A6 Re hmp 34.2 Almere", "a6"),
        ("A 6 hm 34,2 Re Almere", "a6"),
    ] {
        let found = resolve_at(words, NOW).unwrap();
        assert_eq!((found.area.name.id(), found.unread.as_str(), found.words.as_str()), (id, "", words), "{words}");
    }
    for words in ["A6 Li 34,2", "8302 AB Nergenshuizen", "8302 AB Ketelbrug", "N305 34.2"] {
        assert_eq!(meant(words), "location", "{words}");
    }
}

#[test]
fn a_town_with_words_that_nobody_knows_is_the_town_and_tells_them() {
    for (words, id, unread) in [
        ("Emmeloord Onbekendwijk", "emmeloord", "Onbekendwijk"),
        ("Onbekendwijk, Emmeloord", "emmeloord", "Onbekendwijk"),
        ("Wilgenhof in Hilversum", "gm0402", "Wilgenhof"),
        ("Hilversum, Oude-Wilgenhof", "gm0402", "Oude-Wilgenhof"),
        ("De Wierden Almere", "gm0034", "De Wierden"),
        ("Lange Nering 12, Emmeloord", "emmeloord", "Lange Nering 12"),
        ("A6 Almere afrit 5", "a6", "afrit 5"),
        ("Hilversm Wilgenhof", "gm0402", "Wilgenhof"),
    ] {
        let found = resolve_at(words, NOW).unwrap();
        assert_eq!((found.area.name.id(), found.unread.as_str()), (id, unread), "{words}");
    }
    assert!(meant("Laren Wilgenhof").starts_with("ambiguous: gm0417"));
    // Not of a road or a region, and not of what is not ours.
    assert_eq!(meant("A6 Wilgenhof"), "not found: a6 in ");
    assert_eq!(meant("Flevoland Wilgenhof"), "not found: vr25 in Flevoland");
    assert_eq!(meant("Lochem Wilgenhof"), "not found: gm0262 in Noord- en Oost-Gelderland");
}

#[test]
fn a_slip_is_taken_for_a_town_of_ours_and_offered_for_anything_else() {
    for (words, id) in [
        ("Emmelord", "emmeloord"),
        ("Emeloord", "emmeloord"),
        ("Hilversm", "gm0402"),
        ("gemeente Noordoostpoldr", "gm0171"),
        ("Emmelord, Flevoland", "emmeloord"),
        ("Sgravelant", "s-graveland"),
    ] {
        assert_eq!(meant(words), id, "{words}");
    }
    assert_eq!(meant("Lochum"), "not found: gm0262 in Noord- en Oost-Gelderland");
    assert_eq!(meant("Ketelmer"), "not found: ketelmeer in ");
    assert_eq!(meant("GM0172"), "not found: ");
}

#[test]
fn what_agrees_only_loosely_is_offered() {
    for (words, offered) in [
        ("De Wierden", "ambiguous: gm0189 in Nederland"),
        ("De Hilversum", "ambiguous: gm0402 in Gooi en Vechtstreek"),
        ("Zwartemeer", "ambiguous: zwarte-meer in "),
        ("Nederhorst Berg", "ambiguous: nederhorst-den-berg in Wijdemeren"),
    ] {
        assert_eq!(meant(words), offered, "{words}");
    }
}

#[test]
fn a_directory_without_terms_still_answers() {
    let records = sample::places_records();
    let without = records.into_iter().filter(|stored| stored.record.name().collection() != Collection::Terms);
    let snapshot = Snapshot::new(Revision(7), without, []);
    for (words, id) in [("Emmeloord", "emmeloord"), ("Laren, Lochem", "laren-lochem"), ("GM 0171", "gm0171")] {
        assert_eq!(resolve(&snapshot, words, sample::at(NOW)).unwrap().area.name.id(), id, "{words}");
    }
    assert!(resolve(&snapshot, "gemeente Urk", sample::at(NOW)).is_ok_and(|found| found.unread == "gemeente"));
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
            "laren", "nh", "in", "gemeente", "lochem", "wilgenhof", "emmelord", "8302", "ab", "urk", "de", "flevoland", "provincie", "a6", "hm", "80.3",
        ]), 0..8),
    ) {
        let _ = meant(&words.join(" "));
    }
}
