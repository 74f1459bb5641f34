//! Calamity types: theme > crisis type > incident type, in versioned code systems.

use super::contact::Dependence;
use super::field::{fields, words};
use super::name::{Collected, Collection, Id};
use super::source::Source;
use super::text::Localised;
use super::validity::Validity;

words! {
    /// The depth of a calamity type, from specific to general.
    pub enum CalamityLevel {
        /// "Dike breach".
        IncidentType = "INCIDENT_TYPE",
        /// "Floods".
        CrisisType = "CRISIS_TYPE",
        /// "Natural environment".
        Theme = "THEME",
    }

    /// How surely a calamity takes something away.
    pub enum Certainty {
        /// It is what the calamity is.
        Sure = "SURE",
        /// It may be so.
        Possible = "POSSIBLE",
    }

    /// How well a code of another system matches.
    pub enum MappingQuality {
        /// The same concept.
        Exact = "EXACT",
        /// Nearly the same.
        Close = "CLOSE",
        /// The other code is broader.
        Broader = "BROADER",
    }
}

fields! {
    /// A kind of calamity.
    pub struct CalamityType {
        /// `calamityTypes/1-1-30`: the code with dashes.
        pub name: Id<CalamityType>,
        /// The names shown.
        pub display_names: Localised,
        /// How specific.
        pub level: CalamityLevel,
        /// The type it belongs to; none for a theme and for a regional extension without a theme.
        pub parent: Option<Id<CalamityType>>,
        /// The code system: `handreiking-regionaal-risicoprofiel`, `regional-extension`.
        pub system: String,
        /// The version of the code system.
        pub version: String,
        /// The code: `1.1.30`.
        pub code: String,
        /// Everyday words that mean this type alone. What means more, or states a circumstance, is a term.
        pub words: Vec<String>,
        /// The same in other code systems.
        pub mappings: Vec<CodeMapping>,
        /// Circumstances in which an event that sounds like this is another type.
        pub reclassified_as: Vec<Reclassification>,
        /// When it is in use.
        pub validity: Validity,
        /// Who says so.
        pub source: Option<Source>,
        /// What it takes away that channels hang on.
        pub takes_down: Vec<TakenDown>,
    }

    /// Something that a calamity takes away.
    pub struct TakenDown {
        /// What.
        pub dependence: Dependence,
        /// How surely.
        pub certainty: Certainty,
        /// What to know.
        pub note: Option<Localised>,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// A code of another system.
    pub struct CodeMapping {
        /// The system: `CAP`, `GLIDE`, `EM-DAT`, `HIP`.
        pub system: String,
        /// Its version: `1.2`, `2025`.
        pub version: String,
        /// The code.
        pub code: String,
        /// How well it matches.
        pub quality: MappingQuality,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// "A plane that crashes on industry is a 3.1".
    pub struct Reclassification {
        /// The type it is then.
        pub calamity_type: Id<CalamityType>,
        /// When so.
        pub texts: Localised,
        /// Who says so.
        pub source: Option<Source>,
    }
}

impl Collected for CalamityType {
    const COLLECTION: Collection = Collection::CalamityTypes;
}
