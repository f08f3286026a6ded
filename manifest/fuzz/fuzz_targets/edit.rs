//! Any file takes any document's place: the result means what is wanted, and the other documents what they meant.

#![no_main]

use libfuzzer_sys::fuzz_target;
use manifest::Address;

fuzz_target!(|input: (&str, &str)| {
    let (text, wanted) = input;
    let Ok(documents) = manifest::parse(text) else { return };
    let Some(wanted) = manifest::parse(wanted).ok().and_then(|mut found| found.pop()) else { return };
    for index in 0..documents.len() {
        let address = Address { document: index, item: None };
        let Ok(edited) = manifest::edit_tree(text, address, &wanted.tree) else { continue };
        let found = manifest::parse(&edited.text).expect("what was edited can be read");
        let expect =
            documents.iter().enumerate().map(|(other, old)| if other == index { &wanted.tree } else { &old.tree });
        assert!(found.iter().map(|document| &document.tree).eq(expect), "{}", edited.text);
        assert_eq!(manifest::edit_tree(&edited.text, address, &wanted.tree).map(|again| again.text), Ok(edited.text));
        let _ = manifest::remove(text, address);
    }
});
