//! Pushes over HTTP, as gitprotocol-http(5) and gitprotocol-pack(5) have it.

use git2::Oid;
use git2::transport::Service;

use super::credentials::HttpAccess;
use super::failure::PushFailure;
use super::lacking::{Bases, Lacking};
use super::one_line;
use super::publish::{Publisher, Stop, storage};
use super::transport::exchange;

/// A longer history travels in several pushes, each of which fits into memory.
const MOST_COMMITS: usize = if cfg!(test) { 20 } else { 5_000 };
const END: &[u8] = b"0000";

impl Publisher {
    /// Pushes commits up to the head, or the first of very many; the branch moves only from where it was seen to be.
    ///
    /// `left` is where the push before left it, if that was the newest word of it. Returns the commit that the remote's
    /// branch names then.
    pub(super) fn push_over_http(
        &self,
        access: &HttpAccess,
        known: Option<Oid>,
        left: Option<Oid>,
        head: Oid,
    ) -> Result<Oid, Stop> {
        // Where it is after a push needs no asking, which is a request and a process of Git's there. Whatever is wrong
        // with a remote that refuses, the long way tells.
        if let Some(at) = left.filter(|_| left == known)
            && self.check_contains(head, at).is_ok()
            && let Answer::Taken(reached) = self.send(access, left, head)?
        {
            return Ok(reached);
        }
        let branch = &self.names.branch;
        let there = branch_in(&exchange(access, Service::ReceivePackLs, Vec::new())?, branch)?;
        match there {
            Some(there) if there == head => return Ok(head),
            Some(there) => self.check_contains(head, there)?,
            None if known.is_some() => return Err(Stop::Failed(PushFailure::Emptied)),
            None => {}
        }
        match self.send(access, there, head)? {
            Answer::Taken(reached) => Ok(reached),
            // Refused because somebody was faster, or for a reason of its own? The branch itself says.
            Answer::Refused(failure, status) => match self.fetch()? {
                Some(there) if there != head && self.check_contains(head, there).is_err() => Err(Stop::Moved),
                _ => {
                    tracing::warn!(remote.says = %one_line(&status), "the remote refused the push");
                    Err(Stop::Failed(failure))
                }
            },
        }
    }

    /// Sends what follows where the remote's branch is, with the demand that it still is there.
    fn send(&self, access: &HttpAccess, there: Option<Oid>, head: Oid) -> Result<Answer, Stop> {
        let branch = &self.names.branch;
        let mut commits = self.between(there, head).map_err(storage)?;
        commits.truncate(MOST_COMMITS);
        let Some(reached) = commits.last().copied() else { return Ok(Answer::Taken(head)) };
        let pack = Lacking::of(&self.git, &commits, Bases::AlsoThere).and_then(|lacking| Ok(lacking.into_stream()?));
        let from = there.unwrap_or(Oid::ZERO_SHA1);
        let command = format!("{from} {reached} {branch}\0 report-status agent=denshimon");
        let body = [packet(command.as_bytes())?.as_slice(), END, &pack.map_err(storage)?].concat();
        let refusal = refusal_in(&exchange(access, Service::ReceivePack, body)?, branch)?;
        Ok(match refusal {
            None => Answer::Taken(reached),
            Some((failure, status)) => Answer::Refused(failure, status),
        })
    }
}

/// What a remote said to a push.
enum Answer {
    /// Its branch is at this commit.
    Taken(Oid),
    /// Why not, also in its own words.
    Refused(PushFailure, String),
}

/// Finds the branch in what a remote says of its references; `None` when it is not there.
fn branch_in(answer: &[u8], branch: &str) -> Result<Option<Oid>, PushFailure> {
    let mut packets = Packets(answer);
    if packets.next().ok_or(PushFailure::Broken)?? != b"# service=git-receive-pack\n" {
        return Err(PushFailure::Broken);
    }
    let mut capable = false;
    let mut found = None;
    for packet in packets {
        let text = String::from_utf8_lossy(packet?);
        let (reference, capabilities) = text.split_once('\0').unwrap_or((&text, ""));
        capable |= capabilities.split([' ', '\n']).any(|word| word == "report-status");
        if let Some((id, name)) = reference.trim_end_matches('\n').split_once(' ')
            && name == branch
        {
            found = Some(Oid::from_str(id).map_err(|_| PushFailure::Broken)?);
        }
    }
    if capable { Ok(found) } else { Err(PushFailure::Broken) }
}

