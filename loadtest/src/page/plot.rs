//! A plot: lines over two axes, and the same as tables under it.

use std::fmt::Write as _;

use super::{
    draw::{self, Frame},
    scale::Scale,
    text::escaped,
};

/// What is said where a file has nothing to draw: it is named, not passed over.
pub const OLDER: &str = "has no series: it is of an older version, or sums up many runs";

/// One direction of a plot.
pub struct Axis {
    /// What it shows, with its unit.
    pub label: &'static str,
    /// Where values lie.
    pub scale: Scale,
    /// How a value is written in the table.
    pub write: fn(f64) -> String,
}

/// One line.
pub struct Line {
    /// Whose it is.
    pub label: String,
    /// The class of its colour.
    pub colour: String,
    /// Whether it is of the bare server.
    pub is_echo: bool,
    /// Its points; a second value that is no number is a gap.
    pub points: Vec<(f64, f64)>,
    /// What its table has instead of them, if the points are only how it is drawn.
    pub rows: Option<Vec<(f64, f64)>>,
    /// Whether it is filled down to the axis.
    pub is_filled: bool,
}

/// See the module.
pub struct Plot {
    /// Unique in the page.
    pub id: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// What a reader sees in it.
    pub said: String,
    /// From left to right.
    pub x: Axis,
    /// From below to above.
    pub y: Axis,
    /// What is drawn.
    pub lines: Vec<Line>,
    /// What is missing, and why.
    pub gaps: Vec<String>,
    /// Colours that mean something else here than in the legend of the page, and what.
    pub keys: Vec<(String, &'static str)>,
}

impl Plot {
    /// As a figure: title, both drawings, gaps, data.
    pub fn html(&self) -> String {
        let lines: Vec<_> = self.lines.iter().filter(|line| line.points.iter().any(|(_, y)| y.is_finite())).collect();
        let (title, said) = (escaped(self.title), escaped(&self.said));
        let key = |(colour, name): &(String, &str)| format!("<span class=\"swatch {colour}\"></span> {}", escaped(name));
        let keys: Vec<_> = self.keys.iter().map(key).collect();
        let keys = if keys.is_empty() { String::new() } else { format!(" <span class=\"keys\">{}</span>", keys.join(" ")) };
        let mut html = format!("<figure>\n<figcaption><h2>{title}</h2><p>{said}{keys}</p></figcaption>\n");
        if !lines.is_empty() {
            for frame in [&draw::WIDE, &draw::NARROW] {
                html.push_str(&self.svg(frame));
            }
        }
        html.push_str(&missing(&self.gaps));
        if !lines.is_empty() {
            let tables: String = lines.iter().map(|line| self.table(line)).collect();
            html.push_str(&data(&tables));
        }
        html.push_str("</figure>\n");
        html
    }

    fn svg(&self, frame: &Frame) -> String {
        let mut inner = frame.axes(&self.x, &self.y);
        // The bare server lies behind, later files before earlier ones, as the legend reads.
        let (echoes, runs): (Vec<_>, Vec<_>) = self.lines.iter().partition(|line| line.is_echo);
        for line in echoes.into_iter().chain(runs) {
            let places = line.points.iter().map(|&(x, y)| Some((self.x.scale.place(x)?, self.y.scale.place(y)?)));
            inner.push_str(&frame.line(line, &places.collect::<Vec<_>>()));
        }
        let ranges: String = self.lines.iter().filter_map(|line| self.range(line)).collect();
        frame.svg(self.id, self.title, &format!("{}{ranges}", self.said), &inner)
    }

    /// Between which values a line lies, for readers who do not see it.
    fn range(&self, line: &Line) -> Option<String> {
        let drawn = || line.points.iter().map(|point| point.1).filter(|y| y.is_finite());
        let (least, most) = (drawn().min_by(f64::total_cmp)?, drawn().max_by(f64::total_cmp)?);
        let echo = if line.is_echo { ", echo" } else { "" };
        Some(format!(" {}{echo}: between {} and {}.", line.label, (self.y.write)(least), (self.y.write)(most)))
    }

    fn table(&self, line: &Line) -> String {
        let echo = if line.is_echo { ", echo" } else { "" };
        let mut table = format!("<table><caption>{}{echo}</caption>", escaped(&line.label));
        // Writing to a string cannot fail.
        let _ = write!(
            table,
            "<thead><tr><th scope=\"col\">{}</th><th scope=\"col\">{}</th></tr></thead><tbody>",
            escaped(self.x.label),
            escaped(self.y.label)
        );
        for &(x, y) in line.rows.as_ref().unwrap_or(&line.points).iter().filter(|(_, y)| y.is_finite()) {
            let _ = write!(table, "<tr><td>{}</td><td>{}</td></tr>", escaped(&(self.x.write)(x)), escaped(&(self.y.write)(y)));
        }
        table.push_str("</tbody></table>\n");
        table
    }
}

/// The data under a plot.
pub fn data(tables: &str) -> String {
    format!("<details><summary>Data</summary>\n<div class=\"data\">{tables}</div></details>\n")
}

/// What a plot lacks.
pub fn missing(gaps: &[String]) -> String {
    gaps.iter().map(|gap| format!("<p class=\"gap\">{}</p>\n", escaped(gap))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::number;

    fn plot(points: Vec<(f64, f64)>) -> Plot {
        let scale = || Scale::up_to([10.0].into_iter(), number::short);
        let line = Line { label: "a<b".to_owned(), colour: "c0".to_owned(), is_echo: false, points, rows: None, is_filled: true };
        Plot {
            id: "p",
            title: "Load",
            said: "It rises.".to_owned(),
            x: Axis { label: "time, s", scale: scale(), write: number::short },
            y: Axis { label: "load, cores", scale: scale(), write: number::short },
            lines: vec![line],
            gaps: vec!["x & y".to_owned()],
            keys: vec![("c0".to_owned(), "load")],
        }
    }

    #[test]
    fn a_plot_is_drawn_and_told() {
        let html = plot(vec![(0.0, 1.0), (5.0, 7.5)]).html();
        assert_eq!((html.matches("<svg ").count(), html.matches("<desc ").count()), (2, 2));
        assert!(html.contains("<td>5</td><td>7.5</td>") && html.contains("a&lt;b") && html.contains("x &amp; y"), "{html}");
        assert!(html.contains("time, s") && html.contains("load, cores"));
        assert!(html.contains("It rises. a&lt;b: between 1 and 7.5.</desc>"), "{html}");
    }

    #[test]
    fn a_plot_without_a_point_says_only_what_is_missing() {
        let html = plot(vec![(1.0, f64::NAN)]).html();
        assert!(!html.contains("<svg ") && !html.contains("<table") && html.contains("class=\"gap\""), "{html}");
    }
}
