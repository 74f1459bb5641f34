//! The scenario book: situations as an office would write them down, each with what must be answered, and why.
//!
//! The situations stand in `scenarios/*.toml`. What is right in them is decided by law, by a publication or by a
//! judgement of this directory, which `source` names with its reason: never by what the program says. A scenario
//! that fails is a fault of the directory or of the program, or a reading of the source that was corrected, and then
//! `source` says so.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use crisisgids::domain::acting::answer::{Answer, Entry, Gap, Group, Reach, RoleEntry, Severity};
use crisisgids::domain::acting::{self, Question, alarm};
use crisisgids::domain::area::Area;
use crisisgids::domain::assignment::Role;
use crisisgids::domain::calamity_type::CalamityType;
use crisisgids::domain::catalogue::{Condition, CrisisFunction};
use crisisgids::domain::error::{Candidate, Error, Obstacle};
use crisisgids::domain::grip::Grip;
use crisisgids::domain::name::Id;
use crisisgids::domain::organisation::Organisation;
use crisisgids::domain::record::Resource;
use crisisgids::domain::validity::Moment;
use serde::Deserialize;

use super::support::shipped::shipped;

/// A file of the book.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    scenario: Vec<Scenario>,
}

/// A situation, and what must be answered.
///
/// Names are ids of the directory without their collection. `a|b` asks for one of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    /// What the report of the test calls it.
    id: String,
    /// What happens, in a sentence.
    title: String,
    /// The places, as they are typed.
    place: Vec<String>,
    /// What happens, as it is typed; none: not known yet.
    calamity: Vec<String>,
    /// What is stated besides.
    #[serde(default)]
    circumstances: Vec<String>,
    /// What is denied.
    #[serde(default)]
    denied: Vec<String>,
    /// The level; 0: none declared.
    #[serde(default)]
    grip: u8,
    /// When, in Europe/Amsterdam.
    #[serde(default = "at_night")]
    at: String,
    /// The law and article, the publication or the judgement that decides what is right, for a stranger to check.
    source: String,

    /// Where the words must lead: one of these areas for each place.
    #[serde(default)]
    area: Vec<String>,
    /// What each calamity must be taken as: one of these types.
    #[serde(default)]
    calamity_type: Vec<String>,
    /// The words may or, without `calamity_type`, must be asked: the first of these is offered first, and no other
    /// is offered.
    #[serde(default)]
    candidates: Vec<String>,
    /// The place must be asked: these areas are offered, in this order.
    #[serde(default)]
    place_candidates: Vec<String>,
    /// The words must be answered as daily work.
    #[serde(default)]
    routine: bool,
    /// The circumstances that the answer must have read from words.
    #[serde(default)]
    circumstances_read: Vec<String>,
    /// Who must have authority, general or functional, without any condition.
    #[serde(default)]
    authority: Vec<String>,
    /// Who must lead, without any condition.
    #[serde(default)]
    lead: Vec<String>,
    /// Who must be on the alarm list.
    #[serde(default)]
    alarmed: Vec<String>,
    /// The functions that must be alarmed.
    #[serde(default)]
    alarmed_functions: Vec<String>,
    /// A note of the alarm list must have one of these words.
    #[serde(default)]
    alarm_note: Vec<String>,
    /// Who must support, without any condition.
    #[serde(default)]
    supports: Vec<String>,
    /// Who must be there in some role or other, perhaps under a condition.
    #[serde(default)]
    acting: Vec<String>,
    /// Who must act only if an announced fact is confirmed.
    #[serde(default)]
    announced: Vec<String>,
    /// Who must appear nowhere.
    #[serde(default)]
    absent: Vec<String>,
    /// Who must not have authority without any condition.
    #[serde(default)]
    not_authority: Vec<String>,
    /// Who must not lead without any condition.
    #[serde(default)]
    not_lead: Vec<String>,
    /// Who must not be on the alarm list.
    #[serde(default)]
    not_alarmed: Vec<String>,
    /// Whom the first call must reach; `""`: nobody.
    first_call: Option<String>,
    /// Whom the first call must not reach.
    #[serde(default)]
    first_call_not: Vec<String>,
    /// The values that must not be the first to call.
    #[serde(default)]
    first_call_not_value: Vec<String>,
    /// The values that must stand somewhere in the answer.
    #[serde(default)]
    numbers: Vec<String>,
    /// The values that no contact may offer as reachable.
    #[serde(default)]
    unreachable: Vec<String>,
    /// The kinds of gap of which one must be red.
    #[serde(default)]
    red: Vec<String>,
    /// The kinds of gap of which none may be red.
    #[serde(default)]
    not_red: Vec<String>,
    /// Words that must stand in some legal basis.
    #[serde(default)]
    legal: Vec<String>,
    /// Whose it is: the safety regions to which the call is handed over.
    #[serde(default)]
    handover: Vec<String>,
    /// Who must still be named, although it is not ours: as alarmed, or as what ours still are there.
    #[serde(default)]
    still_known: Vec<String>,
}

