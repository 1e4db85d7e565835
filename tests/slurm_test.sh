#!/usr/bin/env bash
# A sweep under a real Slurm, private to this test: a job array with processes killed, a task requeued, the
# controller away and a task cancelled ends with the results of a plain local run.  $SLUICE is the program.
set -euo pipefail
. "$(dirname "$0")/cluster_helpers.sh"
PATH=$PATH:/usr/sbin:/sbin
needs munged slurmctld slurmd sbatch h5diff
((EUID == 0)) || skip "a private Slurm needs root"
unset "${!SLURM_@}" "${!SBATCH_@}"  # the test may run in a job itself
begin_test
munged_pid='' slurmd_pid='' slurmctld_pid=''

no_jobs() { [[ -z $(squeue --noheader) ]]; }
at_exit() {
  local code=$?
  trap - EXIT
  set +e
  if ((code != 0 && code != 77)); then tail -n 20 "$folder"/slurm/*.log "$folder"/out/slurm-*.log; fi
  # Jobs first: no daemon stops the processes of a job when it stops, and slurmd waits for a controller.
  if [[ -n $slurmd_pid ]]; then
    controller_answers || start_slurmctld
    scancel --user root
    for _ in {1..200}; do no_jobs && break; sleep 0.2; done
  fi
  stop_process "$slurmd_pid"
  stop_process "$slurmctld_pid"
  stop_process "$munged_pid"
  end_test
  exit "$code"
}
trap at_exit EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# Absolute paths throughout: a controller given a relative one takes another folder for its own.
start_slurmctld() {
  slurmctld -D -f "$SLURM_CONF" >>slurm/slurmctld.out 2>&1 &
  slurmctld_pid=$!
  wait_until 30 "slurmctld answers" controller_answers
}
controller_answers() { scontrol ping 2>/dev/null | grep -q 'is UP'; }
node_is_idle() { [[ $(sinfo --noheader --format %T) == idle ]]; }

start_slurm() {
  mkdir slurm slurm/state slurm/spool
  local host port=$((20000 + RANDOM % 10000))
  host=$(hostname -s)
  export SLURM_CONF=$folder/slurm/slurm.conf
  # cred_expire: a requeued job waits until its old credential has expired, by default 2 minutes.
  # sched_interval: … and to be seen then, by default up to 30 s.
  cat >"$SLURM_CONF" <<C
ClusterName=sluice
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/slurm/munge.socket,cred_expire=5
StateSaveLocation=$folder/slurm/state
SlurmdSpoolDir=$folder/slurm/spool
SlurmctldPidFile=$folder/slurm/slurmctld.pid
SlurmdPidFile=$folder/slurm/slurmd.pid
SlurmctldLogFile=$folder/slurm/slurmctld.log
SlurmdLogFile=$folder/slurm/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=2
SlurmdParameters=config_overrides
JobRequeue=1
ReturnToService=2
MaxArraySize=40001
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 RealMemory=2000
PartitionName=all Nodes=ALL Default=YES State=UP
C
  (umask 077 && head -c 1024 /dev/urandom >slurm/munge.key)
  munged --force --foreground --key-file "$folder/slurm/munge.key" --socket "$folder/slurm/munge.socket" \
    --pid-file "$folder/slurm/munge.pid" --log-file "$folder/slurm/munge.log" --seed-file "$folder/slurm/munge.seed" \
    >slurm/munge.out 2>&1 &
  munged_pid=$!
  wait_until 10 "munged listens" test -S slurm/munge.socket
  start_slurmctld
  slurmd -D -f "$SLURM_CONF" >slurm/slurmd.out 2>&1 &
  slurmd_pid=$!
  wait_until 30 "the node is idle" node_is_idle
}

submit() { mkdir -p out && sbatch --parsable job.sh; }
state_of() { scontrol show job "$1" | sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p'; }
restarts_of() { scontrol show job "$1" | sed -n 's/.*Restarts=\([0-9]*\).*/\1/p'; }

SECONDS=0
no_slurm_here() { skip "a private Slurm does not start on this machine: $*: $(tail -qn 2 slurm/*.log slurm/*.out 2>/dev/null | tail -n 3)"; }
give_up=no_slurm_here
start_slurm
give_up=
echo "Slurm is up after $SECONDS s"

# A user puts time and memory right, and nothing else.
"$sluice" sweep script sweep.yaml --out out --engine slurm --shards $shards --checkpoint-minutes 0.02 |
  sed 's/--time=.*/--time=10/; s/--mem=.*/--mem=700M/' >job.sh

job=$(submit)
wait_until 60 "shard 0 learns" shard_is_learning 0
kill -9 "$(shard_pid 0)" || fail "shard 0 has ended"  # the shard's own process
wait_until 60 "shard 1 learns" shard_is_learning 1
scontrol requeue "${job}_1"
wait_until 60 "shard 2 learns" shard_is_learning 2
wait_until 60 "shard 3 learns" shard_is_learning 3
scancel "${job}_3"
stop_process "$slurmctld_pid"
kill -9 "$(shard_pid 2)" || fail "shard 2 has ended"  # nobody is there to be asked for a requeue
sleep 3
start_slurmctld
wait_until 180 "the first job is done" no_jobs
for task in 0 1 2; do
  [[ $(state_of "${job}_$task") == COMPLETED ]] || fail "task $task is $(state_of "${job}_$task")"
  [[ $(restarts_of "${job}_$task") == 1 ]] || fail "task $task was started again $(restarts_of "${job}_$task") times"
done
[[ $(state_of "${job}_3") == CANCELLED ]] || fail "the cancelled task is $(state_of "${job}_3")"
grep -q '"state": "interrupted"' out/.sweep/*-shard-3-of-$shards.json || fail "the cancelled shard had no time to stop"
(($(done_runs) < runs)) || fail "the cancelled task went on"
echo "first job: processes killed 2, requeued 1, cancelled 1, slurmctld restarted 1; $(done_runs) of $runs runs done; $SECONDS s"

job=$(submit)
wait_until 60 "shard 3 learns" shard_is_learning 3
kill -9 "$(shard_worker 3)" || fail "shard 3 has ended"  # one that works for the shard
wait_until 180 "the second job is done" no_jobs
[[ $(restarts_of "${job}_3") == 1 ]] || fail "task 3 was started again $(restarts_of "${job}_3") times"
check_all_done
echo "second job: processes killed 1; $(done_runs) of $runs runs done; $SECONDS s"

before=$(times_of_results)
job=$(submit)
wait_until 60 "the third job is done" no_jobs
[[ $(times_of_results) == "$before" ]] || fail "submitted again, runs were started again"
for task in 0 1 2 3; do
  grep -q '4 runs in shard ./4, 4 already done' "out/slurm-${job}_$task.log" || fail "task $task of the third job"
done
check_all_done
echo "third job: no run started; $SECONDS s"

check_same_as_local
echo "jobs 3 of $shards tasks, $SECONDS s"
