//! Contacts: functions and desks as organisations fill them, and the channels to reach them.

use super::area::Area;
use super::catalogue::CrisisFunction;
use super::field::{fields, words};
use super::hours::OpeningHours;
use super::name::{Collected, Collection, Id};
use super::organisation::Organisation;
use super::source::{CalendarDate, Source};
use super::text::Localised;
use super::validity::Validity;

words! {
    /// How a channel reaches someone.
    pub enum ChannelKind {
        /// A telephone number.
        Telephone = "TELEPHONE",
        /// A pager or alarm group.
        AlarmGroup = "ALARM_GROUP",
        /// A radio talkgroup.
        Talkgroup = "TALKGROUP",
        /// An e-mail address.
        Email = "EMAIL",
        /// A platform: LCMS, a web page, a chat.
        Platform = "PLATFORM",
    }

    /// Who may see a channel.
    pub enum Confidentiality {
        /// Everyone.
        Public = "PUBLIC",
        /// Partners in crisis response.
        Partner = "PARTNER",
        /// Dispatchers and those who keep the data.
        Restricted = "RESTRICTED",
    } default Public
}

fields! {
    /// A crisis function or desk as an organisation fills it. Never a private person in shipped data.
    pub struct Contact {
        /// `organisations/waterschap-zuiderzeeland/contacts/calamity-coordinator`.
        pub name: Id<Contact>,
        /// The names shown.
        pub display_names: Localised,
        /// The crisis function it fills; absent: the organisation's general desk.
        pub function: Option<Id<CrisisFunction>>,
        /// The areas it serves; empty: wherever the organisation acts.
        pub areas: Vec<Id<Area>>,
        /// The organisation whose people fill it, if another.
        pub filled_by: Option<Id<Organisation>>,
        /// What it is for, as a code: `operational`, `administrative`, `public`; empty: operational.
        pub purpose: String,
        /// The channels, in the order in which to try them.
        pub channels: Vec<Channel>,
        /// When.
        pub validity: Validity,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// A way to reach a contact.
    pub struct Channel {
        /// How.
        pub kind: ChannelKind,
        /// The number, address or group, as it is to be used; empty for a placeholder.
        pub value: String,
        /// It exists, but the value is not public: never a number to dial.
        pub placeholder: bool,
        /// It is invented, for demonstrations and exercises only.
        pub fictional: bool,
        /// When it is answered; empty: always.
        pub hours: Vec<OpeningHours>,
        /// What it is for.
        pub purpose: Option<Localised>,
        /// Who may see it.
        pub confidentiality: Confidentiality,
        /// When somebody last verified that it reaches the contact.
        pub verified_date: Option<CalendarDate>,
        /// Seconds to wait for an answer before the next channel.
        pub wait_seconds: u32,
        /// When.
        pub validity: Validity,
        /// Who says so.
        pub source: Option<Source>,
    }
}

impl Collected for Contact {
    const COLLECTION: Collection = Collection::Contacts;
}
