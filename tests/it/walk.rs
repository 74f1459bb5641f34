//! Walks the shipped directory: twelve municipalities, every incident type, every level, both languages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crisisgids::domain::acting::answer::{Answer, Entry, Gap, GapKind, Group, ReachChannel, RoleEntry, Severity};
use crisisgids::domain::acting::territory::View;
use crisisgids::domain::acting::{self, Question, alarm};
use crisisgids::domain::area::{Area, AreaKind};
use crisisgids::domain::assignment::{Assignment, Role};
use crisisgids::domain::calamity_type::{CalamityLevel, CalamityType, Certainty};
use crisisgids::domain::contact::Dependence;
use crisisgids::domain::grip::Grip;
use crisisgids::domain::name::{Id, Name};
use crisisgids::domain::organisation::Organisation;
use crisisgids::domain::questions::worklist::{self, WorklistQuestion};
use crisisgids::domain::record::{Resource, Stored};
use crisisgids::domain::snapshot::Snapshot;
use crisisgids::domain::text::Language;
use crisisgids::domain::validity::{Moment, Period, Reading, Status, Validity};
use crisisgids::proto::convert::Detail;
use jiff::Timestamp;

use super::support::shipped::shipped;

/// The day on which the dataset was compiled, at noon.
fn today() -> Timestamp {
    "2026-11-23T12:00:00+01:00".parse().unwrap()
}

fn ask(snapshot: &Snapshot, place: &str, calamity: &str, grip: Grip) -> Answer {
    let question = Question {
        places: vec![place.to_owned()],
        calamities: vec![calamity.to_owned()],
        grip,
        compare_grip: None,
        circumstances: Vec::new(),
        denied: Vec::new(),
        asking_organisation: String::new(),
        effective_time: today(),
        exercise: false,
    };
    acting::answer(snapshot, &question).unwrap_or_else(|error| panic!("{place}, {calamity}: {error:?}"))
}

fn municipalities(snapshot: &Snapshot) -> Vec<Arc<Area>> {
    let view = View { snapshot, at: today(), reading: Reading::Confirmed };
    let ids: Vec<Id<Area>> = snapshot.all::<Area>().map(|area| area.name.clone()).collect();
    view.of_kind(&ids, AreaKind::Municipality).filter(|area| view.is_ours(&area.name)).collect()
}

fn asked_types(snapshot: &Snapshot) -> Vec<Arc<CalamityType>> {
    let parents: BTreeSet<&Id<CalamityType>> =
        snapshot.all::<CalamityType>().filter_map(|one| one.parent.as_ref()).collect();
    snapshot
        .all::<CalamityType>()
        .filter(|one| one.level == CalamityLevel::IncidentType || !parents.contains(&one.name))
        .cloned()
        .collect()
}

#[test]
fn there_are_twelve_municipalities_today_thirteen_at_the_signing_and_twenty_five_regions() {
    let snapshot: &Snapshot = shipped();
    assert_eq!(municipalities(snapshot).len(), 12);
    let view = View { snapshot, at: "2019-12-04T12:00:00Z".parse().unwrap(), reading: Reading::Confirmed };
    let ids: Vec<Id<Area>> = snapshot.all::<Area>().map(|area| area.name.clone()).collect();
    let then = view.of_kind(&ids, AreaKind::Municipality).filter(|area| view.is_ours(&area.name)).count();
    assert_eq!(then, 13);
    assert_eq!(view.of_kind(&ids, AreaKind::SafetyRegion).count(), 25);
}

#[test]
fn every_answer_names_one_general_authority_and_somebody_who_leads_or_decides() {
    let snapshot: &Snapshot = shipped();
    let (municipalities, types) = (municipalities(snapshot), asked_types(snapshot));
    assert!(types.len() > 70, "{} incident types", types.len());
    for municipality in &municipalities {
        for calamity in &types {
            for grip in Grip::ALL {
                let answer = ask(snapshot, municipality.name.name().as_str(), &calamity.code, *grip);
                check(snapshot, municipality, calamity, &answer);
            }
        }
    }
}

