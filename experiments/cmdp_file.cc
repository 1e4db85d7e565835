#include "experiments/cmdp_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <fstream>
#include <set>

#include "experiments/hdf5_file.h"
#include "sim/check.h"

namespace sluice {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

hdf5::Shape shape_of(const hdf5::File& file, const std::string& path, const std::string& name,
                     std::size_t rank) {
  if (!file.has(name))
    throw data_error(fmt::format(
        "{}: no dataset {}; a tabular CMDP holds P [S,A,S], R [S,A], C [costs,S,A], mu [S], limits "
        "[costs]",
        path, name));
  const hdf5::Shape shape = file.shape(name);
  if (shape.size() != rank)
    throw data_error(
        fmt::format("{}: {} has {} dimensions, not {}", path, name, shape.size(), rank));
  return shape;
}

std::vector<double> read_array(const hdf5::File& file, const std::string& path,
                               const std::string& name, const hdf5::Shape& wanted) {
  const hdf5::Shape shape = shape_of(file, path, name, wanted.size());
  if (shape != wanted)
    throw data_error(fmt::format("{}: {} is [{}], should be [{}]", path, name,
                                 fmt::join(shape, ", "), fmt::join(wanted, ", ")));
  return file.read<double>(name);
}

void append(const Eigen::MatrixXd& matrix, std::vector<double>& values) {
  const RowMajor rows = matrix;
  values.insert(values.end(), rows.data(), rows.data() + rows.size());
}

}  // namespace

TabularCmdp read_cmdp(const std::string& path) {
  const hdf5::File file = hdf5::File::open(path);
  const hdf5::Shape reward_shape = shape_of(file, path, "/R", 2);
  const std::int64_t states = reward_shape[0], actions = reward_shape[1];
  const std::int64_t costs = shape_of(file, path, "/C", 3)[0];
  const auto attributes = file.attributes("/");
  const auto gamma = attributes.find("gamma");
  if (gamma == attributes.end() || std::holds_alternative<std::string>(gamma->second))
    throw data_error(path + ": no numeric root attribute gamma (the discount, in (0, 1))");

  TabularCmdp cmdp;
  cmdp.num_states = static_cast<int>(states);
  cmdp.num_actions = static_cast<int>(actions);
  cmdp.discount = std::visit(
      [](const auto& value) {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string>)
          return 0.0;
        else
          return static_cast<double>(value);
      },
      gamma->second);

  const std::vector<double> p = read_array(file, path, "/P", {states, actions, states});
  for (int a = 0; a < cmdp.num_actions; ++a) {
    // [S, A, S] row-major: the rows of action a lie A·S apart.
    const Eigen::Map<const RowMajor, 0, Eigen::OuterStride<>> rows(
        p.data() + a * states, states, states, Eigen::OuterStride<>(actions * states));
    cmdp.transition.emplace_back(rows);
  }
  const std::vector<double> reward = read_array(file, path, "/R", {states, actions});
  cmdp.reward = Eigen::Map<const RowMajor>(reward.data(), states, actions);
  const std::vector<double> cost = read_array(file, path, "/C", {costs, states, actions});
  for (int i = 0; i < costs; ++i)
    cmdp.cost.emplace_back(
        Eigen::Map<const RowMajor>(cost.data() + i * states * actions, states, actions));
  const std::vector<double> mu = read_array(file, path, "/mu", {states});
  cmdp.initial = Eigen::Map<const Eigen::VectorXd>(mu.data(), states);
  cmdp.limits = read_array(file, path, "/limits", {costs});
  cmdp.cost_names = file.attribute_texts("/", "cost_names");
  if (cmdp.cost_names.empty())
    for (int i = 0; i < costs; ++i) cmdp.cost_names.push_back(fmt::format("cost_{}", i));
  std::set<std::string> seen;
  for (std::size_t i = 0; i < cmdp.cost_names.size(); ++i) {
    const std::string& name = cmdp.cost_names[i];
    const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) || c == '_'; });
    if (!plain) throw data_error(fmt::format("{}: cost_names[{}] is `{}`; names are letters, digits and _", path, i, name));
    if (!seen.insert(name).second)
      throw data_error(path + ": cost_names holds `" + name + "` twice");
  }
  if (static_cast<std::int64_t>(cmdp.cost_names.size()) != costs)
    throw data_error(
        fmt::format("{}: {} cost_names for {} costs", path, cmdp.cost_names.size(), costs));
  try {
    cmdp.validate();
  } catch (const UserError& error) {
    throw UserError(error.code(), path + ": " + error.what());
  }
  return cmdp;
}

void write_cmdp(const TabularCmdp& cmdp, const std::string& path) {
  const std::int64_t states = cmdp.num_states, actions = cmdp.num_actions;
  const auto costs = static_cast<std::int64_t>(cmdp.cost.size());
  std::vector<double> p;
  for (int s = 0; s < states; ++s)
    for (int a = 0; a < actions; ++a)
      append(cmdp.transition[static_cast<std::size_t>(a)].row(s), p);
  std::vector<double> reward, cost;
  append(cmdp.reward, reward);
  for (const Eigen::MatrixXd& c : cmdp.cost) append(c, cost);

  hdf5::File file = hdf5::File::create(path);
  file.write<double>("/P", {states, actions, states}, p);
  file.write<double>("/R", {states, actions}, reward);
  file.write<double>("/C", {costs, states, actions}, cost);
  file.write<double>("/mu", {states},
                     std::span(cmdp.initial.data(), static_cast<std::size_t>(cmdp.initial.size())));
  file.write<double>("/limits", {costs}, cmdp.limits);
  file.set_attribute("/", "gamma", cmdp.discount);
  file.set_attribute("/", "cost_names", cmdp.cost_names);

  const std::vector<std::byte> image = file.image();
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  for (const std::byte byte : image) out.put(static_cast<char>(byte));
  out.close();
  if (!out) throw io_error(path + ": cannot write the file (is the directory there and writable?)");
}

}  // namespace sluice
