//! What must be true of a record beyond the form of its fields: of the record alone, and of the records around it.
//!
//! **Invariants.** Nothing is changed or put right here; every fault is named with its path. What holds of each
//! record before a change and of each changed record after it holds of the whole directory.

use std::collections::HashMap;

use super::area::{Area, AreaKind};
use super::assignment::{Activation, Actor, Assignment, Phase};
use super::calamity_type::{CalamityLevel, CalamityType};
use super::contact::{Channel, ChannelKind, Contact, HoursKind};
use super::field::{Faults, Path};
use super::grip::Grip;
use super::name::{Collection, Name};
use super::record::{Record, Resource};
use super::term::{Term, TermForm};

/// The id of the one profile.
pub const PROFILE_ID: &str = "directory";

/// What an invented telephone number begins with: letters, so that it cannot be dialled.
pub const FICTIONAL_PREFIX: &str = "FICTIEF-";

/// Finds the record of a name, as it would stand.
pub type Find<'a> = dyn Fn(&Name) -> Option<Record> + 'a;

/// Names what is wrong with a record by itself.
pub fn check_alone(record: &Record, faults: &mut Faults) {
    match record {
        Record::Area(area) => check_area(area, faults),
        Record::Assignment(assignment) => check_assignment(assignment, faults),
        Record::Contact(contact) => check_contact(contact, faults),
        Record::CalamityType(calamity) => check_calamity_type(calamity, faults),
        Record::Organisation(organisation) => {
            for (index, relation) in organisation.relations.iter().enumerate() {
                if relation.organisation == organisation.name {
                    not_itself(&Path::Root.field("relations").item(index).field("organisation"), faults);
                }
            }
        }
        Record::Arrangement(arrangement) => {
            for (index, link) in arrangement.links.iter().enumerate() {
                if link.arrangement == arrangement.name {
                    not_itself(&Path::Root.field("links").item(index).field("arrangement"), faults);
                }
            }
        }
        Record::Profile(profile) => {
            if profile.name.id() != PROFILE_ID {
                let message = format!("the directory has one profile, profiles/{PROFILE_ID}");
                faults.add(&Path::Root.field("name"), "NOT_THE_PROFILE", message);
            }
        }
        Record::Coverage(_)
        | Record::Station(_)
        | Record::Capability(_)
        | Record::CrisisFunction(_)
        | Record::CrisisProcess(_)
        | Record::Condition(_)
        | Record::Constraint(_) => {}
        Record::Term(term) => check_term(term, faults),
    }
}

/// Names what is wrong with a record among those it names. One that exists need not be found: it may itself be at
/// fault, which is then not this record's fault.
pub fn check_among(record: &Record, exists: &dyn Fn(&Name) -> bool, find: &Find<'_>, faults: &mut Faults) {
    record.references(&mut |at, other| {
        if !exists(other) {
            faults.add(at, "DANGLING", format!("'{other}' does not exist"));
        }
    });
    if let Some(parent) = record.name().parent()
        && !exists(&parent)
    {
        faults.add(&Path::Root.field("name"), "DANGLING", format!("'{parent}' does not exist"));
    }
    if let Record::CalamityType(calamity) = record
        && let Some(parent) = &calamity.parent
        && let Some(Record::CalamityType(parent)) = find(parent.name())
        && parent.level <= calamity.level
    {
        let (own, other) = (calamity.level.word(), parent.level.word());
        let message = format!("{} is a {other}, which is not above a {own}", parent.name);
        faults.add(&Path::Root.field("parent"), "WRONG_LEVEL", message);
    }
}

/// A way from a record to itself where there must be none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle {
    /// The records on the way; the first is also the last.
    pub way: Vec<Name>,
    /// The field that leads on.
    pub field: &'static str,
    /// What is wrong, with the way.
    pub message: String,
}

/// The ways around by which areas lie within themselves, or rules displace themselves through others, as far as one of
/// these records leads there.
///
/// The walk keeps its own stack: how long a chain is, is for whoever wrote it to say.
pub fn circles<'a>(among: impl IntoIterator<Item = &'a Name>, find: &Find<'_>) -> Vec<Circle> {
    let mut found = Vec::new();
    // Absent: not seen. False: on the way. True: left behind.
    let mut done: HashMap<Name, bool> = HashMap::new();
    let step = |name: &Name, done: &mut HashMap<Name, bool>| {
        let next = find(name).map(|record| (name.clone(), onward(&record), 0));
        done.insert(name.clone(), next.is_none());
        next
    };
    for start in
        among.into_iter().filter(|name| matches!(name.collection(), Collection::Areas | Collection::Assignments))
    {
        let mut way: Vec<(Name, Vec<Name>, usize)> = Vec::new();
        if !done.contains_key(start) {
            way.extend(step(start, &mut done));
        }
        while let Some((here, onward, next)) = way.last_mut() {
            let Some(other) = onward.get(*next).cloned() else {
                done.insert(here.clone(), true);
                way.pop();
                continue;
            };
            *next = next.saturating_add(1);
            match done.get(&other) {
                Some(true) => {}
                Some(false) => {
                    let around = way.iter().map(|(name, ..)| name).skip_while(|name| **name != other);
                    found.push(Circle::of(around.chain([&other]).cloned().collect()));
                }
                None => way.extend(step(&other, &mut done)),
            }
        }
    }
    found
}

