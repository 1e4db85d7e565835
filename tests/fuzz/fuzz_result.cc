// A result file, or a CMDP, with parts left out, added, renamed, of another type, rank or length, without its checksum
// or cut short: whatever reads such a file, only errors of the user's may come out.  The input drives the changes;
// bytes inside the file stay HDF5's own (they would only find HDF5's own crashes).

#include <fuzzer/FuzzedDataProvider.h>

#include "agents/agent.h"
#include "analysis/compare.h"
#include "analysis/comparison_table.h"
#include "analysis/load_runs.h"
#include "experiments/cmdp_file.h"
#include "experiments/inspect.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/result_parts.h"

using namespace sluice;

namespace {

template <class T>
void write_as(hdf5::File& file, const fuzz::Part& part) {
  std::size_t n = 1;
  for (const std::int64_t extent : part.shape) n *= static_cast<std::size_t>(extent);
  if (n > 50000) return;
  const double last = part.shape.empty() ? 1 : static_cast<double>(part.shape.back());
  std::vector<T> values;
  for (std::size_t i = 0; i < n; ++i)
    if constexpr (std::is_same_v<T, std::string>) values.push_back(i % 2 == 0 ? "cost_time" : "é");
    else values.push_back(static_cast<T>(part.type == 'r' ? 1 / last : static_cast<double>(i % 5)));
  file.write<T>(part.name, part.shape, values);
}

void write(hdf5::File& file, const fuzz::Part& part) {
  switch (part.type) {
    case 'd':
    case 'r': write_as<double>(file, part); break;
    case 'f': write_as<float>(file, part); break;
    case 'i': write_as<std::int64_t>(file, part); break;
    case 'u': write_as<std::uint8_t>(file, part); break;
    case 's': write_as<std::string>(file, part); break;
    case 't': file.write_text(part.name, "seed: 1\nenvironment:\n  days: 3\nagent: {kind: never}\n"); break;
    case 'g': file.make_group(part.name); break;
    case 'l': file.link_external(part.name, "circle.h5_", "/"); break;
    case 'x': file.link_external(part.name, "gone.h5", "/daily"); break;
    default: return;  // left out
  }
  if (file.has(part.name) && part.type != 'x') file.set_attribute(part.name, "unit", std::string("s"));
}

void change(fuzz::Part& part, FuzzedDataProvider& input) {
  switch (input.ConsumeIntegralInRange(0, 4)) {
    case 0: part.type = '-'; break;
    case 1: part.type = "drfiustglx"[input.ConsumeIntegralInRange<std::size_t>(0, 9)]; break;
    case 2:
      part.name = std::string("/") + input.PickValueInArray({"daily", "episodes/user_id", "agent", "exact", "config",
                                                             "new", "agent/arrays/w"});
      break;
    case 3: part.shape.assign(input.ConsumeIntegralInRange(0u, 4u), input.ConsumeIntegralInRange(0, 6)); break;
    default:
      if (!part.shape.empty()) part.shape[0] = input.PickValueInArray<std::int64_t>({0, 1, 2, 7, 30000});
      break;
  }
}

void compose(const std::string& path, FuzzedDataProvider& input) {
  std::vector<fuzz::Part> parts = fuzz::sound_parts();
  for (int n = input.ConsumeIntegralInRange(0, 12); n > 0; --n)
    change(parts[input.ConsumeIntegralInRange<std::size_t>(0, parts.size() - 1)], input);
  hdf5::File file = hdf5::File::create(path);
  for (const fuzz::Part& part : parts) try {
      write(file, part);
    } catch (const UserError&) {  // two of one name, or a part of what is no group
    }
  for (auto [name, value] : fuzz::sound_attributes()) {
    const int how = input.remaining_bytes() == 0 ? 0 : input.ConsumeIntegralInRange(0, 15);
    if (how == 1) value = std::int64_t{2};
    if (how == 2) value = 0.5;
    if (how == 3) value = input.ConsumeRandomLengthString(8).c_str();  // up to a NUL byte
    if (how == 4) file.set_attribute("/", name, std::vector<std::string>{"a", "b"});
    if (how != 4 && how != 5) file.set_attribute("/", name, value);
  }
  const std::vector<std::byte> image = file.image();
  std::string bytes(reinterpret_cast<const char*>(image.data()), image.size());
  switch (input.ConsumeIntegralInRange(0, 9)) {
    case 1: bytes.resize(bytes.size() - 16); break;  // no checksum
    case 2: bytes.resize(bytes.size() * input.ConsumeIntegral<std::uint8_t>() / 256); break;  // cut short
    case 3: bytes[bytes.size() / 2] ^= 1; break;  // which the checksum tells
    default: break;
  }
  fuzz::write_file(path, bytes);
}

template <class F>
void try_to(F&& read) {
  try {
    read();
  } catch (const UserError& error) {
    if (std::getenv("FUZZ_VERBOSE") != nullptr) std::fprintf(stderr, "%s\n", error.what());
    fuzz::require(error.code() == ExitCode::kData, "exit code 65", error.what());
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  static const bool silent = std::freopen("/dev/null", "w", stdout) != nullptr;
  static const bool circle = fuzz::make_circle();
  FuzzedDataProvider input(data, size);
  compose("a.h5", input);
  if (input.remaining_bytes() > 0) compose("b.h5", input);
  if (silent && circle) try_to([] { inspect_command("a.h5"); });
  try_to([] { ResultReader("a.h5").read_agent(); });
  try_to([] { read_cmdp("a.h5"); });
  try_to([] { render_comparison(compare(load_runs({"."}), {.resamples = 100}), TableFormat::kText); });
  std::filesystem::remove("b.h5");
  return 0;
}
