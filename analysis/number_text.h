#pragma once
// Numbers as tables show them: a minus sign that is one, no more digits than the interval supports, – for what is unknown.

#include <string>

#include "analysis/statistics.h"

namespace sluice {

inline constexpr const char* kNone = "–";

/// Enough digits that the interval's half width shows two.
int digits_for(double half_width, double value);

std::string number(double value, int digits);

/// "123.4 ±2.1": half the interval's width.
std::string with_half_width(const Estimate& estimate, double scale, int min_digits = 0);

/// "+1.52 [+0.90, +2.14]" in percent; uncovered: marked †, the interval lacks training luck.
std::string lift_text(const Estimate& lift, bool uncovered);

}  // namespace sluice
