#include "sim/observation.h"

#include <bit>
#include <sstream>

namespace sluice {
namespace {

// FNV-1a, 64 bits (Fowler, Noll & Vo).
class Fnv1a {
 public:
  void add(std::uint64_t value) {
    for (int byte = 0; byte < 8; ++byte) add_byte(value >> (8 * byte) & 0xff);
  }
  void add(float value) { add(static_cast<std::uint64_t>(std::bit_cast<std::uint32_t>(value))); }
  void add(const std::string& text) {
    add(static_cast<std::uint64_t>(text.size()));
    for (const char letter : text) add_byte(static_cast<unsigned char>(letter));
  }
  std::uint64_t value() const { return value_; }

 private:
  void add_byte(std::uint64_t byte) { value_ = (value_ ^ byte) * 0x100000001b3ull; }
  std::uint64_t value_ = 0xcbf29ce484222325ull;
};

const char* name_of(BlockKind kind) {
  switch (kind) {
    case BlockKind::kStatic: return "static";
    case BlockKind::kId: return "id";
    case BlockKind::kSequence: return "sequence";
    case BlockKind::kCandidate: return "candidate";
  }
  return "?";
}

}  // namespace

void ObservationSchema::finish() {
  width = 0;
  for (ObservationBlock& block : blocks) {
    block.offset = width;
    width += block.width();
  }
}

int ObservationSchema::column(const std::string& name) const {
  for (const ObservationBlock& block : blocks) {
    if (block.kind == BlockKind::kSequence) continue;
    for (std::size_t i = 0; i < block.item.size(); ++i)
      if (block.item[i].name == name) return block.offset + static_cast<int>(i);
  }
  return -1;
}

const ObservationBlock* ObservationSchema::block(const std::string& name) const {
  for (const ObservationBlock& candidate : blocks)
    if (candidate.name == name) return &candidate;
  return nullptr;
}

std::uint64_t ObservationSchema::hash() const {
  Fnv1a hash;
  hash.add(static_cast<std::uint64_t>(width));
  for (const ObservationBlock& block : blocks) {
    hash.add(block.name);
    hash.add(static_cast<std::uint64_t>(block.kind));
    hash.add(static_cast<std::uint64_t>(block.length));
    hash.add(static_cast<std::uint64_t>(block.item.size()));
    for (const ObservationColumn& column : block.item) {
      hash.add(column.name);
      hash.add(column.unit);
      hash.add(static_cast<std::uint64_t>(column.transform));
      hash.add(column.mean);
      hash.add(column.scale);
      hash.add(static_cast<std::uint64_t>(column.cardinality));
    }
  }
  return hash.value();
}

std::string ObservationSchema::to_text() const {
  std::ostringstream text;
  for (const ObservationBlock& block : blocks) {
    for (const ObservationColumn& column : block.item) {
      text << block.name << '.' << column.name << "  " << name_of(block.kind);
      if (block.kind == BlockKind::kSequence) text << " of " << block.length;
      text << "  " << column.unit;
      if (column.cardinality > 0)
        text << "  id < " << column.cardinality;
      else
        text << "  (" << (column.transform == Transform::kLog1p ? "log1p(x)" : "x") << " - "
             << column.mean << ") / " << column.scale;
      text << '\n';
    }
  }
  return text.str();
}

}  // namespace sluice
