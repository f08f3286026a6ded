//! Hunks as people read them.

use proptest::prelude::*;

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
    check("something else\n", "quite new: 1\n", "@@ 1 1\n-something else\n+quite new: 1\n");
    check("Grüße an alle\n", "Grüße an viele\n", "@@ 1 1\n-Grüße an [alle]\n+Grüße an [viele]\n");
}

#[test]
fn three_lines_stand_around_a_change() {
    let old: String = (1..=20).map(|line| format!("{line}\n")).collect();
    let new = old.replace("10\n", "").replace("20\n", "20\n21\n");
    check(&old, &new, "@@ 7 7\n 7\n 8\n 9\n-10\n 11\n 12\n 13\n@@ 18 17\n 18\n 19\n 20\n+21\n");
    check(&old, &old, "");
    check("", "a\n", "@@ 1 1\n+a\n");
    check("a\n", "", "@@ 1 1\n-a\n");
}

#[test]
fn giants_are_compared_quickly() {
    let old: String = (0..200_000).map(|line| format!("{line}\n")).collect();
    let new: String = (0..200_000).map(|line| format!("{}\n", line * 7 % 200_001)).collect();
    assert!(!diff(&old, &new).is_empty());
    let (old, new) = (format!("{}\n", "x ".repeat(500_000)), format!("{}\n", "y ".repeat(500_000)));
    assert_eq!(diff(&old, &new).len(), 1);
}

#[test]
fn a_difference_of_manifests_has_words_and_lines() {
    let manifest = |replicas: u32| {
        crate::sanitize(&serde_json::json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api"},
            "spec": {"replicas": replicas}}))
    };
    let found = diff_trees(Some(&manifest(3)), Some(&manifest(5)));
    assert_eq!(found.summary, ["replicas 3 -> 5"]);
    assert!(show(&found.hunks).contains("-  replicas: [3]\n+  replicas: [5]\n"), "{}", show(&found.hunks));
    assert!(diff_trees(Some(&manifest(3)), Some(&manifest(3))).is_empty());
    assert_eq!(diff_trees(None, Some(&manifest(3))).summary, ["created"]);
    assert!(diff_trees(Some(&manifest(3)), None).hunks[0].lines.iter().all(|line| line.mark == Mark::Removed));
}

proptest! {
    #[test]
    fn both_texts_can_be_read_off_the_lines(old in "([a-c]{0,2}\n){0,30}", new in "([a-c]{0,2}\n){0,30}") {
        for hunk in diff(&old, &new) {
            let side = |skip: Mark| -> Vec<String> {
                let lines = hunk.lines.iter().filter(|line| line.mark != skip);
                lines.map(|line| line.parts.iter().map(|part| part.text.as_str()).collect()).collect()
            };
            let at = |text: &str, start: u32, count: usize| -> Vec<String> {
                text.lines().skip(start as usize - 1).take(count).map(str::to_owned).collect()
            };
            let (removed, added) = (side(Mark::Added), side(Mark::Removed));
            prop_assert_eq!(at(&old, hunk.old_start, removed.len()), removed);
            prop_assert_eq!(at(&new, hunk.new_start, added.len()), added);
        }
    }
}
