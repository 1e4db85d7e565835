#include "experiments/random_effects.h"

#include <algorithm>

namespace sluice {
namespace {

// What the moments are made of; all are sums over ids.
enum Moment { kRows, kIds, kSquaredRows, kSum, kBetween, kSquares, kNumMoments };
using Moments = std::array<double, kNumMoments>;

struct Variances {
  double between, within;
};

Variances variances(const Moments& m) {
  const double n = m[kRows], ids = m[kIds];
  const double within = (m[kSquares] - m[kBetween]) / (n - ids);
  const double mean_square = (m[kBetween] - m[kSum] * m[kSum] / n) / (ids - 1);
  const double n0 = (n - m[kSquaredRows] / n) / (ids - 1);
  return {std::max(0.0, (mean_square - within) / n0), within};
}

}  // namespace

RandomEffects fit_random_effects(const SumsById& sums) {
  std::array<Moments, kIdGroups> groups{};
  double mean = 0, n = 0;
  sums.by_id().for_each([&](std::uint64_t, const SumsById::Sums& s) { mean += s.sum, n += s.n; });
  mean /= n;
  sums.by_id().for_each([&](std::uint64_t id, const SumsById::Sums& s) {
    Moments& m = groups[static_cast<std::size_t>(id_group(id))];
    const double sum = s.sum - s.n * mean;  // around the mean: no digits are lost
    m[kRows] += s.n;
    m[kIds] += 1;
    m[kSquaredRows] += s.n * s.n;
    m[kSum] += sum;
    m[kBetween] += sum * sum / s.n;
    m[kSquares] += s.squares - 2 * mean * s.sum + s.n * mean * mean;
  });
  RandomEffects fit;
  fit.ids = static_cast<std::int64_t>(sums.by_id().size());
  fit.sampled_share = sums.sampled_share();
  if (fit.ids < 2 || n <= static_cast<double>(fit.ids)) return fit;
  const std::span<const Moments> all = groups;
  fit.sd = jackknife(all, [](const Moments& m) { return std::sqrt(variances(m).between); });
  fit.within_sd = jackknife(all, [](const Moments& m) { return std::sqrt(variances(m).within); });
  fit.icc = jackknife(all, [](const Moments& m) {
    const Variances v = variances(m);
    return v.between / (v.between + v.within);
  });
  return fit;
}

}  // namespace sluice
