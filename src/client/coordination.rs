//! The questions: one method for each.
//!
//! **Invariants.** A question is sent as it was put, and answered as the server answered it.

use super::{Client, Error};
use crate::proto::v1;

/// The questions. Each is answered from one revision, says which, and says until when the answer stays the same.
///
/// # Errors
/// [`Error::Refused`] with a reason: words without one meaning come with candidates or suggestions in
/// [`Error::unresolved`], wrong fields in [`Error::violations`]. The others say what happened on the way.
impl Client {
    /// Who acts here, by what right, and how do I reach them?
    ///
    /// ```no_run
    /// # async fn example(client: crisisgids::client::Client) -> Result<(), crisisgids::client::Error> {
    /// use crisisgids::domain::error::Reason;
    /// use crisisgids::proto::v1::FindActingOrganisationsRequest;
    ///
    /// let question = FindActingOrganisationsRequest {
    ///     places: vec!["Laren".to_owned()],
    ///     calamities: vec!["gaslek".to_owned()],
    ///     ..Default::default()
    /// };
    /// match client.find_acting_organisations(question).await {
    ///     Ok(answer) => answer.acting.iter().for_each(|entry| println!("{}", entry.display_name)),
    ///     Err(error) if error.reason() == Some(Reason::PlaceAmbiguous) => {
    ///         for candidate in error.unresolved().iter().flat_map(|word| &word.candidates) {
    ///             println!("did you mean {} ({})?", candidate.display_name, candidate.within);
    ///         }
    ///     }
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn find_acting_organisations(
        &self,
        request: v1::FindActingOrganisationsRequest,
    ) -> Result<v1::FindActingOrganisationsResponse, Error> {
        self.ask("/crisisgids.v1.CoordinationService/FindActingOrganisations", request).await
    }

