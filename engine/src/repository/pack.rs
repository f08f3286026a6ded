//! Writes packs and reads their entries, as gitformat-pack(5) has it: version 2 of the pack and of its index.
//!
//! libgit2's own builder searches for the best deltas each time it writes an object, which costs more than all the rest
//! of a commit. Two versions of one folder differ in one place, which is found by comparing from both ends.

mod delta;
mod old;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use flate2::{Compress, Compression, FlushCompress, Status};
use git2::{ObjectType, Oid};
use sha1::{Digest, Sha1};
use tempfile::NamedTempFile;

pub(super) use delta::delta;
use delta::{low_bits, put_size};
pub(super) use old::{OldPack, count_of, inflate};

const PACK: &[u8] = b"PACK\0\0\0\x02";
const INDEX: &[u8] = b"\xfftOc\0\0\0\x02";
const COUNTS: usize = 256 * 4;
const TREE: u8 = 2;
const DELTA_ID: u8 = 7;

/// A pack that is being written; without [`NewPack::finish`] nothing of it stays.
pub(super) struct NewPack {
    file: BufWriter<NamedTempFile>,
    hash: Sha1,
    offset: u64,
    count: usize,
    entries: Vec<Entry>,
}

/// An object's place in a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    id: Oid,
    crc: u32,
    offset: u64,
}

impl NewPack {
    /// Begins a pack of exactly so many objects in a folder.
    pub(super) fn begin(folder: &Path, count: usize) -> io::Result<Self> {
        let file = BufWriter::new(temporary(folder)?);
        let mut pack = Self { file, hash: Sha1::new(), offset: 0, count, entries: Vec::with_capacity(count) };
        pack.put(&start(count)?)?;
        Ok(pack)
    }

    /// Adds an object as it is.
    pub(super) fn add(&mut self, id: Oid, kind: ObjectType, content: &[u8]) -> io::Result<()> {
        self.copy(id, &whole(kind, content)?)
    }

    /// Adds an object by what tells it from another one, which has to be in the same pack.
    pub(super) fn add_delta(&mut self, id: Oid, base: Oid, delta: &[u8]) -> io::Result<()> {
        self.copy(id, &told_by(base, delta)?)
    }

    /// Adds an entry as it lies in another pack, or was made for one.
    pub(super) fn copy(&mut self, id: Oid, raw: &[u8]) -> io::Result<()> {
        self.entries.push(Entry { id, crc: crc32fast::hash(raw), offset: self.offset });
        self.put(raw)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.hash.update(bytes);
        self.offset += bytes.len() as u64;
        Ok(())
    }

    /// Brings the pack and its index to disk and returns the index.
    pub(super) fn finish(mut self, folder: &Path) -> io::Result<PathBuf> {
        if self.entries.len() != self.count {
            return Err(io::Error::other("the pack does not hold what it should"));
        }
        let checksum: [u8; 20] = self.hash.finalize().into();
        self.file.write_all(&checksum)?;
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        self.entries.sort_by_key(|entry| entry.id);
        let mut index = temporary(folder)?;
        index.write_all(&index_of(&self.entries, &checksum)?)?;
        index.as_file().sync_all()?;
        let name: String = checksum.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = folder.join(format!("pack-{name}.idx"));
        // Whoever finds the index must find the pack.
        file.persist(path.with_extension("pack"))?;
        index.persist(&path)?;
        File::open(folder)?.sync_all()?;
        Ok(path)
    }
}

/// Makes an entry that is an object as it is.
pub(super) fn whole(kind: ObjectType, content: &[u8]) -> io::Result<Vec<u8>> {
    let kind = match kind {
        ObjectType::Commit => 1,
        ObjectType::Tree => TREE,
        ObjectType::Blob => 3,
        _ => return Err(io::Error::other("no object that is made here")),
    };
    // A tree is mostly hashes, which do not become smaller.
    let level = if kind == TREE { Compression::fast() } else { Compression::default() };
    deflate(head(kind, content.len()), content, level)
}

/// Makes an entry that is told by what it has beside another object.
pub(super) fn told_by(base: Oid, delta: &[u8]) -> io::Result<Vec<u8>> {
    let mut raw = head(DELTA_ID, delta.len());
    raw.extend_from_slice(base.as_bytes());
    deflate(raw, delta, Compression::fast())
}

/// Makes a pack of entries in memory.
pub(super) fn stream<'a>(count: usize, entries: impl Iterator<Item = &'a [u8]>) -> io::Result<Vec<u8>> {
    let mut pack = start(count)?;
    entries.for_each(|raw| pack.extend_from_slice(raw));
    let checksum = Sha1::digest(&pack);
    pack.extend_from_slice(&checksum);
    Ok(pack)
}

fn start(count: usize) -> io::Result<Vec<u8>> {
    let mut start = PACK.to_vec();
    start.extend(u32::try_from(count).map_err(io::Error::other)?.to_be_bytes());
    Ok(start)
}

/// Compresses behind what there is. A compressor's tables are larger than most objects, so each thread keeps its own.
fn deflate(mut entry: Vec<u8>, content: &[u8], level: Compression) -> io::Result<Vec<u8>> {
    thread_local! {
        static KEPT: RefCell<HashMap<u32, Compress>> = RefCell::default();
    }
    KEPT.with_borrow_mut(|kept| {
        let compressor = kept.entry(level.level()).or_insert_with(|| Compress::new(level, true));
        compressor.reset();
        loop {
            entry.reserve(64 + content.len() / 2);
            let read = usize::try_from(compressor.total_in()).map_err(io::Error::other)?;
            let rest = content.get(read..).unwrap_or_default();
            if compressor.compress_vec(rest, &mut entry, FlushCompress::Finish)? == Status::StreamEnd {
                return Ok(entry);
            }
        }
    })
}

/// One that is removed when nobody finishes it, and at the next start after a crash.
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix("tmp_pack_").permissions(std::fs::Permissions::from_mode(0o444)).tempfile_in(folder)
}

fn index_of(sorted: &[Entry], pack: &[u8; 20]) -> io::Result<Vec<u8>> {
    let mut index = INDEX.to_vec();
    let mut place = 0;
    for first in 0..=255_u8 {
        place += sorted.iter().skip(place).take_while(|entry| entry.id.as_bytes().first() == Some(&first)).count();
        index.extend(u32::try_from(place).map_err(io::Error::other)?.to_be_bytes());
    }
    sorted.iter().for_each(|entry| index.extend_from_slice(entry.id.as_bytes()));
    sorted.iter().for_each(|entry| index.extend(entry.crc.to_be_bytes()));
    let mut far: Vec<u8> = Vec::new();
    for entry in sorted {
        let short = u32::try_from(entry.offset).ok().filter(|offset| offset >> 31 == 0);
        let short = short.map_or_else(
            || {
                let place = u32::try_from(far.len() / 8).map_err(io::Error::other)?;
                far.extend(entry.offset.to_be_bytes());
                Ok::<_, io::Error>(place | 1 << 31)
            },
            Ok,
        )?;
        index.extend(short.to_be_bytes());
    }
    index.append(&mut far);
    index.extend_from_slice(pack);
    let checksum = Sha1::digest(&index);
    index.extend_from_slice(&checksum);
    Ok(index)
}

fn head(kind: u8, size: usize) -> Vec<u8> {
    let first = kind << 4 | low_bits(size, 0xf);
    if size <= 0xf {
        return vec![first];
    }
    let mut head = vec![first | 0x80];
    put_size(&mut head, size >> 4);
    head
}
