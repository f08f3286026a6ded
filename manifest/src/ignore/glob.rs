//! Names in which `*` stands for any part.

/// A name, or what names look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Glob(String);

impl Glob {
    /// Reads one; nothing stands for any name.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.len() > 253 {
            return Err("This is longer than any name: 253 characters at most.".into());
        }
        if let Some(wrong) = text.chars().find(|c| c.is_whitespace() || matches!(c, ',' | ';' | '?' | '[' | ']')) {
            return Err(format!("{wrong:?} is in no name: write one name, in which * stands for any part."));
        }
        Ok(Self(if text.is_empty() { "*".to_owned() } else { text.to_owned() }))
    }

    pub(super) fn is_any(&self) -> bool {
        self.0.chars().all(|c| c == '*')
    }

    /// Tells the same of a name whose capitals are not known.
    pub(super) fn may_fit(&self, name: &str) -> bool {
        Self(self.0.to_lowercase()).fits(&name.to_lowercase())
    }

    pub(super) fn fits(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = name.strip_prefix(first) else { return false };
        let mut parts = parts.peekable();
        if parts.peek().is_none() {
            return rest.is_empty();
        }
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return rest.ends_with(part);
            }
            match rest.split_once(part) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        true
    }
}
