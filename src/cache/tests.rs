use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Cache, Station, contents, pack::Pack};
use crate::files::{File, Stamp};

struct World {
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        World { folder: tempfile::tempdir().unwrap() }
    }

    fn place(&self) -> PathBuf {
        self.folder.path().join("caches/a.skillcheck-cache")
    }

    /// A file as a walk finds it.
    fn file(&self, name: &str, text: &str) -> File {
        let absolute = self.folder.path().join(name);
        std::fs::write(&absolute, text).unwrap();
        found(&absolute, name)
    }

    /// The length of a file by a cache that is opened and saved for it, and whether it was computed.
    fn length(&self, file: &File) -> (usize, bool) {
        let cache = Cache::at(self.place());
        let result = length(&cache, file);
        cache.save();
        result
    }
}

fn found(absolute: &Path, name: &str) -> File {
    let metadata = std::fs::metadata(absolute).unwrap();
    File {
        path: name.into(),
        absolute: absolute.to_owned(),
        size: metadata.len(),
        stamp: Stamp::of(&metadata),
        ..File::default()
    }
}

fn length(cache: &Cache, file: &File) -> (usize, bool) {
    let computed = Cell::new(false);
    let length = cache.entry(file).fact(Station::Words, |text| {
        computed.set(true);
        text.map(str::len).unwrap_or_default()
    });
    (length, computed.get())
}

#[test]
fn a_fact_is_computed_once_and_kept() {
    let world = World::new();
    let file = world.file("a.py", "abc");
    assert_eq!(world.length(&file), (3, true));
    assert_eq!(world.length(&file), (3, false));
    // Another content, another path, the content of before.
    assert_eq!(world.length(&world.file("a.py", "abcd")), (4, true));
    assert_eq!(world.length(&world.file("b.py", "abc")), (3, true), "facts may depend on the path");
    assert_eq!(world.length(&world.file("a.py", "abc")), (3, false), "the older fact is still there");
    assert_eq!(world.length(&File { content: Some(b"abcd"[..].into()), ..file }), (4, false));
}

#[test]
fn within_a_run_and_without_a_place_facts_are_known_too() {
    let world = World::new();
    let cache = Cache::in_memory();
    let file = world.file("a.py", "abc");
    assert_eq!((length(&cache, &file), length(&cache, &file)), ((3, true), (3, false)));
    cache.save();
}

#[test]
fn a_file_that_is_the_same_by_its_stamp_is_not_read() {
    let world = World::new();
    let file = world.file("a.py", "abc");
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(world.length(&file), (3, true));
    // Gone from the disk: only who reads it notices.
    std::fs::remove_file(&file.absolute).unwrap();
    assert_eq!(world.length(&file), (3, false));
    // Another file of the same size and time of change, as an archive would write it.
    let changed = std::fs::metadata(world.folder.path()).unwrap().modified().unwrap() - Duration::from_secs(60);
    for text in ["abc", "xyz"] {
        let file = world.file("b.py", text);
        std::fs::File::options().write(true).open(&file.absolute).unwrap().set_modified(changed).unwrap();
        let file = found(&file.absolute, "b.py");
        assert!(world.length(&file).1, "{text}");
    }
}

#[test]
fn what_changed_just_now_is_read_again() {
    let world = World::new();
    let file = world.file("a.py", "abc");
    // Written in the tick in which it is read.
    let cache = Cache::at(world.place());
    assert_eq!(length(&cache, &file), (3, true));
    cache.save();
    std::fs::write(&file.absolute, "xyzu").unwrap();
    let racy = File { size: 3, ..file };
    assert_eq!(world.length(&racy), (4, true), "its stamp was not trusted");
}

#[test]
fn a_damaged_cache_is_an_empty_one_and_is_repaired() {
    let world = World::new();
    let file = world.file("a.py", "abc");
    assert_eq!(world.length(&file), (3, true));
    let whole = std::fs::read(world.place()).unwrap();
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    let mut damaged: Vec<Vec<u8>> = (0..whole.len()).map(flipped).collect();
    damaged.extend((0..whole.len()).map(|end| whole[..end].to_vec()));
    damaged.push([&whole[..], b"more"].concat());
    for bytes in damaged {
        std::fs::write(world.place(), &bytes).unwrap();
        assert_eq!(world.length(&file), (3, true));
        assert_eq!(world.length(&file), (3, false), "it was repaired");
    }
    std::fs::remove_file(world.place()).unwrap();
    std::fs::create_dir(world.place()).unwrap();
    assert_eq!(world.length(&file), (3, true), "a folder stands there");
}

#[test]
fn what_nobody_asks_for_is_forgotten_in_time() {
    let world = World::new();
    let old = world.file("old.py", "old");
    world.length(&old);
    assert!(Pack::read(&world.place()).is_some());
    for n in 0..20 {
        world.length(&world.file("a.py", &"x".repeat(n)));
    }
    let (_, facts, files) = contents(&world.place()).unwrap();
    assert!(facts <= 18 && files <= 1, "{facts} {files}");
    assert_eq!(world.length(&old), (3, true));
}

#[test]
fn nothing_new_writes_nothing() {
    let world = World::new();
    let file = world.file("a.py", "abc");
    std::thread::sleep(Duration::from_millis(200));
    world.length(&file);
    let written = std::fs::metadata(world.place()).unwrap().modified().unwrap();
    world.length(&file);
    assert_eq!(std::fs::metadata(world.place()).unwrap().modified().unwrap(), written);
}
