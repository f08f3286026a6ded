//! Finds the lines around a place in a text whose last line ends too.

/// Returns where the line of a place begins.
pub(super) fn start(text: &str, offset: usize) -> usize {
    text.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |index| index + 1)
}

/// Returns where the line after a place begins.
pub(super) fn next(text: &str, offset: usize) -> usize {
    text.get(offset..).and_then(|rest| rest.find('\n')).map_or(text.len(), |index| offset + index + 1)
}

/// Returns where the line after the end of something begins; that is the end itself where it took its line break along.
pub(super) fn after(text: &str, end: usize) -> usize {
    if start(text, end) == end { end } else { next(text, end) }
}

/// Returns where the line of a place ends, before its line break.
pub(super) fn end(text: &str, offset: usize) -> usize {
    let line = text.get(start(text, offset)..next(text, offset)).unwrap_or_default();
    start(text, offset) + line.trim_end_matches(['\r', '\n']).len()
}

/// Returns the numbers of the lines of places that rise, from 1.
pub(super) fn numbers(text: &str, places: impl Iterator<Item = usize>) -> Vec<u32> {
    let (mut line, mut at) = (1, 0);
    let number = |place: usize| {
        line += text.get(at..place).unwrap_or_default().matches('\n').count();
        at = place;
        u32::try_from(line).unwrap_or(u32::MAX)
    };
    places.map(number).collect()
}

/// Returns the column of a place, from 0.
pub(super) fn column(text: &str, offset: usize) -> usize {
    offset - start(text, offset)
}

/// Returns what stands between the start of its line and a place.
pub(super) fn before(text: &str, offset: usize) -> &str {
    text.get(start(text, offset)..offset).unwrap_or_default()
}

/// Tells whether nothing but blanks stands before a place in its line.
pub(super) fn is_first(text: &str, offset: usize) -> bool {
    before(text, offset).bytes().all(|byte| byte == b' ')
}

/// Passes blanks, line breaks and comments.
pub(super) fn skip_blank(text: &str, mut offset: usize) -> usize {
    loop {
        let rest = text.get(offset..).unwrap_or_default();
        let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        offset += rest.len() - trimmed.len();
        if !trimmed.starts_with('#') {
            return offset;
        }
        offset = next(text, offset);
    }
}

/// Passes blanks.
pub(super) fn skip_spaces(text: &str, offset: usize) -> usize {
    let rest = text.get(offset..).unwrap_or_default();
    offset + rest.len() - rest.trim_start_matches([' ', '\t']).len()
}

/// Returns where the comments that belong to a line begin: those right above it with the same indentation.
pub(super) fn with_comments(text: &str, offset: usize, floor: usize) -> usize {
    let column = column(text, offset);
    let mut first = start(text, offset);
    while first > floor {
        let above = start(text, first - 1);
        let line = text.get(above..first).unwrap_or_default();
        if above < floor || !is_comment(line, |indent| indent == column) {
            break;
        }
        first = above;
    }
    first
}

/// Returns where the comment lines end that follow a line and stand further right than its column.
pub(super) fn past_comments(text: &str, mut offset: usize, column: usize, ceiling: usize) -> usize {
    while offset < ceiling {
        let after = next(text, offset);
        let line = text.get(offset..after).unwrap_or_default();
        if after > ceiling || !is_comment(line, |indent| indent > column) {
            break;
        }
        offset = after;
    }
    offset
}

/// Returns where the last of the comments ends that follow a line and stand further right than its column, blank lines
/// between them or not.
pub(super) fn past_all_comments(text: &str, offset: usize, column: usize, ceiling: usize) -> usize {
    let (mut past, mut at) = (offset, offset);
    while at < ceiling {
        let line = text.get(at..next(text, at)).unwrap_or_default();
        at = next(text, at);
        if is_comment(line, |indent| indent > column) {
            past = at;
        } else if !line.trim().is_empty() {
            break;
        }
    }
    past
}

fn is_comment(line: &str, fits: impl Fn(usize) -> bool) -> bool {
    let rest = line.trim_start_matches(' ');
    rest.starts_with('#') && fits(line.len() - rest.len())
}
