// Bytes as a CSV file, plain or gzip, whole or cut short: the reader by itself, as a KuaiRand log, as a supply's trace.
//
//   first byte   0-1 who reads   2 gzip it first   3 cut the file short   4 lenient / repeated daily
//                5-7 the columns' names, so that the rest need not be a header (else it begins with one)

#include <zlib.h>

#include "experiments/kuairand_log.h"
#include "experiments/progress.h"
#include "sim/csv_reader.h"
#include "supply/supply.h"
#include "tests/fuzz/fuzz.h"

using namespace sluice;

namespace {

constexpr const char* kHeaders[] = {"",
                                    "",
                                    "user_id,video_id,time_ms,play_time_ms,tab,is_rand,date\n",
                                    "tab,play_time_ms,time_ms,video_id,user_id\n",
                                    "\xef\xbb\xbfstreamer,start_s,end_s,topic,quality,popularity\n",
                                    "streamer,start_s,end_s\r\n",
                                    "user_id,user_active_degree,register_days\n",
                                    "a,a\n"};

class NoProgress final : public ProgressSink {
  void progress(const std::string&, std::int64_t, std::int64_t, const std::string&) override {}
  void note(const std::string&) override {}
};

std::string zipped(const std::string& text) {
  gzFile file = gzopen("packed.gz", "wb1");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  std::ifstream in("packed.gz", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void read_rows(const std::string& path) {
  CsvReader csv(path);
  std::size_t rows = 0, cells = 0;
  while (csv.next()) {
    ++rows;
    if (!csv.problem().empty()) continue;
    for (std::size_t i = 0; i < csv.header().size(); ++i) cells += csv.cell(i).size();
    fuzz::require(cells <= static_cast<std::size_t>(csv.contents().first), "cells are parts of the file", csv.where());
  }
  fuzz::require(csv.file_bytes_read() <= csv.file_bytes(), "no more is read than there is", csv.where());
}

void replay(const std::string& path, bool repeated) {
  TraceSupplyConfig config;
  config.file = path;
  config.repeat_days = repeated ? 0.05 : 0;
  const auto supply = make(config, Seed{1});
  supply->advance(0.2 * kDay);
  const auto copy = supply->clone();
  copy->advance(0.3 * kDay);
  fuzz::require(copy->num_on_air() >= 0, "a number of streams", path);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  static NoProgress quiet;
  set_progress_sink(&quiet);
  if (size == 0) return 0;
  const unsigned how = data[0];
  std::string bytes = kHeaders[how >> 5] + fuzz::text_of(data + 1, size - 1);
  if ((how & 4) != 0) bytes = zipped(bytes);
  if ((how & 8) != 0) bytes.resize(bytes.size() * 3 / 4);
  const std::string path = (how & 4) != 0 ? "table.csv.gz" : "table.csv";
  fuzz::write_file(path, bytes);
  const bool bit = (how & 16) != 0;
  try {
    if ((how & 3) == 1) read_kuairand_logs({path}, {.tab = bit ? kAnyTab : 1, .lenient = bit});
    else if ((how & 3) == 2) replay(path, bit);
    else read_rows(path);
  } catch (const UserError&) {
  }
  return 0;
}
