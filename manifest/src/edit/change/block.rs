//! Puts in and takes out whole lines, for collections that are written with indentation.

use std::ops::Range;

use crate::edit::Why;
use crate::edit::change::{Editor, Part, Slot, marks};
use crate::edit::lines;
use crate::edit::syntax::Form;

impl Editor<'_> {
    /// Takes out what is in no slot, with the comment lines right above it that are indented alike; puts in what is new.
    pub(super) fn rebuild_block(&mut self, parts: &[Part], slots: &[Slot]) -> Result<(), Why> {
        let first_kept = slots.iter().find_map(kept).ok_or(Why::Notation)?;
        let column = self.common_column(parts).ok_or(Why::Notation)?;
        let (Some(first), Some(anchor)) = (parts.first(), parts.get(first_kept)) else { return Err(Why::Notation) };
        // The first may stand behind the dash or dashes of the lists around it.
        let mut inline = !lines::is_first(self.text, first.start);
        let stays = marks(parts.len(), slots.iter().filter_map(kept));
        let moves = marks(
            parts.len(),
            slots.iter().filter_map(|slot| match slot {
                Slot::Moved(index, _) => Some(*index),
                _ => None,
            }),
        );
        let mut taken: Vec<Range<usize>> = Vec::new();
        for (index, (stays, moves)) in stays.into_iter().zip(moves).enumerate() {
            if stays {
                continue;
            }
            let range = if moves { self.taken_along(Form::Block, parts, index) } else { self.lines_of(parts, index) };
            taken.push(range);
        }
        if inline && first_kept > 0 {
            let mut rest = String::new();
            let mut at = first.start;
            for range in taken.iter().take(first_kept) {
                rest.push_str(self.text.get(at..range.start).ok_or(Why::Notation)?);
                at = range.end;
            }
            rest.push_str(self.text.get(at..anchor.start).ok_or(Why::Notation)?);
            inline = rest.trim().is_empty();
            if inline {
                // What comes next moves up behind the dash.
                taken.splice(..first_kept, std::iter::once(first.start..anchor.start));
            } else if let Some(range) = taken.first_mut() {
                // Comments stay, so the dash stands alone.
                *range = first.start - spaces_before(self.text, first.start)..lines::end(self.text, range.end - 1);
            }
        }
        let mut at = None;
        for slot in slots {
            let text = match slot {
                Slot::Kept(index) => {
                    at = Some(self.behind(parts, *index, column));
                    continue;
                }
                Slot::New(text) | Slot::Moved(_, text) => text,
            };
            let pad = " ".repeat(column);
            match at {
                Some(at) => self.push_lines(at..at, format!("{pad}{text}")),
                None if inline => self.push(anchor.start, anchor.start, format!("{text}{pad}")),
                None => {
                    let above = lines::with_comments(self.text, anchor.start, floor(parts, first_kept));
                    self.push(above, above, format!("{pad}{text}"));
                }
            }
        }
        for range in taken {
            self.push(range.start, range.end, "");
        }
        Ok(())
    }

    /// Puts in whole lines instead of others. Blank lines below them would belong to a block that keeps its own.
    pub(super) fn push_lines(&mut self, mut range: Range<usize>, text: String) {
        while text.ends_with("\n\n") && range.end < self.text.len() {
            let next = lines::next(self.text, range.end);
            if self.text.get(range.end..next).is_none_or(|line| !line.trim().is_empty()) {
                break;
            }
            range.end = next;
        }
        self.push(range.start, range.end, text);
    }

    /// Returns where a part stands that is moved elsewhere, with the comments above and, further right, below it.
    pub(super) fn taken_along(&self, form: Form, parts: &[Part], index: usize) -> Range<usize> {
        let Some(part) = parts.get(index) else { return 0..0 };
        if form == Form::Flow {
            return part.start..part.end;
        }
        let lines = self.lines_of(parts, index);
        lines.start..self.behind(parts, index, lines::column(self.text, part.start))
    }

    fn lines_of(&self, parts: &[Part], index: usize) -> Range<usize> {
        let Some(part) = parts.get(index) else { return 0..0 };
        let start = if lines::is_first(self.text, part.start) {
            lines::with_comments(self.text, part.start, floor(parts, index))
        } else {
            part.start
        };
        start..lines::after(self.text, part.end)
    }

    /// Returns where something is put in behind a part: below its lines and the comments that stand further right.
    fn behind(&self, parts: &[Part], index: usize, column: usize) -> usize {
        let after = parts.get(index).map_or(0, |part| lines::after(self.text, part.end));
        let ceiling = parts.get(index + 1).map_or(self.text.len(), |next| lines::start(self.text, next.start));
        lines::past_comments(self.text, after, column, ceiling)
    }

    /// Returns the column all parts stand at, each the first in its line but for dashes before the very first.
    fn common_column(&self, parts: &[Part]) -> Option<usize> {
        let column = lines::column(self.text, parts.first()?.start);
        let mut all = parts.iter().enumerate();
        let fits = all.all(|(index, part)| {
            let before = lines::before(self.text, part.start);
            let plain = before.bytes().all(|byte| byte == b' ' || (index == 0 && byte == b'-'));
            plain && before.len() == column
        });
        fits.then_some(column)
    }
}

fn kept(slot: &Slot) -> Option<usize> {
    if let Slot::Kept(index) = slot { Some(*index) } else { None }
}

/// Returns where the part before ends: no comment above that is one of this part's.
fn floor(parts: &[Part], index: usize) -> usize {
    index.checked_sub(1).and_then(|before| parts.get(before)).map_or(0, |part| part.end)
}

fn spaces_before(text: &str, offset: usize) -> usize {
    let before = lines::before(text, offset);
    before.len() - before.trim_end_matches(' ').len()
}
