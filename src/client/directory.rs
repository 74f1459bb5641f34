//! The directory as a whole: its state, many changes as one, its history, import and export.
//!
//! **Invariants.** Every write leaves with a request id, the caller's or one made here, the same for every attempt.

use std::sync::Arc;

use super::{Client, Error, Messages};
use crate::proto::v1;

/// The directory as a whole.
///
/// # Errors
/// [`Error::Refused`] with a reason; for a write that did not go through, nothing was changed. After
/// [`Error::Lost`] and [`Error::TooLate`] it is not known whether a write was done: repeat it with the same request
/// id, and it is done once.
impl Client {
    /// The state of the directory: its revision, what it holds, how old the dataset is.
    ///
    /// ```no_run
    /// # async fn example(client: crisisgids::client::Client) -> Result<(), crisisgids::client::Error> {
    /// let directory = client.get_directory().await?;
    /// println!("revision {}, dataset of {}", directory.revision, directory.dataset_date);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_directory(&self) -> Result<v1::Directory, Error> {
        self.ask("/crisisgids.v1.DirectoryService/GetDirectory", v1::GetDirectoryRequest {}).await
    }

    /// Makes up to 500 changes of any collections as one revision: all of them or none.
    ///
    /// ```no_run
    /// # async fn example(client: crisisgids::client::Client) -> Result<(), crisisgids::client::Error> {
    /// use crisisgids::proto::v1::{ApplyChangesRequest, Change, RecordDeletion, change};
    ///
    /// let name = "organisations/waternet/coverages/drinking-water-muiden".to_owned();
    /// let deletion = change::Change::Delete(RecordDeletion { name, ..Default::default() });
    /// let request = ApplyChangesRequest {
    ///     changes: vec![Change { change: Some(deletion) }],
    ///     validate_only: true,
    ///     ..Default::default()
    /// };
    /// for diff in client.apply_changes(request).await?.diffs {
    ///     println!("{:?} {}", diff.kind(), diff.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn apply_changes(&self, mut request: v1::ApplyChangesRequest) -> Result<v1::ApplyChangesResponse, Error> {
        identify(&mut request.request_id);
        self.ask("/crisisgids.v1.DirectoryService/ApplyChanges", request).await
    }

    /// Takes a whole set of records, of any size, as one revision. The answer is progress, then the diff, then the
    /// result; without the result nothing is certain, and the import may be repeated with the same request id.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     client: crisisgids::client::Client,
    /// #     records: Vec<crisisgids::proto::v1::Record>,
    /// # ) -> Result<(), crisisgids::client::Error> {
    /// use crisisgids::proto::v1::{ImportOptions, import_changes_response::Part};
    ///
    /// let options = ImportOptions { change_reason: "quarterly review".to_owned(), ..Default::default() };
    /// let mut answer = client.import_changes(options, records).await?;
    /// while let Some(message) = answer.next().await? {
    ///     match message.part {
    ///         Some(Part::Progress(progress)) => println!("{} records", progress.record_count),
    ///         Some(Part::Diff(diff)) => println!("{:?} {}", diff.kind(), diff.name),
    ///         Some(Part::Result(result)) => println!("revision {}", result.revision),
    ///         None => {}
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn import_changes(
        &self,
        mut options: v1::ImportOptions,
        records: impl IntoIterator<Item = v1::Record>,
    ) -> Result<Messages<v1::ImportChangesResponse>, Error> {
        use v1::import_changes_request::Part;
        identify(&mut options.request_id);
        let parts = std::iter::once(Part::Options(options)).chain(records.into_iter().map(Part::Record));
        let requests: Arc<[_]> = parts.map(|part| v1::ImportChangesRequest { part: Some(part) }).collect();
        self.stream("/crisisgids.v1.DirectoryService/ImportChanges", requests).await
    }

    /// Who changed what, when and why, oldest first. One page.
    ///
    /// ```no_run
    /// # async fn example(client: crisisgids::client::Client) -> Result<(), crisisgids::client::Error> {
    /// use crisisgids::proto::v1::ListChangesRequest;
    ///
    /// let name = "organisations/waternet".to_owned();
    /// for change in client.list_changes(ListChangesRequest { name, ..Default::default() }).await?.changes {
    ///     println!("{} {}: {}", change.revision, change.principal, change.change_reason);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_changes(&self, request: v1::ListChangesRequest) -> Result<v1::ListChangesResponse, Error> {
        self.ask("/crisisgids.v1.DirectoryService/ListChanges", request).await
    }

    /// Takes one accepted write back, as a new revision.
    ///
    /// ```no_run
    /// # async fn example(client: crisisgids::client::Client) -> Result<(), crisisgids::client::Error> {
    /// use crisisgids::proto::v1::RevertChangeRequest;
    ///
    /// let request = RevertChangeRequest { revision: 7, validate_only: true, ..Default::default() };
    /// for diff in client.revert_change(request).await?.diffs {
    ///     println!("{:?} {}", diff.kind(), diff.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn revert_change(&self, mut request: v1::RevertChangeRequest) -> Result<v1::RevertChangeResponse, Error> {
        identify(&mut request.request_id);
        self.ask("/crisisgids.v1.DirectoryService/RevertChange", request).await
    }

    /// Every record, all of one revision, those named before those that name them.
    ///
    /// ```no_run
    /// # async fn example(client: crisisgids::client::Client) -> Result<(), crisisgids::client::Error> {
    /// let mut records = Vec::new();
    /// let mut copy = client.export_directory().await?;
    /// while let Some(message) = copy.next().await? {
    ///     records.extend(message.record);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn export_directory(&self) -> Result<Messages<v1::ExportDirectoryResponse>, Error> {
        let request = Arc::new([v1::ExportDirectoryRequest {}]);
        self.stream("/crisisgids.v1.DirectoryService/ExportDirectory", request).await
    }
}

/// Gives a write a request id, unless it has one.
pub(super) fn identify(request_id: &mut String) {
    if request_id.is_empty() {
        *request_id = uuid::Uuid::new_v4().to_string();
    }
}
