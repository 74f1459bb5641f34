//! The answer to the question, as values; nothing here decides anything.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::area::Area;
use crate::domain::arrangement::Arrangement;
use crate::domain::assignment::{ActivationRule, Assignment, Role};
use crate::domain::calamity_type::CalamityType;
use crate::domain::catalogue::{Capability, Condition, CrisisFunction, CrisisProcess};
use crate::domain::contact::{Channel, Contact, Dependence};
use crate::domain::field::words;
use crate::domain::grip::Grip;
use crate::domain::name::{Id, Name};
use crate::domain::organisation::{Coverage, Organisation};
use crate::domain::place::PlaceMatch;
use crate::domain::record::Revision;
use crate::domain::source::Confidence;
use crate::domain::term::Term;
use crate::domain::text::Localised;

words! {
    /// Where an entry stands in the answer.
    pub enum Group {
        /// Who decides.
        Authority = "AUTHORITY",
        /// Who leads.
        Lead = "LEAD",
        /// Who is alarmed at once.
        CallNow = "CALL_NOW",
        /// Who supports.
        Support = "SUPPORT",
        /// Who is told.
        Inform = "INFORM",
    }

    /// How an entry differs from the level compared with.
    pub enum EntryChange {
        /// Not there at the other level.
        Added = "ADDED",
        /// There, but in other roles or with other functions.
        Changed = "CHANGED",
        /// The same.
        Stays = "STAYS",
        /// Only at the other level.
        Ends = "ENDS",
    }

    /// What is missing or doubtful in an answer.
    pub enum GapKind {
        /// Nobody covers what a rule needs.
        NoCover = "NO_COVER",
        /// An organisation has no contact at all.
        NoContact = "NO_CONTACT",
        /// A contact exists, and its holder keeps the number from the public.
        PlaceholderOnly = "PLACEHOLDER_ONLY",
        /// No channel of a contact is answered at that hour.
        NotReachable = "NOT_REACHABLE",
        /// A channel was not verified within the freshness limits.
        VerificationOverdue = "VERIFICATION_OVERDUE",
        /// An arrangement is about to end.
        ArrangementEnding = "ARRANGEMENT_ENDING",
        /// A fact is only announced; both readings are given.
        AnnouncedUnconfirmed = "ANNOUNCED_UNCONFIRMED",
        /// An actor has ended without successor.
        ActorEnded = "ACTOR_ENDED",
        /// The question is about a time before the directory's history.
        HistoryIncomplete = "HISTORY_INCOMPLETE",
        /// No level was given.
        GripAssumed = "GRIP_ASSUMED",
        /// GRIP 5 needs more than one region.
        OneRegion = "ONE_REGION",
        /// Some words for a place were not understood: the answer is for the wider place.
        PlacePartlyUnderstood = "PLACE_PARTLY_UNDERSTOOD",
        /// Some words for a calamity were not understood.
        CalamityPartlyUnderstood = "CALAMITY_PARTLY_UNDERSTOOD",
        /// A contact exists, and nobody has filled in its number yet.
        NotFilledIn = "NOT_FILLED_IN",
        /// Numbers were published by their holders and not yet verified by the office.
        PublishedUnverified = "PUBLISHED_UNVERIFIED",
        /// Nobody is recorded who must be alarmed.
        NobodyAlarmed = "NOBODY_ALARMED",
        /// The calamity takes away every channel known.
        ChannelsTakenDown = "CHANNELS_TAKEN_DOWN",
        /// The calamity may take away channels.
        ChannelsMayBeDown = "CHANNELS_MAY_BE_DOWN",
        /// Several contacts are equally fit.
        EqualContacts = "EQUAL_CONTACTS",
    }

    /// How bad a gap is, worst first.
    pub enum Severity {
        /// Act on it before relying on the answer.
        Red = "RED",
        /// Be aware.
        Amber = "AMBER",
        /// To know.
        Note = "NOTE",
    }
}

