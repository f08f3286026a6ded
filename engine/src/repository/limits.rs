//! What libgit2 may take of memory and time, in the whole process.

use std::sync::OnceLock;

/// What is mapped of all packs together; libgit2's own limit is as large as the address space.
const MAPPED: usize = 32 * 1024 * 1024;
/// What is mapped of a pack at once.
const WINDOW: usize = 2 * 1024 * 1024;
/// Objects that are kept once read.
const CACHED: isize = 8 * 1024 * 1024;

/// Sets the limits, once; called before a repository is opened.
pub(super) fn set() -> Result<(), git2::Error> {
    static DONE: OnceLock<Result<(), String>> = OnceLock::new();
    let done = DONE.get_or_init(|| {
        // Git's own programs trust what they read from a pack, too: a checksum of zlib's is on each entry. To hash it
        // all again takes more time than to read it.
        git2::opts::strict_hash_verification(false);
        // SAFETY: these are plain numbers that libgit2 reads when it maps or keeps something. `OnceLock` lets one thread
        // in, before the repository is opened.
        let limited = unsafe {
            git2::opts::set_mwindow_mapped_limit(MAPPED)
                .and_then(|()| git2::opts::set_mwindow_size(WINDOW))
                .and_then(|()| git2::opts::set_cache_max_size(CACHED))
        };
        limited.map_err(|error| error.message().to_owned())
    });
    done.clone().map_err(|message| git2::Error::from_str(&message))
}
