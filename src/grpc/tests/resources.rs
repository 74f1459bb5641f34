//! One generic layer, tried on areas and, for nested names, on coverages.

use prost_types::FieldMask;
use tonic::{Code, Request};

use super::{api, area, create, fields, get, refusal, texts, with_areas};
use crate::proto::v1;
use crate::proto::v1::area_service_server::AreaService;
use crate::proto::v1::catalogue_service_server::CatalogueService;
use crate::proto::v1::organisation_service_server::OrganisationService;

fn update(area: v1::Area, paths: &[&str]) -> v1::UpdateAreaRequest {
    let update_mask = Some(FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() });
    v1::UpdateAreaRequest { area: Some(area), update_mask, ..v1::UpdateAreaRequest::default() }
}

fn list(page_size: i32, page_token: &str) -> v1::ListAreasRequest {
    v1::ListAreasRequest { page_size, page_token: page_token.to_owned(), ..v1::ListAreasRequest::default() }
}

fn names(areas: &[v1::Area]) -> Vec<&str> {
    areas.iter().map(|area| area.name.as_str()).collect()
}

#[tokio::test]
async fn what_is_created_is_got_with_what_the_server_keeps() {
    let api = api();
    let created = api.create_area(Request::new(create("gm0171"))).await.unwrap().into_inner();
    assert_eq!((created.name.as_str(), created.etag.as_str()), ("areas/gm0171", "\"1\""));
    assert_eq!(created.origin(), v1::Origin::Office);
    assert_eq!(created.create_time.unwrap().seconds, 1_795_000_000);
    assert_eq!(api.get_area(get("areas/gm0171")).await.unwrap().into_inner(), created);
    assert_eq!(
        refusal(api.create_area(Request::new(create("gm0171"))).await),
        (Code::AlreadyExists, "ALREADY_EXISTS".into())
    );
    assert_eq!(refusal(api.get_area(get("areas/gm0184")).await), (Code::NotFound, "NOT_FOUND".into()));
    assert_eq!(fields(api.get_area(get("organisations/gm0184")).await), ["name"]);
}

#[tokio::test]
async fn every_wrong_field_of_a_create_is_named_where_the_caller_wrote_it() {
    let api = api();
    let within = vec![v1::AreaEdge { area: "areas/nowhere".to_owned(), ..v1::AreaEdge::default() }];
    let dangling = v1::CreateAreaRequest { area: Some(v1::Area { within, ..area("a") }), ..create("a") };
    assert_eq!(fields(api.create_area(Request::new(dangling)).await), ["area.within[0].area"]);
    let wrong = v1::Area { name: "areas/b".to_owned(), kind: 0, ..area("a") };
    let wrong = v1::CreateAreaRequest { area: Some(wrong), request_id: "1".to_owned(), ..create("a") };
    assert_eq!(fields(api.create_area(Request::new(wrong)).await), ["request_id", "area.name", "area.kind"]);
    assert_eq!(fields(api.create_area(Request::new(create("A b"))).await)[0], "area_id");
}

#[tokio::test]
async fn an_update_changes_the_fields_of_its_mask_only() {
    let api = with_areas(&["a"]).await;
    let aliases = vec![v1::Alias { text: "NOP".to_owned(), ..v1::Alias::default() }];
    let wanted = v1::Area { name: "areas/a".to_owned(), aliases, display_names: texts("other"), ..v1::Area::default() };
    let updated = api.update_area(Request::new(update(wanted.clone(), &["aliases"]))).await.unwrap().into_inner();
    assert_eq!((updated.aliases.len(), updated.display_names[0].text.as_str()), (1, "a"));
    let cleared = v1::Area { name: "areas/a".to_owned(), ..v1::Area::default() };
    let updated =
        api.update_area(Request::new(update(cleared.clone(), &["aliases", "etag"]))).await.unwrap().into_inner();
    assert_eq!((updated.aliases.len(), updated.etag.as_str()), (0, "\"3\""));
    let populated = v1::UpdateAreaRequest { update_mask: None, ..update(wanted, &[]) };
    let updated = api.update_area(Request::new(populated)).await.unwrap().into_inner();
    assert_eq!((updated.kind(), updated.display_names[0].text.as_str()), (v1::AreaKind::Municipality, "other"));
    assert_eq!(
        fields(api.update_area(Request::new(update(cleared.clone(), &["*"]))).await),
        ["area.display_names", "area.kind"]
    );
    assert_eq!(fields(api.update_area(Request::new(update(cleared, &["kinds"]))).await), ["update_mask.paths[0]"]);
}

