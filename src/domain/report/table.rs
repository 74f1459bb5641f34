//! The table of pieces: what dispatch lines are made of besides places and calamities, each with its rule.
//!
//! The numbers are those of the grammar: R1 priority, R2 talk group, R3 police number, R4 scale, R5 level, R6 kind of
//! message, R7 to R12 class, R13 role, R14 negative value, R15 object, R16 street, R17 road, R18 postcode, R19 town, R20
//! town code, R21 tail, R22 no event, R23 broken line, R24 abbreviation, R25 joined words. R7 to R12, R24 and R25 are
//! read by the lexicon, R15, R16 and R19 by the names of areas, R14 by its colon, R20 and R23 by what they are not:
//! neither known nor completed.
//!
//! **Invariants.** Earlier rows take their words first. A row says where in a line it counts: short words mean nothing
//! elsewhere.

use crate::domain::grip::Grip;

use super::ReportStatus;

/// A row of the table.
#[derive(Debug)]
pub(super) struct Pattern {
    /// The rule.
    pub(super) rule: &'static str,
    /// Where in the line it counts.
    pub(super) at: At,
    /// What it is made of.
    pub(super) parts: &'static [Part],
    /// What it gives.
    pub(super) gives: Gives,
}

/// Where in a line a row counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// Anywhere.
    Anywhere,
    /// Where every word before is taken.
    Start,
    /// Where every word before, or every word behind, is taken; or alone in parentheses.
    Edge,
    /// Behind a road, or its hectometre mark.
    Road,
}

/// A part of a row: a word, or what must hold between two.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    /// One of these words.
    Word(&'static [&'static str]),
    /// One of these words, in capitals.
    Capitals(&'static [&'static str]),
    /// One of these, with a number of so many digits in one word.
    Numbered(&'static [&'static str], usize, usize),
    /// A number of so many digits.
    Digits(usize, usize),
    /// A number of so many digits, and a letter that may follow in the same word.
    DigitsAndLetter(usize, usize),
    /// A number from 1 to 5.
    Urgency,
    /// `B` and two capitals.
    Region,
    /// A word that begins so, and does not go on as one of those.
    Stem(&'static str, &'static [&'static str]),
    /// A word that ends so.
    Ending(&'static str),
    /// `1234AB` in one word.
    Postcode,
    /// Two capitals that a postcode may have.
    PostcodeLetters,
    /// Only this sign stands between the parts beside it.
    Joined(char),
    /// A parenthesis opens before the next part.
    Open,
    /// The parenthesis closes behind the part before.
    Close,
    /// One of these words follows and is not taken.
    Ahead(&'static [&'static str]),
    /// Somewhere behind stands this word.
    Later(&'static str),
    /// None of these stands before.
    NotAfter(&'static [&'static str]),
    /// The line does not go on as a road does: with a carriageway or a hectometre mark.
    NoRoad,
}

/// What a row gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    /// Nothing.
    Nothing,
    /// The priority.
    Priority,
    /// That the police has the line.
    Police,
    /// The size, as a circumstance, and the words that its discipline stands for.
    Scale(&'static str, &'static str),
    /// The level: the number in it.
    Level,
    /// This level.
    Named(Grip),
    /// What kind of message it is.
    Status(ReportStatus),
    /// The left carriageway.
    Left,
    /// The right one.
    Right,
    /// The hectometre mark: the numbers in it.
    Hectometre,
    /// That nothing happens.
    NoEvent,
}

use At::{Anywhere, Edge, Road, Start};
use Gives::{Hectometre, Left, Level, Named, NoEvent, Nothing, Police, Priority, Right, Scale, Status};
use Part::{
    Ahead, Capitals, Close, Digits, DigitsAndLetter, Ending, Joined, Later, NoRoad, NotAfter, Numbered, Open, Postcode,
    PostcodeLetters, Region, Stem, Urgency, Word,
};
use ReportStatus::{Exercise, Test, Withdrawn};

const fn row(rule: &'static str, at: At, parts: &'static [Part], gives: Gives) -> Pattern {
    Pattern { rule, at, parts, gives }
}

