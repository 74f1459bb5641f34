//! Invented contacts for demonstrations: every state that a contact can be in, for people who look and programs that
//! learn.
//!
//! **Invariants.** Nothing here can be dialled, mailed or paged: values say FICTIEF, addresses end in `.invalid`. Only
//! placeholders are replaced; what a public source gives stays. The same records and day give the same result.

use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::{Date, time};

use crate::domain::contact::{Channel, ChannelKind, Confidentiality, Contact, HolidayHours, HoursKind};
use crate::domain::hours::{ClockTime, Day, OpeningHours};
use crate::domain::invariant::FICTIONAL_PREFIX;
use crate::domain::record::{Record, Resource};
use crate::domain::source::{CalendarDate, Confidence, Source};
use crate::domain::text::Localised;

/// The states that contacts take in turn.
#[derive(Debug, Clone, Copy)]
enum ContactState {
    /// Reachable at all hours, verified lately.
    Reachable,
    /// In office hours by telephone, at other hours by mail.
    OfficeHours,
    /// An alarm group first; if nobody answers, a telephone.
    Escalating,
    /// As it ships: it exists, and nobody may see how to reach it.
    Placeholder,
    /// Not verified for some months.
    Ageing,
    /// Not verified for more than a year.
    Stale,
    /// Never verified.
    Unverified,
    /// For partners only, by radio and platform.
    Partners,
    /// In office hours only: nobody at night.
    ClosedAtNight,
}

/// Their order is what makes neighbours in a list differ.
const STATES: [ContactState; 9] = [
    ContactState::Reachable,
    ContactState::OfficeHours,
    ContactState::Escalating,
    ContactState::Placeholder,
    ContactState::Ageing,
    ContactState::Stale,
    ContactState::Unverified,
    ContactState::Partners,
    ContactState::ClosedAtNight,
];

/// Contacts whose channels are all placeholders, with invented channels instead, as if verified around `today`. Only
/// those that change are returned.
pub fn overlay(records: &[Record], today: Date) -> Vec<Record> {
    let contacts = records.iter().filter_map(Contact::from_record);
    let hidden = contacts.filter(|contact| contact.channels.iter().all(|channel| channel.placeholder));
    let numbered = hidden.zip(1_u32..).zip(STATES.iter().cycle());
    numbered
        .filter_map(|((contact, number), state)| {
            let channels = Inventor { number, today }.channels(*state)?;
            Some(Record::Contact(Arc::new(Contact { channels, ..contact.as_ref().clone() })))
        })
        .collect()
}

/// Invents the channels of one contact.
struct Inventor {
    number: u32,
    today: Date,
}

impl Inventor {
    /// The channels of a state; `None` if they stay as they are.
    fn channels(&self, state: ContactState) -> Option<Vec<Channel>> {
        Some(match state {
            ContactState::Placeholder => return None,
            ContactState::Reachable => vec![self.telephone(self.days_ago(20))],
            ContactState::OfficeHours => vec![
                Channel { hours_kind: HoursKind::Listed, hours: office_hours(), ..self.telephone(self.days_ago(30)) },
                Channel { wait_seconds: 900, ..self.email() },
            ],
            ContactState::Escalating => vec![
                Channel { wait_seconds: 120, ..self.invented(ChannelKind::AlarmGroup, "FICTIEF-GROEP", 10) },
                self.telephone(self.days_ago(10)),
            ],
            // Amber from three months, red from twelve.
            ContactState::Ageing => vec![self.telephone(self.days_ago(150))],
            ContactState::Stale => vec![self.telephone(self.days_ago(430)), self.email()],
            ContactState::Unverified => vec![self.telephone(None)],
            ContactState::Partners => vec![
                Channel {
                    confidentiality: Confidentiality::Partner,
                    wait_seconds: 60,
                    ..self.invented(ChannelKind::Talkgroup, "FICTIEF-GESPREKSGROEP", 40)
                },
                self.invented(ChannelKind::Platform, "FICTIEF-LCMS", 40),
            ],
            ContactState::ClosedAtNight => vec![Channel {
                hours_kind: HoursKind::Listed,
                hours: office_hours(),
                ..self.telephone(self.days_ago(5))
            }],
        })
    }

