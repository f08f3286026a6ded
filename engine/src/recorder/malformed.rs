//! Files that are left alone, and records that somebody else has left so that nobody can read them.

use std::collections::HashMap;

use git2::{Oid, Repository as Git};
use model::sync::LeftAloneFile;

use super::book::Pages;
use super::people::{NAMED, Placed, Survey};
use crate::repository::{Reading, RepositoryError};

/// Why records cannot be read, by path, and the blob of which that holds.
pub(super) type Malformed = HashMap<String, (Oid, String)>;

/// Finds those among files of records that cannot be read.
pub(super) fn malformed<'a>(
    git: &Git,
    reading: &Reading,
    suspects: impl Iterator<Item = (&'a String, Oid)>,
) -> Result<Malformed, RepositoryError> {
    let mut found = Malformed::new();
    for (path, blob) in suspects {
        let reason = match reading.text_of(git, blob)?.map(|text| manifest::parse(&text)) {
            Some(Ok(_)) => continue,
            Some(Err(error)) => format!("Line {}: {}", error.line, error.message),
            None => "It is no text in UTF-8, or too large.".to_owned(),
        };
        found.insert(path.clone(), (blob, format!("{reason} The record is written anew when its resource changes.")));
    }
    Ok(found)
}

impl Pages {
    /// Shows people's files that are left alone, and records that cannot be read.
    pub(super) fn leave_alone(&mut self, survey: &Survey, found: Malformed) {
        self.malformed.extend(found);
        let is_so = |path: &String, blob: Oid| self.records.get(path).is_some_and(|record| record.blob == Some(blob));
        self.malformed.retain(|path, (blob, _)| is_so(path, *blob));
        self.left_alone.clone_from(&survey.left_alone);
        let names_none = survey.placed.values().filter(|placed| placed.resource.namespace.is_none());
        self.without_namespace = names_none.cloned().collect();
        self.without_namespace.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
        let records = self.malformed.iter();
        self.left_alone.extend(records.map(|(path, (_, reason))| LeftAloneFile {
            path: path.clone(),
            reason: reason.clone(),
            wrong: true,
        }));
    }

    /// Returns the files that are left alone, those too that leave the namespace of a resource to whoever applies them.
    pub(super) fn files_left_alone(&self) -> Vec<LeftAloneFile> {
        let needs_one = |placed: &&Placed| self.kinds.get(&placed.resource.kind).is_some_and(|kind| kind.namespaced);
        let mut open: Vec<&Placed> = self.without_namespace.iter().filter(needs_one).collect();
        open.dedup_by_key(|placed| &placed.file);
        let open = open.into_iter().map(|placed| LeftAloneFile {
            path: placed.file.clone(),
            reason: format!(
                "Line {} describes {} without a namespace, so whoever applies it says which; name one in its metadata \
                 to have it recorded here.",
                placed.line, placed.resource
            ),
            wrong: false,
        });
        self.left_alone.iter().cloned().chain(open).take(NAMED).collect()
    }

    /// Notes that a record was written.
    pub(super) fn mend(&mut self, path: &str) {
        if self.malformed.remove(path).is_some() {
            self.left_alone.retain(|file| file.path != path);
        }
    }
}
