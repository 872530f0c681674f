//! Articles and skills: fenced code in Markdown. A page of a repository's documentation is not what runs, and
//! nothing is asked of it; but where nothing runs at all, or one page is asked for by its name, the samples are
//! what there is to check.

use std::sync::Arc;

use rayon::prelude::*;

use super::{FileState, Outcome, Request, analyse, decides};
use crate::cache::Cache;
use crate::catalog::Catalog;
use crate::files::{self, File, FileKind, Tree};
use crate::rules::{self, Rule};
use crate::syntax::fenced::{self, Block};
use crate::syntax::{FileId, Place};

/// Checks the samples of the pages and adds what is found.
pub(super) fn add(
    outcome: &mut Outcome,
    catalog: &Catalog,
    request: &Request,
    enabled: &(impl Fn(&Rule) -> bool + Sync),
) {
    let jobs: Vec<(FileId, Vec<Block>)> = pages(&outcome.tree)
        .into_iter()
        .filter_map(|page| Some((page, files::read(outcome.tree.file(page)).ok()?)))
        .flat_map(|(page, text)| {
            let groups = fenced::samples(&text);
            let settings = settings(&groups);
            groups.into_iter().map(move |group| (page, with_settings(group, settings.as_ref())))
        })
        // What is shown as wrong is known to be; data says little without the code that it belongs to.
        .filter(|(_, group)| group.iter().all(|b| !b.is_bad && !is_test(b)) && group.iter().any(is_code))
        .collect();
    let found: Vec<Outcome> = jobs.par_iter().map(|(_, group)| sample(group, catalog, request, enabled)).collect();
    for ((page, group), sample) in jobs.iter().zip(found) {
        if let Some(state) = outcome.states.get_mut(page.0 as usize)
            && *state != FileState::Parsed
        {
            *state = FileState::Parsed;
            outcome.stats.files_parsed += 1;
        }
        let there = |place: Place| {
            let block = group.get(place.file.0 as usize);
            Place::new(*page, block.map_or(place.span, |block| block.in_page(place.span)))
        };
        // Settings say what the code does; what is wrong with them would be told with each sample.
        let is_code_at = |place: Place| group.get(place.file.0 as usize).is_none_or(is_code);
        outcome.findings.extend(sample.findings.into_iter().filter(|f| is_code_at(f.place)).map(|mut finding| {
            finding.place = there(finding.place);
            finding.related.iter_mut().for_each(|related| related.place = there(related.place));
            finding.services.clear();
            finding
        }));
        outcome.problems.extend(sample.problems.into_iter().map(|mut problem| {
            problem.path.clone_from(&outcome.tree.file(*page).path);
            problem.place = problem.place.map(there);
            // Samples leave things out.
            problem.incomplete = false;
            problem
        }));
        for (what, places) in sample.stats.unknown {
            let places = places.into_iter().map(there);
            match outcome.stats.unknown.iter_mut().find(|(known, _)| *known == what) {
                Some((_, all)) => all.extend(places),
                None => outcome.stats.unknown.push((what, places.collect())),
            }
        }
    }
}

/// What a page says that its applications of Spring are configured with.
fn settings(groups: &[Vec<Block>]) -> Option<Block> {
    let is_spring = |block: &&Block| {
        block.ending == "yaml"
            && block.path.is_none()
            && !block.is_bad
            && block.text.lines().any(|l| l.trim_end() == "spring:")
    };
    Block::joined("application.yml", groups.iter().flatten().filter(is_spring))
}

/// A sample with the settings of its page.
fn with_settings(mut group: Vec<Block>, settings: Option<&Block>) -> Vec<Block> {
    if group.iter().any(|block| matches!(block.ending, "java" | "kt")) {
        group.extend(settings.cloned());
    }
    group
}

/// A test calls what it starts itself.
fn is_test(block: &Block) -> bool {
    const MARKS: [&str; 14] = [
        "[Fact",
        "[Theory",
        "[Test",
        "@Test",
        "@ParameterizedTest",
        "@SpringBootTest",
        "*testing.T",
        "def test_",
        "import pytest",
        "describe(",
        "Assert.",
        "assertThat(",
        "assertEquals(",
        "expect(",
    ];
    MARKS.iter().any(|mark| block.text.contains(mark))
}

fn is_code(block: &Block) -> bool {
    !matches!(block.ending, "json" | "yaml" | "toml")
}

/// The pages, where there is nothing else: what lies in the folder of a skill belongs to that skill.
fn pages(tree: &Tree) -> Vec<FileId> {
    let skills: Vec<&str> = tree.files.iter().filter_map(|file| file.path.strip_suffix("SKILL.md")).collect();
    let of_skill = |path: &str| skills.iter().any(|folder| !folder.is_empty() && path.starts_with(folder));
    let runs = |file: &File| {
        let is_code =
            matches!(files::classify(&file.path), FileKind::Code(_) | FileKind::Compose | FileKind::Dockerfile);
        is_code && decides(&file.path) && !of_skill(&file.path)
    };
    if tree.files.iter().any(runs) {
        return Vec::new();
    }
    tree.ids().filter(|id| files::classify(&tree.file(*id).path) == FileKind::Markdown).collect()
}

/// What one sample would be told as files of its own.
fn sample(group: &[Block], catalog: &Catalog, request: &Request, enabled: &(impl Fn(&Rule) -> bool + Sync)) -> Outcome {
    let file = |(number, block): (usize, &Block)| {
        let named = block.path.as_deref().and_then(|path| files::join_path("", path)).filter(|path| !path.is_empty());
        let content: Arc<[u8]> = block.text.as_bytes().into();
        File {
            path: named.unwrap_or_else(|| format!("snippet.{}", block.ending)),
            absolute: format!("/sample/{number}").into(),
            size: content.len() as u64,
            content: Some(content),
            ..File::default()
        }
    };
    let mut out = Outcome {
        tree: Tree { files: group.iter().enumerate().map(file).collect(), ..Tree::default() },
        ..Outcome::default()
    };
    let request = Request { config: request.config.clone(), cache: Arc::new(Cache::in_memory()), ..Request::default() };
    analyse(&mut out, catalog, &request);
    let (findings, problems) = rules::run::run(&out.system, enabled);
    out.findings = findings;
    out.problems.extend(problems);
    out
}
