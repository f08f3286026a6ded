//! What tells two versions of a folder from each other.

/// A copy takes no more at once.
const LONGEST_COPY: usize = 0x10000;
const LONGEST_INSERT: usize = 0x7f;

/// Says what `new` has beside `base`, if that is much shorter: their common beginning and end, and what lies between.
pub(in super::super) fn delta(base: &[u8], new: &[u8]) -> Option<Vec<u8>> {
    let same = |(one, other): &(&u8, &u8)| one == other;
    let prefix = base.iter().zip(new).take_while(same).count();
    let (base_rest, new_rest) = (base.get(prefix..)?, new.get(prefix..)?);
    let suffix = base_rest.iter().rev().zip(new_rest.iter().rev()).take_while(same).count();
    let between = new_rest.get(..new_rest.len() - suffix)?;
    if between.len() > new.len() / 2 {
        return None;
    }
    let mut delta = Vec::with_capacity(between.len() + 64);
    put_size(&mut delta, base.len());
    put_size(&mut delta, new.len());
    put_copy(&mut delta, 0, prefix);
    for piece in between.chunks(LONGEST_INSERT) {
        delta.push(u8::try_from(piece.len()).ok()?);
        delta.extend_from_slice(piece);
    }
    put_copy(&mut delta, base.len() - suffix, suffix);
    (delta.len() < new.len() / 2).then_some(delta)
}

fn put_copy(delta: &mut Vec<u8>, from: usize, length: usize) {
    let mut from = from;
    let end = from + length;
    while from < end {
        let take = (end - from).min(LONGEST_COPY);
        let place = delta.len();
        let mut command = 0x80;
        delta.push(command);
        // 2^16 is written as none.
        let size = if take == LONGEST_COPY { 0 } else { take };
        let bytes = from.to_le_bytes().into_iter().take(4).chain(size.to_le_bytes().into_iter().take(3));
        for (bit, byte) in bytes.enumerate().filter(|(_, byte)| *byte != 0) {
            command |= 1 << bit;
            delta.push(byte);
        }
        if let Some(first) = delta.get_mut(place) {
            *first = command;
        }
        from += take;
    }
}

pub(super) fn put_size(bytes: &mut Vec<u8>, size: usize) {
    let mut size = size;
    while size > 0x7f {
        bytes.push(low_bits(size, 0x7f) | 0x80);
        size >>= 7;
    }
    bytes.push(low_bits(size, 0x7f));
}

pub(super) fn low_bits(value: usize, mask: u8) -> u8 {
    value.to_le_bytes().first().copied().unwrap_or_default() & mask
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a delta as gitformat-pack(5) says it, by itself.
    fn apply(base: &[u8], delta: &[u8]) -> Vec<u8> {
        let mut bytes = delta.iter().copied();
        let mut size = || {
            let (mut size, mut shift) = (0, 0);
            loop {
                let byte = bytes.next().unwrap();
                size |= usize::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    return size;
                }
            }
        };
        let (from, to) = (size(), size());
        assert_eq!(from, base.len());
        let mut new = Vec::new();
        while let Some(command) = bytes.next() {
            if command & 0x80 == 0 {
                new.extend(bytes.by_ref().take(usize::from(command)));
                continue;
            }
            let mut number = |bits: std::ops::Range<u8>| {
                let first = bits.start;
                bits.filter(|bit| command & 1 << bit != 0)
                    .map(|bit| usize::from(bytes.next().unwrap()) << (8 * (bit - first)))
                    .sum::<usize>()
            };
            let (offset, length) = (number(0..4), number(4..7));
            let length = if length == 0 { LONGEST_COPY } else { length };
            new.extend_from_slice(&base[offset..offset + length]);
        }
        assert_eq!(new.len(), to);
        new
    }

    proptest! {
        #[test]
        fn a_delta_makes_the_new_version_of_the_old_one(
            start in prop::collection::vec(any::<u8>(), 0..200),
            repeated in 0_usize..4_000,
            old in prop::collection::vec(any::<u8>(), 0..300),
            new in prop::collection::vec(any::<u8>(), 0..300),
            end in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let start = start.repeat(1 + repeated / 8);
            let base = [&start[..], &old, &end].concat();
            let version = [&start[..], &new, &end].concat();
            if let Some(delta) = delta(&base, &version) {
                prop_assert!(delta.len() < version.len());
                prop_assert_eq!(apply(&base, &delta), version);
            }
        }
    }

    #[test]
    fn what_is_short_beside_the_whole_is_a_delta() {
        let large: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        let check = |base: &[u8], new: &[u8], expect: bool| {
            let delta = delta(base, new);
            assert_eq!(delta.is_some(), expect, "{} {}", base.len(), new.len());
            if let Some(delta) = delta {
                assert_eq!(apply(base, &delta), new);
            }
        };
        check(&large, &large, true);
        check(&large, &large[..large.len() - 5], true);
        check(&large[7..], &large, true);
        check(&large, &[&large[..100_000], b"between", &large[100_000..]].concat(), true);
        check(b"", b"", false);
        check(&large[..400], &large[400..800], false);
    }
}
