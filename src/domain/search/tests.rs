//! Tests of filters, orders and pages.

use proptest::prelude::*;

use crate::domain::spoilt::spoilt_text;

use super::*;
use crate::domain::sample;

fn passing(collection: Collection, filter: &str) -> Vec<String> {
    let filter = Filter::parse(filter, collection).unwrap_or_else(|error| panic!("{filter}: {error}"));
    let snapshot = sample::snapshot();
    snapshot
        .iter()
        .filter(|stored| stored.record.collection() == collection && filter.matches(stored))
        .map(|stored| stored.record.name().id().to_owned())
        .collect()
}

fn refused(filter: &str) -> (usize, String) {
    match Filter::parse(filter, Collection::Areas) {
        Err(Error::Filter { position, message, .. }) => (position, message),
        other => panic!("{filter}: {other:?}"),
    }
}

#[test]
fn fields_are_compared_by_their_kind() {
    let areas = |filter: &str| passing(Collection::Areas, filter);
    assert_eq!(areas("kind = OBJECT"), ["ketelbrug"]);
    assert_eq!(areas("kind=AREA_KIND_OBJECT"), ["ketelbrug"]);
    assert_eq!(areas("kind > SAFETY_REGION"), ["pv24", "pv25", "pv27"]);
    assert_eq!(areas("name = areas/urk"), ["urk"]);
    assert_eq!(areas("name = *-nh"), ["laren-nh"]);
    assert_eq!(areas("display_names = \"'s-Graveland\""), ["s-graveland"]);
    assert_eq!(areas("display_names.en = \"North *\""), ["pv27", "vr06"]);
    assert_eq!(areas("display_names.text = \"North *\""), areas("display_names = \"North *\""));
    assert_eq!(areas("validity.end <= 2016-01-01"), ["gm0381", "gm0424"]);
    assert_eq!(areas("validity.end = 2022-03-23T23:00:00Z"), ["gm0457"]);
    assert_eq!(areas("codes.value = GM0171"), ["gm0171"]);
    assert_eq!(passing(Collection::CrisisFunctions, "arrival_limit_minutes >= 30"), ["leider-copi"]);
    assert_eq!(passing(Collection::CrisisFunctions, "from_grip < GRIP_1"), ["ovd-b"]);
    assert_eq!(passing(Collection::CrisisFunctions, "arrival_limit_minutes = 0"), ["ovd-b"]);
    assert_eq!(passing(Collection::Contacts, "channels.verified_date < 2026-01-01"), ["desk"]);
    assert_eq!(passing(Collection::Contacts, "channels.placeholder = true channels.kind = EMAIL"), ["desk"]);
    assert_eq!(passing(Collection::Contacts, "channels.confidentiality = PUBLIC"), ["desk"]);
    assert_eq!(passing(Collection::Contacts, "function = crisisFunctions/ovd-b"), Vec::<String>::new());
}

#[test]
fn has_looks_into_texts_lists_and_groups() {
    let areas = |filter: &str| passing(Collection::Areas, filter);
    assert_eq!(areas("within.area:areas/gm0363"), ["gm0457", "weesp"]);
    assert_eq!(areas("within.area:areas/gm036"), Vec::<String>::new());
    assert_eq!(areas("aliases.text:POLDER"), ["gm0171"]);
    assert_eq!(areas("overlaps:area"), ["a6", "ketelbrug", "ketelmeer"]);
    assert_eq!(areas("ours:*"), ["vr14", "vr25"]);
    assert_eq!(areas("validity:announced_end"), ["gm1696"]);
    assert_eq!(areas("validity.announced_end:*"), ["gm1696"]);
    assert_eq!(areas("display_names:fr"), Vec::<String>::new());
    assert_eq!(passing(Collection::CalamityTypes, "words:schuift"), ["1-1-30"]);
}

#[test]
fn an_absent_field_has_its_default_unless_it_is_optional() {
    assert_eq!(passing(Collection::Areas, "validity.status != IN_FORCE"), Vec::<String>::new());
    assert_eq!(passing(Collection::Areas, "validity.status = VALIDITY_STATUS_IN_FORCE").len(), 29);
    assert_eq!(passing(Collection::Areas, "source.title = \"\""), Vec::<String>::new());
    assert_eq!(passing(Collection::Areas, "source.title != x").len(), 29);
    assert_eq!(passing(Collection::Capabilities, "specialist = false"), ["drinking-water"]);
}

