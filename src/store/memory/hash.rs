//! Hashing of ids. They are uuids already, so little mixing is needed; the seed is random, so that nobody can choose ids that
//! meet.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Makes hashers that share one random seed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ids {
    seed: [u64; 2],
}

impl Default for Ids {
    fn default() -> Ids {
        let random = RandomState::new();
        Ids {
            seed: [random.hash_one(1), random.hash_one(2) | 1],
        }
    }
}

impl BuildHasher for Ids {
    type Hasher = IdHasher;
    fn build_hasher(&self) -> IdHasher {
        IdHasher {
            state: self.seed[0],
            key: self.seed[1],
        }
    }
}

/// Folds the product of each word with the key: both halves of it count.
#[derive(Debug)]
pub(super) struct IdHasher {
    state: u64,
    key: u64,
}

const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ (product >> 64) as u64
}

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.state = fold(self.state.rotate_left(29) ^ word, self.key);
    }

    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }

    fn write_isize(&mut self, n: isize) {
        self.write_u64(n as u64);
    }

    fn write_u8(&mut self, n: u8) {
        self.write_u64(n.into());
    }

    fn finish(&self) -> u64 {
        fold(self.state ^ ODD, self.key ^ ODD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use uuid::Uuid;

    /// Ids that count up, and ids that differ in one bit, fall evenly into buckets, by the low and by the high bits.
    #[test]
    fn neighbouring_ids_do_not_meet() {
        let ids = Ids::default();
        let counting = (0..4_096_u128).map(Uuid::from_u128);
        let bits = (0..128).map(|bit| Uuid::from_u128(1 << bit));
        let pairs = (0..128).map(|bit| Uuid::from_u128(3 << (bit % 127)));
        for ids_of in [counting.collect::<Vec<_>>(), bits.chain(pairs).collect()] {
            let hashes: HashSet<u64> = ids_of.iter().map(|id| ids.hash_one(id)).collect();
            let distinct: HashSet<&Uuid> = ids_of.iter().collect();
            assert_eq!(hashes.len(), distinct.len());
            for shift in [0, 32, 57] {
                let mut buckets = [0_usize; 64];
                hashes
                    .iter()
                    .for_each(|hash| buckets[(hash >> shift) as usize % 64] += 1);
                let fullest = buckets.iter().max().copied().unwrap_or(0);
                assert!(
                    fullest <= 16 + 3 * hashes.len() / 64,
                    "{fullest} of {} by {shift}",
                    hashes.len()
                );
            }
        }
    }
}
