//! Takes one document out of a file, or one item out of a list.

use crate::edit::change::Editor;
use crate::edit::file::File;
use crate::edit::notation::Notation;
use crate::edit::pieces::Piece;
use crate::edit::{Address, EditError, lines};

/// What is left of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removed {
    /// The text with all that was not taken out, byte for byte.
    Rest(String),
    /// No resource: the file is to be deleted.
    Emptied,
}

/// Takes one document out of a file, from its `---` up to the next one with the comments there, or one item out of a
/// list; a list without items goes altogether.
///
/// # Errors
/// Says what keeps the file from being changed; it is never changed halfway.
pub fn remove(text: &str, address: Address) -> Result<Removed, EditError> {
    let mut file = File::read(text)?;
    let document = file.documents.get(address.document).ok_or(EditError::NotThere)?;
    if let Some(index) = address.item {
        let items = document.tree.get("items").and_then(|items| items.as_array()).ok_or(EditError::NotThere)?;
        if index >= items.len() {
            return Err(EditError::NotThere);
        }
        if items.len() > 1 {
            return remove_item(&file, address.document, index).map(Removed::Rest);
        }
    }
    if file.documents.len() == 1 {
        return Ok(Removed::Emptied);
    }
    let source = file.source(address.document).ok_or(EditError::Unsafe)?;
    let mut range = source.range.clone();
    // The first document has no `---` of its own, so the next one's goes if nothing else stands there.
    let next = file.sources().iter().find(|other| other.range.start == range.end);
    if let Some(marker) = next.and_then(|next| next.marker)
        && source.marker.is_none()
        && range.start == 0
        && marker == range.end
        && file.text.get(marker..lines::end(&file.text, marker)).is_some_and(|line| line.trim_end() == "---")
    {
        range.end = lines::next(&file.text, marker);
    }
    // The line break before the last document's `---` is a neighbour's.
    file.is_ended |= range.end == file.text.len();
    let without = |text: &str| file.with(vec![Piece { range: range.clone(), text: text.to_owned() }]);
    // Where `...` ended the document, nothing else may tell its neighbours apart.
    ["", "---\n"]
        .into_iter()
        .find_map(|text| file.verify(without(text)?, address.document, None))
        .map(Removed::Rest)
        .ok_or(EditError::Unsafe)
}

fn remove_item(file: &File, document: usize, index: usize) -> Result<String, EditError> {
    let mut tree = file.documents.get(document).ok_or(EditError::NotThere)?.tree.clone();
    if let Some(items) = tree.get_mut("items").and_then(|items| items.as_array_mut()) {
        items.remove(index);
    }
    let in_place = || {
        let source = file.source(document)?;
        let (list, _) = file.items(document)?;
        let mut editor = Editor::new(&file.text, Notation::of(&file.text, &source.root));
        editor.take_out_item(list, index).ok()?;
        file.with(editor.pieces)
    };
    let verify = |text| file.verify(text, document, Some(&tree));
    let text = in_place().and_then(verify).or_else(|| file.write_anew(document, &tree).and_then(verify));
    text.ok_or(EditError::Unsafe)
}
