//! Step 9 of the question: what is missing or doubtful in an answer, each with a sentence that states dates, never ages.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::domain::assignment::{AlarmMeans, Role};
use crate::domain::boundary::{amber_from, ending_from, long_past_from, red_from};
use crate::domain::catalogue::DISPATCH_CENTRE;
use crate::domain::contact::{Channel, Dependence};
use crate::domain::grip::Grip;
use crate::domain::name::{Collection, Id, Name};
use crate::domain::organisation::Organisation;
use crate::domain::record::Stored;
use crate::domain::snapshot::Snapshot;
use crate::domain::text::Language;
use crate::domain::validity::Moment;

use super::alarm;
use super::answer::{
    Alarmed, BindingArrangement, Entry, FirstCall, Gap, GapKind, GapMessage, LastResort, Reach, Severity,
};
use super::outage::Outage;
use super::question::Asked;
use super::reach::fitness;
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

    /// The gaps of words that were understood only in part.
    pub fn of_words(&self, asked: &Asked) -> Vec<Gap> {
        let places = asked.places.iter().filter(|place| !place.unread.is_empty()).map(|place| {
            self.gap(Severity::Red, GapKind::PlacePartlyUnderstood, place.area.name.name(), |nl, en| {
                let unread = &place.unread;
                (
                    format!("'{unread}' is niet begrepen: beantwoord voor {nl}. Zoek uit waar het precies is."),
                    format!("'{unread}' was not understood: answered for {en}. Find out where it is exactly."),
                )
            })
        });
        let calamities = asked.calamity_types.iter().filter(|one| !one.unread.is_empty()).map(|one| {
            let subject = one.calamity_type.name.name();
            self.gap(Severity::Red, GapKind::CalamityPartlyUnderstood, subject, |nl, en| {
                let unread = &one.unread;
                (
                    format!("'{unread}' is niet begrepen: beantwoord voor {nl}."),
                    format!("'{unread}' was not understood: answered for {en}."),
                )
            })
        });
        places.chain(calamities).collect()
    }

    /// The gaps of who decides, who leads and who is alarmed, where that is nobody.
    pub fn of_command(
        &self,
        entries: &[Entry],
        call_now: &[Alarmed],
        last_resorts: &[LastResort],
        asked: &Asked,
    ) -> Vec<Gap> {
        let holds = |roles: &[Role]| {
            let all = entries.iter().flat_map(|entry| &entry.roles);
            all.into_iter().any(|role| role.conditional.is_empty() && roles.contains(&role.role))
        };
        let nobody = |severity, kind, nl: &str, en: &str| Gap {
            severity,
            kind,
            subject: None,
            message: GapMessage { nl: nl.to_owned(), en: en.to_owned() },
        };
        let mut gaps = Vec::new();
        if !holds(&[Role::FunctionalAuthority, Role::GeneralAuthority]) {
            gaps.push(nobody(
                Severity::Red,
                GapKind::NoCover,
                "Niemand bekend die het gezag heeft.",
                "Nobody is known who decides.",
            ));
        }
        // What happens is not known yet: nor is who leads.
        let is_known = !asked.calamity_types.is_empty();
        if is_known && !holds(&[Role::OperationalLead]) {
            gaps.push(nobody(
                Severity::Red,
                GapKind::NoCover,
                "Niemand bekend die leidt.",
                "Nobody is known who leads.",
            ));
        }
        if is_known && call_now.is_empty() {
            let (nl, en) = match last_resorts.first() {
                Some(last) => {
                    let (nl, en) = self.called(last.organisation.name.name());
                    (format!(": vraag {nl}"), format!(": ask {en}"))
                }
                None => Default::default(),
            };
            let nl = format!("Niemand vastgelegd om te alarmeren{nl}.");
            let en = format!("Nobody is recorded to be alarmed{en}.");
            gaps.push(nobody(Severity::Amber, GapKind::NobodyAlarmed, &nl, &en));
        }
        gaps
    }

    /// The gaps of how those who act can be reached. Red is only what keeps those who lead or are alarmed from being
    /// reached, and an outdated check of the channel to call first.
    pub fn of_channels(
        &self,
        entries: &[Entry],
        last_resorts: &[LastResort],
        first_call: Option<&FirstCall>,
    ) -> Vec<Gap> {
        let mut gaps: Vec<Gap> = Vec::new();
        // A dispatch centre that asks is not sent to itself: then there is none among the last resorts.
        let through = if last_resorts.iter().any(|last| last.capability.name.name().as_str() == DISPATCH_CENTRE) {
            GapMessage { nl: "; via de meldkamer".to_owned(), en: "; through the dispatch centre".to_owned() }
        } else {
            GapMessage::default()
        };
        for entry in entries {
            let reaches: Vec<&Reach> = entry.reaches().collect();
            // The dispatch centre alarms over its own system: a number is then a second way.
            let severity = if alarm::is_urgent(entry) && !by_system(entry) { Severity::Red } else { Severity::Amber };
            gaps.extend(self.of_reach(&entry.organisation.name, severity, &through, &reaches));
        }
        for last in last_resorts {
            let reaches: Vec<&Reach> = last.contacts.iter().collect();
            gaps.extend(self.of_reach(&last.organisation.name, Severity::Amber, &through, &reaches));
        }
        let all: Vec<&Reach> = entries
            .iter()
            .flat_map(Entry::reaches)
            .chain(last_resorts.iter().flat_map(|last| &last.contacts))
            .collect();
        let contacts: BTreeSet<&Name> = all.iter().map(|reach| reach.contact.name.name()).collect();
        let first = first_call.map(|call| (call.contact.name.name(), &call.channel.channel));
        gaps.extend(contacts.into_iter().filter_map(|contact| self.of_verification(contact, &all, first)));
        gaps.extend(self.of_published(&all));
        gaps
    }

    /// The gap of how an organisation can be reached, if there is one.
    fn of_reach(
        &self,
        organisation: &Id<Organisation>,
        severity: Severity,
        through: &GapMessage,
        reaches: &[&Reach],
    ) -> Option<Gap> {
        // What is only announced helps nobody yet.
        let reaches: Vec<&&Reach> = reaches.iter().filter(|reach| !reach.announced).collect();
        let name = organisation.name();
        let channels = || reaches.iter().flat_map(|reach| &reach.channels).filter(|channel| !channel.announced);
        if reaches.is_empty() || channels().next().is_none() {
            return Some(self.gap(severity, GapKind::NoContact, name, |nl, en| {
                (format!("{nl}: geen contact bekend."), format!("{en}: no contact known."))
            }));
        }
        if channels().all(|one| one.channel.placeholder) {
            let not_public = channels().all(|one| one.channel.not_public);
            return Some(if not_public {
                self.gap(severity, GapKind::PlaceholderOnly, name, |nl, en| {
                    (
                        format!("{nl}: nummer niet openbaar{}.", through.nl),
                        format!("{en}: number not public{}.", through.en),
                    )
                })
            } else {
                self.gap(severity, GapKind::NotFilledIn, name, |nl, en| {
                    (
                        format!("{nl}: nummer nog niet ingevuld{}.", through.nl),
                        format!("{en}: number not filled in yet{}.", through.en),
                    )
                })
            });
        }
        if !reaches.iter().any(|reach| reach.is_reachable()) {
            return Some(self.gap(severity, GapKind::NotReachable, name, |nl, en| {
                (
                    format!("{nl}: op dit uur op geen enkel kanaal bereikbaar."),
                    format!("{en}: no channel is answered at this hour."),
                )
            }));
        }
        self.of_equals(name, &reaches)
    }

    /// The gap of several desks of an organisation of which nothing says which one to call.
    fn of_equals(&self, organisation: &Name, reaches: &[&&Reach]) -> Option<Gap> {
        let desks: BTreeMap<&Name, &&&Reach> = reaches
            .iter()
            .filter(|reach| {
                reach.is_reachable()
                    && reach.contact.function.is_none()
                    && reach.organisation.name.name() == organisation
            })
            .map(|reach| (reach.contact.name.name(), reach))
            .collect();
        let best =
            desks.values().map(|reach| (&reach.contact.areas, fitness(reach))).min_by_key(|(_, fitness)| *fitness)?;
        let equal = desks.values().filter(|reach| (&reach.contact.areas, fitness(reach)) == best).count();
        (equal > 1).then(|| {
            self.gap(Severity::Amber, GapKind::EqualContacts, organisation, |nl, en| {
                (
                    format!("{nl}: {equal} gelijkwaardige contacten; leg vast welk het eerst wordt gebeld."),
                    format!("{en}: {equal} equal contacts; record which one to call first."),
                )
            })
        })
    }

    /// The worst verification gap among the real channels of a contact.
    fn of_verification(&self, contact: &Name, reaches: &[&Reach], first: Option<(&Name, &Channel)>) -> Option<Gap> {
        reaches
            .iter()
            .filter(|reach| reach.contact.name.name() == contact && !reach.announced)
            .flat_map(|reach| &reach.channels)
            .filter(|one| !one.announced && !one.channel.placeholder && one.channel.published().is_none())
            .filter_map(|one| {
                let is_first = first.is_some_and(|(name, channel)| name == contact && *channel == one.channel);
                let outdated = if is_first { Severity::Red } else { Severity::Amber };
                match one.channel.verified_date {
                    None => Some((outdated, None)),
                    Some(date) if red_from(date.0).is_none_or(|red| red <= self.at) => Some((outdated, Some(date))),
                    Some(date) if amber_from(date.0).is_none_or(|amber| amber <= self.at) => {
                        Some((Severity::Amber, Some(date)))
                    }
                    Some(_) => None,
                }
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

    /// One gap for all numbers that their holders published and the office has not verified.
    fn of_published(&self, reaches: &[&Reach]) -> Option<Gap> {
        let channels =
            reaches.iter().flat_map(|reach| reach.channels.iter().map(move |one| (reach.contact.name.name(), one)));
        let published: BTreeSet<(&Name, &str)> = channels
            .filter(|(_, one)| one.channel.published().is_some())
            .map(|(contact, one)| (contact, one.channel.value.as_str()))
            .collect();
        let count = published.len();
        (count > 0).then(|| Gap {
            severity: Severity::Amber,
            kind: GapKind::PublishedUnverified,
            subject: None,
            message: GapMessage {
                nl: format!("{count} nummers en adressen zijn door de houder gepubliceerd en nog niet door het bureau gecontroleerd."),
                en: format!("{count} numbers and addresses were published by their holders and are not yet verified by the office."),
            },
        })
    }

    /// The gaps of what the calamity takes away: red if nothing else is known of whom to call.
    pub fn of_outage(&self, outage: &Outage, call_now: &[Alarmed], last_resorts: &[LastResort]) -> Vec<Gap> {
        let called = call_now.iter().any(|alarmed| alarmed.call.is_some());
        let reachable = last_resorts.iter().flat_map(|last| &last.contacts).any(Reach::is_reachable);
        let mut gaps = Vec::new();
        let list = |all: Vec<&Dependence>, name: fn(Dependence) -> &'static str| -> String {
            all.into_iter().map(|one| name(*one)).collect::<Vec<_>>().join(", ")
        };
        let (sure, possible): (Vec<_>, Vec<_>) = (outage.sure().collect(), outage.possible().collect());
        if !sure.is_empty() && !called && !reachable {
            let (nl, en) = (list(sure.iter().collect(), Dependence::nl), list(sure.iter().collect(), Dependence::en));
            gaps.push(Gap {
                severity: Severity::Red,
                kind: GapKind::ChannelsTakenDown,
                subject: None,
                message: GapMessage {
                    nl: format!("Geen kanaal bekend dat niet afhangt van wat uitvalt ({nl})."),
                    en: format!("No channel is known that does not hang on what is down ({en})."),
                },
            });
        }
        if !possible.is_empty() {
            let (nl, en) =
                (list(possible.iter().collect(), Dependence::nl), list(possible.iter().collect(), Dependence::en));
            gaps.push(Gap {
                severity: Severity::Note,
                kind: GapKind::ChannelsMayBeDown,
                subject: None,
                message: GapMessage {
                    nl: format!("Kan ook uitvallen: {nl}."),
                    en: format!("May be down as well: {en}."),
                },
            });
        }
        gaps
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
            self.gap(Severity::Amber, GapKind::ActorEnded, organisation.name(), |nl, en| {
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
            // That nobody at all decides or leads is a gap of its own.
            Some(self.gap(Severity::Amber, GapKind::NoCover, capability.name(), |nl, en| {
                (format!("{nl}: hier is niemand bekend."), format!("{en}: nobody is known here."))
            }))
        });
        ended.chain(uncovered).collect()
    }

    /// The gaps of announced facts, for an answer that depends on them: one for all that is announced for the same
    /// moment, named after the areas it is about, or failing these after the organisations. Where none of the
    /// considered records is disputed the answer rests on others: then all are named rather than none.
    ///
    /// Unless the readings differ in who decides, who leads or the first act (which is red), what was announced for a
    /// moment long past is left to the worklist of the office: a line that never goes out is not read.
    pub fn of_announcements(&self, considered: &BTreeSet<Name>, severity: Severity) -> Vec<Gap> {
        let disputed: Vec<(&Name, Option<Moment>)> = self.snapshot.disputed(self.at).collect();
        let any = disputed.iter().any(|(name, _)| considered.contains(*name));
        let mut announced: BTreeMap<Option<Moment>, BTreeSet<(Collection, Name)>> = BTreeMap::new();
        for (name, since) in disputed.into_iter().filter(|(name, _)| !any || considered.contains(*name)) {
            let subject = name.parent().unwrap_or_else(|| name.clone());
            announced.entry(since).or_default().insert((subject.collection(), subject));
        }
        let is_told = |since: Option<Moment>| {
            let long_past = since.and_then(long_past_from).is_some_and(|past| past <= self.at);
            severity == Severity::Red || !long_past
        };
        announced
            .into_iter()
            .filter(|(since, _)| is_told(*since))
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
                Some(self.gap(severity, GapKind::AnnouncedUnconfirmed, subject, |_, _| {
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
            self.gap(Severity::Amber, GapKind::HistoryIncomplete, profile.name.name(), |_, _| {
                (
                    format!("De gegevens van voor {start} zijn niet volledig: dit antwoord kan onjuist zijn."),
                    format!("The data from before {start} is not complete: this answer may be wrong."),
                )
            })
        })
    }
}

/// Whether an entry is alarmed without a number of its own: over the system of the dispatch centre, or through another.
fn by_system(entry: &Entry) -> bool {
    let rules = entry.roles.iter().filter_map(|role| role.activation.as_ref());
    rules.into_iter().any(|rule| rule.means == AlarmMeans::DispatchSystem || rule.through.is_some())
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
