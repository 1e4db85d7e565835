#include "experiments/request_log.h"

#include <chrono>
#include <cstring>

#include "experiments/result_file.h"

namespace sluice {
namespace {

// Rows gathered before a write: a few chunks of observations.
constexpr std::size_t kGather = 16384;

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::vector<hdf5::StreamColumn> columns_of(const EnvSpec& spec) {
  using hdf5::Element;
  std::vector<hdf5::StreamColumn> columns = {
      {"user_id", "id", "global number of the user", Element::kInteger32},
      {"time_s", "s", "simulated time of the request, 0 is midnight of day 0", Element::kReal64},
      {"observation", "1", "what the agent saw; columns as in the root attribute observation_schema", Element::kReal32, spec.schema.width},
      {"action", "1", "1: a live stream is injected", Element::kByte},
      {"group", "1", "the agent's user group at the time of the decision", Element::kByte},
      {"propensity", "1", "probability of the action under the behaviour policy, exploration included", Element::kReal32},
      {"reward", "s", "live watch time of the step", Element::kReal32}};
  for (const std::string& cost : spec.cost_names) columns.push_back({cost, "1", "cost of the step", Element::kReal32});
  columns.push_back({"entered", "1", "1: the live stream was entered", Element::kByte});
  columns.push_back({"elapsed_s", "s", "from this request to the user's next", Element::kReal32});
  columns.push_back({"session_ended", "1", "1: the session ended on this page", Element::kByte});
  columns.push_back({"terminated", "1", "1: the user left for good", Element::kByte});
  columns.push_back({"truncated", "1", "1: the horizon cut the episode", Element::kByte});
  return columns;
}

}  // namespace

RequestLog::RequestLog(const std::string& path, const EnvSpec& spec, const RequestLogOptions& options)
    : options_(options), columns_(columns_of(spec)), writer_(path, "/requests", columns_, options.storage),
      buffers_(columns_.size()), last_commit_s_(now_s()) {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    row_bytes_ += columns_[i].row_bytes();
    buffers_[i].resize(kGather * columns_[i].row_bytes());
  }
  writer_.set_attribute("schema_version", kSchemaVersion);
  writer_.write_text("/observation_schema", spec.schema.to_text());
}

void RequestLog::append(const TransitionBatch& t) {
  ENSURE(t.time.size() == t.size() && t.costs.size() == t.size() * static_cast<std::size_t>(t.num_costs),
         "a log is of a feed's transitions");
  for (std::size_t from = 0; from < t.size();) {
    const std::size_t n = std::min(kGather - gathered_, t.size() - from);
    std::size_t column = 0;
    // Where the next column's new rows go.
    const auto room = [&](auto type) {
      using T = decltype(type);
      const std::size_t bytes = columns_[column].row_bytes();
      ENSURE(bytes % sizeof(T) == 0, "type of column " + columns_[column].name);
      return reinterpret_cast<T*>(buffers_[column++].data() + gathered_ * bytes);
    };
    const auto copy = [&](const auto& values, std::size_t width = 1) {
      using T = typename std::decay_t<decltype(values)>::value_type;
      std::memcpy(room(T{}), values.data() + from * width, n * width * sizeof(T));
    };
    auto* user_id = room(std::int32_t{});
    for (std::size_t i = 0; i < n; ++i) user_id[i] = static_cast<std::int32_t>(options_.first_user_id + t.user[from + i]);
    copy(t.time);
    copy(t.observation, static_cast<std::size_t>(t.width));
    copy(t.action);
    copy(t.group);
    copy(t.propensity);
    copy(t.reward);
    const auto num_costs = static_cast<std::size_t>(t.num_costs);
    for (std::size_t c = 0; c < num_costs; ++c) {
      auto* cost = room(float{});
      for (std::size_t i = 0; i < n; ++i) cost[i] = t.costs[(from + i) * num_costs + c];
    }
    copy(t.entered);
    copy(t.elapsed_s);
    copy(t.session_ended);
    copy(t.terminated);
    copy(t.truncated);
    gathered_ += n;
    from += n;
    if (gathered_ == kGather) write_gathered();
  }
  if (now_s() - last_commit_s_ >= options_.commit_every_s) commit();
}

void RequestLog::write_gathered() {
  std::vector<const void*> data;
  for (const auto& buffer : buffers_) data.push_back(buffer.data());
  writer_.append(gathered_, data);
  gathered_ = 0;
}

void RequestLog::commit() {
  write_gathered();
  writer_.commit();
  last_commit_s_ = now_s();
}

void RequestLog::close() {
  write_gathered();
  writer_.close();
}

}  // namespace sluice
