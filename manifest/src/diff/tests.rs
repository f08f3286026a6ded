//! Hunks as people read them.

use super::*;

/// Writes hunks as a unified diff, with changed words in brackets.
fn show(hunks: &[Hunk]) -> String {
    let mut text = String::new();
    for hunk in hunks {
        text.push_str(&format!("@@ {} {}\n", hunk.old_start, hunk.new_start));
        for line in &hunk.lines {
            text.push(match line.mark {
                Mark::Same => ' ',
                Mark::Added => '+',
                Mark::Removed => '-',
            });
            for part in &line.parts {
                text.push_str(&if part.changed { format!("[{}]", part.text) } else { part.text.clone() });
            }
            text.push('\n');
        }
    }
    text
}

fn check(old: &str, new: &str, expect: &str) {
    assert_eq!(show(&diff(old, new)), expect);
}

#[test]
fn changed_words_are_marked() {
    check(
        "a\nimage: api:1.4.1\nb\n",
        "a\nimage: api:1.4.2\nb\n",
        "@@ 1 1\n a\n-image: api:1.4.[1]\n+image: api:1.4.[2]\n b\n",
    );
}
