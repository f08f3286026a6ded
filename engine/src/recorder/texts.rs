//! The texts of files while commits are planned one on top of the other: whole records, and edits in people's files.

use std::collections::HashMap;
use std::sync::Arc;

use git2::{Oid, Repository as Git};
use manifest::{Manifest, Removed, Why, Written, edit, read_resources, remove, sanitize};

use super::book::Whereabouts;
use super::people::find;
use super::plan::{PlanError, read_record};
use super::window::Change;
use crate::repository::{Before, FileEdit, Reading, RepositoryError, blob_id};

/// Files as the commits planned so far leave them.
pub(super) struct Texts<'a> {
    git: &'a Git,
    reading: &'a Reading,
    after: HashMap<String, Text>,
}

/// A file at one point.
#[derive(Clone, Debug)]
struct Text {
    blob: Option<Oid>,
    /// Read when it is needed, if it is at the head.
    planned: Option<Arc<str>>,
}

/// A file as a change leaves it.
#[derive(Clone, Debug)]
pub(super) struct NewText {
    pub(super) file: String,
    /// `None`: the file goes.
    pub(super) text: Option<Arc<str>>,
    /// Of a record in a file of its own, when its text is not the one that Denshimon would write.
    pub(super) blob: Option<Oid>,
    /// Why what a person had written was not edited in place.
    pub(super) anew: Option<Why>,
    before: Before,
}

impl NewText {
    /// Returns what is to be committed.
    pub(super) fn edit(self) -> FileEdit {
        FileEdit { path: self.file, content: self.text, before: self.before }
    }
}

impl<'a> Texts<'a> {
    pub(super) fn new(git: &'a Git, reading: &'a Reading) -> Self {
        Self { git, reading, after: HashMap::new() }
    }

    /// Reads a record as it is before a change.
    pub(super) fn manifest(
        &self,
        path: &str,
        change: &Change,
        at: &Whereabouts,
    ) -> Result<Option<Manifest>, RepositoryError> {
        let file = file_of(path, at);
        let Some(text) = self.read(&self.now(file, at)?)? else { return Ok(None) };
        let own = || if at.place.is_none() { read_record(&text) } else { None };
        Ok(own().or_else(|| find(&text, &change.resource).map(|found| sanitize(&found.tree))))
    }

    /// Makes a change: in place where a person wrote the text, else as a whole.
    pub(super) fn write(&mut self, path: &str, change: &Change, at: &Whereabouts) -> Result<NewText, PlanError> {
        let new = self.make(path, change, at)?;
        let blob = match (&new.blob, &change.content, &new.text) {
            (Some(blob), _, _) => Some(*blob),
            (None, Some(content), Some(_)) if at.place.is_none() => Some(content.blob),
            (None, _, Some(text)) => Some(blob_id(text.as_bytes())?),
            (None, _, None) => None,
        };
        self.after.insert(new.file.clone(), Text { blob, planned: new.text.clone() });
        Ok(new)
    }

    fn make(&self, path: &str, change: &Change, at: &Whereabouts) -> Result<NewText, PlanError> {
        let file = file_of(path, at);
        let now = self.now(file, at)?;
        let before = now.blob.map_or(Before::NotThere, Before::Blob);
        let whole = || NewText {
            file: path.to_owned(),
            text: change.content.as_ref().map(|content| content.text.clone()),
            blob: None,
            anew: None,
            before: if file == path { before } else { Before::NotThere },
        };
        if now.blob.is_none() || now.blob == at.own {
            return Ok(whole());
        }
        // Something else may lie there by now, or nothing that can be read: then the record takes its place, with a word.
        let anew = || {
            let lost = at.place.is_none() && change.content.is_some();
            NewText { anew: lost.then_some(Why::NotFound), ..whole() }
        };
        let Some(old) = self.read(&now)? else { return Ok(anew()) };
        let Some(found) = find(&old, &change.resource) else { return Ok(anew()) };
        // An encrypted document is written as a whole, so that it reads back as SOPS wrote it.
        let sealed = found.tree.get("sops").is_some();
        let seals = change.content.as_ref().is_some_and(|content| content.sealed);
        if at.place.is_none() && is_written_by_us(&old) {
            return Ok(whole());
        }
        if at.place.is_none() && (sealed || seals) && is_alone(&old) {
            let has_comment = old.lines().any(|line| line.trim_start().starts_with('#'));
            return Ok(NewText { anew: has_comment.then_some(Why::Encrypted), ..whole() });
        }
        let uneditable = |why: String| PlanError::Uneditable { path: path.to_owned(), file: file.to_owned(), why };
        if sealed {
            return Err(uneditable("It is encrypted with SOPS, so only who can decrypt it can change it.".into()));
        }
        if seals {
            return Err(uneditable("It holds other documents too, and its values are to be encrypted.".into()));
        }
        let (text, anew): (Option<Arc<str>>, _) =
            match change.content.as_ref().and_then(|content| read_record(&content.text)) {
                Some(wanted) => {
                    let edited = edit(&old, found.address, &wanted).map_err(|error| uneditable(error.to_string()))?;
                    (Some(edited.text.into()), if let Written::Anew(why) = edited.written { Some(why) } else { None })
                }
                None => match remove(&old, found.address).map_err(|error| uneditable(error.to_string()))? {
                    Removed::Rest(text) => (Some(text.into()), None),
                    Removed::Emptied => (None, None),
                },
            };
        let blob = match (&at.place, &text, &change.content) {
            (None, Some(text), Some(_)) => Some(blob_id(text.as_bytes())?),
            _ => None,
        };
        Ok(NewText { file: file.to_owned(), text, blob, anew, before })
    }

    /// Returns a file as the commits planned so far leave it.
    fn now(&self, file: &str, at: &Whereabouts) -> Result<Text, RepositoryError> {
        if let Some(text) = self.after.get(file) {
            return Ok(text.clone());
        }
        // The book knows the blob of a record in a file of its own.
        let blob = if at.place.is_some() { self.reading.blob_at(self.git, file)? } else { at.blob };
        Ok(Text { blob, planned: None })
    }

    fn read(&self, text: &Text) -> Result<Option<Arc<str>>, RepositoryError> {
        match (&text.planned, text.blob) {
            (Some(text), _) => Ok(Some(text.clone())),
            (None, Some(blob)) => Ok(self.reading.text_of(self.git, blob)?.map(Arc::from)),
            (None, None) => Ok(None),
        }
    }
}

fn file_of<'a>(path: &'a str, at: &'a Whereabouts) -> &'a str {
    at.place.as_ref().map_or(path, |place| &place.file)
}

/// Tells whether a text is, to the byte, what Denshimon writes for the one document in it.
fn is_written_by_us(text: &str) -> bool {
    read_record(text).is_some_and(|manifest| manifest::render(&manifest) == text)
}

fn is_alone(text: &str) -> bool {
    read_resources(text).is_ok_and(|found| found.len() == 1)
}
