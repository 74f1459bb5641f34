//! Lists: everything once, whatever the page and whoever writes meanwhile; only what passes, in the order asked for.

use std::cell::Cell;
use std::collections::BTreeMap;

use crisisgids::client::ListOptions;
use crisisgids::domain::area::{Area, AreaKind};
use crisisgids::domain::error::Reason;
use crisisgids::domain::name::Collection;
use crisisgids::domain::record::{Record, Resource};
use crisisgids::proto::v1;
use tonic::Code;

use super::{alias, all, collections, name, names, once, pages, place, refused, resource, standing};
use super::{with_dataset, with_places};

#[tokio::test]
async fn every_page_size_gives_everything_exactly_once_in_the_same_order() {
    let (server, client) = with_places(23).await;
    let expected: Vec<String> =
        standing(&server, Collection::Areas).iter().map(|stored| stored.record.name().to_string()).collect();
    for order_by in ["", "display_names.nl desc", "kind, update_time desc"] {
        let mut expected = expected.clone();
        if order_by.starts_with("display") {
            expected.reverse();
        }
        for page_size in (0..=24).chain([500, i32::MAX]) {
            let options = ListOptions { page_size, order_by: order_by.to_owned(), ..ListOptions::default() };
            let pages = pages(&client, Collection::Areas, &options).await.unwrap();
            let size = usize::try_from(page_size).ok().filter(|size| *size > 0).unwrap_or(50);
            assert_eq!(pages.len(), 23_usize.div_ceil(size.min(500)), "{page_size}");
            assert!(pages.iter().all(|page| page.resources.len() <= size && page.revision == 1));
            let given = pages.iter().flat_map(|page| &page.resources).map(|resource| resource.name().to_owned());
            assert_eq!(given.collect::<Vec<_>>(), expected, "{page_size} {order_by}");
        }
    }
}

#[tokio::test]
async fn every_collection_of_the_dataset_is_listed_whole_and_as_it_stands() {
    let (server, client) = with_dataset().await;
    for collection in collections() {
        let expected = standing(&server, collection);
        assert!(!expected.is_empty() || collection == Collection::Contacts, "{collection:?}");
        for page_size in [0, 7, 500, 1000] {
            let options = ListOptions { page_size, ..ListOptions::default() };
            let given = all(&client, collection, &options).await;
            let records: Vec<Record> = given.iter().map(|resource| resource.to_record().unwrap()).collect();
            assert!(records.iter().eq(expected.iter().map(|stored| &stored.record)), "{collection:?} {page_size}");
            assert!(given.iter().zip(&expected).all(|(given, stored)| given.etag() == stored.meta.etag()));
        }
    }
}

#[tokio::test]
async fn what_lies_below_one_organisation_is_listed_alone() {
    let (server, client) = with_dataset().await;
    for collection in [Collection::Coverages, Collection::Stations, Collection::Contacts] {
        let mut by_parent: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for stored in standing(&server, collection) {
            let name = stored.record.name();
            by_parent.entry(name.parent().unwrap()).or_default().push(name.to_string());
        }
        for (parent, expected) in by_parent.into_iter().take(20) {
            let options = ListOptions { parent: Some(parent), page_size: 3, ..ListOptions::default() };
            let given = all(&client, collection, &options).await;
            assert!(given.iter().map(|resource| resource.name()).eq(expected.iter().map(String::as_str)));
        }
        let options = ListOptions { parent: Some(name("organisations/nobody")), ..ListOptions::default() };
        let refusal = refused(client.list(collection, &options).await, Code::NotFound, Reason::NotFound);
        assert_eq!(refusal.metadata["name"], "organisations/nobody");
    }
}

