#include "agents/value_head.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <vector>

#include "agents/losses.h"

namespace sluice {
namespace {

class ScalarHead final : public ValueHead {
 public:
  explicit ScalarHead(TdLoss loss) : loss_(loss) {}
  std::int64_t size() const override { return 1; }
  torch::Tensor mean(const torch::Tensor& z) const override { return z.squeeze(-1); }
  torch::Tensor loss(const torch::Tensor& z, const Bootstrap& target) const override {
    return td_loss(mean(z), td_target(target.reward, target.discount, target.policy, mean(target.next)), loss_);
  }

 private:
  TdLoss loss_;
};

// Equidistant points on a support that may be found later.
class SupportedHead : public ValueHead {
 public:
  SupportedHead(std::int64_t size, Support support)
      : size_(size), support_(support.low == support.high ? Support{-1, 1} : support), is_to_be_found_(support.low == support.high) {}
  std::int64_t size() const final { return size_; }
  bool finds_support() const final { return is_to_be_found_; }
  Support support() const final { return support_; }
  void set_support(Support support) final { support_ = support; }

 protected:
  const std::int64_t size_;
  Support support_;

 private:
  const bool is_to_be_found_;
};

class CategoricalHead final : public SupportedHead {
 public:
  using SupportedHead::SupportedHead;
  torch::Tensor mean(const torch::Tensor& z) const override { return torch::matmul(torch::softmax(z, -1), atoms(z)); }
  torch::Tensor loss(const torch::Tensor& z, const Bootstrap& target) const override {
    const torch::Tensor mass = (torch::softmax(target.next, -1) * target.policy.unsqueeze(2)).sum(1);                       // [n, N]
    const torch::Tensor y = target.reward.unsqueeze(1) + target.discount.unsqueeze(1) * atoms(z).unsqueeze(0);               // [n, N]
    return soft_cross_entropy(z, project_categorical(y, mass, size_, support_));
  }

 private:
  torch::Tensor atoms(const torch::Tensor& like) const { return torch::linspace(support_.low, support_.high, size_, like.options()); }
};

class GaussianHead final : public SupportedHead {
 public:
  GaussianHead(std::int64_t bins, double sigma_ratio, Support support) : SupportedHead(bins, support), sigma_ratio_(sigma_ratio) {}
  torch::Tensor mean(const torch::Tensor& z) const override {
    const double half = width() / 2;
    return torch::matmul(torch::softmax(z, -1), torch::linspace(support_.low + half, support_.high - half, size_, z.options()));
  }
  torch::Tensor loss(const torch::Tensor& z, const Bootstrap& target) const override {
    const torch::Tensor y = td_target(target.reward, target.discount, target.policy, mean(target.next));
    return soft_cross_entropy(z, gaussian_mass(y, size_, sigma_ratio_ * width(), support_));
  }

 private:
  double width() const { return (support_.high - support_.low) / static_cast<double>(size_); }
  double sigma_ratio_;
};

// What one target y of weight w adds to the N losses of a row, and to their gradients by θ.  Without branches, so that
// compilers vectorise it: |τ − 1[u < 0]| = ½ + sign(u)·(τ − ½).
template <class T, bool kHuber>
void add_target(std::span<const T> tau, const T* theta, T y, T weight, T corner, T* __restrict loss, T* __restrict gradient) {
  const T per_corner = kHuber ? 1 / corner : T{1};
  for (std::size_t i = 0; i < tau.size(); ++i) {
    const T u = y - theta[i], distance = std::abs(u), sign = std::copysign(T{1}, u);
    const T asymmetry = weight * (T{0.5} + sign * (tau[i] - T{0.5}));
    const T near = kHuber ? (distance < corner ? distance : corner) : T{1};  // the part of |u| within κ
    loss[i] += asymmetry * (kHuber ? near * (distance - near / 2) * per_corner : distance);
    gradient[i] -= asymmetry * sign * near * per_corner;
  }
}

// In one pass with its gradient: the errors as a tensor [n, N, J] would be some 10 MB, to be written and read ten times.
class QuantileLoss : public torch::autograd::Function<QuantileLoss> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& quantile, const torch::Tensor& y, const torch::Tensor& weight,
                               double corner) {
    const torch::Tensor theta = quantile.contiguous();
    torch::Tensor gradient = torch::zeros_like(theta);
    const auto n = static_cast<std::size_t>(theta.size(0)), size = static_cast<std::size_t>(theta.size(1)), targets = static_cast<std::size_t>(y.size(1));
    double loss = 0;
    AT_DISPATCH_FLOATING_TYPES(theta.scalar_type(), "quantile_loss", [&] {
      using T = scalar_t;
      std::vector<T> tau(size), of_row(size);
      for (std::size_t i = 0; i < size; ++i) tau[i] = static_cast<T>((static_cast<double>(i) + 0.5) / static_cast<double>(size));
      const auto add = corner > 0 ? &add_target<T, true> : &add_target<T, false>;
      for (std::size_t r = 0; r < n; ++r) {
        const T* const points = y.data_ptr<T>() + r * targets;
        const T* const weights = weight.data_ptr<T>() + r * targets;
        std::fill(of_row.begin(), of_row.end(), T{0});
        for (std::size_t j = 0; j < targets; ++j)  // actions that a greedy policy does not take have no weight
          if (weights[j] != 0) add(tau, theta.data_ptr<T>() + r * size, points[j], weights[j], static_cast<T>(corner), of_row.data(), gradient.data_ptr<T>() + r * size);
        loss = std::accumulate(of_row.begin(), of_row.end(), loss);
      }
    });
    context->save_for_backward({gradient / static_cast<double>(n)});
    return torch::full({}, loss / static_cast<double>(n), theta.options());
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list of_loss) {
    return {of_loss[0] * context->get_saved_variables()[0], {}, {}, {}};
  }
};

