//! The traps that this region sets for whoever answers by name, list or habit: each asked of the directory that ships.

use std::collections::BTreeSet;

use crisisgids::proto::v1;
use crisisgids::proto::v1::{GapKind, Grip, Role};
use prost::Message;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::support::ask::{
    acting, announced, ask, at, confirmed, coordination, gaps, question, resolve, roles_of, today, with_role,
};

/// The answer for one place and calamity at a level and a time.
async fn acting_on(place: &str, calamity: &str, grip: Grip, civil: &str) -> v1::FindActingOrganisationsResponse {
    let effective_time = at(civil);
    ask(v1::FindActingOrganisationsRequest { effective_time, ..question(&[place], &[calamity], grip) }).await.unwrap()
}

/// Who acts in a role, each once; those who do so only if an announced fact is confirmed apart.
fn who(answer: &v1::FindActingOrganisationsResponse, role: Role) -> (BTreeSet<&str>, BTreeSet<&str>) {
    let all = with_role(answer, role);
    let certain = all.iter().filter(|(_, one)| !one.announced && one.conditional.is_empty()).map(|(name, _)| *name);
    let certain: BTreeSet<&str> = certain.collect();
    let perhaps = all.iter().filter(|(_, one)| one.announced && one.conditional.is_empty()).map(|(name, _)| *name);
    (certain.clone(), perhaps.filter(|name| !certain.contains(name)).collect())
}

fn names(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| format!("organisations/{id}")).collect()
}

fn is<'a>(found: impl IntoIterator<Item = &'a str>, ids: &[&str]) -> bool {
    found.into_iter().map(str::to_owned).collect::<BTreeSet<_>>() == names(ids)
}

async fn providers(capability: &str, place: &str, civil: &str) -> Vec<v1::Provider> {
    let request = v1::FindProvidersRequest {
        capability: capability.to_owned(),
        places: vec![place.to_owned()],
        effective_time: at(civil),
        ..Default::default()
    };
    coordination().await.find_providers(request).await.unwrap().into_inner().providers
}

/// The words that could not be resolved, from the detail of our own in an error.
fn unresolved(status: &Status) -> Vec<v1::UnresolvedWord> {
    let details = tonic_types::pb::Status::decode(status.details()).unwrap().details;
    let own = details.iter().find(|detail| detail.type_url.ends_with("/crisisgids.v1.UnresolvedWords")).unwrap();
    v1::UnresolvedWords::decode(own.value.as_slice()).unwrap().words
}

fn reason(status: &Status) -> (Code, String) {
    let info = status.get_details_error_info().unwrap();
    assert_eq!(info.domain, "crisisgids");
    (status.code(), info.reason)
}

#[tokio::test]
async fn eemnes_is_of_utrecht_and_its_ties_with_us_are_known() {
    let answer = acting(&["Eemnes"], &["brand"], Grip::Grip1).await;
    assert!(answer.acting.is_empty(), "none of ours acts there");
    let [handover] = answer.handovers.as_slice() else { panic!("{:?}", answer.handovers) };
    assert_eq!(handover.organisation, "organisations/vr09");
    assert!(!handover.contacts.is_empty());
    let known = |organisation: &str, capability: &str| {
        let mut still = handover.still_known.iter();
        still.any(|one| one.organisation == organisation && one.capability == capability)
    };
    assert!(known("organisations/bel-combinatie", "capabilities/shared-civil-service"));
    assert!(known("organisations/waterschap-agv", "capabilities/water-authority"));
    assert!(!answer.last_resorts.is_empty());
    let place = resolve("Eemnes", today()).await.unwrap();
    assert!(!place.ours);
    assert_eq!(place.handovers.len(), 1);
}

#[tokio::test]
async fn laren_is_two_places_and_laren_nh_is_one() {
    let status = resolve("Laren", today()).await.unwrap_err();
    assert_eq!(reason(&status), (Code::InvalidArgument, "PLACE_AMBIGUOUS".to_owned()));
    let words = unresolved(&status);
    let [word] = words.as_slice() else { panic!("{words:?}") };
    let candidates: Vec<_> = word.candidates.iter().map(|one| (one.name.as_str(), one.within.as_str())).collect();
    assert_eq!(
        candidates,
        [("areas/gm0417", "Veiligheidsregio Gooi en Vechtstreek"), ("areas/laren-lochem", "Lochem")]
    );
    for words in ["Laren NH", "laren (nh.)", "Laren (NH)", "areas/gm0417", "GM0417"] {
        let place = resolve(words, today()).await.unwrap();
        assert_eq!(place.matched.unwrap().area, "areas/gm0417", "{words}");
        assert!(place.ours);
    }
    let other = resolve("Laren Lochem", today()).await.unwrap();
    assert_eq!((other.ours, other.handovers[0].organisation.as_str()), (false, "organisations/vr06"));
}

