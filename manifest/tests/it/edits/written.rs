//! Which comments a text has, and in which parts of its documents.

use std::collections::HashMap;

use granit_parser::{Event, Options, Parser};

use super::change::{Spared, escape};

/// What is open: where it stands, and the next item's number or the key whose value comes.
struct Open {
    path: String,
    next: Next,
}

enum Next {
    Item(usize),
    Key,
    Value(String),
}

/// Lists the comments of `before` that are not in `after` and that no part takes along which may go; `prefix` is the
/// path of the tree that was changed.
pub fn gone_comments(before: &str, after: &str, prefix: &str, spared: &Spared) -> Vec<String> {
    let (first, last) = match spared {
        Spared::All => (u32::MAX, 0),
        Spared::AllBut(path) => lines(before).get(&format!("{prefix}{path}")).copied().unwrap_or((0, u32::MAX)),
    };
    let mut left: Vec<String> = comments(after).into_iter().map(|(_, text)| text).collect();
    let mut gone = comments(before);
    gone.retain(|(_, text)| match left.iter().position(|other| other == text) {
        Some(index) => {
            left.swap_remove(index);
            false
        }
        None => true,
    });
    // The comments right above a part go with it.
    let all = comments(before);
    let mut first = first;
    while all.iter().any(|(line, _)| *line + 1 == first) {
        first -= 1;
    }
    gone.into_iter().filter(|(line, _)| !(first..=last).contains(line)).map(|(_, text)| text).collect()
}

fn comments(text: &str) -> Vec<(u32, String)> {
    let mut options = Options::default();
    options.set_emit_comments(true);
    Parser::new_from_str_with_options(text, options)
        .map(Result::unwrap)
        .filter_map(|(event, span)| match event {
            Event::Comment(comment, _) => Some((u32::try_from(span.start.line()).unwrap(), comment.to_string())),
            _ => None,
        })
        .collect()
}

/// Returns the first and last line of each part, by `document/pointer`; empty documents do not count.
fn lines(text: &str) -> HashMap<String, (u32, u32)> {
    let mut options = Options::default();
    options.set_emit_comments(false);
    let mut lines = HashMap::<String, (u32, u32)>::new();
    let mut open: Vec<Open> = Vec::new();
    let mut document = 0;
    for (event, span) in Parser::new_from_str_with_options(text, options).map(Result::unwrap) {
        let (first, last) = (u32::try_from(span.start.line()).unwrap(), u32::try_from(span.end.line()).unwrap());
        let is_empty = open.is_empty() && span.start == span.end;
        match &event {
            Event::DocumentEnd if lines.contains_key(&document.to_string()) => document += 1,
            Event::SequenceEnd | Event::MappingEnd => drop(open.pop()),
            Event::Scalar(..) if is_empty => {}
            Event::Scalar(..) | Event::Alias(_) | Event::SequenceStart(..) | Event::MappingStart(..) => {
                let path = match open.last_mut() {
                    None => document.to_string(),
                    Some(Open { path, next }) => match next {
                        Next::Item(index) => {
                            *index += 1;
                            format!("{path}/{}", *index - 1)
                        }
                        Next::Key => {
                            let Event::Scalar(key, ..) = &event else { panic!("a key is a text") };
                            let key = format!("{path}/{}", escape(key));
                            *next = Next::Value(key.clone());
                            key
                        }
                        Next::Value(key) => {
                            let key = std::mem::take(key);
                            *next = Next::Key;
                            key
                        }
                    },
                };
                let mut above = path.as_str();
                loop {
                    let known = lines.entry(above.to_owned()).or_insert((first, last));
                    *known = (known.0.min(first), known.1.max(last));
                    match above.rsplit_once('/') {
                        Some((rest, _)) => above = rest,
                        None => break,
                    }
                }
                match event {
                    Event::SequenceStart(..) => open.push(Open { path, next: Next::Item(0) }),
                    Event::MappingStart(..) => open.push(Open { path, next: Next::Key }),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    lines
}
