//! Areas: pieces of territory and the dated edges between them.

use super::field::{fields, words};
use super::name::{Collected, Collection, Id};
use super::source::Source;
use super::text::Localised;
use super::validity::{Span, Validity};

words! {
    /// What an area is, from narrow to wide.
    pub enum AreaKind {
        /// A bridge, a dike ring, an airport.
        Object = "OBJECT",
        /// A town, a village, a quarter.
        Place = "PLACE",
        /// A road.
        Road = "ROAD",
        /// A railway line.
        Rail = "RAIL",
        /// A lake, a river, a canal.
        Water = "WATER",
        /// A municipality; after a merger, its former territory.
        Municipality = "MUNICIPALITY",
        /// The territory of a safety region.
        SafetyRegion = "SAFETY_REGION",
        /// A province.
        Province = "PROVINCE",
        /// The country.
        Country = "COUNTRY",
    }

    /// Across what two areas touch.
    pub enum Border {
        /// A border on land.
        Land = "LAND",
        /// A border in water only.
        Water = "WATER",
    }

    /// How an area follows another.
    pub enum Succession {
        /// The predecessor was added to this area whole.
        Merger = "MERGER",
        /// A part of the predecessor became this area, or was added to it.
        Transfer = "TRANSFER",
        /// Only the name or code changed.
        Renaming = "RENAMING",
    }
}

fields! {
    /// A piece of territory.
    pub struct Area {
        /// `areas/gm0171`.
        pub name: Id<Area>,
        /// The names shown: the municipality that the statistics office writes "Laren (NH.)" shows "Laren".
        pub display_names: Localised,
        /// What it is.
        pub kind: AreaKind,
        /// Other words that a dispatcher types.
        pub aliases: Vec<Alias>,
        /// Codes in other systems.
        pub codes: Vec<Code>,
        /// The areas it lies within.
        pub within: Vec<AreaEdge>,
        /// The areas it lies in only partly: a lake or a motorway and its municipalities.
        pub overlaps: Vec<AreaEdge>,
        /// The areas it touches. One side suffices: the edge is read both ways.
        pub adjacent_to: Vec<AdjacentArea>,
        /// The areas it follows.
        pub successor_of: Vec<PredecessorArea>,
        /// When it is one of ours. Set on the safety regions of this directory.
        pub ours: Vec<Span>,
        /// When it exists as what it is; a former municipality stays a territory within its successor.
        pub validity: Validity,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// Another word for something.
    pub struct Alias {
        /// The word.
        pub text: String,
        /// When it is or was in use.
        pub validity: Validity,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// A code in another system.
    pub struct Code {
        /// The system: `cbs`, `kvk`, `oin`.
        pub system: String,
        /// The version or year of the system, where codes change.
        pub version: String,
        /// The code.
        pub value: String,
        /// When it is or was in use.
        pub validity: Validity,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// A dated edge to another area.
    pub struct AreaEdge {
        /// The other area.
        pub area: Id<Area>,
        /// When.
        pub validity: Validity,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// A dated border with another area.
    pub struct AdjacentArea {
        /// The other area.
        pub area: Id<Area>,
        /// Across land or water.
        pub border: Border,
        /// When.
        pub validity: Validity,
        /// Who says so.
        pub source: Option<Source>,
    }

    /// An area that this one follows.
    pub struct PredecessorArea {
        /// The predecessor.
        pub area: Id<Area>,
        /// How.
        pub succession: Succession,
        /// Since when; an intended merger is ANNOUNCED.
        pub validity: Validity,
        /// Who says so.
        pub source: Option<Source>,
    }
}

impl Collected for Area {
    const COLLECTION: Collection = Collection::Areas;
}
