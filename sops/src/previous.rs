//! What an earlier text of the same record gives to the next one, so that what did not change stays as it is.

use std::collections::HashMap;

use crate::cipher;
use crate::keys::DataKey;
use crate::leaf::{Leaf, Opened};
use crate::metadata::{Metadata, SOPS, Wrapped};
use crate::tree::{self, Tree};

/// An earlier text under the same data key.
pub(crate) struct Previous {
    pub(crate) metadata: Metadata,
    mac: Leaf,
    /// By place, type and bytes. A list's items share a place, so one value may have several ciphertexts; the one that
    /// came first is the last.
    ciphertexts: HashMap<(String, &'static str, Vec<u8>), Vec<String>>,
}

impl Previous {
    /// Reads an earlier text; `None` for one of another data key, or that is none of SOPS'. Each ciphertext proves
    /// itself, so it does not matter whether somebody changed the text without SOPS.
    pub(crate) fn read(text: &str, key: &DataKey) -> Option<Self> {
        let mut tree = tree::read(text).ok()?;
        let metadata = Metadata::read(tree.take(SOPS)?.into()).ok()?;
        let mac = metadata.open_mac(key)?;
        let mut previous = Self { metadata, mac, ciphertexts: HashMap::new() };
        previous.collect(tree, key);
        previous.ciphertexts.values_mut().for_each(|texts| texts.reverse());
        Some(previous)
    }

    fn collect(&mut self, tree: Tree, key: &DataKey) {
        let taken = tree.map_leaves(&mut |path, leaf| {
            if let Leaf::Text(text) = &leaf
                && cipher::is_sealed(text)
            {
                let place = cipher::bound_to(path);
                if let Some(Opened::Value(value)) = cipher::open(key, text, &place) {
                    let known = (place, value.kind(), value.bytes().into_owned());
                    self.ciphertexts.entry(known).or_default().push(text.clone());
                }
            }
            Ok::<_, std::convert::Infallible>(Opened::Value(leaf))
        });
        let Ok(_) = taken;
    }

    /// Takes a ciphertext of this value at this place. Each is given once: two that are the same would show that so are
    /// two values.
    pub(crate) fn take(&mut self, place: &str, leaf: &Leaf) -> Option<String> {
        self.ciphertexts.get_mut(&(place.to_owned(), leaf.kind(), leaf.bytes().into_owned()))?.pop()
    }

    /// Returns the data key as it is wrapped for a recipient.
    pub(crate) fn wrapped(&self, recipient: &str) -> Option<&Wrapped> {
        self.metadata.age.iter().find(|wrapped| wrapped.recipient == recipient)
    }

    /// Returns the encrypted MAC and its time when it is that of the same values.
    pub(crate) fn sealed_mac(&self, mac: &Leaf) -> Option<(String, String)> {
        (self.mac == *mac).then(|| (self.metadata.mac.clone(), self.metadata.lastmodified.clone()))
    }
}
