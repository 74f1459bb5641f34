//! The lines of alarms as they stand on a screen, asked of the directory that ships; and that they are forgotten.
//!
//! **Invariants.** Towns and waters are real, everything else in a line is invented: streets, firms, numbers.

use std::path::Path;
use std::sync::OnceLock;

use crisisgids::dataset;
use crisisgids::domain::grip::Grip;
use crisisgids::domain::record::{Meta, Origin, Revision, Stored};
use crisisgids::domain::report::{Carriageway, Piece, Report, ReportStatus, Span, interpret};
use crisisgids::domain::snapshot::Snapshot;
use crisisgids::domain::validity::Moment;
use crisisgids::domain::{acting, words};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;

use super::support::process::{Serving, output, program};

fn now() -> Timestamp {
    Moment::parse("2026-11-26T03:10").unwrap().instant()
}

fn shipped() -> &'static Snapshot {
    static SHIPPED: OnceLock<Snapshot> = OnceLock::new();
    SHIPPED.get_or_init(|| {
        let meta = Meta {
            uid: "uid".to_owned(),
            revision: Revision(1),
            create_time: now(),
            update_time: now(),
            origin: Origin::Shipped,
        };
        let records = dataset::shipped().unwrap().records;
        Snapshot::new(Revision(1), records.into_iter().map(|record| Stored { record, meta: meta.clone() }), [])
    })
}

fn read(line: &str) -> Report {
    interpret(shipped(), line, now())
}

/// The ids of what pieces mean, or with a question mark of what they may mean.
fn ids(pieces: &[Piece]) -> Vec<String> {
    let of = |piece: &Piece| -> Vec<String> {
        match &piece.meant {
            Some((name, _)) if piece.denied => vec![format!("!{}", name.id())],
            Some((name, _)) => vec![name.id().to_owned()],
            None if piece.candidates.is_empty() => vec!["ROUTINE".to_owned()],
            None => {
                let routine = piece.routine.then(|| "ROUTINE?".to_owned());
                routine.into_iter().chain(piece.candidates.iter().map(|one| format!("{}?", one.name.id()))).collect()
            }
        }
    };
    pieces.iter().flat_map(of).collect()
}

/// A line with what it means: places, calamities, circumstances that must be among those read, level, kind of message.
struct Example {
    line: &'static str,
    places: &'static [&'static str],
    calamities: &'static [&'static str],
    circumstances: &'static [&'static str],
    grip: Grip,
    status: ReportStatus,
}

const fn example(
    line: &'static str,
    places: &'static [&'static str],
    calamities: &'static [&'static str],
    circumstances: &'static [&'static str],
) -> Example {
    Example { line, places, calamities, circumstances, grip: Grip::None, status: ReportStatus::New }
}

const fn at_level(example: Example, grip: Grip) -> Example {
    Example { grip, ..example }
}

const fn as_message(example: Example, status: ReportStatus) -> Example {
    Example { status, ..example }
}