#[tokio::test]
async fn a_word_of_several_calamities_is_not_guessed() {
    let status = ask(question(&["Urk"], &["water"], Grip::Unspecified)).await.unwrap_err();
    assert_eq!(reason(&status), (Code::InvalidArgument, "CALAMITY_AMBIGUOUS".to_owned()));
    let words = unresolved(&status);
    let [word] = words.as_slice() else { panic!("{words:?}") };
    let names = word.candidates.iter().map(|one| one.name.trim_start_matches("calamityTypes/"));
    assert_eq!(names.collect::<std::collections::BTreeSet<_>>(), ["1-1", "4-2", "5-2", "x1"].into());
}

#[tokio::test]
async fn weesp_was_ours_until_the_day_before_it_left() {
    let before = acting_on("Weesp", "2.1.10", Grip::Grip3, "2022-03-23T23:59").await;
    assert!(is(who(&before, Role::GeneralAuthority).0, &["mayor-gm0457"]));
    assert!(before.handovers.is_empty());
    let after = acting_on("Weesp", "2.1.10", Grip::Grip3, "2022-03-24").await;
    assert!(after.acting.is_empty());
    let [handover] = after.handovers.as_slice() else { panic!("{:?}", after.handovers) };
    assert_eq!(handover.organisation, "organisations/vr13");
    assert!(handover.still_known.iter().any(|one| one.organisation == "organisations/waterschap-agv"));
    let resolution = after.resolution.unwrap();
    assert_eq!(confirmed(&resolution.municipalities), ["areas/gm0363"]);
}

#[tokio::test]
async fn an_announced_merger_is_answered_both_ways_with_a_red_gap() {
    for place in ["Wijdemeren", "Ankeveen", "Loosdrecht", "Oud-Loosdrecht"] {
        let before = acting_on(place, "2.1.10", Grip::Grip3, "2026-12-31T23:59").await;
        assert!(is(who(&before, Role::GeneralAuthority).0, &["mayor-gm1696"]), "{place}");
        assert!(who(&before, Role::GeneralAuthority).1.is_empty(), "{place}");
        let after = acting_on(place, "2.1.10", Grip::Grip3, "2027-01-01").await;
        let (certain, perhaps) = who(&after, Role::GeneralAuthority);
        assert!(is(certain, &["mayor-gm1696"]) && is(perhaps, &["mayor-gm0402"]), "{place}");
        let resolution = after.resolution.as_ref().unwrap();
        assert_eq!(confirmed(&resolution.municipalities), ["areas/gm1696"], "{place}");
        assert_eq!(announced(&resolution.municipalities), ["areas/gm0402"], "{place}");
        let gaps = gaps(&after, GapKind::AnnouncedUnconfirmed);
        let gap = gaps.iter().find(|gap| gap.message.contains("2027-01-01")).unwrap();
        assert_eq!(gap.severity(), v1::Severity::Red);
        assert!(gap.message.contains("Hilversum") && gap.message.contains("Wijdemeren"), "{}", gap.message);
    }
}

#[tokio::test]
async fn a_merger_leaves_water_grid_and_police_cover_as_it_was() {
    for place in ["Wijdemeren", "Ankeveen", "Kortenhoef"] {
        for (calamity, ids) in [
            ("4.2.10", ["pwn", "vitens"].as_slice()),
            ("4.1.30", &["liander"]),
            ("1.1.30", &["waterschap-agv"]),
            ("7.2", &["politie-district-gooi-en-vechtstreek"]),
        ] {
            for day in ["2026-12-31", "2027-01-01", "2027-06-01"] {
                let answer = acting_on(place, calamity, Grip::Unspecified, day).await;
                let leads = with_role(&answer, Role::OperationalLead);
                let utilities = ["pwn", "vitens", "waternet", "liander", "waterschap-agv", "waterschap-zuiderzeeland"];
                let found = leads.iter().filter(|(name, one)| {
                    let id = name.trim_start_matches("organisations/");
                    !one.announced && (utilities.contains(&id) || id.starts_with("politie-"))
                });
                assert!(is(found.map(|(name, _)| *name), ids), "{place} {calamity} {day}: {leads:?}");
                // The same in both readings: nobody who supplies the rest of Hilversum comes in whole.
                let supplied = leads.iter().filter(|(name, _)| ["vitens", "pwn"].iter().any(|id| name.ends_with(id)));
                assert!(supplied.clone().all(|(_, one)| one.partial), "{place} {calamity} {day}: {leads:?}");
            }
        }
    }
}

