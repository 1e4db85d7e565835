#!/usr/bin/env bash
# A sweep under GNU parallel: with a process killed, and the whole script stopped and called again, it ends with
# the results of a plain local run.  $SLUICE is the program.
set -euo pipefail
. "$(dirname "$0")/cluster_helpers.sh"
needs parallel h5diff
parallel --version 2>/dev/null | grep -q '^GNU' || skip "this parallel is not GNU's"
unset "${!SLURM_@}"
begin_test
export PARALLEL_HOME=$folder/home
script=''

script_runs() { [[ -n $script ]] && kill -0 "$script" 2>/dev/null; }
has_ended() { ! script_runs; }
at_exit() {
  local code=$?
  trap - EXIT
  set +e
  if ((code != 0 && code != 77)); then tail -n 20 "$folder"/*.log; fi
  stop_process "$script"
  end_test
  exit "$code"
}
trap at_exit EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

processes() { pgrep -f "$sluice" || true; }
no_processes() { [[ -z $(processes) ]]; }

SECONDS=0
"$sluice" sweep script sweep.yaml --out out --engine parallel --shards $shards --checkpoint-minutes 0.02 >job.sh

bash job.sh >first.log 2>&1 &
script=$!
wait_until 60 "shard 0 learns" shard_is_learning 0
kill -9 "$(shard_pid 0)" || fail "shard 0 has ended"
wait_until 120 "shard 1 learns" shard_is_learning 1
first=$(find out -name '*-seed1-*.h5' | wc -l)
((first == 4)) || fail "a killed shard was not started again: $first of 4 runs done"
kill -TERM "$script"
wait_until 30 "the script has stopped" has_ended
! wait "$script" || fail "a script that was stopped says that all is done"
wait_until 5 "no process is left" no_processes
grep -q '"state": "interrupted"' out/.sweep/*-shard-1-of-$shards.json || fail "shard 1 had no time to stop"
(($(done_runs) < runs)) || fail "all is done already"
echo "first call: processes killed 1, script stopped 1; $(done_runs) of $runs runs done; $SECONDS s"

timeout 180 bash job.sh >second.log 2>&1 || fail "the second call"
check_all_done
echo "second call: $(done_runs) of $runs runs done; $SECONDS s"

before=$(times_of_results)
timeout 60 bash job.sh >third.log 2>&1 || fail "the third call"
[[ $(times_of_results) == "$before" ]] || fail "called again, runs were started again"
(($(grep -c '4 runs in shard ./4, 4 already done' third.log) == shards)) || fail "the third call"
check_all_done
echo "third call: no run started; $SECONDS s"

check_same_as_local
echo "calls 3 of $shards shards, $SECONDS s"
