//! How somebody is reached, in as few words as can be acted on.
//!
//! **Invariants.** A placeholder is said to be one and is never shown as a number. What is invented is marked as such
//! wherever it stands. A channel that nobody answers at the time asked about, or that is only announced, is never given
//! as the one to use.

use crate::domain::text::Language;
use crate::proto::v1::{ChannelKind, HoursKind, ReachableChannel, ReachableContact};

use super::paper::{Cell, Ink};
use super::words::{Say, label, span};

/// A contact and the channel of it to use.
pub(super) type Way<'a> = (&'a ReachableContact, &'a ReachableChannel);

/// The first channel that is answered and has a value, whatever becomes of what is announced.
pub(super) fn first_way<'a>(contacts: impl IntoIterator<Item = &'a ReachableContact>) -> Option<Way<'a>> {
    ways(contacts).find(|(contact, channel)| channel.reachable_now && usable(channel) && !announced(contact, channel))
}

fn ways<'a>(contacts: impl IntoIterator<Item = &'a ReachableContact>) -> impl Iterator<Item = Way<'a>> {
    contacts.into_iter().flat_map(|contact| contact.channels.iter().map(move |channel| (contact, channel)))
}

fn announced(contact: &ReachableContact, channel: &ReachableChannel) -> bool {
    contact.announced || channel.announced
}

fn usable(channel: &ReachableChannel) -> bool {
    !channel.placeholder && !channel.value.is_empty()
}

/// How to reach one of these contacts, or why that cannot be said.
pub(super) fn reach(language: Language, contacts: &[&ReachableContact]) -> Cell {
    if let Some((_, way)) = first_way(contacts.iter().copied()) {
        return Cell::new(channel(language, way), if way.fictional { Ink::Banner } else { Ink::Strong });
    }
    let mut standing = ways(contacts.iter().copied()).filter(|(contact, channel)| !announced(contact, channel));
    if let Some((_, closed)) = standing.find(|(_, channel)| usable(channel)) {
        let why = if closed.taken_down.is_empty() {
            language.say("nu niet bereikbaar", "not answered now").to_owned()
        } else {
            down(language, closed)
        };
        return Cell::new(format!("{why}: {}", channel(language, closed)), Ink::Amber);
    }
    if let Some((_, perhaps)) = ways(contacts.iter().copied()).find(|(_, channel)| usable(channel)) {
        let text = format!("{}: {}", language.say("AANGEKONDIGD", "ANNOUNCED"), channel(language, perhaps));
        return Cell::new(text, Ink::Amber);
    }
    if contacts.iter().any(|contact| !contact.redacted_fields.is_empty()) {
        return Cell::new(language.say("afgeschermd", "withheld from you"), Ink::Faint);
    }
    if let Some((_, hidden)) = ways(contacts.iter().copied()).next() {
        return Cell::new(missing(language, hidden), Ink::Faint);
    }
    Cell::new(language.say("geen contact bekend", "no contact known"), Ink::Amber)
}

/// A channel in words.
pub(super) fn channel(language: Language, channel: &ReachableChannel) -> String {
    let kind = match channel.kind() {
        ChannelKind::Telephone => "tel.".to_owned(),
        ChannelKind::Email => "e-mail".to_owned(),
        ChannelKind::Unspecified
        | ChannelKind::AlarmGroup
        | ChannelKind::Talkgroup
        | ChannelKind::Platform
        | ChannelKind::MarineVhf
        | ChannelKind::WebPage => label(language, "ChannelKind", channel.kind),
    };
    if channel.placeholder || channel.value.is_empty() {
        return format!("{kind} {}", missing(language, channel));
    }
    let marked = ["FICTIEF", "FICTIONAL", "fictief", "fictional"].iter().any(|mark| channel.value.starts_with(mark));
    let mark = if channel.fictional && !marked { language.say("FICTIEF ", "FICTIONAL ") } else { "" };
    format!("{kind} {mark}{}", channel.value)
}

/// Why a channel has no value.
fn missing(language: Language, channel: &ReachableChannel) -> &'static str {
    if channel.placeholder && !channel.not_public {
        language.say("nog niet ingevuld", "not filled in yet")
    } else {
        language.say("nummer niet openbaar", "number not public")
    }
}

/// That the calamity takes a channel away, and why.
fn down(language: Language, channel: &ReachableChannel) -> String {
    format!("{} ({})", language.say("VALT UIT", "DOWN"), channel.taken_down)
}

