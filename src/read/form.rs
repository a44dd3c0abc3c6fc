//! What an input of text was recognised as, in words. Pure.

use super::cutter::Cutter;
use super::decompress::Compression;
use super::elements::Shape;
use crate::encoding::Encoding;

/// Describes text by its layout, compression and encoding.
pub(super) fn form(cutter: &Cutter, compression: Option<Compression>, encoding: Option<Encoding>) -> String {
    let layout = match cutter {
        Cutter::Lines => "JSON Lines".to_owned(),
        Cutter::Elements(elements) => match elements.shape() {
            Shape::Arrays => "JSON array".to_owned(),
            Shape::Values => "JSON values".to_owned(),
            Shape::Nothing => "JSON without records".to_owned(),
            Shape::Pages(path) => format!("JSON with records in {}", path.join(".")),
        },
        Cutter::Pairs(_) => "Elasticsearch bulk lines".to_owned(),
        Cutter::Rows(rows) => match rows.delimiter() {
            b',' => "CSV".to_owned(),
            b'\t' => "TSV".to_owned(),
            other => format!("CSV with {:?} between cells", char::from(other)),
        },
    };
    let around = [compression.map(|packed| packed.name().to_owned()), encoding.map(|name| name.to_string())];
    let around: Vec<_> = around.into_iter().flatten().collect();
    if around.is_empty() { layout } else { format!("{layout} ({})", around.join(", ")) }
}
