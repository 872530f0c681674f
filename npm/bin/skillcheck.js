#!/usr/bin/env node
// Runs the binary of this platform, which npm installed beside this package.
"use strict";

const { spawnSync } = require("node:child_process");

const name = `skillcheck-lint-${process.platform}-${process.arch}`;
const file = process.platform === "win32" ? "skillcheck.exe" : "skillcheck";

let binary;
try {
  binary = require.resolve(`${name}/${file}`);
} catch {
  console.error(`skillcheck: there is no binary for ${process.platform} on ${process.arch}, or the package`);
  console.error(`${name} was not installed (npm leaves it out with --omit=optional)`);
  process.exit(2);
}

const run = spawnSync(binary, process.argv.slice(2), { stdio: "inherit" });
if (run.error) {
  console.error(`skillcheck: can't run ${binary}: ${run.error.message}`);
  process.exit(2);
}
if (run.signal) {
  process.kill(process.pid, run.signal);
}
process.exit(run.status ?? 2);
