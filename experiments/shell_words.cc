#include "experiments/shell_words.h"

namespace sluice {

std::string shell_word(const std::string& text) {
  constexpr const char* kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string sweep_command_text(const std::string& program, const std::string& verb, const SweepOptions& options) {
  std::string line = shell_word(program) + " sweep " + verb + " " + shell_word(options.sweep) + " --out " + shell_word(options.out);
  if (!options.scale.empty()) line += " --scale " + shell_word(options.scale);
  for (const std::string& set : options.sets) line += " --set " + shell_word(set);
  return line;
}

}  // namespace sluice
