//! Changes whose records cannot be written, since somebody else's file is in the way or cannot be edited.

use super::book::Obstacle;
use super::window::Group;
use super::work::Work;

impl Work {
    /// Goes on without a change that cannot be written, and keeps it until a person says that the way is free.
    pub(super) fn leave_out(&mut self, mut groups: Vec<Group>, path: &str, what: String, remedy: &'static str) {
        tracing::error!(path, what, "a record cannot be written");
        for apart in groups.iter_mut().filter_map(|group| group.split(path)) {
            self.obstructed.entry(path.to_owned()).or_default().push(apart);
        }
        groups.retain(|group| !group.changes.is_empty());
        self.window.put_back(groups);
        let since = self.clock.now();
        let mut pages = self.book.pages();
        if let Some(record) = pages.records.get_mut(path) {
            record.planned = None;
            // It was not taken in after all: the next state has to fulfil its operations.
            record.seen_version = record.written_version;
        }
        pages.obstructed.entry(path.to_owned()).or_insert(Obstacle { what, remedy, since });
    }

    /// Notes records that a replay could not take along.
    pub(super) fn note_obstructed(&mut self, paths: Vec<String>) {
        let since = self.clock.now();
        let mut pages = self.book.pages();
        for path in paths {
            let (what, remedy) = in_the_way(&path);
            pages.obstructed.insert(path, Obstacle { what, remedy, since });
        }
    }

    /// Forgets kept changes, since a newer state of the resource was seen; it fulfils their operations, too.
    pub(super) fn supersede(&mut self, path: &str, gone: bool) {
        for group in self.obstructed.remove(path).into_iter().flatten() {
            for cause in group.changes.values().flat_map(|change| &change.causes) {
                self.claimed.remove(&cause.id);
            }
        }
        if gone {
            self.book.pages().obstructed.remove(path);
        }
    }

    /// Tries once more what could not be recorded.
    pub(super) fn try_obstructed(&mut self) {
        let groups: Vec<Group> = self.obstructed.drain().flat_map(|(_, groups)| groups).collect();
        let mut pages = self.book.pages();
        // Of what a replay could not take along nothing is kept but where it belongs.
        let kept = |path: &str| groups.iter().any(|group| group.changes.contains_key(path));
        let forgotten = std::mem::take(&mut pages.obstructed).into_iter().filter(|(path, _)| !kept(path));
        let forgotten: Vec<String> = forgotten.map(|(path, _)| path).collect();
        for (path, change) in groups.iter().flat_map(|group| &group.changes) {
            pages.records.entry(path.clone()).or_default().planned =
                Some(change.content.as_ref().map(|content| content.blob));
        }
        drop(pages);
        self.window.put_back(groups);
        self.lister.read_again(self.book.kinds_at(&forgotten));
    }

    /// Lets the cluster's state come over what others have committed: the kinds are listed again, and no record is known
    /// as it was last written.
    pub(super) fn record_again(&mut self) {
        let mut drifted = Vec::new();
        for (path, record) in self.book.pages().records.iter_mut().filter(|(_, record)| record.drifted) {
            record.own = None;
            drifted.push(path.clone());
        }
        self.lister.read_again(self.book.kinds_at(&drifted));
    }
}

/// Says that something else lies where a record should, and what to do.
pub(super) fn in_the_way(path: &str) -> (String, &'static str) {
    let what = format!("No record can lie at {path}: another file or folder is in the way.");
    (what, "Move that file away in the repository. The resource is recorded when it next changes.")
}
