//! Arrangements: what organisations have agreed about working together.

use super::area::Area;
use super::assignment::{LegalBasis, Phase};
use super::calamity_type::CalamityType;
use super::catalogue::{Capability, CrisisProcess};
use super::contact::Contact;
use super::field::{fields, words};
use super::name::{Collected, Collection, Id};
use super::organisation::Organisation;
use super::source::{CalendarDate, Source};
use super::text::Localised;
use super::validity::Validity;

words! {
    /// How an arrangement relates to another.
    pub enum ArrangementLink {
        /// It replaces the other.
        Supersedes = "SUPERSEDES",
        /// It changes the other.
        Amends = "AMENDS",
        /// It is an annex of the other.
        AnnexOf = "ANNEX_OF",
        /// It is the regional signature under the other, a model.
        Instantiates = "INSTANTIATES",
    }
}

fields! {
    /// A cooperation arrangement.
    pub struct Arrangement {
        /// `arrangements/sok-2019`.
        pub name: Id<Arrangement>,
        /// The titles shown.
        pub display_names: Localised,
        /// What kind, as a code: `agreement`, `joint-regulation`, `covenant`, `model-covenant`, `plan`,
        /// `programme`, `mandate`, `service-contract`, `stand-by-contract`, `procurement`, `training`,
        /// `statutory`.
        pub kind: String,
        /// Who takes part.
        pub parties: Vec<Party>,
        /// Why it exists.
        pub objectives: Vec<Localised>,
        /// What is agreed, by category.
        pub clauses: Vec<Clause>,
        /// For what and where; absent: nothing is restricted.
        pub scope: Option<Scope>,
        /// Whether and how it may be invoked.
        pub invocation: Option<Invocation>,
        /// What is promised.
        pub service_level: Option<Localised>,
        /// Who pays.
        pub costs: Option<Localised>,
        /// By what right.
        pub legal_basis: Option<LegalBasis>,
        /// Its relations to other arrangements.
        pub links: Vec<LinkedArrangement>,
        /// Notice, review and exercise dates.
        pub life_cycle: Option<LifeCycle>,
        /// How far departments are, each with its date.
        pub maturity: Vec<Maturity>,
        /// Texts, films, pages.
        pub documents: Vec<Document>,
        /// Whom to ask, per party and purpose.
        pub contacts: Vec<ArrangementContact>,
        /// When it is in force.
        pub validity: Validity,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// A party to an arrangement.
    pub struct Party {
        /// The organisation.
        pub organisation: Id<Organisation>,
        /// Bound as what: "for its GHOR tasks only".
        pub capacity: Option<Localised>,
        /// What it does in it, as a code: `coordinating`, `provider`, `beneficiary`, `initiator`.
        pub part: String,
        /// From joining to leaving.
        pub validity: Validity,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// An agreed point.
    pub struct Clause {
        /// Its category, as a code: `legal`, `financial`, `organisational`, `operational`, `information`,
        /// `training`, `mutual-aid`, `procurement`.
        pub category: String,
        /// What it says.
        pub texts: Localised,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// For what and where an arrangement holds; an empty list restricts nothing.
    pub struct Scope {
        /// Where.
        pub areas: Vec<Id<Area>>,
        /// For which calamities.
        pub calamity_types: Vec<Id<CalamityType>>,
        /// For which processes.
        pub processes: Vec<Id<CrisisProcess>>,
        /// For which capabilities one may be called under it.
        pub capabilities: Vec<Id<Capability>>,
        /// In which phases of a crisis.
        pub phases: Vec<Phase>,
        /// Whether it also, or only, holds outside a crisis.
        pub outside_crisis: bool,
        /// Which resources: kinds and numbers.
        pub resources: Vec<Localised>,
        /// What it leaves out.
        pub exclusions: Vec<Localised>,
    }

    /// Who may call upon an arrangement, and how.
    pub struct Invocation {
        /// Who may.
        pub invoked_by: Localised,
        /// How.
        pub procedure: Option<Localised>,
        /// Through which organisation.
        pub through: Option<Id<Organisation>>,
        /// Whether one party may ask the other directly, without the minister (Wvr 51(5)).
        pub direct_request: bool,
    }

    /// A relation to another arrangement.
    pub struct LinkedArrangement {
        /// How.
        pub kind: ArrangementLink,
        /// To which.
        pub arrangement: Id<Arrangement>,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// The dates an office keeps.
    pub struct LifeCycle {
        /// Months of notice; 0: not known.
        pub notice_months: u32,
        /// When it must be reviewed.
        pub review_date: Option<CalendarDate>,
        /// When it was last exercised.
        pub exercise_date: Option<CalendarDate>,
        /// When it was signed.
        pub signed_date: Option<CalendarDate>,
    }

    /// How far a department is with it.
    pub struct Maturity {
        /// The department.
        pub department: Localised,
        /// As a code: `integrated`, `cooperating`, `planned`.
        pub status: String,
        /// On which day.
        pub as_of: Option<CalendarDate>,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// A text, a film, a page.
    pub struct Document {
        /// Its title.
        pub title: Localised,
        /// Its address.
        pub uri: String,
        /// What it is, as a code: `text`, `video`, `page`.
        pub kind: String,
    }

    /// Whom to ask about an arrangement.
    pub struct ArrangementContact {
        /// The contact, which names its organisation.
        pub contact: Id<Contact>,
        /// For what, as a code: `operational`, `administrative`, `legal`, `financial`.
        pub purpose: String,
    }
}

impl Collected for Arrangement {
    const COLLECTION: Collection = Collection::Arrangements;
}
