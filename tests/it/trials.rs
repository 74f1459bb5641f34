//! Trials of the directory that ships: what people outside tried, with what is right.
//!
//! The words and places are facts, written down anew: which words are in use, and where places lie.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use crisisgids::domain::acting::answer::{Answer, Entry, GapKind, LastResort, Reach, Severity};
use crisisgids::domain::acting::{self, Question};
use crisisgids::domain::calamity::{self, Meant};
use crisisgids::domain::catalogue::DISPATCH_CENTRE;
use crisisgids::domain::contact::{Channel, ChannelKind, Contact};
use crisisgids::domain::error::{Candidate, Obstacle};
use crisisgids::domain::grip::Grip;
use crisisgids::domain::name::Id;
use crisisgids::domain::place;
use crisisgids::domain::record::{Resource, Stored};
use crisisgids::domain::snapshot::Snapshot;
use crisisgids::domain::source::CalendarDate;
use crisisgids::domain::text::Localised;
use crisisgids::domain::validity::{Moment, Validity};
use serde::Deserialize;

use super::support::shipped::shipped;

const NIGHT: &str = "2026-11-26T03:10";

fn at_night() -> jiff::Timestamp {
    Moment::parse(NIGHT).unwrap().instant()
}

fn ask(snapshot: &Snapshot, place: &str, calamity: &str, grip: Grip) -> Answer {
    ask_as("", snapshot, place, calamity, grip)
}

fn ask_as(asking: &str, snapshot: &Snapshot, place: &str, calamity: &str, grip: Grip) -> Answer {
    let question = Question {
        places: vec![place.to_owned()],
        calamities: vec![calamity.to_owned()],
        grip,
        compare_grip: None,
        circumstances: Vec::new(),
        denied: Vec::new(),
        asking_organisation: asking.to_owned(),
        effective_time: at_night(),
        exercise: false,
    };
    acting::answer(snapshot, &question).unwrap_or_else(|error| panic!("{place}, {calamity}: {error:?}"))
}

/// Every way to reach somebody in an answer.
fn reaches(answer: &Answer) -> Vec<&Reach> {
    let entries = answer.acting.iter().flat_map(Entry::reaches);
    entries.chain(answer.last_resorts.iter().flat_map(|last| &last.contacts)).collect()
}

/// 112 itself, the dispatch centre, the telephone network: what the calamity takes away is not offered.
#[test]
fn where_112_is_down_nobody_is_told_to_dial_112() {
    for words in ["112 onbereikbaar", "uitval meldkamer", "telefoonuitval", "noodnummer overbelast"] {
        let answer = ask(shipped(), "Lelystad", words, Grip::Two);
        for channel in reaches(&answer).iter().flat_map(|reach| &reach.channels) {
            let offered = channel.channel.value == "112" && channel.reachable;
            assert!(!offered || channel.taken_down.is_empty(), "{words}: 112 is down and offered");
        }
        let first = answer.first_call.as_ref().map(|call| &call.channel);
        let offers_112 = first.is_some_and(|one| one.channel.value == "112");
        assert!(!offers_112, "{words}: {first:?}");
        let known =
            first.is_some() || answer.last_resorts.iter().flat_map(|last| &last.contacts).any(Reach::is_reachable);
        let red = answer.gaps.iter().any(|gap| gap.kind == GapKind::ChannelsTakenDown && gap.severity == Severity::Red);
        assert!(known || red, "{words}: that nothing else is known must be said");
    }
    // Radio and pagers are not the telephone: 112 itself still works.
    let answer = ask(shipped(), "Lelystad", "C2000 uitval", Grip::Two);
    let radio = reaches(&answer).into_iter().flat_map(|reach| &reach.channels);
    let mut radio = radio.filter(|one| matches!(one.channel.kind, ChannelKind::AlarmGroup | ChannelKind::Talkgroup));
    assert!(radio.all(|one| !one.reachable || one.taken_down.is_empty()));
}

