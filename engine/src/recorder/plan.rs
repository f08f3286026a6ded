//! Words a group of changes as a commit.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use git2::{Oid, Repository as Git};
use manifest::{Manifest, Why, compare, subject, summarize};
use model::ResourceRef;
use model::Timestamp;
use model::history::{Actor, Verb};

use super::attribute::Cause;
use super::book::Whereabouts;
use super::texts::Texts;
use super::trailers::{Block, Trailers};
use super::window::{Change, Group, Origin};
use crate::repository::{FileEdit, Identity, NewCommit, Reading, RepositoryError, one_line};

/// Up to so many resources are compared and described one by one.
const DESCRIBED: usize = 500;
const SUBJECT: usize = 72;
/// Of what is recorded anew.
const NOBODY: &str = "Nobody changed this in the cluster: it is recorded as rules, settings and decisions have it now.";

/// A commit to be made and what the ledger will say of it.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub(super) commit: NewCommit,
    /// By path: what changed, in a line.
    pub(super) summaries: BTreeMap<String, String>,
    /// By path: the records whose text keeps what people wrote, and so is not the one that Denshimon would write.
    pub(super) written: HashMap<String, Oid>,
}

/// Why no commit could be planned.
#[derive(Debug, thiserror::Error)]
pub(super) enum PlanError {
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// The record of `path` lies in a file that cannot be changed.
    #[error("a record in {file} cannot be changed: {why}")]
    Uneditable { path: String, file: String, why: String },
}

/// Plans commits one on top of the other; reads what was recorded before.
pub(super) fn plan(
    git: &Git,
    reading: &Reading,
    cluster: &model::ClusterName,
    groups: &[Group],
    whereabouts: &HashMap<String, Whereabouts>,
    now: Timestamp,
) -> Result<Vec<Planned>, PlanError> {
    let mut texts = Texts::new(git, reading);
    let mut planned = Vec::with_capacity(groups.len());
    for group in groups {
        let mut described = BTreeMap::new();
        let mut edits = BTreeMap::new();
        let mut anew = BTreeMap::new();
        let mut written = HashMap::new();
        let in_words = group.changes.len() <= DESCRIBED && matches!(group.origin, Origin::Observed | Origin::Anew);
        for (path, change) in &group.changes {
            let whereabouts = whereabouts.get(path).cloned().unwrap_or_default();
            let old = if in_words { texts.manifest(path, change, &whereabouts)? } else { None };
            let new = texts.write(path, change, &whereabouts)?;
            if in_words {
                described.insert(path.clone(), describe(old, change));
            }
            if let Some(why) = new.anew {
                anew.insert(path.clone(), why);
            }
            if let Some(blob) = new.blob {
                written.insert(path.clone(), blob);
            }
            let new = new.edit();
            match edits.entry(new.path.clone()) {
                Entry::Vacant(place) => drop(place.insert(new)),
                // Another change of this commit to the same file stands on the first.
                Entry::Occupied(mut place) => place.get_mut().content = new.content,
            }
        }
        let edits = edits.into_values().collect();
        planned.push(Planned { written, ..word(cluster, group, (described, anew), edits, now) });
    }
    Ok(planned)
}

/// Reads a record's text as the manifest it holds; `None` when it holds something else.
pub(super) fn read_record(text: &str) -> Option<Manifest> {
    let mut documents = manifest::parse(text).ok()?;
    let document = documents.pop().filter(|_| documents.is_empty())?;
    Some(manifest::sanitize_record(&document.tree))
}

/// Names the author of an actor's commits; the addresses lead nowhere and cannot be somebody's.
pub(super) fn identity_of(actor: &Actor) -> Identity {
    let address = |name: &str, place: &str| {
        let local: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(60).collect();
        format!("{local}@{place}.denshimon.invalid")
    };
    match actor {
        Actor::User(name) => Identity::new(name.as_str(), &format!("{name}@users.denshimon.invalid")),
        Actor::Token { owner, .. } => Identity::new(&actor.to_string(), &format!("{owner}@users.denshimon.invalid")),
        Actor::Manager(name) => Identity::new(name, &address(name, "managers")),
        Actor::ClusterUser(name) => Identity::new(name, &address(name, "cluster-users")),
        Actor::Unresolved => Identity::new("unresolved", "unresolved@denshimon.invalid"),
        Actor::Denshimon => Identity::denshimon(),
    }
}

