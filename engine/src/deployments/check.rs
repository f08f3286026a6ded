//! The forms of what people type into a Deployment, each with its error in words.

use manifest::{MASKED, is_stand_in};

/// More would be a slip of the finger.
const MOST_REPLICAS: u32 = 10_000;

/// Checks a number of replicas.
///
/// # Errors
/// Says which numbers are taken.
pub(super) fn check_replicas(replicas: u32) -> Result<u32, String> {
    if replicas <= MOST_REPLICAS {
        Ok(replicas)
    } else {
        Err(format!("Replicas are a number from 0 to {MOST_REPLICAS}."))
    }
}

/// Checks the name of an environment variable.
///
/// # Errors
/// Says how one is written.
pub(super) fn check_variable(name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if name.is_empty() || !name.chars().all(plain) || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("A variable's name has letters, digits, _, - and ., and begins with no digit.".into());
    }
    Ok(())
}

/// Refuses what stands for a value in records and differences; deployed, it would take the value's place.
///
/// # Errors
/// Says what to do instead.
pub(super) fn check_value(text: &str) -> Result<(), String> {
    let text = text.trim();
    // `masked` is a word like any other, and stands for values of Secrets alone.
    if text != MASKED && is_stand_in(text) {
        return Err("this stands for a value that Denshimon does not show; put the value itself here.".into());
    }
    Ok(())
}

/// Checks an image reference by the grammar of `distribution/reference`: `[host[:port]/]path[:tag][@digest]`.
///
/// # Errors
/// Says what is wrong with it.
pub(super) fn check_image(text: &str) -> Result<&str, String> {
    let shape = "An image is written like registry.example/shop/api:1.4.2, in lower case and without spaces.";
    if text.is_empty() {
        return Err("An image is needed, such as registry.example/shop/api:1.4.2.".into());
    }
    if text.len() > 500 {
        return Err("An image's name has at most 500 characters.".into());
    }
    let (rest, digest) = text.split_once('@').map_or((text, None), |(rest, digest)| (rest, Some(digest)));
    if let Some(digest) = digest {
        let (algorithm, hexadecimal) = digest.split_once(':').unwrap_or_default();
        let good =
            !algorithm.is_empty() && hexadecimal.len() >= 32 && hexadecimal.bytes().all(|b| b.is_ascii_hexdigit());
        if !good {
            return Err("After @ comes a digest, such as sha256: and 64 hexadecimal digits.".into());
        }
    }
    let (path, tag) = match rest.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
        _ => (rest, None),
    };
    if let Some(tag) = tag {
        let good = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        if tag.is_empty() || tag.len() > 128 || tag.starts_with(['.', '-']) || !tag.chars().all(good) {
            return Err("A tag has 1 to 128 letters, digits, _ . or -, and begins with no . or -.".into());
        }
    }
    let parts: Vec<&str> = path.split('/').collect();
    let is_host = |part: &str| part.contains(['.', ':']) || part == "localhost";
    let names = match parts.split_first() {
        Some((first, rest)) if !rest.is_empty() && is_host(first) => {
            let good = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
            if !first.chars().all(good) {
                return Err(shape.into());
            }
            rest
        }
        _ => parts.as_slice(),
    };
    let good_name = |name: &&str| {
        let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        ends(name.chars().next()) && ends(name.chars().last()) && name.chars().all(plain)
    };
    if names.iter().all(good_name) { Ok(text) } else { Err(shape.into()) }
}

/// Checks a Kubernetes quantity: a decimal number with a suffix such as `m`, `k`, `Mi` or `e3`.
///
/// # Errors
/// Says how one is written.
pub(super) fn check_quantity(text: &str) -> Result<(), String> {
    const SUFFIXES: [&str; 15] = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi"];
    let digits = text.trim_start_matches('+');
    let end = digits.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(digits.len());
    let (number, suffix) = digits.split_at(end);
    let exponent = suffix.strip_prefix(['e', 'E']).filter(|text| text.parse::<i8>().is_ok());
    let known = SUFFIXES.contains(&suffix) || suffix == "Ei" || exponent.is_some();
    if text.len() <= 30 && number.parse::<f64>().is_ok() && known {
        return Ok(());
    }
    Err("A quantity is a number with a unit, such as 250m, 1, 64Mi or 1.5Gi.".into())
}

/// Checks a label by the rules of Kubernetes: `[prefix/]name` and a value of at most 63 characters each.
///
/// # Errors
/// Says which rule is broken.
pub(super) fn check_label(key: &str, value: &str) -> Result<(), String> {
    let plain = |text: &str| {
        let ends = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
        let good = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        text.len() <= 63 && text.chars().all(good) && ends(text.chars().next()) && ends(text.chars().last())
    };
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    if name.is_empty() || !plain(name) || prefix.is_some_and(|prefix| model::ResourceName::subdomain(prefix).is_err()) {
        return Err("A label's key has up to 63 letters, digits, - _ or ., with an optional prefix and /.".into());
    }
    if !plain(value) {
        return Err(
            "A label's value has up to 63 letters, digits, - _ or ., and begins and ends with one of the first.".into(),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_read_as_container_runtimes_read_them() {
        let digest = format!("a@sha256:{}", "0".repeat(64));
        for good in ["nginx", "nginx:1.27", "localhost:5000/a/b_c:x", "registry.example/shop/api:1.4.2-rc.1", &digest] {
            assert!(check_image(good).is_ok(), "{good}");
        }
        for bad in ["", "Nginx", "a b", "a:", "a:-x", "a/", "/a", "a@sha256:1", "a\n", "http://a/b", "a:x y"] {
            assert!(check_image(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_stands_for_a_value_is_none() {
        let fingerprint = manifest::not_recorded("79ca9109df1aa375");
        for stand_in in [manifest::NOT_RECORDED, &fingerprint, " (encrypted, 0011aabb)\n"] {
            assert!(check_value(stand_in).is_err(), "{stand_in}");
        }
        for value in ["", "masked", "hunter2", "(encrypted)", &format!("see {fingerprint}")] {
            assert!(check_value(value).is_ok(), "{value}");
        }
    }

    #[test]
    fn quantities_are_read_as_kubernetes_reads_them() {
        for good in ["1", "0.5", "250m", "64Mi", "1.5Gi", "1e3", "12E", "1Ei", "+1"] {
            assert!(check_quantity(good).is_ok(), "{good}");
        }
        for bad in ["", "m", "1.2.3", "64MB", "1 Gi", "-1x", "0x10", "١"] {
            assert!(check_quantity(bad).is_err(), "{bad}");
        }
    }
}
