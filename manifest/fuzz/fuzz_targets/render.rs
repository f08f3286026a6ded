//! Any JSON makes a manifest, and the manifest renders to a text that reads back as it.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|json: &[u8]| {
    let Ok(live) = serde_json::from_slice::<serde_json::Value>(json) else { return };
    let manifest = manifest::sanitize(&live);
    let rendered = manifest::render(&manifest);
    if let Ok(read) = manifest::parse(&rendered)
        && let Some(document) = read.first()
    {
        assert_eq!(document.tree, *manifest.tree(), "{rendered}");
        assert_eq!(manifest::render(&manifest::sanitize(&document.tree)), rendered);
    }
});
