//! Rows of the timeline.

use std::collections::BTreeMap;

use model::git::CommitId;
use model::history::{HistoryEntry, Outcome, Recorded};
use model::user::Scope;
use model::{Page, PageRequest, ResourceRef};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Store;
use crate::Error;

/// One entry and what it is found by.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TimelineRow {
    pub(crate) entry: HistoryEntry,
    /// See [`resource_key`].
    pub(crate) resource_key: String,
    pub(crate) namespace: Option<String>,
    /// Milliseconds since 1970, of the entry.
    pub(crate) at: i64,
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
    /// Writes rows, each in the place of the one with its id, all or none.
    pub(crate) async fn put_timeline(&self, rows: &[TimelineRow]) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let statements = "FOR $row IN $rows { UPSERT type::record('timeline', $row.entry.id) CONTENT $row }";
        self.transact(statements, json!({ "rows": rows })).await
    }

    /// Reads everything that is not finished.
    pub(crate) async fn unfinished_timeline(&self) -> Result<Vec<TimelineRow>, Error> {
        let statements = "SELECT * OMIT id FROM timeline WHERE unfinished = true ORDER BY at;";
        self.run(statements, json!({})).await?.rows(0)
    }

    /// Reads what belongs to commits.
    pub(crate) async fn timeline_of_commits(&self, commits: &[String]) -> Result<Vec<TimelineRow>, Error> {
        let statements = "SELECT * OMIT id FROM timeline WHERE commit IN $commits;";
        self.run(statements, json!({ "commits": commits })).await?.rows(0)
    }

    /// Reads one page of a resource's entries, newest first.
    pub(crate) async fn timeline_of_resource(
        &self,
        resource: &ResourceRef,
        page: PageRequest,
    ) -> Result<Page<HistoryEntry>, Error> {
        let statements = "
            SELECT entry, at FROM timeline WHERE resource_key = $key ORDER BY at DESC LIMIT $size START $offset;
            SELECT count() AS total FROM timeline WHERE resource_key = $key GROUP ALL;";
        self.timeline_page(statements, json!({ "key": resource_key(resource) }), page).await
    }

    /// Reads one page of everything that a scope covers, newest first.
    pub(crate) async fn timeline_of_scope(
        &self,
        scope: &Scope,
        page: PageRequest,
    ) -> Result<Page<HistoryEntry>, Error> {
        match scope {
            Scope::Everywhere => {
                let statements = "
                    SELECT entry, at FROM timeline ORDER BY at DESC LIMIT $size START $offset;
                    SELECT count() AS total FROM timeline GROUP ALL;";
                self.timeline_page(statements, json!({}), page).await
            }
            Scope::Namespaces(namespaces) => {
                let statements = "
                    SELECT entry, at FROM timeline WHERE namespace IN $namespaces
                        ORDER BY at DESC LIMIT $size START $offset;
                    SELECT count() AS total FROM timeline WHERE namespace IN $namespaces GROUP ALL;";
                self.timeline_page(statements, json!({ "namespaces": namespaces }), page).await
            }
        }
    }

    async fn timeline_page(
        &self,
        statements: &str,
        mut variables: serde_json::Value,
        page: PageRequest,
    ) -> Result<Page<HistoryEntry>, Error> {
        #[derive(Deserialize)]
        struct Row {
            entry: HistoryEntry,
        }
        #[derive(Deserialize)]
        struct Count {
            total: u64,
        }
        let page = page.clamped();
        if let Some(variables) = variables.as_object_mut() {
            variables.insert("size".into(), page.size.into());
            variables.insert("offset".into(), page.offset().into());
        }
        let mut answers = self.run(statements, variables).await?;
        let rows: Vec<Row> = answers.rows(0)?;
        let total = answers.row::<Count>(1)?.map_or(0, |count| count.total);
        let items = rows.into_iter().map(|row| row.entry).collect();
        Ok(Page { items, total, number: page.number, size: page.size })
    }
}

impl TimelineRow {
    /// Makes the row of an entry.
    pub(crate) fn new(entry: HistoryEntry) -> Self {
        Self {
            resource_key: resource_key(&entry.resource),
            namespace: entry.resource.namespace.as_ref().map(ToString::to_string),
            at: entry.at.as_millisecond(),
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
