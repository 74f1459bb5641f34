//! Contacts: functions and desks as organisations fill them, and the channels to reach them.

use super::area::Area;
use super::catalogue::CrisisFunction;
use super::field::{fields, words};
use super::hours::{ClockTime, OpeningHours};
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
        /// A platform: LCMS, a chat.
        Platform = "PLATFORM",
        /// A channel of marine VHF radio.
        MarineVhf = "MARINE_VHF",
        /// A page on the web.
        WebPage = "WEB_PAGE",
    }

    /// What is known of the hours at which a channel is answered.
    pub enum HoursKind {
        /// Nothing; with hours written out, the same as listed.
        Unknown = "UNKNOWN",
        /// Day and night.
        Always = "ALWAYS",
        /// At the hours written out.
        Listed = "LISTED",
    } default Unknown

    /// What becomes of the hours of a channel on a public holiday.
    pub enum HolidayHours {
        /// Not known.
        Unknown = "UNKNOWN",
        /// It is closed.
        Closed = "CLOSED",
        /// It is answered as on any other day.
        AsUsual = "AS_USUAL",
    } default Unknown

    /// What a channel hangs on, and a calamity may take away.
    pub enum Dependence {
        /// The emergency number 112.
        EmergencyNumber = "EMERGENCY_NUMBER",
        /// The dispatch centre.
        DispatchCentre = "DISPATCH_CENTRE",
        /// The network of radio and pagers of the emergency services.
        C2000 = "C2000",
        /// The public telephone network.
        Telephone = "TELEPHONE",
        /// Electricity.
        Electricity = "ELECTRICITY",
        /// A data network.
        DataNetwork = "DATA_NETWORK",
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
        /// What it is for, as a code: see [`Purpose`]; empty: operational.
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
        /// It exists, but the value is not known here: never a number to dial.
        pub placeholder: bool,
        /// It is invented, for demonstrations and exercises only.
        pub fictional: bool,
        /// When it is answered, where that is listed.
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
        /// Of a placeholder: its holder keeps the value from the public. Otherwise it is not filled in yet.
        pub not_public: bool,
        /// What is known of when it is answered.
        pub hours_kind: HoursKind,
        /// The days on which it is answered otherwise.
        pub exceptions: Vec<HoursException>,
        /// What becomes of its hours on a public holiday.
        pub holidays: HolidayHours,
        /// What it hangs on.
        pub depends_on: Vec<Dependence>,
    }
}

fields! {
    /// A day on which a channel is answered otherwise than in other weeks.
    pub struct HoursException {
        /// The day.
        pub date: CalendarDate,
        /// When it opens; absent: it is closed all day.
        pub opens: Option<ClockTime>,
        /// When it closes; not after `opens`: on the next day.
        pub closes: Option<ClockTime>,
        /// What to know.
        pub note: Option<Localised>,
    }
}

/// What a contact is for, in the order in which equally narrow ones are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// The desk on duty, said so: `operational`.
    Duty,
    /// Nothing is said: taken for the desk on duty.
    Unsaid,
    /// A fault or report line, or a number for professionals: `fault-line`, `report-line`, `professional`.
    Line,
    /// A general number: `general`.
    General,
    /// Never called in a calamity: `administrative`, `public`, `archive`, and whatever is not known.
    Other,
}

impl Contact {
    /// What it is for.
    pub fn purpose(&self) -> Purpose {
        match self.purpose.as_str() {
            "operational" => Purpose::Duty,
            "" => Purpose::Unsaid,
            "fault-line" | "report-line" | "professional" => Purpose::Line,
            "general" => Purpose::General,
            _ => Purpose::Other,
        }
    }
}

impl Dependence {
    /// What it is called in Dutch.
    pub const fn nl(self) -> &'static str {
        match self {
            Dependence::EmergencyNumber => "112",
            Dependence::DispatchCentre => "de meldkamer",
            Dependence::C2000 => "C2000",
            Dependence::Telephone => "het telefoonnet",
            Dependence::Electricity => "elektriciteit",
            Dependence::DataNetwork => "een datanetwerk",
        }
    }

    /// What it is called in English.
    pub const fn en(self) -> &'static str {
        match self {
            Dependence::EmergencyNumber => "112",
            Dependence::DispatchCentre => "the dispatch centre",
            Dependence::C2000 => "C2000",
            Dependence::Telephone => "the telephone network",
            Dependence::Electricity => "electricity",
            Dependence::DataNetwork => "a data network",
        }
    }
}

impl Channel {
    /// A public channel of which nothing else is known; a placeholder if it has no value.
    pub fn new(kind: ChannelKind, value: String) -> Self {
        Channel {
            kind,
            placeholder: value.is_empty(),
            value,
            not_public: false,
            fictional: false,
            hours_kind: HoursKind::Unknown,
            hours: Vec::new(),
            exceptions: Vec::new(),
            holidays: HolidayHours::Unknown,
            depends_on: Vec::new(),
            purpose: None,
            confidentiality: Confidentiality::Public,
            verified_date: None,
            wait_seconds: 0,
            validity: Validity::default(),
            source: None,
        }
    }

    /// Whether its hours are known: an answer prefers what is known to be open.
    pub fn has_known_hours(&self) -> bool {
        self.hours_kind == HoursKind::Always || !self.hours.is_empty()
    }

    /// The day on which its holder published it, where nobody has verified it since.
    pub fn published(&self) -> Option<Option<CalendarDate>> {
        let source = self.source.as_ref().filter(|_| !self.placeholder && !self.fictional)?;
        self.verified_date.is_none().then_some(source.as_of)
    }
}

impl Collected for Contact {
    const COLLECTION: Collection = Collection::Contacts;
}
