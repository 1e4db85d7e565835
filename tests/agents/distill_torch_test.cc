// A student of a known policy, through the arrays that it is saved as.

#include "agents/distill.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "agents/learning_library.h"
#include "agents/nets.h"
#include "agents/student_policy.h"
#include "agents/torch_batch.h"
#include "sim/check.h"
#include "tests/agents/learning_fixture.h"

namespace sluice {
namespace {

// Injects when the candidate's prediction and topic outweigh the group's price.
TeacherRows teacher_rows(const EnvSpec& spec, std::size_t rows, double price, std::uint64_t seed) {
  Rng rng = Seed(seed).stream(Purpose::kTest);
  TeacherRows made;
  const auto candidate = static_cast<std::size_t>(spec.schema.column("predicted_watch_s")), topic = static_cast<std::size_t>(spec.schema.column(kCandidateTopicColumn));
  for (std::size_t i = 0; i < rows; ++i) {
    const std::vector<float> row = random_observation(spec.schema, rng);
    const auto group = static_cast<std::uint8_t>(rng() % 3);
    const double score = std::log1p(static_cast<double>(row[candidate])) + 0.3 * static_cast<double>(row[topic]) - price - 0.4 * group;
    const auto p = static_cast<float>(1 / (1 + std::exp(-6 * score)));
    made.observation.insert(made.observation.end(), row.begin(), row.end());
    made.group.push_back(group);
    made.probability.insert(made.probability.end(), {1 - p, p});
  }
  return made;
}

TEST_CASE("distill: students of teachers that inject rarely, half the time and mostly agree on 97 % of other rows, and 99.5 % of the sure ones") {
  const EnvSpec spec = feed_like_spec(8);
  for (const double price : {4.4, 3.3, 2.2}) {
    const TeacherRows rows = teacher_rows(spec, 20000, price, 1), others = teacher_rows(spec, 5000, price, 2);
    const StudentConfig config{.hidden = {32, 16}, .num_groups = 3};
    Distilled student;
    int last = 0;
    sluice_distill(config, spec, rows, {.updates = 3000, .batch_size = 256}, Seed(1), [&](int updates) { last = updates; }, student);
    CHECK(last == 3000);
    CHECK(student.loss.back() < student.loss.front());
    StudentPolicy policy(config, spec.schema, 2);
    policy.load(student.state);
    std::vector<float> own(others.probability.size());
    policy.probabilities(others.observation, others.group, own);
    std::vector<double> gap;
    double injected = 0, agree = 0, sure = 0, sure_agree = 0;
    for (std::size_t i = 0; i < others.size(); ++i) gap.push_back(std::abs(std::log(static_cast<double>(others.probability[2 * i + 1]) / static_cast<double>(others.probability[2 * i]))));
    std::vector<double> sorted = gap;
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 0; i < others.size(); ++i) {
      const bool teacher = others.probability[2 * i + 1] > 0.5f, same = teacher == (own[2 * i + 1] > 0.5f);
      injected += teacher;
      agree += same;
      if (gap[i] < sorted[others.size() / 20]) continue;
      ++sure;
      sure_agree += same;
    }
    const auto n = static_cast<double>(others.size());
    CAPTURE(price);
    CAPTURE(injected / n);
    CHECK(injected / n > 0.05);
    CHECK(injected / n < 0.95);
    CHECK(agree / n >= 0.97);
    CHECK(sure_agree / sure >= 0.995);
  }
}

TEST_CASE("student: its features are those of torch's extractor with the same arrays, attention and empty histories too") {
  const EnvSpec spec = feed_like_spec(8);
  TeacherRows rows = teacher_rows(spec, 200, 3, 4);
  const ObservationBlock& history = *spec.schema.block("live_history");
  for (int i = 0; i < history.length; ++i) rows.observation[static_cast<std::size_t>(history.offset + 2 * i)] = 0;  // of the first row
  const StudentConfig config{.hidden = {8}, .num_groups = 3};
  Distilled student;
  sluice_distill(config, spec, rows, {.updates = 20, .batch_size = 64}, Seed(1), [](int) {}, student);
  StudentPolicy policy(config, spec.schema, 2);
  policy.load(student.state);
  Extractor extractor(spec.schema, {config.embedding_size, config.attention_size});
  load_module("extractor.", extractor, student.state);
  const torch::Tensor exact = extractor.forward(torch::tensor(rows.observation).view({200, spec.schema.width}));
  REQUIRE(policy.num_features() == exact.size(1) + 3);
  std::vector<float> own(static_cast<std::size_t>(policy.num_features()));
  for (std::int64_t i = 0; i < 200; ++i) {
    const auto row = static_cast<std::size_t>(i);
    policy.features(rows.observation.data() + row * static_cast<std::size_t>(spec.schema.width), rows.group[row], own.data());
    CHECK(torch::allclose(torch::tensor(own).narrow(0, 0, exact.size(1)), exact[i], 1e-5, 1e-5));
    for (std::int64_t g = 0; g < 3; ++g) CHECK(own[static_cast<std::size_t>(exact.size(1) + g)] == (g == rows.group[row] ? 1 : 0));
  }
}

TEST_CASE("student: probabilities from ready features are those from raw rows, and a missing array is an error") {
  const EnvSpec spec = feed_like_spec(8);
  const TeacherRows rows = teacher_rows(spec, 100, 3, 3);
  const StudentConfig config{.hidden = {8}, .num_groups = 3};
  Distilled student;
  sluice_distill(config, spec, rows, {.updates = 5, .batch_size = 16}, Seed(1), [](int) {}, student);
  StudentPolicy policy(config, spec.schema, 2);
  policy.load(student.state);
  const auto width = static_cast<std::size_t>(spec.schema.width), size = static_cast<std::size_t>(policy.num_features());
  std::vector<float> raw(200), ready(200), features(100 * size);
  policy.probabilities(rows.observation, rows.group, raw);
  for (std::size_t i = 0; i < 100; ++i) policy.features(rows.observation.data() + i * width, rows.group[i], features.data() + i * size);
  policy.probabilities_of_features(features, ready);
  CHECK(raw == ready);
  AgentState broken = student.state;
  broken.arrays.erase("layer1.bias");
  CHECK_THROWS_WITH_AS(policy.load(broken), doctest::Contains("layer1.bias"), UserError);
}

}  // namespace
}  // namespace sluice
