//! What answers look like, held in `tests/golden/cli/`; `just golden` writes the files again, for a reviewed diff.

use std::path::Path;

use prost::Message;

use crate::dataset;
use crate::domain::acting::{self, Question};
use crate::domain::calamity_type::{CalamityLevel, CalamityType};
use crate::domain::change::{Authorship, Change};
use crate::domain::grip::Grip;
use crate::domain::snapshot::Snapshot;
use crate::domain::spoilt::spoilt;
use crate::domain::text::Language;
use crate::proto::convert::Detail;
use crate::proto::v1;

use super::answer::SCREEN;
use super::paper::Paper;
use super::view::View;

const VIEW: View =
    View { language: Language::Dutch, paper: Paper { width: 80, colour: false }, all: false, compared: None };

fn holds(file: &str, lines: &[String]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/cli").join(file);
    let text = format!("{}\n", lines.join("\n"));
    if std::env::var("CRISISGIDS_GOLDEN").is_ok_and(|wish| wish == "write") {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&path).unwrap(), "{file}");
}

fn shipped() -> Snapshot {
    let changes: Vec<Change> = dataset::shipped().unwrap().records.into_iter().map(Change::Put).collect();
    let authorship = Authorship {
        principal: "test".to_owned(),
        peer: String::new(),
        change_reason: String::new(),
        time: "2026-11-23T12:00:00+01:00".parse().unwrap(),
        request: None,
    };
    let empty = Snapshot::default();
    empty.after([&empty.plan(&changes, &authorship).unwrap()])
}

fn ask(
    snapshot: &Snapshot,
    place: &str,
    calamity: &str,
    grip: Grip,
    language: Language,
) -> v1::FindActingOrganisationsResponse {
    let question = Question {
        places: vec![place.to_owned()],
        calamities: vec![calamity.to_owned()],
        grip,
        compare_grip: None,
        circumstances: Vec::new(),
        denied: Vec::new(),
        asking_organisation: String::new(),
        effective_time: "2026-11-23T03:10:00+01:00".parse().unwrap(),
        exercise: true,
    };
    let answer = acting::answer(snapshot, &question).unwrap_or_else(|error| panic!("{place}, {calamity}: {error:?}"));
    Detail { language, full: true, explain: false }.answer(snapshot, &answer)
}

