//! Changes one document of a person's file in place, so that a difference shows only what changed.
//!
//! The document's tree is compared with the wanted one, and each difference becomes a piece of text in the notation
//! that stands there: quotes, blocks, brackets, indentation. What is gone takes its lines along, and the comment lines
//! right above it that are indented as it is. Comments, blank lines and neighbours stay byte for byte.
//!
//! The result is read again. If it does not mean exactly what is wanted, or if the change touches an anchor, an alias
//! or a notation that is not edited, then the one document is written anew and the others stay.

mod change;
mod file;
mod lines;
mod locate;
mod matching;
mod notation;
mod pieces;
mod remove;
mod secrets;
mod style;
mod syntax;

use serde_json::Value;

use crate::edit::file::File;
use crate::parse::ParseError;
use crate::tree::Manifest;

pub use locate::line_of;
pub use remove::{Removed, remove};

/// Where in a file a resource stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// Which of the documents that hold something, from 0, as [`crate::parse`] counts them.
    pub document: usize,
    /// Which item of the document's `items`, from 0, if it is a list of resources.
    pub item: Option<usize>,
}

/// A text in which one document was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    pub text: String,
    pub written: Written,
}

/// How a change was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Only what changed was touched, if anything.
    InPlace,
    /// The whole document was written anew, without the comments in it.
    Anew(Why),
}

/// Why a document was written anew, in words for the person whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error("The change touches an anchor (&), an alias (*), a merge key (<<) or a tag (!).")]
    Entangled,
    #[error("The change touches a notation that cannot be edited in place.")]
    Notation,
    #[error("The edited document did not read back as what was wanted.")]
    Mismatch,
    /// This and the next are for whoever looks for the document; [`edit`] is given its place.
    #[error("The resource was not found in what the file held.")]
    NotFound,
    #[error("What is encrypted is written as a whole.")]
    Encrypted,
}

/// Why a file cannot be changed at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("The file cannot be read.")]
    Unreadable(#[source] ParseError),
    #[error("There is no such document in the file.")]
    NotThere,
    #[error("A document is a map with apiVersion, kind and metadata.")]
    NotAMap,
    /// Whatever was written did not mean what was wanted; the file is better left alone.
    #[error("The file is written in a way in which it cannot be changed safely.")]
    Unsafe,
}

/// Changes one document, or one item of a list, to a manifest.
///
/// Fields that the manifest lacks are taken out, the server's too (`status`). A Secret's values that the manifest does
/// not know stay as the file has them.
///
/// # Errors
/// Says what keeps the file from being changed at all; it is never changed halfway.
pub fn edit(text: &str, address: Address, wanted: &Manifest) -> Result<Edited, EditError> {
    edit_with(text, address, |have| secrets::keep(have, wanted.tree()))
}

/// Changes one document, or one item of a list, to any tree, in the same way but for a Secret's values.
///
/// # Errors
/// As [`edit`].
pub fn edit_tree(text: &str, address: Address, wanted: &Value) -> Result<Edited, EditError> {
    edit_with(text, address, |_| wanted.clone())
}

fn edit_with(text: &str, address: Address, wanted: impl Fn(&Value) -> Value) -> Result<Edited, EditError> {
    let file = File::read(text)?;
    let document = file.documents.get(address.document).ok_or(EditError::NotThere)?;
    let mut target = document.tree.clone();
    let part = match address.item {
        None => &mut target,
        Some(item) => target.get_mut("items").and_then(|items| items.get_mut(item)).ok_or(EditError::NotThere)?,
    };
    let wanted = wanted(part);
    if !wanted.is_object() {
        return Err(EditError::NotAMap);
    }
    if *part == wanted {
        return Ok(Edited { text: text.to_owned(), written: Written::InPlace });
    }
    let have = std::mem::replace(part, wanted.clone());
    let verify = |text| file.verify(text, address.document, Some(&target));
    let why = match file.change(address, &have, &wanted).map(verify) {
        Ok(Some(text)) => return Ok(Edited { text, written: Written::InPlace }),
        Ok(None) => Why::Mismatch,
        Err(why) => why,
    };
    let item = file.write_item_anew(address, &wanted).and_then(verify);
    let text = item.or_else(|| file.write_anew(address.document, &target).and_then(verify));
    Ok(Edited { text: text.ok_or(EditError::Unsafe)?, written: Written::Anew(why) })
}

/// Returns the lines, from 1, that the items of a list of resources begin on; none where the places are not known.
pub(crate) fn item_lines(text: &str, document: usize) -> Vec<u32> {
    let Ok(file) = File::read(text) else { return Vec::new() };
    let Some((_, items)) = file.items(document) else { return Vec::new() };
    lines::numbers(&file.text, items.iter().map(|item| item.start))
}

#[cfg(test)]
mod tests;