/// What says that the word behind it is not so, or only about.
const NOT: Part = NotAfter(&["geen", "niet", "no", "not", "tijdens", "gedurende", "during"]);
/// What an alarm is called.
const ALARM: Part = Word(&["alarm", "alarmering", "melding", "rit", "inzet", "opdracht", "alert", "call"]);
/// Disciplines behind a size, or behind a withdrawn alarm.
const SERVICE: Part = Word(&["brw", "brandweer", "ambu", "ambulance", "pol", "politie", "br", "all", "alle"]);
const WITHDRAWING: Part = Word(&[
    "intrekken",
    "ingetrokken",
    "intrekking",
    "intrek",
    "geannuleerd",
    "annuleren",
    "annulering",
    "cancel",
    "cancelled",
    "canceled",
    "cancellation",
    "withdrawn",
]);
const ENDED: Part = Word(&["vervallen", "vervalt", "beeindigd", "afgeblazen", "ended"]);
const FALSE: Part = Word(&["loos", "vals", "valse", "false"]);
const END: Part = Word(&["einde", "end"]);
/// What can end.
const ENDS: Part = Ahead(&[
    "incident",
    "inzet",
    "alarm",
    "alarmering",
    "oefening",
    "storing",
    "melding",
    "brand",
    "test",
    "proefalarm",
    "grip",
    "opschaling",
    "calamiteit",
    "crisis",
    "overlast",
    "uitval",
    "of",
    "van",
]);
/// Nouns of places and people for exercises.
const NO_EXERCISE: &[&str] = &[
    "centrum", "centra", "terrein", "locatie", "hal", "plaats", "ruimte", "zaal", "dorp", "gebied", "bad", "bunker",
    "veld", "toren", "huis", "bureau", "leider", "straat", "weg", "plein", "munitie",
];
const DISPATCH: Part = Word(&[
    "mka",
    "mkb",
    "mkp",
    "mk",
    "oc",
    "rac",
    "meldkamer",
    "gmk",
    "cpa",
    "centrale",
    "alarmcentrale",
    "ovd",
    "caco",
]);
/// How a size is written.
const SMALL: Part = Word(&["kleine", "klein"]);
const MEDIUM: Part = Word(&["middel", "middelgrote", "middelbare"]);
const LARGE: Part = Word(&["grote", "groot", "gr"]);
const VERY: Part = Word(&["zeer"]);
const FIRE: Part = Word(&["br", "brand"]);
const RESCUE: Part = Word(&["hv", "hulpverlening"]);
const SUBSTANCE: Part = Word(&["ibgs", "ogs"]);
const WATER: Part = Word(&["wo"]);
const AIRCRAFT: Part = Word(&["lvo"]);
/// A class follows, so that the discipline belongs to that.
const FIRE_AHEAD: Part = Ahead(&["br", "brand"]);

/// The rows of one size: in parentheses with each discipline, and without.
macro_rules! sizes {
    ($name:ident, $condition:literal, [$($size:expr),+]) => {
        /// R4: one size.
        const $name: &[Pattern] = &[
            row("R4", Anywhere, &[Open, $($size,)+ FIRE, Close], Scale($condition, "brand")),
            row("R4", Anywhere, &[Open, $($size,)+ RESCUE, Close], Scale($condition, "hulpverlening")),
            row("R4", Anywhere, &[Open, $($size,)+ SUBSTANCE, Close], Scale($condition, "gevaarlijke stof")),
            row("R4", Anywhere, &[Open, $($size,)+ WATER, Close], Scale($condition, "ongeval water")),
            row("R4", Anywhere, &[Open, $($size,)+ AIRCRAFT, Close], Scale($condition, "ongeval luchtvaart")),
            row("R4", Anywhere, &[$($size,)+ Ahead(&["ibgs", "wo", "lvo"])], Scale($condition, "")),
            row("R4", Anywhere, &[$($size,)+ FIRE_AHEAD], Scale($condition, "")),
            row("R4", Anywhere, &[$($size,)+ Ahead(&["hv", "hulpverlening"])], Scale($condition, "")),
        ];
    };
}
sizes!(VERY_LARGE_SIZE, "conditions/scale-very-large", [VERY, LARGE]);
sizes!(LARGE_SIZE, "conditions/scale-large", [LARGE]);
sizes!(MEDIUM_SIZE, "conditions/scale-medium", [MEDIUM]);
sizes!(SMALL_SIZE, "conditions/scale-small", [SMALL]);

