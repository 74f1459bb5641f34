//! Random coverages and contacts of the organisations of a random directory.

use crisisgids::domain::contact::{Channel, ChannelKind, Confidentiality, Contact};
use crisisgids::domain::organisation::Coverage;
use crisisgids::domain::source::CalendarDate;
use proptest::prelude::*;
use proptest::sample::select;

use super::directories::{DATES, FUNCTIONS, ORGANISATIONS, area_names, id, one_area, one_capability, text, validity};
use super::hours;

/// Who covers what and where; areas of every kind, so that narrow and wide covers meet.
pub(super) fn coverages() -> impl Strategy<Value = Vec<Coverage>> {
    let coverage = (select(ORGANISATIONS), one_capability(), one_area(), prop::bool::weighted(0.2), validity());
    prop::collection::vec(coverage, 3..20).prop_map(|all| {
        let numbered = all.into_iter().enumerate();
        numbered
            .map(|(index, (organisation, capability, area, partial, validity))| Coverage {
                name: id(&format!("{organisation}/coverages/c{index}")),
                capability,
                area,
                partial,
                note: None,
                validity,
                source: None,
            })
            .collect()
    })
}

fn channel() -> impl Strategy<Value = Channel> {
    let verified =
        prop::option::of(select(DATES)).prop_map(|date| date.map(|date| CalendarDate(date[..10].parse().unwrap())));
    let confidentiality = prop_oneof![2 => Just(Confidentiality::Public), 1 => select(Confidentiality::ALL)];
    (prop::collection::vec(hours::weekly(), 0..=2), any::<bool>(), verified, confidentiality, validity()).prop_map(
        |(hours, placeholder, verified_date, confidentiality, validity)| Channel {
            hours,
            confidentiality,
            verified_date,
            validity,
            ..Channel::new(
                ChannelKind::Platform,
                if placeholder { String::new() } else { format!("value-{}", confidentiality.word()) },
            )
        },
    )
}

/// Contacts of any organisation for any function, with and without channels.
pub(super) fn contacts() -> impl Strategy<Value = Vec<Contact>> {
    let contact = (
        select(ORGANISATIONS),
        prop::option::of(select(FUNCTIONS)),
        prop_oneof![2 => Just(vec![]), 1 => area_names(2)],
        prop::option::weighted(0.2, select(ORGANISATIONS)),
        prop::collection::vec(channel(), 0..=2),
        validity(),
    );
    prop::collection::vec(contact, 0..10).prop_map(|all| {
        let numbered = all.into_iter().enumerate();
        numbered
            .map(|(index, (organisation, function, areas, filled_by, channels, validity))| Contact {
                name: id(&format!("{organisation}/contacts/c{index}")),
                display_names: text(&format!("contact {index}")),
                function: function.map(id),
                areas,
                filled_by: filled_by.map(id),
                purpose: String::new(),
                channels,
                validity,
                source: None,
            })
            .collect()
    })
}
