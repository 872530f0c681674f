#!/usr/bin/env bash
# Lints, annotates, writes the job summary and, when asked for, a SARIF file with everything that is known.
set -euo pipefail

# Several paths are separated by blanks or lines.
read -r -d '' -a paths <<<"${PATHS:-.}" || true

# In a pull request only what it makes worse fails; its base must be there to compare with.
since=$SINCE
if [ -z "$since" ] && [ -n "${GITHUB_BASE_REF:-}" ]; then
  since="origin/$GITHUB_BASE_REF"
  if ! git rev-parse --quiet --verify "$since^{commit}" >/dev/null; then
    git fetch --quiet --no-tags origin "+refs/heads/$GITHUB_BASE_REF:refs/remotes/$since"
  fi
  if [ "$(git rev-parse --is-shallow-repository)" = true ]; then
    git fetch --quiet --no-tags --unshallow origin
  fi
fi

if [ "$UPLOAD_SARIF" = true ]; then
  sarif="${RUNNER_TEMP:?}/skillcheck.sarif"
  # The gate is below: here only the file counts, and what it can't say is said there.
  skillcheck lint "${paths[@]}" --output sarif="$sarif" --fail-on none --quiet || true
  if [ -s "$sarif" ]; then
    echo "sarif=$sarif" >>"$GITHUB_OUTPUT"
  fi
fi

arguments=(--output github --output markdown="${RUNNER_TEMP:?}/skillcheck.md")
if [ -n "$since" ]; then arguments+=(--since "$since"); fi
if [ -n "$FAIL_ON" ]; then arguments+=(--fail-on "$FAIL_ON"); fi
code=0
skillcheck lint "${paths[@]}" "${arguments[@]}" || code=$?
if [ -s "$RUNNER_TEMP/skillcheck.md" ]; then
  cat "$RUNNER_TEMP/skillcheck.md" >>"$GITHUB_STEP_SUMMARY"
fi
echo "exit-code=$code" >>"$GITHUB_OUTPUT"
exit "$code"