#[test]
fn what_the_server_keeps_can_be_asked_too() {
    let types = |filter: &str| passing(Collection::CalamityTypes, filter);
    assert_eq!(types("etag = '\"32\"'").len(), 1);
    assert_eq!(types("origin = SHIPPED").len() + types("origin = ORIGIN_OFFICE").len(), 9);
    assert_eq!(types("create_time >= 2026-11-01").len(), 9);
    assert_eq!(types("update_time < 2026-11-01T00:00:00+01:00").len(), 0);
    assert_eq!(types("uid:uid").len(), 9);
}

#[test]
fn or_binds_tighter_than_and() {
    let areas = |filter: &str| passing(Collection::Areas, filter);
    assert_eq!(areas("kind = PLACE AND name = areas/urk OR name = areas/a6"), ["urk"]);
    assert_eq!(areas("(kind = PLACE AND name = areas/urk) OR name = areas/a6"), ["a6", "urk"]);
    assert_eq!(areas("kind = PLACE name:areas/urk OR name:areas/a6"), ["urk"]);
    assert_eq!(areas("urk -kind = PLACE"), ["gm0184"]);
    assert_eq!(areas("urk AND NOT (kind = PLACE OR kind = ROAD)"), ["gm0184"]);
    assert_eq!(areas("").len(), 29);
}

#[test]
fn words_without_a_field_are_sought_in_names_and_aliases() {
    assert_eq!(passing(Collection::Areas, "vechtstreek"), ["vr14"]);
    assert_eq!(passing(Collection::Areas, "\"s graveland\""), ["s-graveland"]);
    assert_eq!(passing(Collection::Areas, "nop"), ["gm0171"]);
    assert_eq!(passing(Collection::CalamityTypes, "dijkdoorbraak"), ["1-1-30"]);
    assert_eq!(passing(Collection::CalamityTypes, "1.1.30"), ["1-1-30"]);
    assert_eq!(passing(Collection::Coverages, "vitens urk"), ["urk"]);
}

#[test]
fn a_wrong_filter_says_where_and_what_would_be_right() {
    let (position, message) = refused("kind = PLACE AND colour = red");
    assert_eq!(position, 18);
    assert!(message.contains("no field 'colour'") && message.contains("display_names") && message.contains("uid"));
    let (position, message) = refused("kind = TOWN");
    assert_eq!(position, 8);
    assert!(message.contains("PLACE, ROAD"), "{message}");
    for (filter, position, part) in [
        ("within = areas/urk", 1, "group of fields"),
        ("within.are = x", 1, "'within' has no field 'are'; the fields are area"),
        ("kind.nl = x", 1, "it has no field"),
        ("validity.start > soon", 18, "a date"),
        ("kind = PLACE and name = areas/urk", 14, "AND in capitals"),
        ("AND kind = PLACE", 1, "instead of AND"),
        ("kind = ", 8, "expected a value"),
        ("(kind = PLACE", 14, "expected ')'"),
        ("kind = PLACE)", 13, "no '('"),
        ("'s-Graveland", 1, "never closed"),
        ("matches(name)", 1, "no function"),
        ("= x", 1, "expected a field"),
        ("kind = (PLACE)", 8, "expected a value"),
        ("!!!", 1, "expected a field"),
    ] {
        let (at, message) = refused(filter);
        assert!(message.contains(part), "{filter}: {message}");
        assert_eq!(at, position, "{filter}: {message}");
    }
}

#[test]
fn the_examples_of_the_contract_are_filters() {
    for (collection, filter) in [
        (Collection::Areas, "kind = MUNICIPALITY AND within.area:areas/vr25"),
        (Collection::Arrangements, "kind = covenant AND parties.organisation:organisations/vr25"),
        (Collection::Assignments, "role = OPERATIONAL_LEAD AND from_grip <= GRIP_2"),
        (Collection::CalamityTypes, "level = CRISIS_TYPE"),
        (Collection::Capabilities, "specialist = true"),
        (Collection::Conditions, "aliases.text:terror"),
        (Collection::Constraints, "organisations:organisations/ggd-flevoland"),
        (Collection::Contacts, "filled_by = organisations/waternet"),
        (Collection::Coverages, "capability = capabilities/drinking-water"),
        (Collection::CrisisFunctions, "from_grip >= GRIP_2"),
        (Collection::CrisisProcesses, "discipline = police"),
        (Collection::Stations, "kind = fire-station"),
    ] {
        Filter::parse(filter, collection).unwrap_or_else(|error| panic!("{filter}: {error}"));
    }
}