#[tokio::test]
async fn a_stale_etag_is_refused_and_nothing_is_created_unless_allowed() {
    let api = with_areas(&["a", "b"]).await;
    let stale = v1::Area { name: "areas/a".to_owned(), etag: "\"7\"".to_owned(), ..area("x") };
    assert_eq!(
        refusal(api.update_area(Request::new(update(stale, &["*"]))).await),
        (Code::Aborted, "ETAG_MISMATCH".into())
    );
    let new = v1::Area { name: "areas/c".to_owned(), ..area("c") };
    assert_eq!(
        refusal(api.update_area(Request::new(update(new.clone(), &["*"]))).await),
        (Code::NotFound, "NOT_FOUND".into())
    );
    let allowed = v1::UpdateAreaRequest { allow_missing: true, ..update(new, &["kind"]) };
    assert_eq!(api.update_area(Request::new(allowed)).await.unwrap().into_inner().name, "areas/c");
}

#[tokio::test]
async fn whatever_is_wrong_with_a_list_is_named_at_once() {
    let wrong = v1::ListAreasRequest {
        filter: "kind =".to_owned(),
        order_by: "no_such_field".to_owned(),
        page_token: "x".to_owned(),
        page_size: -1,
    };
    let found = fields(with_areas(&["a"]).await.list_areas(Request::new(wrong)).await);
    assert_eq!(found, ["page_size", "filter", "order_by", "page_token"]);
}

#[tokio::test]
async fn every_name_of_a_batch_that_does_not_exist_is_told() {
    let names = ["areas/a", "areas/x", "areas/y"].map(str::to_owned).to_vec();
    let batch = v1::BatchGetAreasRequest { names };
    let status = with_areas(&["a"]).await.batch_get_areas(Request::new(batch)).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert!(status.message().contains("areas/x") && status.message().contains("areas/y"), "{}", status.message());
}

#[tokio::test]
async fn a_dry_run_answers_as_the_write_would_and_changes_nothing() {
    let api = api();
    let dry = v1::CreateAreaRequest { validate_only: true, ..create("a") };
    assert_eq!(api.create_area(Request::new(dry)).await.unwrap().into_inner().name, "areas/a");
    assert_eq!(refusal(api.get_area(get("areas/a")).await).0, Code::NotFound);
}

#[tokio::test]
async fn a_repeated_request_is_answered_as_the_first_one() {
    let api = api();
    let request_id = "0f8fad5b-d9cb-469f-a165-70867728950e".to_owned();
    let marked = v1::CreateAreaRequest { request_id: request_id.clone(), ..create("a") };
    let first = api.create_area(Request::new(marked.clone())).await.unwrap().into_inner();
    assert_eq!(api.create_area(Request::new(marked)).await.unwrap().into_inner(), first);
    let other = v1::CreateAreaRequest { request_id, ..create("b") };
    assert_eq!(
        refusal(api.create_area(Request::new(other)).await),
        (Code::InvalidArgument, "REQUEST_ID_REUSED".into())
    );
}

#[tokio::test]
async fn what_others_name_cannot_be_deleted() {
    let api = with_areas(&["a"]).await;
    let within = vec![v1::AreaEdge { area: "areas/a".to_owned(), ..v1::AreaEdge::default() }];
    let inner = v1::Area { within, ..area("b") };
    api.create_area(Request::new(v1::CreateAreaRequest { area: Some(inner), ..create("b") })).await.unwrap();
    let delete = |name: &str, etag: &str| {
        let (name, etag) = (name.to_owned(), etag.to_owned());
        Request::new(v1::DeleteAreaRequest { name, etag, ..v1::DeleteAreaRequest::default() })
    };
    assert_eq!(
        refusal(api.delete_area(delete("areas/a", "")).await),
        (Code::FailedPrecondition, "STILL_REFERENCED".into())
    );
    assert_eq!(refusal(api.delete_area(delete("areas/b", "\"1\"")).await).1, "ETAG_MISMATCH");
    api.delete_area(delete("areas/b", "\"2\"")).await.unwrap();
    api.delete_area(delete("areas/a", "")).await.unwrap();
    assert_eq!(refusal(api.delete_area(delete("areas/a", "")).await).1, "NOT_FOUND");
}

#[tokio::test]
async fn pages_give_every_record_once_whatever_comes_between() {
    let api = with_areas(&["a", "b", "d", "e"]).await;
    let first = api.list_areas(Request::new(list(2, ""))).await.unwrap().into_inner();
    assert_eq!((names(&first.areas), first.revision), (vec!["areas/a", "areas/b"], 4));
    api.create_area(Request::new(create("c"))).await.unwrap();
    let second = api.list_areas(Request::new(list(2, &first.next_page_token))).await.unwrap().into_inner();
    assert_eq!((names(&second.areas), second.revision), (vec!["areas/c", "areas/d"], 5));
    let last = api.list_areas(Request::new(list(9, &second.next_page_token))).await.unwrap().into_inner();
    assert_eq!((names(&last.areas), last.next_page_token.as_str()), (vec!["areas/e"], ""));
}

