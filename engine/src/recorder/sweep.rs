//! Which records go because their resources are gone, and how many without a person's word.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use manifest::{Manifest, identity};
use model::Kind;
use model::history::Verb;
use serde_json::Value;

use super::attribute::Attribution;
use super::book::Record;
use super::counts::kind_part;
use super::people::{Placed, read_manifest};
use super::window::Change;
use super::work::Work;
use crate::SweepLimits;
use crate::cluster::definitions;
use crate::repository::RepositoryError;

/// Deletions within this time count together: a wrong cluster empties one kind after the other.
const TOGETHER: Duration = Duration::from_secs(600);

/// Remembers how many records were swept lately.
#[derive(Debug)]
pub(crate) struct Guard {
    limits: SweepLimits,
    swept: Vec<(Instant, usize)>,
}

/// How many records of a kind are to go, and how many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Going {
    gone: usize,
    records: usize,
}

impl Guard {
    pub(crate) fn new(limits: SweepLimits) -> Self {
        Self { limits, swept: Vec::new() }
    }

    /// Tells whether these may go without a person's word, of so many records in all, and counts them if so.
    pub(crate) fn allows(&mut self, kinds: &[Going], records: usize, now: Instant) -> bool {
        self.swept.retain(|(at, _)| now.saturating_duration_since(*at) < TOGETHER);
        let lately: usize = self.swept.iter().map(|(_, count)| count).sum();
        let count: usize = kinds.iter().map(|kind| kind.gone).sum();
        let SweepLimits { records: most, percent } = self.limits;
        // One is a large share of a small kind, and yet no sweep.
        let few = |gone: usize, of: usize| gone <= most && (gone * 100 <= of * percent || gone == 1 && percent > 0);
        // What has gone already counted among the records when it went.
        let allowed = kinds.iter().all(|kind| few(kind.gone, kind.records)) && few(count + lately, records + lately);
        if allowed && count > 0 {
            self.swept.push((now, count));
        }
        allowed
    }
}

impl Work {
    /// Deletes the records of a kind whose resources a complete list does not have, or holds them for a word.
    pub(super) async fn sweep(&mut self, kind: &Kind, present: &HashSet<String>) {
        let records = self.book.pages().counts.all();
        let gone = match self.gone_of(kind, present).await {
            Ok(gone) => gone,
            Err(error) => {
                self.miss(kind, &error);
                return;
            }
        };
        if gone.is_empty() {
            return;
        }
        // What a person deleted through Denshimon while the watch was away is no sweep.
        let (deleted, gone): (Vec<Change>, Vec<Change>) =
            gone.into_iter().partition(|change| change.causes.iter().any(|cause| cause.verb == Verb::Delete));
        for change in deleted {
            let actor = change.causes.last().map_or(model::history::Actor::Unresolved, |cause| cause.actor.clone());
            let attribution = Attribution { actor, causes: change.causes.clone(), impersonator: None };
            self.claim(&attribution);
            self.plan_deletion(&change.path);
            self.window.add(change, attribution, Instant::now());
        }
        let kinds = self.going(&gone);
        if self.guard.allows(&kinds, records, Instant::now()) {
            gone.iter().for_each(|change| self.plan_deletion(&change.path));
            self.window.add_swept(gone, None, Instant::now());
        } else {
            tracing::warn!(count = gone.len(), kind = %kind, "records wait for a person's word to be deleted");
            self.book.pages().held.extend(gone.into_iter().map(|change| change.path));
        }
    }

    /// Counts what goes by kind: with a definition go the resources of another kind.
    fn going(&self, gone: &[Change]) -> Vec<Going> {
        let cluster = self.book.folder();
        let pages = self.book.pages();
        let mut kinds: HashMap<&str, Going> = HashMap::new();
        for folder in gone.iter().filter_map(|change| kind_part(&change.path, &cluster)) {
            let records = pages.counts.of_kind(folder);
            kinds.entry(folder).or_insert(Going { gone: 0, records }).gone += 1;
        }
        kinds.into_values().collect()
    }

    /// Finds the records of a kind whose resources are gone, and with a definition those of the kind it defined: nobody
    /// can list these any more.
    async fn gone_of(&mut self, kind: &Kind, present: &HashSet<String>) -> Result<Vec<Change>, RepositoryError> {
        let mut gone = self.changes_for(kind, self.candidates(kind, present)).await?;
        if *kind == definitions() {
            let paths = gone.iter().map(|change| change.path.clone()).collect();
            for defined in self.defined_by(paths).await? {
                let candidates = self.candidates(&defined, &HashSet::new());
                gone.extend(self.changes_for(&defined, candidates).await?);
            }
        }
        Ok(gone)
    }

    /// Lists the records of a kind that are not among those that are present.
    fn candidates(&self, kind: &Kind, present: &HashSet<String>) -> Vec<String> {
        let Some(folder) = self.book.folder_of_kind(kind) else { return Vec::new() };
        let cluster = self.book.folder();
        let in_flight = self.journal.resources_in_flight();
        let unsettled = self.deferred.keys().chain(&in_flight).filter(|resource| resource.kind == *kind);
        let unsettled: HashSet<String> = unsettled.map(|resource| self.book.path_of(resource)).collect();
        let pages = self.book.pages();
        let is_candidate = |path: &String, record: &Record| {
            // What Denshimon never wrote into a person's file may not have been applied yet.
            record.blob.is_some()
                && (record.place.is_none() || record.own.is_some())
                && record.planned.is_none()
                && kind_part(path, &cluster) == Some(folder.as_str())
                && !present.contains(path)
                && !unsettled.contains(path)
                && !self.refused.contains(path)
        };
        pages.records.iter().filter(|(path, record)| is_candidate(path, record)).map(|(path, _)| path.clone()).collect()
    }

