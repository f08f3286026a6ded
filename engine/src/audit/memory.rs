//! The audited writes of late, and which of them made a change.

use std::collections::VecDeque;
use std::time::Duration;

use kube::core::{ApiResource, GroupVersionKind};
use model::sync::AuditStatus;
use model::{ResourceRef, Timestamp};

use super::event::{Does, Write};
use super::{ClusterUser, KEPT, is_older};

/// About 5 MB.
const MOST: usize = 10_000;
/// What no manager's note speaks of is explained by requests of this age alone.
const RECENT: Duration = Duration::from_secs(30);

/// Where an object is, in the API server's own terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(super) group: String,
    pub(super) plural: String,
    pub(super) namespace: String,
    pub(super) name: String,
}

/// A change whose user is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) place: Place,
    pub(crate) uid: String,
    pub(crate) version: u64,
    pub(crate) gone: bool,
    /// The newest there is.
    pub(crate) noted: Option<Noted>,
    /// The same of versions that followed.
    pub(crate) later: Vec<Noted>,
}

/// When field managers took fields, in whole seconds of the API server, and which ones did.
pub(crate) type Noted = (Timestamp, Vec<String>);

/// Whether more events may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    Waiting,
    Over,
}

/// What the events say of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// By the write of this number.
    By(usize),
    /// Several may have done it, or no person did.
    Nobody,
    /// No event speaks of it.
    NotYet,
}

/// The newest writes; what is too many or too old goes first.
#[derive(Debug, Default)]
pub(super) struct Memory {
    writes: VecDeque<Known>,
    events: u64,
    named: u64,
    last_event: Option<Timestamp>,
    trouble: Option<String>,
}

#[derive(Clone, Debug)]
struct Known {
    write: Write,
    person: bool,
    arrived: Timestamp,
    /// A change was explained by it.
    used: bool,
}

impl Place {
    /// Returns where a resource is; the plural is Kubernetes' usual one unless it is known.
    pub(crate) fn of(resource: &ResourceRef, plural: Option<&str>) -> Self {
        let kind = GroupVersionKind::gvk(&resource.kind.group, "v1", &resource.kind.kind);
        Self {
            plural: plural.map_or_else(|| ApiResource::from_gvk(&kind).plural, ToOwned::to_owned),
            group: kind.group,
            namespace: resource.namespace.as_ref().map(ToString::to_string).unwrap_or_default(),
            name: resource.name.to_string(),
        }
    }
}

impl Memory {
    /// Remembers a write.
    pub(super) fn put(&mut self, write: Write, person: bool, now: Timestamp) {
        self.writes.push_back(Known { write, person, arrived: now, used: false });
        let too_old = |known: &Known| is_older(known.arrived, KEPT, now);
        while self.writes.len() > MOST || self.writes.front().is_some_and(too_old) {
            self.writes.pop_front();
        }
    }

    /// Counts events that came together.
    pub(super) fn count(&mut self, events: usize, now: Timestamp) {
        if events > 0 {
            self.events += u64::try_from(events).unwrap_or(u64::MAX);
            self.last_event = Some(now);
        }
    }

    pub(super) fn set_trouble(&mut self, trouble: Option<String>) {
        self.trouble = trouble;
    }

    pub(super) fn status(&self) -> AuditStatus {
        AuditStatus {
            events: self.events,
            named: self.named,
            last_event: self.last_event,
            trouble: self.trouble.clone(),
        }
    }

    /// Finds who made a change, and remembers that the event explains it.
    pub(super) fn take(&mut self, wanted: &Wanted, now: Timestamp) -> Option<ClusterUser> {
        let Verdict::By(index) = self.find(wanted, Patience::Over, now) else { return None };
        let known = self.writes.get_mut(index)?;
        known.used = true;
        self.named += 1;
        Some(known.write.user.clone())
    }

    /// Says whose write made a change.
    ///
    /// The answer to a write names the version that it made, which is proof. Where the policy keeps answers out of the
    /// log, the request counts whose field manager the API server noted within the time of that request; and of a
    /// change that took no field, as the removal of one does, the only user who wrote there since and whose request no
    /// later version notes.
    pub(super) fn find(&self, wanted: &Wanted, patience: Patience, now: Timestamp) -> Verdict {
        if wanted.gone {
            return self.find_deleter(wanted);
        }
        let about = |known: &Known| known.write.does == Does::Write && known.is_about(wanted);
        if let Some(index) = self
            .writes
            .iter()
            .rposition(|known| about(known) && known.write.uid.is_some() && known.write.version == Some(wanted.version))
        {
            return self.person(index);
        }
        let unversioned = |known: &Known| about(known) && !known.used && known.write.version.is_none();
        let verdict =
            self.only(|known| unversioned(known) && wanted.noted.iter().any(|noted| known.is_noted_in(noted)));
        if verdict != Verdict::NotYet || patience == Patience::Waiting {
            return verdict;
        }
        // The change was seen together with a later one.
        let verdict = self.only(|known| {
            let before = known.write.version.is_none_or(|version| version < wanted.version);
            about(known) && !known.used && before && wanted.noted.iter().any(|noted| known.is_noted_in(noted))
        });
        if verdict != Verdict::NotYet {
            return verdict;
        }
        self.only(|known| {
            let of_another = wanted.later.iter().any(|noted| known.is_noted_in(noted));
            let recent = !is_older(known.arrived, RECENT, now);
            unversioned(known) && known.is_after_notes(wanted) && !of_another && recent
        })
    }

