#include "agents/bellman.h"

#include <cmath>

#include "sim/check.h"

namespace sluice {

void discount_factors(const DiscountConfig& config, double dictated, std::span<const float> elapsed_s,
                      std::span<const std::uint8_t> session_ended,
                      std::span<const std::uint8_t> terminated, std::span<float> out) {
  ENSURE(elapsed_s.size() == out.size() && session_ended.size() == out.size() &&
             terminated.size() == out.size(),
         "columns of equal length");
  const double rate = std::log(config.discount) / config.time_s;  // −∞ when γ = 0
  for (std::size_t i = 0; i < out.size(); ++i) {
    double factor = dictated;
    if (dictated <= 0) {
      // γ = 0 means "no future", also for a successor at the same instant (0·∞).
      factor = config.discount == 0                      ? 0
               : config.unit == DiscountUnit::kRequest ? config.discount
                                                         : std::exp(rate * elapsed_s[i]);
      if (session_ended[i] != 0) factor *= config.session_end;
    }
    out[i] = terminated[i] != 0 ? 0.0f : static_cast<float>(factor);
  }
}

}  // namespace sluice