/// Lines as a pager or a dispatch screen shows them, each with what must be read in it.
const EXAMPLES: &[Example] = &[
    example("P 1 BMD-04 BR woning Kastanjestraat Huizen 000131", &["gm0406"], &["2-1"], &[]),
    example(
        "P 1 BMD-02 (Middel BR) BR gezondheidszorg De Meerhof Lindelaan Almere 000131 000151",
        &["gm0034"],
        &["2-1-10"],
        &["scale-medium", "not-self-reliant"],
    ),
    at_level(
        example(
            "P 1 (GRIP 1) (Zeer gr. BR) BR industrie Polderplast Pioniersweg Emmeloord 000130",
            &["emmeloord"],
            &["2-1?", "3-1-50?", "3-2-50?"],
            &["scale-very-large"],
        ),
        Grip::One,
    ),
    example("Prio 1 BR woning (dak) (rieten kap) Meentlaan Huizen", &["gm0406"], &["2-1"], &["thatched-roof"]),
    example(
        "P 1 BMD-05 Ongeval gev. stof (Gaslekkage) (buiten) Havensingel Emmeloord 000191",
        &["emmeloord"],
        &["3-1"],
        &["hazardous-substance", "outdoors"],
    ),
    example(
        "P 1 (Middel IBGS) Ongeval gev. stof (ammoniak) Polderkoel Emmeloord 000131",
        &["emmeloord"],
        &["3-2"],
        &["hazardous-substance", "scale-medium"],
    ),
    example(
        "P 1 Ongeval wegvervoer (beknelling) A6 Re 12,3 Almere 000161",
        &["a6", "gm0034"],
        &["5-3-10"],
        &["persons-trapped"],
    ),
    example("A1 HV weg letsel Huizen 17,6", &["gm0406"], &["5-3-10"], &["injured"]),
    example("Ongeval/Wegvervoer/Letsel prio 1 Emmeloord Zuiderdijkje", &["emmeloord"], &["5-3-10"], &["injured"]),
    example(
        "Ongeval/Water/Schip/watersp. in problemen prio 2 Huizen Gooimeer",
        &["gm0406", "gooimeer"],
        &["5-2-10?", "5-2-20?"],
        &[],
    ),
    example("P 1 000000 Letsel Pionierskade Emmeloord", &["emmeloord"], &["5-3-10"], &["injured"]),
    example("1 Explosie Kerkstraat Huizen ICnum 000000", &["gm0406"], &["3-1?", "2-2-10?", "x3?"], &[]),
    example("P 1 Voertuig te water A6 Li 21,5 Almere 000141", &["a6", "gm0034"], &["5-2"], &[]),
    example("KNRM Urk vaartuig gekapseisd, 2 personen te water", &["gm0184"], &["5-2"], &[]),
    example(
        "P 2 OMS brandmelding Novatex Fabrieksweg Emmeloord 00-00-000",
        &["emmeloord"],
        &["2-1"],
        &["unverified-automatic-alarm"],
    ),
    as_message(
        example(
            "P 2 (Intrekken Alarm Brw) OMS gev. stof Chemloods Emmeloord",
            &["emmeloord"],
            &["3-1?", "3-2?"],
            &["unverified-automatic-alarm"],
        ),
        ReportStatus::Withdrawn,
    ),
    example("P 2 CO-melder Dorpsplein Huizen 000130", &["gm0406"], &["x12"], &["unverified-automatic-alarm"]),
    example("P 2 Stank/hind. lucht (gaslucht) (binnen) Berkenhof Almere 000130", &["gm0034"], &["3-1"], &["indoors"]),
    example("P 2 Uitval nutsvoorz. (elektriciteit) Emmeloord", &["emmeloord"], &["4-1-30"], &[]),
    example("P 3 Wateroverlast (flat) Zuiderlaan Huizen 000130", &["gm0406"], &["x1"], &[]),
    example("P 3 Stormschade (boom) Eikenweg Huizen", &["gm0406"], &["1-3-30"], &[]),
    example("P 1 Spoor incident overweg Bredeweg Hilversum NH", &["gm0402"], &["5-3-20"], &[]),
    example(
        "DV wegvervoer (Sc_H_Stremming) zuidbuis Polderbuistunnel Almere",
        &["gm0034"],
        &["ROUTINE?", "5-4-20?"],
        &[],
    ),
    example(
        "P 1 Brandgerucht (detectie: rook/hitte) Novatex Fabrieksweg Emmeloord",
        &["emmeloord"],
        &["2-1"],
        &["unconfirmed"],
    ),
    at_level(example("P 1 BR natuur (heide) (GRIP 2) Huizen 000130 000131", &["gm0406"], &["1-2-20"], &[]), Grip::Two),
    as_message(
        example("Oefening BMD-OTO-310 BR gebouw Torenstraat Emmeloord", &["emmeloord"], &["2-1"], &[]),
        ReportStatus::Exercise,
    ),
    example("Ass. Ambu (reddingskussen) Torenflat Almere 000131", &["gm0034"], &["ROUTINE?", "x8?"], &[]),
    example(
        "P 1 Verontr. opp.water (olie) Lemstervaart Emmeloord 000191",
        &["lemstervaart", "emmeloord"],
        &["x10"],
        &[],
    ),
    example("Passage Ambulance Ketelbrug Emmeloord", &["ketelbrug", "emmeloord"], &["ROUTINE"], &[]),
    at_level(
        example(
            "P 1 BR agrarisch (stal) (asbest: ja) Noorderweg Emmeloord 000131 GRIP 1 zonder CoPI",
            &["emmeloord"],
            &["2-1"],
            &["asbestos"],
        ),
        Grip::One,
    ),
];

