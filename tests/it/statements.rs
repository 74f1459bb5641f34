//! What the founding page of the cooperation says, statement by statement: each can be found through a public method.
//!
//! The page: <https://samen.vrfgv.nl/over-de-samenwerking/>. The tests stand in the order of its sentences.

use std::collections::BTreeSet;

use crisisgids::proto::v1;

use super::support::ask::{acting, at, confirmed, coordination, resolve, roles_of, today, with_role};
use super::support::records::{arrangement, constraints, dutch, organisation, organisations, stations};

/// The names of the two safety regions.
const REGIONS: [&str; 2] = ["organisations/vr25", "organisations/vr14"];

/// The cooperation agreement.
async fn agreement() -> v1::Arrangement {
    arrangement("sok-2019").await
}

/// What a clause of an arrangement says.
fn clause<'a>(arrangement: &'a v1::Arrangement, category: &str) -> &'a str {
    let found = arrangement.clauses.iter().find(|clause| clause.category == category);
    dutch(&found.unwrap_or_else(|| panic!("{} has no clause {category}", arrangement.name)).texts)
}

/// Whether one of the objectives of an arrangement has all these words.
fn aims_at(arrangement: &v1::Arrangement, words: &[&str]) -> bool {
    let says = |objective: &v1::LocalisedTexts| words.iter().all(|word| dutch(&objective.texts).contains(word));
    arrangement.objectives.iter().any(says)
}

fn parties(arrangement: &v1::Arrangement) -> BTreeSet<&str> {
    arrangement.parties.iter().map(|party| party.organisation.as_str()).collect()
}

/// The relations of an organisation to another of a kind, leaving out what is only expected.
fn related<'a>(organisation: &'a v1::Organisation, kind: &str, to: &str) -> Vec<&'a v1::Relation> {
    let is_expected = |relation: &v1::Relation| {
        relation.validity.as_ref().is_some_and(|validity| validity.status() == v1::ValidityStatus::Expected)
    };
    let relations = organisation.relations.iter();
    relations.filter(|one| one.kind == kind && one.organisation == to && !is_expected(one)).collect()
}

fn duties<'a>(organisation: &'a v1::Organisation, mode: &str) -> Vec<&'a str> {
    organisation.duties.iter().filter(|duty| duty.mode == mode).map(|duty| dutch(&duty.texts)).collect()
}

/// How many municipalities both regions have at a time: computed, never stored.
async fn municipalities(civil: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for region in ["areas/vr25", "areas/vr14"] {
        let place = resolve(region, at(civil)).await.unwrap();
        found.extend(confirmed(&place.resolution.unwrap().municipalities).into_iter().map(str::to_owned));
    }
    found
}

/// Statement 1.
#[tokio::test]
async fn all_twelve_municipalities_are_to_be_safe_and_their_inhabitants_healthy() {
    assert!(aims_at(&agreement().await, &["veilige omgeving", "gezonde inwoners", "twaalf gemeenten"]));
    assert_eq!(municipalities("2026-11-23").await.len(), 12);
    let at_the_signing = municipalities("2019-12-04").await;
    assert_eq!(at_the_signing.len(), 13);
    assert!(at_the_signing.contains("areas/gm0457"), "Weesp was one of them");
}

/// Statement 2.
#[tokio::test]
async fn the_netherlands_has_twenty_five_safety_regions() {
    assert_eq!(organisations("kind = \"safety-region\"").await.len(), 25);
}

/// Statement 3.
#[tokio::test]
async fn a_safety_region_consists_of_fire_service_ghor_safety_bureau_and_mostly_the_ggd() {
    for (region, parts) in [
        ("vr25", ["brandweer-flevoland", "ghor-flevoland", "ggd-flevoland", "veiligheidsbureau-fgv"]),
        (
            "vr14",
            [
                "brandweer-gooi-en-vechtstreek",
                "ghor-gooi-en-vechtstreek",
                "ggd-gooi-en-vechtstreek",
                "veiligheidsbureau-fgv",
            ],
        ),
    ] {
        let whole = format!("organisations/{region}");
        for part in parts {
            let part = organisation(part).await;
            assert!(!related(&part, "part_of", &whole).is_empty(), "{} is part of {region}", part.name);
        }
        let filter = format!("relations.organisation = \"{whole}\" AND relations.kind = \"part_of\"");
        assert!(organisations(&filter).await.len() >= parts.len(), "a list by relation finds them too");
    }
}