/// Who acts, by what right, and how to reach them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What the words were taken to mean.
    pub resolution: Resolution,
    /// The calamity types asked about.
    pub calamity_types: Vec<AskedCalamity>,
    /// The circumstances taken into account.
    pub circumstances: Vec<StatedCircumstance>,
    /// Words that mean daily work and no crisis.
    pub routine: Vec<Routine>,
    /// The level answered for.
    pub grip: Grip,
    /// The alarm list: who must be alarmed now at this level.
    pub call_now: Vec<Alarmed>,
    /// The first channel that is answered now and reaches who leads or is alarmed.
    pub first_call: Option<FirstCall>,
    /// Who acts, in the order to read.
    pub acting: Vec<Entry>,
    /// Whom to call when nobody else answers, in order.
    pub last_resorts: Vec<LastResort>,
    /// The arrangements that bind, in the order to read.
    pub arrangements: Vec<BindingArrangement>,
    /// Whose it is, where it is not ours.
    pub handovers: Vec<Handover>,
    /// What is missing or doubtful, worst first.
    pub gaps: Vec<Gap>,
    /// Whether this is an exercise.
    pub exercise: bool,
    /// The revision answered from.
    pub revision: Revision,
    /// The time answered for.
    pub effective_time: Timestamp,
    /// Until then the same question on the same revision is answered the same; `None`: no end known.
    pub expire_time: Option<Timestamp>,
}

/// A circumstance that an answer takes into account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedCircumstance {
    /// The condition.
    pub condition: Arc<Condition>,
    /// The words that state or deny it.
    pub words: String,
    /// Whether they deny it.
    pub denied: bool,
}

/// Words of a question that mean daily work and no crisis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routine {
    /// The words.
    pub words: String,
    /// The term that says so.
    pub term: Arc<Term>,
}

/// A party of the alarm list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarmed {
    /// Who; its entry says the rest.
    pub organisation: Arc<Organisation>,
    /// The rank of its entry.
    pub rank: u32,
    /// The level from which.
    pub from_grip: Grip,
    /// How it is alarmed: by what means, through whom.
    pub activation: Option<ActivationRule>,
    /// The first channel that reaches it now.
    pub call: Option<FirstCall>,
    /// What to know when alarming it.
    pub note: Option<Localised>,
}

/// One channel to use, with whom it reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstCall {
    /// Who is reached.
    pub organisation: Arc<Organisation>,
    /// Over which contact.
    pub contact: Arc<Contact>,
    /// By which channel.
    pub channel: ReachChannel,
}

/// What the words of a question were taken to mean.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolution {
    /// The words, each with the place that they mean.
    pub matched: Vec<PlaceMatch>,
    /// Asked areas and the narrower areas of their chains.
    pub areas: Vec<ResolvedArea>,
    /// The municipalities concerned.
    pub municipalities: Vec<ResolvedArea>,
    /// The safety regions concerned.
    pub safety_regions: Vec<ResolvedArea>,
    /// The provinces concerned.
    pub provinces: Vec<ResolvedArea>,
}

/// An area of a resolution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedArea {
    /// The area.
    pub area: Arc<Area>,
    /// Whether it is concerned only if an announced fact is confirmed.
    pub announced: bool,
}

/// A calamity type asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedCalamity {
    /// The words that matched.
    pub words: String,
    /// The type.
    pub calamity_type: Arc<CalamityType>,
    /// The words among them that were not understood.
    pub unread: String,
    /// Types below it that are answered differently: ask for one of them to know more.
    pub narrower: Vec<Arc<CalamityType>>,
}

/// One organisation in the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Who.
    pub organisation: Arc<Organisation>,
    /// Where it stands.
    pub group: Group,
    /// Its place in the whole answer, from 1.
    pub rank: u32,
    /// How it differs from the level compared with.
    pub change: Option<EntryChange>,
    /// What it acts as: what holds before what may hold, then strongest first.
    pub roles: Vec<RoleEntry>,
}

impl Entry {
    /// Every contact of the entry.
    pub fn reaches(&self) -> impl Iterator<Item = &Reach> {
        self.roles.iter().flat_map(|role| &role.functions).flat_map(|function| &function.contacts)
    }
}

/// One role of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleEntry {
    /// The role.
    pub role: Role,
    /// The level from which.
    pub from_grip: Grip,
    /// The parts it serves.
    pub serves: Vec<Arc<Area>>,
    /// Whether others cover the same as narrowly.
    pub shared: bool,
    /// Whether it covers only some of what was asked: `serves` names it where it has a name.
    pub partial: bool,
    /// The unstated circumstances it hangs on.
    pub conditional: Vec<Arc<Condition>>,
    /// Whether it acts only if an announced fact is confirmed.
    pub announced: bool,
    /// How it comes into action.
    pub activation: Option<ActivationRule>,
    /// What it does.
    pub processes: Vec<Arc<CrisisProcess>>,
    /// The functions it sends and how to reach them; one without a function is the general desk.
    pub functions: Vec<CalledFunction>,
    /// The rules that say so.
    pub rules: Vec<Arc<Assignment>>,
    /// The coverages by which it is the actor.
    pub coverages: Vec<Arc<Coverage>>,
    /// The weakest confidence among all grounds.
    pub confidence: Confidence,
    /// Rules that lost, each with the rule that won.
    pub overridden: Vec<(Arc<Assignment>, Id<Assignment>)>,
}