#[test]
fn limits_hold() {
    let nested = |depth: usize| format!("{}urk{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(&nested(MAX_DEPTH), Collection::Areas).is_ok());
    assert!(refused(&nested(MAX_DEPTH + 1)).1.contains("16 deep"));
    let terms = |count: usize| vec!["urk"; count].join(" ");
    assert!(Filter::parse(&terms(MAX_TERMS), Collection::Areas).is_ok());
    assert!(refused(&terms(MAX_TERMS + 1)).1.contains("64"));
    assert!(refused(&"x".repeat(MAX_FILTER_BYTES + 1)).1.contains("1024 bytes"));
}

fn listed(order: &str, size: usize, collection: Collection) -> Vec<String> {
    let snapshot = sample::snapshot();
    let records: Vec<_> = snapshot.iter().filter(|stored| stored.record.collection() == collection).collect();
    let (filter, order) = (Filter::parse("", collection).unwrap(), Order::parse(order, collection).unwrap());
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let page = page(records.iter().copied(), &filter, &order, after.as_ref(), size);
        assert!(page.items.len() <= size);
        names.extend(page.items.iter().map(|stored| stored.record.name().id().to_owned()));
        match page.next {
            Some(next) => after = Some(next),
            None => return names,
        }
    }
}

#[test]
fn orders_are_total_and_typed() {
    let functions = |order: &str| listed(order, 10, Collection::CrisisFunctions);
    assert_eq!(functions(""), ["leider-copi", "ovd-b"]);
    assert_eq!(functions("arrival_limit_minutes"), ["ovd-b", "leider-copi"]);
    assert_eq!(functions("arrival_limit_minutes desc"), ["leider-copi", "ovd-b"]);
    assert_eq!(functions("from_grip desc, name"), ["leider-copi", "ovd-b"]);
    assert_eq!(functions("update_time desc"), ["ovd-b", "leider-copi"]);
    let areas = listed("display_names", 10, Collection::Areas);
    let position = |id: &str| areas.iter().position(|area| area == id).unwrap();
    assert!(position("nederhorst-den-berg") < position("s-graveland"));
    assert!(position("s-graveland") < position("weesp"));
}

#[test]
fn a_wrong_order_is_refused() {
    for order in ["colour", "within.area", "validity", "kind upwards", ",", "kind,", &["kind"; 9].join(",")] {
        assert!(matches!(Order::parse(order, Collection::Areas), Err(Error::Filter { .. })), "{order}");
    }
}

#[test]
fn going_on_in_a_later_snapshot_neither_repeats_nor_skips_what_stayed() {
    let snapshot = sample::snapshot();
    let areas = |snapshot: &crate::domain::snapshot::Snapshot| -> Vec<Arc<Stored>> {
        snapshot.iter().filter(|stored| stored.record.collection() == Collection::Areas).cloned().collect()
    };
    let (filter, order) = (
        Filter::parse("kind = PLACE", Collection::Areas).unwrap(),
        Order::parse("display_names desc", Collection::Areas).unwrap(),
    );
    let first = page(&areas(&snapshot), &filter, &order, None, 3);
    let cursor = first.next.unwrap();
    // The record that the cursor names is gone, and another came before it.
    let mut later = areas(&snapshot);
    later.retain(|stored| *stored.record.name() != cursor.name);
    later
        .extend(sample::parse("['areas/zz']\nkind = 'PLACE'\ndisplay_names = { nl = 'Zz' }").into_iter().map(Arc::new));
    let rest = page(&later, &filter, &order, Some(&cursor), 100);
    let all = page(&areas(&snapshot), &filter, &order, None, 100);
    assert_eq!(first.items.iter().chain(&rest.items).collect::<Vec<_>>(), all.items.iter().collect::<Vec<_>>());
}

