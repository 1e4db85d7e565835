#include "agents/advantages.h"

#include <algorithm>

#include "sim/check.h"

namespace sluice {

std::vector<std::int32_t> successors(const TransitionBatch& rows) {
  std::vector<std::int32_t> next(rows.size(), -1);
  std::int32_t last_user = -1;
  for (const std::int32_t user : rows.user) last_user = std::max(last_user, user);
  std::vector<std::int32_t> latest(static_cast<std::size_t>(last_user + 1), -1);  // of each user, of the rows after i
  for (std::size_t i = rows.size(); i-- > 0;) {
    std::int32_t& known = latest[static_cast<std::size_t>(rows.user[i])];
    if (rows.terminated[i] == 0 && rows.truncated[i] == 0) next[i] = known;
    known = static_cast<std::int32_t>(i);
  }
  return next;
}

std::vector<float> gae(const Trajectories& t, std::span<const float> value, std::span<const float> next_value, double lambda) {
  std::vector<float> advantage(t.successor.size());
  for (std::size_t i = advantage.size(); i-- > 0;) {
    const double delta = static_cast<double>(t.reward[i]) + static_cast<double>(t.discount[i]) * static_cast<double>(next_value[i]) - static_cast<double>(value[i]);
    const double later = t.successor[i] >= 0 ? static_cast<double>(advantage[static_cast<std::size_t>(t.successor[i])]) : 0;
    advantage[i] = static_cast<float>(delta + static_cast<double>(t.discount[i]) * lambda * later);
  }
  return advantage;
}

std::vector<float> lambda_returns(const Trajectories& t, std::span<const float> next, double lambda) {
  std::vector<float> result(t.successor.size());
  for (std::size_t i = result.size(); i-- > 0;) {
    double later = static_cast<double>(next[i]);
    if (t.successor[i] >= 0) later = lambda * static_cast<double>(result[static_cast<std::size_t>(t.successor[i])]) + (1 - lambda) * later;
    result[i] = static_cast<float>(static_cast<double>(t.reward[i]) + static_cast<double>(t.discount[i]) * later);
  }
  return result;
}

std::vector<float> vtrace(const Trajectories& t, std::span<const float> value, std::span<const float> next_value, std::span<const float> ratio,
                          double rho_bar, double c_bar) {
  std::vector<float> result(t.successor.size());
  for (std::size_t i = result.size(); i-- > 0;) {
    const double v = static_cast<double>(value[i]), next = static_cast<double>(next_value[i]), discount = static_cast<double>(t.discount[i]);
    const double rho = std::min(rho_bar, static_cast<double>(ratio[i])), c = std::min(c_bar, static_cast<double>(ratio[i]));
    const double delta = static_cast<double>(t.reward[i]) + discount * next - v;
    const double later = t.successor[i] >= 0 ? static_cast<double>(result[static_cast<std::size_t>(t.successor[i])]) - next : 0;
    result[i] = static_cast<float>(v + rho * delta + discount * c * later);
  }
  return result;
}

}  // namespace sluice