/// Also where it stands as a second reading: at this hour two dispatch centres are known, one of them announced.
#[test]
fn a_dispatch_centre_that_asks_is_not_told_to_call_the_dispatch_centre() {
    let shipped = shipped();
    for (place, calamity) in
        [("Emmeloord", "woningbrand"), ("Huizen", "gaslek"), ("Urk", "storm"), ("A6", "aanrijding")]
    {
        for grip in [Grip::None, Grip::Two] {
            let told = ask(shipped, place, calamity, grip);
            let is_centre = |last: &LastResort| last.capability.name.name().as_str() == DISPATCH_CENTRE;
            assert!(told.last_resorts.iter().any(is_centre), "{place}: everybody else is told");
            let own = ask_as("meldkamer Lelystad", shipped, place, calamity, grip);
            assert!(!own.last_resorts.iter().any(is_centre), "{place} {calamity}");
            let called = own.first_call.as_ref().map(|call| call.organisation.name.id().to_owned());
            assert!(!called.is_some_and(|id| id.starts_with("meldkamer-")), "{place} {calamity}");
            let numbers = own.last_resorts.iter().flat_map(|last| &last.contacts).flat_map(|reach| &reach.channels);
            let mut numbers = numbers.chain(own.first_call.iter().map(|call| &call.channel));
            assert!(numbers.all(|one| one.channel.value != "112"), "{place} {calamity}: it answers 112 itself");
            assert!(own.gaps.iter().all(|gap| !gap.message.nl.contains("via de meldkamer.")), "{:?}", own.gaps);
            let red = |answer: &Answer| answer.gaps.iter().filter(|gap| gap.severity == Severity::Red).count();
            assert!(red(&own) <= red(&told), "{:?}", own.gaps);
            let acting =
                |answer: &Answer| answer.acting.iter().map(|one| one.organisation.name.clone()).collect::<Vec<_>>();
            assert_eq!(acting(&own), acting(&told), "who acts is the same whoever asks");
        }
    }
}

/// The words of `trials/words.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    word: Vec<Word>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Word {
    words: String,
    right: Vec<String>,
}

impl Word {
    /// Whether a type is right: it is one of the right ones or lies below it. A theme alone is no answer.
    fn allows(&self, id: &str) -> bool {
        (id.contains('-') || id.starts_with('x'))
            && self.right.iter().any(|right| id == right || id.starts_with(&format!("{right}-")))
    }

    fn allows_all(&self, found: &[Candidate]) -> bool {
        !found.is_empty() && found.iter().all(|one| self.allows(one.name.id()))
    }
}

/// How words were read: what they count for in halves, or wrongly.
enum Read {
    Counts(u32),
    Wrong(String),
}

/// Taken rightly counts whole; asked where several are right, and only right ones are offered, too; asked where one is
/// right counts half. A wrong type taken, or a suggestion of nothing but wrong types, misleads.
fn read(word: &Word) -> Read {
    let routine = word.right.iter().any(|one| one == "routine");
    let ids = |found: &[Candidate]| found.iter().map(|one| one.name.id().to_owned()).collect::<Vec<_>>().join(" ");
    match calamity::resolve(shipped(), &word.words, at_night()) {
        Ok(found) => match found.meant {
            Meant::Routine(_) if routine => Read::Counts(2),
            Meant::Routine(_) => Read::Wrong("taken as daily work".to_owned()),
            Meant::Type(one) if word.allows(one.name.id()) => Read::Counts(2),
            Meant::Type(one) => Read::Wrong(format!("taken as {}", one.name.id())),
        },
        Err(Obstacle::CalamityAmbiguous(found)) if word.allows_all(&found) => {
            Read::Counts(if word.right.len() > 1 { 2 } else { 1 })
        }
        Err(Obstacle::CalamityAmbiguous(found) | Obstacle::CalamityNotFound(found))
            if found.is_empty() || found.iter().any(|one| word.allows(one.name.id())) =>
        {
            Read::Counts(0)
        }
        Err(Obstacle::CalamityAmbiguous(found) | Obstacle::CalamityNotFound(found)) => {
            Read::Wrong(format!("leads only to {}", ids(&found)))
        }
        Err(other) => Read::Wrong(format!("{other:?}")),
    }
}

