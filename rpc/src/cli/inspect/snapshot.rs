//! `tessera inspect snapshot`: every file of an image, named by the manifest or not.

use std::path::Path;

use tessera_engine::offline::{self, InspectedImage, InspectedImages};

use crate::cli::{
    Error,
    output::{self, Output},
};

/// Shows the images; damage is an error.
pub fn run(dir: &Path, only: Option<u64>, output: Output) -> Result<(), Error> {
    let mut found = offline::inspect_images(dir)?;
    found.images.retain(|image| only.is_none_or(|only| image.file.id.0 == only));
    match output {
        Output::Json => output::print_json(&json(&found))?,
        Output::Table => print_table(&found)?,
    }
    let damaged = found.images.iter().filter(|image| image.problem().is_some()).count();
    Error::unless_whole(damaged + usize::from(found.manifest.is_some()), "see \"Damaged images\" in the runbook")
}

/// How far an image was proven.
fn state(image: &InspectedImage) -> String {
    match image.problem() {
        Some(problem) => problem,
        None if image.is_loaded => "whole, state has the digest".to_owned(),
        None => "whole, state not made".to_owned(),
    }
}

fn print_table(found: &InspectedImages) -> Result<(), Error> {
    if let Some(error) = &found.manifest {
        output::print_line(error)?;
    }
    let head = ["image", "named", "journal", "lsn", "frame", "digest", "chunks", "of bytes", "file bytes", "state"];
    let row = |image: &InspectedImage| {
        let said = |say: fn(&_) -> String| image.file.image.as_ref().map_or("-".to_owned(), say);
        let largest = image.file.chunk_bytes.iter().max().copied().unwrap_or(0);
        vec![
            image.file.id.to_string(),
            if image.is_named { "yes" } else { "no" }.to_owned(),
            said(|said| said.subject.journal.to_string()),
            said(|said| said.subject.cursor.lsn.to_string()),
            said(|said| said.subject.cursor.number.to_string()),
            said(|said| format!("{:016x}", said.subject.digest)),
            format!("{} of {}", image.file.chunk_bytes.len(), said(|said| said.chunks.to_string())),
            format!("at most {largest}"),
            image.file.file_bytes.to_string(),
            state(image),
        ]
    };
    output::print_table(&head, found.images.iter().map(row))
}

fn json(found: &InspectedImages) -> serde_json::Value {
    let images = found.images.iter().map(|image| {
        let said = image.file.image.as_ref().map(|said| {
            let (subject, cursor) = (&said.subject, &said.subject.cursor);
            serde_json::json!({
                "partition": subject.journal.0, "lsn": cursor.lsn.0, "frame": cursor.number.0, "tenure": cursor.tenure.0,
                "at_ms": cursor.now_ms, "catalog_lsn": subject.catalog_lsn, "digest": format!("{:016x}", subject.digest),
                "key_check": format!("{:016x}", subject.key_check), "created_ms": subject.created_ms,
                "chunks": said.chunks, "payload_bytes": said.payload_bytes,
            })
        });
        serde_json::json!({
            "image_id": image.file.id.0, "named": image.is_named, "file_bytes": image.file.file_bytes, "subject": said,
            "chunk_bytes": image.file.chunk_bytes, "loaded": image.is_loaded, "problem": image.problem(),
        })
    });
    serde_json::json!({
        "images": images.collect::<Vec<_>>(), "manifest_problem": found.manifest.as_ref().map(ToString::to_string),
    })
}
