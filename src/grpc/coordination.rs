//! `CoordinationService`: the questions.

use std::sync::Arc;

use jiff::Timestamp;
use tonic::{Request, Response, Status};

use crate::domain::acting::{self, Question};
use crate::domain::calamity_type::CalamityType;
use crate::domain::catalogue::Capability;
use crate::domain::error::{Error, Unresolved, both};
use crate::domain::field::{Faults, Path};
use crate::domain::grip::Grip;
use crate::domain::name::Id;
use crate::domain::named;
use crate::domain::organisation::Organisation;
use crate::domain::place;
use crate::domain::questions::{self, areas, arrangements, contacts, providers, worklist};
use crate::domain::record::Resource;
use crate::domain::report;
use crate::domain::snapshot::Snapshot;
use crate::domain::text::Language;
use crate::proto::convert::{Detail, parse_timestamp, timestamp};
use crate::proto::v1;
use crate::proto::v1::coordination_service_server::CoordinationService;

use super::call::{Api, Call, settle};
use super::page_token::{self, Bookmark};

/// How many entries a page has if the request does not say: more than any answer about one place has.
const PAGE_SIZE: usize = 100;
/// How many entries a page has at most; a larger page is cut to this, as AIP-158 asks.
const MAX_PAGE_SIZE: usize = 1000;

impl Api {
    /// Permit, rules, one snapshot, language and time: what every question begins with.
    fn ask<M: prost::Message>(
        &self,
        path: &str,
        request: &Request<M>,
        language_code: &str,
        effective_time: Option<&prost_types::Timestamp>,
    ) -> Result<Asking, Status> {
        let mut call = self.begin(path, request)?;
        let at = effective_time.map_or_else(|| Some(self.edge().now()), parse_timestamp);
        if at.is_none() {
            let message = "must lie in the years -9999 to 9999";
            call.faults.add(&Path::Root.field("effective_time"), "OUT_OF_RANGE", message);
        }
        if !language_code.is_empty() {
            match Language::from_code(language_code) {
                Some(language) => call.language = language,
                None => {
                    let message = format!("'{language_code}' is not one of nl, en");
                    call.faults.add(&Path::Root.field("language_code"), "UNKNOWN_LANGUAGE", message);
                }
            }
        }
        call.checked().map_err(|error| call.refuse(&error))?;
        let snapshot = self.edge().directory().snapshot(&call.permit).map_err(|error| call.refuse(&error))?;
        // A time that is wrong was a fault.
        Ok(Asking { snapshot, at: at.unwrap_or_default(), language: call.language, call })
    }
}

/// A question that has begun: one snapshot, one time, one language.
struct Asking {
    call: Call,
    snapshot: Arc<Snapshot>,
    at: Timestamp,
    language: Language,
}

impl Asking {
    fn refuse(&self, error: &Error) -> Status {
        self.call.refuse(error)
    }

    /// The page of a list that the request asks for, in the order of the keys, and the token of the next one.
    fn page<T>(&self, items: Vec<T>, page_size: i32, key: impl Fn(&T) -> String) -> Result<(Vec<T>, String), Status> {
        let after = page_token::open(&self.call.path, &self.call.request).map_err(|error| self.refuse(&error))?;
        let mut keyed: Vec<(String, T)> = items.into_iter().map(|item| (key(&item), item)).collect();
        keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
        if let Some(after) = after {
            keyed.retain(|(key, _)| *key > after.last);
        }
        // The contract's rules refuse a negative size.
        let size = match usize::try_from(page_size) {
            Ok(0) | Err(_) => PAGE_SIZE,
            Ok(size) => size.min(MAX_PAGE_SIZE),
        };
        let more = keyed.len() > size;
        keyed.truncate(size);
        let next = keyed.last().filter(|_| more).map(|(key, _)| {
            let place = Bookmark { revision: self.snapshot.revision(), keys: Vec::new(), last: key.clone() };
            page_token::seal(&self.call.path, &self.call.request, &place)
        });
        Ok((keyed.into_iter().map(|(_, item)| item).collect(), next.unwrap_or_default()))
    }

    fn detail(&self) -> Detail {
        Detail { language: self.language, full: true, explain: false }
    }

    fn revision(&self) -> i64 {
        i64::try_from(self.snapshot.revision().0).unwrap_or(i64::MAX)
    }