/// An answer with every mark that an entry can have.
fn marked() -> v1::FindActingOrganisationsResponse {
    let area = |name: &str, called: &str| v1::AreaReference {
        name: name.to_owned(),
        display_name: called.to_owned(),
        announced: false,
    };
    let contact = |value: &str, placeholder: bool| v1::ReachableContact {
        display_name: "Piket".to_owned(),
        channels: vec![v1::ReachableChannel {
            kind: v1::ChannelKind::Telephone.into(),
            value: value.to_owned(),
            placeholder,
            not_public: placeholder,
            fictional: !placeholder,
            reachable_now: true,
            ..Default::default()
        }],
        ..Default::default()
    };
    let entry = |group: v1::Group, rank: i32, called: &str, change, role: v1::ActingRole, contact| {
        let function = v1::CalledFunction { contacts: vec![contact], ..Default::default() };
        v1::ActingOrganisation {
            id: format!("e{rank}"),
            organisation: format!("organisations/o{rank}"),
            display_name: called.to_owned(),
            group: group.into(),
            rank,
            discipline: "water".to_owned(),
            change: v1::EntryChange::into(change),
            roles: vec![v1::ActingRole { functions: vec![function], ..role }],
        }
    };
    let law = |law: &str| {
        let grounds = v1::Grounds { legal_basis: law.to_owned(), ..Default::default() };
        v1::ActingRole { grounds: vec![grounds], ..Default::default() }
    };
    let (hidden, shown) = (contact("", true), contact("0001", false));
    let first = v1::FirstCall {
        display_name: "Waternet".to_owned(),
        contact_display_name: shown.display_name.clone(),
        channel: shown.channels.first().cloned(),
        ..Default::default()
    };
    let condition = v1::ConditionReference { display_name: "vermoeden van opzet".to_owned(), ..Default::default() };
    let request = v1::ActivationReference {
        kind: v1::Activation::OnRequest.into(),
        through_display_name: "Meldkamer".to_owned(),
        ..Default::default()
    };
    let partial = v1::ActingRole { partial: true, serves: vec![area("areas/muiden", "Muiden")], ..law("Dw 3") };
    let conditional = v1::ActingRole { conditional: vec![condition], ..law("Pw 3") };
    let requested = v1::ActingRole { activation: Some(request), shared: true, ..Default::default() };
    let announced = v1::ActingRole { announced: true, ..law("Wvr 35") };
    let (added, changed, stays, ends) =
        (v1::EntryChange::Added, v1::EntryChange::Changed, v1::EntryChange::Stays, v1::EntryChange::Ends);
    v1::FindActingOrganisationsResponse {
        resolution: Some(v1::Resolution {
            matched: vec![v1::MatchedWords {
                words: "GM".to_owned(),
                area: "areas/gm1942".to_owned(),
                display_name: "Gooise Meren".to_owned(),
                ..Default::default()
            }],
            municipalities: vec![area("areas/gm1942", "Gooise Meren")],
            safety_regions: vec![area("areas/vr14", "Gooi en Vechtstreek")],
            ..Default::default()
        }),
        calamity_types: vec![v1::CalamityTypeReference {
            code: "4.2".to_owned(),
            display_name: "Verstoring drinkwater".to_owned(),
            ..Default::default()
        }],
        grip: v1::Grip::Grip2.into(),
        acting: vec![
            entry(v1::Group::Authority, 1, "Burgemeester van Gooise Meren", stays, law("Wvr 4, 5"), hidden.clone()),
            entry(v1::Group::Lead, 2, "Veiligheidsregio Gooi en Vechtstreek", added, announced, hidden.clone()),
            entry(v1::Group::CallNow, 3, "Waternet", changed, partial, shown.clone()),
            entry(v1::Group::Support, 4, "Politie", ends, conditional, hidden.clone()),
            entry(v1::Group::Support, 5, "Rode Kruis", added, requested, hidden.clone()),
            entry(v1::Group::Inform, 6, "Provincie Noord-Holland", stays, law(""), hidden),
        ],
        last_resorts: vec![v1::LastResort {
            capability_display_name: "meldkamer".to_owned(),
            display_name: "Meldkamer".to_owned(),
            contacts: vec![shown],
            ..Default::default()
        }],
        gaps: vec![v1::Gap {
            kind: v1::GapKind::NoContact.into(),
            severity: v1::Severity::Red.into(),
            subject: String::new(),
            message: "Van PWN is geen contact bekend.".to_owned(),
        }],
        call_now: vec![v1::AlarmedParty {
            organisation: "organisations/o3".to_owned(),
            display_name: "Waternet".to_owned(),
            rank: 3,
            from_grip: v1::Grip::Grip1.into(),
            means: v1::AlarmMeans::Telephone.into(),
            call: Some(first.clone()),
            ..Default::default()
        }],
        first_call: Some(first),
        exercise: true,
        revision: 7,
        effective_time: Some(prost_types::Timestamp { seconds: 1_795_399_800, nanos: 0 }),
        ..Default::default()
    }
}

#[test]
fn every_mark_of_an_entry_stands_beside_its_name() {
    let compared = Some(v1::Grip::Grip1);
    holds("marks.nl.txt", &View { compared, ..VIEW }.answer(&marked()));
    holds("marks.en.txt", &View { compared, language: Language::English, ..VIEW }.answer(&marked()));
    holds("marks.all.nl.txt", &View { compared, all: true, ..VIEW }.answer(&marked()));
}

#[test]
fn a_place_that_is_not_ours_is_handed_over() {
    let marked = marked();
    let contacts = marked.last_resorts.first().unwrap().contacts.clone();
    let handover = v1::Handover {
        display_name: "Veiligheidsregio Utrecht".to_owned(),
        area: Some(v1::AreaReference { display_name: "Soest".to_owned(), ..Default::default() }),
        contacts,
        still_known: vec![v1::StillKnown {
            display_name: "Waternet".to_owned(),
            capability_display_name: "waterbeheer".to_owned(),
            area: Some(v1::AreaReference { display_name: "Soest".to_owned(), ..Default::default() }),
            ..Default::default()
        }],
        serves_us_too: true,
        ..Default::default()
    };
    let answer = v1::FindActingOrganisationsResponse {
        acting: Vec::new(),
        call_now: Vec::new(),
        first_call: None,
        handovers: vec![handover],
        ..marked
    };
    holds("handover.nl.txt", &VIEW.answer(&answer));
}