/// The table.
pub(super) const TABLE: &[&[Pattern]] = &[
    &[
        // R3 before R1: a priority with a police number behind it.
        row("R3", Start, &[Word(&["p", "prio"]), Urgency, Digits(4, 7)], Police),
        row("R3", Start, &[Numbered(&["p", "prio"], 1, 1), Digits(4, 7)], Police),
        row("R2", Anywhere, &[Region, Joined('-'), Word(&["oto"]), Joined('-'), Digits(1, 3)], Status(Exercise)),
        row("R2", Anywhere, &[Region, Joined('-'), Word(&["inci"]), Joined('-'), Digits(1, 3)], Nothing),
        row("R2", Anywhere, &[Region, Joined('-'), Digits(1, 3)], Nothing),
        row("R2", Anywhere, &[Capitals(&["SNH", "KAZ"]), Joined('-'), Digits(1, 3)], Nothing),
        row("R1", Start, &[Word(&["p"]), Urgency], Priority),
        row("R1", Start, &[Numbered(&["p"], 1, 1)], Priority),
        row("R1", Anywhere, &[Word(&["prio", "prioriteit", "priority"]), Urgency], Priority),
        row("R1", Anywhere, &[Numbered(&["prio"], 1, 1)], Priority),
        row("R1", Start, &[Capitals(&["A0", "A1", "A2", "B1", "B2", "B", "C2"]), NoRoad], Priority),
        row("R1", Start, &[Urgency, Later("icnum")], Priority),
    ],
    // R5
    &[
        row("R5", Anywhere, &[Word(&["grip"]), Digits(1, 1), Word(&["zonder"]), Word(&["copi"])], Level),
        row("R5", Anywhere, &[Word(&["grip"]), Digits(1, 1), Word(&["stil"]), Word(&["alarm"])], Level),
        row("R5", Anywhere, &[Word(&["grip"]), Digits(1, 1)], Level),
        row("R5", Anywhere, &[Numbered(&["grip"], 1, 1)], Level),
        row("R5", Anywhere, &[Word(&["grip"]), Word(&["rijk"])], Named(Grip::Rijk)),
    ],
    // R6
    &[
        row("R6", Anywhere, &[NOT, WITHDRAWING, ALARM, SERVICE], Status(Withdrawn)),
        row("R6", Anywhere, &[NOT, ALARM, SERVICE, WITHDRAWING], Status(Withdrawn)),
        row("R6", Anywhere, &[NOT, WITHDRAWING, ALARM], Status(Withdrawn)),
        row("R6", Anywhere, &[NOT, ALARM, WITHDRAWING], Status(Withdrawn)),
        row("R6", Anywhere, &[NOT, WITHDRAWING, SERVICE], Status(Withdrawn)),
        row("R6", Anywhere, &[NOT, WITHDRAWING], Status(Withdrawn)),
        row("R6", Anywhere, &[NOT, ALARM, ENDED], Status(Withdrawn)),
        row("R6", Edge, &[NOT, ENDED], Status(Withdrawn)),
        row("R6", Anywhere, &[NOT, FALSE, Word(&["alarm", "melding"])], Status(Withdrawn)),
        row("R6", Anywhere, &[NOT, END, ENDS], Status(Withdrawn)),
        row("R6", Edge, &[NOT, END], Status(Withdrawn)),
        row("R6", Edge, &[NOT, Word(&["inrukken", "retour"])], Status(Withdrawn)),
        row("R6", Anywhere, &[NOT, Word(&["stand"]), Word(&["down"])], Status(Withdrawn)),
        row("R6", Anywhere, &[NOT, Stem("proefalarm", &[])], Status(Test)),
        row("R6", Anywhere, &[NOT, Stem("testalarm", &[])], Status(Test)),
        row("R6", Anywhere, &[NOT, Word(&["proef", "test"]), ALARM], Status(Test)),
        row(
            "R6",
            Anywhere,
            &[NOT, Word(&["test", "proef"]), Word(&["bericht", "oproep", "pager", "message", "page"])],
            Status(Test),
        ),
        row("R6", Anywhere, &[NOT, Word(TESTS)], Status(Test)),
        row(
            "R6",
            Anywhere,
            &[NOT, Word(&["een", "a", "maandelijkse", "wekelijkse", "dagelijkse"]), Word(&["test"])],
            Status(Test),
        ),
        row("R6", Edge, &[NOT, Word(&["test", "proef", "tst", "testen", "testing"])], Status(Test)),
        row("R6", Anywhere, &[NOT, Stem("oefen", NO_EXERCISE)], Status(Exercise)),
        row("R6", Anywhere, &[NOT, Ending("oefening")], Status(Exercise)),
        row("R6", Anywhere, &[NOT, Word(&["exercise"])], Status(Exercise)),
        row("R6", Edge, &[NOT, Word(&["oef", "oto", "drill", "training"])], Status(Exercise)),
        row("R6", Anywhere, &[Word(&["geplande"]), Word(&["actie"])], NoEvent),
        row("R6", Anywhere, &[Word(&["afstemverzoek"])], NoEvent),
    ],
    VERY_LARGE_SIZE,
    LARGE_SIZE,
    MEDIUM_SIZE,
    SMALL_SIZE,
    &[
        row("R13", Anywhere, &[Open, Word(&["ovd", "hovd"]), Word(ROLES), Close], Nothing),
        row("R13", Anywhere, &[Open, Word(ROLES), Close], Nothing),
        row("R13", Anywhere, &[Open, Word(&["controleur"]), Word(&["preventie"]), Close], Nothing),
        row("R13", Anywhere, &[Open, Word(&["medium", "intensive", "low", "high"]), Word(&["care"]), Close], Nothing),
        row("R13", Anywhere, &[Open, Word(&["dia"]), Word(&["ja"]), Close], Nothing),
        row("R13", Anywhere, &[Open, Word(&["directe"]), Word(&["inzet"]), Word(&["ja"]), Close], Nothing),
        // R17: the road itself is a place.
        row("R17", Road, &[Word(&["li", "links", "hrl"])], Left),
        row("R17", Road, &[Word(&["re", "rechts", "hrr"])], Right),
        row("R17", Anywhere, &[MARK, Digits(1, 3), Joined(','), DigitsAndLetter(1, 1)], Hectometre),
        row("R17", Anywhere, &[MARK, Digits(1, 3), Joined('.'), DigitsAndLetter(1, 1)], Hectometre),
        row("R17", Anywhere, &[Digits(1, 3), Joined(','), DigitsAndLetter(1, 1)], Hectometre),
        row("R17", Anywhere, &[Digits(1, 3), Joined('.'), DigitsAndLetter(1, 1)], Hectometre),
        row("R17", Road, &[Word(&["li", "links", "hrl"])], Left),
        row("R17", Road, &[Word(&["re", "rechts", "hrr"])], Right),
        row("R18", Anywhere, &[Postcode], Nothing),
        row("R18", Anywhere, &[Digits(4, 4), PostcodeLetters], Nothing),
        // R21
        row(
            "R21",
            Anywhere,
            &[Word(UNITS), Digits(2, 2), Joined('-'), Digits(2, 2), Joined('-'), Digits(3, 3)],
            Nothing,
        ),
        row("R21", Anywhere, &[Word(UNITS), Digits(2, 2), Joined('-'), Digits(4, 4)], Nothing),
        row("R21", Anywhere, &[Digits(2, 2), Joined('-'), Digits(2, 2), Joined('-'), Digits(3, 3)], Nothing),
        row("R21", Anywhere, &[Digits(2, 2), Joined('-'), Digits(4, 4)], Nothing),
        row("R21", Anywhere, &[Word(UNITS), Digits(2, 7)], Nothing),
        row("R21", Anywhere, &[Word(&["icnum", "bon", "rit", "gms", "regio"]), Digits(1, 12)], Nothing),
        row("R21", Anywhere, &[Word(&["lifeliner"]), Digits(1, 1)], Nothing),
        row("R21", Anywhere, &[Numbered(UNITS, 2, 7)], Nothing),
        row("R21", Anywhere, &[Digits(4, 12)], Nothing),
        // R22
        row("R22", Anywhere, &[Word(&["graag"]), Word(&["contact"])], NoEvent),
        row("R22", Anywhere, &[Word(&["contact", "bel", "bellen"]), DISPATCH], NoEvent),
        row("R22", Anywhere, &[Word(&["contact"]), Word(&["met"]), DISPATCH], NoEvent),
        row("R22", Anywhere, &[Word(&["graag"]), Word(&["posten"])], NoEvent),
        row("R22", Anywhere, &[Word(&["passage"]), Word(&["ambulance", "ambu", "brandweer", "hulpdiensten"])], NoEvent),
        row(
            "R22",
            Anywhere,
            &[Word(&["vrijhouden"]), Word(&["voor"]), Word(&["hulpdiensten", "ambulance", "ambu"])],
            NoEvent,
        ),
        row("R22", Anywhere, &[Word(&["dienst"]), Word(&["overgenomen"])], NoEvent),
        row(
            "R22",
            Anywhere,
            &[Word(&["herbezet", "herbez", "herbezetten", "herbezetting"]), Word(&["kazerneren"])],
            NoEvent,
        ),
        row("R22", Anywhere, &[Word(&["kazerneren", "herbezetten", "herbezetting", "posten"])], NoEvent),
        row("R22", Anywhere, &[Word(&["end"]), Word(&["of"]), Word(&["shift"])], NoEvent),
    ],
];