#[tokio::test]
async fn a_page_token_is_bound_to_its_request() {
    let api = with_areas(&["a", "b"]).await;
    let token = api.list_areas(Request::new(list(1, ""))).await.unwrap().into_inner().next_page_token;
    let other = v1::ListAreasRequest { filter: "kind = PLACE".to_owned(), ..list(1, &token) };
    for request in [other, list(1, "nonsense"), list(1, "bnVsbA")] {
        assert_eq!(
            refusal(api.list_areas(Request::new(request)).await),
            (Code::InvalidArgument, "PAGE_TOKEN_INVALID".into())
        );
    }
}

#[tokio::test]
async fn lists_are_filtered_and_ordered_and_say_what_they_cannot_read() {
    let api = with_areas(&["a", "b", "c"]).await;
    let wanted = |filter: &str, order_by: &str| {
        let (filter, order_by) = (filter.to_owned(), order_by.to_owned());
        Request::new(v1::ListAreasRequest { filter, order_by, ..v1::ListAreasRequest::default() })
    };
    let found =
        api.list_areas(wanted("NOT name = areas/b AND kind = AREA_KIND_MUNICIPALITY", "name desc")).await.unwrap();
    assert_eq!(names(&found.into_inner().areas), ["areas/c", "areas/a"]);
    assert_eq!(
        refusal(api.list_areas(wanted("kinds = PLACE", "")).await),
        (Code::InvalidArgument, "INVALID_FILTER".into())
    );
    assert_eq!(fields(api.list_areas(Request::new(list(-1, ""))).await), ["page_size"]);
}

#[tokio::test]
async fn several_are_got_in_the_order_asked_for_or_none() {
    let api = with_areas(&["a", "b"]).await;
    let wanted = |names: &[&str]| {
        Request::new(v1::BatchGetAreasRequest { names: names.iter().map(|name| (*name).to_owned()).collect() })
    };
    let found = api.batch_get_areas(wanted(&["areas/b", "areas/a"])).await.unwrap().into_inner();
    assert_eq!((names(&found.areas), found.revision), (vec!["areas/b", "areas/a"], 2));
    assert_eq!(refusal(api.batch_get_areas(wanted(&["areas/a", "areas/x"])).await).1, "NOT_FOUND");
    assert_eq!(fields(api.batch_get_areas(wanted(&["areas/a", "x"])).await), ["names[1]"]);
    assert_eq!(fields(api.batch_get_areas(wanted(&[])).await), ["names"]);
}

#[tokio::test]
async fn nested_records_are_made_and_listed_below_their_organisation() {
    let api = with_areas(&["muiden"]).await;
    let capability = v1::Capability { display_names: texts("water"), ..v1::Capability::default() };
    let capability_id = "water".to_owned();
    let request = v1::CreateCapabilityRequest { capability_id, capability: Some(capability), ..Default::default() };
    api.create_capability(Request::new(request)).await.unwrap();
    for organisation_id in ["pwn", "waternet"] {
        let organisation = Some(v1::Organisation { display_names: texts(organisation_id), ..Default::default() });
        let organisation_id = organisation_id.to_owned();
        let request = v1::CreateOrganisationRequest { organisation_id, organisation, ..Default::default() };
        api.create_organisation(Request::new(request)).await.unwrap();
    }
    let coverage = |parent: &str| v1::CreateCoverageRequest {
        parent: parent.to_owned(),
        coverage_id: "muiden".to_owned(),
        coverage: Some(v1::Coverage {
            capability: "capabilities/water".to_owned(),
            area: "areas/muiden".to_owned(),
            ..v1::Coverage::default()
        }),
        ..v1::CreateCoverageRequest::default()
    };
    let made = api.create_coverage(Request::new(coverage("organisations/waternet"))).await.unwrap().into_inner();
    assert_eq!(made.name, "organisations/waternet/coverages/muiden");
    assert_eq!(fields(api.create_coverage(Request::new(coverage("organisations/-"))).await), ["parent"]);
    assert_eq!(fields(api.create_coverage(Request::new(coverage(""))).await), ["parent"]);
    assert_eq!(fields(api.create_coverage(Request::new(coverage("organisations/nobody"))).await).len(), 1);
    let below = |parent: &str| {
        Request::new(v1::ListCoveragesRequest { parent: parent.to_owned(), ..v1::ListCoveragesRequest::default() })
    };
    for (parent, count) in [("organisations/waternet", 1), ("organisations/pwn", 0), ("organisations/-", 1)] {
        assert_eq!(api.list_coverages(below(parent)).await.unwrap().into_inner().coverages.len(), count, "{parent}");
    }
    assert_eq!(refusal(api.list_coverages(below("organisations/nobody")).await).1, "NOT_FOUND");
    let names = vec![made.name];
    let parent = "organisations/pwn".to_owned();
    let foreign = api.batch_get_coverages(Request::new(v1::BatchGetCoveragesRequest { parent, names })).await;
    assert_eq!(fields(foreign), ["names[0]"]);
}
