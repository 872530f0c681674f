#!/usr/bin/env bash
# Downloads the binary of VERSION from the release and puts it on PATH. A skillcheck of that version that
# is on PATH already is used as it is.
set -euo pipefail

if command -v skillcheck >/dev/null && [ "$(skillcheck --version)" = "skillcheck $VERSION" ]; then
  echo "skillcheck $VERSION is installed"
  exit 0
fi

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) target=x86_64-unknown-linux-musl ;;
  Linux-aarch64) target=aarch64-unknown-linux-musl ;;
  Darwin-x86_64) target=x86_64-apple-darwin ;;
  Darwin-arm64) target=aarch64-apple-darwin ;;
  MINGW*-x86_64 | MSYS*-x86_64) target=x86_64-pc-windows-msvc ;;
  *)
    echo "::error::there is no binary of skillcheck for $(uname -s) on $(uname -m)"
    exit 1
    ;;
esac

folder="${RUNNER_TEMP:?}/skillcheck-$VERSION"
archive="skillcheck-$VERSION-$target.tar.gz"
base="${RELEASES:-https://github.com/skillcheck/skillcheck/releases/download}/v$VERSION"
mkdir -p "$folder"
cd "$folder"
for file in "$archive" "$archive.sha256"; do
  curl --fail --silent --show-error --location --retry 3 --max-time 120 --output "$file" "$base/$file"
done
if command -v sha256sum >/dev/null; then
  sha256sum --check --quiet "$archive.sha256"
else
  shasum --algorithm 256 --check --quiet "$archive.sha256"
fi
tar -xzf "$archive"
echo "$folder" >>"${GITHUB_PATH:?}"
