#!/usr/bin/env bash
# Does the model find what it is there for? Each patch in plants/ is one mistake: it is made in a copy of the sources,
# and the model has to fail. By hand: `tests/model/plants.sh [NAME...]`, ten seconds or so for each.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target} CARGO_TERM_COLOR=never RUST_BACKTRACE=0
copy=$CARGO_TARGET_DIR/plants
log=$copy.log

build() {
  (cd "$copy" && cargo test --quiet -p tests --test model --no-run) >"$log" 2>&1
}

model() {
  (cd "$copy" && timeout 120 cargo test --quiet -p tests --test model) >"$log" 2>&1
}

rm -rf "$copy"
mkdir -p "$copy"
# With the times of now: cargo is not to take what an earlier run has built of a patched file for this one.
git ls-files -z -co --exclude-standard | tar --create --null --files-from=- | tar --extract --touch --directory "$copy"
if ! build || ! model; then
  cat "$log"
  echo 'the model fails without any plant'
  exit 1
fi
missed=0 all=0
for patch in tests/model/plants/*.patch; do
  name=$(basename "$patch" .patch)
  if [[ $# -gt 0 && " $* " != *" $name "* ]]; then continue; fi
  all=$((all + 1))
  patch --quiet --directory "$copy" --strip 1 <"$patch"
  if ! build; then
    cat "$log"
    echo "plant $name does not build"
    exit 1
  fi
  code=0
  model || code=$?
  if [[ $code -eq 0 ]]; then
    echo "plant $name NOT FOUND"
    missed=$((missed + 1))
  elif [[ $code -eq 124 ]]; then
    echo "plant $name found_by=hanging"
  elif ! grep -q '^test result' "$log"; then
    # Loom found a deadlock in a destructor.
    echo "plant $name found_by=aborting such_as=$(sed -n "s/^thread '\\(.*::[^']*\\)'.*/\\1/p" "$log" | head -n 1)"
  else
    tests=$(sed -n 's/^    \([a-z]*::[a-z0-9_:]*\)$/\1/p' "$log" | sort -u)
    echo "plant $name found_by=$(wc -w <<<"$tests") such_as=$(head -n 1 <<<"$tests")"
  fi
  patch --quiet --reverse --directory "$copy" --strip 1 <"$patch"
done
echo "plants=$all missed=$missed"
exit $((missed > 0))
