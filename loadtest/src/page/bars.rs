//! Bars from left to right: figures of every file, those of one unit on one scale.

use std::fmt::Write as _;

use super::{Shown, draw, number, plot, text::escaped};

/// A bar's height, in the drawing's own units.
const BAR: f64 = 14.0;

/// Between two bars.
const BAR_GAP: f64 = 3.0;

/// A row's name above its bars, and the room between rows.
const NAME: f64 = 30.0;

/// What is written behind the longest bar.
const VALUE: f64 = 84.0;

/// Figures of one unit.
pub struct Group {
    /// Their unit.
    pub unit: &'static str,
    /// Their names, and the value of every file.
    pub rows: Vec<(&'static str, Vec<Option<f64>>)>,
}

/// See the module.
pub struct Bars {
    /// Unique in the page.
    pub id: &'static str,
    /// What they show.
    pub title: &'static str,
    /// What a reader sees in it.
    pub said: &'static str,
    /// What is drawn.
    pub groups: Vec<Group>,
    /// What is missing, and why.
    pub gaps: Vec<String>,
}

impl Bars {
    /// As a figure: title, both drawings, gaps, data.
    pub fn html(&self, shown: &[Shown<'_>]) -> String {
        let (title, said) = (escaped(self.title), escaped(self.said));
        let mut html = format!("<figure>\n<figcaption><h2>{title}</h2><p>{said}</p></figcaption>\n");
        let is_empty = self.rows().all(|(_, values)| values.iter().all(Option::is_none));
        if !is_empty {
            for (class, width) in [("wide", 640.0), ("narrow", 360.0)] {
                let (inner, height) = self.draw(shown, width);
                html.push_str(&draw::svg(class, width, height, self.id, self.title, self.said, &inner));
            }
        }
        html.push_str(&plot::missing(&self.gaps));
        if !is_empty {
            html.push_str(&plot::data(&self.table(shown)));
        }
        html.push_str("</figure>\n");
        html
    }

    fn rows(&self) -> impl Iterator<Item = &(&'static str, Vec<Option<f64>>)> {
        self.groups.iter().flat_map(|group| &group.rows)
    }

    fn draw(&self, shown: &[Shown<'_>], width: f64) -> (String, f64) {
        let (mut svg, mut y) = (String::new(), 0.0);
        for group in &self.groups {
            let most = group.rows.iter().flat_map(|(_, values)| values).flatten().copied().fold(0.0, f64::max);
            for (name, values) in group.rows.iter().filter(|(_, values)| values.iter().any(Option::is_some)) {
                y += NAME;
                // Writing to a string cannot fail, here and below.
                let _ = write!(svg, "<text class=\"name\" x=\"0\" y=\"{:.1}\">{}, {}</text>", y - 8.0, escaped(name), group.unit);
                for (one, value) in shown.iter().zip(values).filter_map(|(one, value)| Some((one, (*value)?))) {
                    let length = if most > 0.0 { (value / most).clamp(0.0, 1.0) * (width - VALUE) } else { 0.0 };
                    let (colour, said) = (&one.colour, number::digits(value));
                    let _ = write!(
                        svg,
                        "<rect class=\"{colour}\" x=\"0\" y=\"{y:.1}\" width=\"{length:.1}\" height=\"{BAR}\" rx=\"2\"/>"
                    );
                    let (x, base) = (length + 7.0, y + BAR - 2.5);
                    let _ = write!(svg, "<text x=\"{x:.1}\" y=\"{base:.1}\">{said}</text>");
                    y += BAR + BAR_GAP;
                }
            }
        }
        (svg, y + BAR_GAP)
    }

    fn table(&self, shown: &[Shown<'_>]) -> String {
        let heads: String = shown.iter().map(|one| format!("<th scope=\"col\">{}</th>", escaped(&one.label))).collect();
        let mut table =
            format!("<table><caption>All files</caption><thead><tr><th scope=\"col\">figure</th>{heads}</tr></thead><tbody>");
        for group in &self.groups {
            for (name, values) in &group.rows {
                let cell = |value: &Option<f64>| format!("<td>{}</td>", value.map_or("–".to_owned(), number::digits));
                let cells: String = values.iter().map(cell).collect();
                let _ = write!(table, "<tr><td>{}, {}</td>{cells}</tr>", escaped(name), group.unit);
            }
        }
        table.push_str("</tbody></table>\n");
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{saved::Run, saved::tests::OLD};

    #[test]
    fn the_longest_bar_of_a_unit_has_all_the_room() {
        let run: Run = serde_json::from_str(OLD).unwrap();
        let shown = [0, 1].map(|number| Shown { label: format!("run {number}"), colour: format!("c{number}"), run: &run });
        let group =
            Group { unit: "frames", rows: vec![("in a group", vec![Some(50.0), Some(100.0)]), ("in all", vec![None, None])] };
        let bars = Bars { id: "b", title: "B", said: "S", groups: vec![group], gaps: Vec::new() };
        let html = bars.html(&shown);
        assert!(html.contains("class=\"c0\" x=\"0\" y=\"30.0\" width=\"278.0\"") && html.contains("width=\"556.0\""), "{html}");
        assert!(html.contains("<td>50.0</td><td>100</td>") && html.contains("<td>–</td>"), "{html}");
        assert_eq!(html.matches("class=\"name\"").count(), 2, "a row without a value is not drawn");
    }
}