/// Statement 4.
#[tokio::test]
async fn each_of_these_organisations_has_its_own_daily_responsibilities() {
    for region in ["vr25", "vr14"] {
        let region = organisation(region).await;
        assert!(duties(&region, "ROUTINE").iter().any(|duty| duty.contains("eigen dagelijkse verantwoordelijkheid")));
    }
    for part in ["brandweer-flevoland", "ghor-flevoland", "ggd-gooi-en-vechtstreek", "veiligheidsbureau-fgv"] {
        assert!(!duties(&organisation(part).await, "ROUTINE").is_empty(), "{part}");
    }
}

/// Statement 5.
#[tokio::test]
async fn in_a_calamity_in_the_service_area_they_become_active_as_one_cooperation() {
    for region in ["vr25", "vr14"] {
        let region = organisation(region).await;
        assert!(duties(&region, "CALAMITY").iter().any(|duty| duty.contains("samenwerkingsverband")));
    }
    assert!(clause(&agreement().await, "operational").contains("één samenwerkingsverband"));
    for place in ["Emmeloord", "Huizen"] {
        let answer = acting(&[place], &["2.1.10"], v1::Grip::Grip2).await;
        let binds = answer.arrangements.iter().find(|one| one.arrangement == "arrangements/sok-2019");
        let binds = binds.unwrap_or_else(|| panic!("the agreement binds in {place}"));
        let bound: BTreeSet<&str> = binds.parties.iter().map(|party| party.name.as_str()).collect();
        assert!(REGIONS.iter().any(|region| bound.contains(region)), "{place}: {bound:?}");
    }
}

/// Statement 6.
#[tokio::test]
async fn their_staff_form_one_machine_for_safety_and_public_health() {
    let team = organisation("rot-fgv").await;
    assert!(duties(&team, "CALAMITY").iter().any(|duty| duty.contains("machine") && duty.contains("volksgezondheid")));
    for region in REGIONS {
        assert!(!related(&team, "serves", region).is_empty(), "one team serves {region}");
    }
    let staff = team.relations.iter().filter(|one| one.kind == "staffed_by").map(|one| one.organisation.as_str());
    let staff: BTreeSet<&str> = staff.collect();
    for member in ["brandweer-flevoland", "brandweer-gooi-en-vechtstreek", "ghor-flevoland", "ghor-gooi-en-vechtstreek"]
    {
        assert!(staff.contains(format!("organisations/{member}").as_str()), "{member} is in the team");
    }
}

/// Statement 7.
#[tokio::test]
async fn the_safety_region_works_closely_with_the_national_police() {
    for region in ["vr25", "vr14"] {
        let region = organisation(region).await;
        let relations = related(&region, "cooperates_with", "organisations/politie-midden-nederland");
        let [relation] = relations.as_slice() else { panic!("{}: {relations:?}", region.name) };
        assert!(dutch(&relation.reason).contains("intensief samen met de landelijke politie"));
    }
    let answer = acting(&["Almere"], &[], v1::Grip::Grip1).await;
    assert!(!roles_of(&answer, "organisations/politie-district-flevoland").is_empty());
}

/// Statement 8.
#[tokio::test]
async fn outside_crisis_they_plan_share_knowledge_and_train_together() {
    let training = arrangement("joint-training-fgv").await;
    assert!(clause(&training, "training").contains("Samen trainen op crisissituaties"));
    assert!(training.scope.as_ref().is_some_and(|scope| scope.outside_crisis));
    assert!(REGIONS.iter().all(|region| parties(&training).contains(region)));
    let agreement = agreement().await;
    assert!(clause(&agreement, "information").contains("Planvorming"));
    assert!(clause(&agreement, "information").contains("kennis"));
    assert!(clause(&agreement, "training").contains("Samen trainen"));
}

