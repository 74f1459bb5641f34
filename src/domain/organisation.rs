//! Organisations: who acts, what they can be for an area, and where they stand.

use super::area::{Alias, Area, Code};
use super::catalogue::Capability;
use super::field::fields;
use super::name::{Collected, Collection, Id};
use super::source::Source;
use super::text::Localised;
use super::validity::Validity;

/// The relation of an organisation that carries out another's task: it is reached for it.
pub const EXECUTES_FOR: &str = "executes_for";

/// The relation of an organisation that follows one that has ended: it acts in its place.
pub const SUCCESSOR_OF: &str = "successor_of";

fields! {
    /// Who acts: an organisation, a team, or an office that holds authority, such as a mayor.
    pub struct Organisation {
        /// `organisations/waterschap-zuiderzeeland`.
        pub name: Id<Organisation>,
        /// The names shown.
        pub display_names: Localised,
        /// Other words for it: abbreviations, former names.
        pub aliases: Vec<Alias>,
        /// What kind, as a code: `office`, `safety-region`, `water-authority`, `team` ... Open: regions differ.
        pub kind: String,
        /// Its discipline, as a code of [`DISCIPLINES`](super::acting::DISCIPLINES) or a new one.
        pub discipline: String,
        /// What it does, in routine and in a calamity.
        pub duties: Vec<Duty>,
        /// Certificates and labels it holds.
        pub credentials: Vec<Credential>,
        /// Dated relations to other organisations.
        pub relations: Vec<Relation>,
        /// Codes in other systems.
        pub codes: Vec<Code>,
        /// When it exists.
        pub validity: Validity,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// A task of an organisation.
    pub struct Duty {
        /// The task.
        pub texts: Localised,
        /// When it applies, as a code: `ROUTINE`, `CALAMITY`; empty for both.
        pub mode: String,
        /// Since when.
        pub validity: Validity,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// A certificate or label of an organisation.
    pub struct Credential {
        /// What it is: "CO2-Prestatieladder".
        pub texts: Localised,
        /// When it holds.
        pub validity: Validity,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// A dated relation to another organisation.
    pub struct Relation {
        /// Which, as a code: `part_of`, `governed_by`, `executes_for`, `staffed_by`, `member_of`, `serves`,
        /// `cooperates_with`, `supervises`, `fallback_for`, `successor_of`.
        pub kind: String,
        /// The other organisation.
        pub organisation: Id<Organisation>,
        /// Only for this capability; absent: for everything.
        pub capability: Option<Id<Capability>>,
        /// How it stands, as a code: `separate`, `integrated`, `cooperating`, `planned`.
        pub status: String,
        /// Why it stands so.
        pub reason: Option<Localised>,
        /// Until what happens.
        pub until_condition: Option<Localised>,
        /// When.
        pub validity: Validity,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// "Waternet supplies drinking water in Muiden": what an organisation is for an area.
    pub struct Coverage {
        /// `organisations/waternet/coverages/drinking-water-muiden`.
        pub name: Id<Coverage>,
        /// What it is there.
        pub capability: Id<Capability>,
        /// Where.
        pub area: Id<Area>,
        /// Whether it covers only some of the area, in a way no other area names.
        pub partial: bool,
        /// What to know: which parcels, on what reading.
        pub note: Option<Localised>,
        /// When.
        pub validity: Validity,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// A physical location: a fire station, a GGD post.
    pub struct Station {
        /// `organisations/brandweer-flevoland/stations/almere`.
        pub name: Id<Station>,
        /// The names shown.
        pub display_names: Localised,
        /// What kind, as a code: `fire-station`, `ggd-post`, `dispatch-centre`.
        pub kind: String,
        /// The place or municipality it stands in.
        pub area: Id<Area>,
        /// The public postal address, if a source gives it.
        pub address: String,
        /// When.
        pub validity: Validity,
        /// Who says so.
        pub source: Option<Source>,
    }
}

impl Collected for Organisation {
    const COLLECTION: Collection = Collection::Organisations;
}
impl Collected for Coverage {
    const COLLECTION: Collection = Collection::Coverages;
}
impl Collected for Station {
    const COLLECTION: Collection = Collection::Stations;
}