    fn expire_time(&self) -> Option<prost_types::Timestamp> {
        self.snapshot.expire_time(self.at).map(timestamp)
    }

    fn places(&self, words: &[String]) -> Result<Vec<Arc<crate::domain::area::Area>>, Error> {
        questions::places(&self.snapshot, words, self.at)
    }

    fn calamity_types(&self, words: &[String]) -> Result<Vec<Arc<CalamityType>>, Error> {
        let mut unresolved = Vec::new();
        let found = acting::question::calamity_types(&self.snapshot, words, self.at, &mut unresolved);
        questions::resolved(found, unresolved)
    }

    /// The records that words name, all faults at once.
    fn named<R: Resource>(&self, field: &str, words: &[String]) -> Result<Vec<Arc<R>>, Error> {
        let root = Path::Root.field(field);
        let mut faults = Faults::default();
        let found = words
            .iter()
            .enumerate()
            .filter_map(|(index, words)| {
                named::resolve(&self.snapshot, words, self.at, &root.item(index))
                    .map_err(|fault| faults.0.push(fault))
                    .ok()
            })
            .collect();
        settle(faults).map(|()| found)
    }

    fn one_named<R: Resource>(&self, field: &str, words: &str) -> Result<Arc<R>, Error> {
        named::resolve(&self.snapshot, words, self.at, &Path::Root.field(field))
            .map_err(|fault| Error::Invalid(Faults(vec![fault])))
    }
}

#[tonic::async_trait]
impl CoordinationService for Api {
    async fn find_acting_organisations(
        &self,
        request: Request<v1::FindActingOrganisationsRequest>,
    ) -> Result<Response<v1::FindActingOrganisationsResponse>, Status> {
        let asked = request.get_ref();
        let asking = self.ask(
            "CoordinationService/FindActingOrganisations",
            &request,
            &asked.language_code,
            asked.effective_time.as_ref(),
        )?;
        let request = request.into_inner();
        let question = Question {
            grip: Grip::from(request.grip()),
            compare_grip: request.compare_grip.map(|_| Grip::from(request.compare_grip())),
            effective_time: asking.at,
            exercise: request.exercise,
            places: request.places.clone(),
            calamities: request.calamities.clone(),
            circumstances: request.circumstances.clone(),
            denied: request.denied_circumstances.clone(),
        };
        let answer = acting::answer(&asking.snapshot, &question).map_err(|error| asking.refuse(&error))?;
        let full = request.view() != v1::View::Basic;
        let detail = Detail { full, explain: request.explain, ..asking.detail() };
        Ok(Response::new(detail.answer(&asking.snapshot, &answer)))
    }

    async fn find_acting_areas(
        &self,
        request: Request<v1::FindActingAreasRequest>,
    ) -> Result<Response<v1::FindActingAreasResponse>, Status> {
        let asked = request.get_ref();
        let asking = self.ask(
            "CoordinationService/FindActingAreas",
            &request,
            &asked.language_code,
            asked.effective_time.as_ref(),
        )?;
        let request = request.into_inner();
        let named = asking.one_named::<Organisation>("organisation", &request.organisation);
        let asked = both(named, asking.calamity_types(&request.calamities));
        let (organisation, calamity_types) = asked.map_err(|error| asking.refuse(&error))?;
        let question = areas::AreasQuestion {
            organisation,
            calamity_types,
            grip: request.grip.map(|_| Grip::from(request.grip())),
            effective_time: asking.at,
        };
        let found = areas::find(&asking.snapshot, &question);
        let (page, next_page_token) = asking.page(found, request.page_size, |acting| {
            let rule = acting.rule.as_ref().map(|rule| rule.name.id()).unwrap_or_default();
            let coverage = acting.coverage.as_ref().map(|coverage| coverage.name.id()).unwrap_or_default();
            let area = acting.area.as_ref().map(|area| area.name.id()).unwrap_or_default();
            format!("{area}/{rule}/{coverage}")
        })?;
        let detail = asking.detail();
        Ok(Response::new(v1::FindActingAreasResponse {
            organisation: Some(detail.organisation(&question.organisation)),
            acting_areas: page.iter().map(|acting| detail.acting_area(&asking.snapshot, acting)).collect(),
            next_page_token,
            revision: asking.revision(),
            effective_time: Some(timestamp(asking.at)),
            expire_time: asking.expire_time(),
        }))
    }

