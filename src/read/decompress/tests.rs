use std::io::Write;

use proptest::prelude::*;

use super::*;
use crate::testing::gzip;

fn bzip2(text: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn xz(text: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// With or without checksums and linked blocks, as different programs write it.
fn lz4(text: &[u8], is_plain: bool) -> Vec<u8> {
    use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
    let mode = if is_plain { BlockMode::Independent } else { BlockMode::Linked };
    let info = FrameInfo::new().block_mode(mode).block_size(BlockSize::Max64KB);
    let info = info.content_checksum(!is_plain).block_checksums(!is_plain);
    let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// The text in every compression.
fn packed(text: &[u8]) -> [Vec<u8>; 6] {
    let zstd = zstd::encode_all(text, 1).unwrap();
    [gzip(text), zstd, bzip2(text), xz(text), lz4(text, true), lz4(text, false)]
}

/// Text that takes several blocks in every compression with small blocks.
fn long() -> Vec<u8> {
    (0..40_000_u32)
        .flat_map(|line| format!("{line},{}\n", line.wrapping_mul(2_654_435_761)).into_bytes())
        .collect()
}

#[test]
fn members_and_frames_that_follow_one_another_are_read_as_one_text() {
    let long = String::from_utf8(long()).unwrap();
    let parts = [packed(b"one "), packed(long.as_bytes()), packed(b""), packed(b"two")];
    for ((one, long_one), (empty, two)) in parts[0].iter().zip(&parts[1]).zip(parts[2].iter().zip(&parts[3]))
    {
        let all = [one.as_slice(), long_one, empty, two].concat();
        let (text, read) = unpacked(all);
        assert_eq!(read.unwrap(), text.len());
        assert!(text == format!("one {long}two"), "{:?}", Compression::of(one));
    }
}

#[test]
fn a_cut_anywhere_is_an_unexpected_end() {
    for packed in packed(b"[1,2,3]") {
        let compression = Compression::of(&packed).unwrap();
        for cut in 4..packed.len() {
            let cut = io::Cursor::new(packed[..cut].to_vec());
            let error = compression.decompress(cut).unwrap().read_to_end(&mut Vec::new()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{}", compression.name());
        }
    }
}

fn unpacked(packed: Vec<u8>) -> (String, io::Result<usize>) {
    let compression = Compression::of(&packed).unwrap();
    let mut text = String::new();
    // Bytes arrive one by one, as from a slow pipe.
    let slow = io::BufReader::with_capacity(1, io::Cursor::new(packed));
    let read = compression.decompress(slow).unwrap().read_to_string(&mut text);
    (text, read)
}

#[test]
fn skippable_frames_belong_to_what_follows_them() {
    let skippable =
        |length: u8| [&[0x5a, 0x2a, 0x4d, 0x18, length, 0, 0, 0], &vec![9; length.into()][..]].concat();
    let zstd = |text: &[u8]| zstd::encode_all(text, 1).unwrap();
    for (one, two) in [(zstd(b"one "), zstd(b"two")), (lz4(b"one ", true), lz4(b"two", false))] {
        for (first, second) in [(0, 3), (200, 0), (1, 90)] {
            let [first, second] = [first, second].map(skippable);
            let all = [&first[..], &second, &one, &first, &b"\0\n"[..], &second, &two, &first].concat();
            assert_eq!(Compression::of(&all), Compression::of(&one));
            let (text, read) = unpacked(all.clone());
            assert_eq!((text.as_str(), read.unwrap()), ("one two", 7));
            let (_, read) = unpacked([&all, &b"{}"[..]].concat());
            let trailing = *Trailing::of(&read.unwrap_err()).unwrap();
            let at = all.len() as u64;
            assert_eq!(trailing, Trailing { at, bytes: 2, start: at, tail: Tail::Text });
            for cut in 1..first.len() {
                let (_, read) = unpacked(all[..all.len() - cut].to_vec());
                assert!(read.is_err(), "{cut}");
            }
        }
    }
    // What is not at hand is taken for what zstd puts first.
    assert_eq!(Compression::of(&skippable(9)[..12]), Some(Compression::Zstd));
    assert_eq!(Compression::of(&skippable(9)), Some(Compression::Zstd));
}

#[test]
fn a_frame_that_needs_a_dictionary_is_told_from_damage() {
    let mut packed = plain_zstd(3, b"two");
    // The header says that a byte follows with the number of a dictionary.
    packed.splice(4..5, [0x21, 7]);
    let with_another = [zstd::encode_all(&b"one"[..], 1).unwrap(), packed.clone()].concat();
    for (packed, wanted) in [(packed, ""), (with_another, "one")] {
        let (text, read) = unpacked(packed);
        assert_eq!((text.as_str(), wants_dictionary(&read.unwrap_err())), (wanted, true));
    }
}

#[test]
fn zeros_and_line_ends_behind_and_between_members_are_no_damage() {
    for (one, two) in packed(b"one ").into_iter().zip(packed(b"two")) {
        for padding in [&b""[..], &[0; 9000], b"\n", b"\r\n\0\0"] {
            let all = [&one, padding, &two, padding].concat();
            let (text, read) = unpacked(all);
            assert_eq!((text.as_str(), read.unwrap()), ("one two", 7));
        }
    }
}

#[test]
fn something_else_behind_a_member_is_called_so_with_its_place_and_length() {
    for member in packed(b"one") {
        for tail in [&b"garbage"[..], b"x", b"{}\n", b"\0\0PK\x03\x04"] {
            let (text, read) = unpacked([&member, tail].concat());
            let error = read.unwrap_err();
            let trailing = Trailing::of(&error).unwrap();
            let wanted = (member.len() as u64, tail.len() as u64);
            assert_eq!((text.as_str(), (trailing.at, trailing.bytes)), ("one", wanted), "{tail:?}");
        }
    }
}

#[test]
fn a_member_that_is_cut_behind_another_one_is_an_unexpected_end() {
    for member in packed(b"one") {
        for cut in 4..member.len() {
            let (text, read) = unpacked([&member, &member[..cut]].concat());
            assert!(text.starts_with("one"), "{text}");
            assert_eq!(read.unwrap_err().kind(), io::ErrorKind::UnexpectedEof, "{cut}");
        }
    }
}

#[test]
fn a_window_beyond_what_is_allowed_is_told_from_damage() {
    // The byte after the frame's flags is its window: 2 to the power of ten plus its upper five bits.
    for (window, is_too_much) in [(17 << 3, false), (18 << 3, true)] {
        let packed = io::Cursor::new([0x28, 0xb5, 0x2f, 0xfd, 0, window, 1, 0, 0]);
        let read = Compression::Zstd.decompress(packed).unwrap().read_to_end(&mut Vec::new());
        assert_eq!(read.is_err_and(|error| wants_too_much(&error)), is_too_much, "{window}");
    }
}

#[test]
fn a_dictionary_beyond_what_is_allowed_is_told_from_damage() {
    let packed = |size| {
        let mut options = lzma_rust2::XzOptions::with_preset(0);
        options.lzma_options.dict_size = size;
        let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
        encoder.write_all(b"text").unwrap();
        encoder.finish().unwrap()
    };
    for (size, is_too_much) in [(128 << 20, false), (256 << 20, true)] {
        let read = unpacked(packed(size)).1;
        assert_eq!(read.is_err_and(|error| wants_too_much(&error)), is_too_much, "{size}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn damage_is_an_error_or_other_text_and_nothing_worse(
        text in prop::collection::vec(prop::sample::select(b"ab,1\n".to_vec()), 0..3_000),
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        for mut packed in packed(&text) {
            for (at, byte) in &damages {
                *at.get_mut(&mut packed) = *byte;
            }
            let Some(compression) = Compression::of(&packed) else { continue };
            let mut found = Vec::new();
            let read = compression.decompress(io::Cursor::new(packed)).map(|text| text.take(1 << 20));
            if let Ok(mut read) = read {
                // How it ends does not matter, only that it ends.
                drop(read.read_to_end(&mut found));
            }
        }
    }
}

#[test]
fn text_is_not_compressed() {
    for text in ["", "{}", "key,vector\n", "P*M", "BZh,vector\n", "BZh9,vector\n"] {
        assert_eq!(Compression::of(text.as_bytes()), None);
    }
}

/// A zstd frame as in RFC 8878, a single segment: its header says `claimed` bytes, its blocks are raw, and the last one
/// is empty, as written by programs that learn late that nothing follows.
fn plain_zstd(claimed: u8, text: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x20, claimed];
    frame.extend(&u32::try_from(text.len() << 3).unwrap().to_le_bytes()[..3]);
    frame.extend(text);
    frame.extend([1, 0, 0]);
    frame
}

#[test]
fn a_zstd_frame_has_the_size_that_its_header_says_in_whatever_pieces_it_comes() {
    for (claimed, text) in [(3, ""), (0, "[1]"), (2, "[1]"), (4, "[1]"), (3, "[1]"), (0, "")] {
        let frame = plain_zstd(claimed, text.as_bytes());
        for piece in [1, 2, 5, 7, 64] {
            let slow = io::BufReader::with_capacity(piece, io::Cursor::new(frame.clone()));
            let mut read = String::new();
            let end = Compression::Zstd.decompress(slow).unwrap().read_to_string(&mut read);
            assert_eq!(
                end.is_ok(),
                usize::from(claimed) == text.len(),
                "{claimed}, {text:?}, in pieces of {piece}"
            );
            assert!(text.starts_with(&read));
        }
    }
}