/// R6: one word for a test.
const TESTS: &[&str] = &[
    "testmelding",
    "testbericht",
    "testoproep",
    "testpage",
    "testmessage",
    "testcall",
    "testrit",
    "proefmelding",
    "proefoproep",
    "proefbericht",
    "proeftest",
    "alarmtest",
    "pagertest",
    "sirenetest",
    "systeemtest",
    "luchtalarmtest",
];

/// R13: who is to come.
const ROLES: &[&str] = &[
    "ovd", "hovd", "b", "p", "g", "bz", "c", "td", "tbo", "ags", "mpl", "ovdb", "ovdg", "ovdp", "ovdbz", "copi", "wvd",
    "vc", "mmt",
];

/// R21 and R9: vehicles, if a number follows.
const UNITS: &[&str] = &[
    "ts",
    "hv",
    "rv",
    "hw",
    "al",
    "sb",
    "wo",
    "wvt",
    "dv",
    "vc",
    "db",
    "da",
    "ha",
    "hvh",
    "bv",
    "vws",
    "eenheid",
    "voertuignummer",
];

/// R17: what stands before a hectometre mark.
const MARK: Part = Word(&["hm", "hmp", "hectometer", "hectometerpaal", "km"]);

/// R16: how streets end.
pub(super) const STREETS: &[&str] = &[
    "straat",
    "weg",
    "laan",
    "plein",
    "singel",
    "kade",
    "gracht",
    "dijk",
    "dreef",
    "pad",
    "steeg",
    "markt",
    "park",
    "baan",
    "ring",
    "hof",
    "wal",
    "plantsoen",
    "straatje",
    "laantje",
    "pleintje",
    "hage",
    "erf",
    "tuin",
    "brink",
];