fn at_night() -> String {
    "2026-11-26T03:10".to_owned()
}

/// The scenarios of all files.
fn book() -> Vec<Scenario> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |file: &std::path::PathBuf| {
        let text = std::fs::read_to_string(file).unwrap();
        toml::from_str::<File>(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display())).scenario
    };
    files.iter().flat_map(read).collect()
}

#[test]
fn the_book_is_large_and_every_scenario_has_a_source_and_names_what_exists() {
    let (book, mut ids, mut unknown) = (book(), BTreeSet::new(), Vec::new());
    assert!(book.len() >= 80, "{} scenarios", book.len());
    for scenario in &book {
        assert!(ids.insert(scenario.id.as_str()), "{} stands twice", scenario.id);
        assert!(!scenario.source.is_empty() && !scenario.title.is_empty(), "{}", scenario.id);
        let organisations = [
            &scenario.authority,
            &scenario.lead,
            &scenario.alarmed,
            &scenario.supports,
            &scenario.acting,
            &scenario.announced,
            &scenario.absent,
            &scenario.not_authority,
            &scenario.not_lead,
            &scenario.not_alarmed,
            &scenario.first_call_not,
            &scenario.handover,
            &scenario.still_known,
        ];
        let organisations = organisations.into_iter().flatten().flat_map(|one| one.split('|'));
        unknown.extend(organisations.filter(|one| !exists::<Organisation>(one)).map(|one| (&scenario.id, one)));
        let types = scenario.calamity_type.iter().chain(&scenario.candidates);
        unknown.extend(types.filter(|one| !exists::<CalamityType>(one)).map(|one| (&scenario.id, one.as_str())));
        let areas = scenario.area.iter().chain(&scenario.place_candidates);
        unknown.extend(areas.filter(|one| !exists::<Area>(one)).map(|one| (&scenario.id, one.as_str())));
        let conditions = scenario.circumstances_read.iter();
        unknown.extend(conditions.filter(|one| !exists::<Condition>(one)).map(|one| (&scenario.id, one.as_str())));
        let functions = scenario.alarmed_functions.iter();
        unknown.extend(functions.filter(|one| !exists::<CrisisFunction>(one)).map(|one| (&scenario.id, one.as_str())));
    }
    assert!(unknown.is_empty(), "the directory does not have these: {unknown:?}");
}

/// Whether the directory has such a record.
fn exists<R: Resource>(id: &str) -> bool {
    let name = format!("{}/{id}", R::COLLECTION.word());
    Id::<R>::parse(&name).is_ok_and(|id| shipped().get(&id).is_some())
}

#[test]
fn every_scenario_is_answered_as_the_book_says() {
    let book = book();
    let mut report = String::new();
    let mut failed = 0;
    for scenario in &book {
        let faults = Check::of(scenario);
        if !faults.is_empty() {
            failed += 1;
            let _ = writeln!(report, "\n{}: {}\n  ({})", scenario.id, scenario.title, scenario.source);
            report.extend(faults.iter().map(|fault| format!("  - {fault}\n")));
        }
    }
    assert!(failed == 0, "{failed} of {} scenarios are answered otherwise:\n{report}", book.len());
}

