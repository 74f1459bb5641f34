//! Assignments: the rules of who acts, in what role, where, for which calamity, from which level, by what right.

use super::area::Area;
use super::calamity_type::CalamityType;
use super::catalogue::{Capability, Condition, CrisisFunction, CrisisProcess};
use super::field::{fields, words};
use super::grip::Grip;
use super::name::{Collected, Collection, Id};
use super::organisation::Organisation;
use super::source::Source;
use super::text::Localised;
use super::validity::Validity;

words! {
    /// What an organisation acts as, strongest first.
    pub enum Role {
        /// Competent by sector law.
        FunctionalAuthority = "FUNCTIONAL_AUTHORITY",
        /// The general chain: mayor, chair of the safety region.
        GeneralAuthority = "GENERAL_AUTHORITY",
        /// Leads the operation.
        OperationalLead = "OPERATIONAL_LEAD",
        /// Supports.
        Support = "SUPPORT",
        /// Is told.
        Informed = "INFORMED",
    }

    /// When a rule applies.
    pub enum Phase {
        /// Before any level is declared.
        Preparation = "PREPARATION",
        /// During the calamity.
        Response = "RESPONSE",
        /// After it.
        Aftercare = "AFTERCARE",
    } default Response

    /// How an actor comes into action.
    pub enum Activation {
        /// It is alarmed by procedure, without anybody asking.
        Automatic = "AUTOMATIC",
        /// It acts by its own duty.
        OwnDuty = "OWN_DUTY",
        /// Somebody must ask for it.
        OnRequest = "ON_REQUEST",
    } default OwnDuty

    /// By what means an actor is alarmed.
    pub enum AlarmMeans {
        /// Not known.
        Unknown = "UNKNOWN",
        /// By the system of the dispatch centre: pager, alarm group, mobile terminal.
        DispatchSystem = "DISPATCH_SYSTEM",
        /// By telephone.
        Telephone = "TELEPHONE",
    } default Unknown
}

fields! {
    /// A rule: who acts for what, where and when.
    pub struct Assignment {
        /// `assignments/1-1-30-water-authority`.
        pub name: Id<Assignment>,
        /// The calamity types; empty: any, also an unknown one.
        pub calamity_types: Vec<Id<CalamityType>>,
        /// The areas; empty: everywhere in ours.
        pub areas: Vec<Id<Area>>,
        /// The phase.
        pub phase: Phase,
        /// The first level; absent: also when no level is declared.
        pub from_grip: Grip,
        /// The last level; absent: no last one.
        pub to_grip: Option<Grip>,
        /// The circumstances under which it applies: all of them.
        pub conditions: Vec<Id<Condition>>,
        /// Who acts.
        pub actor: Actor,
        /// As what.
        pub role: Role,
        /// Doing what.
        pub processes: Vec<Id<CrisisProcess>>,
        /// Which functions it sends.
        pub functions: Vec<FunctionCall>,
        /// The rules that this one displaces where it applies, for the calamities it is for. While it hangs on an
        /// unstated circumstance it displaces nothing: it is given beside the rule that it may displace.
        pub replaces: Vec<Id<Assignment>>,
        /// How it comes into action; absent: by its own duty.
        pub activation: Option<ActivationRule>,
        /// By what right.
        pub legal_basis: Option<LegalBasis>,
        /// Between equally specific rules the higher wins.
        pub priority: u32,
        /// What to know.
        pub note: Option<Localised>,
        /// When the rule holds.
        pub validity: Validity,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// Who acts; exactly one of the three is set.
    pub struct Actor {
        /// This organisation.
        pub organisation: Option<Id<Organisation>>,
        /// Whoever covers this capability there.
        pub capability: Option<Id<Capability>>,
        /// Whoever covers this capability in the adjacent areas.
        pub adjacent_capability: Option<Id<Capability>>,
    }

    /// A function that an actor sends.
    pub struct FunctionCall {
        /// Which.
        pub function: Id<CrisisFunction>,
        /// Minutes within which it must be there; 0: the function's own statutory time.
        pub arrival_limit_minutes: u32,
    }

    /// How an actor comes into action.
    pub struct ActivationRule {
        /// In which way.
        pub kind: Activation,
        /// Who may ask, if on request.
        pub requested_by: Option<Localised>,
        /// Through which organisation the alarm or the request goes.
        pub through: Option<Id<Organisation>>,
        /// By what means it is alarmed.
        pub means: AlarmMeans,
    }

    /// A rule of law or practice.
    pub struct LegalBasis {
        /// The law and article: "Wvr 4".
        pub citation: String,
        /// What it says, in short.
        pub texts: Option<Localised>,
        /// Who says so.
        pub source: Option<Source>,
    }
}

impl Collected for Assignment {
    const COLLECTION: Collection = Collection::Assignments;
}