/// The actor, with the address of their own when the write brought one.
fn author_of(group: &Group) -> Identity {
    let identity = identity_of(&group.actor);
    let causes = group.changes.values().flat_map(|change| &change.causes);
    match causes.filter(|cause| cause.actor == group.actor).find_map(|cause| cause.email.as_deref()) {
        Some(email) => Identity::new(identity.name(), email),
        None => identity,
    }
}

struct Described {
    subject: String,
    lines: Vec<String>,
}

fn describe(old: Option<Manifest>, change: &Change) -> Described {
    let new = change.content.as_ref().and_then(|content| read_record(&content.text));
    let changes = compare(old.as_ref().map(Manifest::tree), new.as_ref().map(Manifest::tree));
    // A new or deleted resource is not retold field by field.
    let lines = if old.is_some() && new.is_some() { summarize(&changes) } else { Vec::new() };
    let moved = old.as_ref().zip(new.as_ref()).filter(|(old, new)| old.api_version() != new.api_version());
    let own = change.causes.last().filter(|cause| change.causes.len() == 1 && !cause.summary.is_empty());
    // What was deleted is there again.
    let own = own.filter(|cause| cause.verb != Verb::Delete || change.content.is_none());
    let subject = match (own, moved) {
        _ if is_left_out(change) => format!("Leave out {}", change.resource),
        (Some(Cause { summary, .. }), _) => one_line(summary),
        (None, Some((_, new))) => format!("Record {} in {}", change.resource, new.api_version()),
        (None, None) => subject(verb_of(change, old.is_some()), &change.resource, &changes),
    };
    Described { subject: cut(&subject), lines }
}

/// What was only seen is named by what it did.
fn verb_of(change: &Change, known: bool) -> Verb {
    if change.verb == Verb::Observe && !known { Verb::Create } else { change.verb }
}

/// Tells whether a resource that is there has no record any more.
fn is_left_out(change: &Change) -> bool {
    change.verb == Verb::Observe && change.content.is_none()
}

fn word(
    cluster: &model::ClusterName,
    group: &Group,
    (described, anew): (BTreeMap<String, Described>, BTreeMap<String, Why>),
    edits: Vec<FileEdit>,
    now: Timestamp,
) -> Planned {
    let count = group.changes.len();
    let subject = match (&group.origin, group.changes.values().next()) {
        (Origin::Found, _) => format!("Record cluster {cluster} as found: {}", counted(count)),
        (Origin::Swept { .. }, Some(change)) if count == 1 => format!("Delete {}, which is gone", change.resource),
        (Origin::Swept { .. }, _) => format!("Delete {} that are gone", counted(count)),
        (Origin::Anew, _) if count > 1 => match group.changes.values().all(is_left_out) {
            true => format!("Leave out {}", counted(count)),
            false => format!("Record {} anew", counted(count)),
        },
        (Origin::Observed | Origin::Anew, Some(change)) if count == 1 => {
            described.get(&change.path).map(|described| described.subject.clone()).unwrap_or_default()
        }
        (Origin::Observed | Origin::Anew, _) => format!("{} {}", common_verb(group), gathered(group)),
    };
    let mut body = reasons(group);
    if group.origin == Origin::Anew {
        body.extend([NOBODY.to_owned(), String::new()]);
    }
    if let Origin::Swept { approved_by: Some(name) } = &group.origin {
        body.push(format!("Approved by {}.", one_line(name)));
    }
    body.extend(if described.is_empty() { by_kind(group) } else { by_resource(group, &described) });
    body.extend(group.changes.values().filter_map(|change| {
        let why = anew.get(&change.path)?;
        Some(format!("- {}: the document was written anew, without the comments in it. {why}", change.resource))
    }));
    let blocks = group.changes.values().map(|change| Block {
        resource: change.resource.clone(),
        resource_version: change.resource_version.clone(),
        operations: change.causes.iter().map(|cause| cause.id.clone()).collect(),
    });
    let trailers = Trailers { actor: group.actor.clone(), cluster: cluster.clone(), blocks: blocks.collect() }.write();
    let mut message = cut(&subject);
    if !body.is_empty() {
        message.push_str("\n\n");
        message.push_str(&body.join("\n"));
    }
    let summaries = group.changes.iter().map(|(path, change)| {
        let line = described.get(path).map(|described| described.subject.clone());
        let line = line.unwrap_or_else(|| cut(&alone(group, change)));
        let note = if anew.contains_key(path) { "; its document was written anew" } else { "" };
        (path.clone(), format!("{line}{note}"))
    });
    Planned {
        summaries: summaries.collect(),
        written: HashMap::new(),
        commit: NewCommit {
            author: author_of(group),
            authored_at: group.changes.values().map(|change| change.seen_at).max().unwrap_or(now),
            committed_at: now,
            message: format!("{message}\n\n{trailers}\n"),
            edits,
        },
    }
}

