#!/usr/bin/python3
"""Writes the golden constrained MDP as an HDF5 file that `environment: {kind: tabular}` reads.

usage: tests/golden_cmdp.py FILE.h5

States s = 5g + f: user group g in 0..2, fatigue f in 0..4; action 1 injects.  The constraint, a floor
on short-video time, is entered as C := -C with limit -566.817156 (93 % of what `never` has).
"""
import sys

import h5py
import numpy as np

S, A = 15, 2
P, R, C = np.zeros((S, A, S)), np.zeros((S, A)), np.zeros((1, S, A))
for g in range(3):
    for f in range(5):
        s = 5 * g + f
        for a in range(2):
            stay = 0.93 - 0.035 * f - 0.05 * a * (1.2 - 0.4 * g)
            if a == 1:
                P[s, a, 5 * g + min(f + 1, 4)] += stay
            else:
                P[s, a, 5 * g + max(f - 1, 0)] += 0.6 * stay
                P[s, a, s] += 0.4 * stay
            R[s, a] = a * (5, 15, 40)[g] * 0.75**f
            C[0, s, a] = -(60, 50, 45)[g] * (1 - 0.08 * f - 0.10 * a)
mu = np.zeros(S)
mu[[0, 5, 10]] = 0.5, 0.3, 0.2
with h5py.File(sys.argv[1], "w") as file:
    file["P"], file["R"], file["C"], file["mu"] = P, R, C, mu
    file["limits"] = [-566.817156]
    file.attrs["gamma"] = 0.98
    file.attrs["cost_names"] = ["cost_short_video"]
