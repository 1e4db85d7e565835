#include "agents/network_stack.h"

namespace sluice {
namespace {

constexpr double kMemory = 0.99;    // of the trailing means
constexpr double kSmallest = 1e-3;  // added to variances: columns that are 0 in all rows have none

}  // namespace

NetworkStack::NetworkStack(const MlpShape& shape)
    : size_(shape.num_groups), nets_(register_module("nets", std::make_shared<GroupedMlp>(shape))) {}

torch::Tensor NetworkStack::forward(const torch::Tensor& x, const Dropout& dropout) {
  GroupSlices slices;
  slices.size.assign(static_cast<std::size_t>(size_), x.size(0));
  const torch::Tensor rows = size_ == 1 ? x : x.repeat({size_, 1});
  return nets_->forward(rows, slices, dropout).view({size_, x.size(0), -1});
}

torch::Tensor NetworkStack::first(const torch::Tensor& x) {
  GroupSlices slices;
  slices.size.assign(static_cast<std::size_t>(size_), 0);
  slices.size[0] = x.size(0);
  return nets_->forward(x, slices);
}

BatchNormStack::BatchNormStack(const MlpShape& shape) {
  for (int k = 0; k < shape.num_groups; ++k) {
    Net net;
    std::int64_t inputs = shape.inputs;
    for (std::size_t i = 0; i <= shape.hidden.size(); ++i) {
      const std::int64_t outputs = i < shape.hidden.size() ? shape.hidden[i] : shape.outputs;
      const std::string name = std::to_string(k) + "_" + std::to_string(i);
      net.norms.push_back({register_parameter("gain" + name, torch::ones({inputs})), register_parameter("shift" + name, torch::zeros({inputs})),
                           register_parameter("mean" + name, torch::zeros({inputs}), false), register_parameter("variance" + name, torch::ones({inputs}), false)});
      net.layers.push_back(register_module("layer" + name, torch::nn::Linear(inputs, outputs)));
      inputs = outputs;
    }
    nets_.push_back(std::move(net));
  }
}

torch::Tensor BatchNormStack::normalise(const torch::Tensor& x, Norm& norm, bool is_learning) const {
  torch::Tensor mean = norm.mean, variance = norm.variance;
  if (is_learning) {
    mean = x.mean(0);
    variance = (x - mean).square().mean(0);
    const torch::NoGradGuard no_grad;
    norm.mean.mul_(kMemory).add_(mean.detach(), 1 - kMemory);
    norm.variance.mul_(kMemory).add_(variance.detach(), 1 - kMemory);
  }
  return norm.gain * (x - mean) * torch::rsqrt(variance + kSmallest) + norm.shift;
}

torch::Tensor BatchNormStack::forward(const torch::Tensor& x, bool is_learning) {
  std::vector<torch::Tensor> outputs;
  for (Net& net : nets_) {
    torch::Tensor h = x;
    for (std::size_t i = 0; i < net.layers.size(); ++i) {
      h = net.layers[i]->forward(normalise(h, net.norms[i], is_learning));
      if (i + 1 < net.layers.size()) h = torch::relu(h);
    }
    outputs.push_back(h);
  }
  return torch::stack(outputs);
}

}  // namespace sluice