class QuantileHead final : public ValueHead {
 public:
  QuantileHead(std::int64_t quantiles, double huber_corner) : size_(quantiles), huber_corner_(huber_corner) {}
  std::int64_t size() const override { return size_; }
  torch::Tensor mean(const torch::Tensor& z) const override { return z.mean(-1); }
  torch::Tensor loss(const torch::Tensor& z, const Bootstrap& target) const override {
    const std::int64_t n = z.size(0);
    const torch::Tensor y = target.reward.view({n, 1, 1}) + target.discount.view({n, 1, 1}) * target.next;  // [n, A, N]
    const torch::Tensor weight = (target.policy / static_cast<double>(size_)).unsqueeze(2).expand_as(y);
    return quantile_loss(z, y.flatten(1), weight.flatten(1), huber_corner_);
  }

 private:
  std::int64_t size_;
  double huber_corner_;
};

}  // namespace

Support support_of(const torch::Tensor& reward, const torch::Tensor& discount) {
  const double mean = reward.mean().item<double>(), deviation = reward.std(false).item<double>();
  const double gamma = std::min(0.999, discount.mean().item<double>());
  const double level = mean / (1 - gamma), spread = std::max(1e-3, deviation / std::sqrt(1 - gamma * gamma));
  return {std::min(0.0, level) - 5 * spread, std::max(0.0, level) + 10 * spread};
}

std::unique_ptr<ValueHead> scalar_head(TdLoss loss) { return std::make_unique<ScalarHead>(loss); }
std::unique_ptr<ValueHead> categorical_head(std::int64_t atoms, Support support) { return std::make_unique<CategoricalHead>(atoms, support); }
std::unique_ptr<ValueHead> gaussian_head(std::int64_t bins, double sigma_ratio, Support support) {
  return std::make_unique<GaussianHead>(bins, sigma_ratio, support);
}
std::unique_ptr<ValueHead> quantile_head(std::int64_t quantiles, double huber_corner) { return std::make_unique<QuantileHead>(quantiles, huber_corner); }

torch::Tensor project_categorical(const torch::Tensor& y, const torch::Tensor& p, std::int64_t atoms, Support support) {
  const torch::NoGradGuard no_grad;
  const double width = (support.high - support.low) / static_cast<double>(atoms - 1);
  const torch::Tensor place = ((y - support.low) / width).clamp(0, static_cast<double>(atoms - 1));  // in atoms
  const torch::Tensor lower = place.floor(), upper_share = place - lower;
  const torch::Tensor low = lower.to(torch::kLong), high = (low + 1).clamp_max(atoms - 1);
  torch::Tensor mass = torch::zeros({y.size(0), atoms}, p.options());
  mass.scatter_add_(1, low, p * (1 - upper_share));
  mass.scatter_add_(1, high, p * upper_share);  // a point on an atom has share 0 of the next
  return mass;
}

torch::Tensor gaussian_mass(const torch::Tensor& y, std::int64_t bins, double sigma, Support support) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor edges = torch::linspace(support.low, support.high, bins + 1, y.options());
  const torch::Tensor inside = y.clamp(support.low, support.high).unsqueeze(1);
  const torch::Tensor below = 0.5 * torch::erfc((inside - edges.unsqueeze(0)) / (sigma * std::sqrt(2.0)));  // P(value ≤ edge)
  const torch::Tensor mass = below.narrow(1, 1, bins) - below.narrow(1, 0, bins);
  return mass / mass.sum(1, true);
}

torch::Tensor quantile_loss(const torch::Tensor& quantile, const torch::Tensor& y, const torch::Tensor& weight, double huber_corner) {
  return QuantileLoss::apply(quantile, y.detach().contiguous(), weight.detach().contiguous(), huber_corner);
}

torch::Tensor sparsemax(const torch::Tensor& any) {
  const torch::Tensor z = any - any.amax(1, true);  // the same point, and no digits lost to a common level
  const torch::Tensor sorted = std::get<0>(z.sort(1, true));
  const torch::Tensor sums = sorted.cumsum(1) - 1;
  const torch::Tensor rank = torch::arange(1, z.size(1) + 1, z.options()).unsqueeze(0);
  const torch::Tensor in_use = (sorted * rank > sums).to(torch::kLong).sum(1, true);  // k ≥ 1
  const torch::Tensor threshold = sums.gather(1, in_use - 1) / in_use;
  return (z - threshold).clamp_min(0);
}

}  // namespace sluice
