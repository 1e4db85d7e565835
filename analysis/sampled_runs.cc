#include "analysis/sampled_runs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "analysis/compare.h"
#include "analysis/statistics.h"
#include "sim/check.h"

namespace sluice {
namespace {

/// user_id → row sums of the wanted columns (a user may have several episodes).
std::map<std::int64_t, std::vector<double>> sum_by_user(const Run& run,
                                                        const std::vector<std::string>& columns) {
  const std::string where = run.path + " /episodes";
  const std::vector<std::int64_t> users = integers(run.episodes, "user_id", where);
  std::map<std::int64_t, std::vector<double>> sums;
  for (const std::int64_t user : users) sums[user].assign(columns.size(), 0.0);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const std::vector<double> values = numbers(run.episodes, columns[c], where);
    for (std::size_t i = 0; i < values.size(); ++i) sums[users[i]][c] += values[i];
  }
  return sums;
}

std::set<std::string> wanted_columns(const Run& run, const std::vector<std::string>& also) {
  std::set<std::string> wanted(also.begin(), also.end());
  for (const MetricInfo& metric : feed_metrics()) {
    wanted.insert(metric.numerator);
    wanted.insert(metric.denominator);
  }
  wanted.insert("objective");
  if (run.constraints.find("name") != nullptr)
    for (const std::string& name : texts(run.constraints, "name", run.path)) wanted.insert(name);
  std::set<std::string> present;
  for (const std::string& name : wanted)
    if (!name.empty() && run.episodes.find(name) != nullptr) present.insert(name);
  return present;
}

/// Resamples the users of one evaluate seed, for all its runs at once.
void sample_stratum(const std::vector<const Run*>& runs, const StatisticsOptions& options, const std::vector<std::string>& also,
                    SampledRuns& sampled) {
  std::set<std::string> names;
  for (const Run* run : runs) names.merge(wanted_columns(*run, also));
  for (const Run* run : runs) {
    const std::set<std::string> present = wanted_columns(*run, also);
    std::erase_if(names, [&](const std::string& name) { return present.count(name) == 0; });
  }
  const std::vector<std::string> columns(names.begin(), names.end());

  std::vector<std::map<std::int64_t, std::vector<double>>> sums;
  for (const Run* run : runs) sums.push_back(sum_by_user(*run, columns));
  std::vector<std::int64_t> users;
  for (const auto& entry : sums[0])
    if (std::all_of(sums.begin(), sums.end(), [&](const auto& run) { return run.count(entry.first) > 0; }))
      users.push_back(entry.first);
  if (users.empty())
    throw data_error(fmt::format("evaluate seed {}: {} and its rivals have no user in common",
                                 runs[0]->evaluate_seed, runs[0]->path));
  for (std::size_t i = 0; i < runs.size(); ++i)
    if (sums[i].size() != users.size())
      sampled.notes.push_back(fmt::format(
          "{}: {} of its {} users were met by all runs with evaluate seed {}; the others "
          "are left out",
          runs[i]->path, users.size(), sums[i].size(), runs[i]->evaluate_seed));
  sampled.users += static_cast<double>(users.size());

  Eigen::MatrixXd values(users.size(), runs.size() * columns.size());
  for (std::size_t i = 0; i < runs.size(); ++i)
    for (std::size_t u = 0; u < users.size(); ++u)
      for (std::size_t c = 0; c < columns.size(); ++c)
        values(static_cast<Eigen::Index>(u), static_cast<Eigen::Index>(i * columns.size() + c)) =
            sums[i].at(users[u])[c];
  const Eigen::MatrixXd draws =
      bootstrap_means(values, Seed(options.seed),
                      static_cast<std::uint64_t>(runs[0]->evaluate_seed), options.resamples);
  for (std::size_t i = 0; i < runs.size(); ++i)
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const auto column = static_cast<Eigen::Index>(i * columns.size() + c);
      sampled.columns[runs[i]][columns[c]] = {
          values.col(column).mean(),
          Draws(draws.col(column).data(), draws.col(column).data() + draws.rows())};
    }
}

}  // namespace

SampledRuns sample_users(const Runs& runs, const StatisticsOptions& options, const std::vector<std::string>& also) {
  std::map<std::int64_t, std::vector<const Run*>> strata;
  for (const Run& run : runs.runs) strata[run.evaluate_seed].push_back(&run);
  SampledRuns sampled;
  for (const auto& [seed, members] : strata) {
    sampled.evaluate_seeds.push_back(seed);
    sample_stratum(members, options, also, sampled);
  }
  return sampled;
}

Sampled average(const std::vector<const Sampled*>& parts) {
  Sampled result{0, Draws(parts[0]->draws.size(), 0.0)};
  const auto n = static_cast<double>(parts.size());
  for (const Sampled* part : parts) {
    result.mean += part->mean / n;
    for (std::size_t b = 0; b < result.draws.size(); ++b) result.draws[b] += part->draws[b] / n;
  }
  return result;
}

Sampled partner_of(const std::vector<const Sampled*>& runs, bool learns, Rng rng) {
  Sampled partner = average(runs);
  if (!learns || runs.size() < 2) return partner;
  std::vector<Draws> all;
  for (const Sampled* one : runs) all.push_back(one->draws);
  partner.draws = resample_runs(all, rng);
  return partner;
}

Lift lift_of(const std::vector<Pair>& pairs, bool learns, Rng rng) {
  std::vector<const Sampled*> differences, bases;
  std::vector<Draws> drawn;
  for (const Pair& pair : pairs) {
    differences.push_back(&pair.difference);
    bases.push_back(&pair.base);
    drawn.push_back(pair.difference.draws);
  }
  const Sampled difference = average(differences), base = average(bases);
  Draws lifts = learns ? resample_runs(drawn, rng) : difference.draws;
  for (std::size_t b = 0; b < lifts.size(); ++b) lifts[b] /= std::abs(base.draws[b]);
  return {percentile_interval(difference.mean / std::abs(base.mean), lifts), standard_deviation(lifts)};
}

std::string choose_reference(const std::vector<std::string>& labels, const StatisticsOptions& options) {
  if (options.reference) {
    if (std::find(labels.begin(), labels.end(), *options.reference) == labels.end())
      throw usage_error(fmt::format("--reference {}: no such agent here; there are {}",
                                    *options.reference, fmt::join(labels, ", ")));
    return *options.reference;
  }
  for (const char* word : {"tuned", "threshold"})
    for (const std::string& label : labels)
      if (label.find(word) != std::string::npos) return label;
  return labels[0];
}

}  // namespace sluice