/// Statement 9.
#[tokio::test]
async fn the_regions_cooperate_in_both_service_areas_noordoostpolder_included() {
    let scope = agreement().await.scope.unwrap();
    for area in ["areas/vr25", "areas/vr14", "areas/gm0171"] {
        assert!(scope.areas.iter().any(|covered| covered == area), "{area}");
    }
    let question = v1::FindArrangementsRequest {
        organisations: REGIONS.map(str::to_owned).to_vec(),
        places: vec!["Noordoostpolder".to_owned()],
        effective_time: today(),
        ..Default::default()
    };
    let found = coordination().await.find_arrangements(question).await.unwrap().into_inner();
    assert!(found.arrangements.iter().any(|one| one.arrangement == "arrangements/sok-2019"));
}

/// Statement 10.
#[tokio::test]
async fn the_regions_become_less_vulnerable_in_a_world_of_new_risks() {
    assert!(aims_at(&agreement().await, &["organisatorische en financiële kwetsbaarheid", "nieuwe risico"]));
}

/// Statement 11.
#[tokio::test]
async fn staff_lend_a_hand_across_regional_borders_more_easily() {
    let agreement = agreement().await;
    assert!(aims_at(&agreement, &["kwaliteit", "over regiogrenzen", "makkelijker bijspringen"]));
    assert!(clause(&agreement, "mutual-aid").contains("springen"));
}

/// Statement 12, the departments.
#[tokio::test]
async fn departments_merge_so_that_costs_rise_less() {
    let agreement = agreement().await;
    assert!(aims_at(&agreement, &["Kosten", "slimmere inzet van mensen en middelen"]));
    assert!(clause(&agreement, "organisational").contains("afdelingen kunnen samengaan"));
    let merged = organisation("meldkamer-lelystad").await;
    let relations = related(&merged, "successor_of", "organisations/meldkamer-naarden");
    let [relation] = relations.as_slice() else { panic!("{relations:?}") };
    assert_eq!(relation.validity.as_ref().unwrap().start, "2020-09-15");
}

/// Statement 12, the material.
#[tokio::test]
async fn the_regions_buy_material_jointly() {
    let procurement = arrangement("joint-procurement-fgv").await;
    assert_eq!(procurement.kind, "procurement");
    assert!(clause(&procurement, "procurement").contains("Materieel wordt gezamenlijk ingekocht"));
    assert_eq!(parties(&procurement), BTreeSet::from(REGIONS));
}

/// Statement 13.
#[tokio::test]
async fn all_legal_financial_and_organisational_agreements_stand_in_the_agreement_of_late_2019() {
    let agreement = agreement().await;
    for category in ["legal", "financial", "organisational"] {
        assert!(clause(&agreement, category).contains("Alle"), "{category}");
    }
    assert_eq!(agreement.life_cycle.as_ref().unwrap().signed_date, "2019-12-04");
    assert!(REGIONS.iter().all(|region| parties(&agreement).contains(region)));
}

/// Statement 14.
#[tokio::test]
async fn the_public_health_services_keep_a_separate_status_for_now() {
    for (ggd, region) in [("ggd-flevoland", "vr25"), ("ggd-gooi-en-vechtstreek", "vr14")] {
        let ggd = organisation(ggd).await;
        let relations = related(&ggd, "part_of", &format!("organisations/{region}"));
        let [relation] = relations.as_slice() else { panic!("{}: {relations:?}", ggd.name) };
        assert_eq!(relation.status, "separate");
        assert!(dutch(&relation.reason).contains("niet toe"), "{}", dutch(&relation.reason));
        assert!(dutch(&relation.until_condition).contains("Tot de wet is herzien"));
        let signed = agreement().await;
        let signatory = if region == "vr25" { "ggd-flevoland" } else { "regio-gooi-en-vechtstreek" };
        let party = signed.parties.iter().find(|party| party.organisation == format!("organisations/{signatory}"));
        assert!(dutch(&party.unwrap().capacity).contains("GHOR-taken"));
    }
}

/// Statement 15.
#[tokio::test]
async fn the_present_law_does_not_allow_such_cooperation_of_the_public_health_services() {
    let found = constraints("organisations = \"organisations/ggd-flevoland\"").await;
    let forbids = found.iter().find(|one| one.name == "constraints/ggd-cooperation-not-allowed").unwrap();
    assert!(dutch(&forbids.description).contains("staat de samenwerking van de GGD"));
    assert_eq!(forbids.legal_basis.as_ref().unwrap().citation, "Wet veiligheidsregio's");
    assert!(found.iter().any(|one| one.name == "constraints/one-ggd-per-region"), "one of the explanations");
}

