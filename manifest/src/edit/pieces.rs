//! Pieces of a text that are replaced, and putting them in.

use std::ops::Range;

/// A range of the text with what stands there instead.
#[derive(Debug)]
pub(super) struct Piece {
    pub range: Range<usize>,
    pub text: String,
}

/// Returns a part of a text with the pieces in it replaced; `None` where two of them overlap or one lies outside.
///
/// What is put in at the same place comes in the order it was asked for, before what is taken out there.
pub(super) fn put_in(text: &str, part: Range<usize>, mut pieces: Vec<Piece>) -> Option<String> {
    pieces.sort_by_key(|piece| (piece.range.start, piece.range.end));
    let mut out = String::with_capacity(part.len());
    let mut at = part.start;
    for piece in &pieces {
        out.push_str(text.get(at..piece.range.start)?);
        out.push_str(&piece.text);
        at = piece.range.end;
    }
    out.push_str(text.get(at..part.end)?);
    Some(out)
}
