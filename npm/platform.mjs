// Makes the package of one platform: node npm/platform.mjs <os>-<cpu> <binary> <folder>
// <os> and <cpu> are Node's names: linux-x64, darwin-arm64, win32-x64.
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [platform, binary, folder] = process.argv.slice(2);
const main = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
const name = `${main.name}-${platform}`;
if (!folder || !(name in main.optionalDependencies)) {
  const known = Object.keys(main.optionalDependencies).map((key) => key.slice(main.name.length + 1));
  console.error(`usage: node npm/platform.mjs PLATFORM BINARY FOLDER, with PLATFORM one of ${known.join(", ")}`);
  process.exit(2);
}

const [os, cpu] = platform.split("-");
const file = os === "win32" ? "skillcheck.exe" : "skillcheck";
const { version, license, repository } = main;
const description = `The binary of ${main.name} for ${platform}`;
const manifest = { name, version, description, license, repository, os: [os], cpu: [cpu], files: [file] };

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
copyFileSync(binary, join(folder, file));
chmodSync(join(folder, file), 0o755);
