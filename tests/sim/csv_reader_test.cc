#include <doctest/doctest.h>

#include <fstream>

#include "sim/csv_reader.h"
#include "tests/gzip.h"
#include "tests/own_folder.h"

namespace sluice {
namespace {

std::string write(const std::string& name, const std::string& bytes) {
  const auto path = own_folder() / name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path.string();
}

// Header and rows, cells joined by |; a row that is none by its line and problem.
std::vector<std::string> rows_of(const std::string& path) {
  CsvReader csv(path);
  std::vector<std::string> rows;
  const auto join = [&](std::size_t n, auto cell) {
    std::string row;
    for (std::size_t i = 0; i < n; ++i) row += (i > 0 ? "|" : "") + std::string(cell(i));
    rows.push_back(row);
  };
  join(csv.header().size(), [&](std::size_t i) { return csv.header()[i]; });
  while (csv.next()) {
    if (csv.problem().empty())
      join(csv.header().size(), [&](std::size_t i) { return csv.cell(i); });
    else
      rows.push_back(csv.where().substr(csv.where().rfind(':') + 1) + ": " + csv.problem());
  }
  return rows;
}

using Rows = std::vector<std::string>;

}  // namespace

TEST_CASE("csv reader: byte order mark, CRLF, empty lines, quotes and a last line without a line feed") {
  CHECK(rows_of(write("a.csv",
                      "\xef\xbb\xbf"
                      "a, b\r\n1,2\r\n\r\n,\n\"x,\"\"y\"\"\",\"\"\n3,4")) ==
        Rows{"a|b", "1|2", "|", "x,\"y\"|", "3|4"});
}

TEST_CASE("csv reader: rows that do not fit the header are said with their line, and the next row is read") {
  CHECK(rows_of(write("b.csv", "a,b\n1\n1,2,3\n\n\"open,2\n\"x\"y,2\n1\"2,3\n7,8\n")) ==
        Rows{"a|b", "2: 1 cells, the header has 2", "3: 3 cells, the header has 2",
             "5: a quote that is not closed on its line", "6: a closing quote followed by something else than a comma",
             "7: a quote in the middle of a cell", "7|8"});
}

TEST_CASE("csv reader: a gzip file, also of several members, reads as the plain one, over many blocks") {
  std::string text = "id,value\n";
  for (int i = 0; i < 200000; ++i) text += std::to_string(i) + "," + std::to_string(i * 7919 % 104729) + "\n";
  const auto half = text.size() / 2;
  const std::string plain = write("c.csv", text),
                    zipped = write("c.csv.gz", gzip(text.substr(0, half)) + gzip(text.substr(half)));
  CHECK(rows_of(plain) == rows_of(zipped));
  CHECK(rows_of(plain).size() == 200001);
  CsvReader a(plain), b(zipped);
  while (a.next()) {
  }
  while (b.next()) {
  }
  CHECK(a.contents() == b.contents());
  CHECK(a.contents().first == static_cast<std::int64_t>(text.size()));
  CHECK(b.file_bytes_read() == b.file_bytes());
  CHECK(b.file_bytes() < a.file_bytes());
}

TEST_CASE("csv reader: files that are no table are refused by name") {
  const auto refuses = [](const std::string& path, const char* why) {
    CAPTURE(path);
    const auto read = [&] {
      CsvReader csv(path);
      while (csv.next()) {
      }
    };
    CHECK_THROWS_WITH_AS(read(), doctest::Contains(why), UserError);
    CHECK_THROWS_WITH_AS(read(), doctest::Contains(path.c_str()), UserError);
  };
  refuses((own_folder() / "nowhere.csv").string(), "No such file");
  refuses(own_folder().string(), "is a directory");
  refuses(write("d.csv", ""), "is empty");
  refuses(write("e.csv", "\n\r\n"), "is empty");
  refuses(write("f.csv.gz", gzip("")), "is empty");
  refuses(write("g.csv", std::string("PK\x03\x04\0\0,x\n", 9)), "not a text file");
  refuses(write("h.csv", "a,b,a\n"), "column 'a' twice");
  refuses(write("l.csv", "a,\"b\n1,2\n"), "l.csv:1: the header line has a quote that is not closed");
  refuses(write("m.csv", "a,\"b\"c\n1,2\n"), "m.csv:1: the header line has a closing quote");
  refuses(write("i.csv", "a,b\n1," + std::string(3u << 20, '5')), ":2: a line of more than 1 MB");
  std::string text = "a,b\n";
  for (int i = 0; i < 100000; ++i) text += std::to_string(i * 7919 % 104729) + ",1\n";
  const std::string whole = gzip(text);
  for (const std::size_t size : {whole.size() - 1, whole.size() - 9, whole.size() / 2})
    refuses(write("j.csv.gz", whole.substr(0, size)), "cut short");
  std::string damaged = whole;
  damaged[whole.size() / 2] = static_cast<char>(damaged[whole.size() / 2] ^ 0x55);
  refuses(write("k.csv.gz", damaged), "damaged");
}

TEST_CASE("csv reader: a header as long as a row may be reads at once") {
  std::string header;
  for (int i = 0; i < 150000; ++i) header += std::to_string(i) + ",";
  const CsvReader csv(write("wide.csv", header + "end\n"));
  CHECK(csv.header().size() == 150001);
  CHECK(csv.column("end") == 150000u);
}

}  // namespace sluice
