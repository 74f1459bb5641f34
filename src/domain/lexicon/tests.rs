//! What words mean, over a few terms of every form.

use proptest::prelude::*;

use crate::domain::calamity::{CalamityMatch, Meant, resolve};
use crate::domain::error::Obstacle;
use crate::domain::sample;
use crate::domain::snapshot::Snapshot;
use crate::domain::spoilt::spoilt_text;

const TERMS: &str = r#"
["conditions/thatched-roof"]
display_names = { nl = "Rieten dak", en = "Thatched roof" }
["conditions/injured"]
display_names = { nl = "Gewonden", en = "Injured" }
["conditions/with-fire"]
display_names = { nl = "Met brand", en = "With fire" }
["calamityTypes/5"]
level = "THEME"
code = "5"
display_names = { nl = "Verkeer en vervoer", en = "Transport" }
["calamityTypes/5-3"]
level = "CRISIS_TYPE"
parent = "calamityTypes/5"
code = "5.3"
display_names = { nl = "Verkeersincidenten op land", en = "Land transport" }
mappings = [
    { system = "GLIDE", code = "AC", quality = "BROADER" },
    { system = "HIP", version = "2025", code = "TL0401", quality = "EXACT" },
]
["calamityTypes/5-3-10"]
level = "INCIDENT_TYPE"
parent = "calamityTypes/5-3"
code = "5.3.10"
display_names = { nl = "Incident wegverkeer", en = "Road traffic" }
["terms/particles"]
form = "PARTICLE"
words = ["de", "het", "een", "in", "te", "aan"]
["terms/br"]
form = "ABBREVIATION"
words = ["br"]
expands_to = ["brand"]
["terms/flat"]
words = ["flat", "villa"]
expands_to = ["woning"]
["terms/brand-woning"]
words = ["brand woning"]
calamity_types = ["calamityTypes/2-1"]
["terms/brand-bos"]
words = ["brand bos"]
calamity_types = ["calamityTypes/1-2"]
["terms/rieten-dak"]
words = ["rieten dak"]
circumstances = ["conditions/thatched-roof"]
["terms/met-brand"]
words = ["met brand"]
circumstances = ["conditions/with-fire"]
["terms/ongeval"]
words = ["ongeval"]
calamity_types = ["calamityTypes/5-3", "calamityTypes/1-1"]
ask = true
["terms/wegvervoer"]
words = ["wegvervoer"]
calamity_types = ["calamityTypes/5-3-10"]
["terms/lmc-brgbwn"]
form = "CLASS"
system = "LMC"
words = ["Brand/Gebouw/Woning"]
calamity_types = ["calamityTypes/2-1"]
["terms/auto-te-water"]
words = ["auto te water"]
calamity_types = ["calamityTypes/5-3-10"]
["terms/letsel"]
words = ["letsel"]
calamity_types = ["calamityTypes/5-3-10", "calamityTypes/2-1"]
circumstances = ["conditions/injured"]
ask = true
["terms/gev-st"]
form = "ABBREVIATION"
words = ["gev st", "gev st weg"]
expands_to = ["gevaarlijke lading"]
["terms/gevaarlijke-lading"]
words = ["gevaarlijke lading"]
calamity_types = ["calamityTypes/1-1"]
["terms/uitval"]
words = ["valt uit", "niet bereikbaar"]
expands_to = ["uitval"]
["terms/gr-grip"]
form = "ABBREVIATION"
words = ["gr"]
expands_to = ["brand"]
["terms/gr-flat"]
form = "ABBREVIATION"
words = ["gr"]
expands_to = ["woning"]
["terms/stroom-uitval"]
words = ["stroom uitval"]
calamity_types = ["calamityTypes/5-3"]
["terms/lift"]
words = ["lift", "liftopsluiting"]
routine = true
["terms/alarm"]
words = ["alarm"]
routine = true
calamity_types = ["calamityTypes/2-1"]
"#;