/// At GRIP 4 the region acts: which neighbours are told does not hang on the borders of the town that is named.
#[test]
fn two_towns_of_one_region_tell_the_same_neighbours() {
    let told = |place: &str, calamity: &str| -> BTreeSet<String> {
        let question = Question {
            places: vec![place.to_owned()],
            calamities: vec![calamity.to_owned()],
            grip: Grip::Four,
            compare_grip: None,
            circumstances: Vec::new(),
            denied: Vec::new(),
            asking_organisation: String::new(),
            effective_time: Moment::parse(&at_night()).unwrap().instant(),
            exercise: false,
        };
        let answer = acting::answer(shipped(), &question).unwrap();
        let informed = answer.acting.iter().filter(|entry| entry.group == Group::Inform);
        let informed = informed.map(|entry| entry.organisation.name.id().to_owned());
        informed.filter(|id| id.starts_with("vr") && id[2..].parse::<u8>().is_ok()).collect()
    };
    for calamity in ["6.2.10", "1.1"] {
        let (lelystad, urk) = (told("Lelystad", calamity), told("Urk", calamity));
        assert_eq!(lelystad, urk, "{calamity}");
        assert!(lelystad.contains("vr14"), "{calamity}: the region with which the ROT is shared; there: {lelystad:?}");
    }
}

/// What was found wrong in the answer to a scenario.
struct Check<'s> {
    scenario: &'s Scenario,
    faults: Vec<String>,
}

impl<'s> Check<'s> {
    fn of(scenario: &'s Scenario) -> Vec<String> {
        let mut check = Check { scenario, faults: Vec::new() };
        let mut question = Question {
            places: scenario.place.clone(),
            calamities: scenario.calamity.clone(),
            grip: *Grip::ALL.get(usize::from(scenario.grip)).expect("a level of the book is 0 to 5"),
            compare_grip: None,
            circumstances: scenario.circumstances.clone(),
            denied: scenario.denied.clone(),
            asking_organisation: String::new(),
            effective_time: Moment::parse(&scenario.at).unwrap().instant(),
            exercise: false,
        };
        match acting::answer(shipped(), &question) {
            Ok(answer) => check.answered(&answer),
            Err(Error::Unresolved(unresolved)) => {
                unresolved.iter().for_each(|one| check.asked(&one.words, &one.obstacle));
                // The caller chose the likeliest: what is said of the answer holds of that one.
                if let Some(chosen) = scenario.calamity_type.first() {
                    question.calamities = vec![format!("calamityTypes/{chosen}")];
                    match acting::answer(shipped(), &question) {
                        Ok(answer) => check.answered(&answer),
                        Err(error) => check.faults.push(format!("refused: {error:?}")),
                    }
                }
            }
            Err(error) => check.faults.push(format!("refused: {error:?}")),
        }
        check.faults
    }

    /// Words had no one meaning.
    fn asked(&mut self, words: &str, obstacle: &Obstacle) {
        let Scenario { candidates, place_candidates, .. } = self.scenario;
        let names = |found: &[Candidate]| -> Vec<String> { found.iter().map(|one| one.name.id().to_owned()).collect() };
        match obstacle {
            Obstacle::PlaceAmbiguous(found) if !place_candidates.is_empty() => {
                if names(found) != *place_candidates {
                    self.faults.push(format!("'{words}' offers {:?}, must offer {place_candidates:?}", names(found)));
                }
            }
            Obstacle::CalamityAmbiguous(found) if !candidates.is_empty() => {
                let names = names(found);
                if names.first() != candidates.first() || !names.iter().all(|name| candidates.contains(name)) {
                    self.faults.push(format!("'{words}' offers {names:?}, must offer {candidates:?}, the first first"));
                }
            }
            other @ (Obstacle::PlaceNotFound(_)
            | Obstacle::PlaceAmbiguous(_)
            | Obstacle::LocationUnsupported
            | Obstacle::CalamityNotFound(_)
            | Obstacle::CalamityAmbiguous(_)) => self.faults.push(format!("'{words}' is not understood: {other:?}")),
        }
    }

    fn answered(&mut self, answer: &Answer) {
        self.words(answer);
        self.actors(answer);
        self.alarm(answer);
        self.channels(answer);
        self.gaps(&answer.gaps);
        self.handovers(answer);
    }