    fn find_deleter(&self, wanted: &Wanted) -> Verdict {
        let deletes = |known: &Known| matches!(known.write.does, Does::Delete { .. }) && known.is_about(wanted);
        match self.only(deletes) {
            // The first one began it, if none of them was a dry run.
            Verdict::Nobody if self.writes.iter().filter(|known| deletes(known)).all(Known::is_sure) => {
                let all = self.writes.iter().enumerate().filter(|(_, known)| deletes(known));
                let first = all.min_by_key(|(_, known)| known.write.received);
                first.map_or(Verdict::NotYet, |(index, _)| self.person(index))
            }
            verdict => verdict,
        }
    }

    /// The first of those that fit, if they are all one user's.
    fn only(&self, fits: impl Fn(&Known) -> bool) -> Verdict {
        let mut found = self.writes.iter().enumerate().filter(|(_, known)| fits(known));
        let Some((index, first)) = found.next() else { return Verdict::NotYet };
        if found.all(|(_, other)| other.write.user == first.write.user) { self.person(index) } else { Verdict::Nobody }
    }

    fn person(&self, index: usize) -> Verdict {
        if self.writes.get(index).is_some_and(|known| known.person) { Verdict::By(index) } else { Verdict::Nobody }
    }
}

impl Known {
    fn is_about(&self, wanted: &Wanted) -> bool {
        match &self.write.uid {
            Some(uid) => *uid == wanted.uid,
            None => self.write.place == wanted.place,
        }
    }

    /// The API server noted this request's manager while it served the request.
    fn is_noted_in(&self, (at, managers): &Noted) -> bool {
        let within = self.write.received.as_second() <= at.as_second() && *at <= self.write.completed;
        within && managers.contains(&self.write.manager)
    }

    /// No manager was noted since this request began.
    fn is_after_notes(&self, wanted: &Wanted) -> bool {
        wanted.noted.as_ref().is_none_or(|(at, _)| at.as_second() < self.write.received.as_second())
    }

