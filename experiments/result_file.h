#pragma once
// The result file of a run: HDF5, readable by h5py and pandas without our code.
//
//   /                root attributes: schema_version, complete, seed, agent, agent_label, ...
//   /config          resolved YAML, a string
//   /daily, ...      a table: one dataset per column, attributes `unit` and `description`
//   /agent           the final agent: /agent/arrays/NAME and /agent/texts/NAME
//
//   ResultWriter writer("out/run.h5", Overwrite::kRefuse);  // fails at once if the output exists
//   writer.set_attribute("agent", "dqn");
//   writer.write_config(yaml);
//   writer.write_table("/daily", table);
//   writer.commit();                                        // only now does out/run.h5 exist
//
// The file is composed in memory and goes to disk in commit(): a run that dies leaves no
// half-written result, and a full disk is an error with a name, not a damaged file.  The same
// tables give the same bytes (no time stamps).  Change a promised name only with kSchemaVersion.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "experiments/durable_file.h"
#include "experiments/hdf5_file.h"
#include "sim/table.h"

namespace sluice {

struct AgentState;  // agents/agent.h

inline constexpr std::int64_t kSchemaVersion = 1;

/// A finished run of a sweep.
struct FinishedRun {
  std::string name, file;  // the file relative to the sweep's folder
  std::vector<std::pair<std::string, std::string>> settings;  // what the sweep changed: path → value
};

/// A named array of any rank, row-major.
struct NamedArray {
  std::vector<std::int64_t> shape;
  std::vector<double> values;
  std::string unit = "1";
  std::string description = {};
};

/// Throws data_error (65) if `path` exists and may not be replaced, io_error (74) if its directory
/// is missing or not writable.  For the start of a long run.
void check_output(const std::string& path, Overwrite overwrite);

class ResultWriter {
 public:
  /// Creates `<name>.<host>-<pid>.partial` beside the target.  Errors: as check_output.
  ResultWriter(std::string path, Overwrite overwrite);
  ~ResultWriter();  // without commit(): nothing is left behind
  ResultWriter(const ResultWriter&) = delete;
  ResultWriter& operator=(const ResultWriter&) = delete;

  /// Root attribute; a second call replaces.  schema_version and complete are the writer's own.
  void set_attribute(const std::string& name, const Attribute& value);
  void set_attribute(const std::string& name, const char* value) {
    set_attribute(name, Attribute(std::string(value)));
  }
  void write_config(const std::string& yaml);
  /// `group` begins with "/", e.g. "/daily"; each group once.
  void write_table(const std::string& group, const Table& table);
  /// e.g. "/policy/probability"; groups on the way are made.
  void write_array(const std::string& name, const NamedArray& array);
  void write_agent(const AgentState& state);

  /// complete = 1, write, fsync, rename, fsync the directory.  Errors: output exists by now (65,
  /// unless kForce), disk full or not writable (74); in all of them the partial file is gone.
  void commit();

  const std::string& path() const { return path_; }
  const std::string& partial_path() const { return target_.partial_path(); }

 private:
  std::string path_;
  DurableFile target_;
  std::unique_ptr<hdf5::File> file_;
};

class ResultReader {
 public:
  /// Throws data_error (65) that says what is wrong: missing, a directory, empty, not HDF5,
  /// truncated, not of this program, another schema version, or never finished.
  explicit ResultReader(std::string path);
  ~ResultReader();
  ResultReader(ResultReader&&) noexcept;
  ResultReader& operator=(ResultReader&&) noexcept;

  const std::string& path() const { return path_; }
  std::map<std::string, Attribute> attributes() const;
  /// The attribute, if it is there and is a text (integer; number, integers included).
  std::optional<std::string> text(const std::string& name) const;
  std::optional<std::int64_t> integer(const std::string& name) const;
  std::optional<double> number(const std::string& name) const;
  std::string config() const;

  /// A group or dataset of this name exists.
  bool has(const std::string& name) const;
  /// Groups that are tables, "/daily" first ... in the order of writing.
  std::vector<std::string> tables() const;
  /// Arrays outside tables and /agent, e.g. "/policy/probability".
  std::vector<std::string> arrays() const;
  /// Columns in the order of writing.  Throws data_error if it is not there.
  Table read_table(const std::string& group) const;
  NamedArray read_array(const std::string& name) const;
  /// Throws data_error if the file holds no agent.
  AgentState read_agent() const;

 private:
  std::string path_;
  std::unique_ptr<hdf5::File> file_;
};

/// The values of a column that a result must have; throws data_error naming file, table and column
/// if it is missing or of another type.  Numbers of either type are returned as double.
std::vector<double> numbers(const Table& table, const std::string& column,
                            const std::string& where);
std::vector<std::int64_t> integers(const Table& table, const std::string& column,
                                   const std::string& where);
std::vector<std::string> texts(const Table& table, const std::string& column,
                               const std::string& where);

}  // namespace sluice
