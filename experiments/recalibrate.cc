#include "experiments/recalibrate.h"

#include <Eigen/Dense>
#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <mutex>
#include <thread>

#include "experiments/interrupt.h"
#include "experiments/progress.h"

namespace sluice {
namespace {

constexpr double kLongestStep = 4;  // in steps of a knob

double scaled(const CalibrationKnob& knob, FeedConfig& config) {
  const double x = knob.value(config);
  return (knob.log ? std::log(x) : x) / knob.step;
}

/// Moves by `d` steps, as far as the bounds allow; returns by how many it did.
double move(const CalibrationKnob& knob, FeedConfig& config, double d) {
  const double before = scaled(knob, config);
  const double x = (before + d) * knob.step;
  knob.value(config) = std::clamp(knob.log ? std::exp(x) : x, knob.low, knob.high);
  return scaled(knob, config) - before;
}

class Fit {
 public:
  Fit(const MarginalTargets& data, const RecalibrateOptions& options, const std::vector<double>& targets)
      : data_(data), options_(options), targets_(targets), knobs_(calibration_knobs(options.knobs)) {}

  Recalibration run(const FeedConfig& start, const std::optional<CalibrationJacobian>& jacobian);

 private:
  struct Point {
    FeedConfig config;
    std::vector<Moment> moments;
    Marginals marginals;
    Eigen::VectorXd residuals;
    double cost() const { return residuals.squaredNorm(); }
  };
  std::vector<Point> simulate(const std::vector<FeedConfig>& configs, int users);
  std::vector<Moment> kept(const Marginals& m) const;
  Eigen::MatrixXd differences(const FeedConfig& at, const Point* known);
  void adjust_hours(FeedConfig& config, const Marginals& m) const;

  const MarginalTargets& data_;
  const RecalibrateOptions& options_;
  const std::vector<double>& targets_;
  std::vector<CalibrationKnob> knobs_;
  int worlds_ = 0;
  std::optional<Progress> progress_;
};

std::vector<Moment> Fit::kept(const Marginals& m) const {
  std::vector<Moment> all = moments(m, data_), list;
  const std::vector<std::string> light = light_moments();
  ENSURE(targets_.empty() || targets_.size() == all.size(), "a target for each moment");
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!targets_.empty()) all[i].target = targets_[i];
    if (options_.knobs == Knobs::kAll || std::find(light.begin(), light.end(), all[i].name) != light.end())
      list.push_back(all[i]);
  }
  return list;
}

// Worlds side by side, each on one thread.
std::vector<Fit::Point> Fit::simulate(const std::vector<FeedConfig>& configs, int users) {
  std::vector<Point> points(configs.size());
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr error;
  const auto work = [&] {
    for (std::size_t i = next++; i < configs.size(); i = next++) {
      try {
        Point& p = points[i];
        p.config = configs[i];
        p.marginals = measure_marginals(configs[i], {.users = users, .seed = options_.seed});
        p.moments = kept(p.marginals);
        p.residuals.resize(static_cast<Eigen::Index>(p.moments.size()));
        for (std::size_t k = 0; k < p.moments.size(); ++k)
          p.residuals[static_cast<Eigen::Index>(k)] = (p.moments[k].value - p.moments[k].target) / p.moments[k].tolerance;
        const std::lock_guard lock(mutex);
        ++worlds_;
        if (progress_) progress_->set(worlds_);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!error) error = std::current_exception();
        next = configs.size();
      }
    }
  };
  const auto helpers = std::min(static_cast<std::size_t>(options_.num_threads), configs.size()) - 1;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < helpers; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  if (error) std::rethrow_exception(error);
  return points;
}