#[tokio::test]
async fn drinking_water_of_gooise_meren_comes_from_two_suppliers_each_for_a_part() {
    let answer = acting(&["Gooise Meren"], &["4.2.10"], Grip::Grip2).await;
    for (supplier, parts) in
        [("pwn", ["areas/bussum", "areas/naarden"]), ("waternet", ["areas/muiden", "areas/muiderberg"])]
    {
        let roles = roles_of(&answer, &format!("organisations/{supplier}"));
        let role = roles.iter().find(|role| role.role() == Role::FunctionalAuthority).unwrap();
        assert!(role.partial, "{supplier}");
        assert_eq!(confirmed(&role.serves), parts, "{supplier}");
    }
    assert!(roles_of(&answer, "organisations/vitens").iter().all(|role| role.role() == Role::Informed));
    for (place, supplier) in [("Muiden", "waternet"), ("Bussum", "pwn"), ("Naarden", "pwn")] {
        let answer = acting(&[place], &["4.2.10"], Grip::Grip2).await;
        let leads = with_role(&answer, Role::OperationalLead);
        let supplies: Vec<_> = leads.iter().filter(|(name, _)| !name.ends_with("/vr14")).collect();
        let [(name, role)] = supplies.as_slice() else { panic!("{place}: {supplies:?}") };
        assert!(name.ends_with(supplier) && !role.partial && !role.shared, "{place}");
    }
}

#[tokio::test]
async fn which_dispatch_centre_answers_is_told_both_ways() {
    for place in ["Emmeloord", "Huizen"] {
        let answer = acting(&[place], &["2.1.10"], Grip::Grip1).await;
        assert!(roles_of(&answer, "organisations/meldkamer-lelystad").iter().all(|role| !role.announced));
        let successor = roles_of(&answer, "organisations/meldkamer-midden-nederland");
        assert!(!successor.is_empty() && successor.iter().all(|role| role.announced), "{place}");
        let first = answer.last_resorts.iter().filter(|last| last.capability == "capabilities/dispatch-centre");
        let centres: Vec<_> = first.map(|last| (last.organisation.as_str(), last.announced)).collect();
        let expected =
            [("organisations/meldkamer-lelystad", false), ("organisations/meldkamer-midden-nederland", true)];
        assert_eq!(centres, expected, "{place}");
        let numbers = answer.last_resorts.iter().flat_map(|last| &last.contacts).flat_map(|contact| &contact.channels);
        assert!(numbers.clone().any(|channel| channel.value == "112" && channel.reachable_now));
        let gaps = gaps(&answer, GapKind::AnnouncedUnconfirmed);
        // Long past its date and the same number either way: that is for the worklist of the office.
        assert!(!gaps.iter().any(|gap| gap.message.contains("2025-06-01")), "{place}");
    }
    // Before the announced date there is one reading; before the centres merged, another centre.
    let earlier = acting_on("Huizen", "2.1.10", Grip::Grip1, "2025-05-31").await;
    assert!(gaps(&earlier, GapKind::AnnouncedUnconfirmed).is_empty());
    let naarden = acting_on("Huizen", "2.1.10", Grip::Grip1, "2020-09-14").await;
    assert!(!roles_of(&naarden, "organisations/meldkamer-naarden").is_empty());
}

