//! Follows the API server's audit log file as `tail -F` does, through rotation and truncation.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::AuditEvents;

const PAUSE: Duration = Duration::from_millis(200);
/// How much of what is there at the start is read: who changed what while Denshimon was away.
const LOOK_BACK: u64 = 16 * 1024 * 1024;
/// Read at once.
const CHUNK: u64 = 1024 * 1024;
/// A longer line is no event.
const LONGEST_LINE: usize = 16 * 1024 * 1024;

pub(super) const BROKEN: &str = "The reader of the audit log file ended through an error.";

/// Reads events until the engine stops.
pub(super) async fn follow(path: PathBuf, events: AuditEvents, stopping: CancellationToken) {
    let mut tail = Tail::new(path);
    while !stopping.is_cancelled() {
        let polled = tokio::task::spawn_blocking(move || {
            let polled = tail.poll();
            (tail, polled)
        });
        let Ok((back, polled)) = polled.await else {
            events.set_trouble(Some(BROKEN.into()));
            return;
        };
        tail = back;
        let more = match polled {
            Ok(Polled { read, more }) => {
                events.set_trouble(None);
                events.take_in(&read);
                more
            }
            Err(error) => {
                events.set_trouble(Some(format!("The audit log file cannot be read: {}.", error.kind())));
                false
            }
        };
        if !more {
            tokio::select! {
                () = stopping.cancelled() => {}
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }
}

struct Tail {
    path: PathBuf,
    open: Option<Open>,
    /// A line whose end is not there yet.
    line: Vec<u8>,
    /// Until the next line's beginning.
    skips: bool,
    /// A file was read before.
    began: bool,
}

struct Open {
    file: File,
    id: (u64, u64),
    offset: u64,
    /// The path names another file by now: this one is read to its end.
    rotated: bool,
}

struct Polled {
    read: Vec<Value>,
    more: bool,
}

impl Tail {
    fn new(path: PathBuf) -> Self {
        Self { path, open: None, line: Vec::new(), skips: false, began: false }
    }

    fn poll(&mut self) -> io::Result<Polled> {
        let open = match &mut self.open {
            Some(open) => open,
            None => {
                let file = File::open(&self.path)?;
                let metadata = file.metadata()?;
                // The first file is as long as it is; one that took its place is read from its beginning.
                let offset = if self.began { 0 } else { metadata.len().saturating_sub(LOOK_BACK) };
                (self.skips, self.began) = (offset > 0, true);
                self.open.insert(Open { file, id: id(&metadata), offset, rotated: false })
            }
        };
        let mut bytes = Vec::new();
        open.file.seek(SeekFrom::Start(open.offset))?;
        let count = (&open.file).take(CHUNK).read_to_end(&mut bytes)?;
        open.offset += u64::try_from(count).unwrap_or_default();
        if count > 0 {
            return Ok(Polled { read: self.lines(&bytes), more: true });
        }
        if open.rotated {
            self.open = None;
            self.line.clear();
            return Ok(Polled { read: Vec::new(), more: true });
        }
        let current = match std::fs::metadata(&self.path) {
            Ok(current) => current,
            // Between the two steps of a rotation there is none.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Polled { read: Vec::new(), more: false });
            }
            Err(error) => return Err(error),
        };
        open.rotated = id(&current) != open.id;
        let truncated = !open.rotated && current.len() < open.offset;
        if truncated {
            open.offset = 0;
            self.skips = false;
            self.line.clear();
        }
        Ok(Polled { read: Vec::new(), more: open.rotated || truncated })
    }

    /// Cuts what was read into lines; what is no event is left out.
    fn lines(&mut self, bytes: &[u8]) -> Vec<Value> {
        let mut read = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if !self.skips {
                self.line.extend_from_slice(piece);
            }
            if piece.ends_with(b"\n") {
                read.extend(serde_json::from_slice(&self.line).ok());
                self.line.clear();
                self.skips = false;
            } else if self.line.len() > LONGEST_LINE {
                self.line = Vec::new();
                self.skips = true;
            }
        }
        read
    }
}

fn id(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use serde_json::json;

    use super::*;

    /// Reads until there is nothing more.
    fn read(tail: &mut Tail) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let polled = tail.poll().unwrap();
            all.extend(polled.read);
            if !polled.more {
                return all;
            }
        }
    }

    fn append(path: &std::path::Path, text: &str) {
        File::options().create(true).append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn a_file_is_followed_through_rotation_and_truncation() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        let mut tail = Tail::new(path.clone());
        assert!(tail.poll().is_err(), "it is not there yet");
        append(&path, "{\"n\":1}\n{\"n\":");
        assert_eq!(read(&mut tail), [json!({"n": 1})]);
        append(&path, "2}\nno event\n");
        assert_eq!(read(&mut tail), [json!({"n": 2})]);
        append(&path, "{\"n\":3}\n");
        std::fs::rename(&path, folder.path().join("audit-1.log")).unwrap();
        assert_eq!(read(&mut tail), [json!({"n": 3})], "the old file is read to its end");
        append(&path, "{\"n\":4}\n");
        assert_eq!(read(&mut tail), [json!({"n": 4})]);
        File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
        assert!(read(&mut tail).is_empty());
        append(&path, "{\"n\":5}\n");
        assert_eq!(read(&mut tail), [json!({"n": 5})]);
        std::fs::remove_file(&path).unwrap();
        assert!(read(&mut tail).is_empty());
        append(&path, "{\"n\":6}\n");
        assert_eq!(read(&mut tail), [json!({"n": 6})]);
    }

    #[test]
    fn a_line_without_an_end_does_not_fill_the_memory() {
        let mut tail = Tail::new(PathBuf::new());
        for _ in 0..20 {
            assert!(tail.lines(&vec![b'x'; 1024 * 1024]).is_empty());
        }
        assert!(tail.line.len() <= LONGEST_LINE);
        assert_eq!(tail.lines(b"x\n{\"n\":1}\n"), [json!({"n": 1})]);
    }
}
