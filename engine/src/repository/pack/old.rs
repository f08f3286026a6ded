//! Reads packs that lie in a folder.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use flate2::read::ZlibDecoder;
use git2::Oid;

use super::{COUNTS, DELTA_ID, Entry, INDEX, TREE};

/// The checksum behind the last entry.
const TRAILER: u64 = 20;
const DELTA_BACK: u8 = 6;

/// A pack that lies in a folder.
pub(in super::super) struct OldPack {
    file: File,
    /// By offset.
    entries: Vec<Entry>,
    end: u64,
}

/// What an entry says of itself before its content.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Head {
    kind: u8,
    size: usize,
    /// What it is a delta of.
    base: Option<Oid>,
    length: usize,
}

impl Head {
    /// A folder that is not told by what it has beside another one.
    pub(in super::super) fn is_whole_tree(&self) -> bool {
        self.kind == TREE
    }

    /// Returns the object that it is told by.
    pub(in super::super) fn base(&self) -> Option<Oid> {
        self.base
    }

    pub(in super::super) fn size(&self) -> usize {
        self.size
    }
}

impl OldPack {
    /// Reads the index; `None` when it is one of another version.
    pub(in super::super) fn open(index: &Path) -> io::Result<Option<Self>> {
        let bytes = std::fs::read(index)?;
        let Some(mut entries) = entries_of(&bytes) else { return Ok(None) };
        entries.sort_by_key(|entry| entry.offset);
        let file = File::open(index.with_extension("pack"))?;
        let end = file.metadata()?.len().saturating_sub(TRAILER);
        Ok(Some(Self { file, entries, end }))
    }

    /// Lists its objects.
    pub(in super::super) fn ids(&self) -> impl Iterator<Item = Oid> {
        self.entries.iter().map(|entry| entry.id)
    }

    /// Goes through its objects in the order they lie in, with a head that names a base by its id.
    ///
    /// # Errors
    /// It cannot be read, or is not what its index says.
    pub(in super::super) fn each(&self, mut visit: impl FnMut(Oid, &Head, &[u8]) -> io::Result<()>) -> io::Result<()> {
        let places: HashMap<u64, Oid> = self.entries.iter().map(|entry| (entry.offset, entry.id)).collect();
        let ends = self.entries.iter().skip(1).map(|entry| entry.offset).chain([self.end]);
        let mut raw = Vec::new();
        for (entry, end) in self.entries.iter().zip(ends) {
            let broken = || io::Error::new(io::ErrorKind::InvalidData, format!("{} is broken in its pack", entry.id));
            let length = end.checked_sub(entry.offset).and_then(|length| usize::try_from(length).ok());
            raw.resize(length.ok_or_else(broken)?, 0);
            self.file.read_exact_at(&mut raw, entry.offset)?;
            if crc32fast::hash(&raw) != entry.crc {
                return Err(broken());
            }
            let base = |back: u64| places.get(&entry.offset.checked_sub(back)?).copied();
            let head = read_head(&raw, base).ok_or_else(broken)?;
            if raw.first().is_some_and(|first| first >> 4 & 7 == DELTA_BACK) {
                let content = raw.get(head.length..).ok_or_else(broken)?;
                let mut by_id = super::head(DELTA_ID, head.size);
                by_id.extend_from_slice(head.base.ok_or_else(broken)?.as_bytes());
                let length = by_id.len();
                by_id.extend_from_slice(content);
                visit(entry.id, &Head { kind: DELTA_ID, length, ..head }, &by_id)?;
            } else {
                visit(entry.id, &head, &raw)?;
            }
        }
        Ok(())
    }
}

/// Unpacks an entry's content.
pub(in super::super) fn inflate(head: &Head, raw: &[u8]) -> io::Result<Vec<u8>> {
    let mut content = Vec::with_capacity(head.size);
    let packed = raw.get(head.length..).unwrap_or_default();
    ZlibDecoder::new(packed).take(head.size as u64 + 1).read_to_end(&mut content)?;
    if content.len() == head.size { Ok(content) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// Counts the objects of a pack by its index; `None` when it is one of another version.
pub(in super::super) fn count_of(index: &Path) -> Option<usize> {
    let mut start = [0; INDEX.len() + COUNTS];
    File::open(index).ok()?.read_exact(&mut start).ok()?;
    let last = start.strip_prefix(INDEX)?.last_chunk::<4>()?;
    usize::try_from(u32::from_be_bytes(*last)).ok()
}

/// Reads ids, checksums and offsets of an index.
fn entries_of(index: &[u8]) -> Option<Vec<Entry>> {
    let rest = index.strip_prefix(INDEX)?;
    let (counts, rest) = rest.split_at_checked(COUNTS)?;
    let count = usize::try_from(u32::from_be_bytes(*counts.last_chunk::<4>()?)).ok()?;
    let (ids, rest) = rest.split_at_checked(count.checked_mul(20)?)?;
    let (crcs, rest) = rest.split_at_checked(count.checked_mul(4)?)?;
    let (offsets, far) = rest.split_at_checked(count.checked_mul(4)?)?;
    let word = |bytes: &[u8]| Some(u32::from_be_bytes(*bytes.first_chunk::<4>()?));
    let offset = |bytes: &[u8]| {
        let short = word(bytes)?;
        if short >> 31 == 0 {
            return Some(u64::from(short));
        }
        let place = usize::try_from(short & 0x7fff_ffff).ok()?.checked_mul(8)?;
        Some(u64::from_be_bytes(*far.get(place..)?.first_chunk::<8>()?))
    };
    let parts = ids.chunks_exact(20).zip(crcs.chunks_exact(4)).zip(offsets.chunks_exact(4));
    parts
        .map(|((id, crc), at)| Some(Entry { id: Oid::from_bytes(id).ok()?, crc: word(crc)?, offset: offset(at)? }))
        .collect()
}

/// Reads an entry's head; `base` finds the object that lies so many bytes before it.
fn read_head(raw: &[u8], base: impl Fn(u64) -> Option<Oid>) -> Option<Head> {
    let mut bytes = raw.iter().copied();
    let first = bytes.next()?;
    let kind = first >> 4 & 7;
    let (mut size, mut shift, mut byte) = (usize::from(first & 0xf), 4, first);
    while byte & 0x80 != 0 {
        byte = bytes.next()?;
        size |= usize::from(byte & 0x7f).checked_shl(shift)?;
        shift += 7;
    }
    let base = match kind {
        DELTA_BACK => {
            byte = bytes.next()?;
            let mut back = u64::from(byte & 0x7f);
            while byte & 0x80 != 0 {
                byte = bytes.next()?;
                back = back.checked_add(1)?.checked_mul(128)? | u64::from(byte & 0x7f);
            }
            Some(base(back)?)
        }
        DELTA_ID => {
            let id: Vec<u8> = bytes.by_ref().take(20).collect();
            Some(Oid::from_bytes(&id).ok()?)
        }
        1..=4 => None,
        _ => return None,
    };
    Some(Head { kind, size, base, length: raw.len() - bytes.len() })
}
