//! The parts of an error for programs: its place, and its code.

use super::ReadError;
use crate::record::Position;

impl ReadError {
    /// The place of the error, if it has one.
    pub fn place(&self) -> Option<Position> {
        match self {
            Self::Io { place, .. }
            | Self::Torn { place, .. }
            | Self::Damaged { place, .. }
            | Self::DamagedColumns { place, .. }
            | Self::Malformed { place, .. }
            | Self::LeftOut { place, .. }
            | Self::Repeated { place, .. }
            | Self::NotUtf8 { place, .. }
            | Self::Undecodable { place, .. }
            | Self::Trailing { place, .. }
            | Self::TooLarge { place, .. } => Some(*place),
            Self::Misaligned { misaligned, .. } => misaligned.place(),
            _ => None,
        }
    }

    /// The error as one word, for events and summaries.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unjoined(unjoined) if unjoined.is_io() => "io",
            Self::Open { .. } | Self::Io { .. } | Self::Companion { .. } | Self::DanglingLink { .. } => "io",
            Self::Bounds { bounds, .. } => bounds.code(),
            Self::Torn { .. } => "torn",
            Self::Damaged { .. } | Self::DamagedColumns { .. } => "damaged",
            Self::Malformed { .. } => "malformed",
            Self::TooLarge { .. } => "too_large",
            Self::LeftOut { .. } | Self::Repeated { .. } => "left_out",
            Self::Trailing { .. } => "trailing",
            _ => "format",
        }
    }
}