    async fn find_contacts(
        &self,
        request: Request<v1::FindContactsRequest>,
    ) -> Result<Response<v1::FindContactsResponse>, Status> {
        let asked = request.get_ref();
        let asking = self.ask(
            "CoordinationService/FindContacts",
            &request,
            &asked.language_code,
            asked.effective_time.as_ref(),
        )?;
        let request = request.into_inner();
        let named = both(
            asking.named::<Organisation>("organisations", &request.organisations),
            asking.named("functions", &request.functions),
        );
        let asked = both(asking.places(&request.places), named);
        let (places, (organisations, functions)) = asked.map_err(|error| asking.refuse(&error))?;
        let question = contacts::ContactsQuestion {
            places,
            organisations: ids(organisations),
            functions: ids(functions),
            effective_time: asking.at,
        };
        let found = contacts::find(&asking.snapshot, &question);
        let hours = questions::next_hours_boundary(&asking.snapshot, asking.at, &found);
        let (page, next_page_token) = asking.page(found, request.page_size, |reach| reach.contact.name.to_string())?;
        let detail = asking.detail();
        Ok(Response::new(v1::FindContactsResponse {
            contacts: page.iter().map(|reach| detail.found_contact(&asking.snapshot, reach)).collect(),
            next_page_token,
            revision: asking.revision(),
            effective_time: Some(timestamp(asking.at)),
            expire_time: hours.into_iter().chain(asking.snapshot.expire_time(asking.at)).min().map(timestamp),
        }))
    }

    async fn find_arrangements(
        &self,
        request: Request<v1::FindArrangementsRequest>,
    ) -> Result<Response<v1::FindArrangementsResponse>, Status> {
        let asked = request.get_ref();
        let asking = self.ask(
            "CoordinationService/FindArrangements",
            &request,
            &asked.language_code,
            asked.effective_time.as_ref(),
        )?;
        let request = request.into_inner();
        let words = both(asking.places(&request.places), asking.calamity_types(&request.calamities));
        let asked = both(words, asking.named::<Organisation>("organisations", &request.organisations));
        let ((places, calamity_types), organisations) = asked.map_err(|error| asking.refuse(&error))?;
        let question = arrangements::ArrangementsQuestion {
            organisations: ids(organisations),
            places,
            calamity_types,
            effective_time: asking.at,
        };
        let (found, direct) = arrangements::find(&asking.snapshot, &question);
        let (page, next_page_token) =
            asking.page(found, request.page_size, |binding| binding.arrangement.name.to_string())?;
        let detail = asking.detail();
        Ok(Response::new(v1::FindArrangementsResponse {
            arrangements: page.iter().map(|binding| detail.arrangement(&asking.snapshot, binding)).collect(),
            direct_request: direct.map_or(v1::DirectRequest::Unspecified, Into::into).into(),
            next_page_token,
            revision: asking.revision(),
            effective_time: Some(timestamp(asking.at)),
            expire_time: asking.expire_time(),
        }))
    }

    async fn find_providers(
        &self,
        request: Request<v1::FindProvidersRequest>,
    ) -> Result<Response<v1::FindProvidersResponse>, Status> {
        let asked = request.get_ref();
        let asking = self.ask(
            "CoordinationService/FindProviders",
            &request,
            &asked.language_code,
            asked.effective_time.as_ref(),
        )?;
        let request = request.into_inner();
        let asked =
            both(asking.places(&request.places), asking.one_named::<Capability>("capability", &request.capability));
        let (places, capability) = asked.map_err(|error| asking.refuse(&error))?;
        let question = providers::ProvidersQuestion { capability, places, effective_time: asking.at };
        let found = providers::find(&asking.snapshot, &question);
        let reaches = found.iter().flat_map(|provider| &provider.contacts);
        let hours = questions::next_hours_boundary(&asking.snapshot, asking.at, reaches);
        let (page, next_page_token) = asking.page(found, request.page_size, |provider| {
            format!("{}{}/{}", provider.nearness as u8, u8::from(provider.announced), provider.coverage.name)
        })?;
        let detail = asking.detail();
        Ok(Response::new(v1::FindProvidersResponse {
            capability: Some(detail.capability(&question.capability)),
            providers: page.iter().map(|provider| detail.provider(&asking.snapshot, provider)).collect(),
            next_page_token,
            revision: asking.revision(),
            effective_time: Some(timestamp(asking.at)),
            expire_time: hours.into_iter().chain(asking.snapshot.expire_time(asking.at)).min().map(timestamp),
        }))
    }

