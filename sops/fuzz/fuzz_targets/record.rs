//! Any text is decrypted or refused; any manifest that is encrypted comes back, whatever stood there before.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sops::{DataKey, Encryption, Recipients, Selection, decrypt, encrypt};

fuzz_target!(|texts: (&str, &str)| {
    let (text, before) = texts;
    let data_key = &DataKey::from_bytes(&[1; 32]);
    let _ = decrypt(text, data_key);
    let recipients = &Recipients::parse(&["age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"])
        .expect("this is a public key");
    for document in manifest::parse(text).unwrap_or_default() {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let encryption = Encryption { recipients, data_key, selection: &Selection::secret(), previous: Some(before), now };
        let Ok(record) = encrypt(&document.tree, &encryption) else { continue };
        assert_eq!(decrypt(&record, data_key).expect("it was encrypted with this key"), document.tree, "{record}");
        let again = Encryption { previous: Some(&record), ..encryption };
        assert_eq!(encrypt(&document.tree, &again).expect("it was encrypted before"), record);
    }
});
