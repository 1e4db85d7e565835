#include "experiments/hdf5_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <type_traits>
#include <utility>

#include "experiments/hdf5_handle.h"

namespace sluice::hdf5 {
namespace {

constexpr std::int64_t kMaxBytes = std::int64_t{1} << 36;  // a damaged header must not ask for more
constexpr std::int64_t kCompressFrom = 16 * 1024;          // bytes
constexpr std::int64_t kChunkBytes = 512 * 1024;
constexpr unsigned kGzipLevel = 3;

// The library can crash on a damaged file, so an image ends with 16 bytes that HDF5 ignores: a mark
// and a 64-bit FNV-1a sum (over 8-byte words) of all before it.  A file without the mark, such as
// one that h5py changed, is opened on trust.
constexpr std::array<char, 8> kMark = {'s', 'l', 'u', 'i', 'c', 'e', 'c', 's'};

std::uint64_t checksum(const char* bytes, std::size_t size) {
  std::uint64_t sum = 14695981039346656037ull ^ size;
  for (std::size_t at = 0; at < size; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + at, std::min<std::size_t>(8, size - at));
    sum = (sum ^ word) * 1099511628211ull;
    sum ^= sum >> 32;
  }
  return sum;
}

/// True if the file carries the mark and its sum is wrong.
bool is_damaged(const std::string& path, std::size_t size) {
  constexpr std::size_t kTrailer = 16;
  if (size < kTrailer) return false;
  std::ifstream in(path, std::ios::binary);
  std::array<char, kTrailer> trailer{};
  in.seekg(static_cast<std::streamoff>(size - kTrailer)).read(trailer.data(), kTrailer);
  if (!in || !std::equal(kMark.begin(), kMark.end(), trailer.begin())) return false;
  std::vector<char> bytes(size - kTrailer);
  in.seekg(0).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  std::uint64_t wanted = 0;
  std::memcpy(&wanted, trailer.data() + kMark.size(), sizeof wanted);
  return !in || checksum(bytes.data(), bytes.size()) != wanted;
}

template <class T>
hid_t memory_type() {
  if constexpr (std::is_same_v<T, double>) return H5T_NATIVE_DOUBLE;
  if constexpr (std::is_same_v<T, float>) return H5T_NATIVE_FLOAT;
  if constexpr (std::is_same_v<T, std::int64_t>) return H5T_NATIVE_INT64;
  if constexpr (std::is_same_v<T, std::uint8_t>) return H5T_NATIVE_UINT8;
}

template <class T>
hid_t stored_type() {
  if constexpr (std::is_same_v<T, double>) return H5T_IEEE_F64LE;
  if constexpr (std::is_same_v<T, float>) return H5T_IEEE_F32LE;
  if constexpr (std::is_same_v<T, std::int64_t>) return H5T_STD_I64LE;
  if constexpr (std::is_same_v<T, std::uint8_t>) return H5T_STD_U8LE;
}

std::int64_t count(const Shape& shape) {
  std::int64_t total = 1;
  for (const std::int64_t extent : shape) total *= extent;
  return total;
}

/// Chunks of whole rows (first index), about kChunkBytes each.
Handle creation_properties(const Shape& shape, std::size_t element_bytes, Storage storage) {
  Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_obj_track_times(properties, false);
  const auto bytes = count(shape) * static_cast<std::int64_t>(element_bytes);
  if (storage == Storage::kCompressed && bytes >= kCompressFrom) {
    std::vector<hsize_t> chunk(shape.begin(), shape.end());
    const std::int64_t row_bytes = bytes / shape[0];
    chunk[0] = static_cast<hsize_t>(
        std::clamp<std::int64_t>(kChunkBytes / std::max<std::int64_t>(row_bytes, 1), 1, shape[0]));
    H5Pset_chunk(properties, static_cast<int>(chunk.size()), chunk.data());
    H5Pset_shuffle(properties);
    H5Pset_deflate(properties, kGzipLevel);
  }
  return properties;
}

Shape shape_of(hid_t space) {
  const int rank = H5Sget_simple_extent_ndims(space);
  std::vector<hsize_t> extents(static_cast<std::size_t>(std::max(rank, 0)));
  if (rank > 0) H5Sget_simple_extent_dims(space, extents.data(), nullptr);
  return {extents.begin(), extents.end()};
}

herr_t keep_name(hid_t, const char* name, const H5L_info_t*, void* out) {
  static_cast<std::vector<std::string>*>(out)->emplace_back(name);
  return 0;
}

}  // namespace

