#pragma once
// Agents under one limit of a cost: who watches most live when nobody may spend more app usage than that?
//
// Family: the labels that agree up to the first "-" (dqn-cost_usage-0.5, dqn-cost_usage-1, ... are dqn), as a sweep over
//   multipliers or prices names them.  Front of a family, per training and evaluate seed: its policies as points
//   (cost, live watch) in the order of their live watch, straight lines between neighbours: a share of users under either
//   policy is a policy.  No envelope is taken: it would flatter who has more points.  If there are runs of the kind
//   `never`, their point is the end of every front.
//   Of policies with the same live watch the cheaper comes first.
// Live watch within c*: the highest point of the front whose cost is at most c* (to 1e-9 of it); NaN if there is none.
//   Fronts that begin within c* are counted: the limit does not bind them.  A front may bend back: some streams keep
//   users, so that cost_time can first fall and then rise with every stream more.
// c*: a limit relative to what `never` costs (without it, or if that is 0: the mean run), so it moves in proportion to that
//   with the users of the evaluate seed and with those that are drawn.  c*'s mean over evaluate seeds is MatchedOptions::value.
// Bootstrap: users, and above them fronts: an evaluate seed is a world of its own, so those of rules are drawn too.  Live
//   watch cannot fall below 0, nor its lift below -100 %: intervals end there.
// What every agent gains alike: of its policies the best within c* is taken on the users that it is then scored on.
// P(better): over evaluate seeds, the mean share of pairs (a run of the family, one of the reference) won, ties ½.

#include <optional>
#include <string>
#include <vector>

#include "analysis/commands.h"
#include "analysis/figure.h"
#include "analysis/load_runs.h"
#include "analysis/statistics.h"
#include "analysis/tables.h"

namespace sluice {

struct MatchedOptions {
  std::string cost;             // column of /episodes
  std::optional<double> value;  // c* per user-day; none: the mean of the limits that the runs were under
};
/// "cost_time" or "cost_time=-12000".  Throws usage_error.
MatchedOptions parse_matched(const std::string& text);

struct FrontPoint {
  std::string label;
  double cost = 0, live_watch = 0;  // s per user-day, mean over runs
};
struct MatchedFamily {
  std::string name;
  int num_fronts = 0;                        // training × evaluate seeds
  int num_within = 0, num_unbound = 0;       // those with a point within c*; whose first point is
  std::vector<FrontPoint> points;            // by falling live watch; without that of `never`
  Estimate live_watch = unknown_estimate();  // s per user-day; unknown unless all fronts have a point within c*
  Estimate lift = unknown_estimate();        // a fraction of the reference's
  double probability = 0;                    // that it is better than the reference; NaN if unknown
};
struct Matched {
  std::string cost, reference;
  double value = 0;  // c*, mean over evaluate seeds
  int num_evaluate_seeds = 0;
  std::optional<FrontPoint> never;
  std::vector<MatchedFamily> families;  // by falling live watch, unknown last
  std::vector<std::string> notes;       // files and users left out, agents on some evaluate seeds only
};

struct Within {
  double value = 0;         // NaN: no point
  bool is_unbound = false;  // the first point is within
};
/// The highest point within `limit` of the line through the points (cost, value) by falling value.
Within highest_within(std::vector<std::pair<double, double>> points, double limit);

/// Throws usage_error for a cost or reference that is not there, data_error for runs that cannot be compared.
Matched compare_matched(const Runs& runs, const MatchedOptions& matched, const StatisticsOptions& options);

/// cost_time is minus the app usage, which is easier to read.
inline bool is_app_usage(const Matched& matched) { return matched.cost == "cost_time"; }

/// For readers, and unrounded for programs (CSV).  analysis/matched_table.cc
TextTable matched_table(const Matched& matched);
TextTable matched_long_table(const Matched& matched);

/// A panel for each family beside the reference's front, on common axes; beyond c* it is shaded.  analysis/front_figure.cc
Figure front_figure(const Matched& matched);

}  // namespace sluice