#[tokio::test]
async fn a_group_a_disease_is_for_the_chair_and_leaves_the_mayor_the_general_powers() {
    for (place, mayor, chair) in [("Urk", "mayor-gm0184", "chair-vr25"), ("Huizen", "mayor-gm0406", "chair-vr14")] {
        let stating = async |circumstances: &[&str]| {
            let circumstances = circumstances.iter().map(|one| (*one).to_owned()).collect();
            let asked = question(&[place], &["6.2.10"], Grip::Unspecified);
            ask(v1::FindActingOrganisationsRequest { circumstances, ..asked }).await.unwrap()
        };
        let chair = format!("organisations/{chair}");
        let stated = stating(&["infectieziekte groep A"]).await;
        // The mayor keeps the general powers: Wpg 6(4) moves those against the disease only.
        assert!(is(who(&stated, Role::GeneralAuthority).0, &[mayor]));
        let sector_law = roles_of(&stated, &chair).into_iter().filter(|role| role.conditional.is_empty());
        assert!(sector_law.into_iter().any(|role| role.role() == Role::FunctionalAuthority), "{place}");
        let minister = roles_of(&stated, "organisations/minister-vws");
        assert!(minister.iter().any(|role| role.role() == Role::FunctionalAuthority && role.conditional.is_empty()));

        let unstated = stating(&[]).await;
        assert!(is(who(&unstated, Role::GeneralAuthority).0, &[mayor]));
        let (group_a, wider) = ("conditions/infectious-disease-group-a", "conditions/more-than-local-significance");
        let hang_on = |answer: &v1::FindActingOrganisationsResponse| -> BTreeSet<(Role, Vec<String>)> {
            let named = |role: &v1::ActingRole| role.conditional.iter().map(|one| one.name.clone()).collect();
            roles_of(answer, &chair).iter().map(|role| (role.role(), named(role))).collect()
        };
        let authority = |condition: &str| (Role::GeneralAuthority, vec![condition.to_owned()]);
        let sector = (Role::FunctionalAuthority, vec![group_a.to_owned()]);
        assert_eq!(hang_on(&unstated), [authority(wider), sector].into());

        for denial in ["not groep A", "not conditions/infectious-disease-group-a"] {
            let denied = stating(&[denial]).await;
            assert!(is(who(&denied, Role::GeneralAuthority).0, &[mayor]));
            assert_eq!(hang_on(&denied), [authority(wider)].into());
            let minister = roles_of(&denied, "organisations/minister-vws");
            assert!(minister.iter().all(|role| role.conditional.iter().all(|one| one.name != group_a)));
        }
    }
}

#[tokio::test]
async fn the_nearest_thatched_roof_team_is_found_whatever_the_border() {
    let team = "organisations/rietteam-blaricum-laren";
    for (place, nearness) in [
        ("Eemnes", v1::Nearness::Here),
        ("Baarn", v1::Nearness::Here),
        ("Almere", v1::Nearness::Here),
        ("Laren NH", v1::Nearness::Here),
    ] {
        let found = providers("rietteam", place, "2026-11-23").await;
        let first = found.first().unwrap();
        assert_eq!((first.organisation.as_str(), first.nearness()), (team, nearness), "{place}");
    }
    // Soest touches neither Blaricum nor Laren: the team is still in the list, with the arrangement that calls it.
    let soest = providers("capabilities/thatched-roof-team", "Soest", "2026-11-23").await;
    for (organisation, desk) in [(team, "desk"), ("organisations/vr09", "thatched-roof-team")] {
        let provider = soest.iter().find(|provider| provider.organisation == organisation).unwrap();
        let neighbours = provider.arrangements.iter();
        let help =
            neighbours.clone().find(|one| one.arrangement == "arrangements/thatched-roof-neighbour-help").unwrap();
        assert!(help.may_be_invoked && !help.how.is_empty());
        let contacts: Vec<&str> = provider.contacts.iter().map(|contact| contact.name.as_str()).collect();
        assert_eq!(contacts.first().copied(), Some(format!("{organisation}/contacts/{desk}").as_str()));
    }
    let stated = v1::FindActingOrganisationsRequest {
        circumstances: vec!["rieten dak".to_owned()],
        ..question(&["Blaricum"], &["2.1"], Grip::Unspecified)
    };
    let answer = ask(stated).await.unwrap();
    let functions = roles_of(&answer, team).into_iter().flat_map(|role| &role.functions);
    assert!(functions.into_iter().any(|called| called.function == "crisisFunctions/rietteam"));
}

