#include "agents/discretization.h"

#include <algorithm>
#include <cmath>

#include "sim/check.h"

namespace sluice {

Buckets::Buckets(std::vector<float> edges) : edges_(std::move(edges)) {
  ENSURE(edges_.size() >= 2, "at least one bucket");
  for (std::size_t m = 1; m < edges_.size(); ++m)
    ENSURE(edges_[m] > edges_[m - 1], "edges increase strictly");
}

BucketPosition Buckets::locate(float y) const {
  const auto above = std::upper_bound(edges_.begin(), edges_.end(), y);
  const auto index = static_cast<int>(above - edges_.begin()) - 1;
  const int bucket = std::clamp(index, 0, size() - 1);
  const auto m = static_cast<std::size_t>(bucket);
  const float delta = (y - edges_[m]) / (edges_[m + 1] - edges_[m]);
  return {bucket, std::clamp(delta, 0.0f, 1.0f), y > edges_.back()};
}

double Buckets::restore(std::span<const double> probability, std::span<const double> delta) const {
  double sum = 0;
  for (std::size_t m = 0; m + 1 < edges_.size(); ++m)
    sum += probability[m] *
           (edges_[m] + delta[m] * (static_cast<double>(edges_[m + 1]) - edges_[m]));
  return sum;
}

void two_hot(const Buckets& buckets, float y, std::span<float> weight) {
  ENSURE(weight.size() == buckets.edges().size(), "a weight per edge");
  const BucketPosition at = buckets.locate(y);
  std::fill(weight.begin(), weight.end(), 0.0f);
  weight[static_cast<std::size_t>(at.bucket)] = 1 - at.delta;
  weight[static_cast<std::size_t>(at.bucket) + 1] = at.delta;
}

void hl_gauss(const Buckets& buckets, float y, double smoothing, std::span<float> weight) {
  ENSURE(static_cast<int>(weight.size()) == buckets.size(), "a weight per bucket");
  const std::vector<float>& edges = buckets.edges();
  const double inside = std::clamp(y, edges.front(), edges.back());
  const auto own = static_cast<std::size_t>(buckets.locate(y).bucket);
  const double sigma = smoothing * (static_cast<double>(edges[own + 1]) - edges[own]);
  const auto below = [&](float edge) { return 0.5 * std::erfc((inside - edge) / (sigma * std::sqrt(2.0))); };
  const double all = below(edges.back()) - below(edges.front());
  for (std::size_t m = 0; m < weight.size(); ++m) weight[m] = static_cast<float>((below(edges[m + 1]) - below(edges[m])) / all);
}

Buckets make_buckets(std::vector<float> positives, const BucketOptions& options) {
  const int num_buckets = options.num_buckets;
  const double tail_refinement = options.scheme == BucketScheme::kErrorAdaptive ? options.tail_refinement : 0;
  ENSURE(num_buckets >= 1, "at least one bucket");
  std::sort(positives.begin(), positives.end());
  std::vector<float> edges = {0};
  for (int m = 1; m <= num_buckets; ++m) {
    const double part = static_cast<double>(m) / num_buckets;
    float edge = 0;
    if (positives.empty()) {
      edge = static_cast<float>(
          num_buckets == 1 ? 3600 : std::exp(std::log(3600.0) * (m - 1) / (num_buckets - 1)));
    } else if (options.scheme == BucketScheme::kEqualWidth) {
      edge = static_cast<float>(part * positives.back());
    } else {
      const double q = tail_refinement == 0
                           ? part
                           : std::expm1(-tail_refinement * part) / std::expm1(-tail_refinement);
      const double position = q * static_cast<double>(positives.size() - 1);
      const auto below = static_cast<std::size_t>(position);
      const std::size_t above = std::min(below + 1, positives.size() - 1);
      const double weight = position - static_cast<double>(below);
      edge = static_cast<float>((1 - weight) * positives[below] + weight * positives[above]);
    }
    // Ties (many equal watch times) would make empty buckets: push the edge up by 1 ms or 0.01 %.
    const float least = edges.back() + std::max(1e-3f, 1e-4f * edges.back());
    edges.push_back(std::max(edge, least));
  }
  return Buckets(std::move(edges));
}

std::vector<Buckets> make_group_buckets(std::span<const float> values,
                                        std::span<const std::uint8_t> groups, int num_groups,
                                        const BucketOptions& options, std::size_t least) {
  std::vector<std::vector<float>> positives(static_cast<std::size_t>(num_groups));
  std::vector<float> pooled;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!(values[i] > 0)) continue;
    pooled.push_back(values[i]);
    positives[std::min<std::size_t>(groups[i], positives.size() - 1)].push_back(values[i]);
  }
  const Buckets shared = make_buckets(pooled, options);
  std::vector<Buckets> result;
  for (std::vector<float>& own : positives) {
    // Group 0 of several are those who hardly watch: what they do watch says little.
    const bool is_group_0 = result.empty() && num_groups > 1;
    result.push_back(is_group_0 || own.size() < least
                         ? shared
                         : make_buckets(std::move(own), options));
  }
  return result;
}

}  // namespace sluice
