//! Compressed input, recognised by its first bytes and never by its name.

use std::io::{self, BufRead, Read};

use flate2::bufread::MultiGzDecoder;

/// A compression that is read through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    /// Recognises the compression of a file that begins with `head`.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            // The second is a skippable frame, which parallel compressors put first.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    /// The name that messages use.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// Wraps `packed` so that its text can be read; members and frames may follow one another. Takes no more of it than
    /// the text needs, so that whoever counts knows how far it is.
    pub(super) fn decompress(
        self,
        packed: impl BufRead + Send + 'static,
    ) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(packed)),
            Self::Zstd => Box::new(zstd::Decoder::with_buffer(packed)?),
        })
    }
}

/// Whether the decompressor of zstd says that the text cannot be unpacked without a window beyond its own limit, which
/// is 128 MiB.
pub(super) fn wants_too_much(error: &io::Error) -> bool {
    error.to_string().contains("requires too much memory")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn members_and_frames_that_follow_one_another_are_read_as_one_text() {
        let zstd = |text: &[u8]| zstd::encode_all(text, 1).unwrap();
        for packed in [[gzip(b"one "), gzip(b"two")].concat(), [zstd(b"one "), zstd(b"two")].concat()] {
            let compression = Compression::of(&packed).unwrap();
            let mut text = String::new();
            compression.decompress(io::Cursor::new(packed)).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "one two", "{}", compression.name());
        }
    }

    #[test]
    fn a_cut_anywhere_is_an_unexpected_end() {
        for packed in [gzip(b"[1,2,3]"), zstd::encode_all(&b"[1,2,3]"[..], 1).unwrap()] {
            let compression = Compression::of(&packed).unwrap();
            for cut in 4..packed.len() {
                let cut = io::Cursor::new(packed[..cut].to_vec());
                let error = compression.decompress(cut).unwrap().read_to_end(&mut Vec::new()).unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{}", compression.name());
            }
        }
    }

    #[test]
    fn a_window_beyond_what_is_allowed_is_told_from_damage() {
        // The byte behind the frame's flags is its window: 2 to the power of ten and what its upper five bits say.
        for (window, is_too_much) in [(17 << 3, false), (18 << 3, true)] {
            let packed = io::Cursor::new([0x28, 0xb5, 0x2f, 0xfd, 0, window, 1, 0, 0]);
            let read = Compression::Zstd.decompress(packed).unwrap().read_to_end(&mut Vec::new());
            assert_eq!(read.is_err_and(|error| wants_too_much(&error)), is_too_much, "{window}");
        }
    }

    #[test]
    fn text_is_not_compressed() {
        for text in ["", "{}", "key,vector\n", "P*M"] {
            assert_eq!(Compression::of(text.as_bytes()), None);
        }
    }
}