/// The records that a record leads on to where no way may lead back.
fn onward(record: &Record) -> Vec<Name> {
    if let Some(area) = Area::from_record(record) {
        area.within.iter().map(|edge| edge.area.name().clone()).collect()
    } else if let Some(rule) = Assignment::from_record(record) {
        rule.replaces.iter().map(|replaced| replaced.name().clone()).collect()
    } else {
        Vec::new()
    }
}

impl Circle {
    fn of(way: Vec<Name>) -> Self {
        let written = way.iter().map(Name::as_str).collect::<Vec<_>>().join(" > ");
        let of_rules = way.first().is_some_and(|name| name.collection() == Collection::Assignments);
        let (field, what) = if of_rules { ("replaces", "displaces itself") } else { ("within", "lies within itself") };
        Circle { way, field, message: format!("{what}: {written}") }
    }
}

fn not_itself(at: &Path<'_>, faults: &mut Faults) {
    faults.add(at, "SELF_REFERENCE", "must name another record, not itself");
}

fn check_area(area: &Area, faults: &mut Faults) {
    let edges = |edges: &[super::area::AreaEdge]| edges.iter().map(|edge| edge.area.clone()).collect::<Vec<_>>();
    let lists = [
        ("within", edges(&area.within)),
        ("overlaps", edges(&area.overlaps)),
        ("adjacent_to", area.adjacent_to.iter().map(|edge| edge.area.clone()).collect()),
        ("successor_of", area.successor_of.iter().map(|edge| edge.area.clone()).collect()),
    ];
    for (field, others) in lists {
        for (index, other) in others.iter().enumerate() {
            if *other == area.name {
                not_itself(&Path::Root.field(field).item(index).field("area"), faults);
            }
        }
    }
    for (index, alias) in area.aliases.iter().enumerate() {
        not_blank(&alias.text, &Path::Root.field("aliases").item(index).field("text"), faults);
    }
    for (index, code) in area.codes.iter().enumerate() {
        let (list, at) = (Path::Root.field("codes"), index);
        not_blank(&code.system, &list.item(at).field("system"), faults);
        not_blank(&code.value, &list.item(at).field("value"), faults);
    }
    if !area.ours.is_empty() && area.kind != AreaKind::SafetyRegion {
        let message = "only a SAFETY_REGION is ours; what lies within it follows";
        faults.add(&Path::Root.field("ours"), "NOT_A_SAFETY_REGION", message);
    }
}

fn check_assignment(assignment: &Assignment, faults: &mut Faults) {
    let Actor { organisation, capability, adjacent_capability } = &assignment.actor;
    let set = [organisation.is_some(), capability.is_some(), adjacent_capability.is_some()];
    if set.iter().filter(|set| **set).count() != 1 {
        let message = "exactly one of organisation, capability and adjacent_capability must be set";
        faults.add(&Path::Root.field("actor"), "NOT_ONE_ACTOR", message);
    }
    if let Some(last) = assignment.to_grip
        && last < assignment.from_grip
    {
        let message = format!("{} is below from_grip {}", last.word(), assignment.from_grip.word());
        faults.add(&Path::Root.field("to_grip"), "EMPTY_RANGE", message);
    }
    if assignment.phase == Phase::Preparation && assignment.from_grip != Grip::None {
        let message = "a rule of the PREPARATION holds before any level, so it has no first one";
        faults.add(&Path::Root.field("from_grip"), "EMPTY_RANGE", message);
    }
    for (index, replaced) in assignment.replaces.iter().enumerate() {
        if *replaced == assignment.name {
            not_itself(&Path::Root.field("replaces").item(index), faults);
        }
    }
    if let Some(rule) = &assignment.activation
        && rule.kind == Activation::OnRequest
        && rule.requested_by.is_none()
    {
        let message = "say who may ask: the rule acts ON_REQUEST";
        faults.add(&Path::Root.field("activation").field("requested_by"), "REQUIRED", message);
    }
}

fn check_calamity_type(calamity: &CalamityType, faults: &mut Faults) {
    if calamity.level == CalamityLevel::Theme && calamity.parent.is_some() {
        faults.add(&Path::Root.field("parent"), "WRONG_LEVEL", "a THEME has nothing above it");
    }
    not_blank(&calamity.system, &Path::Root.field("system"), faults);
    not_blank(&calamity.code, &Path::Root.field("code"), faults);
    for (index, word) in calamity.words.iter().enumerate() {
        not_blank(word, &Path::Root.field("words").item(index), faults);
    }
    for (index, other) in calamity.reclassified_as.iter().enumerate() {
        if other.calamity_type == calamity.name {
            not_itself(&Path::Root.field("reclassified_as").item(index).field("calamity_type"), faults);
        }
    }
}

