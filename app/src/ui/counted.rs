//! Numbers with what they count.

/// Words a count: `1 commit`, `2 commits`. The noun is given as it is for many, and ends in `s`.
pub fn counted(count: u64, nouns: &str) -> String {
    if count != 1 {
        return format!("{count} {nouns}");
    }
    match nouns.strip_suffix("ies") {
        Some(stem) => format!("1 {stem}y"),
        None => format!("1 {}", nouns.strip_suffix('s').unwrap_or(nouns)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one() {
        assert_eq!(counted(0, "commits"), "0 commits");
        assert_eq!(counted(1, "commits"), "1 commit");
        assert_eq!(counted(2, "commits"), "2 commits");
        assert_eq!(counted(1, "entries"), "1 entry");
    }
}
