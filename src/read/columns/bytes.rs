//! The bytes of one array: a range of a file, or a member of an archive with its checksum.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use flate2::Crc;
use flate2::read::DeflateDecoder;

/// How many bytes are skipped per read.
const SKIPPED: usize = 8 << 10;

/// The bytes of one array.
pub(super) struct Bytes {
    stretch: Stretch,
    member: Option<Box<Member>>,
}

/// What the archive says about a member.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    /// Where its bytes in the archive begin, and how many there are.
    pub(super) start: u64,
    pub(super) length: u64,
    pub(super) is_deflated: bool,
    /// How many bytes its content has, and their CRC-32.
    pub(super) bytes: u64,
    pub(super) checksum: u32,
}

/// A member that is read from its start, so that its checksum can be verified at the end.
struct Member {
    said: Said,
    /// The reader of its content, once reading has begun.
    reader: Option<Box<dyn Read + Send>>,
    /// How many bytes it has returned, and their CRC-32.
    given: u64,
    sum: Crc,
}

/// A range of a file. Several may share a file, so each keeps its own offset.
struct Stretch {
    file: File,
    at: u64,
    left: u64,
}

impl Read for Stretch {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let room = buffer.get_mut(..most).unwrap_or_default();
        self.file.seek(SeekFrom::Start(self.at))?;
        let read = self.file.read(room)?;
        self.at += read as u64;
        self.left -= read as u64;
        Ok(read)
    }
}

impl Bytes {
    /// The bytes of a file as they are.
    pub(super) fn plain(file: File) -> Self {
        Self { stretch: Stretch { file, at: 0, left: u64::MAX }, member: None }
    }

    /// The bytes of a member of an archive.
    pub(super) fn member(file: File, said: Said) -> Self {
        let member = Member { said, reader: None, given: 0, sum: Crc::new() };
        Self { stretch: Stretch { file, at: said.start, left: said.length }, member: Some(Box::new(member)) }
    }

    /// Reads at `offset`; fastest with increasing offsets.
    pub(super) fn read_at(&mut self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if let Some(member) = &mut self.member {
            return member.read_at(&self.stretch.file, offset, out);
        }
        self.stretch.at = offset;
        self.stretch.read_exact(out)
    }
}

impl Member {
    fn read_at(&mut self, file: &File, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if self.reader.is_none() || self.given > offset {
            let stretch = Stretch { file: file.try_clone()?, at: self.said.start, left: self.said.length };
            self.reader = Some(if self.said.is_deflated {
                Box::new(DeflateDecoder::new(stretch))
            } else {
                Box::new(stretch)
            });
            (self.given, self.sum) = (0, Crc::new());
        }
        let mut skipped = [0; SKIPPED];
        while self.given < offset {
            let most = usize::try_from(offset - self.given).unwrap_or(SKIPPED).min(SKIPPED);
            self.take(skipped.get_mut(..most).unwrap_or_default())?;
        }
        self.take(out)
    }

    /// Reads the next bytes; at the end of the member, the checksum must match.
    fn take(&mut self, out: &mut [u8]) -> io::Result<()> {
        let Some(reader) = &mut self.reader else { return Err(io::ErrorKind::UnexpectedEof.into()) };
        reader.read_exact(out)?;
        self.sum.update(out);
        self.given += out.len() as u64;
        if self.given == self.said.bytes && self.sum.sum() != self.said.checksum {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its checksum is another"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::DeflateEncoder;

    use super::*;
    use crate::testing::Directory;

    /// Random bytes, so that a read at a wrong offset shows.
    fn content(seed: u64) -> Vec<u8> {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..300_000).map(|_| random.u8(..)).collect()
    }

    fn deflated(content: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn checksum(content: &[u8]) -> u32 {
        let mut sum = Crc::new();
        sum.update(content);
        sum.sum()
    }

    #[test]
    fn members_of_one_file_are_read_side_by_side() {
        let contents = [content(1), content(2)];
        let packed = contents.each_ref().map(|content| deflated(content));
        let directory = Directory::new();
        for is_deflated in [true, false] {
            let held = if is_deflated { &packed } else { &contents };
            let path = directory.write("archive", held.concat());
            let file = File::open(path).unwrap();
            let starts = [0, held[0].len() as u64];
            let mut members = [0, 1].map(|index| {
                let said = Said {
                    start: starts[index],
                    length: held[index].len() as u64,
                    is_deflated,
                    bytes: contents[index].len() as u64,
                    checksum: checksum(&contents[index]),
                };
                Bytes::member(file.try_clone().unwrap(), said)
            });
            for at in (0..300_000).step_by(10_000).chain([70_000, 290_000, 0]) {
                for (member, content) in members.iter_mut().zip(&contents) {
                    let mut out = vec![0; 10_000];
                    member.read_at(at as u64, &mut out).unwrap();
                    assert!(out == content[at..at + 10_000], "{is_deflated} {at}");
                }
            }
        }
    }

    #[test]
    fn a_member_that_is_not_as_it_was_written_shows_it_at_its_end() {
        let directory = Directory::new();
        let mut content = content(3);
        let (bytes, checksum) = (content.len() as u64, checksum(&content));
        content[7] ^= 1;
        let path = directory.write("archive", &content);
        let said = Said { start: 0, length: bytes, is_deflated: false, bytes, checksum };
        let mut member = Bytes::member(File::open(path).unwrap(), said);
        let mut out = vec![0; 1000];
        member.read_at(bytes - 1001, &mut out).unwrap();
        let error = member.read_at(bytes - 1000, &mut out).unwrap_err();
        assert_eq!(error.to_string(), "its checksum is another");
    }
}