/// What stays comes exactly once, whatever comes, goes and changes between the pages.
#[tokio::test]
async fn a_list_under_writes_gives_what_stays_exactly_once() {
    let (_server, client) = with_places(40).await;
    for order_by in ["", "display_names.nl desc", "kind"] {
        let read = Cell::new(false);
        let writing = async {
            // Ends between two rounds, so that nothing of it is under way when the next order begins.
            for round in (0..).take_while(|_| !read.get()) {
                let moving = place(&format!("p-{:03}-x", round % 40));
                client.create(&resource(&moving), once()).await.unwrap();
                let changed = alias(&place(&format!("p-{:03}", (round * 7) % 40)), &format!("round {round}"));
                client.update(&resource(&changed), &["aliases"], once()).await.unwrap();
                client.delete(&name(&moving.name), None, once()).await.unwrap();
            }
        };
        let reading = async {
            for page_size in [1, 3, 7] {
                let options = ListOptions { page_size, order_by: order_by.to_owned(), ..ListOptions::default() };
                let pages = pages(&client, Collection::Areas, &options).await.unwrap();
                assert!(pages.is_sorted_by_key(|page| page.revision), "no page is older than the one before");
                let given = pages.iter().flat_map(|page| &page.resources).map(|resource| resource.name());
                let mut staying: Vec<&str> = given.filter(|name| !name.ends_with("-x")).collect();
                staying.sort_unstable();
                let expected: Vec<String> = (0..40).map(|index| format!("areas/p-{index:03}")).collect();
                assert_eq!(staying, expected, "{page_size} {order_by}");
            }
            read.set(true);
        };
        tokio::join!(writing, reading);
    }
}

#[tokio::test]
async fn filters_let_through_what_they_say() {
    let (server, client) = with_dataset().await;
    let areas = standing(&server, Collection::Areas);
    let area_names = |passes: &dyn Fn(&Area) -> bool| -> Vec<String> {
        let areas = areas.iter().filter_map(|stored| Area::from_record(&stored.record));
        areas.filter(|area| passes(area)).map(|area| area.name.to_string()).collect()
    };
    let flevoland = |area: &crisisgids::domain::area::Area| {
        area.within.iter().any(|edge| edge.area.name().as_str() == "areas/vr25")
    };
    let cases: &[(&str, Vec<String>)] = &[
        ("kind = MUNICIPALITY", area_names(&|area| area.kind == AreaKind::Municipality)),
        ("kind != MUNICIPALITY", area_names(&|area| area.kind != AreaKind::Municipality)),
        ("NOT kind = MUNICIPALITY", area_names(&|area| area.kind != AreaKind::Municipality)),
        ("kind >= PROVINCE", area_names(&|area| area.kind >= AreaKind::Province)),
        ("kind = ROAD OR kind = RAIL", area_names(&|area| matches!(area.kind, AreaKind::Road | AreaKind::Rail))),
        ("kind = MUNICIPALITY AND within.area = areas/vr25", {
            area_names(&|area| area.kind == AreaKind::Municipality && flevoland(area))
        }),
        ("kind = MUNICIPALITY within.area = \"areas/vr25\"", {
            area_names(&|area| area.kind == AreaKind::Municipality && flevoland(area))
        }),
        ("aliases:*", area_names(&|area| !area.aliases.is_empty())),
        ("codes.value = GM0171", vec!["areas/gm0171".to_owned()]),
        ("name = areas/gm0171", vec!["areas/gm0171".to_owned()]),
        ("origin = SHIPPED AND kind = COUNTRY", area_names(&|area| area.kind == AreaKind::Country)),
        ("origin = OFFICE", Vec::new()),
        ("update_time < 2026-01-01", Vec::new()),
    ];
    for (filter, expected) in cases {
        assert_eq!(&names(&client, Collection::Areas, filter, "").await, expected, "{filter}");
    }
    let emmeloord = names(&client, Collection::Areas, "emmeloord", "").await;
    assert!(emmeloord.contains(&"areas/emmeloord".to_owned()), "{emmeloord:?}");
    let water = names(&client, Collection::Coverages, "capability = capabilities/drinking-water", "").await;
    let expected = standing(&server, Collection::Coverages).into_iter().filter(
        |stored| matches!(&stored.record, Record::Coverage(coverage) if coverage.capability.id() == "drinking-water"),
    );
    assert!(
        water
            .iter()
            .map(String::as_str)
            .eq(expected.map(|stored| stored.record.name().to_string()).collect::<Vec<_>>())
    );
    assert!(!water.is_empty());
}

#[tokio::test]
async fn what_the_office_changed_is_found_by_origin_etag_and_time() {
    let (_server, client) = with_dataset().await;
    let urk: v1::Area = client.get(&name("areas/gm0184")).await.unwrap().to_message().unwrap();
    client.update(&resource(&alias(&urk, "het eiland")), &["aliases"], once()).await.unwrap();
    for filter in ["origin = EDITED", "etag = '\"2\"'", "update_time > create_time"] {
        let options = ListOptions { filter: filter.to_owned(), ..ListOptions::default() };
        match client.list(Collection::Areas, &options).await {
            Ok(page) => {
                let names: Vec<&str> = page.resources.iter().map(|resource| resource.name()).collect();
                assert_eq!(names, ["areas/gm0184"], "{filter}");
            }
            // Two fields are never compared with each other; that is said, not guessed.
            error => {
                assert_eq!(filter, "update_time > create_time");
                refused(error, Code::InvalidArgument, Reason::InvalidFilter);
            }
        }
    }
    let urk: v1::Area = client.get(&name("areas/gm0184")).await.unwrap().to_message().unwrap();
    assert_eq!((urk.origin(), urk.edited_fields.as_slice()), (v1::Origin::Edited, ["aliases".to_owned()].as_slice()));
}

