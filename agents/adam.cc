#include "agents/adam.h"

#include <Eigen/Dense>
#include <cmath>

#include "sim/check.h"

namespace sluice {
namespace {

Eigen::Map<Eigen::ArrayXf> array(const torch::Tensor& tensor) {
  return {tensor.data_ptr<float>(), tensor.numel()};
}

}  // namespace

FlatParameters::FlatParameters(torch::nn::Module& module) {
  torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> parameters = module.parameters();
  std::int64_t total = 0;
  for (const torch::Tensor& parameter : parameters) total += parameter.numel();
  values_ = torch::empty({total}, torch::kFloat);
  gradients_ = torch::zeros({total}, torch::kFloat);
  std::int64_t start = 0;
  for (torch::Tensor& parameter : parameters) {
    ENSURE(parameter.scalar_type() == torch::kFloat, "parameters are float32");
    const torch::Tensor view = values_.narrow(0, start, parameter.numel()).view(parameter.sizes());
    view.copy_(parameter);
    parameter.set_data(view);
    parameter.mutable_grad() = gradients_.narrow(0, start, parameter.numel()).view(parameter.sizes());
    start += parameter.numel();
  }
}

Adam::Adam(const FlatParameters& parameters)
    : parameters_(parameters),
      first_(torch::zeros_like(parameters.values())),
      second_(torch::zeros_like(parameters.values())) {}

double Adam::step(double learning_rate, double max_norm) {
  constexpr float kBeta1 = 0.9f, kBeta2 = 0.999f, kEpsilon = 1e-8f;
  ++steps_;
  auto theta = array(parameters_.values());
  auto g = array(parameters_.gradients());
  auto m = array(first_);
  auto v = array(second_);
  const double norm = std::sqrt(g.matrix().squaredNorm());
  if (max_norm > 0 && norm > max_norm) g *= static_cast<float>(max_norm / norm);
  m = kBeta1 * m + (1 - kBeta1) * g;
  v = kBeta2 * v + (1 - kBeta2) * g.square();
  const double t = static_cast<double>(steps_);
  const auto rate = static_cast<float>(learning_rate / (1 - std::pow(0.9, t)));
  const auto correction = static_cast<float>(1 / std::sqrt(1 - std::pow(0.999, t)));
  theta -= rate * m / (v.sqrt() * correction + kEpsilon);
  g.setZero();
  return norm;
}

void FlatParameters::transfer(const std::string& name, StateArchive& archive) {
  archive.array(name, values_.data_ptr<float>(), static_cast<std::size_t>(values_.numel()));
}

void Adam::transfer(const std::string& name, StateArchive& archive) {
  archive.section(name, [&] {
    archive.value("steps", steps_);
    archive.array("first", first_.data_ptr<float>(), static_cast<std::size_t>(first_.numel()));
    archive.array("second", second_.data_ptr<float>(), static_cast<std::size_t>(second_.numel()));
  });
}

void polyak(const FlatParameters& target, const FlatParameters& online, double rate) {
  auto slow = array(target.values());
  slow += static_cast<float>(rate) * (array(online.values()) - slow);
}

}  // namespace sluice
