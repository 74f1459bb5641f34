//! The catalogues: what may grow or differ by region is a record here, not an enum.

use super::area::{Alias, Area};
use super::assignment::LegalBasis;
use super::field::fields;
use super::grip::Grip;
use super::name::{Collected, Collection, Id};
use super::organisation::Organisation;
use super::source::{CalendarDate, Source};
use super::text::Localised;
use super::validity::Validity;

/// The capability of being an area's safety region: how an area outside ours is handed over, and which
/// organisation's arrangements bind a region.
pub const SAFETY_REGION: &str = "capabilities/safety-region";

/// The capability of being an area's dispatch centre: whom a handover names to call.
pub const DISPATCH_CENTRE: &str = "capabilities/dispatch-centre";

fields! {
    /// What an organisation can be for an area: water authority, drinking-water supplier, decontamination unit.
    pub struct Capability {
        /// `capabilities/drinking-water`.
        pub name: Id<Capability>,
        /// The names shown.
        pub display_names: Localised,
        /// What it means to have it.
        pub description: Option<Localised>,
        /// Other words that one types.
        pub aliases: Vec<Alias>,
        /// Whether it may be called from anywhere, not only by whom it covers.
        pub specialist: bool,
        /// Place among the last resorts of every answer, from 1; 0: none.
        pub last_resort_rank: u32,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// A role profile of the crisis organisation: OvD-B, Leider CoPI.
    pub struct CrisisFunction {
        /// `crisisFunctions/leider-copi`.
        pub name: Id<CrisisFunction>,
        /// The names shown.
        pub display_names: Localised,
        /// Abbreviations and former titles.
        pub aliases: Vec<Alias>,
        /// The discipline, as a code.
        pub discipline: String,
        /// The level at which it enters; absent: without any level.
        pub from_grip: Grip,
        /// Minutes within which it must have started by law; 0: no statutory time.
        pub arrival_limit_minutes: u32,
        /// From what the minutes count.
        pub arrival_start: Option<Localised>,
        /// The rule that sets the time.
        pub legal_basis: Option<LegalBasis>,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// What is done in a crisis, per discipline.
    pub struct CrisisProcess {
        /// `crisisProcesses/waarschuwen-bevolking`.
        pub name: Id<CrisisProcess>,
        /// The names shown.
        pub display_names: Localised,
        /// The discipline, as a code.
        pub discipline: String,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// A circumstance that changes who acts.
    pub struct Condition {
        /// `conditions/infectious-disease-group-a`.
        pub name: Id<Condition>,
        /// The names shown.
        pub display_names: Localised,
        /// What must be so.
        pub description: Option<Localised>,
        /// Other words that one types.
        pub aliases: Vec<Alias>,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// What a law forbids or makes conditional.
    pub struct Constraint {
        /// `constraints/one-ggd-per-region`.
        pub name: Id<Constraint>,
        /// The names shown.
        pub display_names: Localised,
        /// What is forbidden or conditional.
        pub description: Localised,
        /// Whom it binds.
        pub organisations: Vec<Id<Organisation>>,
        /// Where it binds; empty: everywhere.
        pub areas: Vec<Id<Area>>,
        /// By what rule.
        pub legal_basis: Option<LegalBasis>,
        /// Until what happens.
        pub until_condition: Option<Localised>,
        /// When.
        pub validity: Validity,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// The directory about itself: one record, `profiles/directory`.
    pub struct Profile {
        /// `profiles/directory`.
        pub name: Id<Profile>,
        /// The names shown.
        pub display_names: Localised,
        /// The day up to which the shipped dataset was compiled.
        pub dataset_date: CalendarDate,
        /// The day before which the directory does not claim to be complete.
        pub history_start_date: CalendarDate,
        /// What to know about the whole.
        pub description: Option<Localised>,
        /// Who says so.
        pub source: Option<Source>,
    }
}

impl Collected for Capability {
    const COLLECTION: Collection = Collection::Capabilities;
}
impl Collected for CrisisFunction {
    const COLLECTION: Collection = Collection::CrisisFunctions;
}
impl Collected for CrisisProcess {
    const COLLECTION: Collection = Collection::CrisisProcesses;
}
impl Collected for Condition {
    const COLLECTION: Collection = Collection::Conditions;
}
impl Collected for Constraint {
    const COLLECTION: Collection = Collection::Constraints;
}
impl Collected for Profile {
    const COLLECTION: Collection = Collection::Profiles;
}