fn check(snapshot: &Snapshot, municipality: &Arc<Area>, calamity: &CalamityType, answer: &Answer) {
    let case = format!("{} {} {:?}", municipality.name, calamity.code, answer.grip);
    let with = |role: Role| -> Vec<(&str, &RoleEntry)> {
        answer
            .acting
            .iter()
            .flat_map(|entry| entry.roles.iter().map(move |one| (entry.organisation.name.id(), one)))
            .filter(|(_, one)| one.role == role)
            .collect()
    };
    // Another may have it under a circumstance that nobody stated; he stands beside the one who has it.
    let general: Vec<_> =
        with(Role::GeneralAuthority).into_iter().filter(|(_, role)| role.conditional.is_empty()).collect();
    let [(authority, role)] = general.as_slice() else { panic!("{case}: general authorities {general:?}") };
    assert!(!role.announced, "{case}");
    let expected = if answer.grip <= Grip::Three { "mayor-" } else { "chair-" };
    assert!(authority.starts_with(expected), "{case}: {authority}");
    let certain = |role: Role| with(role).iter().any(|(_, one)| one.conditional.is_empty());
    assert!(certain(Role::FunctionalAuthority) || certain(Role::OperationalLead), "{case}: nobody decides or leads");
    let sure = |entry: &&Entry| entry.roles.first().is_some_and(|role| role.conditional.is_empty());
    let before_support = answer.acting.iter().filter(|entry| entry.group < Group::Support).filter(sure).count();
    // Fire service, ambulance, police and population care are alarmed beside who decides and leads.
    assert!(before_support <= 14, "{case}: {before_support} before SUPPORT");
    let ranks: BTreeSet<u32> = answer.last_resorts.iter().map(|last| last.capability.last_resort_rank).collect();
    assert_eq!(ranks, BTreeSet::from([1, 2, 3, 4]), "{case}");
    assert!(answer.handovers.is_empty() && answer.expire_time.is_some(), "{case}");
    alarms_whoever_must_be(answer, &case);
    leaves_lakes_and_closed_hospitals_out(calamity, answer, &case);
    offers_no_channel_that_is_down(snapshot, calamity, answer, &case);
    cites_law_in_force(answer, &case);
    covers_the_place(snapshot, municipality, answer, &case);
    for language in Language::ALL {
        says_everything(snapshot, answer, *language, &case);
    }
}

/// The alarm list is whole, points at entries of the answer, and is not silently empty; nobody has two entries.
fn alarms_whoever_must_be(answer: &Answer, case: &str) {
    let said = answer.gaps.iter().any(|gap| gap.kind == GapKind::NobodyAlarmed);
    assert_eq!(answer.call_now.is_empty(), said, "{case}: whether nobody is alarmed is said");
    let mut entries: BTreeMap<&str, &Entry> = BTreeMap::new();
    for entry in &answer.acting {
        let id = entry.organisation.name.id();
        assert!(entries.insert(id, entry).is_none(), "{case}: {id} has two entries");
    }
    let mut listed: BTreeSet<&str> = BTreeSet::new();
    for alarmed in &answer.call_now {
        let id = alarmed.organisation.name.id();
        assert!(listed.insert(id), "{case}: {id} is alarmed twice");
        let entry = entries.get(id).unwrap_or_else(|| panic!("{case}: {id} is alarmed and has no entry"));
        assert_eq!(entry.rank, alarmed.rank, "{case}: {id} points at another entry");
    }
    for (id, entry) in entries {
        let leads = entry.roles.iter().any(|role| role.role == Role::OperationalLead && is_sure(role));
        let must = leads || entry.roles.iter().any(alarm::is_alarmed);
        assert_eq!(must, listed.contains(id), "{case}: {id} on the alarm list");
    }
}

