set(SLUICE_FEED_SOURCES feed_batch.cc feed_branch.cc feed_observation.cc feed_snapshot.cc feed_tables.cc feed_world.cc parallel.cc
  single_user.cc state_archive.cc user_history.cc)