/// Statement 16.
#[tokio::test]
async fn the_law_is_being_revised_and_mergers_of_regions_may_become_possible() {
    let found = constraints("validity.status = EXPECTED").await;
    let revision = found.iter().find(|one| one.name == "constraints/wvr-revision").unwrap();
    assert!(dutch(&revision.description).contains("fusies tussen veiligheidsregio's"));
    assert_eq!(revision.validity.as_ref().unwrap().status(), v1::ValidityStatus::Expected);
    // What is only expected is never followed: also in ten years each region has its own chair.
    let mut question = super::support::ask::question(&["Almere", "Huizen"], &[], v1::Grip::Grip4);
    question.effective_time = at("2036-11-23");
    let answer = super::support::ask::ask(question).await.unwrap();
    let chairs = with_role(&answer, v1::Role::GeneralAuthority);
    assert_eq!(chairs.len(), 2, "{chairs:?}");
}

/// Statement 17.
#[tokio::test]
async fn safety_and_care_stay_close_through_a_network_of_fire_and_public_health_posts() {
    assert!(aims_at(&agreement().await, &["zo dicht mogelijk bij de inwoners", "brandweer- en GGD-posten"]));
    for (kind, services) in [
        ("fire-station", ["brandweer-flevoland", "brandweer-gooi-en-vechtstreek"]),
        ("ggd-post", ["ggd-flevoland", "ggd-gooi-en-vechtstreek"]),
    ] {
        let found = stations(&format!("kind = \"{kind}\"")).await;
        for service in services {
            let parent = format!("organisations/{service}/");
            assert!(found.iter().any(|station| station.name.starts_with(&parent)), "{service} has a {kind}");
        }
    }
}

/// Statement 18.
#[tokio::test]
async fn some_departments_work_together_already_and_others_will() {
    let agreement = agreement().await;
    let statuses: BTreeSet<&str> = agreement.maturity.iter().map(|one| one.status.as_str()).collect();
    assert!(statuses.is_superset(&BTreeSet::from(["integrated", "cooperating", "planned"])), "{statuses:?}");
    for department in &agreement.maturity {
        assert!(!dutch(&department.department).is_empty() && !department.as_of.is_empty());
    }
}

/// Statement 19.
#[tokio::test]
async fn staff_council_members_and_administrators_tell_their_experience_in_videos() {
    let agreement = agreement().await;
    let video = agreement.documents.iter().find(|document| document.kind == "video").unwrap();
    assert!(dutch(&video.title).contains("medewerkers, raadsleden en bestuurders"));
    assert!(video.uri.starts_with("https://"));
}

/// Statement 20.
#[tokio::test]
async fn both_regions_carry_out_one_programme_for_sustainability_and_climate() {
    let programme = arrangement("sustainability-programme-fgv").await;
    assert_eq!(programme.kind, "programme");
    assert_eq!(dutch(&programme.display_names), "Programma Duurzaamheid en klimaat");
    assert_eq!(parties(&programme), BTreeSet::from(REGIONS));
    assert!(aims_at(&programme, &["Klimaatverandering", "verspilling", "voetafdruk"]));
    assert!(programme.scope.as_ref().is_some_and(|scope| scope.outside_crisis && scope.phases.is_empty()));
    let answer = acting(&["Almere"], &[], v1::Grip::Grip2).await;
    assert!(answer.arrangements.iter().all(|one| one.arrangement != programme.name), "it binds in no calamity");
}

/// Statement 21.
#[tokio::test]
async fn the_regions_stand_on_the_co2_performance_ladder() {
    for region in ["vr25", "vr14"] {
        let region = organisation(region).await;
        assert!(region.credentials.iter().any(|one| dutch(&one.texts) == "CO2-Prestatieladder"), "{}", region.name);
    }
    let programme = arrangement("sustainability-programme-fgv").await;
    assert!(programme.documents.iter().any(|document| dutch(&document.title).contains("CO2-Prestatieladder")));
}
