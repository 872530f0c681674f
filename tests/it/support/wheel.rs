//! A wheel of this version whose program is the binary under test: what PyPI would hold after a release.

use std::path::Path;
use std::process::Command;

const SCRIPT: &str = r#"
import sys, zipfile
folder, version, binary = sys.argv[1:]
name = f"skillcheck_lint-{version}"
info = f"{name}.dist-info"
with zipfile.ZipFile(f"{folder}/{name}-py3-none-any.whl", "w") as wheel:
    program = zipfile.ZipInfo(f"{name}.data/scripts/skillcheck")
    program.external_attr = 0o100755 << 16
    wheel.writestr(program, f'#!/bin/sh\nexec "{binary}" "$@"\n')
    wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: skillcheck-lint\nVersion: {version}\n")
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    files = [f"{name}.data/scripts/skillcheck", f"{info}/METADATA", f"{info}/WHEEL", f"{info}/RECORD"]
    wheel.writestr(f"{info}/RECORD", "".join(f"{file},,\n" for file in files))
"#;

/// Writes the wheel into a folder.
pub(crate) fn write(folder: &Path, python: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let arguments = [env!("CARGO_PKG_VERSION"), env!("CARGO_BIN_EXE_skillcheck")];
    let output = Command::new(python).args(["-c", SCRIPT]).arg(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
