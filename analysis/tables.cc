#include "analysis/tables.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/check.h"

namespace sluice {
namespace {

/// Characters of UTF-8 text (all of ours are one column wide).
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string pad(const std::string& text, std::size_t width, bool left) {
  const std::string space(width - std::min(width, width_of(text)), ' ');
  return left ? text + space : space + text;
}

std::pair<std::string, std::string> two_lines(const std::string& header) {
  const std::size_t at = header.find('\n');
  if (at == std::string::npos) return {"", header};
  return {header.substr(0, at), header.substr(at + 1)};
}

std::string one_line(std::string header) {
  std::replace(header.begin(), header.end(), '\n', ' ');
  const std::size_t begin = std::min(header.find_first_not_of(' '), header.size());
  header.erase(header.find_last_not_of(' ') + 1);
  return header.substr(std::min(begin, header.size()));
}

std::string render_text(const TextTable& table) {
  const std::size_t n = table.headers.size();
  std::vector<std::size_t> widths(n);
  bool two_rows = false;
  for (std::size_t c = 0; c < n; ++c) {
    const auto [above, below] = two_lines(table.headers[c]);
    two_rows = two_rows || !above.empty();
    widths[c] = std::max(width_of(above), width_of(below));
    for (const auto& row : table.rows) widths[c] = std::max(widths[c], width_of(row[c]));
  }
  std::size_t total = 0;
  const auto line = [&](const auto& cell_of) {
    std::string text;
    for (std::size_t c = 0; c < n; ++c)
      text += std::string(c > 0 ? "  " : "") +
              pad(cell_of(c), widths[c], static_cast<int>(c) < table.num_left);
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
  };
  for (const std::size_t width : widths) total += width + 2;
  total -= 2;
  std::string text = table.title.empty() ? "" : table.title + "\n";
  if (two_rows) text += line([&](std::size_t c) { return two_lines(table.headers[c]).first; });
  text += line([&](std::size_t c) { return two_lines(table.headers[c]).second; });
  for (std::size_t i = 0; i < total; ++i) text += "─";
  text += "\n";
  for (const auto& row : table.rows) text += line([&](std::size_t c) { return row[c]; });
  return text + wrap_text(table.caption, std::max<std::size_t>(total, 100));
}

std::string escape_markdown(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string render_markdown(const TextTable& table) {
  std::string text = table.title.empty() ? "" : "**" + table.title + "**\n\n";
  const auto line = [](const std::vector<std::string>& cells) {
    std::string row = "|";
    for (const std::string& cell : cells)
      row += fmt::format(" {} |", escape_markdown(one_line(cell)));
    return row + "\n";
  };
  text += line(table.headers) + "|";
  for (std::size_t c = 0; c < table.headers.size(); ++c)
    text += static_cast<int>(c) < table.num_left ? ":---|" : "---:|";
  text += "\n";
  for (const auto& row : table.rows) text += line(row);
  return text + (table.caption.empty() ? "" : "\n" + table.caption + "\n");
}

std::string render_csv(const TextTable& table) {
  const auto line = [](const std::vector<std::string>& cells) {
    std::string row;
    for (std::size_t c = 0; c < cells.size(); ++c)
      row += std::string(c > 0 ? "," : "") + escape_csv(one_line(cells[c]));
    return row + "\n";
  };
  std::string text = line(table.headers);
  for (const auto& row : table.rows) text += line(row);
  return text;
}

std::string escape_latex(const std::string& text) {
  static const std::vector<std::pair<std::string, std::string>> replacements = {
      {"\\", "\\textbackslash{}"},
      {"%", "\\%"},
      {"&", "\\&"},
      {"_", "\\_"},
      {"#", "\\#"},
      {"$", "\\$"},
      {"{", "\\{"},
      {"}", "\\}"},
      {"±", "$\\pm$"},
      {"≤", "$\\le$"},
      {"≥", "$\\ge$"},
      {"−", "$-$"},
      {"×", "$\\times$"},
      {"–", "--"},
      {"†", "\\dag{}"},
      {"λ", "$\\lambda$"},
      {"√", "$\\surd$"},
      {"·", "$\\cdot$"},
      {"τ", "$\\tau$"},
      {"→", "$\\to$"},
      {"^", "\\^{}"},
      {"~", "\\~{}"},
      {"|", "$|$"},
      {"…", "\\dots{}"},
      {"‡", "\\ddag{}"}};
  std::string escaped;
  for (std::size_t at = 0; at < text.size();) {
    bool replaced = false;
    for (const auto& [from, to] : replacements)
      if (text.compare(at, from.size(), from) == 0) {
        escaped += to;
        at += from.size();
        replaced = true;
        break;
      }
    if (!replaced) escaped += text[at++];
  }
  return escaped;
}

std::string render_latex(const TextTable& table) {
  const auto line = [](const std::vector<std::string>& cells) {
    std::string row;
    for (std::size_t c = 0; c < cells.size(); ++c)
      row += std::string(c > 0 ? " & " : "") + escape_latex(one_line(cells[c]));
    return row + " \\\\\n";
  };
  std::string columns;
  for (std::size_t c = 0; c < table.headers.size(); ++c)
    columns += static_cast<int>(c) < table.num_left ? 'l' : 'r';
  std::string text = "% needs \\usepackage{booktabs}\n\\begin{table}\n\\centering\n";
  text += fmt::format("\\caption{{{}. {}}}\n", escape_latex(table.title),
                      escape_latex(one_line(table.caption)));
  text += fmt::format("\\begin{{tabular}}{{{}}}\n\\toprule\n", columns);
  text += line(table.headers) + "\\midrule\n";
  for (const auto& row : table.rows) text += line(row);
  return text + "\\bottomrule\n\\end{tabular}\n\\end{table}\n";
}

}  // namespace

std::string wrap_text(const std::string& text, std::size_t width) {
  std::string lines, line;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find_first_of(" \n", begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (!line.empty() && width_of(line) + 1 + width_of(word) > width) {
      lines += line + "\n";
      line.clear();
    }
    line += std::string(line.empty() ? "" : " ") + word;
    if (end < text.size() && text[end] == '\n') {
      lines += line + "\n";
      line.clear();
    }
    begin = end + 1;
  }
  return lines + line + (line.empty() ? "" : "\n");
}

TableFormat parse_table_format(const std::string& name) {
  if (name == "text") return TableFormat::kText;
  if (name == "md") return TableFormat::kMarkdown;
  if (name == "csv") return TableFormat::kCsv;
  if (name == "tex") return TableFormat::kLatex;
  throw usage_error(fmt::format("--format {}: it is one of text, md, csv, tex", name));
}

std::string render(const TextTable& table, TableFormat format) {
  for (const auto& row : table.rows)
    ENSURE(row.size() == table.headers.size(), "cells in a row of " + table.title);
  switch (format) {
    case TableFormat::kText:
      return render_text(table);
    case TableFormat::kMarkdown:
      return render_markdown(table);
    case TableFormat::kCsv:
      return render_csv(table);
    case TableFormat::kLatex:
      return render_latex(table);
  }
  ENSURE(false, "table format");
}

std::string render_html(const TextTable& table) {
  std::string html = "<table>\n<thead><tr>";
  const auto cell = [&](const char* tag, std::size_t c, const std::string& text) {
    return fmt::format("<{0}{1}>{2}</{0}>", tag,
                       static_cast<int>(c) < table.num_left ? " class=\"left\"" : "", text);
  };
  for (std::size_t c = 0; c < table.headers.size(); ++c) {
    const auto [above, below] = two_lines(escape_html(table.headers[c]));
    html += cell("th", c, above.empty() ? below : above + "<br>" + below);
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    html += "<tr>";
    for (std::size_t c = 0; c < row.size(); ++c) html += cell("td", c, escape_html(row[c]));
    html += "</tr>\n";
  }
  return html + "</tbody></table>\n" +
         (table.caption.empty() ? ""
                                : "<p class=\"caption\">" + escape_html(table.caption) + "</p>\n");
}

std::string escape_html(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&')
      escaped += "&amp;";
    else if (c == '<')
      escaped += "&lt;";
    else if (c == '>')
      escaped += "&gt;";
    else if (c == '"')
      escaped += "&quot;";
    else
      escaped += c;
  }
  return escaped;
}

std::string escape_csv(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string escaped = "\"";
  for (const char c : text) {
    if (c == '"') escaped += '"';
    escaped += c;
  }
  escaped += '"';
  return escaped;
}

std::string short_count(double count) {
  if (count >= 1e7) return fmt::format("{:.1f} M", count / 1e6);
  if (count >= 1e6) return fmt::format("{:.2f} M", count / 1e6);
  if (count >= 1e4) return fmt::format("{:.0f} k", count / 1e3);
  return fmt::format("{:.0f}", count);
}

}  // namespace sluice