File File::create(std::string name) {
  silence();
  const Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  H5Pset_link_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  constexpr std::size_t kGrowBy = 4 << 20;
  H5Pset_fapl_core(access, kGrowBy, /*backing_store=*/false);
  const hid_t id = H5Fcreate(name.c_str(), H5F_ACC_TRUNC, creation, access);
  if (id < 0) throw cannot_write(name, "the file");
  return {std::move(name), id};
}

File File::open(const std::string& path) {
  silence();
  struct stat info {};
  if (stat(path.c_str(), &info) != 0)
    throw data_error(fmt::format("{}: cannot open: {}", path, std::strerror(errno)));
  if (S_ISDIR(info.st_mode))
    throw data_error(fmt::format("{}: is a directory; a result file (.h5) is needed", path));
  if (info.st_size == 0)
    throw data_error(
        fmt::format("{}: the file is empty: its writer did not finish; run it again", path));
  if (is_damaged(path, static_cast<std::size_t>(info.st_size)))
    throw data_error(path + ": the file is damaged (wrong checksum): copy it or make it again");
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  // Finished files never change: no locks, which some network file systems refuse.
  H5Pset_file_locking(access, false, true);
  const hid_t id = H5Fopen(path.c_str(), H5F_ACC_RDONLY, access);
  if (id >= 0) return {path, id};
  const std::string why = reason();
  if (why.find("truncated") != std::string::npos)
    throw data_error(
        fmt::format("{}: the file is truncated ({} bytes; HDF5: {}): copy it or make it again",
                    path, static_cast<long long>(info.st_size), why));
  if (why.find("signature") != std::string::npos)
    throw data_error(fmt::format("{}: not an HDF5 file ({})", path, why));
  throw data_error(fmt::format("{}: cannot open as HDF5: {}", path, why));
}

File::File(File&& other) noexcept
    : name_(std::move(other.name_)), id_(std::exchange(other.id_, -1)) {}

File& File::operator=(File&& other) noexcept {
  std::swap(name_, other.name_);
  std::swap(id_, other.id_);
  return *this;
}

File::~File() {
  if (id_ >= 0) H5Fclose(id_);
}

bool File::has(const std::string& name) const {
  // H5Lexists wants every group on the way to exist.
  for (std::size_t end = 1; end < name.size();) {
    end = std::min(name.find('/', end), name.size());
    if (H5Lexists(id_, name.substr(0, end).c_str(), kDefault) <= 0) return false;
    ++end;
  }
  return true;
}

bool File::is_group(const std::string& name) const {
  if (!has(name)) return false;
  const Handle object(H5Oopen(id_, name.c_str(), kDefault), H5Oclose);
  return object.ok() && H5Iget_type(object) == H5I_GROUP;
}

std::vector<std::string> File::children(const std::string& group) const {
  const Handle handle(H5Gopen2(id_, group.c_str(), kDefault), H5Gclose);
  if (!handle.ok()) throw cannot_read(name_, "group " + group);
  std::vector<std::string> names;
  const Handle properties(H5Gget_create_plist(handle), H5Pclose);
  unsigned order = 0;
  H5Pget_link_creation_order(properties, &order);
  const H5_index_t index =
      (order & H5P_CRT_ORDER_TRACKED) != 0 ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
  if (H5Literate(handle, index, H5_ITER_INC, nullptr, &keep_name, &names) < 0)
    throw cannot_read(name_, "group " + group);
  return names;
}

