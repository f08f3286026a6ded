//! When the recorder does what: closes groups, begins commits, tries again.

use std::time::{Duration, Instant};

use super::Work;

/// Commits are made together, no more often than this under load: each time costs disk syncs, a row in the store and a
/// move of the branch, however many there are.
pub(super) const ROUND: Duration = Duration::from_millis(120);
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl Work {
    /// Closes what is due, starts a commit where one can be made, and shows where things stand.
    pub(super) fn advance(&mut self) {
        let now = Instant::now();
        let listing = self.book.pages().listing();
        self.read_missed(now);
        self.window.close_due(now, listing);
        if self.next_commit().is_some_and(|at| at <= now) {
            self.commit();
        }
        if !self.waiters.is_empty() {
            // What waited for the API server's word came after them.
            self.window.close_all();
        }
        let idle = self.committing.is_none() && self.window.waiting() == 0 && self.deferred.is_empty();
        if idle || self.book.pages().stuck.is_some() {
            for done in self.waiters.drain(..) {
                // Whoever asked may have gone.
                let _ = done.send(());
            }
        }
        let waiting = self.window.waiting() + self.under_way + self.deferred.len();
        {
            let mut pages = self.book.pages();
            pages.count_drifted();
            if pages.waiting > 0 && waiting == 0 {
                pages.in_step_since = self.clock.now();
            }
            pages.waiting = waiting;
            pages.waiting_for = self.waiting_for();
        }
        self.book.figures().note_waiting(waiting);
        self.book.update_chip();
    }

    pub(super) fn wake_at(&self) -> Instant {
        let now = Instant::now();
        let due = self.window.next_due(self.book.pages().listing());
        // What is owed is paid at once after a word to go on, which takes the pause away.
        let owed = self.owed.due(now);
        let missed = (!self.missed.is_empty()).then(|| self.retry_at.unwrap_or(now));
        let again = due.into_iter().chain(owed).chain(missed).chain(self.next_commit());
        again.min().unwrap_or(now + Duration::from_secs(60)).max(now)
    }

    /// Says when what is ready may be committed; `None` while there is nothing, or a commit is under way.
    fn next_commit(&self) -> Option<Instant> {
        let free = self.committing.is_none() && self.window.has_ready();
        free.then(|| self.retry_at.map_or(self.next_round, |at| at.max(self.next_round)))
    }

    /// Does nothing for a while, longer each time.
    pub(in super::super) fn pause_after_failure(&mut self) {
        self.retry_at = Some(Instant::now() + self.pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }
}