    async fn find_gaps(&self, request: Request<v1::FindGapsRequest>) -> Result<Response<v1::FindGapsResponse>, Status> {
        let asked = request.get_ref();
        let asking =
            self.ask("CoordinationService/FindGaps", &request, &asked.language_code, asked.effective_time.as_ref())?;
        let request = request.into_inner();
        let named = asking.named::<Organisation>("organisations", &request.organisations);
        let asked = both(asking.places(&request.places), named);
        let (places, organisations) = asked.map_err(|error| asking.refuse(&error))?;
        let question = worklist::WorklistQuestion {
            // The contract's rules refuse a negative number.
            within_days: u32::try_from(request.within_days).unwrap_or_default(),
            places,
            organisations: ids(organisations),
            effective_time: asking.at,
        };
        let found = worklist::find(&asking.snapshot, &question);
        let (page, next_page_token) = asking.page(found, request.page_size, task_key)?;
        let detail = asking.detail();
        Ok(Response::new(v1::FindGapsResponse {
            gaps: page.iter().map(|task| detail.open_gap(task)).collect(),
            next_page_token,
            revision: asking.revision(),
            effective_time: Some(timestamp(asking.at)),
            expire_time: worklist::expire_time(&asking.snapshot, &question).map(timestamp),
        }))
    }

    async fn interpret_report(
        &self,
        request: Request<v1::InterpretReportRequest>,
    ) -> Result<Response<v1::InterpretReportResponse>, Status> {
        let asked = request.get_ref();
        let asking = self.ask(
            "CoordinationService/InterpretReport",
            &request,
            &asked.language_code,
            asked.effective_time.as_ref(),
        )?;
        let report = report::interpret(&asking.snapshot, &request.get_ref().report, asking.at);
        Ok(Response::new(v1::InterpretReportResponse {
            revision: asking.revision(),
            effective_time: Some(timestamp(asking.at)),
            ..asking.detail().report(&report)
        }))
    }

    async fn resolve_place(
        &self,
        request: Request<v1::ResolvePlaceRequest>,
    ) -> Result<Response<v1::ResolvePlaceResponse>, Status> {
        let asked = request.get_ref();
        let asking = self.ask(
            "CoordinationService/ResolvePlace",
            &request,
            &asked.language_code,
            asked.effective_time.as_ref(),
        )?;
        let request = request.into_inner();
        let matched = place::resolve(&asking.snapshot, &request.words, asking.at).map_err(|obstacle| {
            let words = request.words.clone();
            asking.refuse(&Error::Unresolved(vec![Unresolved { field: "words".to_owned(), words, obstacle }]))
        })?;
        let placed = acting::place(&asking.snapshot, &matched, asking.at);
        let detail = asking.detail();
        Ok(Response::new(v1::ResolvePlaceResponse {
            matched: Some(detail.matched(&matched)),
            kind: v1::AreaKind::from(matched.area.kind).into(),
            alternatives: matched.also.iter().map(|area| detail.area(area, false)).collect(),
            resolution: Some(detail.resolution(&placed.resolution)),
            ours: placed.ours,
            handovers: placed.handovers.iter().map(|handover| detail.handover(handover)).collect(),
            revision: asking.revision(),
            effective_time: Some(timestamp(asking.at)),
            expire_time: asking.expire_time(),
        }))
    }
}

fn ids<R: Resource>(records: Vec<Arc<R>>) -> Vec<Id<R>> {
    records.into_iter().map(|record| record.name().clone()).collect()
}

/// Worst first, then what is due first; the subject and what is said tell tasks apart.
fn task_key(task: &worklist::Task) -> String {
    let due = task.due_time.map(|due| due.to_string()).unwrap_or_default();
    let subject = task.gap.subject.as_ref().map(ToString::to_string).unwrap_or_default();
    format!("{}/{due}/{subject}/{}/{}", task.gap.severity as u8, task.gap.kind.word(), task.gap.message.en)
}