/// The rules of the lakes hold on the lakes, and a hospital without an emergency department takes no casualties. Open
/// water (5.2.30) is on the lake, whatever municipality is named.
fn leaves_lakes_and_closed_hospitals_out(calamity: &CalamityType, answer: &Answer, case: &str) {
    for entry in &answer.acting {
        let id = entry.organisation.name.id();
        assert_ne!(id, "st-jansdal-lelystad", "{case}: a closed hospital");
        assert_ne!(id, "landelijke-eenheid", "{case}: abolished on 2024-01-01");
        let of_lakes = ["kustwacht", "knrm", "samij", "reddingsbrigade-nederland"].contains(&id);
        let of_water = of_lakes || id.starts_with("rws-") && calamity.code.starts_with("5.2");
        if of_water && calamity.code != "5.2.30" {
            let commands = entry.roles.iter().filter(|role| is_sure(role)).find(|role| {
                matches!(role.role, Role::FunctionalAuthority | Role::OperationalLead)
                    || of_lakes && alarm::is_alarmed(role)
            });
            assert!(commands.is_none(), "{case}: {id} has a role of the lakes on land: {commands:?}");
        }
    }
}

/// No channel is offered that hangs on what the calamity, or a type it belongs to, surely takes away.
fn offers_no_channel_that_is_down(snapshot: &Snapshot, calamity: &CalamityType, answer: &Answer, case: &str) {
    let mut down: BTreeSet<Dependence> = BTreeSet::new();
    let mut next = Some(calamity);
    while let Some(this) = next {
        let sure = this.takes_down.iter().filter(|taken| taken.certainty == Certainty::Sure);
        down.extend(sure.map(|taken| taken.dependence));
        next = this.parent.as_ref().and_then(|parent| snapshot.get(parent)).map(AsRef::as_ref);
    }
    if down.is_empty() {
        return;
    }
    let hangs = |one: &ReachChannel| one.channel.depends_on.iter().any(|on| down.contains(on));
    let entries = answer.acting.iter().flat_map(Entry::reaches);
    let reaches = entries.chain(answer.last_resorts.iter().flat_map(|last| &last.contacts));
    for channel in reaches.flat_map(|reach| &reach.channels) {
        assert!(!(channel.reachable && hangs(channel)), "{case}: {} hangs on what is down", channel.channel.value);
    }
    let calls = answer.call_now.iter().filter_map(|alarmed| alarmed.call.as_ref()).chain(&answer.first_call);
    for call in calls {
        assert!(!hangs(&call.channel), "{case}: {} is to be called and is down", call.channel.channel.value);
    }
}

/// Acts that were repealed, each with the day; what they held stands in others since.
const REPEALED: [(&str, &str); 4] = [
    // Its articles on danger to waterworks went to Omgevingswet 19.13 to 19.16.
    ("Waterwet", "2024-01-01"),
    ("Politiewet 1993", "2013-01-01"),
    ("Brandweerwet 1985", "2010-10-01"),
    ("Wet rampen en zware ongevallen", "2010-10-01"),
];

/// The act that a legal basis begins with is in force at the time asked about.
fn cites_law_in_force(answer: &Answer, case: &str) {
    let rules = answer.acting.iter().flat_map(|entry| &entry.roles).flat_map(|role| &role.rules);
    for (rule, law) in rules.filter_map(|rule| Some((rule, rule.legal_basis.as_ref()?))) {
        for (act, day) in REPEALED.iter().filter(|(act, _)| law.citation.starts_with(act)) {
            let is_over = Moment::parse(day).unwrap().instant() <= answer.effective_time;
            assert!(!is_over, "{case}: {} cites {}, which is over since {act} ended", rule.name, law.citation);
        }
    }
}

/// Whether a role holds whatever happens.
fn is_sure(role: &RoleEntry) -> bool {
    role.conditional.is_empty() && !role.announced
}

/// Nobody acts by a coverage of another place, unless a rule asks for those next to it.
fn covers_the_place(snapshot: &Snapshot, municipality: &Arc<Area>, answer: &Answer, case: &str) {
    let mut here: BTreeSet<Id<Area>> = BTreeSet::new();
    for reading in [Reading::Confirmed, Reading::Announced] {
        let view = View { snapshot, at: answer.effective_time, reading };
        here.extend(view.ascend(&municipality.name).into_keys());
        here.extend(view.descend(&municipality.name));
    }
    for entry in &answer.acting {
        for role in &entry.roles {
            let named = role.rules.iter().any(|rule| rule.actor.organisation.is_some());
            let adjacent = role.rules.iter().any(|rule| rule.actor.adjacent_capability.is_some());
            let covers = role.coverages.iter().any(|coverage| here.contains(&coverage.area));
            assert!(named || adjacent || covers, "{case}: {} acts without covering", entry.organisation.name);
        }
    }
}