#[tokio::test]
async fn grip_4_over_both_regions_has_two_chairs() {
    for places in [["Almere", "Gooise Meren"].as_slice(), &["Hollandse Brug"], &["Stichtse Brug"], &["A6"]] {
        let answer = acting(places, &["5.3.10"], Grip::Grip4).await;
        assert!(is(who(&answer, Role::GeneralAuthority).0, &["chair-vr14", "chair-vr25"]), "{places:?}");
        for (_, role) in with_role(&answer, Role::GeneralAuthority) {
            assert!(role.grounds.iter().any(|grounds| grounds.legal_basis.contains("Wvr 39")));
        }
    }
    let lower = acting(&["Hollandse Brug"], &["5.3.10"], Grip::Grip3).await;
    assert!(is(who(&lower, Role::GeneralAuthority).0, &["mayor-gm0034", "mayor-gm1942"]));
    let alone = acting(&["Urk"], &["1.1.30"], Grip::Grip5).await;
    assert_eq!(gaps(&alone, GapKind::OneRegion).len(), 1);
    let both = acting(&["Urk", "Huizen"], &["1.1.30"], Grip::Grip5).await;
    assert!(gaps(&both, GapKind::OneRegion).is_empty());
}

#[tokio::test]
async fn a_bridge_a_lake_and_a_motorway_are_of_every_municipality_they_touch() {
    let bridge = acting(&["Ketelbrug"], &["5.3.10"], Grip::Grip1).await;
    assert!(is(who(&bridge, Role::GeneralAuthority).0, &["mayor-gm0171", "mayor-gm0303"]));
    assert!(!roles_of(&bridge, "organisations/rws-midden-nederland").is_empty());

    let lake = acting(&["IJsselmeer"], &["5.2.30"], Grip::Grip1).await;
    let state = roles_of(&lake, "organisations/rws-midden-nederland");
    assert!(state.iter().any(|role| role.role() == Role::FunctionalAuthority), "the state has the water");
    assert!(!roles_of(&lake, "organisations/kustwacht").is_empty());
    let handed: BTreeSet<&str> = lake.handovers.iter().map(|handover| handover.organisation.as_str()).collect();
    assert!(is(handed, &["vr02", "vr10"]), "the other shores have their own regions");

    let road = acting(&["A6"], &["5.3.10"], Grip::Grip1).await;
    let units = with_role(&road, Role::FunctionalAuthority).into_iter().map(|(name, _)| name);
    assert!(is(units, &["rws-midden-nederland", "rws-west-nederland-noord"]), "two units have the road");
    assert_eq!(who(&road, Role::GeneralAuthority).0.len(), 5);
}

#[tokio::test]
async fn a_slip_of_the_pen_is_put_right_and_nonsense_suggests_nothing() {
    // One slip of the pen in a name of ours that nothing else is like is put right.
    for (words, name) in [("Emeloord", "areas/emmeloord"), ("Hilvresum", "areas/gm0402")] {
        assert_eq!(resolve(words, today()).await.unwrap().matched.unwrap().area, name, "{words}");
    }
    // One slip of the pen in a word that nothing else is like is put right.
    let slip = ask(question(&["Urk"], &["overstrooming"], Grip::Grip1)).await.unwrap();
    assert_eq!(slip.calamity_types[0].name, "calamityTypes/1-1");
    let nonsense = resolve("xyzzy", today()).await.unwrap_err();
    assert!(unresolved(&nonsense)[0].suggestions.is_empty());
}

#[tokio::test]
async fn locations_in_numbers_are_recognised_and_refused() {
    for words in ["8302 AB", "8302ab 12", "52.7, 5.75", "52° 42' N 5° 45' E", "A6 hm 80.3", "A6 80,3 Re"] {
        let status = resolve(words, today()).await.unwrap_err();
        assert_eq!(reason(&status), (Code::InvalidArgument, "LOCATION_UNSUPPORTED".to_owned()), "{words}");
    }
}

#[tokio::test]
async fn the_defence_region_changed_on_one_day() {
    for (day, command) in [("2024-06-20T23:59", "rmc-west"), ("2024-06-21", "rmc-noord")] {
        let answer = acting_on("Huizen", "1.1.10", Grip::Grip3, day).await;
        let commands = answer.acting.iter().map(|entry| entry.organisation.as_str());
        assert!(is(commands.filter(|name| name.starts_with("organisations/rmc-")), &[command]), "{day}");
        let found = providers("capabilities/defence-region", "Huizen", day).await;
        assert_eq!(found[0].organisation, format!("organisations/{command}"), "{day}");
        assert_eq!(found[0].nearness(), v1::Nearness::Here);
    }
    let flevoland = acting_on("Urk", "1.1.10", Grip::Grip3, "2024-06-20").await;
    assert!(!roles_of(&flevoland, "organisations/rmc-noord").is_empty());
}

