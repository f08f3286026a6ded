//! Any text is read or refused; what is read comes back from what it renders to.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for document in manifest::parse(text).unwrap_or_default() {
        let rendered = manifest::render_tree(&document.tree);
        let again = manifest::parse(&rendered).expect("what was rendered can be read");
        assert_eq!(again.first().map(|document| &document.tree), Some(&document.tree), "{rendered}");
    }
});
