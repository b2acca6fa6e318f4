//! `report`: runs drawn as one page of HTML that needs nothing else, no network, no font, no script.
//!
//! A colour is a file everywhere; a dashed line is the bare server beside it. Plots are drawn twice, wide and narrow, and the page shows
//! the one that fits. Under each plot stands its data. Everything that a file says is escaped.

mod bars;
mod disk;
mod draw;
mod headline;
mod number;
mod over_time;
mod percentiles;
mod plot;
mod runs;
mod scale;
mod sync_plot;
mod text;

use std::path::PathBuf;

use clap::Args;

use self::text::escaped;
use crate::{
    error::Error,
    report::{
        Saved,
        saved::{self, Run},
    },
};

/// Most files in one page: so many colours are told apart.
const FILES_MAX: usize = 8;

/// What the page looks like.
const STYLE: &str = include_str!("page.css");

/// What is to be drawn.
#[derive(Clone, Debug, Args)]
pub struct Asked {
    /// Runs, as --json wrote them; each has a colour of its own in every plot.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// The page.
    #[arg(long)]
    pub out: PathBuf,
}

/// A run in its colour.
struct Shown<'a> {
    label: String,
    /// The class of its colour.
    colour: String,
    run: &'a Run,
}

/// Reads the files and writes the page.
///
/// # Errors
/// When a file is no run's, or there are more than can be told apart.
pub fn write(asked: &Asked) -> Result<(), Error> {
    if asked.files.len() > FILES_MAX {
        return Err(Error::TooManyFiles { files: asked.files.len(), files_max: FILES_MAX });
    }
    let files = Saved::read_all(&asked.files)?;
    std::fs::write(&asked.out, html(&files)).map_err(Error::file(&asked.out))
}

/// The page.
pub fn html(files: &[Saved]) -> String {
    let labels = saved::labels(files);
    let shown: Vec<_> = (0..)
        .zip(files.iter().zip(labels))
        .map(|(number, (saved, label))| Shown { label, colour: format!("c{number}"), run: &saved.run })
        .collect();
    let title = escaped(&runs::title(&shown));
    let plots = [
        over_time::throughput(&shown).html(),
        percentiles::latency(&shown).html(),
        over_time::server_cores(&shown).html(),
        over_time::client_cores(&shown).html(),
        sync_plot::sync_times(&shown).html(),
        disk::groups(&shown).html(),
    ];
    let (about, headline, plots) = (runs::about(files, &shown), headline::tiles(&shown), plots.concat());
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<title>{title}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<h1>{title}</h1>\n{about}</header>\n<main>\n{headline}<div class=\"plots\">\n{plots}</div>\n</main>\n\
         <footer>tessera-loadtest {version}. Every figure is the load generator's own but those of the log, which the server \
         tells of itself.</footer>\n</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::saved::tests::OLD;

    fn saved(label: &str, text: &str) -> Saved {
        Saved { path: format!("{label}.json").into(), run: serde_json::from_str(text).unwrap() }
    }

    #[test]
    fn an_older_file_has_its_figures_and_names_what_it_lacks() {
        let page = html(&[saved("old", OLD)]);
        assert!(page.contains("1,000") && page.contains("59.5"), "{page}");
        let gaps = page.matches("older version").count();
        assert_eq!(gaps, 5, "every plot of a series is named as a gap");
    }

    #[test]
    fn what_files_say_is_text() {
        let evil = OLD.replace("flash-sale", "<script>alert(1)</script>");
        let page = html(&[saved("a&b\"<i>", &evil)]);
        assert!(!page.contains("<script") && !page.contains("<i>"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(1)") && page.contains("a&amp;b&quot;&lt;i&gt;"));
    }

    #[test]
    fn more_files_than_colours_are_refused() {
        let asked = Asked { files: vec!["x.json".into(); FILES_MAX + 1], out: "page.html".into() };
        assert!(matches!(write(&asked), Err(Error::TooManyFiles { files: 9, files_max: 8 })));
    }
}
