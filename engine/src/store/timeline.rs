//! Rows of the timeline.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use model::git::CommitId;
use model::history::{HistoryEntry, Outcome, Recorded};
use model::user::Scope;
use model::{ClusterName, Page, PageRequest, ResourceRef, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Store;
use crate::Error;
use crate::ledger::Baseline;

/// Rows of a longer history are not all counted, since that reads them all: its total says that there is one more
/// than was shown.
const MOST_COUNTED: u64 = 500;
/// A transaction has to fit into the room that is kept free in the store's buffer; see [`super::embedded`].
const MOST_AT_ONCE: usize = 500;

/// One entry and what it is found by.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TimelineRow {
    #[serde(with = "text")]
    pub(crate) entry: HistoryEntry,
    /// Of the person, for their commit.
    #[serde(default)]
    pub(crate) email: Option<String>,
    /// See [`resource_key`].
    pub(crate) resource_key: String,
    pub(crate) cluster: String,
    pub(crate) namespace: Option<String>,
    /// Milliseconds since 1970, of the entry.
    pub(crate) at: i64,
    /// The object before the write: what tells whether it arrived, should the answer be lost.
    #[serde(default)]
    pub(crate) baseline: Option<Baseline>,
    /// Of the object that the write made, once Kubernetes answered.
    pub(crate) uid: Option<String>,
    pub(crate) resource_version: Option<u64>,
    pub(crate) commit: Option<String>,
    /// Started, or not linked to its commit, or without its outcome.
    pub(crate) unfinished: bool,
    /// A rollout whose end is not known yet.
    pub(crate) awaits_outcome: bool,
}

/// Names a resource in one string, as an index wants it.
pub(crate) fn resource_key(resource: &ResourceRef) -> String {
    let namespace = resource.namespace.as_ref().map_or("", |namespace| namespace.as_str());
    let (group, kind) = (&resource.kind.group, &resource.kind.kind);
    format!("{}|{group}|{kind}|{namespace}|{}", resource.cluster, resource.name)
}

impl Store {
    /// Writes rows, each in the place of the one with its id, some hundreds in one transaction.
    pub(crate) async fn put_timeline(&self, rows: &[TimelineRow]) -> Result<(), Error> {
        #[derive(Serialize)]
        struct WithId<'a> {
            id: &'a str,
            #[serde(flatten)]
            row: &'a TimelineRow,
        }
        let statements = "
            INSERT INTO timeline $rows ON DUPLICATE KEY UPDATE
                entry = $input.entry, uid = $input.uid, resource_version = $input.resource_version,
                commit = $input.commit, unfinished = $input.unfinished, awaits_outcome = $input.awaits_outcome
            RETURN NONE";
        for rows in rows.chunks(MOST_AT_ONCE) {
            let rows: Vec<WithId<'_>> = rows.iter().map(|row| WithId { id: &row.entry.id, row }).collect();
            self.transact(statements, json!({ "rows": rows })).await?;
        }
        Ok(())
    }

    /// Reads everything that is not finished.
    pub(crate) async fn unfinished_timeline(&self) -> Result<Vec<TimelineRow>, Error> {
        let statements = "SELECT * OMIT id FROM timeline WHERE unfinished = true ORDER BY at;";
        self.read(statements, json!({})).await?.rows(0)
    }

    /// Reads what belongs to commits.
    pub(crate) async fn timeline_of_commits(&self, commits: &[String]) -> Result<Vec<TimelineRow>, Error> {
        let statements = "SELECT * OMIT id FROM timeline WHERE commit IN $commits;";
        self.read(statements, json!({ "commits": commits })).await?.rows(0)
    }

    /// Tells of which resources there are rows with these commits, as pairs of commit and [`resource_key`].
    pub(crate) async fn resources_of_commits(
        &self,
        commits: &BTreeSet<&str>,
    ) -> Result<HashSet<(String, String)>, Error> {
        #[derive(Deserialize)]
        struct Row {
            commit: String,
            resource_key: String,
        }
        let statements = "SELECT commit, resource_key FROM timeline WHERE commit IN $commits;";
        let rows: Vec<Row> = self.read(statements, json!({ "commits": commits })).await?.rows(0)?;
        Ok(rows.into_iter().map(|row| (row.commit, row.resource_key)).collect())
    }

    /// Reads one page of a resource's entries, newest first.
    pub(crate) async fn timeline_of_resource(
        &self,
        resource: &ResourceRef,
        page: PageRequest,
    ) -> Result<Page<HistoryEntry>, Error> {
        self.timeline_page("resource_key", &[resource_key(resource)], page).await
    }

    /// Tells whether Kubernetes took an operation on a resource that made a later version than this of it, or, where it was
    /// not there, that was asked for after a time.
    pub(crate) async fn has_operation_after(
        &self,
        resource: &ResourceRef,
        version: Option<u64>,
        asked_at: Timestamp,
    ) -> Result<bool, Error> {
        let later = if version.is_some() { "resource_version > $version" } else { "resource_version > 0 AND at > $at" };
        let statements = format!(
            "SELECT VALUE resource_version FROM timeline
            WHERE resource_key = $key AND baseline != NONE AND {later} LIMIT 1;"
        );
        let (key, at) = (resource_key(resource), asked_at.as_millisecond());
        let found: Vec<u64> =
            self.read(&statements, json!({ "key": key, "version": version, "at": at })).await?.rows(0)?;
        Ok(!found.is_empty())
    }

    /// Reads one page of everything in a cluster that a scope covers, newest first.
    pub(crate) async fn timeline_of_scope(
        &self,
        cluster: &ClusterName,
        scope: &Scope,
        page: PageRequest,
    ) -> Result<Page<HistoryEntry>, Error> {
        match scope {
            Scope::Everywhere => self.timeline_page("cluster", &[cluster.to_string()], page).await,
            Scope::Namespaces(namespaces) => {
                let namespaces: Vec<String> = namespaces.iter().map(ToString::to_string).collect();
                self.timeline_page("namespace", &namespaces, page).await
            }
        }
    }

    /// Reads one page of the rows whose column has one of some values: each value's newest rows come from an index,
    /// the page is cut from them here.
    async fn timeline_page(
        &self,
        column: &'static str,
        values: &[String],
        page: PageRequest,
    ) -> Result<Page<HistoryEntry>, Error> {
        #[derive(Deserialize)]
        struct Row {
            #[serde(with = "text")]
            entry: HistoryEntry,
        }
        #[derive(Deserialize)]
        struct Count {
            total: u64,
        }
        let page = page.clamped();
        // A single value's page is cut by the database.
        let (offset, start) = if values.len() == 1 { (0, page.offset()) } else { (page.offset(), 0) };
        let limit = page.size as usize + offset;
        let mut statements = String::new();
        let mut variables = json!({ "limit": limit, "start": start, "most": MOST_COUNTED });
        for (number, value) in values.iter().enumerate() {
            statements += &format!(
                "SELECT entry, at FROM timeline WHERE {column} = $value{number} ORDER BY at DESC LIMIT $limit START $start;
                SELECT count() AS total FROM (SELECT at FROM timeline WHERE {column} = $value{number} LIMIT $most) GROUP ALL;"
            );
            if let Some(variables) = variables.as_object_mut() {
                variables.insert(format!("value{number}"), value.as_str().into());
            }
        }
        let mut entries = Vec::new();
        let mut total = 0;
        if !values.is_empty() {
            let mut answers = self.read(&statements, variables).await?;
            for number in 0..values.len() {
                entries.extend(answers.rows::<Row>(2 * number)?.into_iter().map(|row| row.entry));
                total += answers.row::<Count>(2 * number + 1)?.map_or(0, |count| count.total);
            }
        }
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
        let items: Vec<HistoryEntry> = entries.into_iter().skip(offset).take(page.size as usize).collect();
        let seen = (page.offset() + items.len()) as u64;
        let more = u64::from(total >= MOST_COUNTED && items.len() == page.size as usize);
        Ok(Page { items, total: total.max(seen + more), number: page.number, size: page.size, searched: None })
    }
}