fn snapshot() -> Snapshot {
    sample::with(TERMS)
}

fn read(words: &str) -> Result<CalamityMatch, Obstacle> {
    resolve(&snapshot(), words, sample::at("2026-11-23T12:00"))
}

/// What words mean: the id, with what is not understood and the circumstances behind it; or the candidates.
fn meant(words: &str) -> String {
    let ids = |candidates: Vec<crate::domain::error::Candidate>| {
        candidates.iter().map(|one| one.name.id().to_owned()).collect::<Vec<_>>().join(" ")
    };
    match read(words) {
        Ok(found) => {
            let mut said = match &found.meant {
                Meant::Type(one) => one.name.id().to_owned(),
                Meant::Routine(routine) => format!("routine {}", routine.term.name.id()),
            };
            for one in &found.circumstances {
                let sign = if one.denied { "not " } else { "" };
                said.push_str(&format!(" [{sign}{}: {}]", one.condition.name.id(), one.words));
            }
            if !found.unread.is_empty() {
                said.push_str(&format!(" ?{}", found.unread));
            }
            said
        }
        Err(Obstacle::CalamityAmbiguous(candidates)) => format!("which: {}", ids(candidates)),
        Err(Obstacle::CalamityNotFound(candidates)) => format!("near: {}", ids(candidates)),
        Err(other) => format!("{other:?}"),
    }
}

#[test]
fn one_mechanism_reads_every_form_of_words() {
    for (words, what) in [
        ("brand woning", "2-1"),
        ("BR woning", "2-1"),
        ("Woningbrand", "2-1"),
        ("brand in een flat", "2-1"),
        ("villabrand", "2-1"),
        ("branden woningen", "2-1"),
        ("brand wonning", "2-1"),
        ("Brand/Gebouw/Woning", "2-1"),
        ("brand gebouw woning", "2-1"),
        ("woning brand (rieten dak)", "2-1 [thatched-roof: rieten dak]"),
        ("BR bos", "1-2"),
        ("ongeval wegvervoer", "5-3-10"),
        ("wegvervoer ongeval", "5-3-10"),
        ("auto te water", "5-3-10"),
        ("lift", "routine lift"),
        ("brand bos flat", "which: 1-2 2-1"),
        ("bosbrand flat", "which: 1-2 2-1"),
        ("TL0401", "5-3"),
        ("HIP TL0401", "5-3"),
        ("wegvervoer (met brand: nee)", "5-3-10 [not with-fire: met brand]"),
        ("wegvervoer (met brand: ja)", "5-3-10 [with-fire: met brand]"),
        ("woning brand Dorpsstraat", "2-1 ?dorpsstraat"),
        ("wegvevoer", "5-3-10"),
    ] {
        assert_eq!(meant(words), what, "{words}");
    }
}

#[test]
fn what_has_several_meanings_or_must_be_asked_is_asked() {
    for (words, what) in [
        ("ongeval", "which: 5-3 1-1"),
        ("alarm", "which: 2-1"),
        ("AC", "which: 5-3"),
        ("GLIDE AC", "which: 5-3"),
        ("AC-2026-000012-NLD", "which: 5-3"),
        // One word of several is understood: that is no reading to act on.
        ("wegvervoer zwavel", "which: 5-3-10"),
    ] {
        assert_eq!(meant(words), what, "{words}");
    }
}

#[test]
fn a_small_word_counts_where_it_makes_the_difference() {
    assert_eq!(meant("auto water"), "near: ");
    assert_eq!(meant("de auto is te water"), "5-3-10 ?is");
}

