//! Drawing: the frame of a plot in units of its own, axes, lines and text as SVG.

use std::fmt::Write as _;

use super::{
    plot::{Axis, Line},
    text::escaped,
};

/// So few points are marked each.
const MARKED_MAX: usize = 16;

/// Between two labels of the horizontal axis, at least so many units for each letter of the wider one.
const LETTER: f64 = 7.2;

/// A plot's size, and what of it lies outside of its axes.
pub struct Frame {
    /// The class that shows it where it fits.
    class: &'static str,
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

/// For screens.
pub const WIDE: Frame = Frame { class: "wide", width: 640.0, height: 320.0, left: 64.0, right: 20.0, top: 30.0, bottom: 48.0 };

/// For telephones: the same letters on half the width.
pub const NARROW: Frame =
    Frame { class: "narrow", width: 360.0, height: 270.0, left: 54.0, right: 16.0, top: 30.0, bottom: 48.0 };

impl Frame {
    fn x(&self, place: f64) -> f64 {
        self.left + place * (self.width - self.left - self.right)
    }

    fn y(&self, place: f64) -> f64 {
        self.height - self.bottom - place * (self.height - self.top - self.bottom)
    }

    /// A drawing with what a reader who cannot see it is told.
    pub fn svg(&self, id: &str, title: &str, said: &str, inner: &str) -> String {
        let (class, width, height) = (self.class, self.width, self.height);
        svg(class, width, height, id, title, said, inner)
    }

    /// Grid, ticks and labels.
    pub fn axes(&self, x: &Axis, y: &Axis) -> String {
        let (left, right, floor) = (self.x(0.0), self.x(1.0), self.y(0.0));
        let mut svg = String::from("<g class=\"axis\">");
        for (place, label) in placed(y) {
            let at = self.y(place);
            // Writing to a string cannot fail, here and below.
            let _ = write!(svg, "<line x1=\"{left:.1}\" x2=\"{right:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>");
            let (label, at) = (escaped(label), at + 4.0);
            let _ = write!(svg, "<text x=\"{:.1}\" y=\"{at:.1}\" text-anchor=\"end\">{label}</text>", left - 8.0);
        }
        let mut free_from = f64::NEG_INFINITY;
        for (place, label) in placed(x) {
            let (at, half) = (self.x(place), label.chars().count() as f64 * LETTER / 2.0);
            let _ =
                write!(svg, "<line class=\"tick\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{floor:.1}\" y2=\"{:.1}\"/>", floor + 5.0);
            if at - half < free_from || at + half > self.width + 4.0 {
                continue;
            }
            free_from = at + half + LETTER;
            let _ = write!(svg, "<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>", floor + 20.0, escaped(label));
        }
        let _ = write!(svg, "<line class=\"floor\" x1=\"{left:.1}\" x2=\"{right:.1}\" y1=\"{floor:.1}\" y2=\"{floor:.1}\"/>");
        let _ = write!(svg, "<text class=\"label\" x=\"0\" y=\"14\">{}</text>", escaped(y.label));
        let (end, under) = (right, self.height - 6.0);
        let _ = write!(
            svg,
            "<text class=\"label\" x=\"{end:.1}\" y=\"{under:.1}\" text-anchor=\"end\">{}</text></g>",
            escaped(x.label)
        );
        svg
    }

    /// A line through its places; a place that is not there is a gap in it.
    pub fn line(&self, line: &Line, places: &[Option<(f64, f64)>]) -> String {
        let echo = if line.is_echo { " echo" } else { "" };
        let mut svg = format!("<g class=\"{}{echo}\">", line.colour);
        let runs: Vec<Vec<(f64, f64)>> = places
            .split(Option::is_none)
            .map(|run| run.iter().flatten().map(|&(x, y)| (self.x(x), self.y(y))).collect())
            .collect();
        for run in runs.iter().filter(|run| !run.is_empty()) {
            let through: Vec<_> = run.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
            let path = through.join("L");
            if let (true, Some(first), Some(last)) = (line.is_filled, run.first(), run.last()) {
                let floor = self.y(0.0);
                let _ = write!(svg, "<path class=\"area\" d=\"M{:.1} {floor:.1}L{path}L{:.1} {floor:.1}Z\"/>", first.0, last.0);
            }
            let _ = write!(svg, "<path d=\"M{path}\"/>");
            if run.len() <= MARKED_MAX {
                for (x, y) in run {
                    let _ = write!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\"/>");
                }
            }
        }
        svg.push_str("</g>");
        svg
    }
}

/// A drawing of any size.
pub fn svg(class: &str, width: f64, height: f64, id: &str, title: &str, said: &str, inner: &str) -> String {
    let (title, said) = (escaped(title), escaped(said));
    let names = format!("{id}-{class}-title {id}-{class}-said");
    format!(
        "<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"{names}\">\
         <title id=\"{id}-{class}-title\">{title}</title><desc id=\"{id}-{class}-said\">{said}</desc>{inner}</svg>\n"
    )
}

fn placed(axis: &Axis) -> impl Iterator<Item = (f64, &str)> {
    axis.scale.ticks.iter().filter_map(|(at, label)| Some((axis.scale.place(*at)?, label.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(is_filled: bool) -> Line {
        Line { label: String::new(), colour: "c1".to_owned(), is_echo: true, points: Vec::new(), rows: None, is_filled }
    }

    #[test]
    fn a_place_that_is_not_there_is_a_gap() {
        let svg = WIDE.line(&line(false), &[Some((0.0, 0.0)), Some((0.5, 1.0)), None, Some((1.0, 0.5))]);
        assert_eq!(svg.matches("<path d=\"M").count(), 2);
        assert!(svg.starts_with("<g class=\"c1 echo\">") && svg.contains("M64.0 272.0L342.0 30.0\""), "{svg}");
    }

    #[test]
    fn a_filled_line_is_closed_along_the_floor() {
        let svg = WIDE.line(&line(true), &[Some((0.0, 1.0)), Some((1.0, 1.0))]);
        assert!(svg.contains("M64.0 272.0L64.0 30.0L620.0 30.0L620.0 272.0Z"), "{svg}");
    }
}