Shape File::shape(const std::string& name) const {
  const Handle dataset(H5Dopen2(id_, name.c_str(), kDefault), H5Dclose);
  if (!dataset.ok()) throw cannot_read(name_, name);
  const Handle space(H5Dget_space(dataset), H5Sclose);
  return shape_of(space);
}

Kind File::kind(const std::string& name) const {
  const Handle dataset(H5Dopen2(id_, name.c_str(), kDefault), H5Dclose);
  if (!dataset.ok()) throw cannot_read(name_, name);
  const Handle type(H5Dget_type(dataset), H5Tclose);
  switch (H5Tget_class(type)) {
    case H5T_FLOAT:
      return Kind::kReal;
    case H5T_INTEGER:
      return Kind::kInteger;
    case H5T_STRING:
      return Kind::kText;
    default:
      return Kind::kOther;
  }
}

void File::make_group(const std::string& name) {
  ENSURE(!name.empty() && name[0] == '/', "absolute name wanted: " + name);
  const Handle creation(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
  H5Pset_link_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  for (std::size_t end = 1; end < name.size(); ++end) {
    end = std::min(name.find('/', end), name.size());
    const std::string prefix = name.substr(0, end);
    if (H5Lexists(id_, prefix.c_str(), kDefault) > 0) continue;
    const Handle group(H5Gcreate2(id_, prefix.c_str(), kDefault, creation, kDefault), H5Gclose);
    if (!group.ok()) throw cannot_write(name_, "group " + prefix);
  }
}

void File::link_external(const std::string& name, const std::string& file, const std::string& target) {
  const std::size_t slash = name.rfind('/');
  if (slash > 0) make_group(name.substr(0, slash));
  if (H5Lcreate_external(file.c_str(), target.c_str(), id_, name.c_str(), kDefault, kDefault) < 0) throw cannot_write(name_, "link " + name);
}

template <class T>
void File::write(const std::string& name, const Shape& shape, std::span<const T> values, Storage storage) {
  ENSURE(count(shape) == static_cast<std::int64_t>(values.size()), "shape of " + name);
  const std::size_t slash = name.rfind('/');
  if (slash != std::string::npos && slash > 0) make_group(name.substr(0, slash));

  std::size_t element_bytes = sizeof(T);
  if constexpr (std::is_same_v<T, std::string>) {
    element_bytes = 1;
    for (const std::string& text : values) {
      ENSURE(text.find('\0') == std::string::npos, "a text with a NUL byte in " + name);
      element_bytes = std::max(element_bytes, text.size());
    }
  }
  const Handle space = make_space(shape);
  const Handle properties = creation_properties(shape, element_bytes, storage);
  const auto create_and_write = [&](hid_t stored, hid_t memory, const void* data) {
    const Handle dataset(
        H5Dcreate2(id_, name.c_str(), stored, space, kDefault, properties, kDefault), H5Dclose);
    if (!dataset.ok()) throw cannot_write(name_, name);
    if (!values.empty() && H5Dwrite(dataset, memory, kDefault, kDefault, kDefault, data) < 0)
      throw cannot_write(name_, name);
  };
  if constexpr (std::is_same_v<T, std::string>) {
    std::vector<char> bytes(values.size() * element_bytes, '\0');
    for (std::size_t i = 0; i < values.size(); ++i)
      std::copy(values[i].begin(), values[i].end(), bytes.data() + i * element_bytes);
    const Handle type(text_type(element_bytes), H5Tclose);
    create_and_write(type, type, bytes.data());
  } else {
    create_and_write(stored_type<T>(), memory_type<T>(), values.data());
  }
}

void File::write_text(const std::string& name, const std::string& text) {
  ENSURE(text.find('\0') == std::string::npos, "a text with a NUL byte in " + name);
  const std::size_t slash = name.rfind('/');
  if (slash != std::string::npos && slash > 0) make_group(name.substr(0, slash));
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  const Handle type(text_type(kVariableLength), H5Tclose);
  const Handle properties = creation_properties({}, 1, Storage::kPlain);
  const Handle dataset(H5Dcreate2(id_, name.c_str(), type, space, kDefault, properties, kDefault),
                       H5Dclose);
  const char* data = text.c_str();
  if (!dataset.ok() || H5Dwrite(dataset, type, kDefault, kDefault, kDefault, &data) < 0)
    throw cannot_write(name_, name);
}

template <class T>
std::vector<T> File::read(const std::string& name) const {
  const Handle dataset(H5Dopen2(id_, name.c_str(), kDefault), H5Dclose);
  if (!dataset.ok()) throw cannot_read(name_, name);
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const Handle stored(H5Dget_type(dataset), H5Tclose);
  const std::int64_t n = H5Sget_simple_extent_npoints(space);
  const auto element_bytes = static_cast<std::int64_t>(H5Tget_size(stored));
  if (n < 0 || n > kMaxBytes / std::max<std::int64_t>(element_bytes, 8))
    throw data_error(fmt::format("{}: {} claims {} elements: the file is damaged", name_, name, n));
  const bool is_text = H5Tget_class(stored) == H5T_STRING;
  if (is_text != std::is_same_v<T, std::string>)
    throw data_error(fmt::format(
        "{}: {} holds {}", name_, name,
        is_text ? "texts where numbers are expected" : "numbers where texts are expected"));
  if constexpr (std::is_same_v<T, std::string>) {
    std::vector<std::string> texts = read_texts(stored, space, [&](hid_t type, void* data) {
      return H5Dread(dataset, type, kDefault, kDefault, kDefault, data);
    });
    if (static_cast<std::int64_t>(texts.size()) != n) throw cannot_read(name_, name);
    return texts;
  } else {
    std::vector<T> values(static_cast<std::size_t>(n));
    if (n > 0 &&
        H5Dread(dataset, memory_type<T>(), kDefault, kDefault, kDefault, values.data()) < 0)
      throw cannot_read(name_, name);
    return values;
  }
}

std::string File::read_text(const std::string& name) const {
  const std::vector<std::string> texts = read<std::string>(name);
  if (texts.size() != 1)
    throw data_error(fmt::format("{}: {} holds {} texts, not one", name_, name, texts.size()));
  return texts[0];
}

std::vector<std::byte> File::image() {
  if (H5Fflush(id_, H5F_SCOPE_GLOBAL) < 0) throw cannot_write(name_, "the file");
  const ssize_t size = H5Fget_file_image(id_, nullptr, 0);
  if (size <= 0) throw cannot_write(name_, "the file");
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  if (H5Fget_file_image(id_, bytes.data(), bytes.size()) != size)
    throw cannot_write(name_, "the file");
  const std::uint64_t sum = checksum(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto* mark = reinterpret_cast<const std::byte*>(kMark.data());
  const auto* sum_bytes = reinterpret_cast<const std::byte*>(&sum);
  bytes.insert(bytes.end(), mark, mark + kMark.size());
  bytes.insert(bytes.end(), sum_bytes, sum_bytes + sizeof sum);
  return bytes;
}

template void File::write(const std::string&, const Shape&, std::span<const double>, Storage);
template void File::write(const std::string&, const Shape&, std::span<const float>, Storage);
template void File::write(const std::string&, const Shape&, std::span<const std::int64_t>, Storage);
template void File::write(const std::string&, const Shape&, std::span<const std::uint8_t>, Storage);
template void File::write(const std::string&, const Shape&, std::span<const std::string>, Storage);
template std::vector<double> File::read(const std::string&) const;
template std::vector<float> File::read(const std::string&) const;
template std::vector<std::int64_t> File::read(const std::string&) const;
template std::vector<std::uint8_t> File::read(const std::string&) const;
template std::vector<std::string> File::read(const std::string&) const;

}  // namespace sluice::hdf5