#[test]
fn the_first_screen_of_every_shipped_answer_holds_what_is_needed_at_night() {
    let snapshot = shipped();
    let places = ["Emmeloord", "Huizen", "Ketelbrug", "Almere", "Weesp", "areas/gm0417"];
    let calamities = ["1.1.30", "2.1", "3.1", "4.1", "5.1", "6.1"];
    for (place, calamity) in places.iter().flat_map(|place| calamities.map(|calamity| (*place, calamity))) {
        for (grip, language) in
            [(Grip::None, Language::Dutch), (Grip::Two, Language::English), (Grip::Four, Language::Dutch)]
        {
            let answer = ask(&snapshot, place, calamity, grip, language);
            let lines = View { language, ..VIEW }.answer(&answer);
            let about = format!("{place} {calamity} {}\n{}", grip.word(), lines.join("\n"));
            let screen: Vec<&String> = lines.iter().take(SCREEN).collect();
            let last = match language {
                Language::Dutch => "ALS NIEMAND OPNEEMT",
                Language::English => "IF NOBODY ANSWERS",
            };
            assert!(screen.iter().any(|line| line.starts_with(last)), "{about}");
            for group in [v1::Group::Authority, v1::Group::Lead] {
                for entry in answer.acting.iter().filter(|entry| entry.group() == group).take(1) {
                    let first = entry.display_name.split(' ').next().unwrap();
                    assert!(screen.iter().any(|line| line.contains(first)), "{group:?} {about}");
                }
            }
            let is_red = answer.gaps.iter().any(|gap| gap.severity() == v1::Severity::Red);
            let says_red = lines.iter().take(8).any(|line| line.starts_with("ROOD") || line.starts_with("RED"));
            assert_eq!(says_red, is_red, "{about}");
            assert!(lines.iter().all(|line| line.chars().count() <= 80), "{about}");
        }
    }
}

/// Whom to alarm stands whole on the first screen, also where many act. Every municipality, and every type in two of
/// them: each with each would take minutes, and towns of a region differ little in length.
#[test]
fn up_to_grip_2_who_decides_who_leads_and_whom_to_alarm_stand_whole_within_a_screen() {
    let snapshot = shipped();
    let mut beyond = Vec::new();
    let codes = ["0034", "0050", "0171", "0184", "0303", "0376", "0402", "0406", "0417", "0995", "1696", "1942"];
    let types = snapshot.all::<CalamityType>().filter(|one| one.level != CalamityLevel::Theme);
    for (index, calamity) in types.enumerate() {
        for code in codes.iter().cycle().skip(index).step_by(codes.len() / 2).take(2) {
            let place = &format!("areas/gm{code}");
            for grip in [Grip::None, Grip::One, Grip::Two] {
                let answer = ask(&snapshot, place, &calamity.code, grip, Language::Dutch);
                let lines = VIEW.answer(&answer);
                // What comes after the three groups begins within the line behind the screen.
                let end = lines.iter().position(|line| line.starts_with("ALS NIEMAND OPNEEMT"));
                let screen: Vec<&str> = lines.iter().take(SCREEN).flat_map(|line| line.split_whitespace()).collect();
                let alarmed = answer.call_now.iter().map(|one| &one.display_name);
                let groups = [v1::Group::Authority, v1::Group::Lead];
                let entries = answer.acting.iter().filter(|entry| groups.contains(&entry.group()));
                let names = entries.map(|entry| &entry.display_name).chain(alarmed);
                let is_there = |name: &&String| {
                    let first = name.split_whitespace().next().unwrap_or_default();
                    screen.iter().any(|word| word.contains(first))
                };
                let missing: Vec<&String> = names.filter(|name| !is_there(name)).collect();
                if end.is_none_or(|end| end > SCREEN) || !missing.is_empty() {
                    beyond.push(format!("{place} {} {}: {end:?} {missing:?}", calamity.code, grip.word()));
                }
                assert!(lines.iter().all(|line| line.chars().count() <= 80), "{place} {}", calamity.code);
            }
        }
    }
    assert!(beyond.is_empty(), "{} answers do not fit:\n{}", beyond.len(), beyond.join("\n"));
}

proptest::proptest! {
    #[test]
    fn no_input_makes_an_answer_panic_or_reach_the_terminal_as_anything_but_text(
        bytes in spoilt(vec![marked().encode_to_vec()]), width in 1_usize..200, all in proptest::bool::ANY,
    ) {
        if let Ok(answer) = v1::FindActingOrganisationsResponse::decode(bytes.as_slice()) {
            let lines = View { all, paper: Paper { width, colour: false }, ..VIEW }.answer(&answer);
            proptest::prop_assert!(!lines.iter().any(|line| line.contains(char::is_control)), "{lines:?}");
        }
    }
}
