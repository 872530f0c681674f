//! What a user of a module sees of Python source.

use super::*;
use crate::facts::dump::dump;

#[test]
fn scratch() {
    let Ok(text) = std::fs::read_to_string("/tmp/s.py") else { return };
    let module = lower(&text).unwrap();
    println!("{}", dump(&module, &text));
}

#[test]
fn corpus() {
    fn walk(dir: &std::path::Path, out: &mut Vec<(String, String)>) {
        for e in std::fs::read_dir(dir).unwrap().flatten() {
            let p = e.path();
            if p.is_symlink() {
                continue;
            }
            if p.is_dir() {
                walk(&p, out)
            } else if p.extension().is_some_and(|x| x == "py") {
                if let Ok(t) = std::fs::read_to_string(&p) {
                    out.push((p.display().to_string(), t))
                }
            }
        }
    }
    let mut files = vec![];
    for d in std::env::var("CORPUS").unwrap().split(':') {
        walk(std::path::Path::new(d), &mut files);
    }
    let bytes: usize = files.iter().map(|f| f.1.len()).sum();
    println!("{} files {bytes} bytes", files.len());
    let t = std::time::Instant::now();
    let trees: Vec<_> = files
        .iter()
        .filter_map(|f| parse(Grammar::Python, &f.1).map_err(|e| println!("{}: {e}", f.0)).ok().map(|t| (f, t)))
        .collect();
    let tp = t.elapsed();
    let t = std::time::Instant::now();
    let mods: Vec<_> = trees.iter().map(|(f, t)| lower_tree(t, &f.1)).collect();
    let tl = t.elapsed();
    let mb = bytes as f64 / 1e6;
    println!(
        "parse {:?} {:.1} MB/s; lower {:?} ratio {:.2}; both {:.1} MB/s",
        tp,
        mb / tp.as_secs_f64(),
        tl,
        tl.as_secs_f64() / tp.as_secs_f64(),
        mb / (tp + tl).as_secs_f64()
    );
    let (mut n, mut ex, mut bad, mut errs) = (0, 0, 0, 0);
    for ((f, t), m) in trees.iter().zip(&mods) {
        ex += m.exprs.len();
        errs += usize::from(!m.syntax_errors.is_empty());
        let mut c = t.walk();
        let mut calls = 0;
        'o: loop {
            if c.node().is_named() && c.node().kind() == "call" {
                calls += 1;
            }
            if c.goto_first_child() {
                continue;
            }
            while !c.goto_next_sibling() {
                if !c.goto_parent() {
                    break 'o;
                }
            }
        }
        let have = m.exprs.iter().filter(|e| matches!(e.kind, ExprKind::Call(_) | ExprKind::Super)).count();
        n += calls;
        if calls != have {
            bad += 1;
            println!("{}: {calls} calls, {have} lowered, errors {:?}", f.0, m.syntax_errors.len());
        }
    }
    println!("calls {n}, exprs {ex}, files with a difference {bad}, with syntax errors {errs}");
    for (f, m) in files.iter().zip(&mods) {
        let _ = dump(m, &f.1);
    }
}