    /// What the words were taken to mean.
    fn words(&mut self, answer: &Answer) {
        let scenario = self.scenario;
        if scenario.calamity_type.is_empty() && !scenario.candidates.is_empty() {
            self.faults.push("the calamity was taken without asking".to_owned());
        }
        if !scenario.place_candidates.is_empty() {
            self.faults.push("the place was taken without asking".to_owned());
        }
        let types: Vec<&str> = answer.calamity_types.iter().map(|one| one.calamity_type.name.id()).collect();
        let taken_wrongly = types.iter().any(|id| !scenario.calamity_type.iter().any(|right| right == id));
        if taken_wrongly && !scenario.calamity_type.is_empty() || types.is_empty() && !scenario.calamity_type.is_empty()
        {
            self.faults.push(format!("taken as {types:?}, must be one of {:?}", scenario.calamity_type));
        }
        if scenario.routine && (answer.routine.is_empty() || !types.is_empty()) {
            self.faults.push(format!("is daily work, taken as {types:?}"));
        }
        let areas: Vec<&str> = answer.resolution.matched.iter().map(|one| one.area.name.id()).collect();
        if !scenario.area.is_empty() && !areas.iter().all(|id| scenario.area.iter().any(|right| right == id)) {
            self.faults.push(format!("the place is taken as {areas:?}, must be one of {:?}", scenario.area));
        }
        let stated = answer.circumstances.iter().filter(|one| !one.denied).map(|one| one.condition.name.id());
        let stated: BTreeSet<&str> = stated.collect();
        self.all_among("circumstances read", &scenario.circumstances_read, &stated);
        let unread = answer.calamity_types.iter().filter(|one| !one.unread.is_empty()).map(|one| one.unread.as_str());
        let unread = unread.chain(answer.resolution.matched.iter().map(|one| one.unread.as_str()));
        let unread: Vec<&str> = unread.filter(|words| !words.is_empty()).collect();
        if !unread.is_empty() {
            self.faults.push(format!("words not understood: {unread:?}"));
        }
    }

    /// Who acts.
    fn actors(&mut self, answer: &Answer) {
        let scenario = self.scenario;
        let sure = |role: &RoleEntry| role.conditional.is_empty() && !role.announced;
        let with = |wanted: &dyn Fn(&RoleEntry) -> bool| -> BTreeSet<&str> {
            let entries = answer.acting.iter().filter(|entry| entry.roles.iter().any(wanted));
            entries.map(|entry| entry.organisation.name.id()).collect()
        };
        let authority =
            with(&|one| sure(one) && matches!(one.role, Role::GeneralAuthority | Role::FunctionalAuthority));
        self.all_among("authority", &scenario.authority, &authority);
        self.none_among("authority", &scenario.not_authority, &authority);
        let lead = with(&|one| sure(one) && one.role == Role::OperationalLead);
        self.all_among("lead", &scenario.lead, &lead);
        self.none_among("lead", &scenario.not_lead, &lead);
        self.all_among("support", &scenario.supports, &with(&|one| sure(one) && one.role == Role::Support));
        let announced = answer.acting.iter().filter(|entry| entry.roles.iter().any(|one| one.announced));
        self.all_among("announced", &scenario.announced, &announced.map(name).collect());
        let everybody: BTreeSet<&str> = answer.acting.iter().map(name).collect();
        self.all_among("acting", &scenario.acting, &everybody);
        let reached = answer.last_resorts.iter().map(|last| last.organisation.name.id());
        let told = answer.handovers.iter().flat_map(|one| &one.still_known).map(|one| one.organisation.name.id());
        self.none_among("anywhere", &scenario.absent, &everybody.iter().copied().chain(reached).chain(told).collect());
        let citations = answer.acting.iter().flat_map(|entry| &entry.roles).flat_map(|role| &role.rules);
        let citations: BTreeSet<&str> =
            citations.filter_map(|rule| rule.legal_basis.as_ref()).map(|law| law.citation.as_str()).collect();
        for law in scenario.legal.iter().filter(|law| !citations.iter().any(|one| one.contains(law.as_str()))) {
            self.faults.push(format!("legal basis: '{law}' is missing; there: {citations:?}"));
        }
        let places: BTreeSet<Group> = answer.acting.iter().map(|entry| entry.group).collect();
        if !answer.acting.is_empty() && !places.contains(&Group::Authority) {
            self.faults.push("nobody has authority".to_owned());
        }
    }

