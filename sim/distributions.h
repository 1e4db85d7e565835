#pragma once
// Draws from a keyed stream.  Boost.Random's algorithms, because the standard library's differ between
// compilers; single precision, because a hot simulator draws tens of these per decision.

#include <boost/random/gamma_distribution.hpp>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/poisson_distribution.hpp>
#include <cmath>

#include "sim/rng.h"

namespace sluice {

/// Uniform on (0, 1): never 0, never 1, so its logarithm is finite.
inline float uniform(Rng& rng) {
  // Signed, because unsigned 64-bit integers have no conversion instruction.
  return (static_cast<float>(static_cast<std::int32_t>(rng() >> 41)) + 0.5f) * (1.0f / 8388608.0f);  // 23 bits
}
inline double uniform_double(Rng& rng) {
  return (static_cast<double>(static_cast<std::int64_t>(rng() >> 11)) + 0.5) * (1.0 / 9007199254740992.0);  // 53 bits
}
inline bool bernoulli(Rng& rng, float probability) { return uniform(rng) < probability; }
inline float normal(Rng& rng) { return boost::random::normal_distribution<float>()(rng); }
inline float log_normal(Rng& rng, float mu, float sigma) { return std::exp(mu + sigma * normal(rng)); }
inline float exponential(Rng& rng, float mean) { return -mean * std::log(uniform(rng)); }
inline int poisson(Rng& rng, double mean) {
  return mean > 0 ? boost::random::poisson_distribution<int, double>(mean)(rng) : 0;
}
/// Gamma with shape k and scale θ (mean kθ).  100–300 ns: for traits, never per request.
inline double gamma(Rng& rng, double shape, double scale) {
  return boost::random::gamma_distribution<double>(shape, scale)(rng);
}

inline float sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }
inline float logit(float p) { return std::log(p / (1.0f - p)); }

}  // namespace sluice
