#include "experiments/hdf5_stream.h"

#include <algorithm>
#include <array>

#include "experiments/hdf5_handle.h"

namespace sluice::hdf5 {
namespace {

constexpr std::int64_t kChunkBytes = 1 << 20;
// Of narrow columns, so that a few of them fill while a wide one does; a whole number of them.
constexpr std::int64_t kMaxChunkRows = 1 << 18;

hid_t type_of(Element element) {
  switch (element) {
    case Element::kReal64: return H5T_IEEE_F64LE;
    case Element::kReal32: return H5T_IEEE_F32LE;
    case Element::kInteger32: return H5T_STD_I32LE;
    case Element::kByte: return H5T_STD_U8LE;
  }
  return -1;
}
std::size_t bytes_of(Element element) {
  return element == Element::kReal64 ? 8 : element == Element::kByte ? 1 : 4;
}

template <class T>
hid_t native_type() {
  if constexpr (std::is_same_v<T, double>) return H5T_NATIVE_DOUBLE;
  if constexpr (std::is_same_v<T, float>) return H5T_NATIVE_FLOAT;
  if constexpr (std::is_same_v<T, std::int64_t>) return H5T_NATIVE_INT64;
  if constexpr (std::is_same_v<T, std::uint8_t>) return H5T_NATIVE_UINT8;
}

// SWMR needs the newest file format.
Handle new_format() {
  Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
  H5Pset_file_locking(access, true, true);  // some network file systems refuse locks
  return access;
}

int rank_of(const StreamColumn& column) { return column.width > 1 ? 2 : 1; }

void write_attribute(hid_t object, const std::string& name, const Attribute& value) {
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  if (H5Aexists(object, name.c_str()) > 0) H5Adelete(object, name.c_str());
  if (const auto* text = std::get_if<std::string>(&value)) {
    const Handle type(text_type(std::max<std::size_t>(1, text->size())), H5Tclose);
    const Handle attribute(H5Acreate2(object, name.c_str(), type, space, kDefault, kDefault), H5Aclose);
    std::string bytes = *text;
    bytes.resize(std::max<std::size_t>(1, bytes.size()));
    H5Awrite(attribute, type, bytes.data());
    return;
  }
  const bool is_integer = std::holds_alternative<std::int64_t>(value);
  const hid_t type = is_integer ? H5T_STD_I64LE : H5T_IEEE_F64LE;
  const Handle attribute(H5Acreate2(object, name.c_str(), type, space, kDefault, kDefault), H5Aclose);
  if (is_integer) H5Awrite(attribute, H5T_NATIVE_INT64, &std::get<std::int64_t>(value));
  else H5Awrite(attribute, H5T_NATIVE_DOUBLE, &std::get<double>(value));
}

}  // namespace

std::size_t StreamColumn::row_bytes() const { return static_cast<std::size_t>(width) * bytes_of(element); }

struct StreamWriter::Handles {
  explicit Handles(hid_t file_id) : file(file_id, H5Fclose) {}
  Handle file;
  std::vector<Handle> datasets;
  std::vector<Handle> rows;  // one or none
};

StreamWriter::StreamWriter(std::string path, std::string group, std::vector<StreamColumn> columns,
                           const StreamOptions& options)
    : path_(std::move(path)), group_(std::move(group)), columns_(std::move(columns)) {
  silence();
  const Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  H5Pset_link_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  handles_ = std::make_unique<Handles>(H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, creation, new_format()));
  if (!handles_->file.ok()) throw cannot_write(path_, "the file");
  const Handle in_order(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
  H5Pset_link_creation_order(in_order, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  const Handle table(H5Gcreate2(handles_->file, group_.c_str(), kDefault, in_order, kDefault), H5Gclose);
  for (const StreamColumn& column : columns_) {
    const auto row_bytes = static_cast<std::int64_t>(column.row_bytes());
    const std::array<hsize_t, 2> none = {0, static_cast<hsize_t>(column.width)};
    const std::array<hsize_t, 2> most = {H5S_UNLIMITED, static_cast<hsize_t>(column.width)};
    const std::array<hsize_t, 2> chunk = {
        static_cast<hsize_t>(std::clamp<std::int64_t>(kChunkBytes / row_bytes, 1, kMaxChunkRows)),
        static_cast<hsize_t>(column.width)};
    const Handle space(H5Screate_simple(rank_of(column), none.data(), most.data()), H5Sclose);
    const Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_obj_track_times(properties, false);
    H5Pset_chunk(properties, rank_of(column), chunk.data());
    H5Pset_fill_time(properties, H5D_FILL_TIME_NEVER);
    if (options.gzip_level > 0) {
      if (options.shuffle) H5Pset_shuffle(properties);
      H5Pset_deflate(properties, static_cast<unsigned>(options.gzip_level));
    }
    const Handle dataset(H5Dcreate2(table, column.name.c_str(), type_of(column.element), space, kDefault, properties, kDefault), H5Dclose);
    if (!dataset.ok()) throw cannot_write(path_, column.name);
    write_attribute(dataset, "unit", column.unit);
    write_attribute(dataset, "description", column.description);
  }
  const Handle scalar(H5Screate(H5S_SCALAR), H5Sclose);
  const Handle count(H5Dcreate2(handles_->file, (group_ + "_rows").c_str(), H5T_STD_I64LE, scalar, kDefault, kDefault, kDefault), H5Dclose);
  const std::int64_t zero = 0;
  if (!count.ok() || H5Dwrite(count, H5T_NATIVE_INT64, kDefault, kDefault, kDefault, &zero) < 0)
    throw cannot_write(path_, "the number of rows");
  write_attribute(handles_->file, "complete", std::int64_t{0});
}

StreamWriter::~StreamWriter() = default;

void StreamWriter::set_attribute(const std::string& name, const Attribute& value) {
  ENSURE(!started_ && name != "complete", "attribute after the first row, or the writer's own: " + name);
  write_attribute(handles_->file, name, value);
}

void StreamWriter::write_text(const std::string& name, const std::string& text) {
  ENSURE(!started_, "text after the first row: " + name);
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  const Handle type(text_type(std::max<std::size_t>(1, text.size())), H5Tclose);
  const Handle dataset(H5Dcreate2(handles_->file, name.c_str(), type, space, kDefault, kDefault, kDefault), H5Dclose);
  std::string bytes = text;
  bytes.resize(std::max<std::size_t>(1, bytes.size()));
  if (!dataset.ok() || H5Dwrite(dataset, type, kDefault, kDefault, kDefault, bytes.data()) < 0)
    throw cannot_write(path_, name);
}

void StreamWriter::start() {
  started_ = true;
  if (H5Fstart_swmr_write(handles_->file) < 0) throw cannot_write(path_, "the file in SWMR mode");
  const Handle access(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose);
  // Room for two chunks: one that fills, one that begins.
  H5Pset_chunk_cache(access, 7, std::size_t{2} * kChunkBytes + 4096, 1);
  for (const StreamColumn& column : columns_) {
    handles_->datasets.emplace_back(H5Dopen2(handles_->file, (group_ + "/" + column.name).c_str(), access), H5Dclose);
    if (!handles_->datasets.back().ok()) throw cannot_write(path_, column.name);
  }
  handles_->rows.emplace_back(H5Dopen2(handles_->file, (group_ + "_rows").c_str(), kDefault), H5Dclose);
}

void StreamWriter::append(std::size_t rows, std::span<const void* const> data) {
  ENSURE(data.size() == columns_.size(), "data for every column");
  if (!started_) start();
  if (rows == 0) return;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const auto width = static_cast<hsize_t>(columns_[i].width);
    const std::array<hsize_t, 2> extent = {static_cast<hsize_t>(rows_) + rows, width};
    const std::array<hsize_t, 2> from = {static_cast<hsize_t>(rows_), 0}, count = {rows, width};
    const int rank = rank_of(columns_[i]);
    const Handle& dataset = handles_->datasets[i];
    if (H5Dset_extent(dataset, extent.data()) < 0) throw cannot_write(path_, columns_[i].name);
    const Handle target(H5Dget_space(dataset), H5Sclose), memory(H5Screate_simple(rank, count.data(), nullptr), H5Sclose);
    H5Sselect_hyperslab(target, H5S_SELECT_SET, from.data(), nullptr, count.data(), nullptr);
    if (H5Dwrite(dataset, type_of(columns_[i].element), memory, target, kDefault, data[i]) < 0)
      throw cannot_write(path_, columns_[i].name);
  }
  rows_ += static_cast<std::int64_t>(rows);
}

void StreamWriter::commit() {
  if (!started_) start();
  for (const Handle& dataset : handles_->datasets)
    if (H5Dflush(dataset) < 0) throw cannot_write(path_, group_);
  const hid_t count = handles_->rows.front();
  if (H5Dwrite(count, H5T_NATIVE_INT64, kDefault, kDefault, kDefault, &rows_) < 0 || H5Dflush(count) < 0)
    throw cannot_write(path_, "the number of rows");
}

void StreamWriter::close() {
  commit();
  handles_.reset();
  const Handle file(H5Fopen(path_.c_str(), H5F_ACC_RDWR, new_format()), H5Fclose);
  if (!file.ok()) throw cannot_write(path_, "the file at its end");
  write_attribute(file, "complete", std::int64_t{1});
}

StreamReader::StreamReader(std::string path, std::string group) : path_(std::move(path)), group_(std::move(group)) {
  silence();
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
  H5Pset_file_locking(access, false, true);
  file_ = H5Fopen(path_.c_str(), H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, access);
  if (file_ < 0) throw data_error(fmt::format("{}: cannot open as a log: {}", path_, reason()));
  const Handle count(H5Dopen2(file_, (group_ + "_rows").c_str(), kDefault), H5Dclose);
  const Handle complete(H5Aopen(file_, "complete", kDefault), H5Aclose);
  std::int64_t is_complete = 0;
  if (!count.ok() || !complete.ok() || H5Aread(complete, H5T_NATIVE_INT64, &is_complete) < 0 ||
      H5Dread(count, H5T_NATIVE_INT64, kDefault, kDefault, kDefault, &rows_) < 0) {
    H5Fclose(file_);
    throw cannot_read(path_, "the number of rows of " + group_);
  }
  complete_ = is_complete == 1;
}

StreamReader::~StreamReader() { H5Fclose(file_); }

template <class T>
std::vector<T> StreamReader::read(const std::string& column) const {
  const Handle dataset(H5Dopen2(file_, (group_ + "/" + column).c_str(), kDefault), H5Dclose);
  if (!dataset.ok()) throw cannot_read(path_, group_ + "/" + column);
  const Handle space(H5Dget_space(dataset), H5Sclose);
  std::array<hsize_t, 2> extent = {0, 1};
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 1 || rank > 2) throw cannot_read(path_, group_ + "/" + column);
  H5Sget_simple_extent_dims(space, extent.data(), nullptr);
  if (extent[0] < static_cast<hsize_t>(rows_))
    throw data_error(fmt::format("{}: {}/{} has {} rows of the {} committed: the file is damaged", path_, group_, column, extent[0], rows_));
  const std::array<hsize_t, 2> none = {0, 0}, count = {static_cast<hsize_t>(rows_), extent[1]};
  std::vector<T> values(count[0] * count[1]);
  if (values.empty()) return values;
  H5Sselect_hyperslab(space, H5S_SELECT_SET, none.data(), nullptr, count.data(), nullptr);
  const Handle memory(H5Screate_simple(rank, count.data(), nullptr), H5Sclose);
  if (H5Dread(dataset, native_type<T>(), memory, space, kDefault, values.data()) < 0)
    throw cannot_read(path_, group_ + "/" + column);
  return values;
}

template std::vector<double> StreamReader::read(const std::string&) const;
template std::vector<float> StreamReader::read(const std::string&) const;
template std::vector<std::int64_t> StreamReader::read(const std::string&) const;
template std::vector<std::uint8_t> StreamReader::read(const std::string&) const;

}  // namespace sluice::hdf5