#[test]
fn the_words_of_dispatch_are_understood_and_none_leads_astray() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/trials/words.toml");
    let words = toml::from_str::<Words>(&std::fs::read_to_string(file).unwrap()).unwrap().word;
    assert!(words.len() > 80, "{} words", words.len());
    let (mut halves, mut wrong, mut short) = (0, String::new(), Vec::new());
    for word in &words {
        match read(word) {
            Read::Counts(2) => halves += 2,
            Read::Counts(some) => {
                halves += some;
                short.push(word.words.as_str());
            }
            Read::Wrong(how) => {
                let _ = writeln!(wrong, "{}: {how}; right: {:?}", word.words, word.right);
            }
        }
    }
    assert!(wrong.is_empty(), "these mislead:\n{wrong}");
    let percent = halves * 50 / u32::try_from(words.len()).unwrap();
    assert!(percent >= 90, "{percent} % understood; not, or in part: {short:?}");
}

/// Names, each with what they must be taken as, or else the municipality they must lie in.
fn found_in(names: &[(&str, &str)]) -> Vec<String> {
    let mut missed = Vec::new();
    for (words, municipality) in names {
        match place::resolve(shipped(), words, at_night()) {
            Ok(found) => {
                let placed = acting::place(shipped(), &found, at_night());
                let municipalities = placed.resolution.municipalities.iter().map(|one| one.area.name.id());
                let there: Vec<&str> = municipalities.collect();
                if !there.contains(municipality) && found.area.name.id() != *municipality {
                    missed.push(format!("{words} is in {there:?}, not in {municipality}"));
                }
            }
            Err(obstacle) => missed.push(format!("{words}: {obstacle:?}")),
        }
    }
    missed
}

