#include "agents/ntk.h"

#include <cmath>

namespace sluice {

using torch::Tensor;

Tensor row_gradients(std::int64_t n, const std::function<Tensor(std::int64_t)>& value, const std::vector<Tensor>& parameters) {
  std::vector<Tensor> rows;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::vector<Tensor> parts = torch::autograd::grad({value(i)}, parameters, {}, c10::nullopt, false, /*allow_unused=*/true);
    std::vector<Tensor> flat;
    for (std::size_t p = 0; p < parts.size(); ++p)
      flat.push_back(parts[p].defined() ? parts[p].reshape({-1}) : torch::zeros({parameters[p].numel()}, parameters[p].options().requires_grad(false)));
    rows.push_back(torch::cat(flat));
  }
  return torch::stack(rows);
}

Tensor td_error_dynamics(const Tensor& gradient, const Tensor& next_gradient, const Tensor& discount) {
  const auto size = static_cast<double>(gradient.size(1));
  const Tensor own = gradient.to(torch::kDouble), next = next_gradient.to(torch::kDouble);
  return (discount.to(torch::kDouble).unsqueeze(1) * torch::mm(next, own.t()) - torch::mm(own, own.t())) / size;
}

Seem seem(const Tensor& dynamics) {
  const double largest = torch::real(torch::linalg_eigvals(dynamics)).max().item<double>();
  const double norm = dynamics.norm().item<double>();
  return {.largest = largest, .normalised = norm > 0 ? largest / norm : 0};
}

std::vector<double> ntk_ratios(const Tensor& x, const Tensor& direction, const std::vector<double>& lambdas,
                               const std::function<Tensor(const Tensor& row)>& value, const std::vector<Tensor>& parameters) {
  const auto gradients = [&](double lambda) {
    return row_gradients(x.size(0), [&](std::int64_t i) { return value((x[i] + lambda * direction).unsqueeze(0)); }, parameters).to(torch::kDouble);
  };
  const Tensor at_x = gradients(0);
  const Tensor own = at_x.square().sum(1);
  std::vector<double> ratios;
  for (const double lambda : lambdas) ratios.push_back(((at_x * gradients(lambda)).sum(1) / own).mean().item<double>());
  return ratios;
}

}  // namespace sluice