    fn telephone(&self, verified: Option<CalendarDate>) -> Channel {
        let value = format!("{FICTIONAL_PREFIX}{:04}", self.number);
        channel(ChannelKind::Telephone, value, verified)
    }

    fn email(&self) -> Channel {
        channel(ChannelKind::Email, format!("fictief-{:04}@demo.invalid", self.number), self.days_ago(30))
    }

    fn invented(&self, kind: ChannelKind, word: &str, verified_days_ago: i32) -> Channel {
        channel(kind, format!("{word}-{:04}", self.number), self.days_ago(verified_days_ago))
    }

    /// A day before `today`; none if the calendar does not reach back so far.
    fn days_ago(&self, days: i32) -> Option<CalendarDate> {
        self.today.checked_sub(days.days()).ok().map(CalendarDate)
    }
}

fn channel(kind: ChannelKind, value: String, verified_date: Option<CalendarDate>) -> Channel {
    Channel {
        fictional: true,
        hours_kind: HoursKind::Always,
        holidays: HolidayHours::AsUsual,
        purpose: Some(Localised::new("FICTIEF, alleen voor demonstratie", "FICTIONAL, for demonstration only")),
        verified_date,
        source: Some(Source {
            title: "Verzonnen voor crisisgids serve --demo".to_owned(),
            uri: String::new(),
            as_of: None,
            confidence: Confidence::Unsourced,
            note: String::new(),
        }),
        ..Channel::new(kind, value)
    }
}

fn office_hours() -> Vec<OpeningHours> {
    vec![OpeningHours {
        days: vec![Day::Monday, Day::Tuesday, Day::Wednesday, Day::Thursday, Day::Friday],
        opens: ClockTime(time(8, 30, 0, 0)),
        closes: ClockTime(time(17, 0, 0, 0)),
    }]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::civil::date;

    use super::*;
    use crate::domain::field::Faults;
    use crate::domain::invariant::check_alone;

    const TODAY: Date = date(2026, 11, 23);

    fn overlaid() -> Vec<Arc<Contact>> {
        let shipped = super::super::shipped().unwrap().records;
        overlay(&shipped, TODAY).iter().filter_map(Contact::from_record).cloned().collect()
    }

    #[test]
    fn nothing_invented_can_be_dialled_or_mailed() {
        for contact in overlaid() {
            for channel in &contact.channels {
                assert!(channel.fictional && !channel.placeholder, "{}", contact.name);
                assert!(channel.value.to_uppercase().starts_with("FICTIEF"), "{}", channel.value);
                assert!(!channel.value.contains('@') || channel.value.ends_with(".invalid"), "{}", channel.value);
            }
        }
    }

    #[test]
    fn what_is_laid_over_is_valid_and_repeatable() {
        let overlaid = overlaid();
        assert!(overlaid.len() > STATES.len());
        assert_eq!(overlaid, self::overlaid());
        for contact in overlaid {
            let mut faults = Faults::default();
            check_alone(&Record::Contact(contact.clone()), &mut faults);
            assert!(faults.is_empty(), "{}: {faults:?}", contact.name);
        }
    }

    #[test]
    fn public_channels_and_some_placeholders_stay() {
        let shipped = super::super::shipped().unwrap().records;
        let changed: BTreeSet<_> = overlaid().iter().map(|contact| contact.name.clone()).collect();
        let contacts: Vec<_> = shipped.iter().filter_map(Contact::from_record).collect();
        assert!(contacts.iter().any(|contact| contact.channels.iter().any(|channel| !channel.placeholder)));
        for contact in &contacts {
            if contact.channels.iter().any(|channel| !channel.placeholder) {
                assert!(!changed.contains(&contact.name), "{}", contact.name);
            }
        }
        let hidden = contacts.iter().filter(|contact| contact.channels.iter().all(|channel| channel.placeholder));
        assert!(hidden.clone().any(|contact| !changed.contains(&contact.name)));
    }
}