#[test]
fn a_phrase_reads_as_other_words_wherever_its_words_stand_next_to_each_other() {
    for (words, what) in [
        ("gev st", "1-1"),
        ("Gev. St.", "1-1"),
        ("gev st Dorpsstraat", "1-1 ?dorpsstraat"),
        ("Dorpsstraat gev st", "1-1 ?dorpsstraat"),
        ("stroom valt uit", "5-3"),
        ("niet bereikbaar stroom", "5-3"),
        ("stroom niet bereikbare", "5-3"),
        ("stroom niet te bereikbaar", "5-3"),
        ("stroom niet berijkbaar", "5-3"),
        ("stroom niet Dorpsstraat bereikbaar", "near: "),
        ("stroom bereikbaar niet", "near: "),
        ("gev Dorpsstraat st", "near: "),
    ] {
        assert_eq!(meant(words), what, "{words}");
    }
}

#[test]
fn a_circumstance_alone_asks_and_beside_what_happens_only_states() {
    for (words, what) in [
        ("letsel", "which: 5-3-10 2-1"),
        ("letsel Dorpsstraat", "which: 5-3-10 2-1"),
        ("brand bos letsel", "1-2 [injured: letsel]"),
        ("letsel brand woning", "2-1 [injured: letsel]"),
        ("ongeval wegvervoer letsel", "5-3-10 [injured: letsel]"),
        ("lift letsel", "routine lift [injured: letsel]"),
        ("alarm letsel", "which: 2-1"),
        ("wegvervoer (letsel: nee)", "5-3-10 [not injured: letsel]"),
    ] {
        assert_eq!(meant(words), what, "{words}");
    }
}

#[test]
fn what_stands_for_two_things_is_read_as_neither() {
    assert_eq!(meant("gr woning"), "near: ");
    assert_eq!(meant("brand woning gr"), "2-1 ?gr");
}

#[test]
fn of_phrases_that_begin_alike_the_longest_is_read() {
    let snapshot = snapshot();
    let positions = |words: &[&str]| -> Vec<Vec<usize>> {
        let pieces = snapshot.lexicon().spelling().read(words).into_iter();
        pieces.map(|piece| piece.positions.into_iter().collect()).collect()
    };
    assert_eq!(positions(&["gev", "st", "weg"]), [vec![0, 1, 2]]);
    assert_eq!(positions(&["gev", "st", "bos"]), [vec![0, 1], vec![2]]);
    assert_eq!(positions(&["niet", "te", "bereikbaar"]), [vec![0, 2], vec![1]]);
}

#[test]
fn terms_that_disagree_are_all_asked_whoever_agrees_with_one_of_them() {
    assert_eq!(meant("brand bos stroom uitval"), "which: 1-2 5-3");
    assert_eq!(meant("brand bos stroom uitval ongeval wegvervoer"), "which: 1-2 5-3-10");
    assert_eq!(meant("brand bos stroom uitval brand bos"), "which: 1-2 5-3");
}

#[test]
fn a_suggestion_leads_to_the_right_thing_or_is_not_made() {
    assert_eq!(meant("dijkdorbraak"), "1-1-30");
    assert_eq!(meant("kaping"), "near: ");
    assert_eq!(meant("brandstof"), "near: ");
    assert_eq!(meant("brand paardenstal"), "which: 1-2 2-1");
}

proptest! {
    #[test]
    fn no_input_makes_words_for_a_calamity_panic(
        words in "\\PC{0,60}",
        spoilt in spoilt_text(&["BR woning (rieten dak) (met brand: nee)", "Ongeval/Wegvervoer", "FL-2026-000012-NLD"]),
    ) {
        let _ = (meant(&words), meant(&spoilt));
    }

    #[test]
    fn the_order_and_the_case_of_words_do_not_matter(
        words in Just(vec!["br", "woning", "rieten", "dak"]).prop_shuffle(), upper in any::<bool>(),
    ) {
        let typed = words.join(" ");
        let typed = if upper { typed.to_uppercase() } else { typed };
        let found = read(&typed).unwrap();
        prop_assert!(matches!(&found.meant, Meant::Type(one) if one.name.id() == "2-1"), "{typed}");
        prop_assert_eq!(found.circumstances.len(), 1);
    }
}
