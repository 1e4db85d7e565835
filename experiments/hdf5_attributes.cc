// Attributes of groups and datasets.
#include <utility>

#include "experiments/hdf5_file.h"
#include "experiments/hdf5_handle.h"

namespace sluice::hdf5 {
namespace {

herr_t keep_attribute_name(hid_t, const char* name, const H5A_info_t*, void* out) {
  static_cast<std::vector<std::string>*>(out)->emplace_back(name);
  return 0;
}

}  // namespace

void File::set_attribute(const std::string& object, const std::string& name,
                         const Attribute& value) {
  const Handle owner(H5Oopen(id_, object.c_str(), kDefault), H5Oclose);
  if (!owner.ok()) throw cannot_write(name_, "attribute " + name + " of " + object);
  if (H5Aexists(owner, name.c_str()) > 0) H5Adelete(owner, name.c_str());
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  const auto write_as = [&](hid_t stored, hid_t memory, const void* data) {
    const Handle attribute(H5Acreate2(owner, name.c_str(), stored, space, kDefault, kDefault),
                           H5Aclose);
    if (!attribute.ok() || H5Awrite(attribute, memory, data) < 0)
      throw cannot_write(name_, "attribute " + name + " of " + object);
  };
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    write_as(H5T_STD_I64LE, H5T_NATIVE_INT64, integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    write_as(H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, real);
  } else {
    const std::string& text = std::get<std::string>(value);
    ENSURE(text.find('\0') == std::string::npos, "a text with a NUL byte in attribute " + name);
    const char* data = text.c_str();
    const Handle type(text_type(kVariableLength), H5Tclose);
    write_as(type, type, &data);
  }
}

void File::set_attribute(const std::string& object, const std::string& name,
                         const std::vector<std::string>& values) {
  const Handle owner(H5Oopen(id_, object.c_str(), kDefault), H5Oclose);
  const Handle space = make_space({static_cast<std::int64_t>(values.size())});
  const Handle type(text_type(kVariableLength), H5Tclose);
  const Handle attribute(H5Acreate2(owner, name.c_str(), type, space, kDefault, kDefault),
                         H5Aclose);
  std::vector<const char*> data;
  for (const std::string& value : values) data.push_back(value.c_str());
  if (!attribute.ok() || H5Awrite(attribute, type, data.data()) < 0)
    throw cannot_write(name_, "attribute " + name + " of " + object);
}

std::map<std::string, Attribute> File::attributes(const std::string& object) const {
  const Handle owner(H5Oopen(id_, object.c_str(), kDefault), H5Oclose);
  if (!owner.ok()) throw cannot_read(name_, object);
  std::vector<std::string> names;
  hsize_t position = 0;
  H5Aiterate2(owner, H5_INDEX_NAME, H5_ITER_INC, &position, &keep_attribute_name, &names);
  std::map<std::string, Attribute> attributes;
  for (const std::string& name : names) {
    const Handle attribute(H5Aopen(owner, name.c_str(), kDefault), H5Aclose);
    const Handle space(H5Aget_space(attribute), H5Sclose);
    const Handle type(H5Aget_type(attribute), H5Tclose);
    if (H5Sget_simple_extent_npoints(space) != 1) continue;
    herr_t status = 0;
    switch (H5Tget_class(type)) {
      case H5T_FLOAT: {
        double value = 0;
        status = H5Aread(attribute, H5T_NATIVE_DOUBLE, &value);
        attributes[name] = value;
        break;
      }
      case H5T_INTEGER: {
        std::int64_t value = 0;
        status = H5Aread(attribute, H5T_NATIVE_INT64, &value);
        attributes[name] = value;
        break;
      }
      case H5T_STRING: {
        const std::vector<std::string> texts = attribute_texts(object, name);
        if (texts.size() != 1) throw cannot_read(name_, "attribute " + name + " of " + object);
        attributes[name] = texts[0];
        break;
      }
      default:
        break;
    }
    if (status < 0) throw cannot_read(name_, "attribute " + name + " of " + object);
  }
  return attributes;
}

std::vector<std::string> File::attribute_texts(const std::string& object,
                                               const std::string& name) const {
  const Handle owner(H5Oopen(id_, object.c_str(), kDefault), H5Oclose);
  if (!owner.ok() || H5Aexists(owner, name.c_str()) <= 0) return {};
  const Handle attribute(H5Aopen(owner, name.c_str(), kDefault), H5Aclose);
  const Handle space(H5Aget_space(attribute), H5Sclose);
  const Handle type(H5Aget_type(attribute), H5Tclose);
  if (H5Tget_class(type) != H5T_STRING) return {};
  return read_texts(type, space,
                    [&](hid_t memory, void* data) { return H5Aread(attribute, memory, data); });
}

}  // namespace sluice::hdf5
