//! What is missing, stale or ending, and by when? The worklist of the preparedness office.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{Span, Timestamp, ToSpan};

use crate::domain::acting::answer::{Gap, GapKind, GapMessage, Severity};
use crate::domain::acting::gaps::announced_for;
use crate::domain::area::Area;
use crate::domain::arrangement::Arrangement;
use crate::domain::boundary::{amber_from, red_from};
use crate::domain::contact::{Channel, Contact};
use crate::domain::name::{Id, Name};
use crate::domain::organisation::{Coverage, Organisation};
use crate::domain::snapshot::Snapshot;
use crate::domain::text::{Language, Localised};
use crate::domain::validity::{Moment, Status, Validity};

use super::views;

/// What to ask; an empty list restricts nothing.
#[derive(Debug, Clone)]
pub struct WorklistQuestion {
    /// How many days to look ahead.
    pub within_days: u32,
    /// Where: what concerns these areas.
    pub places: Vec<Arc<Area>>,
    /// Whose.
    pub organisations: Vec<Id<Organisation>>,
    /// From when.
    pub effective_time: Timestamp,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Task {
    /// What is wrong.
    pub gap: Gap,
    /// Since when, or from when; `None`: since it was entered.
    pub due_time: Option<Timestamp>,
}

impl WorklistQuestion {
    fn ahead(&self) -> Span {
        i64::from(self.within_days).saturating_mul(24).hours()
    }

    /// Until when it looks ahead.
    fn until(&self) -> Timestamp {
        self.effective_time.checked_add(self.ahead()).unwrap_or(Timestamp::MAX)
    }
}

/// Until when the same question is answered the same: until something begins, ends or ages, or comes into sight.
pub fn expire_time(snapshot: &Snapshot, question: &WorklistQuestion) -> Option<Timestamp> {
    let in_sight = snapshot.expire_time(question.until()).and_then(|at| at.checked_sub(question.ahead()).ok());
    snapshot.expire_time(question.effective_time).into_iter().chain(in_sight).min()
}

/// Everything to do, worst first.
pub fn find(snapshot: &Snapshot, question: &WorklistQuestion) -> Vec<Task> {
    let (now, until) = (question.effective_time, question.until());
    let mut office = Office { snapshot, now, until, tasks: BTreeSet::new() };
    let here: BTreeSet<Id<Area>> =
        views(snapshot, now).iter().flat_map(|view| view.territory(&question.places).areas()).collect();
    for organisation in snapshot.all::<Organisation>() {
        let wanted = question.organisations.is_empty() || question.organisations.contains(&organisation.name);
        if wanted && (question.places.is_empty() || office.is_here(organisation, &here)) {
            office.organisation(organisation);
        }
    }
    if question.places.is_empty() && question.organisations.is_empty() {
        snapshot.all::<Area>().for_each(|area| office.area(area));
    }
    for arrangement in snapshot.all::<Arrangement>() {
        let wanted = question.organisations.is_empty()
            || arrangement.parties.iter().any(|party| question.organisations.contains(&party.organisation));
        if wanted && question.places.is_empty() {
            office.validity(
                arrangement.name.name(),
                &arrangement.display_names,
                &arrangement.validity,
                GapKind::ArrangementEnding,
            );
        }
    }
    office.tasks.into_iter().collect()
}

struct Office<'s> {
    snapshot: &'s Snapshot,
    now: Timestamp,
    until: Timestamp,
    tasks: BTreeSet<Task>,
}