/// What the history of one resource says of a commit that is about many.
fn alone(group: &Group, change: &Change) -> String {
    let resource = &change.resource;
    match (&group.origin, &change.content) {
        (Origin::Found, _) => format!("Found {resource}"),
        _ if is_left_out(change) => format!("Leave out {resource}"),
        (Origin::Anew, Some(_)) => format!("Record {resource} anew"),
        (_, None) => format!("Delete {resource}"),
        (_, Some(_)) => subject(change.verb, resource, &[]),
    }
}

fn reasons(group: &Group) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    for cause in group.changes.values().flat_map(|change| &change.causes) {
        // A state that was never seen by itself, as when a watch was broken between two operations.
        if cause.actor != group.actor {
            reasons.push(format!("With it, by {}: {}", one_line(&cause.actor.to_string()), one_line(&cause.summary)));
        }
        for line in cause.reason.lines().map(one_line).filter(|line| !line.is_empty()) {
            if !reasons.contains(&line) {
                reasons.push(line);
            }
        }
    }
    for impersonator in group.changes.values().filter_map(|change| change.impersonator.as_deref()) {
        let line = format!("Done by {}, who acted as {}.", one_line(impersonator), one_line(&group.actor.to_string()));
        if !reasons.contains(&line) {
            reasons.push(line);
        }
    }
    if !reasons.is_empty() {
        reasons.push(String::new());
    }
    reasons
}

fn by_resource(group: &Group, described: &BTreeMap<String, Described>) -> Vec<String> {
    let mut body = Vec::new();
    for path in group.changes.keys() {
        let Some(described) = described.get(path) else { continue };
        if group.changes.len() > 1 {
            body.push(one_line(&described.subject));
        }
        body.extend(described.lines.iter().map(|line| format!("- {}", one_line(line))));
    }
    body
}

fn by_kind(group: &Group) -> Vec<String> {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for change in group.changes.values() {
        *kinds.entry(change.resource.kind.to_string()).or_default() += 1;
    }
    kinds.into_iter().map(|(kind, count)| format!("- {}: {count}", one_line(&kind))).collect()
}

fn common_verb(group: &Group) -> &'static str {
    let all = |test: fn(&Change) -> bool| group.changes.values().all(test);
    if all(is_left_out) {
        "Leave out"
    } else if all(|change| change.content.is_none()) {
        "Delete"
    } else if all(|change| change.verb == Verb::Create) {
        "Create"
    } else {
        "Change"
    }
}

/// Names the resources as long as they fit into a subject: `shop/api, shop/web`, else `12 resources in shop`.
fn gathered(group: &Group) -> String {
    let name = |resource: &ResourceRef| match &resource.namespace {
        Some(namespace) => format!("{namespace}/{}", resource.name),
        None => resource.to_string(),
    };
    let names: Vec<String> = group.changes.values().map(|change| name(&change.resource)).collect();
    let all = names.join(", ");
    if all.chars().count() <= SUBJECT - 8 {
        return all;
    }
    let mut namespaces = group.changes.values().map(|change| change.resource.namespace.as_ref());
    match namespaces.next().flatten() {
        Some(first) if namespaces.all(|namespace| namespace == Some(first)) => {
            format!("{} in {first}", counted(names.len()))
        }
        _ => counted(names.len()),
    }
}

fn counted(count: usize) -> String {
    if count == 1 { "1 resource".into() } else { format!("{count} resources") }
}

fn cut(subject: &str) -> String {
    let line = one_line(subject);
    if line.chars().count() <= SUBJECT {
        return line;
    }
    let head: String = line.chars().take(SUBJECT - 3).collect();
    format!("{head}...")
}
