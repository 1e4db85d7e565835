#include "sim/state_archive.h"

#include <algorithm>
#include <cstring>

#include "sim/check.h"

namespace sluice {

std::size_t StateArchive::count(const std::string& name, std::size_t element_bytes) const {
  const auto found = from_->blobs.find(prefix_ + name);
  if (found == from_->blobs.end())
    throw data_error("snapshot: it has no '" + prefix_ + name + "'; it was made by another version or config");
  const StateBlobs::Blob& blob = found->second;
  if (blob.element_bytes != element_bytes || blob.bytes.size() % element_bytes != 0)
    throw data_error("snapshot: '" + prefix_ + name + "' has elements of " +
                     std::to_string(blob.element_bytes) + " bytes, this build has " +
                     std::to_string(element_bytes) + "; it was made by another version");
  return blob.bytes.size() / element_bytes;
}

void StateArchive::transfer(const std::string& name, void* data, std::size_t element_bytes, std::size_t n) {
  if (is_loading()) {
    if (count(name, element_bytes) != n)
      throw data_error("snapshot: '" + prefix_ + name + "' has another length than this config makes");
    const auto& bytes = from_->blobs.at(prefix_ + name).bytes;
    if (!bytes.empty()) std::memcpy(data, bytes.data(), bytes.size());
    return;
  }
  StateBlobs::Blob& blob = to_->blobs[prefix_ + name];
  ENSURE(blob.element_bytes == 0, "snapshot: '" + prefix_ + name + "' is saved twice");
  blob.element_bytes = static_cast<std::uint32_t>(element_bytes);
  blob.bytes.resize(element_bytes * n);
  if (n > 0) std::memcpy(blob.bytes.data(), data, blob.bytes.size());
}

void StateArchive::texts(const std::string& name, std::vector<std::string>& texts) {
  std::vector<char> letters;
  for (const std::string& text : texts) {
    letters.insert(letters.end(), text.begin(), text.end());
    letters.push_back('\0');
  }
  values(name, letters);
  if (!is_loading()) return;
  texts.clear();
  for (auto begin = letters.begin(); begin != letters.end();) {
    const auto end = std::find(begin, letters.end(), '\0');
    texts.emplace_back(begin, end);
    begin = end == letters.end() ? end : end + 1;
  }
}

}  // namespace sluice
