//! Step 9 of the question: what is missing or doubtful in an answer, each with a sentence that states dates, never ages.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::domain::assignment::Role;
use crate::domain::boundary::{amber_from, ending_from, red_from};
use crate::domain::grip::Grip;
use crate::domain::name::{Collection, Id, Name};
use crate::domain::organisation::Organisation;
use crate::domain::record::Stored;
use crate::domain::snapshot::Snapshot;
use crate::domain::text::Language;
use crate::domain::validity::Moment;

use super::answer::{BindingArrangement, Entry, Gap, GapKind, GapMessage, Group, Reach, Severity};
use super::rules::Outcome;

/// Builds gaps of one snapshot at one instant.
#[derive(Debug, Clone, Copy)]
pub struct Finder<'s> {
    /// The directory.
    pub snapshot: &'s Snapshot,
    /// The instant asked about.
    pub at: Timestamp,
}

impl Finder<'_> {
    /// What a record is called in both languages, or its name.
    fn called(&self, name: &Name) -> (String, String) {
        let stored: Option<&Stored> = self.snapshot.stored(name).map(AsRef::as_ref);
        match stored.and_then(|stored| stored.record.display_names()) {
            Some(names) => (names.text(Language::Dutch).to_owned(), names.text(Language::English).to_owned()),
            None => (name.to_string(), name.to_string()),
        }
    }

    fn gap(
        &self,
        severity: Severity,
        kind: GapKind,
        subject: &Name,
        say: impl FnOnce(&str, &str) -> (String, String),
    ) -> Gap {
        let (nl, en) = self.called(subject);
        let (nl, en) = say(&nl, &en);
        Gap { severity, kind, subject: Some(subject.clone()), message: GapMessage { nl, en } }
    }

    /// The gaps of how an organisation can be reached.
    pub fn of_reach<'r>(
        &self,
        organisation: &Id<Organisation>,
        urgent: bool,
        reaches: impl IntoIterator<Item = &'r Reach>,
    ) -> Vec<Gap> {
        // What is only announced helps nobody yet.
        let reaches: Vec<&Reach> = reaches.into_iter().filter(|reach| !reach.announced).collect();
        let name = organisation.name();
        let severity = if urgent { Severity::Red } else { Severity::Amber };
        let mut real = reaches
            .iter()
            .flat_map(|reach| &reach.channels)
            .filter(|channel| !channel.announced && !channel.channel.placeholder)
            .peekable();
        if reaches.is_empty() {
            return vec![self.gap(severity, GapKind::NoContact, name, |nl, en| {
                (format!("{nl}: geen contact bekend."), format!("{en}: no contact known."))
            })];
        }
        if real.peek().is_none() {
            return vec![self.gap(Severity::Amber, GapKind::PlaceholderOnly, name, |nl, en| {
                (
                    format!("{nl}: contact bestaat, nummer niet openbaar; vul het aan of bel via de meldkamer."),
                    format!(
                        "{en}: a contact exists, its number is not public; add it, or call through the dispatch centre."
                    ),
                )
            })];
        }
        let mut gaps = Vec::new();
        if !reaches.iter().any(|reach| reach.is_reachable()) {
            gaps.push(self.gap(severity, GapKind::NotReachable, name, |nl, en| {
                (
                    format!("{nl}: op dit uur op geen enkel kanaal bereikbaar."),
                    format!("{en}: no channel is answered at this hour."),
                )
            }));
        }
        let contacts: BTreeSet<&Name> = reaches.iter().map(|reach| reach.contact.name.name()).collect();
        gaps.extend(contacts.into_iter().filter_map(|contact| self.of_verification(contact, &reaches)));
        gaps
    }

    /// The worst verification gap among the real channels of a contact.
    fn of_verification(&self, contact: &Name, reaches: &[&Reach]) -> Option<Gap> {
        reaches
            .iter()
            .filter(|reach| reach.contact.name.name() == contact)
            .flat_map(|reach| &reach.channels)
            .filter(|channel| !channel.announced && !channel.channel.placeholder)
            .filter_map(|channel| match channel.channel.verified_date {
                None => Some((Severity::Red, None)),
                Some(date) if red_from(date.0).is_none_or(|red| red <= self.at) => Some((Severity::Red, Some(date))),
                Some(date) if amber_from(date.0).is_none_or(|amber| amber <= self.at) => {
                    Some((Severity::Amber, Some(date)))
                }
                Some(_) => None,
            })
            .min()
            .map(|(severity, date)| {
                self.gap(severity, GapKind::VerificationOverdue, contact, |nl, en| match date {
                    Some(date) => {
                        (format!("{nl}: laatst gecontroleerd op {date}."), format!("{en}: last verified on {date}."))
                    }
                    None => (format!("{nl}: nooit gecontroleerd."), format!("{en}: never verified.")),
                })
            })
    }

    /// The gaps of an entry's contacts.
    pub fn of_entry(&self, entry: &Entry) -> Vec<Gap> {
        let urgent = matches!(entry.group, Group::Authority | Group::Lead | Group::CallNow);
        self.of_reach(&entry.organisation.name, urgent, entry.reaches())
    }

    /// The gap of an arrangement that is about to end.
    pub fn of_arrangement(&self, binding: &BindingArrangement) -> Option<Gap> {
        let period = &binding.arrangement.validity.0;
        let end = [period.end, period.announced_end].into_iter().flatten().min()?;
        if ending_from(end).is_none_or(|soon| soon > self.at) || end.instant() <= self.at {
            return None;
        }
        Some(self.gap(Severity::Amber, GapKind::ArrangementEnding, binding.arrangement.name.name(), |nl, en| {
            (format!("{nl}: eindigt op {end}."), format!("{en}: ends on {end}."))
        }))
    }

    /// The gaps of what a part's rules could not find.
    pub fn of_outcome(&self, outcome: &Outcome) -> Vec<Gap> {
        let ended = outcome.ended.iter().map(|organisation| {
            self.gap(Severity::Red, GapKind::ActorEnded, organisation.name(), |nl, en| {
                (
                    format!("{nl}: bestaat op dit moment niet en heeft geen opvolger."),
                    format!("{en}: does not exist at this time and has no successor."),
                )
            })
        });
        let uncovered = outcome.uncovered.iter().filter_map(|rule| {
            // That a specialist team is not everywhere is no gap; who has one nearby is a question of its own.
            let capability = rule.actor.capability.as_ref()?;
            if self.snapshot.get(capability).is_some_and(|capability| capability.specialist) {
                return None;
            }
            // Nobody known to decide or to lead is worse than a supporter missing.
            let severity = match rule.role {
                Role::FunctionalAuthority | Role::GeneralAuthority | Role::OperationalLead => Severity::Red,
                Role::Support | Role::Informed => Severity::Amber,
            };
            Some(self.gap(severity, GapKind::NoCover, capability.name(), |nl, en| {
                (format!("{nl}: hier is niemand bekend."), format!("{en}: nobody is known here."))
            }))
        });
        ended.chain(uncovered).collect()
    }

    /// The gaps of announced facts, for an answer that depends on them: one for all that is announced for the same
    /// moment, named after the areas it is about, or failing these after the organisations. Where none of the
    /// considered records is disputed the answer rests on others: then all are named rather than none.
    pub fn of_announcements(&self, considered: &BTreeSet<Name>) -> Vec<Gap> {
        let disputed: Vec<(&Name, Option<Moment>)> = self.snapshot.disputed(self.at).collect();
        let any = disputed.iter().any(|(name, _)| considered.contains(*name));
        let mut announced: BTreeMap<Option<Moment>, BTreeSet<(Collection, Name)>> = BTreeMap::new();
        for (name, since) in disputed.into_iter().filter(|(name, _)| !any || considered.contains(*name)) {
            let subject = name.parent().unwrap_or_else(|| name.clone());
            announced.entry(since).or_default().insert((subject.collection(), subject));
        }
        announced
            .into_iter()
            .filter_map(|(since, subjects)| {
                let (collection, subject) = subjects.first()?;
                let called: Vec<_> = subjects
                    .iter()
                    .filter(|(other, _)| other == collection)
                    .map(|(_, name)| self.called(name))
                    .collect();
                let (nl, en): (Vec<String>, Vec<String>) = called.into_iter().unzip();
                let (nl, en) = (nl.join(", "), en.join(", "));
                let (announced_nl, announced_en) = announced_for(since);
                Some(self.gap(Severity::Red, GapKind::AnnouncedUnconfirmed, subject, |_, _| {
                    (
                        format!("{nl}: {announced_nl}; beide lezingen staan hier. Bevestig welke geldt."),
                        format!("{en}: {announced_en}; both readings are given. Confirm which one holds."),
                    )
                }))
            })
            .collect()
    }

    /// The gaps of the question itself.
    pub fn of_question(&self, grip: Grip, regions: &BTreeSet<Name>) -> Vec<Gap> {
        let mut gaps = Vec::new();
        if grip == Grip::None {
            gaps.push(Gap {
                severity: Severity::Note,
                kind: GapKind::GripAssumed,
                subject: None,
                message: GapMessage {
                    nl: "Geen GRIP-niveau gegeven: beantwoord alsof er geen is afgekondigd.".to_owned(),
                    en: "No GRIP level given: answered as if none has been declared.".to_owned(),
                },
            });
        }
        if let (Grip::Five, Some(region), 1) = (grip, regions.first(), regions.len()) {
            gaps.push(self.gap(Severity::Amber, GapKind::OneRegion, region, |nl, en| {
                (
                    format!("GRIP 5 raakt meer dan een regio, maar alleen {nl} is gevraagd: noem ook de plaatsen in de andere."),
                    format!("GRIP 5 concerns more than one region, but only {en} was asked for: name the places in the others too."),
                )
            }));
        }
        gaps.extend(self.of_history());
        gaps
    }

    fn of_history(&self) -> Option<Gap> {
        let profile = self.snapshot.all::<crate::domain::catalogue::Profile>().next()?;
        let start = profile.history_start_date;
        let civil = crate::domain::validity::zone().to_datetime(self.at).date();
        (civil < start.0).then(|| {
            self.gap(Severity::Red, GapKind::HistoryIncomplete, profile.name.name(), |_, _| {
                (
                    format!("De gegevens van voor {start} zijn niet volledig: dit antwoord kan onjuist zijn."),
                    format!("The data from before {start} is not complete: this answer may be wrong."),
                )
            })
        })
    }
}

/// That something is announced and not confirmed, in Dutch and in English: for a moment, or without one.
pub fn announced_for(moment: Option<Moment>) -> (String, String) {
    match moment {
        Some(moment) => (
            format!("wijziging aangekondigd per {moment}, niet bevestigd"),
            format!("change announced for {moment}, not confirmed"),
        ),
        None => (
            "wijziging aangekondigd zonder datum, niet bevestigd".to_owned(),
            "change announced without a date, not confirmed".to_owned(),
        ),
    }
}

/// Worst first, each once: what is red for one reason is not said again in amber for another.
pub fn ordered(gaps: Vec<Gap>) -> Vec<Gap> {
    let all: BTreeSet<Gap> = gaps.into_iter().collect();
    let mut ordered: Vec<Gap> = Vec::new();
    for gap in all {
        let same = |known: &Gap| (known.kind, &known.subject, &known.message) == (gap.kind, &gap.subject, &gap.message);
        if !ordered.iter().any(same) {
            ordered.push(gap);
        }
    }
    ordered
}
