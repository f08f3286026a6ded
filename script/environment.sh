# Where things lie and how progress is told; sourced by the other scripts.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"

CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/denshimon
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$CACHE/target}
export DENSHIMON_ASSETS_DIR=${DENSHIMON_ASSETS_DIR:-$CACHE/site}
export PATH=$HOME/.cargo/bin:/usr/local/go/bin:$PATH
# Where `script/need-tools` had to install one.
for node in "$CACHE"/tools/node-*/bin; do
  [ ! -d "$node" ] || export PATH=$node:$PATH
done
BINARIES=$CARGO_TARGET_DIR/debug
mkdir -p "$CACHE"

# estimate minutes...: what each of the steps to come takes on two cores when nothing is built or downloaded yet.
MINUTES=()
STEP=0
estimate() {
  MINUTES=("$@")
  STEP=0
}

# step "what" command...: runs it, and says what it and all that follows may take, and how long it took.
step() {
  local what=$1 began ended left=0 minutes
  shift
  for minutes in "${MINUTES[@]:STEP}"; do left=$((left + minutes)); done
  printf '[%d/%d] %s (with nothing built yet: about %d min, then %d min for the rest)\n' \
    "$((STEP + 1))" "${#MINUTES[@]}" "$what" "${MINUTES[STEP]}" "$((left - MINUTES[STEP]))"
  STEP=$((STEP + 1))
  began=$(date +%s.%N)
  if ! "$@"; then
    printf '[%d/%d] %s FAILED\n' "$STEP" "${#MINUTES[@]}" "$what" >&2
    exit 1
  fi
  ended=$(date +%s.%N)
  printf '[%d/%d] %s: done in %s\n' "$STEP" "${#MINUTES[@]}" "$what" "$(seconds "$began" "$ended")"
}

# build_crates command...: runs cargo and shows every 40th crate instead of each, and all that is not routine.
build_crates() {
  "$@" 2>&1 | awk '
    /^ *(Downloading|Downloaded|Updating|Locking|Adding|Blocking|Finished|Fresh|Dirty) / { next }
    /^ *(Compiling|Checking) / { if (++crates % 40 == 0) { printf "  %d crates, now %s\n", crates, $2; fflush() } next }
    { print; fflush() }'
}

seconds() {
  awk -v began="$1" -v ended="$2" 'BEGIN { s = ended - began; if (s >= 90) printf "%d min %02d s", s / 60, s % 60; else printf "%.1f s", s }'
}

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# Cargo knows by time stamps what has changed, so what another clone built later would pass for this one's.
OWNER=$CARGO_TARGET_DIR/built-from
if [[ -d $CARGO_TARGET_DIR && "$(cat "$OWNER" 2>/dev/null)" != "$ROOT" ]]; then
  while read -r folder options; do
    # shellcheck disable=SC2086
    [[ ! -d $CARGO_TARGET_DIR/$folder ]] || cargo clean --quiet --workspace $options
  done <<'EOF'
debug --profile dev
release --profile release
wasm32-unknown-unknown/debug --profile dev --target wasm32-unknown-unknown
wasm32-unknown-unknown/wasm-release --profile wasm-release --target wasm32-unknown-unknown
EOF
fi
mkdir -p "$CARGO_TARGET_DIR"
printf '%s' "$ROOT" >"$OWNER"
