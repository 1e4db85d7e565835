#include "analysis/number_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sluice {
namespace {

std::string minus(std::string text) {
  if (!text.empty() && text[0] == '-') text.replace(0, 1, "−");
  return text;
}

std::string signed_percent(double fraction, int digits) {
  const double percent = 100 * fraction;
  const std::string text = fmt::format("{:.{}f}", std::abs(percent), digits);
  const bool is_zero = text.find_first_not_of("0.") == std::string::npos;
  return (is_zero ? "" : percent > 0 ? "+" : "−") + text;
}

}  // namespace

int digits_for(double half_width, double value) {
  double resolution =
      std::isnan(half_width) || half_width <= 0 ? std::abs(value) / 100 : half_width;
  if (!(resolution > 0)) resolution = 1;
  return std::clamp(1 - static_cast<int>(std::floor(std::log10(resolution))), 0, 4);
}

std::string number(double value, int digits) {
  return std::isnan(value) ? kNone : minus(fmt::format("{:.{}f}", value, digits));
}

std::string with_half_width(const Estimate& estimate, double scale, int min_digits) {
  if (std::isnan(estimate.value)) return kNone;
  const double half = scale * (estimate.hi - estimate.lo) / 2;
  const int digits = std::max(min_digits, digits_for(half, scale * estimate.value));
  const std::string value = number(scale * estimate.value, digits);
  return std::isnan(half) ? value : fmt::format("{} ±{:.{}f}", value, half, digits);
}

std::string lift_text(const Estimate& lift, bool uncovered) {
  if (std::isnan(lift.value)) return kNone;
  const double half = 100 * (lift.hi - lift.lo) / 2;
  const bool has_spread = half > 1e-9;  // `never` against anything: always −100 %
  const int digits = has_spread ? std::min(2, digits_for(half, 100 * lift.value)) : 1;
  std::string text = signed_percent(lift.value, digits);
  if (has_spread)
    text +=
        fmt::format(" [{}, {}]", signed_percent(lift.lo, digits), signed_percent(lift.hi, digits));
  return text + (uncovered ? " †" : "");
}

}  // namespace sluice