#[tokio::test]
async fn the_order_asked_for_is_the_order_given() {
    let (_server, client) = with_dataset().await;
    let order_by = "kind desc, display_names.nl, name desc".to_owned();
    let options = ListOptions { order_by, page_size: 13, ..ListOptions::default() };
    let areas: Vec<v1::Area> =
        all(&client, Collection::Areas, &options).await.iter().map(|area| area.to_message().unwrap()).collect();
    assert!(areas.is_sorted_by_key(|area| std::cmp::Reverse(area.kind)));
    let upwards = names(&client, Collection::Areas, "", "name").await;
    let mut downwards = names(&client, Collection::Areas, "", "name desc").await;
    downwards.reverse();
    assert_eq!(upwards, downwards);
}

#[tokio::test]
async fn a_filter_or_order_that_cannot_be_read_is_refused_with_place_and_way_out() {
    let (_server, client) = with_places(1).await;
    let deep = format!("{}kind = PLACE{}", "(".repeat(17), ")".repeat(17));
    let many = vec!["x"; 65].join(" OR ");
    let cases: &[(&str, &str, &str, &str)] = &[
        ("kind = VILLAGE", "", "8", "PLACE"),
        ("knd = PLACE", "", "1", "kind"),
        ("kind = ", "", "8", "value"),
        ("(kind = PLACE", "", "14", ")"),
        ("kind = PLACE)", "", "13", ")"),
        ("kind = PLACE and x", "", "14", "AND"),
        ("kind = 'PLACE", "", "8", "closed"),
        ("within = 3", "", "1", "within"),
        ("regex(name)", "", "1", "function"),
        ("kind.nl = x", "", "1", "kind"),
        (&deep, "", "18", "16"),
        (&many, "", "", "64"),
        ("", "aliases", "1", "aliases"),
        ("", "kind up", "1", "desc"),
        ("", "kind, nothing", "", "nothing"),
        ("", "kind,,name", "", ""),
        ("", "name,name,name,name,name,name,name,name,name", "", "8"),
    ];
    for (filter, order_by, position, hint) in cases {
        let options =
            ListOptions { filter: (*filter).to_owned(), order_by: (*order_by).to_owned(), ..ListOptions::default() };
        let refusal =
            refused(client.list(Collection::Areas, &options).await, Code::InvalidArgument, Reason::InvalidFilter);
        assert!(refusal.message.contains(hint), "{filter}{order_by}: {}", refusal.message);
        assert!(position.is_empty() || refusal.metadata["position"] == *position, "{filter}{order_by}: {refusal:?}");
        let field = if filter.is_empty() { "order_by" } else { "filter" };
        let fields: Vec<&str> = refusal.violations.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, [field], "{filter}{order_by}");
    }
    let long = ListOptions { filter: format!("\"{}\"", "x".repeat(2000)), ..ListOptions::default() };
    assert_eq!(super::invalid(client.list(Collection::Areas, &long).await), [super::wrong("filter", "TOO_LONG")]);
    let negative = ListOptions { page_size: -1, ..ListOptions::default() };
    assert_eq!(
        super::invalid(client.list(Collection::Areas, &negative).await),
        [super::wrong("page_size", "OUT_OF_RANGE")]
    );
}

/// Each of these is near what one message may hold; a page of them is many times that.
#[tokio::test]
async fn a_page_of_large_records_ends_before_its_message_is_too_large() {
    let (_server, client) = with_places(0).await;
    let words = "x".repeat(2000);
    for index in 0..8 {
        let aliases = vec![v1::Alias { text: words.clone(), ..Default::default() }; 400];
        let large = v1::Area { aliases, ..place(&format!("large-{index}")) };
        client.create(&resource(&large), once()).await.unwrap();
    }
    let given = names(&client, Collection::Areas, "", "").await;
    assert!(
        given.iter().map(String::as_str).eq((0..8).map(|index| format!("areas/large-{index}")).collect::<Vec<_>>())
    );
}
