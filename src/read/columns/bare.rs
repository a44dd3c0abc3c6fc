//! The file formats of vector benchmarks, and float32 numbers without a header.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::element::{Element, Order};
use super::flat::Layout;
use super::npy::check_length;
use super::source::Trouble;

/// fvecs and bvecs: each vector comes after its length.
pub(super) fn led(file: &mut File, element: Element) -> Result<Layout, Trouble> {
    let [dimension] = head(file)?;
    let dimension = dimension as usize;
    let mut layout = layout(element, dimension)?;
    layout.is_led = true;
    if dimension == 0 {
        return Err(Trouble::Damaged("its first vector has no elements".to_owned()));
    }
    whole_rows(file, layout)
}

/// fbin and u8bin: the number of vectors and their dimension, then all of them.
pub(super) fn counted(file: &mut File, element: Element) -> Result<Layout, Trouble> {
    let [rows, dimension] = head(file)?;
    let mut layout = layout(element, dimension as usize)?;
    layout.start = 8;
    layout.rows = rows.into();
    let layout = layout.checked()?;
    let bytes = layout.rows.saturating_mul(layout.stride() as u64).saturating_add(layout.start);
    check_length(file, bytes)?;
    Ok(layout)
}

/// float32 numbers and nothing else, `dimension` of them per vector.
pub(super) fn float32(file: &mut File, dimension: Option<usize>) -> Result<Layout, Trouble> {
    let Some(dimension) = dimension.filter(|dimension| *dimension > 0) else {
        return Err(Trouble::Unsupported(
            "a file of float32 numbers without a dimension",
            "set it with --dimension",
        ));
    };
    whole_rows(file, layout(Element::Float32, dimension)?)
}

fn layout(element: Element, dimension: usize) -> Result<Layout, Trouble> {
    Layout { start: 0, is_led: false, element, order: Order::Little, dimension, rows: 0 }.checked()
}

/// The numbers at the start of a file.
fn head<const N: usize>(file: &mut File) -> Result<[u32; N], Trouble> {
    let mut numbers = [0; N];
    file.seek(SeekFrom::Start(0))?;
    for number in &mut numbers {
        let mut bytes = [0; 4];
        file.read_exact(&mut bytes).map_err(|_| Trouble::Torn)?;
        *number = u32::from_le_bytes(bytes);
    }
    Ok(numbers)
}

/// As many vectors as the file has, without an incomplete one.
fn whole_rows(file: &mut File, mut layout: Layout) -> Result<Layout, Trouble> {
    let bytes = file.seek(SeekFrom::End(0))?;
    let stride = layout.stride() as u64;
    if !bytes.is_multiple_of(stride) {
        let what = format!("its {bytes} bytes are no multiple of {stride}, the bytes of a vector");
        return Err(Trouble::Damaged(what));
    }
    layout.rows = bytes / stride;
    Ok(layout)
}
