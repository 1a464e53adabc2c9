//! Reads the changes of a zone out of the bytes of a TZif file (RFC 9636).
//!
//! Versions 1 to 4. A file of version 2 or later holds its data twice and ends in a rule for the time after the last
//! change; that rule is spelled out here to the end of the supported range. Files with leap seconds are refused: Unix
//! time does not count them.

use super::offsets::Offsets;
use super::posix_tz::Rule;
use super::range::{LATEST_S, WEEK_S};
use super::zone::MOST_CHANGES;

pub(super) fn read(bytes: &[u8]) -> Result<Offsets, &'static str> {
    let mut reader = Reader { rest: bytes };
    let first = Header::read(&mut reader)?;
    if first.version == 0 {
        return Block::read(&mut reader, &first, 4)?.offsets();
    }
    reader.take(first.size(4).ok_or(TOO_LONG)?)?;
    let second = Header::read(&mut reader)?;
    let mut offsets = Block::read(&mut reader, &second, 8)?.offsets()?;
    let rule = footer(reader.rest)?;
    if !rule.is_empty() {
        let rule = Rule::parse(rule).ok_or("the rule in its footer cannot be read")?;
        let from = offsets
            .changes
            .last()
            .map_or(i64::MIN, |&(second, _)| second);
        rule.changes(from, LATEST_S + WEEK_S, &mut offsets);
    }
    Ok(offsets)
}

const TOO_SHORT: &str = "the file ends too early";
const TOO_LONG: &str = "the file has more changes than any zone";

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], &'static str> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(TOO_SHORT)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        self.take(N)?.try_into().map_err(|_| TOO_SHORT)
    }

    fn count(&mut self) -> Result<usize, &'static str> {
        let count = u32::from_be_bytes(self.array()?) as usize;
        if count > MOST_CHANGES {
            Err(TOO_LONG)
        } else {
            Ok(count)
        }
    }
}

struct Header {
    version: u8,
    ut_indicators: usize,
    standard_indicators: usize,
    leap_seconds: usize,
    changes: usize,
    types: usize,
    characters: usize,
}

impl Header {
    fn read(reader: &mut Reader<'_>) -> Result<Header, &'static str> {
        if reader.take(4)? != b"TZif" {
            return Err("it does not begin like a TZif file");
        }
        let version = match reader.take(1)? {
            [0] => 0,
            [digit @ b'2'..=b'9'] => digit - b'0',
            _ => return Err("its version is not known"),
        };
        reader.take(15)?;
        Ok(Header {
            version,
            ut_indicators: reader.count()?,
            standard_indicators: reader.count()?,
            leap_seconds: reader.count()?,
            changes: reader.count()?,
            types: reader.count()?,
            characters: reader.count()?,
        })
    }

    /// The bytes of the block behind this header, with instants of that many bytes.
    fn size(&self, width: usize) -> Option<usize> {
        let changes = self.changes.checked_mul(width + 1)?;
        let leap_seconds = self.leap_seconds.checked_mul(width + 4)?;
        let rest = self.types * 6 + self.characters + self.standard_indicators + self.ut_indicators;
        changes.checked_add(leap_seconds)?.checked_add(rest)
    }
}

struct Block {
    instants: Vec<i64>,
    types: Vec<u8>,
    offsets: Vec<i32>,
}

impl Block {
    fn read(reader: &mut Reader<'_>, header: &Header, width: usize) -> Result<Block, &'static str> {
        let mut block = Reader {
            rest: reader.take(header.size(width).ok_or(TOO_LONG)?)?,
        };
        if header.leap_seconds > 0 {
            return Err("it counts leap seconds");
        }
        let mut instants = Vec::with_capacity(header.changes);
        for _ in 0..header.changes {
            instants.push(match width {
                4 => i64::from(i32::from_be_bytes(block.array()?)),
                _ => i64::from_be_bytes(block.array()?),
            });
        }
        let types = block.take(header.changes)?.to_vec();
        let mut offsets = Vec::with_capacity(header.types);
        for _ in 0..header.types {
            offsets.push(i32::from_be_bytes(block.array()?));
            block.take(2)?;
        }
        Ok(Block {
            instants,
            types,
            offsets,
        })
    }

    fn offsets(self) -> Result<Offsets, &'static str> {
        let offset = |number: u8| {
            self.offsets
                .get(number as usize)
                .copied()
                .ok_or("a change has no offset")
        };
        let mut offsets = Offsets {
            first: offset(0)?,
            changes: Vec::with_capacity(self.instants.len()),
        };
        for (&second, &number) in self.instants.iter().zip(&self.types) {
            offsets.changes.push((second, offset(number)?));
        }
        Ok(offsets)
    }
}

/// The text between the two line ends that close the file.
fn footer(bytes: &[u8]) -> Result<&str, &'static str> {
    let inside = bytes
        .strip_prefix(b"\n")
        .and_then(|rest| Some((rest, rest.iter().position(|&byte| byte == b'\n')?)));
    let rule = inside
        .and_then(|(rest, end)| rest.get(..end))
        .ok_or("it has no footer")?;
    std::str::from_utf8(rule).map_err(|_| "its footer is not text")
}