/// Everything known about how to use a channel.
pub(super) fn channel_in_full(language: Language, one: &ReachableChannel) -> Cell {
    let mut text = channel(language, one);
    if one.announced {
        text.push_str(&format!(" [{}]", language.say("AANGEKONDIGD", "ANNOUNCED")));
    }
    if !one.purpose.is_empty() {
        text.push_str(&format!(" ({})", one.purpose));
    }
    if !one.taken_down.is_empty() {
        text = format!("{}: {text}", down(language, one));
    } else if usable(one) && !one.reachable_now {
        text.push_str(&format!("; {}", language.say("nu niet bereikbaar", "not answered now")));
    }
    if let Some(wait) = &one.wait {
        text.push_str(&format!("; {} {}", language.say("wacht", "wait"), span(wait)));
    }
    if !one.verified_date.is_empty() {
        text.push_str(&format!("; {} {}", language.say("gecontroleerd", "verified"), one.verified_date));
    }
    if usable(one) && one.verified_date.is_empty() {
        if !one.published_date.is_empty() {
            text.push_str(&format!("; {} {}", language.say("gepubliceerd op", "published on"), one.published_date));
        }
        text.push_str(&format!("; {}", language.say("niet gecontroleerd", "not verified")));
    }
    if usable(one) && one.hours_kind() == HoursKind::Unknown {
        text.push_str(&format!("; {}", label(language, "HoursKind", one.hours_kind)));
    }
    if !one.may_be_down.is_empty() {
        text.push_str(&format!("; {} ({})", language.say("kan uitvallen", "may be down"), one.may_be_down));
    }
    let ink = if !usable(one) {
        Ink::Faint
    } else if one.fictional {
        Ink::Banner
    } else if one.reachable_now {
        Ink::Strong
    } else {
        Ink::Amber
    };
    Cell::new(text, ink)
}

/// Whose contact it is and who fills it, where that is somebody else than `actor`.
pub(super) fn through(language: Language, contact: &ReachableContact, actor: &str) -> String {
    let mut parts = Vec::new();
    if !contact.organisation.is_empty() && contact.organisation != actor {
        parts.push(format!("via {}", contact.organisation_display_name));
    }
    if !contact.filled_by.is_empty() && contact.filled_by != actor && contact.filled_by != contact.organisation {
        parts.push(format!("{} {}", language.say("bezet door", "filled by"), contact.filled_by_display_name));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn telephone(value: &str) -> ReachableChannel {
        ReachableChannel {
            kind: ChannelKind::Telephone.into(),
            value: value.to_owned(),
            reachable_now: true,
            ..Default::default()
        }
    }

    fn said(channels: Vec<ReachableChannel>) -> String {
        reach(Language::Dutch, &[&ReachableContact { channels, ..Default::default() }]).text
    }

    #[test]
    fn a_placeholder_is_never_shown_as_a_number() {
        let empty = ReachableChannel { placeholder: true, ..telephone("0000000000") };
        assert_eq!(said(vec![empty.clone()]), "nog niet ingevuld");
        let hidden = ReachableChannel { not_public: true, ..empty };
        assert_eq!(said(vec![hidden.clone()]), "nummer niet openbaar");
        assert_eq!(channel_in_full(Language::English, &hidden).text, "tel. number not public");
    }

    #[test]
    fn the_first_channel_that_is_answered_is_the_one_to_use() {
        let closed = ReachableChannel { reachable_now: false, ..telephone("1") };
        assert_eq!(said(vec![closed.clone(), telephone("112")]), "tel. 112");
        assert_eq!(said(vec![closed]), "nu niet bereikbaar: tel. 1");
    }

    #[test]
    fn what_the_calamity_takes_away_is_struck() {
        let lost = ReachableChannel { reachable_now: false, taken_down: "112".to_owned(), ..telephone("112") };
        assert_eq!(said(vec![lost.clone()]), "VALT UIT (112): tel. 112");
        assert_eq!(said(vec![lost, telephone("1")]), "tel. 1");
    }

    #[test]
    fn what_is_only_announced_is_never_the_one_to_use() {
        let coming = ReachableChannel { announced: true, ..telephone("1") };
        assert_eq!(said(vec![coming.clone(), telephone("112")]), "tel. 112");
        assert_eq!(said(vec![coming.clone()]), "AANGEKONDIGD: tel. 1");
        let closed = ReachableChannel { reachable_now: false, ..telephone("2") };
        assert_eq!(said(vec![coming, closed]), "nu niet bereikbaar: tel. 2");
    }

    #[test]
    fn what_is_invented_is_marked_once() {
        let invented = |value: &str| ReachableChannel { fictional: true, ..telephone(value) };
        assert_eq!(said(vec![invented("0001")]), "tel. FICTIEF 0001");
        assert_eq!(said(vec![invented("FICTIEF-0001")]), "tel. FICTIEF-0001");
    }

    #[test]
    fn hidden_and_unknown_are_told_apart() {
        let hidden = ReachableContact { redacted_fields: vec!["channels".to_owned()], ..Default::default() };
        assert_eq!(reach(Language::Dutch, &[&hidden]).text, "afgeschermd");
        assert_eq!(reach(Language::Dutch, &[]).text, "geen contact bekend");
    }
}
