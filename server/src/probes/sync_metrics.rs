//! The sync engine's figures: how things stand when they are asked for, and what it counted since the start.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use engine::{KindTotals, SyncHistograms, SyncTotals};
use model::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// More kinds than these are one series, `other`: each kind costs one series in every family.
const KINDS: usize = 200;

/// How far cluster and repository are in step.
#[derive(Default)]
pub(super) struct SyncGauges {
    cluster_up: Gauge,
    remote_up: Gauge,
    waiting: Gauge,
    lag: Gauge<f64, AtomicU64>,
    ahead: Gauge,
    last_push: Gauge<f64, AtomicU64>,
    held: Gauge,
    obstructed: Gauge,
    drifted: Gauge,
    wrong_files: Gauge,
    masked_values: Gauge,
    problems: Gauge,
    records: Gauge,
    resources: Gauge,
    kinds: Gauge,
    kinds_away: Gauge,
    audit_events: Counter,
    audit_named: Counter,
    kind_objects: Family<KindLabel, Gauge>,
    kind_records: Family<KindLabel, Gauge>,
    kind_up: Family<KindLabel, Gauge>,
    kind_last_event: Family<KindLabel, Gauge<f64, AtomicU64>>,
    reading: Mutex<()>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: String,
}

impl SyncGauges {
    /// Registers all gauges, and what the engine counts itself.
    pub(super) fn register(&self, registry: &mut Registry, counted: SyncHistograms) {
        registry.register("sync_lag_seconds", "From event to commit, of the newest change", self.lag.clone());
        registry.register("audit_events", "Audit events of the API server that arrived", self.audit_events.clone());
        registry.register("audit_named_changes", "Changes whose user the audit events named", self.audit_named.clone());
        registry.register("last_push_timestamp_seconds", "When the newest push succeeded", self.last_push.clone());
        for (name, help, gauge) in [
            ("cluster_up", "1 while the cluster answers", &self.cluster_up),
            ("remote_up", "1 while commits reach the remote", &self.remote_up),
            ("waiting_changes", "Changes seen and not yet committed", &self.waiting),
            ("unpushed_commits", "Commits that the remote lacks", &self.ahead),
            ("held_deletions", "Records that wait for a word before they are deleted", &self.held),
            ("obstructed_records", "Records that cannot lie where another file is", &self.obstructed),
            ("drifted_records", "Records that say otherwise than the cluster", &self.drifted),
            ("wrong_files", "Files of the repository that a person has to put right", &self.wrong_files),
            ("masked_values", "Values that records lack since they look like credentials", &self.masked_values),
            ("sync_problems", "What keeps the sync engine from its work", &self.problems),
            ("records", "Records at the head of the repository", &self.records),
            ("watched_resources", "Resources that are followed", &self.resources),
            ("watched_kinds", "Kinds that the API server serves", &self.kinds),
            ("watched_kinds_away", "Kinds that cannot be followed now", &self.kinds_away),
        ] {
            registry.register(name, help, gauge.clone());
        }
        for (name, help, family) in [
            ("kind_objects", "Resources of a kind", &self.kind_objects),
            ("kind_records", "Records of a kind", &self.kind_records),
            ("kind_up", "1 while a kind is followed", &self.kind_up),
        ] {
            registry.register(name, help, family.clone());
        }
        let last_event = self.kind_last_event.clone();
        registry.register("kind_last_event_timestamp_seconds", "When a kind's watch last spoke", last_event);
        for (name, help, histogram) in [
            ("change_to_commit_seconds", "From a watch's event to the commit", counted.change_to_commit),
            ("commit_to_remote_seconds", "From a commit to the remote", counted.commit_to_remote),
            ("plan_duration_seconds", "Time to plan what is ready, part of commit_duration", counted.plan_duration),
            ("commit_duration_seconds", "Time to plan and write what is ready", counted.commit_duration),
            ("push_duration_seconds", "Time of a push", counted.push_duration),
        ] {
            registry.register(name, help, histogram);
        }
        registry.register("commits", "Commits that were made", counted.commits);
    }

    /// Takes over how things stand, and keeps others from doing so until it is read.
    pub(super) fn set(&self, totals: &SyncTotals) -> MutexGuard<'_, ()> {
        let alone = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        self.lag.set(totals.lag_milliseconds.map_or(f64::NAN, |milliseconds| f64::from(milliseconds) / 1000.0));
        self.audit_events.inner().store(totals.audit_events, Ordering::Relaxed);
        self.audit_named.inner().store(totals.audit_named, Ordering::Relaxed);
        self.last_push.set(seconds(totals.last_push));
        for (gauge, value) in [
            (&self.cluster_up, u64::from(totals.cluster_up)),
            (&self.remote_up, u64::from(totals.remote_up)),
            (&self.waiting, totals.waiting),
            (&self.ahead, u64::from(totals.ahead)),
            (&self.held, totals.held_deletions),
            (&self.obstructed, totals.obstructed),
            (&self.drifted, totals.drifted),
            (&self.wrong_files, totals.wrong_files),
            (&self.masked_values, totals.masked_values),
            (&self.problems, totals.problems),
            (&self.records, totals.records),
            (&self.resources, totals.resources),
            (&self.kinds, totals.kinds),
            (&self.kinds_away, totals.kinds_away),
        ] {
            gauge.set(whole(value));
        }
        self.kind_objects.clear();
        self.kind_records.clear();
        self.kind_up.clear();
        self.kind_last_event.clear();
        for kind in bounded(&totals.by_kind) {
            let label = KindLabel { kind: kind.kind };
            self.kind_objects.get_or_create(&label).set(whole(kind.objects));
            self.kind_records.get_or_create(&label).set(whole(kind.records));
            self.kind_up.get_or_create(&label).set(i64::from(kind.up));
            if kind.last_event.is_some() {
                self.kind_last_event.get_or_create(&label).set(seconds(kind.last_event));
            }
        }
        alone
    }
}

/// Adds up the kinds beyond those that have series of their own.
fn bounded(kinds: &[KindTotals]) -> Vec<KindTotals> {
    let (own, others) = kinds.split_at(kinds.len().min(KINDS));
    let sum = others.iter().cloned().reduce(|a, b| KindTotals {
        kind: a.kind,
        objects: a.objects + b.objects,
        records: a.records + b.records,
        up: a.up && b.up,
        last_event: a.last_event.max(b.last_event),
    });
    own.iter().cloned().chain(sum.map(|sum| KindTotals { kind: "other".into(), ..sum })).collect()
}

fn whole(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Since 1970; not a number when it never happened.
fn seconds(at: Option<Timestamp>) -> f64 {
    at.map_or(f64::NAN, |at| at.as_duration().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_kinds_are_few_series() {
        let kind = |number: u64| KindTotals {
            kind: format!("Kind{number}.example.org"),
            objects: 1_000 - number,
            records: 2,
            up: number != 350,
            last_event: None,
        };
        let kinds: Vec<KindTotals> = (0..400).map(kind).collect();
        let series = bounded(&kinds);
        assert_eq!(series.len(), KINDS + 1);
        let other = series.last().unwrap();
        assert_eq!((other.kind.as_str(), other.records, other.up), ("other", 400, false));
        let objects = |kinds: &[KindTotals]| kinds.iter().map(|kind| kind.objects).sum::<u64>();
        assert_eq!(objects(&series), objects(&kinds));
        assert_eq!(bounded(&kinds[..200]).len(), 200);
        assert!(bounded(&[]).is_empty());
    }
}