impl Office<'_> {
    fn is_here(&self, organisation: &Organisation, here: &BTreeSet<Id<Area>>) -> bool {
        self.snapshot.coverages_of(organisation.name.name()).iter().any(|coverage| here.contains(&coverage.area))
    }

    fn organisation(&mut self, organisation: &Arc<Organisation>) {
        let name = organisation.name.name();
        self.validity(name, &organisation.display_names, &organisation.validity, GapKind::ActorEnded);
        let now = self.now;
        let coverages: Vec<Arc<Coverage>> = self.snapshot.coverages_of(name).to_vec();
        for coverage in &coverages {
            self.validity(coverage.name.name(), &organisation.display_names, &coverage.validity, GapKind::NoCover);
        }
        let contacts: Vec<Arc<Contact>> = self.snapshot.contacts_of(name).to_vec();
        if contacts.is_empty() && !coverages.is_empty() {
            self.add(Severity::Red, GapKind::NoContact, name, None, &organisation.display_names, |nl, en| {
                (format!("{nl}: geen contact bekend."), format!("{en}: no contact known."))
            });
        }
        for contact in contacts.iter().filter(|contact| contact.validity.0.end.is_none_or(|end| end.instant() > now)) {
            for channel in &contact.channels {
                self.channel(contact, channel);
            }
        }
    }

    fn channel(&mut self, contact: &Contact, channel: &Channel) {
        let name = contact.name.name();
        if channel.placeholder && channel.not_public {
            self.add(Severity::Note, GapKind::PlaceholderOnly, name, None, &contact.display_names, |nl, en| {
                (
                    format!("{nl}: nummer niet openbaar; vraag het de houder."),
                    format!("{en}: number not public; ask its holder."),
                )
            });
            return;
        }
        if channel.placeholder {
            self.add(Severity::Amber, GapKind::NotFilledIn, name, None, &contact.display_names, |nl, en| {
                (format!("{nl}: nummer nog niet ingevuld."), format!("{en}: number not filled in yet."))
            });
            return;
        }
        if let Some(published) = channel.published() {
            let value = &channel.value;
            let (on, op) = match published {
                Some(date) => (format!(" on {date}"), format!(" op {date}")),
                None => (" on a day that is not known".to_owned(), " op een onbekende dag".to_owned()),
            };
            self.add(Severity::Amber, GapKind::PublishedUnverified, name, None, &contact.display_names, |nl, en| {
                (
                    format!("{nl}: {value} gepubliceerd{op}, nog niet gecontroleerd."),
                    format!("{en}: {value} published{on}, not verified yet."),
                )
            });
            return;
        }
        let Some(date) = channel.verified_date else {
            self.add(Severity::Red, GapKind::VerificationOverdue, name, None, &contact.display_names, |nl, en| {
                (format!("{nl}: nooit gecontroleerd."), format!("{en}: never verified."))
            });
            return;
        };
        let limits = [(Severity::Red, red_from(date.0)), (Severity::Amber, amber_from(date.0))];
        let reached =
            limits.into_iter().find_map(|(severity, from)| Some((severity, from.filter(|from| *from <= self.until)?)));
        if let Some((severity, from)) = reached {
            self.add(severity, GapKind::VerificationOverdue, name, Some(from), &contact.display_names, |nl, en| {
                (format!("{nl}: laatst gecontroleerd op {date}."), format!("{en}: last verified on {date}."))
            });
        }
    }

    fn area(&mut self, area: &Arc<Area>) {
        let name = area.name.name();
        self.validity(name, &area.display_names, &area.validity, GapKind::AnnouncedUnconfirmed);
        let edges = area.within.iter().chain(&area.overlaps).map(|edge| &edge.validity);
        let edges: Vec<&Validity> = edges.chain(area.successor_of.iter().map(|edge| &edge.validity)).collect();
        for validity in edges {
            self.announced(name, &area.display_names, validity);
        }
    }

    /// What ends within the days asked about, and what is announced and not confirmed.
    fn validity(&mut self, name: &Name, called: &Localised, validity: &Validity, ending: GapKind) {
        self.announced(name, called, validity);
        if let Some(end) = validity.0.end.filter(|end| self.is_ahead(*end)) {
            self.add(Severity::Amber, ending, name, Some(end.instant()), called, |nl, en| {
                (format!("{nl}: eindigt op {end}."), format!("{en}: ends on {end}."))
            });
        }
    }

    fn announced(&mut self, name: &Name, called: &Localised, validity: &Validity) {
        let (period, until) = (&validity.0, self.until);
        let announced = period.status == Status::Announced;
        let dated = [period.start.filter(|_| announced), period.announced_end].into_iter().flatten();
        let undated = (announced && period.start.is_none()).then_some(None);
        for moment in dated.filter(|moment| moment.instant() <= until).map(Some).chain(undated) {
            let due = moment.map(Moment::instant);
            let severity = if due.is_none_or(|due| due <= self.now) { Severity::Red } else { Severity::Amber };
            let (nl, en) = announced_for(moment);
            self.add(severity, GapKind::AnnouncedUnconfirmed, name, due, called, |called_nl, called_en| {
                (format!("{called_nl}: {nl}."), format!("{called_en}: {en}."))
            });
        }
    }

    fn is_ahead(&self, moment: Moment) -> bool {
        self.now < moment.instant() && moment.instant() <= self.until
    }

    fn add(
        &mut self,
        severity: Severity,
        kind: GapKind,
        subject: &Name,
        due_time: Option<Timestamp>,
        called: &Localised,
        say: impl FnOnce(&str, &str) -> (String, String),
    ) {
        let (nl, en) = say(called.text(Language::Dutch), called.text(Language::English));
        let gap = Gap { severity, kind, subject: Some(subject.clone()), message: GapMessage { nl, en } };
        self.tasks.insert(Task { gap, due_time });
    }
}