impl TimelineRow {
    /// Makes the row of an entry.
    pub(crate) fn new(entry: HistoryEntry) -> Self {
        Self {
            resource_key: resource_key(&entry.resource),
            cluster: entry.resource.cluster.to_string(),
            namespace: entry.resource.namespace.as_ref().map(ToString::to_string),
            at: entry.at.as_millisecond(),
            email: None,
            baseline: None,
            uid: None,
            resource_version: None,
            commit: None,
            unfinished: false,
            awaits_outcome: false,
            entry,
        }
    }

    /// Says what became of the record, and whether anything is left to wait for.
    pub(crate) fn set_recorded(&mut self, recorded: Recorded) {
        self.commit = match &recorded {
            Recorded::Commit { id, .. } => Some(id.to_string()),
            _ => None,
        };
        self.unfinished = recorded == Recorded::Waiting || self.awaits_outcome;
        self.entry.recorded = recorded;
    }

    /// Says how the rollout ended.
    pub(crate) fn set_outcome(&mut self, outcome: Outcome) {
        self.entry.outcome = Some(outcome);
        self.awaits_outcome = false;
        self.unfinished = self.entry.recorded == Recorded::Waiting;
    }

    /// Puts another commit in the place of a rewritten one.
    pub(crate) fn rewrite(&mut self, rewrites: &BTreeMap<String, CommitId>) {
        let Recorded::Commit { id, pushed } = &self.entry.recorded else { return };
        if let Some(new) = rewrites.get(id.as_str()) {
            let recorded = Recorded::Commit { id: new.clone(), pushed: *pushed };
            self.set_recorded(recorded);
        }
    }
}

/// Entries are stored as text: the database only carries them, and reads a page of them several times faster so.
mod text {
    use model::history::HistoryEntry;
    use serde::de::{Deserialize, Deserializer, Error as _};
    use serde::ser::{Error as _, Serializer};

    pub(super) fn serialize<S: Serializer>(entry: &HistoryEntry, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&serde_json::to_string(entry).map_err(S::Error::custom)?)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HistoryEntry, D::Error> {
        serde_json::from_str(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