/// Every display name and message has a text, and every name leads to a record.
fn says_everything(snapshot: &Snapshot, answer: &Answer, language: Language, case: &str) {
    let message = Detail { language, full: true, explain: true }.answer(snapshot, answer);
    let exists = |name: &str| {
        let name = Name::parse(name).unwrap_or_else(|fault| panic!("{case}: {fault:?}"));
        assert!(snapshot.stored(&name).is_some(), "{case}: {name} leads nowhere");
    };
    for entry in &message.acting {
        assert!(!entry.display_name.is_empty(), "{case}");
        exists(&entry.organisation);
        for role in &entry.roles {
            assert!(!role.grounds.is_empty() && !role.serves.is_empty(), "{case}: {}", entry.organisation);
            role.serves.iter().for_each(|area| exists(&area.name));
            for grounds in &role.grounds {
                exists(if grounds.assignment.is_empty() { &grounds.coverage } else { &grounds.assignment });
            }
            for contact in role.functions.iter().flat_map(|function| &function.contacts) {
                exists(&contact.name);
                assert!(!contact.display_name.is_empty() && !contact.channels.is_empty(), "{case}: {}", contact.name);
            }
        }
    }
    for gap in &message.gaps {
        assert!(!gap.message.is_empty(), "{case}");
    }
    for arrangement in &message.arrangements {
        exists(&arrangement.arrangement);
        assert!(!arrangement.display_name.is_empty(), "{case}");
    }
}

#[test]
fn what_is_announced_without_a_date_is_to_be_confirmed_too() {
    let snapshot: &Snapshot = shipped();
    let place = Id::<Area>::parse("areas/emmeloord").unwrap();
    let rule = snapshot.get(&Id::<Assignment>::parse("assignments/6-1-chair-group-a-authority").unwrap()).unwrap();
    let undated = Assignment {
        name: Id::parse("assignments/undated").unwrap(),
        calamity_types: vec![Id::parse("calamityTypes/1").unwrap()],
        role: Role::Informed,
        validity: Validity(Period { status: Status::Announced, ..Validity::default().0 }),
        ..(**rule).clone()
    };
    let organisation = Id::<Organisation>::parse("organisations/vr25").unwrap();
    let mut office = (**snapshot.get(&organisation).unwrap()).clone();
    office.validity.0.status = Status::Announced;
    let changed = [undated.into_record(), office.into_record()].map(|record| {
        let meta = snapshot.iter().next().unwrap().meta.clone();
        Stored { record, meta }
    });
    let all = snapshot.iter().map(|stored| (**stored).clone());
    let snapshot = Snapshot::new(snapshot.revision(), all.chain(changed).collect::<Vec<_>>(), []);
    // The region leads from GRIP 1: without it nobody does, and that is red.
    let answer = ask(&snapshot, place.name().as_str(), "1.1.30", Grip::One);
    let said = |gap: &Gap| gap.kind == GapKind::AnnouncedUnconfirmed && gap.message.en.contains("without a date");
    assert!(answer.gaps.iter().any(|gap| said(gap) && gap.severity == Severity::Red), "{:?}", answer.gaps);

    let question = WorklistQuestion { within_days: 1, places: vec![], organisations: vec![], effective_time: today() };
    let tasks = worklist::find(&snapshot, &question);
    let undated = tasks.iter().filter(|task| said(&task.gap) && task.due_time.is_none());
    assert_eq!(undated.filter_map(|task| task.gap.subject.as_ref()).collect::<Vec<_>>(), [organisation.name()]);
}

#[test]
fn every_fact_that_ships_has_a_source() {
    let snapshot: &Snapshot = shipped();
    let mut without: BTreeMap<Name, ()> = BTreeMap::new();
    for stored in snapshot.iter() {
        if !stored.record.to_fields().contains_key("source") {
            without.insert(stored.record.name().clone(), ());
        }
    }
    assert!(without.is_empty(), "{:?}", without.keys());
}
