// `sluice calibrate`: fits a scenario to a user's own logs.

#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include "experiments/calibrated_scenario.h"
#include "experiments/commands.h"
#include "experiments/durable_file.h"
#include "experiments/experiment_config.h"
#include "experiments/interrupt.h"
#include "experiments/progress.h"
#include "sim/check.h"

namespace sluice {
namespace {

void print_table(const std::vector<FitRow>& rows) {
  fmt::print("{:<47} {:<6} {:>12} {:>9} {:>10} {:>10}\n", "figure (by exposure)", "unit", "fitted", "± error",
             "n", "published");
  for (const FitRow& row : rows) {
    const auto number = [&](double x) {
      return std::isfinite(x) ? fmt::format("{:.{}f}", x, row.decimals) : std::string("-");
    };
    fmt::print("{:<47} {:<6} {:>12} {:>9} {:>10} {:>10}{}\n", row.name, row.unit, number(row.fitted.value),
               number(row.fitted.error), row.fitted.known() ? std::to_string(row.fitted.n) : "-",
               number(row.published), row.remark.empty() ? "" : "  " + row.remark);
  }
}

void print_profiles(const std::vector<ProfileRow>& rows) {
  for (const ProfileRow& row : rows)
    fmt::print("\n{}\n  fitted    {}\n  ± error   {}\n  published {}\n", row.name,
               join_numbers(row.fitted, row.decimals), join_numbers(row.errors, row.decimals),
               join_numbers(row.published, row.decimals));
}

// A scenario that the simulator would refuse is not written.
void check_scenario(const std::string& yaml) {
  std::string document = "seed: 1\nenvironment:\n  ";
  for (const char letter : yaml) {
    document += letter;
    if (letter == '\n') document += "  ";
  }
  try {
    parse_experiment(document, "fitted");
  } catch (const UserError& e) {
    throw data_error(std::string("the fit is outside of what the simulator takes, nothing was written: ") +
                     e.what());
  }
}

int parse_tab(const std::string& text) {
  if (text == "all") return kAnyTab;
  if (text.empty() || text.size() > 3 || text.find_first_not_of("0123456789") != std::string::npos)
    throw usage_error("--tab: `" + text + "` is neither a whole number nor `all`");
  return std::stoi(text);
}

}  // namespace

int calibrate_command(const CalibrateOptions& options) {
  catch_interrupts();
  const LogOptions log_options{
      .tab = parse_tab(options.tab), .utc_offset_h = options.utc_offset_h, .lenient = options.lenient};
  const auto source = options.activity == "fit"    ? ActivitySource::kFit
                      : options.activity == "keep" ? ActivitySource::kKeep
                                                   : ActivitySource::kAuto;
  std::error_code error;
  for (const std::string& input : options.files)
    if (std::filesystem::equivalent(input, options.out, error))
      throw usage_error("--out " + options.out + " is one of the logs");
  if (!options.force && std::filesystem::exists(std::filesystem::symlink_status(options.out, error)))
    throw already_exists(options.out);
  DurableFile file(options.out, options.force ? Overwrite::kForce : Overwrite::kRefuse);
  const KuairandLog log = read_kuairand_logs(options.files, log_options);
  for (const LogFile& f : log.files) {
    if (!f.used)
      note(f.path + ": " + f.kind + "; not used");
    else
      note(fmt::format("{}: log, {} rows{}", f.path, f.rows,
                       f.skipped > 0 ? fmt::format(", {} malformed ones skipped, e.g.", f.skipped) : ""));
    for (const std::string& problem : f.first_problems) note("  " + problem);
  }
  const LogFit fit = fit_log(log, source);
  const std::string yaml = scenario_yaml(log, fit);
  check_scenario(yaml);
  print_table(fit_rows(fit));
  print_profiles(fit_profiles(fit));
  fmt::print("\n");
  for (const std::string& remark : fit_remarks(log, fit)) fmt::print("{}\n", remark);
  file.commit(std::as_bytes(std::span(yaml.data(), yaml.size())));
  fmt::print("\n{}\n", options.out);
  return 0;
}

}  // namespace sluice