#[test]
fn the_examples_of_dispatch_lines_are_read_right() {
    let mut wrong = Vec::new();
    for example in EXAMPLES {
        let report = read(example.line);
        let circumstances = ids(&report.circumstances);
        let stated = example.circumstances.iter().all(|one| circumstances.iter().any(|known| known == one));
        let right = ids(&report.places) == example.places
            && ids(&report.calamities) == example.calamities
            && stated
            && (report.grip, report.status) == (example.grip, example.status);
        if !right {
            wrong.push(format!(
                "{}: {:?} {:?} {circumstances:?} {:?} {:?}",
                example.line,
                ids(&report.places),
                ids(&report.calamities),
                report.grip,
                report.status
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), EXAMPLES.len(), wrong.join("\n"));
}

#[test]
fn carriageway_hectometre_mark_and_priority_are_details() {
    let report = read("P 1 Voertuig te water A6 Li 34,2 Almere");
    assert_eq!(
        (report.carriageway, report.hectometre.as_str(), report.priority.as_str()),
        (Some(Carriageway::Left), "34,2", "P 1")
    );
    assert_eq!(read("PRIO 2 gaslekkage Huizen").priority, "P 2");
    assert_eq!(read("A1 HV weg letsel Huizen 17.6").priority, "A1");
    // A motorway by its marks, whatever its letter.
    let road = read("A1 Re 17,6 aanrijding Naarden");
    assert_eq!((ids(&road.places), road.priority.as_str()), (vec!["a1".to_owned(), "naarden".to_owned()], ""));
}

#[test]
fn a_withdrawn_alarm_a_test_and_an_exercise_are_never_taken_for_an_incident() {
    let incidents = ["BR woning Kerkstraat Huizen", "P 1 Ongeval wegvervoer A6 Almere", "gaslekkage Emmeloord"];
    for (status, words) in [
        (
            ReportStatus::Withdrawn,
            &[
                "Intrekken",
                "(Intrekken Alarm Brw)",
                "(Intrekken)",
                "ingetrokken",
                "Alarm ingetrokken",
                "INTREKKING",
                "geannuleerd",
                "Annulering",
                "melding vervallen",
                "(vervallen)",
                "loos alarm",
                "Vals alarm",
                "false alarm",
                "alarm cancelled",
                "einde incident",
                "Einde inzet",
                "EINDE OEFENING",
                "einde alarm",
                "end of exercise",
            ][..],
        ),
        (
            ReportStatus::Test,
            &[
                "Proefalarm",
                "PROEFALARM",
                "proef alarm",
                "Proefalarmering",
                "testalarm",
                "Test alarm",
                "testmelding",
                "Test",
                "TEST",
                "(test)",
                "dit is een test",
                "maandelijkse test",
                "pagertest",
                "testbericht",
                "proefoproep",
            ][..],
        ),
        (
            ReportStatus::Exercise,
            &[
                "Oefening",
                "OEFENING OEFENING",
                "(oefening)",
                "oefenalarm",
                "oefenmelding",
                "Oef.",
                "systeemoefening",
                "grip-oefening",
                "exercise",
                "BMD-OTO-310",
                "oefeninzet",
            ][..],
        ),
    ] {
        for said in words {
            for line in incidents.iter().flat_map(|line| [format!("{said} {line}"), format!("{line} {said}")]) {
                assert_eq!(read(&line).status, status, "{line}");
            }
        }
    }
    for line in incidents {
        assert_eq!(read(line).status, ReportStatus::New, "{line}");
    }
    for line in
        ["P 1 BR woning Huizen Intrekken: nee", "Dit is geen oefening: BR woning Huizen", "P 1 BR Oefencentrum Huizen"]
    {
        assert_eq!(read(line).status, ReportStatus::New, "{line}");
    }
}

#[test]
fn an_exercise_is_asked_as_one() {
    assert!(read("Oefening BR woning Huizen").question.unwrap().exercise);
    assert!(!read("BR woning Huizen").question.unwrap().exercise);
}

#[test]
fn a_street_a_firm_and_a_unit_are_no_place() {
    for (line, places) in [
        ("P 1 BR woning Laan van Almere 3 Lelystad", &["gm0995"][..]),
        ("P 1 BR industrie Hoveniersbedrijf Almere Pioniersweg Lelystad", &["gm0995"]),
        ("P 1 BR industrie Almere Hoveniers Pioniersweg Lelystad", &["gm0995"]),
        ("P 1 BR winkel Bakkerij Urk Pioniersweg Lelystad", &["gm0995"]),
        ("P 1 BR woning Kerkstraat Lelystad TS Almere", &["gm0995"]),
        ("P 1 BR woning Urkerweg 12 Emmeloord", &["emmeloord"]),
        ("P 1 BR woning Huizerstraat", &[]),
        ("P 1 BMD-04 BR woning Dorpsstraat 251234", &[]),
        ("BR woning Kerkstraat Huizen HUIZEN 000131", &["huizen"]),
    ] {
        assert_eq!(ids(&read(line).places), places, "{line}");
    }
}

#[test]
fn two_towns_of_one_name_are_asked_the_own_one_first() {
    let report = read("P 1 BR woning Dorpsstraat Laren");
    assert_eq!(ids(&report.places).first().map(String::as_str), Some("gm0417?"));
    assert_eq!(report.question, None);
    assert_eq!(ids(&read("P 1 BR woning Dorpsstraat Laren NH").places), ["gm0417"]);
}

#[test]
fn a_type_that_must_be_asked_leaves_the_question_for_the_place() {
    let question = read("P 1 BR industrie Polderplast Emmeloord GRIP 1").question.unwrap();
    assert_eq!(
        (question.places.as_slice(), question.calamities.len(), question.grip),
        (["areas/emmeloord".to_owned()].as_slice(), 0, Grip::One)
    );
    assert!(acting::answer(shipped(), &question).is_ok());
}

#[test]
fn what_is_denied_is_denied_and_what_is_unknown_is_neither() {
    let report = read("P 1 BR woning (asbest: nee) Huizen");
    assert_eq!(ids(&report.circumstances), ["!asbestos"]);
    assert_eq!(report.question.unwrap().denied, ["conditions/asbestos"]);
    assert!(read("P 1 BR woning (asbest: onbekend) Huizen").circumstances.is_empty());
}

#[test]
fn what_is_cut_off_is_not_completed() {
    for line in ["Contact meldkam", "er Grou", "terst", "P 1 BR woni", "gaslekkag"] {
        let report = read(line);
        let taken: Vec<&Piece> = report.calamities.iter().filter(|piece| piece.meant.is_some()).collect();
        assert!(taken.is_empty() && report.status == ReportStatus::New, "{line}: {taken:?}");
    }
}

#[test]
fn every_question_that_is_read_can_be_answered() {
    for example in EXAMPLES {
        if let Some(question) = read(example.line).question {
            let answer = acting::answer(shipped(), &question);
            assert!(answer.is_ok(), "{}: {:?}", example.line, answer.err());
        }
    }
}

/// What holds for the reading of any text.
fn holds(text: &str) -> Result<(), TestCaseError> {
    let report = read(text);
    let letters: Vec<char> = text.chars().collect();
    let spans = |pieces: &[Piece]| -> Vec<Span> { pieces.iter().map(|piece| piece.span.clone()).collect() };
    let lists = [spans(&report.places), spans(&report.calamities), spans(&report.circumstances), report.unread.clone()];
    for list in &lists {
        for span in list {
            prop_assert!(span.start < span.end && span.end <= letters.len(), "{span:?}");
            let words: String = letters.iter().skip(span.start).take(span.end - span.start).collect();
            prop_assert_eq!(&words, &span.words);
        }
        for pair in list.windows(2) {
            // Two circumstances may be stated by the same words.
            let [one, next] = pair else { unreachable!("windows of two") };
            let same = (one.start, one.end) == (next.start, next.end);
            prop_assert!(same || one.end <= next.start, "{pair:?}");
        }
    }
    let [places, calamities, circumstances, unread] = &lists;
    for gone in unread {
        for piece in places.iter().chain(calamities).chain(circumstances) {
            prop_assert!(gone.end <= piece.start || piece.end <= gone.start, "{gone:?} {piece:?}");
        }
    }
    // A word is in a piece or unread, unless it was read into a field.
    let fields = [report.priority.clone(), report.hectometre.clone(), "grip".to_owned()];
    let covered = |at: usize| lists.iter().flatten().any(|span| (span.start..span.end).contains(&at));
    let lost = letters.iter().enumerate().filter(|(at, letter)| letter.is_alphanumeric() && !covered(*at)).count();
    let is_field = report.status != ReportStatus::New
        || report.grip != Grip::None
        || report.carriageway.is_some()
        || fields.iter().take(2).any(|field| !field.is_empty())
        || words::normal(text).contains("grip");
    prop_assert!(lost == 0 || is_field, "{lost} letters lost: {report:?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_a_reading_panic_or_lose_a_word(text in "\\PC{0,80}") {
        holds(&text)?;
    }

    #[test]
    fn no_line_of_the_trade_makes_a_reading_panic_or_lose_a_word(
        words in prop::collection::vec(prop::sample::select(vec![
            "P", "1", "BR", "woning", "(rieten", "dak)", "Huizen", "GRIP", "A6", "Li", "34,2", "Almere", "te", "water",
            "Laren", "NH", "(Met", "brand:", "nee)", "Intrekken", "Kerkstraat", "12", "000131", "BMD-04", "OMS", "gev.",
            "stof", "(Gaslekkage)", "en", "tussen", "Ketelbrug", "(", ")", "Zeer", "gr.", "Ongeval/Wegvervoer/Letsel",
            "1234AB", "Contact", "MKA", "Laan", "van", "\u{301}", "ĳsselmeer", "e\u{301}\u{e9}n",
        ]), 0..16),
    ) {
        holds(&words.join(" "))?;
    }
}

#[test]
fn positions_count_code_points_of_the_text_as_it_was_sent() {
    let report = read("🔥 Café é — BR woning Huizen");
    let huizen = report.places.first().unwrap();
    assert_eq!((huizen.span.start, huizen.span.end, huizen.span.words.as_str()), (21, 27, "Huizen"));
}

/// Words that nothing else says.
const CANARY: &str = "Kanarievogelpiet";

fn json(folder: &Path, arguments: &[&str]) -> (Option<i32>, Value, String) {
    let (code, said, errors) = output(program(arguments).current_dir(folder));
    (code, serde_json::from_str(&said).unwrap_or_default(), errors)
}

/// Every file below a folder that holds the canary.
fn holding(folder: &Path) -> Vec<String> {
    let (mut found, mut todo) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(path) = todo.pop() {
        for entry in std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                todo.push(entry);
            } else if String::from_utf8_lossy(&std::fs::read(&entry).unwrap()).contains(CANARY) {
                found.push(entry.display().to_string());
            }
        }
    }
    found
}

