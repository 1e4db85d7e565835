#!/usr/bin/env bash
# Makes a result file of every sort with the program ($SLUICE), and has h5py ($PYTHON) check them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$PYTHON" -c 'import h5py' || { echo "SKIPPED: no h5py"; exit 0; }
cat >feed.yaml <<'Y'
seed: 1
environment: {users: {count: 60}, supply: {streamers: {count: 100}}, burn_in: {days: 1}, days: 2}
train: {decisions: 4000, warmup_transitions: 500, batch_size: 64, log_every_updates: 1}
evaluate: {users: 60, days: 2, curve_users: 20, every_decisions: 2000}
Y
"$SLUICE" run feed.yaml --set agent.kind=threshold --out rule.h5
files=(rule.h5)
if "$SLUICE" run feed.yaml --set agent.kind=sl_mgac --out learner.h5; then
  files+=(learner.h5)
  "$PYTHON" "$here/golden_cmdp.py" cmdp.h5
  printf 'seed: 1\nenvironment: {kind: tabular, file: cmdp.h5}\nagent: {kind: sl_mgac}\ntrain: {decisions: 20000, warmup_transitions: 2000, batch_size: 64}\nevaluate: {every_decisions: 5000}\n' >tabular.yaml
  "$SLUICE" run tabular.yaml --out tabular.h5
  files+=(tabular.h5)
fi
"$PYTHON" "$here/check_results.py" "${files[@]}"
