//! One resource's record on a page of its own, whatever its kind: where it stands, what it says, its newest commits.

use manifest::{MASKED, lacks_values, mask, render_tree, replace_credentials};
use model::git::{CommitQuery, CommitSummary};
use model::record::{RecordDetail, RecordRef};
use model::{PageRequest, ResourceRef};

use super::book::Book;
use super::commits::{LACKS_VALUES, unreadable, without_secrets};
use super::people::read_manifest;
use crate::rights::{Action, check_in};
use crate::{Caller, Engine, Error};

/// So many of its newest commits are told.
const COMMITS: u32 = 10;

/// A record's text as it may be shown.
struct Shown {
    text: String,
    /// It says of values that they are not recorded.
    lacks_values: bool,
}

impl Engine {
    /// Reads where a resource's record stands, what it says at the head, and its newest commits.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a resource that has no record and is not in the cluster, or of a kind that is not
    /// followed, as for one that the caller may not see; [`Error::Unavailable`] when the repository or the cluster
    /// cannot be asked.
    pub async fn read_record(&self, caller: &Caller, target: &RecordRef) -> Result<RecordDetail, Error> {
        let what = format!("record of {target}");
        check_in(caller, Action::SeeResources, target.namespace.as_ref(), &what)?;
        let resource = target.within(&self.parts.config.cluster.name);
        let made = if self.parts.recorder.book.remembers(&resource) {
            None
        } else {
            // Nothing is remembered of what is neither recorded nor to be: the cluster says whether it is there.
            self.be_complete()?;
            let live = self.parts.cluster.read(&resource).await;
            let live = live.map_err(|error| Error::unavailable("the cluster", error))?;
            self.parts.ignored.made(&live.ok_or(Error::NotFound { what })?).map(|rule| rule.reason)
        };
        let mut record = self.record_of(&resource, made);
        let shown = self.shown_record(&resource).await?;
        if shown.as_ref().is_some_and(|shown| shown.lacks_values) {
            record.incomplete.get_or_insert_with(|| LACKS_VALUES.into());
        }
        let commits = self.newest_commits(caller, record.path.as_deref()).await?;
        Ok(RecordDetail { resource, record, text: shown.map(|shown| shown.text), commits })
    }

    /// Reads a record at the head; what lies there and is no record is shown as the pages of commits show it.
    async fn shown_record(&self, resource: &ResourceRef) -> Result<Option<Shown>, Error> {
        let book = &self.parts.recorder.book;
        let path = book.path_of(resource);
        let place = book.pages().records.get(&path).and_then(|record| record.place.clone());
        let is_own = place.is_none();
        let read = self.parts.repository.read(move |git, reading| {
            let own = if is_own { reading.record_text(git, &path)? } else { None };
            Ok((read_manifest(git, reading, &path, place.as_deref())?, own))
        });
        let (manifest, own) = read.await.map_err(unreadable)?;
        let text = match manifest {
            Some(manifest) => {
                let mut tree = if is_own { manifest.into_tree() } else { mask(manifest.tree()) };
                // Where a person wrote them, they are in clear.
                replace_credentials(&mut tree, |rule| self.parts.sealer.is_on(rule), |_, _| MASKED.to_owned());
                Some(render_tree(&tree))
            }
            None => own.as_deref().and_then(without_secrets),
        };
        Ok(text.map(|text| Shown { text, lacks_values: own.as_deref().is_some_and(lacks_values) }))
    }

    async fn newest_commits(&self, caller: &Caller, path: Option<&str>) -> Result<Vec<CommitSummary>, Error> {
        let Some(path) = path else { return Ok(Vec::new()) };
        let page = PageRequest { number: 1, size: COMMITS };
        let query = CommitQuery { path: Some(path.to_owned()), page, ..CommitQuery::default() };
        Ok(self.list_commits(caller, &query).await?.items)
    }
}

impl Book {
    /// Tells whether there is a record of a resource, or is to be, or a rule leaves it out that people made.
    fn remembers(&self, resource: &ResourceRef) -> bool {
        let path = self.path_of(resource);
        let pages = self.pages();
        let record = pages.records.get(&path);
        record.is_some_and(|record| record.blob.is_some() || record.planned.is_some() || record.live)
    }
}
