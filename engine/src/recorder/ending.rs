//! Resources whose deletion has begun and waits for their finalizers.

use super::attribute::metadata;
use super::late::version_of;
use super::observe::Sighting;
use super::work::Work;

/// Tells whether a resource is being deleted: what controllers still do to it is no wish.
pub(super) fn is_ending(sighting: &Sighting) -> bool {
    !sighting.gone && !metadata(&sighting.object, "deletionTimestamp").is_empty()
}

impl Work {
    /// Keeps the record of such a resource as it is until the resource is gone, and who asked for that in mind.
    pub(super) async fn await_end(&mut self, path: &str, sighting: &Sighting) {
        let causes = self.causes(&sighting.object, false).await;
        let causes = self.enter_late(path, sighting, causes);
        let is_recorded = {
            let mut pages = self.book.pages();
            pages.held.remove(path);
            let record = pages.records.get_mut(path);
            record.map(|record| (record.live, record.seen_version) = (true, version_of(&sighting.object))).is_some()
        };
        if is_recorded && !self.ending.contains_key(&sighting.resource) {
            let gone = Sighting { gone: true, ..sighting.clone() };
            let user = self.user_of(&gone, &[]);
            self.ending.extend(user.map(|user| (sighting.resource.clone(), user)));
        }
        self.enter_unchanged(&sighting.resource, &sighting.object, causes, sighting.seen_at);
    }
}