/// A filter as a tree, and as it is written.
#[derive(Debug, Clone)]
enum Naive {
    Kind(bool, usize),
    Word(&'static str),
    Not(Box<Naive>),
    All(Vec<Naive>),
    Any(Vec<Naive>),
}

const KINDS: &[&str] = &["PLACE", "MUNICIPALITY", "ROAD", "PROVINCE"];

impl Naive {
    fn written(&self) -> String {
        let join = |parts: &[Naive], with: &str| {
            format!("({})", parts.iter().map(Naive::written).collect::<Vec<_>>().join(with))
        };
        match self {
            Naive::Kind(true, kind) => format!("kind = {}", KINDS[*kind]),
            Naive::Kind(false, kind) => format!("kind != {}", KINDS[*kind]),
            Naive::Word(word) => (*word).to_owned(),
            Naive::Not(inner) => format!("NOT ({})", inner.written()),
            Naive::All(parts) => join(parts, " AND "),
            Naive::Any(parts) => join(parts, " OR "),
        }
    }

    fn holds(&self, area: &crate::domain::area::Area) -> bool {
        match self {
            Naive::Kind(is, kind) => (area.kind.word() == KINDS[*kind]) == *is,
            Naive::Word(word) => {
                let shown = area.display_names.iter().map(|(_, text)| text);
                let names = shown.chain(area.aliases.iter().map(|alias| alias.text.as_str()));
                names.chain([area.name.name().as_str()]).any(|name| normal(name).contains(word))
            }
            Naive::Not(inner) => !inner.holds(area),
            Naive::All(parts) => parts.iter().all(|part| part.holds(area)),
            Naive::Any(parts) => parts.iter().any(|part| part.holds(area)),
        }
    }
}

fn naive() -> impl Strategy<Value = Naive> {
    let leaf = prop_oneof![
        (any::<bool>(), 0..KINDS.len()).prop_map(|(is, kind)| Naive::Kind(is, kind)),
        prop::sample::select(vec!["urk", "laren", "flevoland", "gm0", "e"]).prop_map(Naive::Word),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| Naive::Not(Box::new(inner))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Naive::All),
            prop::collection::vec(inner, 1..4).prop_map(Naive::Any),
        ]
    })
}

proptest! {
    #[test]
    fn no_input_makes_a_filter_or_an_order_panic(
        text in "\\PC{0,80}",
        spoilt in spoilt_text(&[
            "kind = \"PLACE\" AND NOT (within.area: areas/gm0171 OR -aliases.text:urk*)", "validity.start >= 2026-11-23",
            "kind desc, display_names, update_time", "update_time > \"2026-11-23T03:10:00+01:00\"",
        ]),
    ) {
        for text in [&text, &spoilt] {
            for collection in Collection::ALL {
                let _ = Order::parse(text, *collection);
                if let Ok(filter) = Filter::parse(text, *collection) {
                    let _ = sample::snapshot().iter().filter(|stored| filter.matches(stored)).count();
                }
            }
        }
    }

    #[test]
    fn any_tokens_are_a_filter_or_refused_without_a_panic(tokens in prop::collection::vec(prop::sample::select(vec![
        "kind", "PLACE", "within", ".", "area", "=", "!=", ":", "<", "(", ")", " ", "AND", "OR", "NOT", "-", "\"", "'", "\\", "*",
        "validity.start", "2026-11-23", "é", ",",
    ]), 0..30)) {
        let text = tokens.concat();
        if let Ok(filter) = Filter::parse(&text, Collection::Areas) {
            for stored in sample::parse("['areas/x']\nkind = 'PLACE'\ndisplay_names = { nl = 'X' }") {
                filter.matches(&stored);
            }
        }
    }

    #[test]
    fn a_filter_lets_through_what_a_naive_reading_does(tree in naive()) {
        let filter = Filter::parse(&tree.written(), Collection::Areas).unwrap();
        for stored in sample::snapshot().iter() {
            if let Record::Area(area) = &stored.record {
                prop_assert_eq!(filter.matches(stored), tree.holds(area), "{} on {}", tree.written(), area.name);
            }
        }
    }

    #[test]
    fn paging_visits_every_record_exactly_once(
        size in 1usize..40,
        order in prop::sample::select(vec!["", "kind", "kind desc, display_names", "validity.end desc", "update_time"]),
    ) {
        let paged = listed(order, size, Collection::Areas);
        prop_assert_eq!(&paged, &listed(order, 1000, Collection::Areas));
        let mut sorted = paged;
        sorted.sort();
        sorted.dedup();
        prop_assert_eq!(sorted.len(), 29);
    }
}