    fn is_sure(&self) -> bool {
        self.write.does == Does::Delete { sure: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: f64) -> Timestamp {
        Timestamp::from_millisecond((second * 1000.0) as i64).unwrap()
    }

    fn write(user: &str, version: Option<u64>, from: f64, to: f64) -> Write {
        Write {
            user: ClusterUser { name: user.into(), impersonator: None },
            place: Place::of(&resource("test".parse().unwrap()), None),
            uid: version.map(|_| "u".into()),
            version,
            manager: "kubectl-edit".into(),
            does: Does::Write,
            received: at(from),
            completed: at(to),
        }
    }

    fn resource(cluster: model::ClusterName) -> ResourceRef {
        let kind = model::Kind::new("", "ConfigMap");
        ResourceRef { cluster, kind, namespace: Some("shop".parse().unwrap()), name: "api".parse().unwrap() }
    }

    fn wanted(version: u64, noted: Option<(f64, &str)>) -> Wanted {
        Wanted {
            place: write("x", None, 0.0, 0.0).place,
            uid: "u".into(),
            version,
            gone: false,
            noted: noted.map(|(second, manager)| (at(second), vec![manager.to_owned()])),
            later: Vec::new(),
        }
    }

    fn check(writes: &[Write], wanted: &Wanted, patience: Patience, expect: Option<&str>) {
        let mut memory = Memory::default();
        for write in writes {
            memory.put(write.clone(), write.user.name != "controller", at(100.0));
        }
        let named = match memory.find(wanted, patience, at(101.0)) {
            Verdict::By(index) => Some(memory.writes[index].write.user.name.clone()),
            Verdict::Nobody => Some("nobody".into()),
            Verdict::NotYet => None,
        };
        assert_eq!(named.as_deref(), expect, "{writes:?} {wanted:?}");
    }

    #[test]
    fn the_version_that_a_write_made_is_proof() {
        let writes =
            [write("ada", Some(5), 1.2, 1.4), write("bob", Some(6), 1.3, 1.5), write("controller", Some(7), 2.0, 2.1)];
        let edit = Some((1.0, "kubectl-edit"));
        check(&writes, &wanted(5, edit), Patience::Waiting, Some("ada"));
        check(&writes, &wanted(6, edit), Patience::Waiting, Some("bob"));
        check(&writes, &wanted(7, edit), Patience::Waiting, Some("nobody"));
        // The event of version 8 may yet come, though another write of the same second is known.
        check(&writes[..1], &wanted(8, edit), Patience::Waiting, None);
        check(&writes[..1], &wanted(8, edit), Patience::Over, Some("ada"));
        check(&writes[..2], &wanted(8, edit), Patience::Over, Some("nobody"));
        check(&writes[..1], &wanted(8, Some((3.0, "kube-controller-manager"))), Patience::Over, None);
        check(&writes[..1], &Wanted { uid: "another".into(), ..wanted(5, edit) }, Patience::Over, None);
    }

    #[test]
    fn without_the_answer_the_manager_and_the_second_tell() {
        let (ada, bob) = (write("ada", None, 1.2, 1.4), write("bob", None, 5.2, 5.4));
        let both = [ada.clone(), bob];
        check(&both, &wanted(9, Some((1.0, "kubectl-edit"))), Patience::Waiting, Some("ada"));
        check(&both, &wanted(9, Some((5.0, "kubectl-edit"))), Patience::Waiting, Some("bob"));
        check(&both, &wanted(9, Some((5.0, "helm"))), Patience::Over, None);
        check(&both, &wanted(9, Some((3.0, "kubectl-edit"))), Patience::Waiting, None);
        let same_second = [ada, write("bob", None, 1.3, 1.6)];
        check(&same_second, &wanted(9, Some((1.0, "kubectl-edit"))), Patience::Over, Some("nobody"));
    }

    #[test]
    fn a_removed_field_is_of_the_only_one_who_wrote_since() {
        let (ada, bob) = (write("ada", None, 5.2, 5.4), write("bob", None, 6.2, 6.4));
        let before = wanted(9, Some((1.0, "kubectl-create")));
        check(std::slice::from_ref(&ada), &before, Patience::Waiting, None);
        check(std::slice::from_ref(&ada), &before, Patience::Over, Some("ada"));
        check(&[ada.clone(), bob.clone()], &before, Patience::Over, Some("nobody"));
        let followed = Wanted { later: vec![(at(6.0), vec!["kubectl-edit".to_owned()])], ..before.clone() };
        check(&[ada.clone(), bob], &followed, Patience::Over, Some("ada"));
        check(&[ada, write("controller", None, 6.0, 6.1)], &before, Patience::Over, Some("nobody"));
    }

    #[test]
    fn a_deletion_is_of_the_one_who_began_it() {
        let delete = |user: &str, sure, from| Write {
            does: Does::Delete { sure },
            uid: Some("u".into()),
            ..write(user, None, from, from)
        };
        let gone = Wanted { gone: true, ..wanted(9, None) };
        check(&[write("ada", Some(9), 1.0, 1.0)], &gone, Patience::Over, None);
        check(&[delete("ada", false, 1.0), delete("ada", false, 2.0)], &gone, Patience::Waiting, Some("ada"));
        check(&[delete("bob", true, 2.0), delete("ada", true, 1.0)], &gone, Patience::Waiting, Some("ada"));
        check(&[delete("bob", true, 2.0), delete("ada", false, 1.0)], &gone, Patience::Over, Some("nobody"));
        check(&[delete("controller", true, 1.0)], &gone, Patience::Waiting, Some("nobody"));
    }

    #[test]
    fn an_event_explains_one_change_and_the_memory_is_bounded() {
        let mut memory = Memory::default();
        memory.put(write("ada", None, 1.2, 1.4), true, at(2.0));
        memory.put(write("ada", None, 1.3, 1.5), true, at(2.0));
        let first = wanted(9, Some((1.0, "kubectl-edit")));
        assert!(memory.take(&first, at(3.0)).is_some());
        assert_eq!(memory.find(&first, Patience::Waiting, at(3.0)), Verdict::By(1));
        // The one who made it did not remove from it: an older note is all that is left then.
        assert!(memory.take(&first, at(3.0)).is_some());
        memory.put(write("bob", None, 2.2, 2.4), true, at(2.5));
        let removed = memory.take(&wanted(10, Some((1.0, "kubectl-edit"))), at(3.0));
        assert_eq!(removed.unwrap().name, "bob");
        for _ in 0..2 * MOST {
            memory.put(write("ada", None, 1.2, 1.4), true, at(2.0));
        }
        assert_eq!(memory.writes.len(), MOST);
        memory.put(write("ada", None, 1.2, 1.4), true, at(4000.0));
        assert_eq!((memory.writes.len(), memory.status().named), (1, 3));
    }
}