#[tokio::test]
async fn before_its_history_begins_the_directory_says_so() {
    let answer = acting_on("Urk", "2.1.10", Grip::Grip1, "2015-12-31T23:59").await;
    let gaps_then = gaps(&answer, GapKind::HistoryIncomplete);
    let [gap] = gaps_then.as_slice() else { panic!("{gaps_then:?}") };
    assert!(gap.severity() == v1::Severity::Amber && gap.message.contains("2016-01-01"));
    let later = acting_on("Urk", "2.1.10", Grip::Grip1, "2016-01-01").await;
    assert!(gaps(&later, GapKind::HistoryIncomplete).is_empty());
}

#[tokio::test]
async fn a_comparison_says_what_a_level_adds_and_ends() {
    let question = v1::FindActingOrganisationsRequest {
        compare_grip: Some(Grip::Grip3.into()),
        ..question(&["Urk"], &["2.1.10"], Grip::Grip4)
    };
    let answer = ask(question).await.unwrap();
    let change = |organisation: &str| {
        let name = format!("organisations/{organisation}");
        let mut entries = answer.acting.iter().filter(|entry| entry.organisation == name);
        entries.next().map(v1::ActingOrganisation::change)
    };
    // The chair has the authority if the event is of more than local significance, and from GRIP 4 without that.
    assert_eq!(change("chair-vr25"), Some(v1::EntryChange::Changed));
    assert_eq!(change("cdk-flevoland"), Some(v1::EntryChange::Added));
    assert_eq!(change("mayor-gm0184"), Some(v1::EntryChange::Changed));
    assert_eq!(change("vr25"), Some(v1::EntryChange::Stays));
    assert!(answer.acting.iter().all(|entry| entry.change() != v1::EntryChange::Unspecified));

    let down = v1::FindActingOrganisationsRequest {
        compare_grip: Some(Grip::Grip4.into()),
        ..super::support::ask::question(&["Urk"], &["2.1.10"], Grip::Grip3)
    };
    let answer = ask(down).await.unwrap();
    let told = answer.acting.iter().find(|entry| entry.organisation == "organisations/cdk-flevoland").unwrap();
    assert_eq!(told.change(), v1::EntryChange::Ends);
    let plain = acting(&["Urk"], &["2.1.10"], Grip::Grip3).await;
    assert!(plain.acting.iter().all(|entry| entry.change() == v1::EntryChange::Unspecified));
}

#[tokio::test]
async fn what_moves_powers_for_one_calamity_leaves_the_mayor_the_general_ones() {
    let asked = v1::FindActingOrganisationsRequest {
        circumstances: vec!["infectieziekte groep A".to_owned()],
        ..question(&["Urk"], &["6.1", "1.1.30"], Grip::Unspecified)
    };
    let answer = ask(asked).await.unwrap();
    assert!(is(who(&answer, Role::GeneralAuthority).0, &["mayor-gm0184"]));
    let chair = roles_of(&answer, "organisations/chair-vr25").into_iter();
    let sector_law = chair.filter(|role| role.role() == Role::FunctionalAuthority && role.conditional.is_empty());
    assert_eq!(sector_law.count(), 1);
}

#[tokio::test]
async fn who_leads_under_an_unstated_circumstance_is_given_beside_who_leads_without() {
    let leads = async |circumstances: &[&str]| {
        let circumstances = circumstances.iter().map(|one| (*one).to_owned()).collect();
        let asked = question(&["Urk"], &["5.1"], Grip::Unspecified);
        let answer = ask(v1::FindActingOrganisationsRequest { circumstances, ..asked }).await.unwrap();
        let with = |hanging: bool| -> Vec<String> {
            let all = with_role(&answer, Role::OperationalLead).into_iter();
            all.filter(|(_, role)| role.conditional.is_empty() != hanging).map(|(name, _)| name.to_owned()).collect()
        };
        (with(false), with(true))
    };
    let (fire, coast) = ("organisations/brandweer-flevoland".to_owned(), "organisations/kustwacht".to_owned());
    assert_eq!(leads(&[]).await, (vec![fire.clone()], vec![coast.clone()]));
    assert_eq!(leads(&["conditions/water-surface-state"]).await, (vec![coast], vec![]));
    assert_eq!(leads(&["not conditions/water-surface-state"]).await, (vec![fire], vec![]));
}

