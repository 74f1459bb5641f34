//! Places as dispatchers, pagers, geocoders and registers write them, asked of the directory that ships.

use crisisgids::domain::error::Obstacle;
use crisisgids::domain::place::{self, PlaceMatch};
use crisisgids::domain::snapshot::Snapshot;

use super::words::{at, shipped};

const NOW: &str = "2026-11-26T12:00";

fn resolve(snapshot: &Snapshot, words: &str) -> Result<PlaceMatch, Obstacle> {
    place::resolve(snapshot, words, at(NOW))
}

/// The id of the match, with what is unread; or the ids that are offered.
fn shown(snapshot: &Snapshot, words: &str) -> String {
    let ids = |all: Vec<crisisgids::domain::error::Candidate>| {
        all.iter().map(|one| one.name.id().to_owned()).collect::<Vec<_>>().join(" ")
    };
    match resolve(snapshot, words) {
        Ok(found) if found.unread.is_empty() => found.area.name.id().to_owned(),
        Ok(found) => format!("{} without '{}'", found.area.name.id(), found.unread),
        Err(Obstacle::PlaceAmbiguous(all)) => format!("one of {}", ids(all)),
        Err(Obstacle::PlaceNotFound(all)) => format!("near {}", ids(all)),
        Err(Obstacle::LocationUnsupported) => "location".to_owned(),
        Err(Obstacle::CalamityNotFound(_) | Obstacle::CalamityAmbiguous(_)) => "calamity".to_owned(),
    }
}

#[test]
fn a_road_a_bridge_or_a_lake_with_a_town_is_that_road_bridge_or_lake() {
    let snapshot = shipped();
    for (words, id) in [
        ("A6 Almere", "a6"),
        ("A27 Hilversum", "a27"),
        ("A1 Muiden", "a1"),
        ("N50 Ens", "n50"),
        ("Ketelbrug Dronten", "ketelbrug"),
        ("Oosterwold, Almere", "oosterwold"),
        ("Oosterwold Zeewolde", "oosterwold"),
        ("IJsselmeer Urk", "ijsselmeer"),
        ("Markermeer Almere", "markermeer"),
        ("A6 Li 34,2 Almere", "a6"),
        ("N 305 Zeewolde", "n305"),
    ] {
        assert_eq!(shown(&snapshot, words), id, "{words}");
    }
    assert_eq!(shown(&snapshot, "A6 hm 34,2"), "location");
}

#[test]
fn a_chain_of_names_as_geocoders_write_it_is_one_place() {
    let snapshot = shipped();
    for (words, id) in [
        ("Urk, Flevoland, Nederland", "gm0184"),
        ("Emmeloord, Noordoostpolder, Flevoland, Nederland", "emmeloord"),
        ("Laren, Noord-Holland, Nederland", "gm0417"),
        ("Emmeloord, Flevoland", "emmeloord"),
        ("8302 AB Emmeloord", "emmeloord"),
        ("1309 Almere", "gm0034"),
    ] {
        assert_eq!(shown(&snapshot, words), id, "{words}");
    }
}

#[test]
fn codes_are_read_as_registers_write_them() {
    let snapshot = shipped();
    for (words, id) in [
        ("0457", "gm0457"),
        ("GM0457", "gm0457"),
        ("Weesp (0457)", "gm0457"),
        ("0034", "gm0034"),
        ("regio 25", "vr25"),
        ("VR 25", "vr25"),
        ("VRF", "vr25"),
    ] {
        assert_eq!(shown(&snapshot, words), id, "{words}");
    }
}

#[test]
fn no_place_is_taken_for_another_by_leaving_out_an_article() {
    let snapshot = shipped();
    for (words, another) in [
        ("De Wierden", "gm0189"),
        ("Den Hoorn", "gm0405"),
        ("Den Hulst", "gm0677"),
        ("De Sluis", "gm1714"),
        ("De Huizen", "gm0406"),
        ("Zwartemeer", "zwarte-meer"),
    ] {
        let found = resolve(&snapshot, words);
        assert!(!found.is_ok_and(|found| found.area.name.id() == another), "{words}");
    }
}

#[test]
fn what_is_not_known_beside_a_town_is_told() {
    let snapshot = shipped();
    for (words, shown_as) in [
        ("Emmeloord Onbekendwijk", "emmeloord without 'Onbekendwijk'"),
        ("Qwertyhof, Almere", "gm0034 without 'Qwertyhof'"),
        ("Emmelord", "emmeloord"),
        ("Hilversm", "gm0402"),
        ("Lelijstad", "gm0995"),
    ] {
        assert_eq!(shown(&snapshot, words), shown_as, "{words}");
    }
    assert!(shown(&snapshot, "Emmeloord Hilversum").starts_with("one of "));
    assert!(shown(&snapshot, "Laren").starts_with("one of gm0417 "));
}

#[test]
fn every_area_is_found_with_its_town() {
    use crisisgids::domain::area::{Area, AreaKind};
    let snapshot = shipped();
    let mut missed = Vec::new();
    for area in
        snapshot.all::<Area>().filter(|area| area.validity.may_hold(at(NOW)) && area.kind < AreaKind::Municipality)
    {
        let wider = area.within.iter().chain(&area.overlaps).filter(|edge| edge.validity.may_hold(at(NOW)));
        for wider in wider.filter_map(|edge| snapshot.get(&edge.area)).filter(|wider| wider.validity.may_hold(at(NOW)))
        {
            let name = |area: &Area| area.display_names.iter().next().map(|(_, text)| text.to_owned()).unwrap();
            let words = format!("{}, {}", name(area), name(wider));
            let is_found = match resolve(&snapshot, &words) {
                Ok(found) => {
                    found.unread.is_empty()
                        && std::iter::once(&found.area).chain(&found.also).any(|one| one.name == area.name)
                }
                Err(Obstacle::PlaceAmbiguous(all)) => all.iter().any(|one| one.name == *area.name.name()),
                Err(_) => false,
            };
            if !is_found {
                missed.push(words);
            }
        }
    }
    // A name that begins with a particle and is a word of another name besides.
    missed.retain(|words| words != "'t Loo, Oldebroek");
    assert!(missed.is_empty(), "{} missed: {:?}", missed.len(), missed.iter().take(40).collect::<Vec<_>>());
}
