//! Odd changelogs, and what becomes of them.

use crate::changelog::{Changelog, Post, releases};

fn file(text: &str) -> Changelog {
    Changelog { path: "demo-1.0.0/CHANGELOG.md".into(), crate_name: "demo".into(), text: text.into() }
}

fn posts(text: &str) -> Vec<Post> {
    releases(file(text)).expect("a changelog")
}

fn versions(text: &str) -> Vec<String> {
    posts(text).iter().map(|post| post.version.to_string()).collect()
}

#[test]
fn keep_a_changelog_is_taken_apart_and_unreleased_is_left_out() {
    let posts = posts(
        "# Changelog\nAll notable changes.\n\n## [Unreleased]\n### Added\n- secret\n\n## [1.1.0] - 2024-01-02\n\n### Added\n\
         - one, see [#12]\n- two\n  over two lines\n\n### Fixed\n- three\n\n## [1.0.0] - 2023-12-31\nFirst.\n\n\
         [#12]: https://example.org/12\n[1.1.0]: https://example.org/cmp\n",
    );
    assert_eq!(posts.len(), 2);
    assert_eq!(posts[0].title(), "demo 1.1.0");
    assert_eq!(posts[0].date.expect("a date").to_string(), "2024-01-02");
    let titles: Vec<_> = posts[0].sections.iter().map(|section| section.title.as_str()).collect();
    assert_eq!(titles, ["Added", "Fixed"]);
    assert_eq!(posts[0].sections[0].entries, ["one, see #12", "two over two lines"]);
    assert_eq!(posts[0].links, [("#12".to_owned(), "https://example.org/12".to_owned())]);
    assert_eq!(posts[1].sections[0].entries, ["First."]);
}

#[test]
fn headings_come_in_many_shapes() {
    assert_eq!(versions("# Version 2.0.0\n* a\n# Version 1.0.0\n"), ["2.0.0", "1.0.0"]);
    assert_eq!(versions("v2.1 (2020-01-01)\n=====\n- x\n\nv2.0\n-----\n- y\n"), ["2.1.0", "2.0.0"]);
    assert_eq!(versions("## [3.0.0](https://x.org/a...b) (2021-02-03)\n"), ["3.0.0"]);
    assert_eq!(versions("## <a name=\"x\"></a>0.9.0 - 2020-01-01\n"), ["0.9.0"]);
    assert_eq!(versions("# 2.0.0\n## 1.9.1 (2020-01-01)\n## 1.9.0\n"), ["2.0.0", "1.9.1", "1.9.0"]);
}

#[test]
fn plain_text_and_restructured_text_are_read_by_lines() {
    assert_eq!(versions("Changes\n\n1.1.0 (2020-01-01)\n  * a\n\n1.0.0\n  * b in 0.9.0\n"), ["1.1.0", "1.0.0"]);
    assert_eq!(versions("**1.1.0** (2020-01-01)\n\n- a\n\n**1.0.0**\n\n- b\n"), ["1.1.0", "1.0.0"]);
    let posts = posts("1.1.0\n^^^^^\n\n- fast\n");
    assert_eq!(posts[0].sections[0].entries, ["fast"]);
}

#[test]
fn code_is_no_entry() {
    let posts = posts("## 1.0.0\n> quoted\n\n```\ncode\n```\n- `x` stays\n");
    assert_eq!(posts[0].sections[0].entries, ["quoted", "x stays"]);
}

#[test]
fn what_belongs_to_another_crate_closes_the_release() {
    let posts =
        posts("## `demo` - [1.0.0](u) - 2020-01-01\n- mine\n## `other` - 2.0.0\n- not mine\n## 0.9.0\n- also mine\n");
    let entries: Vec<_> = posts.iter().flat_map(|post| &post.sections).flat_map(|section| &section.entries).collect();
    assert_eq!(entries, ["mine", "also mine"]);
}

#[test]
fn sections_on_the_level_of_their_release_stay_with_it() {
    let posts = posts("## [0.4.0] (2025-10-23)\n## Changed\n- a\n## Notes for packagers\n- b\n## 0.3.0\n");
    assert_eq!(posts[0].sections.len(), 1);
    assert_eq!(posts[0].sections[0].title, "Changed");
}

#[test]
fn code_blocks_repeated_releases_and_deeper_prose_make_no_release() {
    assert_eq!(versions("## 1.0.0\n```\n# 9.9.9\n```\n### 0.5.0 migration guide\n## 1.0.0\n- again\n"), ["1.0.0"]);
}

#[test]
fn a_file_without_a_release_is_rejected() {
    for text in [
        "# Changes from 0.38.x to 1.x\n\nProse.\n",
        "fn main() {}",
        "\u{0}\u{1}",
        "See the releases page.",
        "[1.0.0]: u",
    ] {
        let rejected = releases(file(text)).expect_err(text);
        assert_eq!(rejected.reason.label(), "no_release", "{text}");
    }
}
