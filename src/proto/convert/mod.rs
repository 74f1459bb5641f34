//! Answers to messages, in the asker's language, and what changes do to records. Records themselves travel by [`tree`](super::tree) instead.
//!
//! **Invariants.** Conversion only says what the answer says: nothing is decided, looked up or dropped here, except
//! that [`Detail`] leaves out what the asker did not ask to see.

pub mod changes;

mod answer;
mod questions;
mod report;

use jiff::Timestamp;

use crate::domain::acting::answer::{EntryChange, GapKind, Group, Severity};
use crate::domain::area::{Area, AreaKind};
use crate::domain::assignment::{Activation, AlarmMeans, Role};
use crate::domain::contact::{ChannelKind, Confidentiality, HoursKind};
use crate::domain::grip::Grip;
use crate::domain::name::Id;
use crate::domain::questions::arrangements::DirectRequest;
use crate::domain::questions::providers::Nearness;
use crate::domain::report::{Carriageway, ReportStatus};
use crate::domain::source::{Confidence, Source};
use crate::domain::text::{Language, Localised};

use super::v1;

/// How, and how much of, an answer is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detail {
    /// The asker's language.
    pub language: Language,
    /// Whether grounds and processes are said.
    pub full: bool,
    /// Whether rules that lost are said.
    pub explain: bool,
}

impl Detail {
    fn text(&self, texts: &Localised) -> String {
        texts.text(self.language).to_owned()
    }

    fn optional_text(&self, texts: Option<&Localised>) -> String {
        texts.map(|texts| self.text(texts)).unwrap_or_default()
    }

    /// An area as a reference.
    pub fn area(&self, area: &Area, announced: bool) -> v1::AreaReference {
        v1::AreaReference { name: area.name.to_string(), display_name: self.text(&area.display_names), announced }
    }
}

/// A time stamp on the wire.
pub fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() }
}

/// A time stamp from the wire; `None` if it lies outside the years -9999 to 9999 or its nanoseconds are not 0 to
/// 999,999,999.
pub fn parse_timestamp(at: &prost_types::Timestamp) -> Option<Timestamp> {
    (0..=999_999_999).contains(&at.nanos).then(|| Timestamp::new(at.seconds, at.nanos).ok()).flatten()
}

fn minutes(minutes: u32) -> Option<prost_types::Duration> {
    (minutes > 0).then(|| prost_types::Duration { seconds: i64::from(minutes).saturating_mul(60), nanos: 0 })
}

fn seconds(seconds: u32) -> Option<prost_types::Duration> {
    (seconds > 0).then(|| prost_types::Duration { seconds: i64::from(seconds), nanos: 0 })
}

fn name<R>(id: &Id<R>) -> String {
    id.to_string()
}

fn source(source: &Source) -> v1::Source {
    v1::Source {
        title: source.title.clone(),
        uri: source.uri.clone(),
        as_of: source.as_of.map(|date| date.to_string()).unwrap_or_default(),
        confidence: v1::Confidence::from(source.confidence).into(),
        note: source.note.clone(),
    }
}

/// Enums of the domain to those of the wire: the same words, checked by the compiler both ways round.
macro_rules! enums {
    ($($domain:ident => $wire:ident { $($variant:ident),+ $(,)? })*) => { $(
        impl From<$domain> for v1::$wire {
            fn from(value: $domain) -> Self {
                match value { $( $domain::$variant => v1::$wire::$variant, )+ }
            }
        }
    )* };
}

enums! {
    Role => Role { FunctionalAuthority, GeneralAuthority, OperationalLead, Support, Informed }
    Activation => Activation { Automatic, OwnDuty, OnRequest }
    AreaKind => AreaKind { Object, Place, Road, Rail, Water, Municipality, SafetyRegion, Province, Country }
    ChannelKind => ChannelKind { Telephone, AlarmGroup, Talkgroup, Email, Platform, MarineVhf, WebPage }
    HoursKind => HoursKind { Unknown, Always, Listed }
    AlarmMeans => AlarmMeans { Unknown, DispatchSystem, Telephone }
    ReportStatus => ReportStatus { New, Withdrawn, Test, Exercise }
    Carriageway => Carriageway { Left, Right }
    Confidentiality => Confidentiality { Public, Partner, Restricted }
    Confidence => Confidence { Confirmed, Dated, Reported, Proposed, Unsourced }
    Group => Group { Authority, Lead, CallNow, Support, Inform }
    EntryChange => EntryChange { Added, Changed, Stays, Ends }
    GapKind => GapKind {
        NoCover, NoContact, PlaceholderOnly, NotReachable, VerificationOverdue, ArrangementEnding,
        AnnouncedUnconfirmed, ActorEnded, HistoryIncomplete, GripAssumed, OneRegion, PlacePartlyUnderstood,
        CalamityPartlyUnderstood, NotFilledIn, PublishedUnverified, NobodyAlarmed, ChannelsTakenDown, ChannelsMayBeDown,
        EqualContacts,
    }
    Severity => Severity { Red, Amber, Note }
    DirectRequest => DirectRequest { Permitted, NotEstablished, NotAdjacent }
    Nearness => Nearness { Here, Adjacent, SameRegion, AdjacentRegion, Elsewhere }
}

impl From<Grip> for v1::Grip {
    fn from(grip: Grip) -> Self {
        match grip {
            Grip::None => v1::Grip::Unspecified,
            Grip::One => v1::Grip::Grip1,
            Grip::Two => v1::Grip::Grip2,
            Grip::Three => v1::Grip::Grip3,
            Grip::Four => v1::Grip::Grip4,
            Grip::Five => v1::Grip::Grip5,
            Grip::Rijk => v1::Grip::Rijk,
        }
    }
}

impl From<v1::Grip> for Grip {
    fn from(grip: v1::Grip) -> Self {
        match grip {
            v1::Grip::Unspecified => Grip::None,
            v1::Grip::Grip1 => Grip::One,
            v1::Grip::Grip2 => Grip::Two,
            v1::Grip::Grip3 => Grip::Three,
            v1::Grip::Grip4 => Grip::Four,
            v1::Grip::Grip5 => Grip::Five,
            v1::Grip::Rijk => Grip::Rijk,
        }
    }
}
