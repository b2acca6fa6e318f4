//! Text as HTML.

/// With what would be markup said as characters.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // A control character has no place in a page.
            control if control.is_control() => safe.push(' '),
            plain => safe.push(plain),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_said_as_characters() {
        assert_eq!(escaped("<a href=\"x\">'&'\u{0}\n"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;  ");
        assert_eq!(escaped("p99.9 µs"), "p99.9 µs");
    }
}
