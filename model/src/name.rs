//! Names that are checked once, where they come in, and never again.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Says which rule a name breaks, in words for the person who typed it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidName(pub String);

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// Returns the name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $type {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                let check: fn(&str) -> Result<(), InvalidName> = $check;
                check(&text)?;
                Ok(Self(text))
            }
        }

        impl FromStr for $type {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> String {
                name.0
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, formatter)
            }
        }
    };
}

name!(
    /// A namespace: an RFC 1123 label of 1 to 63 characters.
    Namespace,
    |text| check_label("namespace", text)
);
name!(
    /// A container's name: an RFC 1123 label of 1 to 63 characters.
    ContainerName,
    |text| check_label("container name", text)
);
name!(
    /// The name Denshimon gives a cluster, which is a folder in the repository: an RFC 1123 label.
    ClusterName,
    |text| check_label("cluster name", text)
);
name!(
    /// The name of any resource: a path segment of 1 to 253 characters, since RBAC names hold `:` and capitals.
    ResourceName,
    check_path_segment
);
name!(
    /// The name a person signs in with: 1 to 64 of `a-z 0-9 . _ -`, beginning with a letter or digit.
    Username,
    check_username
);

impl ResourceName {
    /// Returns the name when it also is an RFC 1123 subdomain, as most kinds ask for it.
    ///
    /// # Errors
    /// Says which rule is broken.
    pub fn subdomain(text: &str) -> Result<Self, InvalidName> {
        if text.is_empty() || text.len() > 253 {
            return Err(InvalidName("A name has 1 to 253 characters.".into()));
        }
        if text.split('.').any(|part| !is_label(part)) {
            return Err(InvalidName(
                "A name has only a-z, 0-9, - and ., and begins and ends with a letter or digit.".into(),
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

fn is_label(text: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.iter().all(|&byte| alphanumeric(byte) || byte == b'-')
        && bytes.first().is_some_and(|&byte| alphanumeric(byte))
        && bytes.last().is_some_and(|&byte| alphanumeric(byte))
}

fn check_label(what: &str, text: &str) -> Result<(), InvalidName> {
    if text.is_empty() || text.len() > 63 {
        return Err(InvalidName(format!("A {what} has 1 to 63 characters.")));
    }
    if !is_label(text) {
        return Err(InvalidName(format!(
            "A {what} has only a-z, 0-9 and -, and begins and ends with a letter or digit."
        )));
    }
    Ok(())
}

fn check_path_segment(text: &str) -> Result<(), InvalidName> {
    if text.is_empty() || text.len() > 253 {
        return Err(InvalidName("A name has 1 to 253 characters.".into()));
    }
    if text == "." || text == ".." || text.chars().any(|c| c == '/' || c == '%' || c.is_control()) {
        return Err(InvalidName("A name cannot be . or .. or hold / or %.".into()));
    }
    Ok(())
}

fn check_username(text: &str) -> Result<(), InvalidName> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c);
    let begins_well = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    if text.len() > 64 || !begins_well || !text.chars().all(allowed) {
        return Err(InvalidName(
            "A user name has 1 to 64 of a-z, 0-9, ., _ and -, and begins with a letter or digit.".into(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: FromStr>(input: &str, expect: bool) {
        assert_eq!(T::from_str(input).is_ok(), expect, "{input:?}");
    }

    #[test]
    fn a_namespace_is_a_label() {
        for good in ["a", "shop", "kube-system", "0", &"a".repeat(63)] {
            check::<Namespace>(good, true);
        }
        for bad in ["", "-a", "a-", "A", "a.b", "a/b", "ä", "..", &"a".repeat(64)] {
            check::<Namespace>(bad, false);
        }
    }

    #[test]
    fn a_resource_name_is_a_path_segment() {
        for good in ["system:node", "a.b-c", "Upper"] {
            check::<ResourceName>(good, true);
        }
        for bad in ["", ".", "..", "a/b", "a%2fb", "a\nb"] {
            check::<ResourceName>(bad, false);
        }
    }

    #[test]
    fn a_user_name_cannot_break_a_commit() {
        check::<Username>("ada", true);
        for bad in ["", "Ada", "a b", "a<b>", "a\nb", "-a", ".a"] {
            check::<Username>(bad, false);
        }
    }
}
