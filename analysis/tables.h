#pragma once
// A table of texts and its four renderings.

#include <string>
#include <vector>

namespace sluice {

enum class TableFormat { kText, kMarkdown, kCsv, kLatex };

/// "text", "md", "csv", "tex"; throws usage_error.
TableFormat parse_table_format(const std::string& name);

struct TextTable {
  std::string title;
  std::vector<std::string> headers;  // may hold one '\n': two lines in text, a space elsewhere
  std::vector<std::vector<std::string>> rows;
  std::string caption;  // below the table
  int num_left = 1;     // the first columns are aligned left, the others right
};

/// Text: aligned by characters, not bytes.  CSV: RFC 4180, header and rows only.  LaTeX: booktabs.
std::string render(const TextTable& table, TableFormat format);

/// A <table> with its caption.
std::string render_html(const TextTable& table);

/// Breaks at spaces so that no line is longer than `width` characters; ends with a line feed.
std::string wrap_text(const std::string& text, std::size_t width);

std::string escape_html(const std::string& text);
std::string escape_csv(const std::string& text);

/// "12 345 678" → "12.3 M"; for counts in tables.
std::string short_count(double count);

}  // namespace sluice
