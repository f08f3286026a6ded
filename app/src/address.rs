//! Addresses of pages, built from values.

use std::fmt::Write as _;

/// A path of this site and its query; empty values are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    path: String,
    query: String,
}

impl Address {
    /// Begins with a path, whose parts are already encoded.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), query: String::new() }
    }

    /// Adds a value unless it is empty.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        if !value.is_empty() {
            self.query.push(if self.query.is_empty() { '?' } else { '&' });
            self.query.push_str(&encode(name));
            self.query.push('=');
            self.query.push_str(&encode(value));
        }
        self
    }

    /// Adds `name=1` when set.
    #[must_use]
    pub fn with_flag(self, name: &str, set: bool) -> Self {
        self.with(name, if set { "1" } else { "" })
    }

    /// Adds the page's number unless it is the first.
    #[must_use]
    pub fn with_page(self, number: u32) -> Self {
        if number > 1 { self.with("page", &number.to_string()) } else { self }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}{}", self.path, self.query)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

/// Percent-encodes all but letters, digits and `-._~`.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_values_are_left_out_and_others_encoded() {
        let address = Address::new("/deployments").with("q", "a&b ü").with("namespace", "").with_page(1).with_page(3);
        assert_eq!(address.to_string(), "/deployments?q=a%26b%20%C3%BC&page=3");
    }
}