/// R16: what joins a street and the name in it: "Laan van Meerdervoort".
pub(super) const STREET_LINKS: &[&str] = &["van", "naar", "der", "de", "den", "het", "t", "op", "aan"];

/// R19: how waters and works on them end, whose names are as good as a street's for where a town stands.
pub(super) const WATERS: &[&str] = &[
    "meer", "plas", "plassen", "kanaal", "vaart", "tocht", "sluis", "haven", "brug", "tunnel", "diep", "gat", "strand",
];

/// R15 and R21: a town behind these is part of a unit's name.
pub(super) const UNIT_NAMES: &[&str] = &[
    "ts",
    "hv",
    "rv",
    "hw",
    "al",
    "sb",
    "wvt",
    "dv",
    "ovd",
    "hovd",
    "vc",
    "post",
    "kazerne",
    "mmt",
    "lifeliner",
    "eenheid",
    "ploeg",
    "bezetting",
    "brandweerpost",
    "ambulancepost",
    "brandweerkazerne",
    "piket",
    "voertuig",
];

/// R18: capitals behind four digits that are another piece.
pub(super) const NOT_POSTCODE: &[&str] = &[
    "BR", "HV", "WO", "CO", "DV", "OC", "NH", "ZH", "NB", "LB", "GE", "UT", "FL", "FR", "GN", "DR", "OV", "ZE", "TS",
    "RE", "LI", "MK", "SA", "SD", "SS",
];

/// R14: values that deny, affirm, or say nothing.
pub(super) const DENIALS: &[&str] = &["nee", "neen", "no", "false", "geen"];
/// R12: values that affirm.
pub(super) const ASSENTS: &[&str] = &["ja", "yes", "true"];
/// R14: values that neither affirm nor deny.
pub(super) const UNKNOWNS: &[&str] = &["onbekend", "unknown", "nvt", "onb"];
