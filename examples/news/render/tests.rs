//! What strangers write must neither run nor crash, and must always render alike.

use crate::changelog::{Changelog, Matched, Post, releases};
use crate::render::{Press, html, pdf, render};

fn post(markdown: &str) -> Post {
    let file =
        Changelog { path: "p".into(), crate_name: "demo".into(), text: format!("## 1.0.0 - 2024-02-03\n{markdown}\n") };
    let mut post = releases(file).expect("a changelog").remove(0);
    post.subjects = vec![Matched { subject: "security".into(), entry: "<b>why</b>".into() }];
    post
}

#[test]
fn scripts_handlers_and_script_links_are_removed() {
    let page = render(
        &post(
            "- a <script>alert(1)</script> <b onclick=\"alert(2)\">bold</b> [x](javascript:alert(3)) <img src=x onerror=alert(4)>\n\
             - <a href=\"JaVaScRiPt:alert(5)\">y</a> [ok](https://example.org) [rel](../../etc/passwd)\n\
             - <iframe src=\"https://example.org\"></iframe><style>p{}</style>\n\n### <script>alert(6)</script>\n- z",
        ),
        &mut Press::default(),
    )
    .expect("a page");
    let html = page.html.to_lowercase();
    let (_, article) = html.split_once("<article>").expect("an article");
    for bad in ["<script", "onclick", "onerror", "javascript:", "<img", "<iframe", "<style", "etc/passwd"] {
        assert!(!article.contains(bad), "{bad} in {article}");
    }
    assert!(article.contains("<b>bold</b>"));
    assert!(article.contains("href=\"https://example.org\""));
    assert!(html.contains("&lt;b&gt;why&lt;/b&gt;"), "entries are text, not markup");
}

#[test]
fn links_defined_elsewhere_in_the_file_are_kept() {
    let text = post("- see [#7]\n\n[#7]: https://example.org/7");
    let page = render(&text, &mut Press::default()).expect("a page");
    assert!(page.html.contains("href=\"https://example.org/7\""));
    assert!(page.markdown.ends_with("[#7]: <https://example.org/7>\n"));
}

#[test]
fn the_pdf_takes_any_text() {
    let long = "x".repeat(20_000);
    let nested = "> ".repeat(40) + "deep";
    let odd = [
        "- emoji 🦀👩‍👩‍👧‍👦🏳️‍🌈 and 中文字符 and العربية and हैलो and \u{1F3F4}\u{E0067}",
        "- e\u{301}\u{302}\u{303} \u{202e}reversed \u{0}\u{7}\u{feff}\u{fffd}\u{10ffff}",
        "```\n\tlet x = 1;\n\n\n```\n\n    indented\n",
        "",
        "***",
        "1. one\n1. two\n   - three\n\n     four\n",
        &long,
        &nested,
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "fi ffi fl — “quoted” …",
    ];
    let mut press = Press::default();
    for text in odd {
        let page = render(&post(text), &mut press).expect("a page");
        assert!(page.pdf.starts_with(b"%PDF"), "{text}");
        assert!(page.pdf.len() > 1000, "{text}");
    }
}

#[test]
fn the_same_post_makes_the_same_bytes() {
    let post = post("- **faster** `code` 🦀 [a](https://example.org) fi\n\n```\ncode\n```");
    let mut used = Press::default();
    let first = render(&post, &mut used).expect("a page");
    for _ in 0..3 {
        assert_eq!(render(&post, &mut used).expect("a page"), first);
    }
    assert_eq!(render(&post, &mut used.clone()).expect("a page"), first, "another worker");
}

#[test]
fn a_long_post_has_several_pages_and_its_text_does_not_travel_further() {
    let text: String = (0..120).map(|n| format!("- entry number {n} in a long list\n")).collect();
    let mut press = Press::default();
    assert_eq!(pdf::pages(&post("- short"), &mut press), 1);
    assert_eq!(pdf::pages(&post(&text), &mut press), 4);
    assert!(render(&post(&text), &mut press).expect("a page").post.sections.is_empty());
}

#[test]
fn tables_and_strikethrough_are_shown() {
    let table = html::sanitised("| a |\n|---|\n| ~~b~~ |");
    assert!(table.contains("<table>") && table.contains("<del>b</del>"), "{table}");
}

#[test]
fn a_press_can_move_to_a_worker() {
    fn is_send<T: Send + Clone>() {}
    is_send::<Press>();
}