    /// Where, and for what, does this organisation act? One page.
    ///
    /// ```no_run
    /// # async fn example(client: crisisgids::client::Client) -> Result<(), crisisgids::client::Error> {
    /// use crisisgids::proto::v1::FindActingAreasRequest;
    ///
    /// let mut question = FindActingAreasRequest { organisation: "Waternet".to_owned(), ..Default::default() };
    /// loop {
    ///     let page = client.find_acting_areas(question.clone()).await?;
    ///     for area in page.acting_areas.iter().filter_map(|acting| acting.area.as_ref()) {
    ///         println!("{}", area.display_name);
    ///     }
    ///     if page.next_page_token.is_empty() {
    ///         break;
    ///     }
    ///     question.page_token = page.next_page_token;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn find_acting_areas(
        &self,
        request: v1::FindActingAreasRequest,
    ) -> Result<v1::FindActingAreasResponse, Error> {
        self.ask("/crisisgids.v1.CoordinationService/FindActingAreas", request).await
    }

    /// How are these organisations, or these functions, reached here? One page.
    ///
    /// ```no_run
    /// # async fn example(client: crisisgids::client::Client) -> Result<(), crisisgids::client::Error> {
    /// use crisisgids::proto::v1::FindContactsRequest;
    ///
    /// let question = FindContactsRequest { places: vec!["Urk".to_owned()], ..Default::default() };
    /// for contact in client.find_contacts(question).await?.contacts.iter().filter_map(|found| found.contact.as_ref()) {
    ///     let channel = contact.channels.iter().find(|channel| channel.reachable_now && !channel.placeholder);
    ///     println!("{}: {}", contact.display_name, channel.map_or("number not public", |channel| &channel.value));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn find_contacts(&self, request: v1::FindContactsRequest) -> Result<v1::FindContactsResponse, Error> {
        self.ask("/crisisgids.v1.CoordinationService/FindContacts", request).await
    }

    /// What is agreed between these, here, for this? One page.
    ///
    /// ```no_run
    /// # async fn example(client: crisisgids::client::Client) -> Result<(), crisisgids::client::Error> {
    /// use crisisgids::proto::v1::{DirectRequest, FindArrangementsRequest};
    ///
    /// let organisations = vec!["Veiligheidsregio Flevoland".to_owned(), "Veiligheidsregio Gooi en Vechtstreek".to_owned()];
    /// let answer = client.find_arrangements(FindArrangementsRequest { organisations, ..Default::default() }).await?;
    /// if answer.direct_request() == DirectRequest::Permitted {
    ///     println!("one may ask the other directly");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn find_arrangements(
        &self,
        request: v1::FindArrangementsRequest,
    ) -> Result<v1::FindArrangementsResponse, Error> {
        self.ask("/crisisgids.v1.CoordinationService/FindArrangements", request).await
    }

    /// Who has this capability at or nearest to this place, and by which arrangement may it be called? One page.
    ///
    /// ```no_run
    /// # async fn example(client: crisisgids::client::Client) -> Result<(), crisisgids::client::Error> {
    /// use crisisgids::proto::v1::FindProvidersRequest;
    ///
    /// let question = FindProvidersRequest {
    ///     capability: "capabilities/thatched-roof-team".to_owned(),
    ///     places: vec!["Blaricum".to_owned()],
    ///     ..Default::default()
    /// };
    /// if let Some(nearest) = client.find_providers(question).await?.providers.first() {
    ///     println!("{} ({:?})", nearest.display_name, nearest.nearness());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn find_providers(&self, request: v1::FindProvidersRequest) -> Result<v1::FindProvidersResponse, Error> {
        self.ask("/crisisgids.v1.CoordinationService/FindProviders", request).await
    }

    /// What is missing, stale or ending, and by when? One page.
    ///
    /// ```no_run
    /// # async fn example(client: crisisgids::client::Client) -> Result<(), crisisgids::client::Error> {
    /// use crisisgids::proto::v1::FindGapsRequest;
    ///
    /// let page = client.find_gaps(FindGapsRequest { within_days: 90, ..Default::default() }).await?;
    /// page.gaps.iter().filter_map(|open| open.gap.as_ref()).for_each(|gap| println!("{}", gap.message));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn find_gaps(&self, request: v1::FindGapsRequest) -> Result<v1::FindGapsResponse, Error> {
        self.ask("/crisisgids.v1.CoordinationService/FindGaps", request).await
    }

    /// Which area do these words mean, what does it lie within, and whose is it?
    ///
    /// ```no_run
    /// # async fn example(client: crisisgids::client::Client) -> Result<(), crisisgids::client::Error> {
    /// use crisisgids::proto::v1::ResolvePlaceRequest;
    ///
    /// let question = ResolvePlaceRequest { words: "Ketelbrug".to_owned(), ..Default::default() };
    /// for municipality in client.resolve_place(question).await?.resolution.unwrap_or_default().municipalities {
    ///     println!("{} ({})", municipality.display_name, municipality.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn resolve_place(&self, request: v1::ResolvePlaceRequest) -> Result<v1::ResolvePlaceResponse, Error> {
        self.ask("/crisisgids.v1.CoordinationService/ResolvePlace", request).await
    }

    /// What does the text of an alarm say? Its pieces, what stayed unread, and the question that follows.
    ///
    /// ```no_run
    /// # async fn example(client: crisisgids::client::Client) -> Result<(), crisisgids::client::Error> {
    /// use crisisgids::proto::v1::{InterpretReportRequest, ReportStatus};
    ///
    /// let report = "P 1 BR woning (rieten dak) Huizen GRIP 1".to_owned();
    /// let read = client.interpret_report(InterpretReportRequest { report, ..Default::default() }).await?;
    /// if read.status() == ReportStatus::New && let Some(question) = read.question {
    ///     let answer = client.find_acting_organisations(question).await?;
    ///     answer.acting.iter().for_each(|entry| println!("{}", entry.display_name));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn interpret_report(
        &self,
        request: v1::InterpretReportRequest,
    ) -> Result<v1::InterpretReportResponse, Error> {
        self.ask("/crisisgids.v1.CoordinationService/InterpretReport", request).await
    }
}