#[test]
fn waters_roads_and_objects_of_our_own_ground_are_found() {
    let missed = found_in(&[
        ("Ankeveense Plassen", "gm1696"),
        ("Spiegelplas", "gm1696"),
        ("Naardermeer", "gm1942"),
        ("Vecht", "gm1942"),
        ("Weerwater", "gm0034"),
        ("Oostvaardersplassen", "gm0995"),
        ("Oostvaardersdijk", "gm0034"),
        ("Roggebotsluis", "gm0303"),
        ("Ramspolbrug", "gm0171"),
        ("Knardijk", "gm0995"),
        ("Bataviahaven", "gm0995"),
        ("Flevoziekenhuis", "gm0034"),
        ("Gooimeer", "gooimeer"),
        ("Eemmeer", "eemmeer"),
        ("Ketelmeer", "ketelmeer"),
        ("Hollandse Brug", "hollandse-brug"),
        ("Ketelbrug", "ketelbrug"),
        ("Houtribdijk", "houtribdijk"),
        ("A1", "a1"),
        ("A6", "a6"),
        ("A27", "a27"),
        ("N50", "n50"),
        ("N201", "n201"),
        ("N236", "n236"),
        ("N305", "n305"),
        ("N306", "n306"),
        ("N309", "n309"),
        ("N351", "n351"),
    ]);
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn towns_just_over_the_border_and_former_municipalities_are_told_whose_they_are() {
    for (words, region) in [
        ("Lemmer", "vr02"),
        ("Kuinre", "vr04"),
        ("Vollenhove", "vr04"),
        ("IJsselmuiden", "vr04"),
        ("'t Harde", "vr06"),
        ("Spakenburg", "vr09"),
        ("Breukelen", "vr09"),
        ("Hollandsche Rading", "vr09"),
        ("Abcoude", "vr09"),
        ("Maarssen", "vr09"),
        ("Weesp", "vr13"),
        ("Lemsterland", "vr02"),
        ("IJsselham", "vr04"),
    ] {
        let found = place::resolve(shipped(), words, at_night()).unwrap_or_else(|error| panic!("{words}: {error:?}"));
        let placed = acting::place(shipped(), &found, at_night());
        assert!(!placed.ours, "{words}");
        let regions = placed.handovers.iter().filter_map(|one| one.organisation.as_ref());
        let regions: Vec<&str> = regions.map(|region| region.name.id()).collect();
        assert_eq!(regions, [region], "{words}");
    }
}

#[test]
fn of_several_desks_the_verified_one_on_duty_is_called_and_never_the_archive() {
    let desk = |id: &str, purpose: &str, value: &str, verified: Option<&str>| Contact {
        name: Id::parse(&format!("organisations/vr25/contacts/{id}")).unwrap(),
        display_names: Localised::new(id, id),
        function: None,
        areas: vec![],
        filled_by: None,
        purpose: purpose.to_owned(),
        channels: vec![Channel {
            verified_date: verified.map(|day| CalendarDate(day.parse().unwrap())),
            ..Channel::new(ChannelKind::Telephone, value.to_owned())
        }],
        validity: Validity::default(),
        source: None,
    };
    let with = |desks: [Contact; 3]| -> Snapshot {
        let meta = shipped().iter().next().unwrap().meta.clone();
        let desks = desks.map(|desk| Stored { record: desk.into_record(), meta: meta.clone() });
        let all = shipped().iter().map(|stored: &Arc<Stored>| (**stored).clone());
        Snapshot::new(shipped().revision(), all.chain(desks).collect::<Vec<_>>(), [])
    };
    let catering = || desk("catering", "administrative", "0320 121212", None);
    let called = |snapshot: &Snapshot| -> Vec<String> {
        let answer = ask(snapshot, "Urk", "brand", Grip::One);
        let last = answer.last_resorts.iter().filter(|last| last.organisation.name.id() == "vr25");
        let channels = last.flat_map(|last| &last.contacts).flat_map(|reach| &reach.channels);
        channels.filter(|one| one.reachable).map(|one| one.channel.value.clone()).collect()
    };
    let archive = |purpose: &str| desk("archief", purpose, "0320 131313", None);
    let verified = || desk("desk", "", "0320 246810", Some("2026-11-20"));
    let unsaid = called(&with([verified(), catering(), archive("")]));
    assert_eq!(unsaid.first().map(String::as_str), Some("0320 246810"), "verified before unverified: {unsaid:?}");
    let said = called(&with([verified(), catering(), archive("archive")]));
    assert_eq!(said, ["0320 246810"], "an archive is never called");
    let duty = called(&with([desk("desk", "operational", "0320 246810", None), catering(), archive("")]));
    assert_eq!(duty.first().map(String::as_str), Some("0320 246810"), "on duty, said so, before unsaid: {duty:?}");
}

/// Codes of international hazard lists, each as wide as its list draws it.
#[test]
fn a_code_that_means_one_type_is_taken_and_a_broader_one_is_asked() {
    for code in ["MH0604", "nat-hyd-flo-riv"] {
        let found = calamity::resolve(shipped(), code, at_night());
        let meant = found.unwrap_or_else(|error| panic!("{code}: {error:?}")).meant;
        assert!(matches!(&meant, Meant::Type(one) if one.name.id() == "1-1-20"), "{code}: {meant:?}");
    }
    for code in ["FL", "GLIDE:FL", "FL-2026-000012-NLD"] {
        let floods = |id: &str| id == "x1" || id == "1-1" || id.starts_with("1-1-");
        let asked = calamity::resolve(shipped(), code, at_night());
        let Err(Obstacle::CalamityAmbiguous(found)) = asked else {
            panic!("{code} is broader than any type and must be asked: {asked:?}");
        };
        assert!(found.iter().all(|one| floods(one.name.id())), "{code}: {found:?}");
    }
}