/// Reads what became of a push; `None` when the branch was moved, else why not, also in the remote's words.
fn refusal_in(answer: &[u8], branch: &str) -> Result<Option<(PushFailure, String)>, PushFailure> {
    for packet in Packets(answer) {
        let text = String::from_utf8_lossy(packet?);
        let line = text.trim_end_matches('\n');
        match line.split_once(' ') {
            Some(("unpack", "ok")) => {}
            Some(("unpack", why)) => return Ok(Some((PushFailure::Unstored, why.to_owned()))),
            Some(("ok", name)) if name == branch => return Ok(None),
            Some(("ng", rest)) => {
                let why = rest.strip_prefix(branch).unwrap_or(rest).trim_start();
                return Ok(Some((PushFailure::of_status(why), why.to_owned())));
            }
            _ => {}
        }
    }
    Err(PushFailure::Broken)
}

fn packet(content: &[u8]) -> Result<Vec<u8>, PushFailure> {
    const LONGEST: usize = 65_516;
    if content.len() > LONGEST {
        return Err(PushFailure::Broken);
    }
    Ok([format!("{:04x}", content.len() + 4).as_bytes(), content].concat())
}

/// The packets in an answer, without those that only separate.
struct Packets<'a>(&'a [u8]);

impl<'a> Iterator for Packets<'a> {
    type Item = Result<&'a [u8], PushFailure>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.0.is_empty() {
            let Some((length, rest)) = length_of(self.0) else {
                self.0 = &[];
                return Some(Err(PushFailure::Broken));
            };
            // Less than its own four bytes: it says that a part has ended.
            let Some(length) = length.checked_sub(4) else {
                self.0 = rest;
                continue;
            };
            let Some((content, rest)) = rest.split_at_checked(length) else {
                self.0 = &[];
                return Some(Err(PushFailure::Broken));
            };
            self.0 = rest;
            return Some(Ok(content));
        }
        None
    }
}

fn length_of(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (digits, rest) = bytes.split_at_checked(4)?;
    let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|it| it.is_ascii_hexdigit()))?;
    Some((usize::from_str_radix(digits, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BRANCH: &str = "refs/heads/main";
    const ID: &str = "0123456789abcdef0123456789abcdef01234567";

    fn answer(lines: &[&str]) -> Vec<u8> {
        let packets =
            lines.iter().map(|line| if line.is_empty() { END.to_vec() } else { packet(line.as_bytes()).unwrap() });
        packets.collect::<Vec<_>>().concat()
    }

    #[test]
    fn the_branch_is_found_among_all_references() {
        let service = "# service=git-receive-pack\n";
        let other = format!("{ID} refs/heads/main2\0report-status delete-refs\n");
        let own = format!("{ID} {BRANCH}\n");
        let found = branch_in(&answer(&[service, "", &other, &own, ""]), BRANCH).unwrap();
        assert_eq!(found.unwrap().to_string(), ID);
        assert_eq!(branch_in(&answer(&[service, "", &other, ""]), BRANCH), Ok(None));
        let none = format!("{} capabilities^{{}}\0report-status\n", Oid::ZERO_SHA1);
        assert_eq!(branch_in(&answer(&[service, "", &none, ""]), BRANCH), Ok(None));
        for broken in [answer(&[service, "", &own]), answer(&[&own]), b"<html>".to_vec(), Vec::new()] {
            assert_eq!(branch_in(&broken, BRANCH), Err(PushFailure::Broken));
        }
    }

    #[test]
    fn a_refusal_is_in_the_words_of_the_remote() {
        let ok = format!("ok {BRANCH}\n");
        let refused = format!("ng {BRANCH} pre-receive hook declined\n");
        let said = |lines: &[&str]| refusal_in(&answer(lines), BRANCH);
        assert_eq!(said(&["unpack ok\n", &ok, ""]), Ok(None));
        assert_eq!(
            said(&["unpack ok\n", &refused, ""]),
            Ok(Some((PushFailure::Refused, "pre-receive hook declined".into())))
        );
        assert_eq!(said(&["unpack disk full\n", &refused]), Ok(Some((PushFailure::Unstored, "disk full".into()))));
        assert_eq!(said(&["unpack ok\n", ""]), Err(PushFailure::Broken));
        assert_eq!(refusal_in(b"0009unpack", BRANCH), Err(PushFailure::Broken));
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), valid in "[0-9a-f]{4}.{0,40}") {
            for bytes in [bytes, valid.into_bytes()] {
                let _ = (branch_in(&bytes, BRANCH), refusal_in(&bytes, BRANCH));
            }
        }

        #[test]
        fn packets_are_read_as_they_were_written(contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..5)) {
            let written: Vec<u8> = contents.iter().flat_map(|content| packet(content).unwrap()).collect();
            let read: Result<Vec<&[u8]>, PushFailure> = Packets(&written).collect();
            prop_assert_eq!(read.unwrap(), contents);
        }
    }
}