    /// Who is alarmed, and what is the first act.
    fn alarm(&mut self, answer: &Answer) {
        let scenario = self.scenario;
        let list: BTreeSet<&str> = answer.call_now.iter().map(|one| one.organisation.name.id()).collect();
        self.all_among("alarm list", &scenario.alarmed, &list);
        self.none_among("alarm list", &scenario.not_alarmed, &list);
        self.none_among("alarm list", &scenario.absent, &list);
        let alarmed = answer.acting.iter().flat_map(|entry| &entry.roles).filter(|role| alarm::is_alarmed(role));
        let functions = alarmed.flat_map(|role| &role.functions).filter_map(|called| called.function.as_ref());
        let functions: BTreeSet<&str> = functions.map(|function| function.name.id()).collect();
        self.all_among("alarmed functions", &scenario.alarmed_functions, &functions);
        let notes: Vec<String> =
            answer.call_now.iter().filter_map(|one| one.note.as_ref()).map(|note| format!("{note:?}")).collect();
        let says = |word: &String| notes.iter().any(|note| note.to_lowercase().contains(word.as_str()));
        if !scenario.alarm_note.is_empty() && !scenario.alarm_note.iter().any(says) {
            self.faults.push(format!("no note of the alarm list says {:?}; there: {notes:?}", scenario.alarm_note));
        }
        let first = answer.first_call.as_ref();
        let who = first.map_or("", |call| call.organisation.name.id());
        if scenario.first_call.as_ref().is_some_and(|right| !right.split('|').any(|one| one == who)) {
            self.faults.push(format!("first call: '{who}', must be {:?}", scenario.first_call));
        }
        self.none_among("first call", &scenario.first_call_not, &BTreeSet::from([who]));
        let value = first.map_or("", |call| call.channel.channel.value.as_str());
        let values = scenario.first_call_not_value.iter().chain(&scenario.unreachable).cloned().collect::<Vec<_>>();
        self.none_among("first call", &values, &BTreeSet::from([value]));
    }

    /// What can be called.
    fn channels(&mut self, answer: &Answer) {
        let scenario = self.scenario;
        let reaches: Vec<&Reach> = answer
            .acting
            .iter()
            .flat_map(Entry::reaches)
            .chain(answer.last_resorts.iter().flat_map(|last| &last.contacts))
            .chain(answer.handovers.iter().flat_map(|handover| handover.reaches()))
            .collect();
        let channels = || reaches.iter().flat_map(|reach| &reach.channels);
        let values: BTreeSet<&str> = channels().map(|one| one.channel.value.as_str()).collect();
        self.all_among("numbers", &scenario.numbers, &values);
        let reachable = channels().filter(|one| one.reachable).map(|one| one.channel.value.as_str()).collect();
        self.none_among("reachable channels", &scenario.unreachable, &reachable);
    }

    fn gaps(&mut self, gaps: &[Gap]) {
        let red = gaps.iter().filter(|gap| gap.severity == Severity::Red).map(|gap| gap.kind.word());
        let red: BTreeSet<&str> = red.collect();
        self.all_among("red gaps", &self.scenario.red, &red);
        self.none_among("red gaps", &self.scenario.not_red, &red);
    }

    /// Whose it is.
    fn handovers(&mut self, answer: &Answer) {
        let regions = answer.handovers.iter().filter_map(|one| one.organisation.as_ref());
        let regions: BTreeSet<&str> = regions.map(|region| region.name.id()).collect();
        self.all_among("handover", &self.scenario.handover, &regions);
        if !self.scenario.handover.is_empty() {
            let all: BTreeSet<&str> = self.scenario.handover.iter().map(String::as_str).collect();
            if regions != all {
                self.faults.push(format!("handed over to {regions:?}, must be {all:?}"));
            }
        }
        let known = answer.handovers.iter().flat_map(|one| &one.still_known).map(|one| one.organisation.name.id());
        let known = known.chain(answer.call_now.iter().map(|one| one.organisation.name.id())).collect();
        self.all_among("still known", &self.scenario.still_known, &known);
    }

    /// All that is wanted is there.
    fn all_among(&mut self, what: &str, wanted: &[String], there: &BTreeSet<&str>) {
        let is_there = |one: &String| one.split('|').any(|one| there.contains(one));
        let missing: Vec<&String> = wanted.iter().filter(|one| !is_there(one)).collect();
        if !missing.is_empty() {
            self.faults.push(format!("{what}: {missing:?} missing; there: {there:?}"));
        }
    }

    /// Nothing that is unwanted is there.
    fn none_among(&mut self, what: &str, unwanted: &[String], there: &BTreeSet<&str>) {
        let found: Vec<&String> = unwanted.iter().filter(|one| there.contains(one.as_str())).collect();
        if !found.is_empty() {
            self.faults.push(format!("{what}: {found:?} must not be there"));
        }
    }
}

fn name(entry: &Entry) -> &str {
    entry.organisation.name.id()
}