#[test]
fn a_line_and_typed_words_are_neither_logged_nor_traced_nor_noted_nor_kept() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (_, made, _) = json(folder, &["access", "token", "dispatcher", "-o", "json"]);
    let [token, hash] = ["token", "tokenHash"].map(|field| made.get(field).and_then(Value::as_str).unwrap().to_owned());
    std::fs::write(folder.join("token"), token).unwrap();
    let access = format!("[[principals]]\nname = \"dispatcher\"\nrole = \"dispatcher\"\ntoken_hash = \"{hash}\"\n");
    std::fs::write(folder.join("access.toml"), access).unwrap();
    // Everything that a call can log, with its spans; the store's own trace is of records and fills any pipe.
    let settings = "[server]\naccess_file = \"access.toml\"\n[log]\nfilter = \"trace,sled=warn,pagecache=warn\"\nformat = \"json\"\n";
    std::fs::write(folder.join("settings.toml"), settings).unwrap();
    let server = Serving::start(&["--data-dir", "kept", "--config", "settings.toml"], folder);
    let endpoint = format!("http://{}", server.address);
    let ask = |arguments: &[&str]| {
        let call = ["--endpoint", &endpoint, "--token-file", "token", "-o", "json"];
        json(folder, &[&call[..], arguments].concat())
    };
    let line = format!("P 1 BR woning {CANARY} Huizen GRIP 1");
    let (code, said, errors) = ask(&["who-acts", "--report", &line]);
    assert_eq!(code, Some(0), "{errors}");
    assert!(said.to_string().contains(CANARY), "what is unread is told to the one who asked");
    // A text that is too long is refused without being repeated.
    let long = format!("{CANARY} {}", "x".repeat(4000));
    let (code, _, errors) = ask(&["who-acts", "--report", &long]);
    assert_eq!(code, Some(4), "{errors}");
    assert!(!errors.contains(CANARY), "{errors}");
    let (code, ..) = ask(&["who-acts", CANARY]);
    assert_eq!(code, Some(3));
    let (code, ..) = ask(&["who-acts", "Huizen", CANARY]);
    assert_eq!(code, Some(3));
    let (code, ..) = ask(&["who-acts", "Huizen", "brand", "--circumstance", CANARY]);
    assert_eq!(code, Some(3));
    let (code, ..) = ask(&["place", CANARY]);
    assert_eq!(code, Some(3));
    let (code, logged) = server.signal("TERM");
    assert_eq!(code, Some(0), "{logged}");
    assert!(logged.contains("InterpretReport"), "the calls themselves are logged: {logged}");
    assert!(!logged.to_lowercase().contains(&CANARY.to_lowercase()), "{logged}");
    assert_eq!(holding(&folder.join("kept")), Vec::<String>::new());
}

