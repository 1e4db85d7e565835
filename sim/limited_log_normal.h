#pragma once
// The mean of a log-normal watch time that something cuts off at a cap:
//
//   E[min(X, c)] = e^{μ+σ²/2} Φ((ln c − μ − σ²)/σ) + c (1 − Φ((ln c − μ)/σ)),   X ~ LogNormal(μ, σ)
//              = c · g(ln c − μ),      g depends on σ alone.
//
// g is tabulated once per σ (step 0.02, linear in between: relative error below 1e-4) since every
// request needs it.

#include <algorithm>
#include <cmath>
#include <vector>

namespace sluice {

/// E[min(X, c)] in closed form; any unit.
inline double limited_log_normal_mean(double mu, double sigma, double cap) {
  const auto phi = [](double z) { return 0.5 * std::erfc(-z * M_SQRT1_2); };
  const double d = std::log(cap) - mu;
  return std::exp(mu + sigma * sigma / 2) * phi((d - sigma * sigma) / sigma) +
         cap * (1 - phi(d / sigma));
}

class LimitedLogNormal {
 public:
  explicit LimitedLogNormal(double sigma) {
    for (int i = 0; i < kSize; ++i)
      g_[static_cast<std::size_t>(i)] =
          static_cast<float>(limited_log_normal_mean(-(kLow + i * kStep), sigma, 1.0));
  }
  /// E[min(X, e^{log_cap})] / e^{log_cap}.
  float share_of_cap(float mu, float log_cap) const {
    const float position =
        std::clamp((log_cap - mu - static_cast<float>(kLow)) / static_cast<float>(kStep), 0.0f,
                   static_cast<float>(kSize) - 1.001f);
    const auto i = static_cast<std::size_t>(position);
    const float f = position - static_cast<float>(i);
    return g_[i] + f * (g_[i + 1] - g_[i]);
  }

 private:
  static constexpr double kLow = -8, kStep = 0.02;
  static constexpr int kSize = 1001;  // ln c − μ in [−8, 12]
  std::vector<float> g_ = std::vector<float>(kSize);
};

}  // namespace sluice
