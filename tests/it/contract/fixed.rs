//! The names that other people's programs depend on, with their shapes. A line is never changed, only added.

use super::Rule;
use super::model::{Contract, shape};

/// The questions; the standing forms of two of them come later, and are absent until then.
const QUESTIONS: &[&str] = &[
    "FindActingOrganisations",
    "FindActingAreas",
    "FindContacts",
    "FindArrangements",
    "FindProviders",
    "FindGaps",
    "ResolvePlace",
    "InterpretReport",
];

/// The fields of messages, as the contract writes them without their numbers.
const FIELDS: &[(&str, &[&str])] = &[
    (
        "FindActingOrganisationsRequest",
        &[
            "repeated string places",
            "repeated string calamities",
            "Grip grip",
            "optional Grip compare_grip",
            "repeated string circumstances",
            "bool exercise",
            "string language_code",
            "View view",
            "bool explain",
            "repeated string denied_circumstances",
            "google.protobuf.Timestamp effective_time",
        ],
    ),
    (
        "FindActingOrganisationsResponse",
        &[
            "Resolution resolution",
            "repeated CalamityTypeReference calamity_types",
            "Grip grip",
            "repeated ActingOrganisation acting",
            "repeated LastResort last_resorts",
            "repeated ArrangementReference arrangements",
            "repeated Handover handovers",
            "repeated Gap gaps",
            "bool exercise",
            "int64 revision",
            "google.protobuf.Timestamp effective_time",
            "google.protobuf.Timestamp expire_time",
        ],
    ),
    (
        "Resolution",
        &[
            "repeated MatchedWords matched",
            "repeated AreaReference areas",
            "repeated AreaReference municipalities",
            "repeated AreaReference safety_regions",
            "repeated AreaReference provinces",
        ],
    ),
    ("MatchedWords", &["string words"]),
    ("AreaReference", &["string name", "string display_name", "bool announced"]),
    (
        "ActingOrganisation",
        &[
            "string id",
            "string organisation",
            "string display_name",
            "Group group",
            "int32 rank",
            "string discipline",
            "EntryChange change",
            "repeated ActingRole roles",
        ],
    ),
    (
        "ActingRole",
        &[
            "Role role",
            "Grip from_grip",
            "repeated AreaReference serves",
            "bool shared",
            "bool partial",
            "repeated ConditionReference conditional",
            "bool announced",
            "ActivationReference activation",
            "repeated ProcessReference processes",
            "repeated CalledFunction functions",
            "repeated Grounds grounds",
            "Confidence confidence",
            "repeated OverriddenRule overridden",
        ],
    ),
    ("CalledFunction", &["google.protobuf.Duration arrival_limit", "repeated ReachableContact contacts"]),
    (
        "Handover",
        &[
            "string organisation",
            "string display_name",
            "AreaReference area",
            "repeated ReachableContact contacts",
            "repeated StillKnown still_known",
        ],
    ),
    ("Gap", &["GapKind kind", "Severity severity", "string subject", "string message"]),
    ("UnresolvedWords", &["repeated UnresolvedWord words"]),
    ("UnresolvedWord", &["repeated Candidate candidates", "repeated Candidate suggestions"]),
    ("Candidate", &["string name", "string display_name"]),
    ("InterpretReportRequest", &["string report", "string language_code", "google.protobuf.Timestamp effective_time"]),
    (
        "InterpretReportResponse",
        &[
            "repeated ReportPiece places",
            "repeated ReportPiece calamities",
            "repeated ReportPiece circumstances",
            "Grip grip",
            "ReportStatus status",
            "ReportDetail detail",
            "repeated UnreadWords unread",
            "FindActingOrganisationsRequest question",
        ],
    ),
    (
        "ReportPiece",
        &[
            "string words",
            "int32 start",
            "int32 end",
            "string rule",
            "string name",
            "string display_name",
            "repeated Candidate candidates",
        ],
    ),
    ("ReportDetail", &["Carriageway carriageway", "string hectometre", "string priority"]),
];

/// The values of enums, without their prefix.
const VALUES: &[(&str, &[&str])] = &[
    ("Grip", &["UNSPECIFIED", "1", "2", "3", "4", "5", "RIJK"]),
    ("Role", &["FUNCTIONAL_AUTHORITY", "GENERAL_AUTHORITY", "OPERATIONAL_LEAD", "SUPPORT", "INFORMED"]),
    ("EntryChange", &["ADDED", "CHANGED", "STAYS", "ENDS"]),
    ("Activation", &["AUTOMATIC", "OWN_DUTY", "ON_REQUEST"]),
    ("Phase", &["PREPARATION", "RESPONSE", "AFTERCARE"]),
    (
        "ErrorReason",
        &[
            "PLACE_NOT_FOUND",
            "CALAMITY_NOT_FOUND",
            "PLACE_AMBIGUOUS",
            "CALAMITY_AMBIGUOUS",
            "LOCATION_UNSUPPORTED",
            "INVALID_FIELDS",
            "ETAG_MISMATCH",
            "REQUEST_ID_REUSED",
            "STILL_REFERENCED",
            "ALREADY_EXISTS",
            "NOT_FOUND",
            "PAGE_TOKEN_INVALID",
            "REVISION_COMPACTED",
        ],
    ),
];

pub(super) const RULES: &[Rule] = &[
    Rule("crisisgids::fixed::questions", |c| {
        let service = c.services.iter().find(|service| service.name() == "CoordinationService");
        let has = |name: &str| service.is_some_and(|service| service.methods().any(|method| method.name() == name));
        QUESTIONS.iter().filter(|name| !has(name)).map(|name| format!("CoordinationService.{name}")).collect()
    }),
    Rule("crisisgids::fixed::fields", |c| {
        let fields = FIELDS.iter().flat_map(|(message, fields)| fields.iter().map(move |field| (*message, *field)));
        fields.filter(|(message, field)| !has_field(c, message, field)).map(|(m, f)| format!("{m}: {f}")).collect()
    }),
    Rule("crisisgids::fixed::values", |c| {
        let values = VALUES.iter().flat_map(|(name, values)| values.iter().map(move |value| (*name, *value)));
        let has = |name: &str, value: &str| {
            let found = c.enums.iter().find(|one| one.name() == name);
            found.is_some_and(|one| one.values().any(|other| other.name().ends_with(&format!("_{value}"))))
        };
        values.filter(|(name, value)| !has(name, value)).map(|(name, value)| format!("{name}: {value}")).collect()
    }),
    Rule("crisisgids::fixed::time-of-a-question-is-last", |c| {
        let questions = c.messages.iter().filter(|message| {
            message.name().ends_with("Request") && message.get_field_by_name("effective_time").is_some()
        });
        let last = |message: &prost_reflect::MessageDescriptor| message.fields().max_by_key(|field| field.number());
        let is_wrong = |message: &&prost_reflect::MessageDescriptor| {
            last(message).is_none_or(|field| field.name() != "effective_time")
        };
        questions.filter(is_wrong).map(|message| message.full_name().to_owned()).collect()
    }),
    Rule("crisisgids::fixed::no-standing-question-yet", |c| {
        let methods = c.methods.iter().filter(|method| method.name().starts_with("Watch"));
        methods.map(|method| method.descriptor.full_name().to_owned()).collect()
    }),
];

/// Whether a message has a field that the contract would write so.
fn has_field(c: &Contract, message: &str, written: &str) -> bool {
    let found = c.messages.iter().find(|one| one.name() == message);
    found.is_some_and(|one| one.fields().any(|field| format!("{} {}", shape(&field), field.name()) == written))
}
