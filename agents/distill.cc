#include "agents/distill.h"

#include <torch/torch.h>

#include <cmath>

#include "agents/adam.h"
#include "agents/learning_library.h"
#include "agents/losses.h"
#include "agents/nets.h"
#include "agents/torch_batch.h"

namespace sluice {
namespace {

struct StudentNet : torch::nn::Module {
  std::shared_ptr<Extractor> extractor;
  std::vector<torch::nn::Linear> layers;
  std::int64_t num_groups;

  StudentNet(const StudentConfig& config, const EnvSpec& spec)
      : extractor(register_module("extractor", std::make_shared<Extractor>(spec.schema, ExtractorOptions{config.embedding_size, config.attention_size}))),
        num_groups(config.num_groups) {
    std::int64_t inputs = extractor->num_features() + num_groups;
    std::vector<int> widths = config.hidden;
    widths.push_back(spec.num_actions);
    for (const int outputs : widths) {
      layers.push_back(register_module("layer" + std::to_string(layers.size()), torch::nn::Linear(inputs, outputs)));
      inputs = outputs;
    }
  }

  torch::Tensor forward(const torch::Tensor& raw, const torch::Tensor& group) {
    torch::Tensor x = torch::cat({extractor->forward(raw), torch::one_hot(group, num_groups).to(torch::kFloat)}, 1);
    for (std::size_t i = 0; i + 1 < layers.size(); ++i) x = torch::relu(layers[i]->forward(x));
    return layers.back()->forward(x);
  }
};

void distill_with_torch(const StudentConfig& config, const EnvSpec& spec, const TeacherRows& rows, const DistillOptions& options, Seed seed,
                        const std::function<void(int)>& progress, Distilled& out) {
  start_torch(seed);
  StudentNet student(config, spec);
  FlatParameters parameters(student);
  Adam adam(parameters);
  const auto width = static_cast<std::int64_t>(spec.schema.width), actions = static_cast<std::int64_t>(spec.num_actions);
  std::vector<std::int64_t> chosen(static_cast<std::size_t>(options.batch_size));
  double loss_sum = 0;
  int since = 0;
  for (int update = 0; update < options.updates; ++update) {
    Rng rng = seed.stream(Purpose::kReplay, static_cast<std::uint64_t>(update));
    for (std::int64_t& row : chosen) row = static_cast<std::int64_t>(rng() % rows.size());
    torch::Tensor group = torch::empty({options.batch_size}, torch::kLong);
    for (std::size_t i = 0; i < chosen.size(); ++i)
      group.data_ptr<std::int64_t>()[i] = std::min<std::int64_t>(rows.group[static_cast<std::size_t>(chosen[i])], config.num_groups - 1);
    const torch::Tensor logits = student.forward(gather_rows(rows.observation, width, chosen), group);
    const torch::Tensor loss = soft_cross_entropy(logits, gather_rows(rows.probability, actions, chosen));
    loss.backward();
    adam.step(options.learning_rate * 0.5 * (1 + std::cos(M_PI * update / options.updates)), 10);
    loss_sum += loss.item<double>();
    if (++since == std::max(1, options.updates / 100) || update + 1 == options.updates) {
      out.update.push_back(update + 1);
      out.loss.push_back(loss_sum / since);
      loss_sum = since = 0;
      progress(update + 1);
    }
  }
  save_identity(StudentConfig::kKind, spec.schema, out.state);
  save_module("", student, out.state);
  save_vector("group_boundaries", options.group_boundaries, out.state);
}

}  // namespace
}  // namespace sluice

extern "C" void sluice_distill(const sluice::StudentConfig& config, const sluice::EnvSpec& spec, const sluice::TeacherRows& rows,
                               const sluice::DistillOptions& options, sluice::Seed seed, const std::function<void(int)>& progress,
                               sluice::Distilled& out) {
  sluice::distill_with_torch(config, spec, rows, options, seed, progress, out);
}
