# shellcheck shell=bash
# What the tests of schedulers share: a small sweep, waiting, and the comparison with a plain local run.
# To be sourced by bash -e; needs $SLUICE.  Makes $folder, which is removed at exit.

shards=4

skip() { echo "skipped: $*"; exit 77; }
fail() { echo "FAILED: $*" >&2; exit 1; }
needs() {
  local program
  for program; do command -v "$program" >/dev/null || skip "$program is not installed (tests/packages.txt)"; done
}

# wait_until SECONDS WHAT COMMAND…
wait_until() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    ((SECONDS < end)) || ${give_up:-fail} "waited in vain until $what"
    sleep 0.2
  done
}

begin_test() {
  local library
  library=$(dirname "$SLUICE")/libsluice_learning.so
  [[ -e $library ]] || skip "this build does not learn"
  folder=$(mktemp -d /tmp/sluice-cluster.XXXXXX)
  cd "$folder"
  mkdir bin
  # A name of its own: nothing else on this machine is taken for a part of the test.
  cp "$SLUICE" "$library" bin/
  sluice=$folder/bin/sluice
  # Shard i has the runs of seed i + 1.  A learner takes some seconds and is checkpointed every one.
  cat >sweep.yaml <<'Y'
base:
  environment: {users: {count: 200}, burn_in: {days: 1}, days: 10}
  train: {decisions: 100000, warmup_transitions: 500, batch_size: 64}
  evaluate: {users: 50, days: 1, every_decisions: 0}
cases:
  - {label: never, agent: {kind: never}}
  - {label: dqn, agent: {kind: dqn}}
  - {label: threshold, agent: {kind: threshold}, evaluate: {users: 500, days: 2}}
  - {label: sl_mgac, agent: {kind: sl_mgac}}
seeds: [1, 2, 3, 4]
Y
  runs=16
}

# For the trap at exit, last: whatever is still there, found by its working folder, and the folder.
end_test() {
  local process
  cd /
  for process in /proc/[0-9]*; do
    if [[ $(readlink "$process/cwd") == "$folder"* ]]; then
      echo "still there: $(tr '\0' ' ' <"$process/cmdline")"
      kill -KILL "${process#/proc/}"
    fi
  done
  sleep 0.2
  rm -rf "$folder"
}

# stop_process PID: a child of ours.
stop_process() {
  [[ -n $1 ]] && kill -TERM "$1" 2>/dev/null || return 0
  local tries=0
  while kill -0 "$1" 2>/dev/null && ((++tries < 100)); do sleep 0.2; done
}

# The last started process of a shard, from its status; and the ones that work for it.
shard_pid() { sed -n 's/^  "pid": \([0-9]*\),/\1/p' out/.sweep/*-shard-"$1"-of-"$shards".json; }
shard_worker() { pgrep -P "$(shard_pid "$1")" | head -n 1; }
# … has kept a part of a learner's run, and is at it.
shard_is_learning() {
  compgen -G "out/*-seed$(($1 + 1))-*.ckpt" >/dev/null && [[ -n $(shard_worker "$1") ]]
}
done_runs() { find out -maxdepth 1 -name '*-seed*.h5' | wc -l; }
times_of_results() { stat -c '%n %i %y' out/*-seed*.h5; }

check_all_done() {
  local status
  status=$("$sluice" sweep status sweep.yaml --out out)
  [[ $status == *" $runs of $runs runs done"* ]] || fail "not all runs are done: $status"
  "$sluice" sweep collect sweep.yaml --out out >collected.txt || fail "sweep collect"
  ! compgen -G 'out/*.partial' || fail "a temporary file is left"
  ! compgen -G 'out/*.ckpt' || fail "a checkpoint is left"
}

# Nothing differs but how long it took, and how often it was interrupted.  h5diff takes datasets of different
# shapes for equal, and does not compare empty ones: their shapes are compared by h5ls.
same_results() {
  local rest
  cmp <(h5ls -r "$1") <(h5ls -r "$2") || return 1
  rest=$(h5diff -c "$1" "$2" 2>&1 | awk '/^attribute: <(wall_s|resumes) of <\/>>/ {getline; next} !/is an empty dataset$/')
  [[ -z $rest ]] || { echo "$2: $rest"; return 1; }
}

check_same_as_local() {
  local file resumed=0
  "$sluice" sweep run sweep.yaml --out local --jobs 2 2>local.log || { cat local.log; fail "the local run"; }
  for file in local/*-seed*.h5; do
    same_results "$file" "out/${file#local/}" || fail "$file is another one locally"
    h5dump -a /resumes "out/${file#local/}" | grep -q '(0): 0' || resumed=$((resumed + 1))
  done
  ((resumed > 0)) || fail "no run went on from a checkpoint: nothing was interrupted"
  echo "$runs results equal to a plain local run's; $resumed of them went on from a checkpoint"
}