Eigen::MatrixXd Fit::differences(const FeedConfig& at, const Point* known) {
  std::vector<FeedConfig> configs;
  std::vector<double> moved;
  if (known == nullptr) configs.push_back(at);
  for (const CalibrationKnob& knob : knobs_) {
    FeedConfig config = at;
    double d = move(knob, config, 1);
    if (std::abs(d) < 0.5) {  // at its bound
      config = at;
      d = move(knob, config, -1);
    }
    configs.push_back(config);
    moved.push_back(d);
  }
  const std::vector<Point> points = simulate(configs, options_.jacobian_users);
  const Eigen::VectorXd base = known == nullptr ? points.front().residuals : known->residuals;
  const std::size_t first = known == nullptr ? 1 : 0;
  Eigen::MatrixXd j(base.size(), static_cast<Eigen::Index>(knobs_.size()));
  for (std::size_t k = 0; k < knobs_.size(); ++k)
    j.col(static_cast<Eigen::Index>(k)) = (points[first + k].residuals - base) / moved[k];
  return j;
}

void Fit::adjust_hours(FeedConfig& config, const Marginals& m) const {
  auto* users = std::get_if<BehaviouralUsersConfig>(&config.users);
  if (!options_.hours || users == nullptr) return;
  std::vector<double>& percent = users->activity.hour_percent;
  double simulated = 0, sum = 0;
  for (const double x : m.hour_exposures) simulated += x;
  for (std::size_t h = 0; h < 24; ++h) {
    percent[h] *= std::pow(data_.hour_percent[h] / 100 / (m.hour_exposures[h] / simulated), 0.7);
    sum += percent[h];
  }
  for (double& x : percent) x = std::round(1e4 * x / sum) / 100;
}

Recalibration Fit::run(const FeedConfig& start, const std::optional<CalibrationJacobian>& given) {
  if (!options_.progress.empty()) progress_.emplace(options_.progress, 0, "worlds");
  Point best = simulate({start}, options_.users).front();
  const std::vector<Moment> before = best.moments;
  Eigen::MatrixXd j(best.residuals.size(), static_cast<Eigen::Index>(knobs_.size()));
  if (given) {
    ENSURE(static_cast<Eigen::Index>(given->size()) == j.rows(), "a Jacobian of these moments");
    for (Eigen::Index r = 0; r < j.rows(); ++r)
      for (Eigen::Index c = 0; c < j.cols(); ++c)
        j(r, c) = (*given)[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)];
  } else {
    j = differences(start, options_.users == options_.jacobian_users ? &best : nullptr);
  }
  double lambda = options_.damping;
  for (int i = 0; i < options_.iterations && misfit(best.moments) > options_.good_enough; ++i) {
    const Eigen::MatrixXd normal = j.transpose() * j + lambda * Eigen::MatrixXd::Identity(j.cols(), j.cols());
    const Eigen::VectorXd wanted = normal.ldlt().solve(-j.transpose() * best.residuals);
    FeedConfig config = best.config;
    Eigen::VectorXd d(wanted.size());
    for (std::size_t k = 0; k < knobs_.size(); ++k) {
      const auto c = static_cast<Eigen::Index>(k);
      d[c] = move(knobs_[k], config, std::clamp(wanted[c], -kLongestStep, kLongestStep));
    }
    adjust_hours(config, best.marginals);
    Point tried = simulate({config}, options_.users).front();
    if (d.squaredNorm() > 1e-6)
      j += (tried.residuals - best.residuals - j * d) * d.transpose() / d.squaredNorm();
    if (tried.cost() < best.cost()) {
      best = std::move(tried);
      lambda = std::max(0.01, lambda / 3);
    } else {
      lambda *= 4;
    }
  }
  if (progress_) progress_->done();
  CalibrationJacobian jacobian;
  for (Eigen::Index r = 0; r < j.rows(); ++r) {
    const Eigen::VectorXd row = j.row(r);
    jacobian.emplace_back(row.begin(), row.end());
  }
  return {best.config, before, best.moments, std::move(jacobian), worlds_};
}

}  // namespace

Recalibration recalibrate(const FeedConfig& start, const MarginalTargets& data, const RecalibrateOptions& options,
                          const std::vector<double>& targets, const std::optional<CalibrationJacobian>& jacobian) {
  return Fit(data, options, targets).run(start, jacobian);
}

}  // namespace sluice