/// A function to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalledFunction {
    /// The function; `None`: the general desk.
    pub function: Option<Arc<CrisisFunction>>,
    /// Minutes within which it must be there; 0: no limit known.
    pub arrival_limit_minutes: u32,
    /// How to reach it, in the order to try.
    pub contacts: Vec<Reach>,
}

/// A contact as it can be reached at the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The contact.
    pub contact: Arc<Contact>,
    /// The organisation whose contact it is: another one where that executes or fills.
    pub organisation: Arc<Organisation>,
    /// The organisation whose people fill it, if another.
    pub filled_by: Option<Arc<Organisation>>,
    /// Its channels in force, in the order to try; those that are only announced come last.
    pub channels: Vec<ReachChannel>,
    /// Whether it is to be called only if an announced fact is confirmed, where its role is not announced as a whole.
    pub announced: bool,
}

/// A channel at the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachChannel {
    /// The channel.
    pub channel: Channel,
    /// Whether it is answered at that hour: open or not known to be closed, not a placeholder, and not taken away.
    pub reachable: bool,
    /// What the calamity takes away that it hangs on.
    pub taken_down: Vec<Dependence>,
    /// What the calamity may take away that it hangs on.
    pub may_be_down: Vec<Dependence>,
    /// Whether it holds only if an announced fact is confirmed, where its contact is not announced as a whole.
    pub announced: bool,
}

/// A last resort.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastResort {
    /// As what.
    pub capability: Arc<Capability>,
    /// Who.
    pub organisation: Arc<Organisation>,
    /// Whether only if an announced fact is confirmed.
    pub announced: bool,
    /// How to reach it.
    pub contacts: Vec<Reach>,
}

/// An arrangement that binds an entry or a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindingArrangement {
    /// The arrangement.
    pub arrangement: Arc<Arrangement>,
    /// Whether it binds only if an announced fact is confirmed.
    pub announced: bool,
    /// The organisations of the answer that it binds.
    pub binds: BTreeSet<Id<Organisation>>,
}

/// Whose it is, where it is not ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// The safety region as an organisation, if known.
    pub organisation: Option<Arc<Organisation>>,
    /// The area asked about.
    pub area: Arc<Area>,
    /// How to reach the region.
    pub contacts: Vec<Reach>,
    /// How to reach its dispatch centre.
    pub dispatch_contacts: Vec<Reach>,
    /// Whether that dispatch centre serves ours too.
    pub serves_us_too: bool,
    /// What our organisations still are there.
    pub still_known: Vec<StillKnown>,
    /// Whether only if an announced fact is confirmed.
    pub announced: bool,
}

impl Handover {
    /// Every contact of the handover.
    pub fn reaches(&self) -> impl Iterator<Item = &Reach> {
        self.contacts.iter().chain(&self.dispatch_contacts)
    }
}

/// What an organisation of ours is for an area that is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StillKnown {
    /// Who.
    pub organisation: Arc<Organisation>,
    /// By which coverage.
    pub coverage: Arc<Coverage>,
    /// Of which area.
    pub area: Arc<Area>,
    /// As what.
    pub capability: Arc<Capability>,
    /// Whether only if an announced fact is confirmed.
    pub announced: bool,
}

/// What is missing or doubtful.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// How bad.
    pub severity: Severity,
    /// What kind.
    pub kind: GapKind,
    /// Whom or what it is about.
    pub subject: Option<Name>,
    /// A sentence; it states dates, never ages.
    pub message: GapMessage,
}

/// The sentence of a gap, in both languages.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct GapMessage {
    /// In Dutch.
    pub nl: String,
    /// In English.
    pub en: String,
}

impl From<&GapMessage> for Localised {
    fn from(message: &GapMessage) -> Self {
        Localised::new(message.nl.clone(), message.en.clone())
    }
}

/// The disciplines in the order in which supporters are listed: the four columns of the crisis organisation first,
/// then water, then the rest. An unknown one comes last.
pub const DISCIPLINES: &[&str] = &[
    "multidisciplinary",
    "fire",
    "medical",
    "police",
    "population-care",
    "water",
    "infrastructure",
    "transport",
    "environment",
    "nature",
    "justice",
    "defence",
    "volunteers",
    "government",
    "information",
];