#[tokio::test]
async fn an_exercise_is_answered_alike_and_says_that_it_is_one() {
    let real = acting(&["Urk"], &["2.1.10"], Grip::Grip2).await;
    let exercise =
        v1::FindActingOrganisationsRequest { exercise: true, ..question(&["Urk"], &["2.1.10"], Grip::Grip2) };
    let exercise = ask(exercise).await.unwrap();
    assert!(exercise.exercise && !real.exercise);
    assert_eq!(v1::FindActingOrganisationsResponse { exercise: false, ..exercise }, real);
}

#[tokio::test]
async fn the_same_answer_is_given_in_dutch_and_in_english() {
    let asked = |language: &str| v1::FindActingOrganisationsRequest {
        language_code: language.to_owned(),
        ..question(&["Ankeveen"], &["gaslek"], Grip::Unspecified)
    };
    let (dutch, english) = (ask(asked("nl")).await.unwrap(), ask(asked("en")).await.unwrap());
    assert_eq!(ask(asked("")).await.unwrap(), dutch, "Dutch unless asked otherwise");
    let order = |answer: &v1::FindActingOrganisationsResponse| -> Vec<String> {
        answer.acting.iter().map(|entry| format!("{} {}", entry.id, entry.organisation)).collect()
    };
    assert_eq!(order(&dutch), order(&english));
    let mayor = |answer: &v1::FindActingOrganisationsResponse| {
        let mut mayors = answer.acting.iter().filter(|entry| entry.organisation == "organisations/mayor-gm1696");
        mayors.next().unwrap().display_name.clone()
    };
    assert_eq!(
        (mayor(&dutch).as_str(), mayor(&english).as_str()),
        ("Burgemeester van Wijdemeren", "Mayor of Wijdemeren")
    );
    let said = |answer: &v1::FindActingOrganisationsResponse| gaps(answer, GapKind::GripAssumed)[0].message.clone();
    assert!(said(&dutch).starts_with("Geen GRIP-niveau") && said(&english).starts_with("No GRIP level"));
    let leak = ask(v1::FindActingOrganisationsRequest { calamities: vec!["gas leak".to_owned()], ..asked("en") });
    assert_eq!(leak.await.unwrap().calamity_types[0].name, english.calamity_types[0].name);
}

#[tokio::test]
async fn every_bad_field_and_every_unclear_word_is_named_at_once() {
    let bad = v1::FindActingOrganisationsRequest {
        calamities: vec![String::new(), String::new()],
        grip: 9,
        compare_grip: Some(42),
        view: 9,
        language_code: "fr".to_owned(),
        ..Default::default()
    };
    let status = ask(bad).await.unwrap_err();
    assert_eq!(reason(&status), (Code::InvalidArgument, "INVALID_FIELDS".to_owned()));
    let violations = status.get_details_bad_request().unwrap().field_violations;
    let fields: Vec<&str> = violations.iter().map(|violation| violation.field.as_str()).collect();
    let expected = ["places", "calamities[0]", "calamities[1]", "grip", "compare_grip", "view", "language_code"];
    assert_eq!(fields, expected);

    let unclear = question(&["Zwollle", "Laren", "8302 AB", "Urk"], &["brant", "9.9.9"], Grip::Grip1);
    let words = unresolved(&ask(unclear).await.unwrap_err());
    let named: Vec<_> = words.iter().map(|word| (word.field.as_str(), word.reason())).collect();
    assert_eq!(
        named,
        [
            ("places[0]", v1::ErrorReason::PlaceNotFound),
            ("places[1]", v1::ErrorReason::PlaceAmbiguous),
            ("places[2]", v1::ErrorReason::LocationUnsupported),
            ("calamities[0]", v1::ErrorReason::CalamityNotFound),
            ("calamities[1]", v1::ErrorReason::CalamityNotFound),
        ]
    );
    let both = v1::FindActingOrganisationsRequest {
        circumstances: vec!["no such thing".to_owned()],
        ..question(&["Zwollle"], &[], Grip::Grip1)
    };
    let status = ask(both).await.unwrap_err();
    assert_eq!(unresolved(&status)[0].field, "places[0]");
    assert_eq!(status.get_details_bad_request().unwrap().field_violations[0].field, "circumstances[0]");
    let localized = resolve("Laren", today()).await.unwrap_err().get_details_localized_message().unwrap();
    assert_eq!(localized.locale, "nl");
}