    /// Reads which kinds the recorded definitions define.
    async fn defined_by(&mut self, paths: Vec<String>) -> Result<Vec<Kind>, RepositoryError> {
        let defined = |manifest: &Manifest| {
            let text = |path| manifest.tree().pointer(path).and_then(Value::as_str);
            Some(Kind::new(text("/spec/group")?, text("/spec/names/kind")?))
        };
        let read = self.repository.read(move |git, reading| {
            paths.iter().map(|path| read_manifest(git, reading, path, None)).collect::<Result<Vec<_>, _>>()
        });
        Ok(read.await?.iter().flatten().filter_map(defined).collect())
    }

    /// Deletes what was held.
    pub(super) async fn approve(&mut self, by: String) {
        let held: Vec<String> = std::mem::take(&mut self.book.pages().held).into_iter().collect();
        match self.deletions_of(held.clone()).await {
            Ok(changes) => {
                changes.iter().for_each(|change| self.plan_deletion(&change.path));
                self.window.add_swept(changes, Some(by), Instant::now());
            }
            Err(error) => {
                tracing::error!(error = %error, "the records of what is gone cannot be read");
                self.book.pages().held.extend(held);
            }
        }
    }

    /// Keeps what was held, and does not ask again in this run.
    pub(super) fn refuse(&mut self) {
        self.refused.extend(std::mem::take(&mut self.book.pages().held));
    }

    fn plan_deletion(&self, path: &str) {
        if let Some(record) = self.book.pages().records.get_mut(path) {
            record.planned = Some(None);
            record.live = false;
        }
    }

    /// Makes the deletions of records that really hold a resource of this kind.
    async fn changes_for(&mut self, kind: &Kind, paths: Vec<String>) -> Result<Vec<Change>, RepositoryError> {
        let mut changes = self.deletions_of(paths).await?;
        changes.retain(|change| change.resource.kind == *kind);
        if self.ignored.has_whole() {
            self.keep_ignored(&mut changes).await;
        }
        for change in &mut changes {
            change.causes = self.causes_of_resource(&change.resource).await;
        }
        Ok(changes)
    }

    /// Takes back the deletion of records whose resources a rule leaves out altogether: these stay.
    async fn keep_ignored(&mut self, changes: &mut Vec<Change>) {
        let mut kept = HashSet::new();
        for change in changes.iter() {
            if self.recorded(&change.path).await.is_some_and(|record| self.ignored.whole(record.tree()).is_some()) {
                kept.insert(change.path.clone());
            }
        }
        changes.retain(|change| !kept.contains(&change.path));
    }

    async fn deletions_of(&mut self, paths: Vec<String>) -> Result<Vec<Change>, RepositoryError> {
        let (cluster, now) = (self.book.cluster.clone(), self.clock.now());
        let placed: Vec<(String, Option<Arc<Placed>>)> = {
            let pages = self.book.pages();
            let place = |path: &String| pages.records.get(path).and_then(|record| record.place.clone());
            paths.into_iter().map(|path| (path.clone(), place(&path))).collect()
        };
        let read = self.repository.read(move |git, reading| {
            let mut found = Vec::new();
            for (path, place) in placed {
                let record = read_manifest(git, reading, &path, place.as_deref())?;
                let resource = record.and_then(|record| identity(record.tree(), &cluster).ok());
                found.extend(resource.map(|resource| (path, resource)));
            }
            Ok(found)
        });
        let change = |(path, resource)| Change {
            resource,
            path,
            resource_version: String::new(),
            content: None,
            verb: Verb::Delete,
            causes: Vec::new(),
            impersonator: None,
            seen_at: now,
        };
        Ok(read.await?.into_iter().map(change).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_go_and_many_wait_for_a_word() {
        let check = |gone: usize, records: usize, all: usize, expect: bool| {
            let mut guard = Guard::new(SweepLimits::default());
            let allowed = guard.allows(&[Going { gone, records }], all, Instant::now());
            assert_eq!(allowed, expect, "{gone} of {records} of {all}");
        };
        check(20, 200, 200, true);
        check(21, 1_000, 1_000, false);
        check(1, 1, 3, true);
        check(2, 2, 100, false);
        check(6, 60, 60, true);
        check(6, 59, 100, false);
        check(0, 0, 0, true);
        // A kind that vanishes is many, however small it is beside the others.
        check(9, 9, 10_000, false);
    }

    #[test]
    fn a_person_may_set_the_limits() {
        let going = [Going { gone: 3, records: 4 }];
        let allows =
            |records, percent| Guard::new(SweepLimits { records, percent }).allows(&going, 100, Instant::now());
        assert!(!allows(0, 0) && !allows(2, 75) && !allows(3, 0) && !allows(3, 74) && allows(3, 75));
    }

    #[test]
    fn a_cluster_that_empties_kind_by_kind_is_noticed() {
        let (mut guard, now) = (Guard::new(SweepLimits::default()), Instant::now());
        let one = [Going { gone: 1, records: 1 }];
        assert!(guard.allows(&one, 10, now));
        assert!(!guard.allows(&one, 9, now + Duration::from_secs(1)));
        assert!(guard.allows(&one, 9, now + TOGETHER));
    }
}
