//! A browser is only ever sent to a page of this site.

/// Returns the path when it stays on this site, else `/`.
///
/// A browser takes `//host`, `/\host` and a path with a tab or line break in it for another site.
pub fn same_site(path: &str) -> &str {
    let stays = path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= 4096
        && path.bytes().all(|byte| (b'!'..=b'~').contains(&byte) && byte != b'\\');
    if stays { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_never_leaves_the_site() {
        for good in ["/", "/deployments?q=a%20b", "/a//b"] {
            assert_eq!(same_site(good), good);
        }
        let bad =
            ["", "a", "//evil", "https://evil", "/\\evil", "/\t/evil", "/a\r\nSet-Cookie: x", "javascript:x", "/ü"];
        for bad in bad {
            assert_eq!(same_site(bad), "/", "{bad:?}");
        }
    }
}
