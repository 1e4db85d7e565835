#include "experiments/training_session.h"

#include <fmt/format.h>

#include "experiments/interrupt.h"
#include "experiments/progress.h"
#include "sim/check.h"

namespace sluice {

void TrainingSession::transfer(StateArchive& archive) {
  archive.section("environment", [&] { environment_.transfer(archive); });
  archive.section("agent", [&] { agent_.transfer(archive); });
  archive.section("training", [&] {
    archive.value("state", state);
    archive.section("log", [&] { log.transfer(archive); });
    archive.section("curve", [&] { curve.transfer(archive); });
    archive.section("diagnostics", [&] { diagnostics.transfer(archive); });
  });
  if (more) archive.section("more", [&] { more(archive); });
}

void TrainingSession::load(const StateBlobs& blobs) {
  StateArchive archive = StateArchive::loading(blobs);
  transfer(archive);
  note(fmt::format("{}: going on after {} training decisions", label_, state.decisions));
}

void TrainingSession::save() {
  StateBlobs blobs;
  StateArchive archive = StateArchive::saving(blobs);
  transfer(archive);
  checkpoint_.save(blobs, state.decisions);
}

void TrainingSession::train(const ExperimentConfig& config, const std::function<void(std::int64_t)>& evaluate) {
  Progress progress(label_ + ": training", config.train.decisions, "decisions");
  progress.begin_at(state.decisions);
  const TrainOptions options = {
      .decisions = config.train.decisions,
      .decisions_per_update = config.train.decisions_per_update,
      .every_decisions = config.evaluate.every_decisions,
      .log_every_updates = config.train.log_every_updates,
      .evaluate = evaluate,
      .pause = [&](std::int64_t decisions) {
        stop_if_interrupted();
        progress.set(decisions);
        if (!checkpoint_.due()) return;
        try {
          save();
        } catch (const UserError& e) {  // a full disk must not end a run that needs none until its end
          checkpoint_.postpone();
          note(fmt::format("warning: {}: no checkpoint: {}", label_, e.what()));
        }
      },
      .diagnose_every_updates = config.train.diagnostics.every_updates,
      .diagnose = [&](std::int64_t updates, std::int64_t decisions) {
        std::vector<Diagnostic> row = agent_.diagnose(config.train.diagnostics.rows);
        if (more_diagnostics)
          for (Diagnostic& own : more_diagnostics()) row.push_back(std::move(own));
        diagnostics.add(updates, decisions, row);
      },
      .seen = seen};
  sluice::train(environment_, agent_, options, state, log);
  progress.set(state.decisions);
  progress.done();
}

void TrainingSession::guard(const std::function<void()>& work) {
  try {
    work();
  } catch (const UserError& e) {
    if (e.code() != ExitCode::kInterrupted) throw;
    save();
    throw UserError(ExitCode::kInterrupted,
                    fmt::format("{}: stopped by a signal after {} training decisions, all kept in {}; go on with --resume",
                                label_, state.decisions, checkpoint_.path()));
  }
}

}  // namespace sluice
