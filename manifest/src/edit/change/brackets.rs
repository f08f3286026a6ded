//! Puts in and takes out what stands between brackets, with the commas, in one line or in several.

use std::ops::Range;

use crate::edit::Why;
use crate::edit::change::{Editor, Part, Slot, marks};
use crate::edit::lines;

/// How something new is set off from what stands around it.
enum Around {
    /// In the same line.
    Line,
    /// On a line of its own with this indentation.
    Lines(String),
}

impl Editor<'_> {
    /// Takes out what is in no slot, puts in what is new.
    pub(super) fn rebuild_brackets(&mut self, parts: &[Part], slots: &[Slot]) -> Result<(), Why> {
        let kept = |slot: &Slot| if let Slot::Kept(index) = slot { Some(*index) } else { None };
        let stays: Vec<usize> = slots.iter().filter_map(kept).collect();
        let first = *stays.first().ok_or(Why::Notation)?;
        let mut last = None;
        let mut run = Vec::new();
        for slot in slots {
            match slot {
                Slot::Kept(index) => {
                    if last.is_none() {
                        self.put_before(parts, first, &run)?;
                    } else if let Some(last) = last {
                        self.put_behind(parts, last, &run)?;
                    }
                    last = Some(*index);
                    run.clear();
                }
                Slot::New(text) | Slot::Moved(_, text) => run.push(text.clone()),
            }
        }
        self.put_behind(parts, last.ok_or(Why::Notation)?, &run)?;
        self.take_out(parts, &marks(parts.len(), stays.into_iter()))
    }

    fn take_out(&mut self, parts: &[Part], stays: &[bool]) -> Result<(), Why> {
        let mut index = 0;
        while index < parts.len() {
            if stays.get(index) == Some(&true) {
                index += 1;
                continue;
            }
            let until = (index..parts.len()).find(|other| stays.get(*other) == Some(&true)).unwrap_or(parts.len());
            let (start, end) = match (parts.get(index), parts.get(until), index.checked_sub(1)) {
                (Some(part), Some(next), _) => (part.start, next.start),
                (Some(_), None, Some(before)) => {
                    (parts.get(before).ok_or(Why::Notation)?.end, parts.get(until - 1).ok_or(Why::Notation)?.end)
                }
                _ => return Err(Why::Notation),
            };
            let bounds = parts.get(index.saturating_sub(1)..(until + 1).min(parts.len())).unwrap_or_default();
            let has_comment =
                |pair: &[Part]| matches!(pair, [left, right] if self.gap(left.end, right.start).contains('#'));
            if bounds.windows(2).any(has_comment) {
                self.take_out_lines(parts, index..until)?;
                index = until;
                continue;
            }
            self.push(start, end, "");
            index = until;
        }
        Ok(())
    }

    /// Takes out parts that have their lines for themselves; comments on lines of their own stay.
    fn take_out_lines(&mut self, parts: &[Part], run: Range<usize>) -> Result<(), Why> {
        for part in parts.get(run.clone()).unwrap_or_default() {
            let rest = self.gap(part.end, lines::end(self.text, part.end)).trim_start_matches([' ', '\t', ',']);
            if !lines::is_first(self.text, part.start) || !(rest.is_empty() || rest.starts_with('#')) {
                return Err(Why::Notation);
            }
            self.push(lines::start(self.text, part.start), lines::next(self.text, part.end), "");
        }
        let before = run.start.checked_sub(1).and_then(|before| parts.get(before));
        if let Some(before) = before.filter(|_| run.end == parts.len()) {
            let comma = lines::skip_blank(self.text, before.end);
            self.push(comma, comma + 1, "");
        }
        Ok(())
    }

    /// Returns the comment that stands behind a part in its line, as a line of its own: its line goes.
    pub(super) fn comment_behind(&self, end: usize) -> String {
        let rest = self.gap(end, lines::end(self.text, end)).trim_start_matches([' ', '\t', ',']);
        if rest.starts_with('#') { format!("{rest}\n") } else { String::new() }
    }

    fn put_before(&mut self, parts: &[Part], index: usize, texts: &[String]) -> Result<(), Why> {
        let start = parts.get(index).ok_or(Why::Notation)?.start;
        for text in texts {
            let new = match self.around(parts, index) {
                Around::Line => format!("{text}{}", self.notation.comma()),
                Around::Lines(indent) => format!("{},\n{indent}", self.fit(text, &indent)),
            };
            self.push(start, start, new);
        }
        Ok(())
    }

    fn put_behind(&mut self, parts: &[Part], index: usize, texts: &[String]) -> Result<(), Why> {
        let end = parts.get(index).ok_or(Why::Notation)?.end;
        for text in texts {
            match self.around(parts, index) {
                Around::Line => self.push(end, end, format!("{}{text}", self.notation.comma())),
                Around::Lines(indent) => {
                    let rest = self.gap(end, lines::end(self.text, end));
                    if let Some((before, _)) = rest.split_once('#') {
                        // A comment stays behind what it is about.
                        let (line_end, text) = (end + rest.len(), self.fit(text, &indent));
                        if before.contains(',') {
                            self.push(line_end, line_end, format!("\n{indent}{text},"));
                        } else {
                            self.push(end, end, ",");
                            self.push(line_end, line_end, format!("\n{indent}{text}"));
                        }
                        continue;
                    }
                    self.push(end, end, format!(",\n{indent}{}", self.fit(text, &indent)));
                }
            }
        }
        Ok(())
    }

    /// A part that begins its line gets neighbours with lines of their own.
    fn around(&self, parts: &[Part], index: usize) -> Around {
        let start = parts.get(index).map_or(0, |part| part.start);
        let before = lines::before(self.text, start);
        if before.trim().is_empty() && !before.is_empty() {
            return Around::Lines(before.to_owned());
        }
        Around::Line
    }

    /// Indents the lines of a text but the first.
    fn fit(&self, text: &str, indent: &str) -> String {
        text.replace('\n', &format!("\n{indent}"))
    }

    fn gap(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }
}