#[test]
fn a_line_is_read_and_answered_in_one_step_at_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let server = Serving::start(&["--demo"], folder.path());
    let endpoint = format!("http://{}", server.address);
    let ask = |arguments: &[&str]| output(&mut program(&[&["--endpoint", &endpoint], arguments].concat()));
    let (code, said, errors) = ask(&["who-acts", "--report", "P 1 BR woning (rieten dak) Huizen GRIP 1"]);
    assert_eq!(code, Some(0), "{errors}");
    assert!(said.contains("ZO GELEZEN") && said.contains("\"BR woning") && said.contains("GEZAG"), "{said}");
    let (code, said, _) = ask(&["who-acts", "--report", "P 1 BR woning Huizen (Intrekken Alarm Brw)"]);
    assert_eq!((code, said.starts_with("INGETROKKEN")), (Some(0), true), "{said}");
    let (code, said, _) = ask(&["--lang", "en", "who-acts", "--report", "P 1 BR industrie Emmeloord GRIP 2"]);
    assert_eq!(code, Some(0));
    assert!(
        said.contains("MUST ASK") && said.contains("who-acts areas/emmeloord calamityTypes/2-1 --grip 2"),
        "{said}"
    );
    let (code, said, errors) = ask(&["who-acts", "--report", "P 1 BR woning Laren"]);
    assert_eq!(code, Some(3), "{errors}");
    assert!(said.contains("crisisgids who-acts areas/gm0417 calamityTypes/2-1"), "{said}");
}