fn check_term(term: &Term, faults: &mut Faults) {
    if term.words.is_empty() {
        faults.add(&Path::Root.field("words"), "REQUIRED", "name at least one word");
    }
    for (index, word) in term.words.iter().enumerate() {
        not_blank(word, &Path::Root.field("words").item(index), faults);
    }
    if term.form == TermForm::Abbreviation && term.expands_to.is_empty() {
        let message = "say what the abbreviation stands for";
        faults.add(&Path::Root.field("expands_to"), "REQUIRED", message);
    }
    if term.form == TermForm::AreaKind && term.area_kind.is_none() {
        faults.add(&Path::Root.field("area_kind"), "REQUIRED", "say which kind of area");
    }
}

fn check_contact(contact: &Contact, faults: &mut Faults) {
    for (index, channel) in contact.channels.iter().enumerate() {
        check_channel(channel, &Path::Root.field("channels").item(index), faults);
    }
}

fn check_channel(channel: &Channel, at: &Path<'_>, faults: &mut Faults) {
    let (listed, at_kind) = (!channel.hours.is_empty(), at.field("hours_kind"));
    match channel.hours_kind {
        HoursKind::Always if listed => {
            faults.add(&at_kind, "HOURS_CONTRADICT", "hours are listed, so it is not answered ALWAYS");
        }
        HoursKind::Listed if !listed => faults.add(&at.field("hours"), "REQUIRED", "list the hours, or say UNKNOWN"),
        HoursKind::Unknown | HoursKind::Always | HoursKind::Listed => {}
    }
    for (index, exception) in channel.exceptions.iter().enumerate() {
        if exception.opens.is_some() != exception.closes.is_some() {
            let message = "give both times, or none where it is closed all day";
            faults.add(&at.field("exceptions").item(index), "REQUIRED", message);
        }
    }
    if channel.not_public && !channel.placeholder {
        let message = "only of a placeholder: what has a value is withheld by its confidentiality";
        faults.add(&at.field("not_public"), "NOT_A_PLACEHOLDER", message);
    }
    let at_value = at.field("value");
    match (channel.placeholder, channel.value.is_empty()) {
        (true, false) => faults.add(&at_value, "PLACEHOLDER_WITH_VALUE", "a placeholder has no value"),
        (false, true) => faults.add(&at_value, "REQUIRED", "give the value, or say that it is a placeholder"),
        (true, true) if channel.fictional => {
            faults.add(&at.field("fictional"), "PLACEHOLDER_WITH_VALUE", "a placeholder has no value to invent");
        }
        (true, true) => {}
        (false, false) if channel.fictional && channel.kind == ChannelKind::Telephone => {
            // What is invented must not ring at anyone's home, whatever a reader overlooks.
            if !channel.value.starts_with(FICTIONAL_PREFIX) {
                let message = format!("an invented number begins with {FICTIONAL_PREFIX}, so that nobody dials it");
                faults.add(&at_value, "FICTION_DIALS", message);
            }
        }
        (false, false) => check_channel_value(channel.kind, &channel.value, &at_value, faults),
    }
}

fn check_channel_value(kind: ChannelKind, value: &str, at: &Path<'_>, faults: &mut Faults) {
    if value.trim() != value {
        faults.add(at, "BLANKS_AROUND", "has blanks before or after it");
        return;
    }
    match kind {
        ChannelKind::Telephone => {
            let dials = |c: char| c.is_ascii_digit() || "+ -()*#".contains(c);
            // 112 is the shortest number there is.
            if !value.chars().all(dials) || value.chars().filter(char::is_ascii_digit).count() < 3 {
                faults.add(at, "NOT_A_NUMBER", format!("'{value}' cannot be dialled"));
            }
        }
        ChannelKind::Email => {
            let parts: Vec<&str> = value.split('@').collect();
            let whole = parts.len() == 2 && parts.iter().all(|part| !part.is_empty());
            if !whole || value.contains(char::is_whitespace) {
                faults.add(at, "NOT_AN_ADDRESS", format!("'{value}' is not an e-mail address"));
            }
        }
        ChannelKind::AlarmGroup
        | ChannelKind::Talkgroup
        | ChannelKind::Platform
        | ChannelKind::MarineVhf
        | ChannelKind::WebPage => {}
    }
}

fn not_blank(text: &str, at: &Path<'_>, faults: &mut Faults) {
    if text.trim().is_empty() {
        faults.add(at, "REQUIRED", "this field is required");
    }
}
