#pragma once
// All requests of a world, with what was seen and done and what came of it: /requests of a log file, one
// row per completed step in the order of completion (interface: user_id, time_s, observation [n × width],
// action, propensity, reward, one column per cost, terminated, truncated; and group, entered, elapsed_s,
// session_ended).  A user's next observation is in that user's next row.
//
//   RequestLog log("log.h5", world.spec(), {});
//   log.set_attribute("seed", seed);           // before the first row
//   while (...) log.append(world.transitions());
//   log.close();
//
// Rows are gathered in memory and go to the file in blocks; they are committed every few seconds (see
// hdf5_stream.h: what is committed survives kill -9).  Throughput: `sluice bench --filter log`.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "experiments/hdf5_stream.h"
#include "sim/environment.h"

namespace sluice {

struct RequestLogOptions {
  hdf5::StreamOptions storage;
  double commit_every_s = 5;         // of wall time
  std::int64_t first_user_id = 0;    // user_id = this + the user's index in the world
};

class RequestLog {
 public:
  /// Replaces an existing file: ask check_output() first.
  RequestLog(const std::string& path, const EnvSpec& spec, const RequestLogOptions& options);

  void set_attribute(const std::string& name, const Attribute& value) { writer_.set_attribute(name, value); }
  void write_config(const std::string& yaml) { writer_.write_text("/config", yaml); }
  void append(const TransitionBatch& transitions);
  void commit();
  /// Everything is written; the file says `complete`.
  void close();
  std::int64_t rows() const { return writer_.rows() + static_cast<std::int64_t>(gathered_); }
  std::size_t row_bytes() const { return row_bytes_; }

 private:
  void write_gathered();

  RequestLogOptions options_;
  std::vector<hdf5::StreamColumn> columns_;
  hdf5::StreamWriter writer_;
  std::size_t row_bytes_ = 0;
  std::vector<std::vector<std::byte>> buffers_;  // [column]
  std::size_t gathered_ = 0;                     // rows in the buffers
  double last_commit_s_ = 0;
};

}  // namespace sluice
