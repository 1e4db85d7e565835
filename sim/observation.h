#pragma once
// What an agent sees: one row of floats per request, described by a schema.  The environment writes
// raw values in natural units straight into its row; an agent that wants normalised inputs applies the
// column's transform.  Ids are whole numbers stored as floats (exact up to 2^24).

#include <cstdint>
#include <string>
#include <vector>

namespace sluice {

enum class BlockKind { kStatic, kId, kSequence, kCandidate };
enum class Transform { kIdentity, kLog1p };

/// One float of the row.  A normalised value is (transform(x) − mean) / scale.
struct ObservationColumn {
  std::string name;                             // e.g. "predicted_watch_s"
  std::string unit;                             // "s", "1", "id"
  Transform transform = Transform::kIdentity;   // ids are never transformed
  float mean = 0;
  float scale = 1;
  int cardinality = 0;                          // > 0: an id in [0, cardinality)
};

/// Consecutive columns of one kind.  A sequence block holds `length` items of `item` columns, newest
/// first; its first column is the topic id, and unused items have topic id 0 (ids of items start at 1).
/// kStatic holds every dense feature of user and context; kCandidate dense features of the live stream.
struct ObservationBlock {
  std::string name;  // "user", "id", "live_history", "short_history", "candidate"
  BlockKind kind = BlockKind::kStatic;
  int length = 1;                        // items in a sequence; 1 otherwise
  std::vector<ObservationColumn> item;   // columns of one item
  int offset = 0;                        // first column of the block in the row; set by finish()
  int width() const { return length * static_cast<int>(item.size()); }
};

struct ObservationSchema {
  std::vector<ObservationBlock> blocks;
  int width = 0;  // floats per row; set by finish()

  /// Sets offsets and the width.  Call once, after all blocks are listed.
  void finish();
  /// Row index of a column of a non-sequence block; -1 if there is none.
  int column(const std::string& name) const;
  const ObservationBlock* block(const std::string& name) const;
  /// A 64-bit FNV-1a hash of everything above: a saved agent only acts on the schema it learned on.
  std::uint64_t hash() const;
  std::string to_text() const;  // one line per column; stored in result files
};

/// The id column that target attention uses as its query beside the candidate block ("candidate_topic").
inline constexpr const char* kCandidateTopicColumn = "candidate_topic";

}  // namespace sluice
